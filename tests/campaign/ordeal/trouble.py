"""What goes wrong: replicas killed and stopped, the store restarted and killed, ERPs that fail in every way they know."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

from drive.account import Account
from drive.fleet import Fleet
from drive.processes import ROOT

from .restore import StaleBackup
from .tally import Tally

POSTGRES = os.path.join(ROOT, "tests", "support", "postgres.py")

_NAV_WRITES = ["SalesOrder.Create", "SalesOrder.Update", "SalesOrder.Delete", "SalesRelease.ReleaseOrder",
               "Customer.Update", "Customer.Create", "ItemJournal.PostItemJournal"]
_BC_WRITES = ["salesOrders.POST", "salesOrders.DELETE", "salesOrderLines.PATCH", "salesOrderReleases.POST",
              "customers.PATCH", "customers.POST", "itemJournalPostings.POST"]
_NAV_READS = ["SalesOrder.Read", "SalesOrder.ReadMultiple", "Customer.Read"]
_BC_READS = ["salesOrders.GET", "customers.GET", "itemLedgerEntries.GET"]
# kind -> what it may hit in NAV, what in Business Central, and for how long. Late commits come before the adapters'
# settle_ms is over: later ones are the window that docs/safety.md leaves open.
FAULTS = {
    "slow": (_NAV_WRITES + _NAV_READS, _BC_WRITES + _BC_READS, (200, 1500)),
    "429": (_NAV_WRITES + _NAV_READS, _BC_WRITES + _BC_READS, (0, 0)),
    "503": (_NAV_WRITES + _NAV_READS, _BC_WRITES + _BC_READS, (0, 0)),
    "500": (_NAV_WRITES + _NAV_READS, _BC_WRITES + _BC_READS, (0, 0)),
    "504_after_commit": (_NAV_WRITES, _BC_WRITES, (0, 300)),
    "late_commit": (["SalesOrder.Create", "ItemJournal.PostItemJournal", "Customer.Create"],
                    ["salesOrders.POST", "itemJournalPostings.POST", "customers.POST"], (200, 1200)),
    "drop": (_NAV_WRITES + _NAV_READS, _BC_WRITES + _BC_READS, (0, 0)),
    "drop_after_commit": (_NAV_WRITES, _BC_WRITES, (0, 300)),
    "stale_key": (["SalesOrder.Update", "Customer.Update"],
                  ["salesOrders.DELETE", "salesOrderLines.PATCH", "customers.PATCH"], (0, 0)),
    "duplicate": (["SalesOrder.Create", "SalesRelease.ReleaseOrder", "Customer.Update"],
                  ["salesOrders.POST", "salesOrderReleases.POST", "customers.PATCH"], (0, 0)),
}
# Two in three of those that are met at every order, or they would hardly be met in a short run.
_OFTEN = {"SalesOrder.Create", "SalesOrder.Update", "SalesRelease.ReleaseOrder", "Customer.Update",
          "ItemJournal.PostItemJournal", "salesOrders.POST", "salesOrderReleases.POST", "customers.PATCH",
          "itemJournalPostings.POST", "salesOrderLines.PATCH", "SalesOrder.Read", "salesOrders.GET"}


class FaultMaker(threading.Thread):
    """One fault after the other in both ERPs, until it is told to stop."""

    def __init__(self, fleet: Fleet, tally: Tally, seed: int, every_s: float):
        super().__init__(name="faults", daemon=True)
        self._fleet, self._tally, self._every_s = fleet, tally, every_s
        self._draw = random.Random(seed)
        self.ended = threading.Event()

    def run(self) -> None:
        kinds: list[str] = []
        while not self.ended.wait(self._every_s * self._draw.uniform(0.5, 1.5)):
            if not kinds:
                kinds = self._draw.sample(sorted(FAULTS), len(FAULTS))
            kind = kinds.pop()
            nav, bc, (shortest, longest) = FAULTS[kind]
            for erp, operations in ((self._fleet.nav, nav), (self._fleet.bc, bc)):
                often = [operation for operation in operations if operation in _OFTEN]
                operation = self._draw.choice(often if often and self._draw.random() < 0.67 else operations)
                try:
                    erp.fault(operation, kind, self._draw.choice((1, 1, 1, 2)), self._draw.randint(shortest, longest))
                except (OSError, RuntimeError) as error:
                    self._tally.found(f"{erp.name} takes no fault {kind} of {operation}: {error}")


class Trouble:
    """Kills, hangs and restarts, spread over the time of the campaign. One thread decides; hangs end on their own."""

    def __init__(self, fleet: Fleet, postgres: str, tally: Tally, account: Account, seed: int):
        self._fleet, self._postgres, self._tally, self._account = fleet, postgres, tally, account
        self._draw = random.Random(seed)
        self._busy = [threading.Lock() for _ in fleet.ports]  # A replica is killed, or stopped, or neither.
        self._hanging: list[threading.Thread] = []
        self._stale = StaleBackup(fleet, tally, account)

    def cards(self, minutes: float) -> list:
        """What will happen, mixed: a quarter more than a proof needs."""
        cards: list = []
        for name, act in (("kills", self._kill), ("hangs", self._hang), ("store_restarts", self._restart_store)):
            cards += [act] * int(self._tally.least(name, minutes) * 1.25 + 1)
        self._draw.shuffle(cards)
        # Each backup is restored some cards later; what was acknowledged in between is in the ERPs alone.
        times = self._tally.least("restores", minutes)
        for turn in reversed(range(times)):
            at = len(cards) * (turn + 1) // (times + 1)
            cards.insert(at + max(2, min(10, len(cards) // 6)), self._restore)
            cards.insert(at, self._stale.back_up)
        return cards

    def _free(self) -> int | None:
        free = [number for number, lock in enumerate(self._busy) if not lock.locked()]
        return self._draw.choice(free) if free else None

    def _kill(self) -> None:
        number = self._free()
        if number is None:
            return
        with self._busy[number]:
            self._fleet.signal(number, signal.SIGKILL)
            self._tally.count("kills")
            time.sleep(self._draw.uniform(0, 1))
            self._fleet.start_one(number)

    def _hang(self) -> None:
        number = self._free()
        if number is None or sum(lock.locked() for lock in self._busy) >= len(self._busy) - 1:
            return
        lock, for_s = self._busy[number], self._draw.choice((1, 3, 6, 8, 10))
        lock.acquire()

        def hang() -> None:
            try:
                stopped = time.time()
                self._fleet.signal(number, signal.SIGSTOP)
                time.sleep(for_s)
                self._fleet.signal(number, signal.SIGCONT)
                with self._tally.lock:
                    self._tally.hangs.append((number, stopped, time.time()))
                self._tally.count("hangs")
            finally:
                lock.release()

        thread = threading.Thread(target=hang, daemon=True)
        self._hanging.append(thread)
        thread.start()

    def _restore(self) -> None:
        for thread in self._hanging:
            thread.join()
        for lock in self._busy:
            lock.acquire()
        try:
            self._stale.restore()
        finally:
            for lock in self._busy:
                lock.release()

    def _restart_store(self) -> None:
        how = self._draw.choice(("restart", "kill"))
        self.store(how)
        self._tally.count("store_restarts")
        self._account.step("store", f"PostgreSQL: {how}")

    def store(self, command: str) -> None:
        done = subprocess.run([sys.executable, POSTGRES, command, self._postgres], capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"PostgreSQL could not be told to {command}: {done.stdout}{done.stderr}")

    def over(self) -> None:
        """Everyone is awake again, and there is again one of each."""
        for thread in self._hanging:
            thread.join()
        for number in range(len(self._busy)):
            self._fleet.signal(number, signal.SIGCONT)
            if self._fleet.ended(number) is not None:
                self._tally.found(f"replica {number} ended by itself with {self._fleet.ended(number)}")
                self._fleet.start_one(number)
