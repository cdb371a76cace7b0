"""A stale backup takes the journal's place, under load, and `underpin recover` brings back what it does not know."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from drive.account import Account
from drive.fleet import Fleet

from .tally import Tally

# The journal does not know what was asked for after the backup; what a channel posts is told from what people post.
SETTINGS = (('"stateFolder"', '"recovery": {"unreleased": "release", "movementPrefixes": ["WEB-", "POS-"]}, "stateFolder"'),)
TRIES = 10


class StaleBackup:
    """Called on one thread, while no replica is stopped or started by another."""

    def __init__(self, fleet: Fleet, tally: Tally, account: Account):
        self._fleet, self._tally, self._account = fleet, tally, account
        self._file = os.path.join(fleet.out, "journal.backup")
        self._taken_at = 0.0

    def back_up(self) -> None:
        """While the replicas serve. A store that is away just now is waited for."""
        for _ in range(TRIES):
            done = self._underpin("backup", "--out", self._file)
            if done.returncode == 0:
                self._taken_at = time.monotonic()
                self._account.good("backup", done.stdout.strip())
                return
            time.sleep(0.5)
        self._tally.found(f"no backup was taken: {done.stdout.strip()}")

    def restore(self) -> None:
        if not self._taken_at:
            return
        count = len(self._fleet.ports)
        for number in range(count):
            self._fleet.signal(number, signal.SIGKILL)
        stale_s = time.monotonic() - self._taken_at
        for _ in range(TRIES):
            done = self._underpin("restore", "--from", self._file, "--wait", "10")
            if done.returncode == 0:
                break
            time.sleep(0.5)
        else:
            self._tally.found(f"the backup was not restored: {done.stdout.strip()}")
        for number in range(count):
            self._fleet.start_one(number, wait=False)
        for number in range(count):
            self._fleet.wait_for(number)
        self._account.step("restore", f"a backup {stale_s:.0f} s old takes the journal's place")
        begun = time.monotonic()
        for _ in range(TRIES):
            done = self._underpin("recover", "--reason", "the disk was lost")
            if done.returncode == 0:
                self._tally.count("restores")
                self._account.good("recover", f"{time.monotonic() - begun:.1f} s: "
                                              f"{' · '.join(done.stdout.strip().splitlines())}")
                return
            self._account.wait("recover", f"after {time.monotonic() - begun:.1f} s: {done.stdout.strip()}")
            time.sleep(1)
        self._tally.found(f"the journal was not recovered: {done.stdout.strip()}")

    def _underpin(self, command: str, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([self._fleet.binary, command, "--config", self._fleet.config_of(0), *words],
                              env={**self._fleet.environment, "UNDERPIN_OPS_KEY": "operator-demo-key"}, text=True,
                              timeout=180, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
