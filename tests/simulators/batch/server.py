"""The simulated ERP with batch files as a process of its own.

    python3 tests/simulators/batch/server.py --port 0 --data DIR --outbound DIR --inbound DIR

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from batch.job import Job  # noqa: E402
from common.faults import FaultTable  # noqa: E402
from common.http_server import Server, serve_until_terminated  # noqa: E402
from edi.books import Books  # noqa: E402
from edi.server import Installation, PartnerHandler  # noqa: E402


class ErpHandler(PartnerHandler):
    def _state(self, part):
        if part == "customers":
            return {"customers": list(self.installation.gateway.customers.values())}
        return super()._state(part)


class Site(Installation):
    """The order desk's people are the partner's; its files are not."""

    def __init__(self, arguments, faults: FaultTable):
        for folder in (arguments.data, arguments.outbound, arguments.inbound):
            os.makedirs(folder, exist_ok=True)
        self.books = Books(lambda: datetime.datetime.now(datetime.timezone.utc))
        self.gateway = Job(self.books, faults, arguments.outbound, arguments.inbound)
        self.stop = threading.Event()
        self.gateway.tell()
        self.gateway.catalog()
        if arguments.job == "at_every_file":
            self.thread = threading.Thread(target=self._watch, daemon=True)
            self.thread.start()


def main() -> None:
    parser = argparse.ArgumentParser(description="A simulated ERP with batch files")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of its own; nothing is kept in it")
    parser.add_argument("--outbound", required=True, help="folder that the job takes files from")
    parser.add_argument("--inbound", required=True, help="folder that the job writes to")
    parser.add_argument("--job", choices=("at_every_file", "on_demand"), default="at_every_file")
    parser.add_argument("--fault-seed", type=int, default=1)
    arguments = parser.parse_args()
    faults = FaultTable(arguments.fault_seed)
    ErpHandler.installation = Site(arguments, faults)
    server = Server(arguments.port, ErpHandler, faults)
    serve_until_terminated(server)
    ErpHandler.installation.stop.set()


if __name__ == "__main__":
    main()
