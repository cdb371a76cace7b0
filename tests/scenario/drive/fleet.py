"""Several replicas of the facade on one PostgreSQL, in front of both simulated ERPs, and how channels reach them."""

from __future__ import annotations

import http.client
import os
import random
import signal
import sys
import threading
import time

from .account import Account
from .erps import BusinessCentral, Nav
from .http_calls import Server
from .processes import BC_QUOTA, ROOT, NotStarted, Processes, free_ports
from .sample_site import copied_site, make_key, without_gate, without_guards

# How long a balancer leaves a replica alone that did not answer.
SET_ASIDE_S = 1.5


class Balancer:
    """A client-side load balancer of the simplest kind. Threads: any.

    Another replica each time. One that does not answer is set aside for a moment. A read is asked of the next one;
    whether a write arrived is not known, so that its caller repeats it under its key.
    """

    def __init__(self, ports: list[int], key: str, timeout_s: float = 4):
        self._servers = [Server(port, {"X-API-Key": key}, timeout_s) for port in ports]
        self._draw = random.Random(key)
        self._lock = threading.Lock()
        self._back_at = {server.port: 0.0 for server in self._servers}

    def call(self, method: str, path: str, body=None, headers: dict | None = None):
        reading = method == "GET" or path.startswith(("/v1/pricing/quotes", "/v1/inventory/availability"))
        answer = None
        for server in self._order():
            try:
                answer = server.call(method, path, body, headers)
                # A replica that cannot confirm the plan says so; the next one is asked.
                if not reading or answer.status != 503:
                    return answer
            except (OSError, http.client.HTTPException):
                self._set_aside(server)
                if not reading:
                    raise
        if answer is None:
            raise ConnectionError("no replica answered")
        return answer

    def _order(self) -> list[Server]:
        with self._lock:
            servers = self._draw.sample(self._servers, len(self._servers))
            now = time.monotonic()
            return sorted(servers, key=lambda server: self._back_at[server.port] > now)

    def _set_aside(self, server: Server) -> None:
        with self._lock:
            self._back_at[server.port] = time.monotonic() + SET_ASIDE_S


