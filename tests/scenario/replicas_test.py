"""Three replicas on one PostgreSQL, in front of both simulated ERPs: two channels write through all of them,
one replica is killed, another is stopped and woken, the plan flips forward and back. Afterwards the ERPs' own
books are compared with what the channels were told: nothing lost, doubled or left undone.

    replicas_test.py BINARY FOLDER    FOLDER/connection says where PostgreSQL is
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import sys
import tempfile
import threading
import time
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "simulators")]

import sample_data  # noqa: E402

from drive import checks  # noqa: E402
from drive.account import Account  # noqa: E402
from drive.architect import Architect  # noqa: E402
from drive.book import Book, Line, Order  # noqa: E402
from drive.channel import LOCATIONS, PRICE, SKUS, Channel  # noqa: E402
from drive.erps import BusinessCentral, Nav  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import ROOT, NotStarted, Processes, free_port  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

COUNT = 3
PLAN_LEASE_MS = 1500


class Rotating:
    """A load balancer of the simplest kind: the next replica each time, another one when one is silent."""

    def __init__(self, ports: list[int], key: str):
        self._servers = [Server(port, {"X-API-Key": key}, timeout_s=4) for port in ports]
        self._next = random.Random(key)

    def call(self, method: str, path: str, body=None, headers: dict | None = None):
        servers = self._next.sample(self._servers, len(self._servers))
        for server in servers:
            try:
                answer = server.call(method, path, body, headers)
                # A replica that cannot confirm the plan says so; a balancer asks the next one.
                if method != "GET" or answer.status != 503:
                    return answer
            except (OSError, http.client.HTTPException):
                # Whether a write arrived is not known: the channel repeats it under its key.
                if method != "GET":
                    raise
        raise ConnectionError("no replica answered")


class Shop(threading.Thread):
    """One worker of a channel: places, changes, cancels and reads until it is told to stop."""

    def __init__(self, channel: Channel, customers: list[str], seed: int):
        super().__init__(name=f"{channel.name}-{seed}", daemon=True)
        self._channel, self._customers, self._draw = channel, customers, random.Random(seed)
        self._mine: list[Order] = []
        self.ended = threading.Event()

    def run(self) -> None:
        table = [(50, self._place), (12, self._change), (6, self._cancel), (32, self._read)]
        while not self.ended.is_set():
            action = self._draw.choices([a for _, a in table], [w for w, _ in table])[0]
            try:
                action()
            except Exception as error:  # a worker that dies would hide what it met
                self._channel.book.failed(f"{self.name}: {type(error).__name__}: {error}")
            self.ended.wait(self._draw.uniform(0.05, 0.2))

    def _place(self) -> None:
        lines = [Line(at + 1, sku, self._draw.choice(LOCATIONS), self._draw.randint(1, 4), PRICE[sku])
                 for at, sku in enumerate(self._draw.sample(SKUS, 2))]
        order = Order(self._channel.name, str(self._channel.numbers.take()),
                      self._draw.choice(self._customers), lines)
        if self._channel.place(order):
            self._mine.append(order)

    def _own(self) -> Order | None:
        young = [order for order in self._mine[-10:] if not order.cancelled]
        return self._draw.choice(young) if young else None

    def _change(self) -> None:
        order, quantity = self._own(), Decimal(self._draw.randint(1, 6))

        def change(_current: Order):
            def note(which: Order) -> None:
                which.lines[1].quantity = quantity
            return [{"number": 1, "quantity": str(quantity)}], note, []
        if order is not None:
            self._channel.amend(order, change)

    def _cancel(self) -> None:
        order = self._own()
        if order is not None:
            self._channel.cancel(order)

    def _read(self) -> None:
        order = self._own()
        if order is not None:
            self._channel.get_order(order)


class Replicas(Processes):
    """The ERPs and several facades, each with a state folder of its own and one journal for all."""

    def __init__(self, binary: str, out: str, connection: str, account: Account):
        super().__init__(binary, "", out, (0, 0), False, account)
        self.ports = [(free_port(), free_port()) for _ in range(COUNT)]
        self._connection = connection
        self._facades: list = [None] * COUNT
        self._environment: dict = {}

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
                                "--data", os.path.join(data, "bc")])
        self.nav = Nav("nav", self._ready("nav", nav))
        self.bc = BusinessCentral("bc", self._ready("bc", bc))
        self._environment = {**os.environ, "UNDERPIN_NAV_PORT": str(self.nav.server.port),
                             "UNDERPIN_BC_PORT": str(self.bc.server.port), "UNDERPIN_DATA": data}
        # All at once: whoever comes first makes the schema.
        for number in range(COUNT):
            self.start_one(number, wait=False)
        for number in range(COUNT):
            self.wait_for(number)

    def _config(self, number: int) -> str:
        file = copied_site(os.path.join(ROOT, "config", "underpin.json"),
                           os.path.join(self.out, f"config-{number}"), self.ports[number])
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
        for old, new in (
                ('"stateFolder": "${UNDERPIN_DATA}/facade",',
                 f'"stateFolder": "${{UNDERPIN_DATA}}/facade-{number}", "store": {{"kind": "postgres", '
                 f'"connection": "{self._connection}", "schema": "replicas-{os.getpid()}", '
                 f'"planLeaseMs": {PLAN_LEASE_MS}}},'),
                ('"requestBudgetMs": 10000', '"requestBudgetMs": 3000'),
                ('"giveUpMs": 10000', '"giveUpMs": 3000')):
            if text.count(old) != 1:
                raise NotStarted(f"the sample configuration does not say {old} exactly once")
            text = text.replace(old, new)
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        return file

    def start_one(self, number: int, wait: bool = True) -> None:
        os.makedirs(os.path.join(self.out, "data", f"facade-{number}"), exist_ok=True)
        self._facades[number] = self._spawn(
            "underpin", [self.binary, "serve", "--config", self._config(number)], self._environment)
        if wait:
            self.wait_for(number)

    def wait_for(self, number: int) -> None:
        ops, give_up = Server(self.ports[number][1], timeout_s=5), time.monotonic() + 60
        while time.monotonic() < give_up:
            if self._facades[number].poll() is not None:
                break
            try:
                answer = ops.call("GET", "/readyz")
                if answer.status == 200 and answer.json["systems"]:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        raise NotStarted(f"replica {number} was not ready:\n{self._tail('underpin')}")

    def signal(self, number: int, what: int) -> None:
        self._facades[number].send_signal(what)
        if what == signal.SIGKILL:
            process = self._facades[number]
            process.wait()
            self._running = [one for one in self._running if one[1] is not process]


def drive(replicas: Replicas, account: Account) -> list[str]:
    book = Book()
    channels = {name: Channel(name, f"{name}-demo-key", 0, book) for name in ("web", "pos")}
    for name, channel in channels.items():
        channel._server = Rotating([port for port, _ in replicas.ports], f"{name}-demo-key")
    customers = [customer.number for customer in sample_data.CUSTOMERS][:8]
    first = Architect(replicas.ports[0][1], "ops-demo-key", account)
    wrong = []

    plan = first.status("orders")
    if len(plan["takenBy"]) + len(plan["waitingFor"]) != COUNT:
        wrong.append(f"{COUNT} replicas serve, the plan knows of {plan['takenBy']} and {plan['waitingFor']}")
    shops = [Shop(channels[name], customers, seed) for name, seed in (("web", 1), ("web", 2), ("pos", 3))]
    for shop in shops:
        shop.start()
    time.sleep(2)
    for capability in ("customers", "orders"):
        first.move(capability, "dual_write")
    for capability in ("customers", "orders"):
        first.caught_up(capability)

    account.step("replica 1", "killed under load")
    replicas.signal(1, signal.SIGKILL)
    for capability in ("customers", "orders"):
        first.move(capability, "shadow_read")
    replicas.start_one(1)
    account.step("replica 2", "stopped under load")
    replicas.signal(2, signal.SIGSTOP)
    stopped = time.monotonic()
    # The flip waits for no replica whose lease has run out ...
    first.move("customers", "cloud_primary")
    first.move("orders", "cloud_primary")
    time.sleep(max(0.0, 5 - (time.monotonic() - stopped)))
    replicas.signal(2, signal.SIGCONT)
    # ... which answers nothing by the plan it remembers, but takes the new one.
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        plan = first.status("orders")
        if len(plan["takenBy"]) == COUNT and not plan["waitingFor"]:
            break
        time.sleep(0.05)
    else:
        wrong.append(f"20 s after it was woken, the plan waits for {plan['waitingFor']}")
    time.sleep(1)
    # From another replica than the one that flipped.
    Architect(replicas.ports[1][1], "ops-demo-key", account).roll_back("orders", "proof that it goes back")
    time.sleep(1.5)
    for shop in shops:
        shop.ended.set()
    for shop in shops:
        shop.join(timeout=90)
        if shop.is_alive():
            wrong.append(f"{shop.name} did not come to its end")

    waiting = first.settle(90)
    if waiting:
        wrong.append(f"not delivered after 90 s: {waiting}")
    result = checks.check_orders(book, replicas.nav, replicas.bc, first)
    open_exceptions = first.get("/ops/v1/exceptions?state=open&limit=100")["items"]
    wrong += [f"exception: {e['kind']} {e['subject']}: {e['detail']}" for e in open_exceptions]
    wrong += result.findings + book.findings + book.failures
    acknowledged = len(book.acknowledged())
    account.step("channels", f"{acknowledged} orders acknowledged, {book.reads} reads; repeated: {dict(book.retries)}")
    account.step("erps", f"{result.orders_in_legacy} orders at home in nav, {result.orders_in_cloud} in bc")
    if acknowledged < 40 or not result.orders_in_legacy or not result.orders_in_cloud:
        wrong.append(f"{acknowledged} orders are too few to prove anything")
    for name in ("lost", "duplicated", "executed_twice", "totals_differing"):
        if getattr(result, name):
            wrong.append(f"{name}: {getattr(result, name)}")
    return wrong


def main() -> int:
    binary, folder = sys.argv[1:]
    with open(os.path.join(folder, "connection"), encoding="utf-8") as file:
        connection = file.read().strip()
    account = Account()
    with tempfile.TemporaryDirectory(prefix="underpin-replicas-") as out:
        replicas = Replicas(binary, out, connection, account)
        try:
            replicas.start()
            wrong = drive(replicas, account)
        except (NotStarted, RuntimeError, OSError) as error:
            wrong = [f"{type(error).__name__}: {error}"]
            log = os.path.join(out, "log", "underpin.log")
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as file:
                    wrong.append("".join(file.readlines()[-30:]))
        finally:
            ended = replicas.stop()
    wrong += ended
    for text in wrong:
        account.bad("finding", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
