"""What both ERPs have posted, against what channels were acknowledged: right as it is, and each planted fault is found.

Both simulated ERPs, the built executable, its own commands.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

wrong: list[str] = []


def expect(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}", flush=True)
    if not holds:
        wrong.append(what)


class Site:
    def __init__(self, binary: str, out: str):
        self.binary, self.out, self.ports = os.path.abspath(binary), out, tuple(free_ports(2))
        self.config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), self.ports)
        # The accountants of NAV, and nobody else.
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        marker = '"shadow": {"threads"'
        if text.count(marker) != 1:
            raise ValueError(f"the sample site has no {marker}")
        declared = json.dumps({"postedBy": {"nav": ["CRONUS\\ACCOUNTING", "CRONUS\\EVA"]}})
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace(marker, f'"reconcile": {declared},\n  {marker}'))
        self.channel = Server(self.ports[0], {"X-API-Key": "web-demo-key"})
        self.operator = Server(self.ports[1], {"X-API-Key": "operator-demo-key"})
        self.processes = Processes(self.binary, self.config, out, self.ports, False, Account())
        self.processes.start()

    def run(self, *words: str, key: str = "operator-demo-key") -> subprocess.CompletedProcess:
        environment = {**os.environ, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{self.ports[1]}", "UNDERPIN_OPS_KEY": key}
        ended = subprocess.run([self.binary, *words], env=environment, text=True, timeout=120, check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(f"$ underpin {' '.join(words)}\n{ended.stdout}", flush=True)
        return ended

    def move(self, capability: str, stage: str) -> None:
        """A step, with the signatures that the sample site wants."""
        proposed = self.run("cutover", "propose", capability, stage, "--reason", "test", key="ops-demo-key")
        number = proposed.stdout.split()[0]
        for role in ("approver", "qa", "finance"):
            self.run("cutover", "approve", capability, number, "--reason", "agreed", key=f"{role}-demo-key")
        published = self.run("cutover", "publish", capability, number, "--reason", "agreed", key="ops-demo-key")
        if published.returncode != 0:
            raise RuntimeError(f"{capability} does not move to {stage}")
        self.until(lambda: "the cloud: done" in self.run("cutover", "status", capability).stdout, "it catches up")

    def until(self, holds, what: str):
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            found = holds()
            if found:
                return found
            time.sleep(0.3)
        raise RuntimeError(f"not within a minute: {what}")

    def place(self, number: str, sku: str = "") -> str:
        with open(os.path.join(ROOT, "docs", "examples", "order.json"), encoding="utf-8") as file:
            body = {**json.load(file), "number": number}
        if sku:
            body["lines"][0]["sku"] = sku
        placed = self.channel.call("POST", "/v1/orders", body, {"Idempotency-Key": f'"order-{number}"'})
        if placed.status != 201:
            raise RuntimeError(f"order {number}: {placed.problem()}")
        reference = f"WEB/{number}"

        def released():
            for document in self.processes.nav.documents().values():
                if document.reference == reference and document.released:
                    return document.number
            return None
        return self.until(released, f"{number} is released")

    def invoice_in_nav(self, orders: list, **more) -> None:
        nav = self.processes.nav
        shipped = nav.user("pick_and_ship", orders=orders, partial_percent=0)["shipments"]
        invoiced = nav.user("invoice", orders=orders, **more)["invoices"]
        if len(shipped) != len(orders) or len(invoiced) != len(orders):
            raise RuntimeError(f"{orders}: {shipped} {invoiced}")

    def copy_of(self, reference: str) -> str:
        def copied():
            for document in self.processes.bc.documents().values():
                if document.reference == reference:
                    return document.number
            return None
        return self.until(copied, f"{reference} has a copy")

    def reconciled(self) -> tuple[int, list, dict]:
        """Exit code, what differs, and the state with its totals."""
        folder = os.path.join(self.out, f"posting-{time.monotonic_ns()}")
        ended = self.run("reconcile", "posting", "--reason", "test", "--out", folder)
        with open(os.path.join(folder, "differences.json"), encoding="utf-8") as file:
            found = json.load(file)
        with open(os.path.join(folder, "differences.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        expect([row["kind"] for row in rows] == [one["kind"] for one in found], "both files have the same rows")
        number = ended.stdout.split()[1]
        return ended.returncode, found, self.operator.call("GET", f"/ops/v1/reconciliations/{number}").json


def ship_scenarios(site: Site) -> None:
    """What people of both test companies do with the scenarios' orders."""
    for erp in (site.processes.nav, site.processes.bc):
        for document in erp.documents().values():
            if not document.open or not document.reference.startswith("SCENARIO/"):
                continue
            if erp is site.processes.nav:
                erp.user("pick_and_ship", orders=[document.number], partial_percent=0)
                erp.user("invoice", orders=[document.number])
            else:
                erp.user("pick_and_ship", number=document.number)
                erp.user("invoice", number=document.number)


