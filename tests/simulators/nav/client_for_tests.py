"""A running simulator and a plain SOAP client, for the tests of the simulator."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

_SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Fault(Exception):
    def __init__(self, code: str, text: str):
        super().__init__(f"{code}: {text}")
        self.code = code.rpartition(".")[2].rpartition(":")[2]
        self.text = text


class HttpError(Exception):
    def __init__(self, status: int):
        super().__init__(f"HTTP {status}")
        self.status = status


class Nav:
    def __init__(self, data: str, *options: str):
        self.data = data
        self._process = subprocess.Popen(
            [sys.executable, _SERVER, "--port", "0", "--data", data, "--seed-date", "2026-11-24", *options],
            stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        match = re.fullmatch(r"ready port=(\d+)\n", line)
        if not match:
            raise AssertionError(f"the simulator did not start: {line!r}")
        self.port = int(match.group(1))

    def stop(self, how=signal.SIGTERM) -> int:
        self._process.send_signal(how)
        code = self._process.wait(30)
        self._process.stdout.close()
        return code

    def http(self, method: str, path: str, body: bytes = b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        finally:
            connection.close()

    def control(self, method: str, path: str, document=None, expect=(200, 201, 204)):
        status, body, _ = self.http(method, "/_sim/" + path,
                                    b"" if document is None else json.dumps(document).encode())
        if status not in expect:
            raise AssertionError(f"{path}: {status} {body!r}")
        return json.loads(body) if body else None

    def user(self, action: str, **body):
        return self.control("POST", "users/" + action, body)

    def state(self, part: str, **query):
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.control("GET", f"state?part={part}{more}")[part]

    def fault(self, operation: str, kind: str, **more):
        return self.control("POST", "faults", {"operation": operation, "kind": kind, **more})

    def path(self, service: str) -> str:
        kind = "Codeunit" if service in ("SalesRelease", "ItemJournal") else "Page"
        return f"/DynamicsNAV90/WS/CRONUS/{kind}/{service}"

    @staticmethod
    def namespace(service: str) -> str:
        if service in ("SalesRelease", "ItemJournal"):
            return f"urn:microsoft-dynamics-schemas/codeunit/{service}"
        return f"urn:microsoft-dynamics-schemas/page/{service.lower()}"

    @staticmethod
    def headers(action: str) -> dict:
        credentials = base64.b64encode(b"nav-user:nav-password").decode()
        return {"Authorization": f"Basic {credentials}", "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": f'"{action}"'}

    def call(self, service: str, operation: str, content: str = ""):
        """The result element without namespaces; Fault or HttpError otherwise."""
        namespace = self.namespace(service)
        body = (f'<e:Envelope xmlns:e="{_SOAP[1:-1]}"><e:Body><{operation} xmlns="{namespace}">{content}'
                f"</{operation}></e:Body></e:Envelope>")
        status, answer, _ = self.http("POST", self.path(service), body.encode(),
                                      self.headers(f"{namespace}:{operation}"))
        return self.read_answer(status, answer)

    @staticmethod
    def read_answer(status: int, answer: bytes):
        if b"Envelope" not in answer:
            raise HttpError(status)
        result = ElementTree.fromstring(answer).find(_SOAP + "Body")[0]
        if result.tag == _SOAP + "Fault":
            assert status == 500, status
            detail = result.find("detail")[0].text
            assert detail == result.find("faultstring").text
            raise Fault(result.find("faultcode").text, detail)
        assert status == 200, status
        for element in result.iter():
            element.tag = element.tag.rpartition("}")[2]
        return result

    # Conveniences.
    def record(self, service: str, operation: str, content: str) -> dict:
        return as_dict(self.call(service, operation, content)[0])

    def create_order(self, lines=(("1000", "2", "EAST"),), customer="C10004", reference="WEB/1", price=None) -> dict:
        rows = "".join(order_line(Type="Item", No=item, Location_Code=location, Quantity=quantity,
                                  **({"Unit_Price": price} if price else {})) for item, quantity, location in lines)
        listed = f"<SalesLines>{rows}</SalesLines>" if rows else ""
        return self.record("SalesOrder", "Create", f"<SalesOrder><Sell_to_Customer_No>{customer}"
                           f"</Sell_to_Customer_No><External_Document_No>{reference}</External_Document_No>"
                           f"{listed}</SalesOrder>")

    def read_order(self, number: str):
        result = self.call("SalesOrder", "Read", f"<No>{number}</No>")
        return as_dict(result[0]) if len(result) else None

    def update_order(self, key: str, fields: str = "", lines: str = "") -> dict:
        listed = f"<SalesLines>{lines}</SalesLines>" if lines else ""
        return self.record("SalesOrder", "Update", f"<SalesOrder><Key>{escape(key)}</Key>{fields}{listed}</SalesOrder>")

    def release(self, number: str) -> str:
        return self.call("SalesRelease", "ReleaseOrder", f"<orderNo>{number}</orderNo>")[0].text

    def reopen(self, number: str) -> str:
        return self.call("SalesRelease", "ReopenOrder", f"<orderNo>{number}</orderNo>")[0].text

    def read_multiple(self, service: str, filters=(), size=0, bookmark="") -> list[dict]:
        listed = "".join(f"<filter><Field>{field}</Field><Criteria>{escape(criteria)}</Criteria></filter>"
                         for field, criteria in filters) or "<filter><Field>No</Field><Criteria></Criteria></filter>"
        result = self.call(service, "ReadMultiple", f"{listed}<bookmarkKey>{bookmark}</bookmarkKey>"
                                                    f"<setSize>{size}</setSize>")
        return [as_dict(row) for row in result[0]] if len(result) else []

    def post_journal(self, document: str, quantity="5", kind="Positive_Adjmt", item="1000", location="EAST") -> int:
        return int(self.call("ItemJournal", "PostItemJournal",
                             f"<documentNo>{document}</documentNo><itemNo>{item}</itemNo>"
                             f"<locationCode>{location}</locationCode><entryType>{kind}</entryType>"
                             f"<quantity>{quantity}</quantity><postingDate>2026-11-24</postingDate>"
                             "<reasonCode>COUNT</reasonCode>")[0].text)

    def stock(self, item: str, location: str) -> str:
        return next(row["quantity"] for row in self.state("ledger")
                    if (row["item"], row["location"]) == (item, location))


def order_line(**fields: str) -> str:
    """A line with its elements in the order of the service."""
    sequence = ("Key", "Type", "No", "Description", "Location_Code", "Quantity", "Unit_of_Measure_Code",
                "Unit_Price", "Line_Discount_Amount", "Line_No", "Promotion_Code", "Promotion_Version")
    assert not set(fields) - set(sequence), fields
    return "<Sales_Order_Line>" + "".join(f"<{name}>{escape(fields[name])}</{name}>"
                                          for name in sequence if name in fields) + "</Sales_Order_Line>"


def as_dict(element) -> dict:
    """Texts by element name; a list element becomes a list of dictionaries."""
    result = {}
    for child in element:
        result[child.tag] = [as_dict(row) for row in child] if len(child) else (child.text or "")
    return result


def wait_for(condition, seconds: float = 10):
    """Waits until `condition()` is true, at most so long; answers what it answered last."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(0.02)


class NavTest(unittest.TestCase):
    """One simulator for all tests of a class."""

    options: tuple = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.nav = Nav(cls.folder.name, "--price-folder", cls.folder.name, *cls.options)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.nav.stop)

    def refused(self, exception: str, call, *arguments, **more) -> Fault:
        with self.assertRaises(Fault) as caught:
            call(*arguments, **more)
        self.assertEqual(caught.exception.code, exception)
        return caught.exception
