"""Two waves in one process, each with a NAV and a Business Central of its own, and channels that write to both
without pause: Germany goes all the way to cloud_only for customers and orders while France stays at legacy_only.
Afterwards the four ERPs' own books are compared with what the channels were told, and with what nobody may have
touched; then the process is killed, and each wave is found where it was.

    waves_test.py BINARY [FOLDER]    FOLDER/connection says where PostgreSQL is; without it: SQLite
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

import sample_data  # noqa: E402

from docs_test import script_of  # noqa: E402
from drive import checks  # noqa: E402
from drive.account import Account  # noqa: E402
from drive.architect import Architect  # noqa: E402
from drive.book import Book, Line, Order  # noqa: E402
from drive.channel import LOCATIONS, PRICE, SKUS, Channel  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import NotStarted, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402
from drive.two_waves import WAVES, TwoWaves  # noqa: E402
from replicas_test import Shop  # noqa: E402

OPS_KEY = "ops-demo-key"
wrong: list[str] = []


def expect(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}")
    if not holds:
        wrong.append(what)


class Wave:
    """What one wave's channel was told, and what its ERPs hold."""

    def __init__(self, name: str, site: TwoWaves, account: Account):
        self.name, self.nav, self.bc = name, site.navs[name], site.bcs[name]
        self.book = Book()
        self.channel = Channel(f"web-{name}", f"web-{name}-demo-key", site.channel_port, self.book)
        self.architect = Architect(site.ops_port, OPS_KEY, account, wave=name)
        self._shops: list[Shop] = []

    def open_shops(self) -> None:
        customers = [customer.number for customer in sample_data.CUSTOMERS][:8]
        self._shops = [Shop(self.channel, customers, seed) for seed in (1, 2)]
        for shop in self._shops:
            shop.start()

    def close_shops(self) -> None:
        for shop in self._shops:
            shop.ended.set()
        for shop in self._shops:
            shop.join(timeout=90)
            expect(not shop.is_alive(), f"{self.name}: {shop.name} comes to its end")

    def place_one(self) -> Order:
        line = Line(1, SKUS[0], LOCATIONS[0], 1, PRICE[SKUS[0]])
        order = Order(self.channel.name, str(self.channel.numbers.take()), sample_data.CUSTOMERS[0].number, [line])
        expect(self.channel.place(order), f"{self.name}: order {order.number} is acknowledged")
        return order

    def stages(self) -> dict:
        return {plan["capability"]: (plan["stage"], plan["version"])
                for plan in self.architect.get("/ops/v1/cutover")["items"]}

    def audit(self) -> list:
        return [item["hash"] for item in self.architect.get("/ops/v1/audit?limit=500")["items"]]

    def in_erp(self, order: Order) -> tuple[int, int]:
        return tuple(sum(document.reference == order.reference for document in erp.documents().values())
                     for erp in (self.nav, self.bc))

    def ours_in_cloud(self) -> int:
        return sum(document.reference.startswith("WEB-") for document in self.bc.documents().values())


