"""Differences that the ERPs' own people made are found, all of them and nothing else; a repair ends them.

Both simulated ERPs, the built executable, its own commands. The process is killed in the middle of a sweep.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

# As the simulated NAV names the user of Underpin's web services, and its own warehouse.
DECLARED = ["CRONUS\\NAV-USER", "CRONUS\\WAREHOUSE"]
PACE = json.dumps({"pageRows": 20, "rowsPerS": 100, "stockPostedBy": {"nav": DECLARED}})
wrong: list[str] = []


def expect(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}", flush=True)
    if not holds:
        wrong.append(what)


class Site:
    def __init__(self, binary: str, out: str):
        self.binary, self.out, self.ports = os.path.abspath(binary), out, tuple(free_ports(2))
        self.config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), self.ports)
        # Slow enough that a sweep can be interrupted.
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        marker = '"shadow": {"threads"'
        if text.count(marker) != 1:
            raise ValueError(f"the sample site has no {marker}")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace(marker, f'"reconcile": {PACE},\n  {marker}'))
        self.channel = Server(self.ports[0], {"X-API-Key": "web-demo-key"})
        self.operator = Server(self.ports[1], {"X-API-Key": "operator-demo-key"})
        self.processes = self.start(False)

    def start(self, keep: bool) -> Processes:
        processes = Processes(self.binary, self.config, self.out, self.ports, keep, Account())
        processes.start()
        return processes

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
        give_up = time.monotonic() + 60
        while "the cloud: done" not in self.run("cutover", "status", capability).stdout:
            if time.monotonic() > give_up:
                raise RuntimeError(f"{capability} does not catch up")
            time.sleep(0.5)

    def copy_of(self, reference: str) -> str:
        """The cloud's number of an order, once its copy is there."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            for document in self.processes.bc.documents().values():
                if document.reference == reference:
                    return document.number
            time.sleep(0.2)
        raise RuntimeError(f"{reference} has no copy")

    def reconciled(self, capability: str) -> tuple[int, int, list]:
        """Number, exit code, and what differs as (kind, key parts)."""
        folder = os.path.join(self.out, f"{capability}-{time.monotonic_ns()}")
        ended = self.run("reconcile", capability, "--reason", "test", "--out", folder)
        number = int(ended.stdout.split()[1])
        with open(os.path.join(folder, "differences.json"), encoding="utf-8") as file:
            found = [(one["kind"], *one["key"].values()) for one in json.load(file)]
        with open(os.path.join(folder, "differences.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        expect(len(rows) == len(found), "both files have the same rows")
        return number, ended.returncode, sorted(found)



def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-reconcile-") as out:
        site = Site(sys.argv[1], out)
        nav, bc = site.processes.nav, site.processes.bc
        try:
            # Guards want to have seen orders being answered.
            for number in range(100_101, 100_141):
                site.channel.call("GET", f"/v1/orders/SO-{number}")
            for capability in ("customers", "inventory", "pricing", "orders"):
                site.move(capability, "dual_write")
            for number in ("100042", "100043", "100044"):
                with open(os.path.join(ROOT, "docs", "examples", "order.json"), encoding="utf-8") as file:
                    body = {**json.load(file), "number": number}
                placed = site.channel.call("POST", "/v1/orders", body, {"Idempotency-Key": f'"order-{number}"'})
                if placed.status != 201:
                    raise RuntimeError(f"order {number}: {placed.problem()}")
            copy = site.copy_of("WEB/100043")
            _, code, found = site.reconciled("customers")
            expect(code == 0 and found == [], "no customer differs at first")
            _, _, drift = site.reconciled("inventory")
            for capability in ("orders", "pricing"):
                _, code, found = site.reconciled(capability)
                expect(code == 0 and found == [], f"no {capability} differ at first: {found}")

            # What people do behind the facade's back.
            changed, left = "C10003", "C10004"
            before = bc.customers()[changed]["blocked"]
            bc.user("block_customer", number=changed, blocked="All")
            bc.user("block_customer", number=left, blocked="Ship")
            bc.user("drift_stock", item="1001", location="EAST", quantity="-7")
            nav.user("receipt", item="1002", location="WEST", quantity="3", document="COUNT-2", user="CRONUS\\EVA")

            bc.user("edit_order", number=copy, line={"sequence": 10000, "quantity": "3"})
            bc.user("change_price", item="1003", price="77.77")

            orders, _, found = site.reconciled("orders")
            expect(found == [("value", "web/100043", "1")], f"exactly the planted line: {found}")
            prices, _, found = site.reconciled("pricing")
            expect(found != [] and all(one[:2] == ("value", "1003") for one in found),
                   f"exactly the planted prices: {found}")
            number, code, found = site.reconciled("customers")
            expect(code == 3, "differences are exit code 3")
            expect(found == [("value", changed), ("value", left)], f"exactly the planted customers: {found}")
            stock, code, found = site.reconciled("inventory")
            planted = sorted([("value", "1001", "EAST"), ("value", "1002", "WEST")] + drift)
            expect(found == planted, f"exactly the planted stock: {found}")
            state = site.operator.call("GET", f"/ops/v1/reconciliations/{stock}").json
            expect(state.get("rogueWriters") == [{"system": "nav", "user": "CRONUS\\EVA", "changes": 1}],
                   f"who moved NAV's stock is named: {state.get('rogueWriters')}")
            expect(state.get("writersNotTold") == ["bc"], "Business Central does not say who")
            items = site.operator.call("GET", f"/ops/v1/reconciliations/{stock}/differences").json["items"]
            by = {(one["key"]["sku"], one["key"]["location"]): one.get("changedBy", []) for one in items}
            first = by["1002", "WEST"][0]
            expect((first["user"], first["declared"]) == ("CRONUS\\EVA", False),
                   f"and stands first at the difference: {by['1002', 'WEST']}")
            expect(all(one["declared"] for one in by["1002", "WEST"][1:]), "before those who may")
            expect(not any(one["user"] == "CRONUS\\EVA" for one in by["1001", "EAST"]), "and at no other")

            dry = site.run("repair", str(number), "--reason", "test", "--dry-run")
            expect("put_customer to cloud" in dry.stdout, "the plan names direction and act")
            expect(bc.customers()[changed]["blocked"] != before, "a dry run changes nothing")
            expect(site.run("repair", str(number), "--reason", "test", key="qa-demo-key").returncode == 1,
                   "who may only read may not repair")
            expect(site.run("repair", str(number), "--reason", "test").returncode == 0, "customers are repaired")
            expect(site.run("repair", str(stock), "--reason", "test").returncode == 0, "stock is repaired")
            expect(site.run("repair", str(orders), "--reason", "test").returncode == 0, "orders are repaired")
            expect(site.run("repair", str(prices), "--reason", "test").returncode == 0, "prices are repaired")
            expect(bc.customers()[changed]["blocked"] == before, "from legacy to the cloud")
            expect(bc.stock()[("1001", "EAST")] == nav.stock()[("1001", "EAST")], "the cloud's stock is legacy's")

            # A sweep that is interrupted goes on.
            begun = site.run("reconcile", "inventory", "--reason", "test", "--no-wait")
            number = begun.stdout.split()[1]
            give_up = time.monotonic() + 30
            swept = 0
            while swept < 40 and time.monotonic() < give_up:
                swept = site.operator.call("GET", f"/ops/v1/reconciliations/{number}").json["legacy"]["rows"]
            site.processes.kill("underpin")
            expect(site.processes.stop() == [], "the simulators end well")
            site.processes = site.start(True)
            state = site.operator.call("GET", f"/ops/v1/reconciliations/{number}").json
            expect(40 <= state["legacy"]["rows"] < 180, f"it goes on from where it was: {state['legacy']}")
            give_up = time.monotonic() + 60
            while time.monotonic() < give_up:
                state = site.operator.call("GET", f"/ops/v1/reconciliations/{number}").json
                if state["state"] in ("done", "failed", "stopped"):
                    break
                time.sleep(0.3)
            expect(state.get("state") == "done", f"a killed process goes on: {state.get('state')}")
            expect(state.get("different") == 0, "and nothing differs any more")
            for capability in ("customers", "orders", "pricing"):
                _, code, found = site.reconciled(capability)
                expect(code == 0 and found == [], f"no {capability} differ any more: {found}")
            listed = site.operator.call("GET", "/ops/v1/reconciliations?capability=customers").json["items"]
            expect(listed[0]["state"] == "done" and listed[0]["ageSeconds"] >= 0, "the newest is there, with its age")
            audit = site.operator.call("GET", "/ops/v1/audit?limit=500").body.decode()
            for kind in ("reconciliation_started", "reconciliation_done", "repair_started", "repair_done"):
                expect(kind in audit, f"the audit log has {kind}")
        finally:
            for text in site.processes.stop():
                expect(False, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
