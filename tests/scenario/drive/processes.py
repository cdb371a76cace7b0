"""The processes of a run: two simulated ERPs and the facade, each with its log, all ended with us."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

from .account import Account
from .erps import BusinessCentral, Nav
from .http_calls import Server
from .sample_site import make_key

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


# The drive does in two minutes what takes a site weeks: it is given the requests of half an hour.
BC_QUOTA = ("--requests", "36000")


class NotStarted(RuntimeError):
    """Says which process did not start, and why."""


def free_ports(count: int) -> list[int]:
    """All different: each is held until the last is found."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Processes:
    """Fresh data below `out`/data unless `keep`; logs in `out`/log."""

    def __init__(self, binary: str, config: str, out: str, ports: tuple[int, int], keep: bool,
                 account: Account):
        self.binary, self.config, self.out = os.path.abspath(binary), os.path.abspath(config), out
        self.channel_port, self.ops_port = ports
        self._keep, self._account = keep, account
        self._running: list[tuple[str, subprocess.Popen]] = []
        self.nav: Nav
        self.bc: BusinessCentral

    def start(self) -> None:
        for what, port in (("channel API", self.channel_port), ("operations API", self.ops_port)):
            if in_use(port):
                raise NotStarted(f"port {port} is in use, so the {what} cannot be served there. "
                                 f"End what listens on 127.0.0.1:{port} (`ss -ltnp | grep {port}`), or "
                                 "is an earlier run still serving?")
        if not os.access(self.binary, os.X_OK):
            raise NotStarted(f"{self.binary} is not there; build it first")
        data = os.path.join(self.out, "data")
        if not self._keep:
            shutil.rmtree(data, ignore_errors=True)
        for folder in ("nav", "prices", "bc", "facade"):
            os.makedirs(os.path.join(data, folder), exist_ok=True)
        os.makedirs(os.path.join(self.out, "log"), exist_ok=True)
        if not self._keep:
            # With fresh data: the audit log is held against what this run's facade says of it.
            for name in ("nav", "bc", "underpin"):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(os.path.join(self.out, "log", f"{name}.log"))
        simulators = os.path.join(ROOT, "tests", "simulators")
        nav = self._spawn("nav", [sys.executable, os.path.join(simulators, "nav", "server.py"),
                                  "--port", "0", "--data", os.path.join(data, "nav"),
                                  "--price-folder", os.path.join(data, "prices")])
        bc = self._spawn("bc", [sys.executable, os.path.join(simulators, "bc", "server.py"),
                                "--port", "0", "--data", os.path.join(data, "bc"), *BC_QUOTA])
        self.nav = Nav("nav", self._ready("nav", nav))
        self.bc = BusinessCentral("bc", self._ready("bc", bc))
        if not self._keep or not os.listdir(os.path.join(data, "prices")):
            self.nav.user("write_price_file", mode="full")
        make_key(data)
        self.start_facade()

    def start_facade(self) -> None:
        """The facade alone: again, after a kill()."""
        environment = {**os.environ, "UNDERPIN_NAV_PORT": str(self.nav.server.port),
                       "UNDERPIN_BC_PORT": str(self.bc.server.port), "UNDERPIN_DATA": os.path.join(self.out, "data")}
        self._spawn("underpin", [self.binary, "serve", "--config", self.config], environment)
        self._wait_until_ready()

    def _spawn(self, name: str, command: list, environment: dict | None = None) -> subprocess.Popen:
        log = open(os.path.join(self.out, "log", f"{name}.log"), "ab")
        try:
            # A group of its own: Ctrl-C reaches us, and we end the others in order.
            process = subprocess.Popen(command, stdout=log if name.startswith("underpin") else subprocess.PIPE,
                                       stderr=log, env=environment, start_new_session=True)
        except OSError as error:
            raise NotStarted(f"{name} did not start: {error}") from None
        finally:
            log.close()
        self._running.append((name, process))
        return process

    def _ready(self, name: str, process: subprocess.Popen) -> int:
        if select.select([process.stdout], [], [], 60)[0]:
            line = process.stdout.readline().decode()
            if line.startswith("ready port="):
                return int(line.partition("=")[2])
        raise NotStarted(f"the simulated {name} did not start:\n{self._tail(name)}")

    def _wait_until_ready(self) -> None:
        ops, give_up = Server(self.ops_port), time.monotonic() + 60
        while time.monotonic() < give_up:
            if self._running[-1][1].poll() is not None:
                raise NotStarted(f"underpin ended with {self._running[-1][1].returncode}:\n"
                                 f"{self._tail('underpin')}")
            try:
                answer = ops.call("GET", "/readyz")
                if answer.status == 200 and all(s["reachable"] for s in answer.json["systems"]) \
                        and answer.json["systems"]:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise NotStarted(f"underpin was not ready in 60 s:\n{self._tail('underpin')}")

    def _tail(self, name: str) -> str:
        with open(os.path.join(self.out, "log", f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-12:]).rstrip() or "(its log is empty)"

    def kill(self, name: str) -> None:
        """Ends one at once, as a power cut would; stop() does not look for it any more."""
        for entry in self._running:
            if entry[0] == name:
                entry[1].kill()
                entry[1].wait()
                self._running.remove(entry)
                return

    def dead(self) -> str:
        """The name of a process that has ended by itself, or nothing."""
        for name, process in self._running:
            if process.poll() is not None:
                return f"{name} ended with {process.returncode}:\n{self._tail(name)}"
        return ""

    def stop(self) -> list[str]:
        """Ends what was started, the facade first; answers what did not end well."""
        wrong = []
        for name, process in reversed(self._running):
            ended = process.poll()
            if ended is None:
                process.send_signal(signal.SIGTERM)
                try:
                    ended = process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    ended = "a kill: it did not end in 20 s after SIGTERM"
            if ended != 0:
                wrong.append(f"{name} ended with {ended}")
        self._running.clear()
        return wrong
