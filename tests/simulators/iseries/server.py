"""The simulated iSeries as a process of its own.

    python3 tests/simulators/iseries/server.py --port 0 --data DIR --outbound DIR --inbound DIR --prices DIR …

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import threading
from decimal import Decimal
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.decimals import parse_decimal, plain  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
import sample_data  # noqa: E402
from iseries.books import Books, Refused  # noqa: E402
from iseries.job import Job  # noqa: E402
from iseries.layouts import RECORDS, Wire  # noqa: E402

_LOOK_EVERY_S = 0.003


class Installation:
    """What all connections share."""

    def __init__(self, arguments, faults: FaultTable):
        for folder in (arguments.data, arguments.outbound, arguments.inbound, arguments.prices):
            os.makedirs(folder, exist_ok=True)
        zone = ZoneInfo(sample_data.ZONE)
        self.books = Books(lambda: datetime.datetime.now(zone))
        self.job = Job(self.books, faults, Wire(arguments.code_page, arguments.packed), arguments.outbound,
                       arguments.inbound, arguments.prices, arguments.done)
        self.stop = threading.Event()
        self.job.tell()
        self.job.write_stock()
        self.job.write_prices()
        if arguments.job == "at_every_file":
            self.thread = threading.Thread(target=self._watch, daemon=True)
            self.thread.start()

    def _watch(self) -> None:
        while not self.stop.wait(_LOOK_EVERY_S):
            self.job.run()


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


class IseriesHandler(Handler):
    installation: Installation

    def serve(self, method, path, query, body):
        return Reply(404)  # An iSeries of this kind has no other door than its folders.

    def _control(self, method, path, query, body):
        reply = super()._control(method, path, query, body)
        if path == "faults" and method == "DELETE":
            self.installation.job.awake.set()
        return reply

    def control(self, method, path, query, document):
        job, books = self.installation.job, self.installation.books
        if method == "GET" and path == "state":
            with job.lock:
                return json_reply(200, self._state(query.get("part")))
        if method != "POST":
            return None
        if path == "job":
            return json_reply(200, {"files": job.run(), "told": job.tell()})
        if path == "files":
            return json_reply(200, self._files(document))
        if path.startswith("users/"):
            with job.lock:
                try:
                    result = self._act(books, path[len("users/"):], document)
                except (Refused, KeyError) as error:
                    return json_reply(409, {"error": str(error)})
                if result is None:
                    return None
                job.tell()
                return json_reply(200, _plain(result))
        return None

    def _state(self, part):
        job, books = self.installation.job, self.installation.books
        parts = {
            "orders": lambda: [{**_plain(order), "lines": _plain(list(order["lines"].values()))}
                               for order in books.orders.values()],
            "movements": lambda: _plain(books.movements),
            "customers": lambda: _plain(list(books.customers.values())),
            "returns": lambda: _plain(list(books.returns.values())),
            "job": lambda: {"refused_files": job.refused_files, "busy": job.busy,
                            "waiting": job.waiting(), "answered": len(job.answered)},
        }
        if part:
            return {part: parts[part]()}
        return {name: make() for name, make in parts.items()}

    def _files(self, document):
        """{"kind": stock | prices | status, "trap", "rows": [[tag, {field: text}]]}"""
        job, trap = self.installation.job, document.get("trap", "")
        if document["kind"] == "stock":
            return {"file": job.write_stock(trap)}
        if document["kind"] == "prices":
            return {"file": job.write_prices(trap)}
        rows = [(tag, _typed("STS", tag, values)) for tag, values in document["rows"]]
        return {"file": job.write_status(rows, trap)}

    def _act(self, books: Books, action: str, body: dict):
        if action == "ship":
            return {"shipment": books.ship(body["order"], bool(body.get("partial")))}
        if action == "invoice":
            return {"invoice": books.invoice(body["order"])}
        if action == "delete_order":
            books.cancel_order(books.open_order(body["order"]))
            return {}
        if action == "change_quantity":
            order = books.open_order(body["order"])
            hold = order["HOLD"]
            books.change_order(order, {}, [{"LINE": body["line"], "CHG": "Q", "QTY": parse_decimal(body["quantity"])}])
            order["HOLD"] = hold
            return {}
        if action == "goods_issue":
            return {"entry": books.move(body["item"], body["location"], -parse_decimal(body["quantity"]),
                                        body["document"], "WAREHOUSE")}
        if action == "block_customer":
            books.put_customer({**{name: value for name, value in books.customers[body["number"]].items()
                                   if name not in ("ACT", "SEQ", "CHGD", "CHGT", "VERS")},
                                "BLOCK": body["block"]})
            return {}
        if action == "credit":
            books.credit(body["return"])
            return {}
        return None


def _typed(kind: str, tag: str, values: dict) -> dict:
    result = {}
    for name, _, how, _ in RECORDS[kind][tag]:
        if name not in values:
            continue
        text = values[name]
        result[name] = (text if how == "T" else datetime.date.fromisoformat(text) if how == "D" and text
                        else None if how == "D" else parse_decimal(text))
    return result


def _arguments():
    parser = argparse.ArgumentParser(description="A simulated iSeries with a batch interface")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of its own; nothing is kept in it")
    parser.add_argument("--outbound", required=True, help="folder that the job takes files from")
    parser.add_argument("--inbound", required=True, help="folder of status, stock and customer files")
    parser.add_argument("--prices", required=True, help="folder of price files")
    parser.add_argument("--job", choices=("at_every_file", "on_demand"), default="at_every_file")
    parser.add_argument("--code-page", default="latin-1", help="a Python codec: latin-1, cp037, cp273, cp500")
    parser.add_argument("--packed", action="store_true", help="numbers are packed; only with EBCDIC")
    parser.add_argument("--done", action="store_true", help="an empty .done file after each file")
    parser.add_argument("--fault-seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    faults = FaultTable(arguments.fault_seed)
    IseriesHandler.installation = Installation(arguments, faults)
    server = Server(arguments.port, IseriesHandler, faults)
    serve_until_terminated(server)
    IseriesHandler.installation.stop.set()


if __name__ == "__main__":
    main()