def compared(site: Site) -> tuple[int, dict]:
    """Exit code; scenario -> (verdict, paths that differ)."""
    code = site.run("parity", "postings").returncode
    items = site.operator.call("POST", "/ops/v1/parity/postings/compare", {}).json["items"]
    return code, {one["scenario"]: (one["verdict"], sorted(each["path"] for each in one["differences"]
                                                           if each["verdict"] == "mismatch")) for one in items}


def scenarios(site: Site) -> None:
    names = {"promotion", "split_tax", "gift_card", "free_goods", "foreign_currency", "partial_cancel"}
    expect(site.run("parity", "postings").returncode == 1, "without a run there is nothing to compare")
    expect(site.run("parity", "postings", "--place", "--reason", "test").returncode == 0, "the scenarios are placed")
    code, found = compared(site)
    expect(code == 3 and set(found) == names and {one[0] for one in found.values()} == {"not_compared"},
           f"what is not invoiced is not compared: {found}")
    ship_scenarios(site)
    code, found = compared(site)
    expect(code == 0 and {one[0] for one in found.values()} <= {"match", "tolerated"}, f"both post alike: {found}")
    # Somebody gives an article the posting group of services, in one ERP.
    site.processes.bc.user("set_posting_group", item="1003", group="SERVICES")
    site.run("parity", "postings", "--place", "--reason", "test")
    ship_scenarios(site)
    code, found = compared(site)
    expect(code == 3, "what is posted otherwise is exit code 3")
    differ = {name: one for name, one in found.items() if one[0] == "mismatch"}
    expect(differ == {"free_goods": ("mismatch", ["/classes/other", "/classes/revenue"])}, f"exactly the planted: {found}")
    site.processes.bc.user("set_posting_group", item="1003", group="RETAIL")
    entries = site.operator.call("GET", "/ops/v1/parity/entries?verdict=mismatch").json["items"]
    expect(any(one["operation"] == "post_free_goods" for one in entries), "the parity ledger has it")


