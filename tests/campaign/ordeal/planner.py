"""Flips forward and back under load, over any replica that answers."""

from __future__ import annotations

import http.client
import random
import threading
import time

from drive.account import Account
from drive.architect import STAGES, Architect, GaveUp
from drive.fleet import Balancer, Fleet

from .tally import Tally


def architect(fleet: Fleet, account: Account) -> Architect:
    """One who asks any replica, as the others who sign do."""
    made = Architect(fleet.ops_ports[0], "ops-demo-key", account)
    made.patience_s = 20
    made.ask_of(lambda key: Balancer(fleet.ops_ports, key, 6))
    return made


class Planner(threading.Thread):
    """Walks customers, orders and stock from shadow_read to ramp_down and back, until it is told to stop."""

    # Customers are never behind orders. A share on the way, because then both sides are primary at once.
    FORWARD = [("customers", "cloud_primary", 40), ("customers", "cloud_primary", 100), ("orders", "cloud_primary", 50),
               ("inventory", "cloud_primary", 100), ("orders", "cloud_primary", 100), ("customers", "ramp_down", 100),
               ("orders", "ramp_down", 100), ("inventory", "ramp_down", 100)]
    BACK = ["inventory", "orders", "customers", "orders", "inventory", "orders", "customers", "customers"]

    def __init__(self, fleet: Fleet, tally: Tally, account: Account, seed: int, dwell_s: tuple[float, float]):
        super().__init__(name="planner", daemon=True)
        self._architect = architect(fleet, account)
        self._tally, self._dwell_s = tally, dwell_s
        self._draw = random.Random(seed)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            for capability, stage, percent in self.FORWARD:
                self._one("flips", lambda: self._architect.move(capability, stage, percent))
                # Now and then at once back again.
                if self._draw.random() < 0.15:
                    self._one("rollbacks", lambda: self._architect.roll_back(capability, "too bold"))
                    self._one("flips", lambda: self._architect.move(capability, stage, percent))
            for capability in self.BACK:
                if self._back_of_shadow_read(capability):
                    self._one("rollbacks", lambda: self._architect.roll_back(capability, "the way back is proved"))

    def _back_of_shadow_read(self, capability: str) -> bool:
        try:
            return STAGES.index(self._architect.status(capability)["stage"]) > STAGES.index("shadow_read")
        except (OSError, http.client.HTTPException, RuntimeError):
            return False

    def _one(self, what: str, act) -> None:
        if self.ended.wait(self._draw.uniform(*self._dwell_s)):
            return
        try:
            act()
            self._tally.count(what)
        except GaveUp:
            pass  # Refused for as long as one waits: too few flips in the end are a failure.
        except (OSError, http.client.HTTPException, RuntimeError):
            time.sleep(0.5)  # Nobody answered; whether it was published, the next look at the plan says.
