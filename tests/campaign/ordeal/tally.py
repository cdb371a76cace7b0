"""What a campaign counts, and how much of it makes a proof."""

from __future__ import annotations

import math
import threading

from common.faults import KINDS

# Of ten minutes; other lengths in proportion.
LEAST = {"acknowledged": 2000, "kills": 50, "hangs": 10, "store_restarts": 2, "restores": 1, "flips": 10, "rollbacks": 3}
DAMAGE = ("lost", "doubled", "reordered", "diverged", "executed_twice", "status_regressed")


class Tally:
    """Threads: any."""

    def __init__(self):
        self.lock = threading.Lock()
        self._counts = dict.fromkeys(LEAST, 0)
        self.findings: list[str] = []
        self.hangs: list[tuple[int, float, float]] = []  # (replica, stopped at, woken at), seconds of the wall clock.

    def count(self, name: str, by: int = 1) -> None:
        with self.lock:
            self._counts[name] += by

    def of(self, name: str) -> int:
        with self.lock:
            return self._counts[name]

    def found(self, text: str) -> None:
        with self.lock:
            self.findings.append(text)

    def least(self, name: str, minutes: float) -> int:
        return math.ceil(LEAST[name] * minutes / 10)

    def too_few(self, minutes: float, faults: dict) -> list[str]:
        found = [f"{name}: {self.of(name)}, at least {self.least(name, minutes)} make a proof"
                 for name in LEAST if self.of(name) < self.least(name, minutes)]
        return found + [f"no fault of kind {kind} was met" for kind in KINDS if not faults.get(kind)]

    def summary(self, faults: dict, damage: dict, raised: int) -> dict:
        with self.lock:
            counted = dict(self._counts)
        return {**{name: counted[name] for name in ("acknowledged", "kills", "hangs", "store_restarts", "restores",
                                                    "flips", "rollbacks")},
                "faults": {kind: faults.get(kind, 0) for kind in KINDS},
                "lost": damage["lost"], "doubled": damage["doubled"], "doubled_raised": raised,
                **{name: damage[name] for name in ("reordered", "diverged", "executed_twice", "status_regressed")}}
