"""The simulated NAV as a process of its own.

    python3 tests/simulators/nav/server.py --port 0 --data DIR [--price-folder DIR] [--language de|en] …

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hmac
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common import quota  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from common.xmltree import escape_attribute  # noqa: E402
from nav import filters, services, soap, state  # noqa: E402
from nav.company import Company  # noqa: E402
from nav.database import Store  # noqa: E402
from nav.errors import NavError  # noqa: E402
from nav.schema import CODEUNITS, PAGES  # noqa: E402
from nav.seed import seed  # noqa: E402
from nav.users import Users  # noqa: E402

_WSDL_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "legacy-adapters",
                            "dynamics_nav", "wsdl")
# What a creating request calls its record, for the story.
_REFERENCES = {"SalesOrder.Create": re.compile(rb"External_Document_No>([^<]*)<"),
               "ItemJournal.PostItemJournal": re.compile(rb"documentNo>([^<]*)<")}
_ADDRESS_END = '"/>'


class Installation:
    """What all connections share."""

    def __init__(self, arguments):
        os.makedirs(arguments.data, exist_ok=True)
        self.store = Store(os.path.join(arguments.data, "nav.db"), arguments.company)
        filters.install(self.store)
        day = datetime.date.fromisoformat(arguments.seed_date) if arguments.seed_date else None
        self.company = Company(arguments.company, self.store, arguments.language, day)
        if arguments.allow_negative_inventory:
            self.company.change_setup("allow_negative_inventory", "true")
        if arguments.item_journal_guard:
            self.company.change_setup("item_journal_guard", "true")
        seed(self.company)
        self.users = Users(self.company, arguments.price_folder)
        self.instance = arguments.instance
        self.user = arguments.user
        self.wsdl_folder = arguments.wsdl_folder
        self.credentials = base64.b64encode(f"{arguments.user}:{arguments.password}".encode()).decode()
        self.quota = quota.Quota(arguments)
        self.calls: dict = {}
        self._calls_lock = threading.Lock()

    def count(self, operation: str) -> None:
        with self._calls_lock:
            self.calls[operation] = self.calls.get(operation, 0) + 1


class NavHandler(Handler):
    installation: Installation

    def serve(self, method, path, query, body):
        if not self.installation.quota.enter():
            return soap.refusal(429, 1)
        try:
            return self._serve(method, path, query, body)
        except NavError as error:
            return soap.fault(self.installation.company, error)
        except Exception as error:  # the service tier answers whatever happens inside
            return soap.fault(self.installation.company, NavError("internal", text=f"{type(error).__name__}: {error}"))
        finally:
            self.installation.quota.leave()

    def _serve(self, method, path, query, body):
        nav = self.installation
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.strip(), nav.credentials):
            return soap.refusal(401)
        parts = path.strip("/").split("/")
        if len(parts) < 4 or parts[0] != nav.instance or parts[1] != "WS":
            return soap.refusal(404)
        if parts[2] != nav.company.name:
            raise NavError("company", company=parts[2][:60])
        if len(parts) == 4 and parts[3] == "Services" and method == "GET":
            return self._services()
        if len(parts) != 5 or (parts[3], parts[4]) not in self._published():
            return soap.refusal(404)
        if method == "GET":
            return self._wsdl(parts[3], parts[4]) if "wsdl" in query or self.path.lower().endswith("?wsdl") \
                else soap.refusal(404)
        if method != "POST":
            return soap.refusal(405)
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/xml":
            return soap.refusal(415)
        return self._call(parts[3], parts[4], body)

    def _call(self, kind, service, body):
        nav = self.installation
        described = PAGES[service] if kind == "Page" else CODEUNITS[service]
        request = soap.body_of(body, described.namespace, self.headers.get("SOAPAction"))
        operation = f"{service}.{request.name}"
        nav.count(operation)
        about = _REFERENCES.get(operation)
        named = about.search(body) if about else None

        def process() -> Reply:
            try:
                if kind == "Page":
                    return soap.answer(services.call_page(nav.company, described, request, nav.user))
                return soap.answer(services.call_codeunit(nav.company, described, request, nav.user))
            except NavError as error:
                return soap.fault(nav.company, error)

        return self.server.faults.carry_out(
            self.server.faults.take(operation), process,
            lambda status: soap.refusal(status, 1 if status in (429, 503) else None),
            lambda: services.bump_named_records(nav.company, request),
            named.group(1).decode("utf-8", "replace") if named else "")

    @staticmethod
    def _published():
        return [("Page", name) for name in PAGES] + [("Codeunit", name) for name in CODEUNITS]

    def _base(self):
        nav = self.installation
        return f"http://{self.headers.get('Host', '127.0.0.1')}/{nav.instance}/WS/{nav.company.name}"

    def _services(self):
        listed = "".join(f'<contractRef xmlns="http://schemas.xmlsoap.org/disco/scl/" '
                         f'ref="{escape_attribute(self._base())}/{kind}/{name}"/>'
                         for kind, name in self._published())
        text = ('<?xml version="1.0" encoding="utf-8"?><discovery xmlns="http://schemas.xmlsoap.org/disco/">'
                f"{listed}</discovery>")
        return Reply(200, text.encode("utf-8"), "text/xml; charset=utf-8")

    def _wsdl(self, kind, service):
        """The service's description with this server's address in it."""
        with open(os.path.join(self.installation.wsdl_folder, service + ".wsdl"), encoding="utf-8") as file:
            text = file.read()
        start = text.index('location="') + len('location="')
        end = text.index(_ADDRESS_END, start)
        text = text[:start] + escape_attribute(f"{self._base()}/{kind}/{service}") + text[end:]
        return Reply(200, text.encode("utf-8"), "text/xml; charset=utf-8")

    def control(self, method, path, query, document):
        nav = self.installation
        if method == "GET" and path == "state":
            return json_reply(200, state.dump(nav.company, query.get("part"), query))
        if method == "GET" and path == "quota":
            return json_reply(200, {"counted": nav.quota.counted, "refused": nav.quota.refused})
        if method == "GET" and path == "calls":
            return json_reply(200, dict(nav.calls))
        if method == "POST" and path == "setup":
            for name, value in document.items():
                nav.company.change_setup(name, str(value).lower() if isinstance(value, bool) else value)
            return json_reply(200, nav.company.all_setup())
        if method == "POST" and path.startswith("users/"):
            try:
                result = nav.users.act(path[len("users/"):], document)
            except NavError as error:
                return json_reply(409, {"error": error.text("en"), "kind": error.kind})
            return None if result is None else json_reply(200, result)
        return None


def _arguments():
    parser = argparse.ArgumentParser(description="A simulated Dynamics NAV")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of nav.db; made and seeded if there is none")
    parser.add_argument("--seed-date", help="YYYY-MM-DD: the working day, instead of today")
    parser.add_argument("--price-folder", help="drop folder of the nightly price file")
    parser.add_argument("--language", choices=("de", "en"), default="de", help="of fault texts")
    parser.add_argument("--instance", default="DynamicsNAV90")
    parser.add_argument("--company", default="CRONUS")
    parser.add_argument("--user", default="nav-user")
    parser.add_argument("--password", default="nav-password")
    parser.add_argument("--allow-negative-inventory", action="store_true")
    parser.add_argument("--item-journal-guard", action="store_true",
                        help="the site's setting that refuses a repeated document number")
    parser.add_argument("--fault-seed", type=int, default=1, help="of the draw of fault probabilities")
    parser.add_argument("--wsdl-folder", default=_WSDL_FOLDER)
    # A service tier works on so many calls at once (MaxConcurrentCalls) and lets the others wait.
    quota.add_arguments(parser, at_once=40, waiting=1000, requests=0)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    NavHandler.installation = Installation(arguments)
    server = Server(arguments.port, NavHandler, FaultTable(arguments.fault_seed))
    serve_until_terminated(server)
    NavHandler.installation.store.close()


if __name__ == "__main__":
    main()
