"""What a vendor lets one user do: so many requests at once, so many more that wait, so many in a window of time.

A setting of each simulator: on by default with the vendor's figures; a load test switches them off.
"""

from __future__ import annotations

import collections
import threading
import time


def add_arguments(parser, at_once: int, waiting: int, requests: int) -> None:
    """The options of one simulator, with its vendor's figures. 0 is no limit."""
    parser.add_argument("--no-quotas", action="store_true", help="no limits on how often and how much at once")
    parser.add_argument("--at-once", type=int, default=at_once, help="requests that are worked on at once")
    parser.add_argument("--waiting", type=int, default=waiting, help="requests that may wait; more are refused")
    parser.add_argument("--requests", type=int, default=requests, help="requests in the window; more are refused")
    parser.add_argument("--window-s", type=int, default=300, help="length of that sliding window")


class Quota:
    """Thread safe. A refused request counts in the window like any other."""

    def __init__(self, options):
        off = options.no_quotas
        self._at_once = 0 if off else options.at_once
        self._waiting_limit = options.waiting
        self.requests = 0 if off else options.requests
        self._window_s = options.window_s
        self._inside = self._waiting = 0
        self._seen: collections.deque = collections.deque()
        self._changed = threading.Condition()
        self.counted = self.refused = 0

    @property
    def at_most(self) -> int:
        """How many may be there at once, waiting included."""
        return self._at_once + self._waiting_limit

    def enter(self) -> bool:
        """Waits for a place. False: refused, and there is nothing to leave."""
        if not self._at_once and not self.requests:
            return True
        with self._changed:
            now = time.monotonic()
            self.counted += 1
            if self.requests:
                while self._seen and self._seen[0] <= now - self._window_s:
                    self._seen.popleft()
                self._seen.append(now)
                if len(self._seen) > self.requests:
                    self.refused += 1
                    return False
            if self._at_once and self._inside >= self._at_once:
                if self._waiting >= self._waiting_limit:
                    self.refused += 1
                    return False
                self._waiting += 1
                self._changed.wait_for(lambda: self._inside < self._at_once)
                self._waiting -= 1
            self._inside += 1
            return True

    def leave(self) -> None:
        if not self._at_once and not self.requests:
            return
        with self._changed:
            self._inside -= 1
            self._changed.notify()
