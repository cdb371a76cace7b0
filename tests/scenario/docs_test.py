"""Runs the commands of docs/operating pages as a reader pastes them, against a fresh facade and the simulators.

Every fenced block of these pages is one: `sh` must succeed, `sh refused` must not. One shell for each page, so that
what a block exports holds for the next.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

PAGES = ["cutover.md", "rollback.md", "what-if.md", "transfer.md", "reconcile.md", "gate.md", "pack.md"]
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def script_of(page: str) -> str:
    """The page as one shell script that says which block went wrong."""
    with open(os.path.join(ROOT, "docs", "operating", page), encoding="utf-8") as file:
        blocks = FENCE.findall(file.read())
    lines = ["set -euo pipefail"]
    for number, (kind, text) in enumerate(blocks, 1):
        lines.append(f"echo '--- {page}, block {number}'")
        if kind == "sh":
            lines.append(text)
        elif kind == "sh refused":
            lines.append(f"if (\n{text}\n); then echo 'block {number} was not refused'; exit 1; fi")
        else:
            raise SystemExit(f"{page}: block {number} is ```{kind}: neither `sh` nor `sh refused`")
    if len(blocks) < 2:
        raise SystemExit(f"{page}: no commands found")
    return "\n".join(lines)


class Traffic(threading.Thread):
    """A site that is in use: without calls its guards have nothing to judge by, and hold every step."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self._server = Server(port, {"X-API-Key": "web-demo-key"})
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.03):
            try:
                self._server.call("GET", "/v1/orders?limit=1")
            except (OSError, http.client.HTTPException):
                pass  # Switched off, on purpose, by a page.


def main() -> int:
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="underpin-docs-") as out:
        ports = tuple(free_ports(2))
        config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), ports)
        processes = Processes(binary, config, out, ports, False, Account())
        wrong = []
        try:
            processes.start()
            traffic = Traffic(ports[0])
            traffic.start()
            for page in PAGES:
                script = script_of(page)
                for old, new in (("127.0.0.1:8080", f"127.0.0.1:{ports[0]}"),
                                 ("127.0.0.1:8081", f"127.0.0.1:{ports[1]}"),
                                 ("$PWD/build", os.path.dirname(binary))):
                    script = script.replace(old, new)
                environment = {**os.environ, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{ports[1]}"}
                ended = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
                print(ended.stdout)
                if ended.returncode != 0:
                    wrong.append(f"{page}: the block after the last --- above ended with {ended.returncode}")
            traffic.ended.set()
            traffic.join()
        finally:
            wrong += processes.stop()
    for text in wrong:
        print(f"docs: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