class Fleet(Processes):
    """The ERPs and several facades, each with a state folder of its own and one journal for all.

    `changes` are texts of the sample configuration and what stands there instead. Without `guards` none is on: a test
    that breaks things on purpose, or passes stages before it has traffic, would be held or halted by them.
    """

    def __init__(self, binary: str, out: str, connection: str, account: Account, count: int = 3,
                 schema: str = "replicas", plan_lease_ms: int = 1500, changes: tuple = (),
                 quotas: bool = True, environment: dict | None = None, guards: bool = False):
        super().__init__(binary, "", out, (0, 0), False, account)
        free = free_ports(2 * count)
        self.ports = list(zip(free[::2], free[1::2]))
        self._connection, self._schema, self._lease_ms = connection, schema, plan_lease_ms
        self._changes, self._guards = changes, guards
        self._quotas = (BC_QUOTA, ()) if quotas else (("--no-quotas",), ("--no-quotas",))
        self._facades: list = [None] * count
        self._environment: dict = {**(environment or {})}

    @property
    def channel_ports(self) -> list[int]:
        return [channel for channel, _ in self.ports]

    @property
    def ops_ports(self) -> list[int]:
        return [ops for _, ops in self.ports]

    def start(self) -> None:
        data = os.path.join(self.out, "data")
        for folder in ("nav", "prices", "bc"):
            os.makedirs(os.path.join(data, folder))
        os.makedirs(os.path.join(self.out, "log"), exist_ok=True)
        simulators = os.path.join(ROOT, "tests", "simulators")
        nav = self._spawn("nav", [sys.executable, os.path.join(simulators, "nav", "server.py"), "--port", "0",
                                  "--data", os.path.join(data, "nav"),
                                  "--price-folder", os.path.join(data, "prices"), *self._quotas[1]])
        bc = self._spawn("bc", [sys.executable, os.path.join(simulators, "bc", "server.py"), "--port", "0",
                                "--data", os.path.join(data, "bc"), *self._quotas[0]])
        self.nav = Nav("nav", self._ready("nav", nav))
        self.bc = BusinessCentral("bc", self._ready("bc", bc))
        self.nav.user("write_price_file", mode="full")
        make_key(data)
        self._environment = {**os.environ, **self._environment, "UNDERPIN_NAV_PORT": str(self.nav.server.port),
                             "UNDERPIN_BC_PORT": str(self.bc.server.port), "UNDERPIN_DATA": data}
        # All at once: whoever comes first makes the schema.
        for number in range(len(self.ports)):
            self.start_one(number, wait=False)
        for number in range(len(self.ports)):
            self.wait_for(number)

    def config_of(self, number: int) -> str:
        """The configuration of one replica, written anew; answers its path."""
        file = copied_site(os.path.join(ROOT, "config", "underpin.json"),
                           os.path.join(self.out, f"config-{number}"), self.ports[number])
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
        for old, new in (
                ('"stateFolder": "${UNDERPIN_DATA}/facade",',
                 f'"stateFolder": "${{UNDERPIN_DATA}}/facade-{number}", "store": {{"kind": "postgres", '
                 f'"connection": "{self._connection}", "schema": "{self._schema}", '
                 f'"planLeaseMs": {self._lease_ms}}},'), *self._changes):
            if text.count(old) < 1:
                raise NotStarted(f"the sample configuration does not say {old}")
            text = text.replace(old, new)
        # What a replica has compared is in a ledger of its own; these move before any has enough.
        text = without_gate(text)
        if not self._guards:
            text = without_guards(text)
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        return file

    @property
    def environment(self) -> dict:
        """What the replicas were given; their commands need it, too."""
        return self._environment

    def start_one(self, number: int, wait: bool = True) -> None:
        os.makedirs(os.path.join(self.out, "data", f"facade-{number}"), exist_ok=True)
        self._facades[number] = self._spawn(
            f"underpin-{number}", [self.binary, "serve", "--config", self.config_of(number)], self._environment)
        if wait:
            self.wait_for(number)

    def wait_for(self, number: int) -> None:
        ops, give_up = Server(self.ports[number][1], timeout_s=5), time.monotonic() + 60
        while time.monotonic() < give_up:
            if self._facades[number].poll() is not None:
                break
            try:
                answer = ops.call("GET", "/readyz")
                if answer.status == 200 and answer.json["systems"]:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        raise NotStarted(f"replica {number} was not ready:\n{self._tail(f'underpin-{number}')}")

    def pid(self, number: int) -> int:
        return self._facades[number].pid

    def processor_s(self, cluster: str) -> dict:
        """Seconds of processor time that each of them has used, and the PostgreSQL in this folder."""
        spent: dict = {}
        ours = {process.pid: name.partition("-")[0] for name, process in self._running}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    name, _, rest = file.read().partition(" (")[2].rpartition(") ")
            except OSError:
                continue
            if pid in ours or (name == "postgres" and _works_in(pid, f"{cluster}/data")):
                words = rest.split()
                key = ours.get(pid, "postgres")
                # What it has waited for of its ended children, too: PostgreSQL makes a process for each session.
                ticks = sum(map(int, words[11:15] if name == "postgres" else words[11:13]))
                spent[key] = spent.get(key, 0) + ticks / os.sysconf("SC_CLK_TCK")
        return spent

    def ended(self, number: int):
        """What a replica ended with by itself; None while it runs."""
        return self._facades[number].poll()

    def signal(self, number: int, what: int) -> None:
        self._facades[number].send_signal(what)
        if what == signal.SIGKILL:
            process = self._facades[number]
            process.wait()
            self._running = [one for one in self._running if one[1] is not process]


def _works_in(pid: int, folder: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/cwd") == folder
    except OSError:
        return False
