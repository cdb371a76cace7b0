"""A stale backup is restored under load: both simulated ERPs, two channels, kill -9 of every replica.

A backup is taken while the channels write. They go on, the plan moves to the cloud, orders are born there; then
every process of the facade is killed and the backup takes the journal's place. The facade starts closed, `underpin
recover` reads both ERPs, and the channels, who have repeated their requests all the time under the keys that the
journal has lost, get their answers. At the end the ERPs' own books are compared with what the channels were told.

    restore_test.py BINARY            one process with its journal in a file
    restore_test.py BINARY FOLDER     three replicas on PostgreSQL, one of which hangs meanwhile and comes back with
                                      the older epoch; FOLDER/connection says where PostgreSQL is
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "simulators")]

import sample_data  # noqa: E402

from drive import channel as drive_channel  # noqa: E402
from drive import checks  # noqa: E402
from drive.account import Account  # noqa: E402
from drive.architect import Architect  # noqa: E402
from drive.book import Book, Line, Order  # noqa: E402
from drive.channel import LOCATIONS, PRICE, SKUS, Channel  # noqa: E402
from drive.erps import BusinessCentral, Nav  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import BC_QUOTA, ROOT, NotStarted, Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site, make_key, without_gate, without_guards  # noqa: E402
from replicas_test import Shop  # noqa: E402

PLAN_LEASE_MS = 1500
drive_channel.PATIENCE_S = 150  # While the journal is away and read anew, on a slow machine.
OPS = {"X-API-Key": "operator-demo-key"}


class Patient:
    """A balancer that asks whichever replica answers, and waits with reads until one does."""

    def __init__(self, ports: list[int], key: str):
        self._servers = [Server(port, {"X-API-Key": key}, timeout_s=4) for port in ports]

    def call(self, method: str, path: str, body=None, headers: dict | None = None):
        give_up = time.monotonic() + 150
        while True:
            for server in self._servers:
                try:
                    answer = server.call(method, path, body, headers)
                    if method != "GET" or answer.status != 503 or time.monotonic() > give_up:
                        return answer
                except (OSError, http.client.HTTPException):
                    # Whether a write arrived is not known: the channel repeats it under its key.
                    if method != "GET":
                        continue
            if method != "GET":
                raise ConnectionError("no replica answered")
            if time.monotonic() > give_up:
                raise ConnectionError(f"{path}: nobody answered for a minute")
            time.sleep(0.1)


class Site(Processes):
    """The ERPs and one or several facades on one journal."""

    def __init__(self, binary: str, out: str, connection: str, account: Account):
        super().__init__(binary, "", out, (0, 0), False, account)
        self._connection = connection
        free = free_ports(6 if connection else 2)
        self.ports = list(zip(free[::2], free[1::2]))
        self._facades: list = [None] * len(self.ports)
        self.environment: dict = {}

    def start(self) -> None:
        data = os.path.join(self.out, "data")
        for folder in ("nav", "prices", "bc"):
            os.makedirs(os.path.join(data, folder))
        os.makedirs(os.path.join(self.out, "log"))
        simulators = os.path.join(ROOT, "tests", "simulators")
        nav = self._spawn("nav", [sys.executable, os.path.join(simulators, "nav", "server.py"), "--port", "0",
                                  "--data", os.path.join(data, "nav"),
                                  "--price-folder", os.path.join(data, "prices")])
        bc = self._spawn("bc", [sys.executable, os.path.join(simulators, "bc", "server.py"), "--port", "0",
                                "--data", os.path.join(data, "bc"), *BC_QUOTA])
        self.nav = Nav("nav", self._ready("nav", nav))
        self.bc = BusinessCentral("bc", self._ready("bc", bc))
        self.environment = {**os.environ, "UNDERPIN_NAV_PORT": str(self.nav.server.port),
                            "UNDERPIN_BC_PORT": str(self.bc.server.port), "UNDERPIN_DATA": data,
                            "UNDERPIN_OPS_KEY": "operator-demo-key"}
        make_key(data)
        self.start_all(range(len(self.ports)))

    def start_all(self, numbers) -> None:
        for number in numbers:
            os.makedirs(os.path.join(self.out, "data", f"facade-{number}"), exist_ok=True)
            self._facades[number] = self._spawn(
                "underpin", [self.binary, "serve", "--config", self.config_of(number)], self.environment)
        for number in numbers:
            self.wait_for(number)

    def config_of(self, number: int) -> str:
        file = copied_site(os.path.join(ROOT, "config", "underpin.json"),
                           os.path.join(self.out, f"config-{number}"), self.ports[number])
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
        store = ""
        if self._connection:
            store = (f', "store": {{"kind": "postgres", "connection": "{self._connection}", '
                     f'"schema": "restore-{os.getpid()}", "planLeaseMs": {PLAN_LEASE_MS}}}')
        for old, new in (
                ('"stateFolder": "${UNDERPIN_DATA}/facade",',
                 f'"stateFolder": "${{UNDERPIN_DATA}}/facade-{number}"{store}, '
                 '"recovery": {"unreleased": "release", "movementPrefixes": ["MV-"]},'),
                ('"requestBudgetMs": 10000', '"requestBudgetMs": 3000'),
                ('"giveUpMs": 10000', '"giveUpMs": 3000')):
            if text.count(old) != 1:
                raise NotStarted(f"the sample configuration does not say {old} exactly once")
            text = text.replace(old, new)
        with open(file, "w", encoding="utf-8") as stream:
            # The stages are passed before there is traffic to judge by.
            stream.write(without_gate(without_guards(text)))
        return file

    def wait_for(self, number: int) -> None:
        ops, give_up = Server(self.ports[number][1], timeout_s=5), time.monotonic() + 60
        while time.monotonic() < give_up and self._facades[number].poll() is None:
            try:
                answer = ops.call("GET", "/readyz")
                if answer.status == 200 and answer.json["systems"]:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        raise NotStarted(f"facade {number} was not ready:\n{self._tail('underpin')}")

    def signal(self, number: int, what: int) -> None:
        process = self._facades[number]
        process.send_signal(what)
        if what == signal.SIGKILL:
            process.wait()
            self._running = [one for one in self._running if one[1] is not process]

    def underpin(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *words], env=self.environment, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Drive:
    def __init__(self, site: Site, account: Account):
        self.site, self.account, self.wrong = site, account, []
        self.book = Book()
        ports = [port for port, _ in site.ports]
        self.channels = {name: Channel(name, f"{name}-demo-key", 0, self.book) for name in ("web", "pos")}
        for name, channel in self.channels.items():
            channel._server = Patient(ports, f"{name}-demo-key")
        self.customers = [customer.number for customer in sample_data.CUSTOMERS][:8]
        self.ops = Server(site.ports[0][1], OPS)
        self.backup = os.path.join(site.out, "journal.backup")

    def expect(self, holds: bool, what: str) -> None:
        (self.account.good if holds else self.account.bad)("check", what)
        if not holds:
            self.wrong.append(what)

    def architect(self) -> Architect:
        return Architect(self.site.ports[0][1], "ops-demo-key", self.account)

    def order(self, channel: str) -> Order:
        lines = [Line(at + 1, sku, LOCATIONS[0], 2, PRICE[sku]) for at, sku in enumerate(SKUS[:2])]
        return Order(channel, str(self.channels[channel].numbers.take()), self.customers[0], lines)

    def states(self, start: int) -> None:
        """Customers and stock, acknowledged one by one."""
        web = self.channels["web"]
        for at in range(start, start + 4):
            web.create_customer(f"R{20000 + at}", {"name": f"Restored {at}", "email": f"r{at}@example.com"})
            web.amend_customer(self.customers[at % len(self.customers)], {"phone": f"+49 30 55{at:04d}"})
            web.adjust(f"MV-{at:05d}", SKUS[at % len(SKUS)], LOCATIONS[at % len(LOCATIONS)], Decimal(at + 1))

    def before(self) -> list[Shop]:
        architect = self.architect()
        for capability in ("customers", "orders", "inventory"):
            architect.move(capability, "dual_write")
        for capability in ("customers", "orders"):
            architect.caught_up(capability)
        shops = [Shop(self.channels[name], self.customers, seed)
                 for name, seed in (("web", 1), ("web", 2), ("pos", 3))]
        for shop in shops:
            shop.start()
        self.states(0)
        time.sleep(1)
        done = self.site.underpin("backup", "--config", self.site.config_of(0), "--out", self.backup)
        self.expect(done.returncode == 0, f"a backup is taken while channels write: {done.stdout.strip()}")
        self.version = self.ops.call("GET", "/ops/v1/cutover/orders").json["version"]
        return shops

    def after_the_backup(self) -> None:
        self.states(10)
        architect = self.architect()
        time.sleep(1)
        for stage in ("shadow_read", "cloud_primary"):
            for capability in ("customers", "orders"):
                architect.move(capability, stage)
        time.sleep(2)
        # Mirrors to nav are refused for a while: what waits for them is lost with the journal.
        self.site.nav.fault("SalesOrder.Create", "503", 400)
        for operation in ("Customer.Create", "Customer.Update"):
            self.site.nav.fault(operation, "503", 400)
        self.states(20)
        self.mine = self.order("web")
        self.channels["web"].place(self.mine)
        time.sleep(1)
        held = self.site.underpin("restore", "--config", self.site.config_of(0), "--from", self.backup)
        self.expect(held.returncode == 1 and "held" in held.stdout,
                    f"it is not restored while a facade has the store: {held.stdout.strip()}")

    def lose_and_restore(self) -> None:
        count = len(self.site.ports)
        if count > 1:
            self.site.signal(2, signal.SIGSTOP)
        for number in range(min(count, 2)):
            self.site.signal(number, signal.SIGKILL)
        self.account.step("facade", "killed under load" + (", one replica hangs" if count > 1 else ""))
        with open(self.backup, "rb") as file:
            whole = file.read()
        broken = self.backup + ".broken"
        with open(broken, "wb") as file:
            file.write(whole.replace(b"MV-00001", b"MV-00007"))
        done = self.site.underpin("restore", "--config", self.site.config_of(0), "--from", broken, "--wait", "10")
        self.expect(done.returncode == 1 and "damaged" in done.stdout,
                    f"a changed backup is refused: {done.stdout.strip()}")
        done = self.site.underpin("restore", "--config", self.site.config_of(0), "--from", self.backup,
                                  "--wait", "10")
        self.expect(done.returncode == 0 and "epoch is 2" in done.stdout, f"restored: {done.stdout.strip()}")
        self.site.nav.server.call("DELETE", "/_sim/faults")
        self.site.start_all(range(min(count, 2)))

    def closed(self) -> None:
        web = Server(self.site.ports[0][0], {"X-API-Key": "web-demo-key"})
        ready = self.ops.call("GET", "/readyz").json
        self.expect(ready["writes"] == "closed", "it starts closed, and says so")
        answer = web.call("GET", f"/v1/orders/{self.mine.number}")
        self.expect(answer.status == 200 and answer.json["status"] in ("released", "open"),
                    f"an order acknowledged after the backup is answered: {answer.status}")
        body = {"number": "999001", "customer": self.customers[0], "orderDate": "2026-11-24", "currency": "EUR",
                "pricesIncludeTax": False, "lines": [], "totals": self.mine.totals()}
        body["lines"] = [line.request("x") for line in self.mine.lines.values()]
        answer = web.call("POST", "/v1/orders", body, {"Idempotency-Key": '"closed-1"'})
        self.expect(answer.status == 503 and answer.retry_after_s and "underpin recover" in answer.problem(),
                    f"a write is refused: {answer.problem()}")
        stale = Server(self.site.ports[0][1], {"X-API-Key": "architect-demo-key"}).call(
            "POST", "/ops/v1/cutover/orders/rollback", {"reason": "by what I knew"},
            {"If-Match": f'"{self.version}"'})
        self.expect(stale.status == 412, f"a plan version of the older epoch does not match: {stale.problem()}")

    def recover(self) -> None:
        config = self.site.config_of(0)
        rehearsed = self.site.underpin("recover", "--config", config, "--dry-run")
        self.expect(rehearsed.returncode == 0 and "Nothing was changed" in rehearsed.stdout, "a rehearsal")
        self.expect(self.ops.call("GET", "/readyz").json["writes"] == "closed", "it leaves writes closed")
        begun = time.monotonic()
        done = self.site.underpin("recover", "--config", config, "--reason", "the disk was lost")
        self.account.step("recover", f"{time.monotonic() - begun:.1f} s\n" + done.stdout.strip())
        self.expect(done.returncode == 0 and "writes are open" in done.stdout, "recovered, and writes are open")
        self.expect("mirrors missing" in done.stdout and "customers differing" in done.stdout,
                    "mirrors that were never delivered are made again")
        again = self.site.underpin("recover", "--config", config)
        self.expect(again.returncode == 1 and "open" in again.stdout, f"once: {again.stdout.strip()}")

    def decide(self) -> None:
        """What nobody but a person can tell: a customer that was changed in both ERPs, an order that differs in them."""
        for exception in self.ops.call("GET", "/ops/v1/exceptions?state=open&limit=500").json["items"]:
            subject = exception["subject"]
            # Replay takes what the exception's own side has, discard what the other has.
            if exception["kind"] == "customer_differs_after_restore":
                last = self.book.customers.get(subject, {}).get("phone", "")
                how = "replay" if last in exception["detail"].partition("; discard")[0] else "discard"
            elif exception["kind"] == "home_unknown":
                named, other = (self.site.nav, self.site.bc)[::1 if exception["side"] == "legacy" else -1]
                replay = checks.as_told(self.book, subject, named) or not checks.as_told(self.book, subject, other)
                how = "replay" if replay else "discard"
            else:
                continue
            done = self.site.underpin("exceptions", how, str(exception["id"]), "--reason", "As it was told last",
                                      "--ops-url", f"http://127.0.0.1:{self.site.ports[0][1]}")
            self.expect(done.returncode == 0, f"{exception['kind']} {subject}: {how}")

    def hung_one(self) -> None:
        """It belongs to the older epoch: it neither serves nor writes, and a restart mends it."""
        self.site.signal(2, signal.SIGCONT)
        channel = Server(self.site.ports[2][0], {"X-API-Key": "web-demo-key"}, timeout_s=8)
        order = self.order("web")
        body = {"number": order.number, "customer": order.customer, "orderDate": "2026-11-24", "currency": "EUR",
                "pricesIncludeTax": False, "lines": [line.request("x") for line in order.lines.values()],
                "totals": order.totals()}
        seen = set()
        for _ in range(20):
            seen.add(channel.call("GET", f"/v1/orders/{self.mine.number}").status)
            seen.add(channel.call("GET", f"/v1/customers/{self.customers[0]}").status)
            seen.add(channel.call("POST", "/v1/orders", body, {"Idempotency-Key": '"of-the-older-epoch"'}).status)
            time.sleep(0.1)
        self.expect(seen == {503}, f"the replica of the older epoch answers {seen}")
        ready = Server(self.site.ports[2][1]).call("GET", "/readyz").status
        self.expect(ready == 503, f"and is not ready: {ready}")
        reference = order.reference
        held = [d.number for erp in (self.site.nav, self.site.bc) for d in erp.documents().values()
                if d.reference == reference]
        self.expect(not held, f"and has sent nothing: {held}")
        self.site.signal(2, signal.SIGKILL)
        self.site.start_all([2])
        self.expect(channel.call("GET", f"/v1/orders/{self.mine.number}").status == 200, "a restart mends it")

    def repeats(self) -> None:
        """Under the keys and numbers that the journal had lost: the first receipts, no second documents."""
        web = Server(self.site.ports[0][0], {"X-API-Key": "web-demo-key"})
        body = {"number": self.mine.number, "customer": self.mine.customer,
                "orderDate": time.strftime("%Y-%m-%d"), "currency": "EUR", "pricesIncludeTax": False,
                "lines": [line.request("x") for line in self.mine.lines.values()], "totals": self.mine.totals()}
        for key in (f"web-order-{self.mine.number}", "another-key"):
            answer = web.call("POST", "/v1/orders", body, {"Idempotency-Key": f'"{key}"'})
            self.expect(answer.status == 201 and answer.json["number"] == self.mine.number,
                        f"order {self.mine.number} under {key}: {answer.problem() if answer.status > 300 else 201}")
        for movement, (key, quantity, *_) in list(self.book.adjustments.items()):
            answer = web.call("POST", "/v1/inventory/adjustments", {
                "movement": movement, "sku": key[0], "location": key[1], "kind": "delta",
                "quantity": str(quantity), "uom": "PCS", "reason": "Shop return"},
                {"Idempotency-Key": f'"{movement}"'})
            if answer.status != 201:
                self.expect(False, f"movement {movement} again: {answer.problem()}")

    def run(self) -> list[str]:
        shops = self.before()
        self.after_the_backup()
        self.lose_and_restore()
        self.closed()
        self.recover()
        self.decide()
        if len(self.site.ports) > 1:
            self.hung_one()
        time.sleep(2)
        for shop in shops:
            shop.ended.set()
        for shop in shops:
            shop.join(timeout=170)
            self.expect(not shop.is_alive(), f"{shop.name} came to its end")
        self.repeats()
        waiting = self.architect().settle(90)
        self.expect(not waiting, f"everything is delivered: {waiting}")
        for exception in self.ops.call("GET", "/ops/v1/exceptions?state=open&limit=500").json["items"]:
            self.expect(False, f"exception: {exception['kind']} {exception['subject']}: {exception['detail']}")
        self.judge()
        verified = self.site.underpin("audit", "verify", "--ops-url", f"http://127.0.0.1:{self.site.ports[0][1]}")
        self.expect(verified.returncode == 0, f"the audit log: {verified.stdout.strip()}")
        return self.wrong + self.book.findings + self.book.failures

    def judge(self) -> None:
        nav, bc = self.site.nav, self.site.bc
        result = checks.check_orders(self.book, nav, bc, self.architect())
        self.wrong += result.findings
        acknowledged = self.book.acknowledged()
        self.expect(len(acknowledged) >= 40 and result.orders_in_legacy > 0 and result.orders_in_cloud > 0,
                    f"{len(acknowledged)} orders, {result.orders_in_legacy} at home in nav, "
                    f"{result.orders_in_cloud} in bc")
        for name in ("lost", "duplicated", "executed_twice", "totals_differing"):
            self.expect(getattr(result, name) == 0, f"{name}: {getattr(result, name)}")
        for order in acknowledged:
            self.channels[order.channel].get_order(order)
        posted = {"nav": nav.movements(), "bc": bc.movements()}
        for movement, (key, quantity, *_) in self.book.adjustments.items():
            for name, entries in posted.items():
                if entries.get(movement) != [(key, quantity)]:
                    self.expect(False, f"movement {movement} in {name}: {entries.get(movement)}")
        for number, values in self.book.customers.items():
            for name, there in (("nav", nav.customers()), ("bc", bc.customers())):
                found = there.get(number, {})
                for field, value in values.items():
                    if found.get(field) != value:
                        self.expect(False, f"customer {number} in {name}: {field} is {found.get(field)!r}, "
                                           f"acknowledged was {value!r}")


def main() -> int:
    binary = sys.argv[1]
    connection = ""
    if len(sys.argv) > 2:
        with open(os.path.join(sys.argv[2], "connection"), encoding="utf-8") as file:
            connection = file.read().strip()
    account = Account()
    with tempfile.TemporaryDirectory(prefix="underpin-restore-") as out:
        site = Site(binary, out, connection, account)
        try:
            site.start()
            wrong = Drive(site, account).run()
        except (NotStarted, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            wrong = [f"{type(error).__name__}: {error}"]
            log = os.path.join(out, "log", "underpin.log")
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as file:
                    wrong.append("".join(file.readlines()[-30:]))
        finally:
            ended = site.stop()
    wrong += ended
    for text in wrong:
        account.bad("finding", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
