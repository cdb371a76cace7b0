"""The site of config/waves.json: Germany and France, each with a NAV and a Business Central of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys

from .erps import BusinessCentral, Nav
from .processes import ROOT, NotStarted, Processes, in_use

WAVES = ("de", "fr")


class TwoWaves(Processes):
    """Four simulated ERPs and one facade. `navs` and `bcs` by wave."""

    def start(self) -> None:
        for port in (self.channel_port, self.ops_port):
            if in_use(port):
                raise NotStarted(f"port {port} is in use: is an earlier run still serving?")
        data = os.path.join(self.out, "data")
        if not self._keep:
            shutil.rmtree(data, ignore_errors=True)
        os.makedirs(os.path.join(self.out, "log"), exist_ok=True)
        os.makedirs(os.path.join(data, "facade"), exist_ok=True)
        simulators = os.path.join(ROOT, "tests", "simulators")
        self.navs: dict[str, Nav] = {}
        self.bcs: dict[str, BusinessCentral] = {}
        environment = {**os.environ, "UNDERPIN_DATA": data}
        for wave in WAVES:
            nav_data, bc_data, prices = (os.path.join(data, f"{name}-{wave}") for name in ("nav", "bc", "prices"))
            fresh = not os.path.isdir(prices)
            for folder in (nav_data, bc_data, prices):
                os.makedirs(folder, exist_ok=True)
            nav = self._spawn(f"nav-{wave}", [sys.executable, os.path.join(simulators, "nav", "server.py"),
                                              "--port", "0", "--data", nav_data, "--price-folder", prices])
            bc = self._spawn(f"bc-{wave}", [sys.executable, os.path.join(simulators, "bc", "server.py"),
                                            "--port", "0", "--data", bc_data,
                                            "--company", f"Contoso Retail {wave.upper()}"])
            self.navs[wave] = Nav(f"nav-{wave}", self._ready(f"nav-{wave}", nav))
            self.bcs[wave] = BusinessCentral(f"bc-{wave}", self._ready(f"bc-{wave}", bc))
            if fresh:
                self.navs[wave].user("write_price_file", mode="full")
            environment[f"UNDERPIN_NAV_{wave.upper()}_PORT"] = str(self.navs[wave].server.port)
            environment[f"UNDERPIN_BC_{wave.upper()}_PORT"] = str(self.bcs[wave].server.port)
        self.environment = environment
        self.start_facade()

    def start_facade(self) -> None:
        self._spawn("underpin", [self.binary, "serve", "--config", self.config], self.environment)
        self._wait_until_ready()

    def stop_facade(self) -> int:
        """Ends the facade alone, as an operator does; the ERPs stay."""
        entry = next(entry for entry in self._running if entry[0] == "underpin")
        entry[1].send_signal(signal.SIGTERM)
        self._running.remove(entry)
        return entry[1].wait(timeout=60)
