"""A nightly price file against the cloud's prices: what was changed after the cut-off is not reported, what differs is.

Both simulated ERPs, the price file that the simulated NAV writes, the built executable and its own commands.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from reconcile_test import PACE, Site, expect, wrong  # noqa: E402


def wait_until(holds, what: str):
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    raise RuntimeError(f"not in 60 s: {what}")


class PriceSite(Site):
    def at_cut_off(self) -> tuple[dict, set]:
        """The reconciliation as of the list's cut-off, and the articles whose prices differ."""
        folder = os.path.join(self.out, f"cut-off-{time.monotonic_ns()}")
        ended = self.run("reconcile", "pricing", "--at-cut-off", "--reason", "test", "--out", folder)
        state = self.operator.call("GET", f"/ops/v1/reconciliations/{ended.stdout.split()[1]}").json
        if state["state"] != "done":
            raise RuntimeError(f"it did not come to an end: {state}")
        with open(os.path.join(folder, "differences.json"), encoding="utf-8") as file:
            return state, {one["key"]["sku"] for one in json.load(file)}

    def new_list(self) -> None:
        """The nightly file, with a cut-off of its own second, taken in by the facade."""
        begun = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) >= begun + datetime.timedelta(seconds=1),
                   "the next second")
        folder = os.path.join(self.out, "data", "prices")
        path = self.processes.nav.user("write_price_file", mode="full")["path"]
        wait_until(lambda: not os.path.exists(path), f"{path} is taken from {folder}")

    def with_snapshots_of_lists(self) -> None:
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        more = json.dumps({**json.loads(PACE), "snapshots": {"pricing": {"onNewList": True}}})
        if text.count(PACE) != 1:
            raise ValueError("the site does not say its pace")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace(PACE, more))
        self.processes.kill("underpin")
        self.processes.start_facade()

    def snapshots(self) -> list:
        return self.operator.call("GET", "/ops/v1/snapshots").json["items"]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-cut-off-") as out:
        site = PriceSite(sys.argv[1], out)
        nav, bc = site.processes.nav, site.processes.bc
        try:
            # ---- without a snapshot, by what Business Central says of its rows
            site.new_list()
            _, before = site.at_cut_off()
            expect(not before & {"1003", "1004", "1005", "1006"}, f"these do not differ at first: {before}")
            bc.user("change_price", item="1004", price="44.44")
            site.new_list()
            bc.user("change_price", item="1003", price="33.33")
            state, found = site.at_cut_off()
            expect(state["basis"] == "rolled_back", f"without a snapshot it is rolled back: {state.get('basis')}")
            expect(found == before | {"1004"}, f"what differed at the cut-off, and nothing that changed since: {found}")
            expect(state["notCompared"].get("changedSinceCutOff", 0) >= 1, f"it is counted: {state['notCompared']}")
            now, code, listed = site.reconciled("pricing")
            expect(code == 3 and {one[1] for one in listed} == before | {"1003", "1004"},
                   f"against now both differ: {listed}")

            # ---- a snapshot, by command
            bc.user("change_price", item="1005", price="55.55")
            expect(site.run("snapshot", "pricing", "--reason", "test").returncode == 0, "a snapshot is taken")
            bc.user("change_price", item="1006", price="66.66")
            state, found = site.at_cut_off()
            expect(state["basis"] == "snapshot" and state["snapshot"] == 1, "the snapshot is used")
            expect(found == before | {"1003", "1004", "1005"}, f"what the snapshot holds, not what came after: {found}")
            expect(site.run("repair", str(state["id"]), "--reason", "test").returncode == 1,
                   "what differed at a cut-off is not repaired")
            audit = site.operator.call("GET", "/ops/v1/audit?limit=500").body.decode()
            expect("snapshot_started" in audit and "snapshot_done" in audit, "the audit log has it")

            # ---- the list is brought by Underpin, and a snapshot follows each
            site.with_snapshots_of_lists()
            site.move("pricing", "dual_write")
            nav.user("change_price", item="1007", unit_price="77.77")
            known = len(site.snapshots())
            site.new_list()
            wait_until(lambda: len(site.snapshots()) > known and site.snapshots()[0]["state"] == "kept",
                       "a snapshot of the new list")
            expect("legacy's list" in site.snapshots()[0]["reason"], "it says of which list")
            bc.user("change_price", item="1008", price="88.88")
            state, found = site.at_cut_off()
            expect(state["basis"] == "snapshot" and "arrivedAt" in state, f"as of when the list came: {state}")
            expect(found == set(), f"the list was taken over as it was: {found}")
            _, code, listed = site.reconciled("pricing")
            expect({one[1] for one in listed} == {"1008"}, f"and somebody has changed it since: {listed}")
            listed = site.run("snapshots").stdout
            expect(listed.count("kept") == len(site.snapshots()), "the command lists them")
        finally:
            for text in site.processes.stop():
                expect(False, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
