"""Faults that a test switches on: which operation is hit, how, how often, and what the caller sees.

A rule names an operation ("SalesOrder.Create", "SalesOrder.*" or "*"), a kind, a count (how often it
fires; default 1, or without limit when a probability is given), a probability and a delay.

    slow               wait delay_ms, then do it
    429, 503, 500      answer that status, do nothing
    504_after_commit   do it, then answer 504
    late_commit        answer 503 (or the rule's "status") now, do it delay_ms later in the background;
                       what has not been done when the process ends is never done
    drop               close the connection without an answer, do nothing
    drop_after_commit  do it, then close the connection without an answer
    stale_key          somebody else changes the record first; what that means is up to the ERP
    duplicate          do it twice, as a proxy that repeats requests would; the second answer is given
"""

from __future__ import annotations

import collections
import random
import threading
import time
from typing import Callable, NamedTuple, Optional

KINDS = ("slow", "429", "503", "500", "504_after_commit", "late_commit", "drop", "drop_after_commit",
         "stale_key", "duplicate")

_RULE_KEYS = {"operation", "kind", "count", "probability", "delay_ms", "status"}


class Reply(NamedTuple):
    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple = ()  # of (name, value)


class Fault(NamedTuple):
    kind: str
    delay_ms: int
    status: int


class FaultTable:
    """Thread safe. The draw of probabilities is seeded, so that a run can be repeated."""

    def __init__(self, seed: int = 1):
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._rules: list[dict] = []
        self._next_id = 1
        self._pending_late = 0
        self._late_done = 0
        self._story: collections.deque = collections.deque(maxlen=200_000)

    def add(self, description: dict) -> dict:
        """Adds a rule and returns it. ValueError names what is wrong with it."""
        unknown = set(description) - _RULE_KEYS
        if unknown:
            raise ValueError(f"unknown key {sorted(unknown)[0]!r} in a fault")
        operation = description.get("operation")
        if not isinstance(operation, str) or not operation:
            raise ValueError("operation: must be a text such as SalesOrder.Create or *")
        kind = str(description.get("kind"))
        if kind not in KINDS:
            raise ValueError(f"kind: must be one of {', '.join(KINDS)}")
        probability = description.get("probability", 1)
        if isinstance(probability, bool) or not isinstance(probability, (int, float)) or not 0 <= probability <= 1:
            raise ValueError("probability: must be between 0 and 1")
        count = description.get("count", None if "probability" in description else 1)
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise ValueError("count: must be a positive number or null")
        delay_ms = description.get("delay_ms", 0)
        if isinstance(delay_ms, bool) or not isinstance(delay_ms, int) or not 0 <= delay_ms <= 600_000:
            raise ValueError("delay_ms: must be between 0 and 600000")
        status = description.get("status", 503)
        if status not in (500, 503, 504):
            raise ValueError("status: must be 500, 503 or 504")
        rule = {"operation": operation, "kind": kind, "count": count, "probability": probability,
                "delay_ms": delay_ms, "status": status, "fired": 0}
        with self._lock:
            rule["id"] = self._next_id
            self._next_id += 1
            self._rules.append(rule)
            return dict(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def describe(self) -> dict:
        """Rules with how often each fired, and late commits that are waiting or done."""
        with self._lock:
            return {"faults": [dict(rule) for rule in self._rules],
                    "late_commits_pending": self._pending_late, "late_commits_done": self._late_done}

    def take(self, operation: str) -> Optional[Fault]:
        """The fault that hits this call, if any; it counts as fired."""
        with self._lock:
            for rule in self._rules:
                if not _matches(rule["operation"], operation):
                    continue
                if rule["count"] is not None and rule["fired"] >= rule["count"]:
                    continue
                if rule["probability"] < 1 and self._random.random() >= rule["probability"]:
                    continue
                rule["fired"] += 1
                return Fault(rule["kind"], rule["delay_ms"], rule["status"])
        return None

    def carry_out(self, fault: Optional[Fault], process: Callable[[], Reply],
                  refuse: Callable[[int], Reply],
                  make_stale: Optional[Callable[[], None]] = None,
                  about: str = "") -> Optional[Reply]:
        """Runs `process` as the fault says. None means: close the connection without an answer.

        `refuse(status)` makes the vendor's answer of that status. `process` must commit before it
        returns. `make_stale` is called for stale_key. `about` names what is created, if anything is:
        each time that it is done goes into the story.
        """
        if about:
            process = self._noted(process, about, fault.kind if fault else "")
        if fault is None:
            return process()
        kind = fault.kind
        if kind == "late_commit":
            self._later(fault.delay_ms / 1000, process)
            return refuse(fault.status)
        if kind == "stale_key":
            if make_stale is not None:
                make_stale()
            return process()
        if kind == "duplicate":
            process()
            return process()
        if kind in ("504_after_commit", "drop_after_commit"):
            process()
            time.sleep(fault.delay_ms / 1000)
            return refuse(504) if kind == "504_after_commit" else None
        time.sleep(fault.delay_ms / 1000)
        if kind == "slow":
            return process()
        if kind == "drop":
            return None
        return refuse(int(kind))

    def _noted(self, process, about: str, kind: str):
        def run() -> Reply:
            reply = process()
            with self._lock:
                self._story.append({"about": about, "at": time.time(), "kind": kind, "status": reply.status})
            return reply
        return run

    def story(self, about: str) -> list[dict]:
        """What was done under this reference, in order: when, under which fault, with which status."""
        with self._lock:
            return [dict(entry) for entry in self._story if not about or entry["about"] == about]

    def _later(self, delay_s: float, process: Callable[[], Reply]) -> None:
        with self._lock:
            self._pending_late += 1

        def run() -> None:
            try:
                process()
            finally:
                with self._lock:
                    self._pending_late -= 1
                    self._late_done += 1

        timer = threading.Timer(delay_s, run)
        timer.daemon = True
        timer.start()


def _matches(pattern: str, operation: str) -> bool:
    if pattern == "*" or pattern == operation:
        return True
    return pattern.endswith(".*") and operation.startswith(pattern[:-1])