class Cli:
    """The command line, as people call it."""

    def __init__(self, site: TwoWaves):
        self._binary = site.binary
        self._environment = {**site.environment, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{site.ops_port}",
                             "UNDERPIN_OPS_KEY": OPS_KEY}

    def run(self, *arguments: str) -> tuple[int, str]:
        ended = subprocess.run([self._binary, *arguments], env=self._environment, text=True, timeout=90, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ended.returncode, ended.stdout


def paste_the_page(site: TwoWaves) -> None:
    script = script_of("waves.md")
    os.makedirs(os.path.join(site.out, "pasted"))
    for old, new in (("127.0.0.1:8080", f"127.0.0.1:{site.channel_port}"),
                     ("127.0.0.1:8081", f"127.0.0.1:{site.ops_port}"),
                     ("-o out/", f"-o {site.out}/pasted/"),
                     ("$PWD/build", os.path.dirname(site.binary))):
        script = script.replace(old, new)
    ended = subprocess.run(["bash", "-c", script], cwd=ROOT, text=True, timeout=180, check=False,
                           env={**os.environ, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{site.ops_port}"},
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(ended.stdout)
    expect(ended.returncode == 0, "every command of docs/operating/waves.md works as it is pasted")


def migrate(architect: Architect) -> None:
    """All the way to cloud_only, in an order that the constraints allow."""
    for stage in ("dual_write", "shadow_read", "cloud_primary"):
        for capability in ("customers", "orders", "inventory"):
            architect.move(capability, stage)
        if stage == "dual_write":
            for capability in ("customers", "orders"):
                architect.caught_up(capability)
    for stage in ("ramp_down", "cloud_only"):
        for capability in ("customers", "orders"):
            architect.move(capability, stage)


def drive(site: TwoWaves, account: Account) -> None:
    de, fr = (Wave(name, site, account) for name in WAVES)
    cli = Cli(site)
    before, audit_before = fr.stages(), fr.audit()
    expect(all(stage == "legacy_only" for stage, _ in before.values()), "fr begins at legacy_only")

    for wave in (de, fr):
        wave.open_shops()
    time.sleep(1.5)
    migrate(de.architect)
    time.sleep(1.5)

    # Both serve, at opposite ends of the way.
    stages = de.stages()
    expect(stages["orders"][0] == "cloud_only" and stages["customers"][0] == "cloud_only", f"de: {stages}")
    expect(fr.stages() == before, f"fr is where it was, in every version: {fr.stages()}")
    expect(fr.audit() == audit_before, "fr's audit log has no entry of it")
    code, table = cli.run("cutover", "status", "orders")
    rows = [line.split()[:3] for line in table.splitlines()[1:]]
    expect(code == 0 and rows == [["de", "orders", "cloud_only"], ["fr", "orders", "legacy_only"]],
           f"one table shows both:\n{table}")
    late_de, late_fr = de.place_one(), fr.place_one()

    for wave in (de, fr):
        wave.close_shops()
        waiting = wave.architect.settle(90)
        expect(not waiting, f"{wave.name}: everything is delivered {waiting}")
    expect(de.in_erp(late_de) == (0, 1), f"de: a new order is in the cloud alone: {de.in_erp(late_de)}")
    expect(fr.in_erp(late_fr) == (1, 0), f"fr: a new order is in legacy alone: {fr.in_erp(late_fr)}")

    # What the channels were told, against the ERPs' own books.
    shared = ({order.number for order in de.book.acknowledged()} & {order.number for order in fr.book.acknowledged()})
    expect(len(shared) >= 10, f"{len(shared)} numbers were given by both channels")
    for wave in (de, fr):
        result = checks.check_orders(wave.book, wave.nav, wave.bc, wave.architect)
        acknowledged = len(wave.book.acknowledged())
        account.step(wave.name, f"{acknowledged} orders acknowledged, {wave.book.reads} reads, at home in nav "
                                f"{result.orders_in_legacy}, in bc {result.orders_in_cloud}")
        for finding in result.findings + wave.book.findings + wave.book.failures:
            expect(False, f"{wave.name}: {finding}")
        expect(acknowledged >= 15, f"{wave.name}: {acknowledged} orders prove something")
        for exception in wave.architect.get("/ops/v1/exceptions?state=open")["items"]:
            expect(False, f"{wave.name}: exception {exception['kind']} {exception['subject']}: {exception['detail']}")
        if wave is de:
            expect(result.orders_in_legacy > 0 and result.orders_in_cloud > 0, "de: orders were born on both sides")
        else:
            expect(result.orders_in_cloud == 0 and wave.ours_in_cloud() == 0, "fr: nothing of it is in its cloud")

    # Each is found where it was after a crash.
    after = {wave.name: (wave.stages(), wave.audit()) for wave in (de, fr)}
    site.kill("underpin")
    site.start_facade()
    for wave in (de, fr):
        expect((wave.stages(), wave.audit()) == after[wave.name], f"{wave.name}: a kill -9 changes no plan")
    late_de, late_fr = de.place_one(), fr.place_one()
    expect(de.in_erp(late_de) == (0, 1) and fr.in_erp(late_fr) == (1, 0), "new orders go where they went before")

    # The log of both verifies the chain of each.
    log = os.path.join(site.out, "log", "underpin.log")
    for wave in WAVES:
        code, said = cli.run("audit", "verify", "--wave", wave, "--logs", log)
        expect(code == 0 and "is whole" in said, f"{wave}: {said.strip()}")
    code, said = cli.run("audit", "verify", "--wave", "de", "--head", after["fr"][1][-1])
    expect(code == 1, "a head of fr is not one of de")
    code, said = cli.run("doctor", "--config", site.config)
    expect(code == 0 and all(f"wave {wave}: {kind}-{wave} " in said for wave in WAVES for kind in ("nav", "bc")),
           f"the doctor reaches every system of every wave:\n{said}")


def start_refused(site: TwoWaves, changes: list[tuple[str, str]], why: str) -> None:
    """The same site with something changed does not start, and says what is wrong."""
    with open(site.config, encoding="utf-8") as file:
        text = file.read()
    for old, new in changes:
        expect(text.count(old) == 1, f"the configuration says {old} once")
        text = text.replace(old, new)
    config = os.path.join(os.path.dirname(site.config), "other.json")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    ended = subprocess.run([site.binary, "serve", "--config", config], env=site.environment, text=True, timeout=60,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    expect(ended.returncode == 2 and why in ended.stdout, f"refused with '{why}': {ended.stdout.strip()[-400:]}")


def configured(out: str, ports: tuple[int, int], connection: str) -> str:
    config = copied_site(os.path.join(ROOT, "config", "waves.json"), os.path.join(out, "config"), ports)
    if connection:
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace('"channelListener"', f'"store": {{"kind": "postgres", "connection": "{connection}", '
                                    f'"schema": "waves-{os.getpid()}"}},\n  "channelListener"', 1))
    return config


def main() -> int:
    binary, connection = sys.argv[1], ""
    if len(sys.argv) > 2:
        with open(os.path.join(sys.argv[2], "connection"), encoding="utf-8") as file:
            connection = file.read().strip()
    account = Account()
    with tempfile.TemporaryDirectory(prefix="underpin-waves-") as out:
        ports = tuple(free_ports(2))
        site = TwoWaves(binary, configured(out, ports, connection), out, ports, False, account)
        try:
            site.start()
            # Each wave looks at its systems by itself; the first to be ready does not wait for the other.
            for _ in range(50):
                ready = Server(ports[1]).call("GET", "/readyz").json
                if len(ready["systems"]) == 2 * len(WAVES):
                    break
                time.sleep(0.1)
            expect({(one["wave"], one["system"]) for one in ready["systems"]}
                   == {(wave, f"{kind}-{wave}") for wave in WAVES for kind in ("nav", "bc")}, "readyz names all four")
            for wave in WAVES:
                folder = os.path.join(out, "data", "facade", "waves", wave)
                expect(os.path.exists(os.path.join(folder, "journal.db")) != bool(connection)
                       and os.path.exists(os.path.join(folder, "parity.db")), f"{wave} has a state of its own")
            paste_the_page(site)
            drive(site, account)
            ended = site.stop_facade()
            expect(ended == 0, f"the facade ends well: {ended}")
            start_refused(site, [('"cloud": "bc-fr"', '"cloud": "bc-de"')],
                          "the wave fr names the system bc-de, which is the wave de's")
            start_refused(site, [('"channel": "web-de", "wave": "de"', '"channel": "web-de"')],
                          "/keys/0/wave: is missing")
            # Under another name it would begin anew, and forget what it acknowledged.
            start_refused(site, [('"channel": "web-de", "wave": "de"', '"channel": "web-de", "wave": "at"'),
                                 ('"waves": ["de"]', '"waves": ["at"]'), ('"de": {"legacy"', '"at": {"legacy"')],
                          "holds the state of the wave de, which the configuration does not name")
            if connection:
                # Where nothing of the state folder is left to tell, the store does.
                schema = f"waves-{os.getpid()}"
                start_refused(site, [(f'"schema": "{schema}"', f'"schema": "{schema}_de"')],
                              f"the schema {schema}_de holds the journal of the wave default")
        except (NotStarted, RuntimeError, OSError) as error:
            expect(False, f"{type(error).__name__}: {error}")
            log = os.path.join(out, "log", "underpin.log")
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as file:
                    print("".join(file.readlines()[-30:]))
        finally:
            for text in site.stop():
                expect(False, text)
    for text in wrong:
        account.bad("finding", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
