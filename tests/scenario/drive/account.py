"""The account that people read: one short line per step; colours on a terminal only."""

from __future__ import annotations

import os
import sys
import threading
import time

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Account:
    def __init__(self, stream=sys.stdout):
        self._stream = stream
        self._colours = stream.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def paint(self, colour: str, text: str) -> str:
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self._colours else text

    def line(self, text: str = "") -> None:
        with self._lock:
            print(text, file=self._stream, flush=True)

    def chapter(self, title: str) -> None:
        self.line()
        self.line(self.paint("bold", title))

    def step(self, who: str, text: str, mark: str = " ") -> None:
        clock = self.paint("dim", f"{time.monotonic() - self._started:6.1f} s")
        self.line(f"  {clock}  {self.paint('cyan', f'{who:<11}')}{mark} {text}")

    def good(self, who: str, text: str) -> None:
        self.step(who, text, self.paint("green", "✓"))

    def bad(self, who: str, text: str) -> None:
        self.step(who, text, self.paint("red", "✗"))

    def wait(self, who: str, text: str) -> None:
        self.step(who, self.paint("dim", text), self.paint("yellow", "…"))

    def table(self, rows: list[tuple[str, str, bool | None]]) -> None:
        """(name, value, good): green and red only where good says so."""
        for name, value, good in rows:
            shown = value if good is None else self.paint("green" if good else "red", value)
            self.line(f"  {name:<24}{shown}")
