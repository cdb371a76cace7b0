"""The simulated SAP as a process of its own.

    python3 tests/simulators/sap/server.py --port 0 --data DIR [--idoc-folder DIR] [--language D|E] …

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common import quota  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from sap import soap, state  # noqa: E402
from sap.company import Company  # noqa: E402
from sap.database import CLIENT, Store  # noqa: E402
from sap.functions import FUNCTIONS, Call  # noqa: E402
from sap.idocs import Inbound  # noqa: E402
from sap.messages import SapError  # noqa: E402
from sap.people import OFFICE, People  # noqa: E402
from sap.seed import seed  # noqa: E402

_PATH = "/sap/bc/soap/rfc"
_COOKIE = "sap-contextid"
_REFERENCE = re.compile(rb"<PURCH_NO_C>([^<]{2,})</PURCH_NO_C>|<HEADER_TXT>([^<]*)</HEADER_TXT>")


class Installation:
    """What all connections share."""

    def __init__(self, arguments, faults: FaultTable):
        os.makedirs(arguments.data, exist_ok=True)
        store = Store(os.path.join(arguments.data, "sap.db"))
        self.company = Company(store, arguments.language, arguments.user, arguments.session_idle_s)
        seed(self.company)
        self.people = People(self.company)
        self.credentials = base64.b64encode(f"{arguments.user}:{arguments.password}".encode()).decode()
        self.quota = quota.Quota(arguments)
        self.calls: dict = {}
        self.end_after: set = set()  # Functions after whose next call its session is lost.
        self._calls_lock = threading.Lock()
        Inbound(self.company, arguments.idoc_folder, faults).start()

    def count(self, function: str) -> None:
        with self._calls_lock:
            self.calls[function] = self.calls.get(function, 0) + 1


class SapHandler(Handler):
    installation: Installation

    def serve(self, method, path, query, body):
        if not self.installation.quota.enter():
            return soap.refusal(429, 1)
        try:
            return self._serve(method, path, query, body)
        except soap.SoapError as error:
            return soap.fault(str(error))
        except Exception as error:  # A short dump.
            return soap.fault(f"ABAP runtime error: {type(error).__name__}: {error}")
        finally:
            self.installation.quota.leave()

    def _serve(self, method, path, query, body):
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.strip(), self.installation.credentials):
            return soap.refusal(401)
        if path != _PATH or query.get("sap-client", "") != CLIENT:
            return soap.refusal(404)
        if method != "POST":
            return soap.refusal(405)
        function, parameters = soap.request_of(body)
        if function not in FUNCTIONS:
            return soap.fault(f"Function module {function} not found")
        return self._call(function, parameters, query.get("sap-sessioncmd", ""), body)

    def _call(self, function, parameters, command, body):
        sap = self.installation
        sap.count(function)
        session, fresh = self._session(command)

        def process() -> Reply:
            with session.lock:
                try:
                    if session.ended:
                        return soap.refusal(500)
                    answer = FUNCTIONS[function][0](Call(sap.company, session, parameters))
                except SapError as error:
                    returned = error.returned(sap.company.language)
                    answer = {"RETURN": [returned]}
                except LookupError as error:
                    return soap.fault(str(error.args[0]))
                finally:
                    session.used = time.monotonic()
            cookies = (("Set-Cookie", f"{_COOKIE}={session.identifier}; path=/sap/bc"),) if fresh else ()
            lost = function in sap.end_after
            sap.end_after.discard(function)
            if command == "close" or not session.identifier or lost:
                sap.company.sessions.end(session)
            return soap.answer(function, answer, cookies)

        named = _REFERENCE.search(body)
        about = (named.group(1) or named.group(2)).decode("utf-8", "replace") if named else ""
        # The session lives as long as its request does, however late that is answered.
        return self.server.faults.carry_out(
            self.server.faults.take(function), process, lambda status: soap.refusal(status, 1 if status in (429, 503) else None),
            lambda: self._somebody_else(parameters), about)

    def _session(self, command):
        """(session, whether its cookie is new to the caller)"""
        sessions = self.installation.company.sessions
        match = re.search(_COOKIE + r"=([0-9a-f]+)", self.headers.get("Cookie", "") or "")
        session = sessions.find(match.group(1)) if match else None
        if session is not None:
            return session, False
        return sessions.open(self.installation.company.user, command == "open"), command == "open"

    def _somebody_else(self, parameters):
        """Stale: the office has just saved the document."""
        document = parameters.get("SALESDOCUMENT", "")
        company = self.installation.company
        row = company.store.get("VBAK", document)
        if row is not None:
            with company.store.transaction():
                company.log_change("VERKBELEG", document, OFFICE)

    def control(self, method, path, query, document):
        sap = self.installation
        if method == "GET" and path == "state":
            return json_reply(200, state.dump(sap.company, query.get("part")))
        if method == "GET" and path == "calls":
            return json_reply(200, dict(sap.calls))
        if method == "POST" and path == "end_sessions":
            if (document or {}).get("after"):
                sap.end_after.add(document["after"])
                return json_reply(200, {})
            sap.company.sessions.end_all()
            return json_reply(200, {})
        if method == "POST" and path == "shut":
            # The database answers nobody for a while, from before this is answered.
            begun = threading.Event()
            threading.Thread(target=self._shut, args=(int(document["ms"]), begun), daemon=True).start()
            begun.wait()
            return json_reply(200, {})
        if method == "POST" and path.startswith("users/"):
            try:
                result = sap.people.act(path[len("users/"):], document)
            except SapError as error:
                return json_reply(409, {"error": error.returned("E")["MESSAGE"]})
            return None if result is None else json_reply(200, result)
        return None

    def _shut(self, ms, begun):
        with self.installation.company.store.shut():
            begun.set()
            time.sleep(ms / 1000)


def _arguments():
    parser = argparse.ArgumentParser(description="A simulated SAP ECC 6.0")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of sap.db; made and seeded if there is none")
    parser.add_argument("--idoc-folder", default="", help="where IDoc files for this system are dropped")
    parser.add_argument("--language", choices=("D", "E"), default="D", help="of messages")
    parser.add_argument("--user", default="UNDERPIN")
    parser.add_argument("--password", default="sap-password")
    parser.add_argument("--session-idle-s", type=float, default=10, help="when a session that nobody uses ends")
    parser.add_argument("--fault-seed", type=int, default=1, help="of the draw of fault probabilities")
    # Dialog work processes; more requests wait for one.
    quota.add_arguments(parser, at_once=40, waiting=1000, requests=0)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    if arguments.idoc_folder:
        os.makedirs(arguments.idoc_folder, exist_ok=True)
    faults = FaultTable(arguments.fault_seed)
    SapHandler.installation = Installation(arguments, faults)
    serve_until_terminated(Server(arguments.port, SapHandler, faults))
    SapHandler.installation.company.store.close()


if __name__ == "__main__":
    main()
