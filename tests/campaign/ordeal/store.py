"""A PostgreSQL of the campaign's own."""

from __future__ import annotations

import os
import subprocess
import sys

from .trouble import POSTGRES


class Store:
    def __init__(self, folder: str):
        self.folder = folder

    def start(self) -> str:
        """Answers what libpq needs to connect."""
        self._say("start")
        with open(os.path.join(self.folder, "connection"), encoding="utf-8") as file:
            return file.read().strip()

    @property
    def cluster(self) -> str:
        """The folder of its data and its socket."""
        with open(os.path.join(self.folder, "cluster"), encoding="utf-8") as file:
            return file.read().strip()

    def stop(self) -> None:
        self._say("stop")

    def _say(self, command: str) -> None:
        done = subprocess.run([sys.executable, POSTGRES, command, self.folder], capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"PostgreSQL: {command}: {done.stdout}{done.stderr}")
