"""The simulated NetSuite account as a process of its own.

    python3 tests/simulators/netsuite/server.py --port 0 --data DIR

Prints `ready port=NNNN` when it serves. See README.md.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common import quota  # noqa: E402
from common.faults import FaultTable, Reply  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from common.xmltree import Element, XmlError, escape, parse  # noqa: E402
from netsuite import orders, records  # noqa: E402
from netsuite.auth import Tokens  # noqa: E402
from netsuite.company import TYPES, Company, seed  # noqa: E402
from netsuite.errors import Refused, SoapFault, bad_reference, not_there  # noqa: E402
from netsuite.schema import SaxError, Schema  # noqa: E402
from netsuite.search import Searches  # noqa: E402
from netsuite.store import Store, moment  # noqa: E402
from netsuite.users import Users, phone_orders  # noqa: E402

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
VERSION = "2020_2"
_WSDL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "legacy-adapters",
                     "netsuite_soap", "wsdl", "netsuite.wsdl")
_XML = "text/xml; charset=utf-8"
DELETED_PAGE = 3  # A thousand, in a real account.
_EXTERNAL = re.compile(rb'<[^>]*:record [^>]*externalId="([^"]*)"')
_ADDERS = {"SalesOrder": orders.add, "Customer": records.add_customer,
           "InventoryAdjustment": records.add_adjustment, "ReturnAuthorization": records.add_return}
_UPDATERS = {"SalesOrder": orders.update, "Customer": records.update_customer}
_KINDS = {type_name: kind for kind, type_name in TYPES.items()}


class Account:
    """What all connections share."""

    def __init__(self, arguments):
        os.makedirs(arguments.data, exist_ok=True)
        self.schema = Schema(arguments.wsdl)
        self.store = Store(os.path.join(arguments.data, "netsuite.db"))
        self.company = Company(self.store)
        fresh = not self.store.all("currency")
        seed(self.company)
        if fresh:
            phone_orders(self.company)
        self.tokens = Tokens(arguments)
        self.searches = Searches(self.company)
        self.users = Users(self.company)
        self.quota = quota.Quota(arguments)
        self.calls: dict = {}
        self._lock = threading.Lock()
        self._changed_meanwhile: set = set()

    def count(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] = self.calls.get(operation, 0) + 1

    def change_meanwhile(self, key: tuple) -> None:
        with self._lock:
            self._changed_meanwhile.add(key)

    def was_changed(self, key: tuple) -> bool:
        with self._lock:
            found = key in self._changed_meanwhile
            self._changed_meanwhile.discard(key)
            return found

    # Operations.
    def add(self, request, _preferences):
        record = request["record"]
        add = _ADDERS.get(record["@xsi"])
        if add is None:
            raise Refused("INSUFFICIENT_PERMISSION", f"{record['@xsi']} cannot be added over this token.")
        return self._written(record, lambda: add(self.company, record))

    def update(self, request, _preferences):
        record = request["record"]
        return self._written(record, lambda: self._update(record))

    def upsert(self, request, _preferences):
        record = request["record"]
        kind = _KINDS[record["@xsi"]]
        if not record.get("@externalId"):
            raise Refused("USER_ERROR", "Please enter value(s) for: externalId")

        def run():
            if self.store.by_external(kind, record["@externalId"]):
                return self._update(record)
            return _ADDERS[record["@xsi"]](self.company, record)
        return self._written(record, run)

    def _update(self, record):
        kind = _KINDS[record["@xsi"]]
        update = _UPDATERS.get(record["@xsi"])
        if update is None:
            raise Refused("INSUFFICIENT_PERMISSION", f"{record['@xsi']} cannot be changed over this token.")
        found = self._find(kind, record)
        if found is None:
            raise not_there(kind, record.get("@internalId") or record.get("@externalId") or "")
        if self.was_changed((kind, found["@internalId"])):
            raise Refused("RCRD_HAS_BEEN_CHANGED", "Record has been changed")
        return update(self.company, found, record)

    def _find(self, kind, ref):
        if ref.get("@internalId"):
            return self.store.get(kind, ref["@internalId"])
        return self.store.by_external(kind, ref.get("@externalId") or "")

    def _written(self, record, run):
        kind = _KINDS[record["@xsi"]]
        with self.store.transaction():
            saved = run()
        if self.company.preferences["workflow"] == "fails_after_save":
            raise Refused("CUSTOM_SCRIPT_FAILED", "A script that runs after the save has failed.")
        return {"writeResponse": {"status": {"@isSuccess": "true"}, "baseRef": {
            "@xsi": "RecordRef", "@internalId": saved["@internalId"], "@externalId": saved.get("@externalId"),
            "@type": kind}}}

    def get(self, request, _preferences):
        ref = request["baseRef"]
        if ref.get("@type") not in TYPES:
            raise Refused("INVALID_RCRD_TYPE", f"{ref.get('@type')} is no record type.")
        found = self._find(ref["@type"], ref)
        if found is None:
            raise not_there(ref["@type"], ref.get("@internalId") or ref.get("@externalId") or "")
        return {"readResponse": {"status": {"@isSuccess": "true"}, "record": found}}

    def getAll(self, request, _preferences):
        kind = request["record"].get("@recordType")
        if kind != "currency":
            raise Refused("INVALID_RCRD_TYPE", f"getAll knows no {kind}.")
        rows = self.store.all(kind)
        return {"getAllResult": {"status": {"@isSuccess": "true"}, "totalRecords": str(len(rows)),
                                 "recordList": {"record": rows}}}

    def search(self, request, preferences):
        return {"searchResult": self.searches.begin(request["searchRecord"], preferences)}

    def searchMoreWithId(self, request, preferences):
        return {"searchResult": self.searches.more(request["searchId"], int(request["pageIndex"]), preferences)}

    def getItemAvailability(self, request, _preferences):
        company = self.company
        rows = []
        for ref in request["itemAvailabilityFilter"]["item"]["recordRef"]:
            if self.store.get("inventoryItem", ref.get("@internalId", "")) is None:
                raise bad_reference("item", ref.get("@internalId", ""))
            for place in self.store.all("location"):
                key = (ref["@internalId"], place["@internalId"])
                on_hand, committed = company.on_hand(*key), company.committed(*key)
                rows.append({"item": company.ref("inventoryItem", key[0]),
                             "locationId": company.ref("location", key[1]),
                             "quantityOnHand": format(on_hand.normalize(), "f"),
                             "quantityCommitted": format(committed.normalize(), "f"),
                             "quantityAvailable": format((on_hand - committed).normalize(), "f")})
        return {"getItemAvailabilityResult": {"status": {"@isSuccess": "true"},
                                              "itemAvailabilityList": {"itemAvailability": rows}}}


    def getDeleted(self, request, _preferences):
        given = request["getDeletedFilter"]
        kinds = given.get("type", {}).get("searchValue", [])
        since = moment(given["deletedDate"]["searchValue"])
        if given["deletedDate"].get("@operator") != "onOrAfter":
            raise Refused("INVALID_SEARCH_OPERATOR", "this account is asked onOrAfter")
        rows = [row for row in self.store.all("_deleted") if row["type"] in kinds and moment(row["deletedDate"]) >= since]
        index, size = int(request["pageIndex"]), DELETED_PAGE
        pages = (len(rows) + size - 1) // size
        if index < 1 or index > max(pages, 1):
            raise Refused("INVALID_PAGE_INDEX", f"There is no page {index}.")
        return {"getDeletedResult": {
            "status": {"@isSuccess": "true"}, "totalRecords": str(len(rows)), "pageSize": str(size),
            "totalPages": str(pages), "pageIndex": str(index), "deletedRecordList": {"deletedRecord": [
                {"deletedDate": row["deletedDate"],
                 "record": {"@xsi": "RecordRef", "@internalId": row["number"], "@externalId": row["external"],
                            "@type": row["type"], "name": row["name"]}}
                for row in rows[(index - 1) * size:index * size]]}}}


_RESULTS = {"add": "writeResponse", "update": "writeResponse", "upsert": "writeResponse", "get": "readResponse",
            "getAll": "getAllResult", "search": "searchResult", "searchMoreWithId": "searchResult",
            "getItemAvailability": "getItemAvailabilityResult", "getDeleted": "getDeletedResult"}


class SuiteTalkHandler(Handler):
    account: Account

    def serve(self, method, path, query, body):
        account = self.account
        if method == "GET" and "wsdl" in path:
            return Reply(200, account.schema.text.encode("utf-8"), _XML)
        if not path.startswith("/services/NetSuitePort_"):
            return Reply(404, b"<html><body>Not found</body></html>", "text/html")
        if method != "POST":
            return Reply(405)
        if not account.quota.enter():
            return _fault(_busy())
        try:
            return self._call(path, body)
        except SoapFault as fault:
            return _fault(fault)
        except (XmlError, SaxError) as error:
            return _fault(SoapFault("", "", _sax(str(error))))
        except Exception as error:  # the account answers whatever happens inside
            return _fault(SoapFault("unexpectedErrorFault", "UNEXPECTED_ERROR",
                                    f"An unexpected error occurred. {type(error).__name__}: {error}"))
        finally:
            account.quota.leave()

    def _call(self, path, body):
        account = self.account
        if path != f"/services/NetSuitePort_{VERSION}":
            raise SoapFault("invalidVersionFault", "INVALID_VERSION", f"This account serves {VERSION}.")
        headers, element = _parts(body)
        operation = element.name
        if self.headers.get("SOAPAction", "").strip('"') != operation:
            raise SaxError("no SOAPAction, or another one than the body's")
        if "tokenPassport" not in headers:
            raise SoapFault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "There is no tokenPassport.")
        account.tokens.check(account.schema.read(headers["tokenPassport"]))
        preferences = account.schema.read(headers["searchPreferences"]) if "searchPreferences" in headers else {}
        if operation not in account.schema.operations:
            raise SaxError(f"Could not find operation {operation}")
        request = account.schema.read(element)
        named = _operation_name(operation, request)
        account.count(named)
        about = _EXTERNAL.search(body) if operation in ("add", "upsert") else None

        def process() -> Reply:
            try:
                content = getattr(account, operation)(request, preferences)
            except Refused as refused:
                content = {_RESULTS[operation]: {"status": {"@isSuccess": "false", "statusDetail": [
                    {"@type": "ERROR", "code": refused.code, "message": refused.message}]}}}
            return _answer(account.schema.write(operation + "Response", content))

        return self.server.faults.carry_out(
            self.server.faults.take(named), process, _refusal,
            lambda: self._change_meanwhile(request), about.group(1).decode() if about else "")

    def _change_meanwhile(self, request):
        record = request.get("record", {})
        kind = _KINDS.get(record.get("@xsi"))
        found = kind and self.account._find(kind, record)
        if found:
            self.account.change_meanwhile((kind, found["@internalId"]))

    def control(self, method, path, query, document):
        account = self.account
        if method == "GET" and path == "state":
            return json_reply(200, _state(account.company, query.get("part")))
        if method == "GET" and path == "quota":
            return json_reply(200, {"counted": account.quota.counted, "refused": account.quota.refused})
        if method == "GET" and path == "calls":
            return json_reply(200, dict(account.calls))
        if method == "POST" and path == "setup":
            unknown = set(document) - set(account.company.preferences)
            if unknown:
                raise ValueError(f"there is no preference {sorted(unknown)[0]}")
            account.company.preferences.update(document)
            return json_reply(200, account.company.preferences)
        if method == "POST" and path == "forget_searches":
            account.searches.forget()
            return Reply(204)
        if method == "POST" and path.startswith("users/"):
            try:
                result = account.users.act(path[len("users/"):], document)
            except Refused as error:
                return json_reply(409, {"error": error.message, "kind": error.code})
            return None if result is None else json_reply(200, result)
        return None


def _operation_name(operation: str, request: dict) -> str:
    """'salesOrder.add', 'customer.get', 'TransactionSearchBasic.search'."""
    if operation in ("add", "update", "upsert"):
        return f"{_KINDS.get(request['record']['@xsi'], request['record']['@xsi'])}.{operation}"
    if operation == "get":
        return f"{request['baseRef'].get('@type')}.get"
    if operation == "search":
        return f"{request['searchRecord']['@xsi']}.search"
    return operation


def _parts(body: bytes) -> tuple[dict, Element]:
    root = parse(body)
    if root.name != "Envelope" or root.namespace != ENVELOPE:
        raise XmlError("The message is no SOAP 1.1 envelope.")
    headers: dict = {}
    content = None
    for child in root.children:
        if child.name == "Header":
            headers = {header.name: header for header in child.children}
        elif child.name == "Body" and len(child.children) == 1:
            content = child.children[0]
    if content is None:
        raise XmlError("The Body must hold one element.")
    return headers, content


def _answer(content: str) -> Reply:
    text = (f'<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="{ENVELOPE}">'
            f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>")
    return Reply(200, text.encode("utf-8"), _XML)


def _fault(fault: SoapFault) -> Reply:
    detail = ""
    if fault.name:
        detail = (f'<detail><platformFaults:{fault.name} '
                  f'xmlns:platformFaults="urn:faults_{VERSION}.platform.webservices.netsuite.com">'
                  f"<platformFaults:code>{fault.code}</platformFaults:code>"
                  f"<platformFaults:message>{escape(fault.message)}</platformFaults:message>"
                  f"</platformFaults:{fault.name}></detail>")
    text = (f'<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="{ENVELOPE}"><soapenv:Body>'
            "<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode>"
            f"<faultstring>{escape(fault.message)}</faultstring>{detail}</soapenv:Fault>"
            "</soapenv:Body></soapenv:Envelope>")
    return Reply(500, text.encode("utf-8"), _XML)


def _sax(message: str) -> str:
    name = "org.xml.sax.SAXException"
    return message if message.startswith(name) else f"{name}: {message}"


def _busy() -> SoapFault:
    return SoapFault("exceededConcurrentRequestLimitFault", "SSS_REQUEST_LIMIT_EXCEEDED",
                     "Only so many requests may be processed at the same time for this account.")


def _refusal(status: int) -> Reply:
    if status == 429:
        return _fault(_busy())
    if status == 500:
        return _fault(SoapFault("unexpectedErrorFault", "UNEXPECTED_ERROR",
                                "An unexpected error occurred. Error ID: l9x2"))
    return Reply(status, b"<html><body><h1>The service is down</h1></body></html>", "text/html")


def _state(company: Company, part: str | None) -> dict:
    store = company.store
    parts = {"orders": "salesOrder", "customers": "customer", "fulfillments": "itemFulfillment",
             "invoices": "invoice", "adjustments": "inventoryAdjustment", "returns": "returnAuthorization",
             "ledger": "_ledger", "items": "inventoryItem"}
    result = {}
    for name, kind in parts.items():
        if part is not None and part != name:
            continue
        rows = [dict(row) for row in store.all(kind)]
        if name == "orders":
            for row in rows:
                row["released"] = orders.is_released(row)
                row["open"] = row["orderStatus"] not in orders.CLOSED
        result[name] = [{key.lstrip("@"): value for key, value in row.items()} for row in rows]
    return result


def _arguments():
    parser = argparse.ArgumentParser(description="A simulated NetSuite account, over SuiteTalk SOAP")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of netsuite.db; made and seeded if there is none")
    parser.add_argument("--account", default="TSTDRV1")
    parser.add_argument("--consumer-key", default="consumer-key")
    parser.add_argument("--consumer-secret", default="consumer-secret")
    parser.add_argument("--token", default="token-id")
    parser.add_argument("--token-secret", default="token-secret")
    parser.add_argument("--fault-seed", type=int, default=1, help="of the draw of fault probabilities")
    parser.add_argument("--wsdl", default=_WSDL)
    # An account works on so many requests at once (by its service tier) and refuses the others: nobody waits.
    quota.add_arguments(parser, at_once=15, waiting=0, requests=0)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    SuiteTalkHandler.account = Account(arguments)
    server = Server(arguments.port, SuiteTalkHandler, FaultTable(arguments.fault_seed))
    serve_until_terminated(server)
    SuiteTalkHandler.account.store.close()


if __name__ == "__main__":
    main()
