"""The simulated trading partner as a process of its own.

    python3 tests/simulators/edi/server.py --port 0 --data DIR --outbound DIR --inbound DIR …

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import threading
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.decimals import parse_decimal, plain  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from edi.books import Books, Refused  # noqa: E402
from edi.gateway import Gateway  # noqa: E402
from edi.x12 import Wire  # noqa: E402

_LOOK_EVERY_S = 0.003


class Installation:
    """What all connections share."""

    def __init__(self, arguments, faults: FaultTable):
        for folder in (arguments.data, arguments.outbound, arguments.inbound):
            os.makedirs(folder, exist_ok=True)
        self.books = Books(lambda: datetime.datetime.now(datetime.timezone.utc))
        wire = Wire(terminator=arguments.terminator, line_break=arguments.line_break)
        self.gateway = Gateway(self.books, faults, wire, arguments.outbound, arguments.inbound, arguments.late_997,
                               arguments.packs)
        self.stop = threading.Event()
        self.gateway.tell()
        self.gateway.catalog()
        if arguments.job == "at_every_file":
            self.thread = threading.Thread(target=self._watch, daemon=True)
            self.thread.start()

    def _watch(self) -> None:
        while not self.stop.wait(_LOOK_EVERY_S):
            self.gateway.run()


def _plain(value):
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


class PartnerHandler(Handler):
    installation: Installation

    def serve(self, method, path, query, body):
        return Reply(404)  # A partner of this kind has no other door than its folders.

    def _control(self, method, path, query, body):
        reply = super()._control(method, path, query, body)
        if path == "faults" and method == "DELETE":
            self.installation.gateway.awake.set()
        return reply

    def control(self, method, path, query, document):
        gateway, books = self.installation.gateway, self.installation.books
        if method == "GET" and path == "state":
            with gateway.lock:
                return json_reply(200, self._state(query.get("part")))
        if method != "POST":
            return None
        if path == "job":
            return json_reply(200, {"files": gateway.run(), "told": gateway.tell()})
        if path == "late_997":
            with gateway.lock:
                gateway._write_997()
            return json_reply(200, {})
        if path == "files":
            return json_reply(200, {"file": gateway.write(document["groups"], document.get("trap", ""))})
        if path.startswith("users/"):
            with gateway.lock:
                try:
                    result = self._act(books, path[len("users/"):], document)
                except (Refused, KeyError, ValueError) as error:
                    return json_reply(409, {"error": str(error)})
                if result is None:
                    return None
                gateway.tell()
                return json_reply(200, _plain(result))
        return None

    def _state(self, part):
        gateway, books = self.installation.gateway, self.installation.books
        parts = {
            "orders": lambda: [{**_plain(order), "lines": _plain(list(order["lines"].values()))}
                               for order in books.orders.values()],
            "movements": lambda: _plain(books.movements),
            "gateway": lambda: {"refused_files": gateway.refused_files, "busy": gateway.busy,
                                "waiting": gateway.waiting(), "acknowledged": gateway.acknowledged,
                                "seen": sorted(gateway.seen)},
        }
        if part:
            return {part: parts[part]()}
        return {name: make() for name, make in parts.items()}

    def _act(self, books: Books, action: str, body: dict):
        if action == "ship":
            return {"shipment": books.ship(body["order"], bool(body.get("partial")))}
        if action == "invoice":
            return {"invoice": books.invoice(body["order"])}
        if action == "delete_order":
            books.cancel(books.open_order("", body["order"]))
            books.news.append(("change", body["order"]))
            return {}
        if action == "change_quantity":
            order = books.open_order("", body["order"])
            held = order["held"]
            books.change(order, {}, [{"line": body["line"], "change": "CA",
                                      "quantity": parse_decimal(body["quantity"])}])
            order["held"] = held
            books.news.append(("change", body["order"]))
            return {}
        if action == "goods_issue":
            return {"entry": books.move(body["item"], body["location"], -parse_decimal(body["quantity"]),
                                        body["document"])}
        if action == "block_customer":
            books.customers[body["number"]] = body["block"]
            return {}
        return None


def _arguments():
    parser = argparse.ArgumentParser(description="A simulated trading partner with X12 documents")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of its own; nothing is kept in it")
    parser.add_argument("--outbound", required=True, help="folder that the gateway takes files from")
    parser.add_argument("--inbound", required=True, help="folder that the gateway writes to")
    parser.add_argument("--job", choices=("at_every_file", "on_demand"), default="at_every_file")
    parser.add_argument("--terminator", default="~")
    parser.add_argument("--line-break", default="\n", help="what stands behind each terminator")
    parser.add_argument("--late-997", action="store_true", help="997s are written when late_997 is posted")
    parser.add_argument("--packs", action="store_true", help="shipments have a level of packs")
    parser.add_argument("--fault-seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    faults = FaultTable(arguments.fault_seed)
    PartnerHandler.installation = Installation(arguments, faults)
    server = Server(arguments.port, PartnerHandler, faults)
    serve_until_terminated(server)
    PartnerHandler.installation.stop.set()


if __name__ == "__main__":
    main()
