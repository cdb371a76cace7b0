"""The kill switch when it matters: the journal takes no writes, the process is killed, and starts again."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

wrong: list[str] = []


def expect(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}")
    if not holds:
        wrong.append(what)


def entries(ops: Server) -> str:
    return ops.call("GET", "/ops/v1/audit?limit=500").body.decode()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-kill-") as out:
        ports = tuple(free_ports(2))
        config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), ports)
        channel = Server(ports[0], {"X-API-Key": "web-demo-key"})
        operator = Server(ports[1], {"X-API-Key": "operator-demo-key"})
        processes = Processes(os.path.abspath(sys.argv[1]), config, out, ports, False, Account())
        locked = None
        try:
            processes.start()
            expect(channel.call("GET", "/v1/customers/C10000").status == 200, "customers are served")
            locked = sqlite3.connect(os.path.join(out, "data", "facade", "journal.db"), isolation_level=None)
            locked.execute("BEGIN EXCLUSIVE")
            begun = time.monotonic()
            answer = operator.call("POST", "/ops/v1/kill/customers", {"reason": "wrong addresses go out"})
            expect(answer.status == 200 and time.monotonic() - begun < 2, "the switch waits for no journal")
            expect(answer.json["targets"]["customers"]["killed"], "it is in force")
            refused = channel.call("GET", "/v1/customers/C10000")
            expect(refused.status == 503 and "wrong addresses go out" in refused.problem(),
                   "a channel is refused with the reason")
            expect(channel.call("GET", "/v1/inventory/1000").status != 503, "other capabilities are served")
            expect(operator.call("GET", "/ops/v1/kill").json["auditPending"], "the audit log has still to be told")
            expect(operator.call("GET", "/ops/v1/cutover").status == 200, "operators can look at the plan")
            processes.kill("underpin")
            locked.execute("ROLLBACK")
            locked.close()
            locked = None
            expect(processes.stop() == [], "the simulators end well")
            processes = Processes(os.path.abspath(sys.argv[1]), config, out, ports, True, Account())
            processes.start()
            expect(channel.call("GET", "/v1/customers/C10000").status == 503, "a restart keeps it")
            give_up = time.monotonic() + 20
            while "wrong addresses go out" not in entries(operator) and time.monotonic() < give_up:
                time.sleep(0.1)
            expect("wrong addresses go out" in entries(operator), "the audit log is told when the journal is back")
            expect(operator.call("POST", "/ops/v1/unkill/customers", {"reason": "mended"}).status == 200, "unkill")
            expect(channel.call("GET", "/v1/customers/C10000").status == 200, "customers are served again")
        finally:
            if locked is not None:
                locked.close()
            for text in processes.stop():
                expect(False, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