def kinds(found: list) -> list:
    return sorted((one["kind"], one["key"]["order"]) for one in found if one["kind"] != "foreign")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-posting-") as out:
        site = Site(sys.argv[1], out)
        nav, bc = site.processes.nav, site.processes.bc
        try:
            scenarios(site)
            for number in range(100_101, 100_141):
                site.channel.call("GET", f"/v1/orders/SO-{number}")
            for capability in ("customers", "inventory", "pricing", "orders"):
                site.move(capability, "dual_write")
            first, second = site.place("100042"), site.place("100043")
            copies = {reference: site.copy_of(reference) for reference in ("WEB/100042", "WEB/100043")}
            site.invoice_in_nav([first, second])
            code, found, state = site.reconciled()
            expect(code == 0 and kinds(found) == [], f"what is right is no difference: {kinds(found)}")
            expect(state["equal"] == 2, f"both orders were compared: {state['equal']}")
            expect(state["counts"].get("ownOrders", 0) + state["counts"].get("foreign", 0) > 40,
                   f"NAV's own orders are not of any channel: {state['counts']}")
            turnover = [one for one in state["groups"] if one["group"].startswith("turnover ")]
            expect(len(turnover) == 1, f"one day: {turnover}")
            expect(Decimal(turnover[0]["difference"]) == 0, f"turnover is what was acknowledged: {turnover}")
            expect(Decimal(turnover[0]["expected"]) == 2 * Decimal("39.64"), "and counts both orders")
            tax = [one for one in state["groups"] if one["group"] == "tax VAT19"]
            expect(len(tax) == 1 and Decimal(tax[0]["difference"]) == 0, f"so is the tax: {tax}")
            ledgers = {one["group"].split(" ", 1)[1]: one for one in state["groups"] if one["group"][0] == "2"}
            for name in ("revenue", "discount", "tax", "receivable", "inventory", "cogs", "tax ledger VAT19"):
                expect(name in ledgers, f"there is a control total of {name}")
            by_code = sum((Decimal(one["legacy"]["amount"]) for name, one in ledgers.items() if name.startswith("tax ledger")),
                          Decimal(0))
            expect(Decimal(ledgers["tax"]["legacy"]["amount"]) == by_code, "both ledgers of NAV say the same tax")

            # A copy that is executed: in money, too.
            third = site.place("100044")
            copy = site.copy_of("WEB/100044")
            site.invoice_in_nav([third])
            bc.user("release_order", number=copy)
            bc.user("pick_and_ship", number=copy)
            bc.user("invoice", number=copy)
            # An article that somebody gave the posting group of services.
            nav.user("set_posting_group", item="1003", group="SERVICES")
            site.invoice_in_nav([site.place("100045", sku="1003")], user="CRONUS\\EVA")
            nav.user("set_posting_group", item="1003", group="RETAIL")
            # Posted by somebody whom nobody has declared.
            site.invoice_in_nav([site.place("100046")], user="CRONUS\\MALLORY")
            # Somebody's own order, of no channel.
            own = nav.user("create_order", header={"Sell_to_Customer_No": "C10001", "External_Document_No": "FAX 9"},
                           lines=[{"No": "1000", "Location_Code": "EAST", "Quantity": "1"}], release=True)["no"]
            site.invoice_in_nav([own])
            # The close of the year is no turnover.
            nav.user("close_year", year=2025, amount="1000")
            code, found, state = site.reconciled()
            expect(code == 3, "differences are exit code 3")
            expect(kinds(found) == [("executed_twice", "web/100044"), ("undeclared_writer", "web/100046"),
                                     ("value", "web/100045")],
                   f"exactly what was planted: {kinds(found)}")
            value = [one for one in found if one["kind"] == "value"]
            expect(value and value[0]["users"] == ["CRONUS\\EVA"], f"with who posted it: {value}")
            expect(value and Decimal(value[0]["legacy"]["net"]) < Decimal(value[0]["expected"]["net"]),
                   f"and both amounts: {value}")
            rogue = [one for one in found if one["kind"] == "undeclared_writer"]
            expect(rogue and rogue[0]["users"] == ["CRONUS\\MALLORY"] and rogue[0]["group"] != "",
                   f"a rogue writer by name, and when: {rogue}")
            listed = site.operator.call("GET", "/ops/v1/reconciliations?capability=posting").json["items"]
            expect(len(listed) == 2 and listed[0]["capability"] == "posting" and "ageSeconds" in listed[0],
                   "the reconciliations know them by their name")
            expect(site.run("repair", str(listed[0]["id"]), "--reason", "test").returncode == 1,
                   "what was posted is not repaired")
            expect(copies["WEB/100042"] != "", "copies of the others were there and posted nothing")
        finally:
            for text in site.processes.stop():
                expect(False, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
