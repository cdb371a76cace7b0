"""A running simulator and a plain RFC client, for the tests of the simulator."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

_SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_SPACE = "urn:sap-com:document:sap:rfc:functions"


class Fault(Exception):
    pass


class HttpError(Exception):
    def __init__(self, status: int):
        super().__init__(f"HTTP {status}")
        self.status = status


class Sap:
    def __init__(self, data: str, *options: str):
        self.data = data
        self._process = subprocess.Popen([sys.executable, _SERVER, "--port", "0", "--data", data, *options],
                                         stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        match = re.fullmatch(r"ready port=(\d+)\n", line)
        if not match:
            raise AssertionError(f"the simulator did not start: {line!r}")
        self.port = int(match.group(1))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._process.stdout.close()

    def http(self, method: str, path: str, body: bytes = b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        finally:
            connection.close()

    def control(self, method: str, path: str, document=None):
        status, body, _ = self.http(method, "/_sim/" + path, json.dumps(document).encode() if document is not None else b"")
        if status >= 300:
            raise AssertionError(f"{path}: {status} {body!r}")
        return json.loads(body) if body else None

    def users(self, action: str, **body):
        return self.control("POST", "users/" + action, body)

    def order(self, number: str) -> dict:
        return next(one for one in self.control("GET", "state?part=orders")["orders"] if one["number"] == number.lstrip("0"))

    def session(self) -> "Session":
        return Session(self)

    def call(self, function: str, **parameters):
        """In a session that ends with the call."""
        return Session(self).call(function, keep=False, **parameters)


class Session:
    def __init__(self, sap: Sap):
        self._sap, self._cookie = sap, ""

    def call(self, function: str, keep: bool = True, end: bool = False, **parameters) -> dict:
        credentials = base64.b64encode(b"UNDERPIN:sap-password").decode()
        headers = {"Authorization": "Basic " + credentials, "Content-Type": "text/xml; charset=utf-8"}
        if self._cookie:
            headers["Cookie"] = self._cookie
        command = "&sap-sessioncmd=close" if end else "&sap-sessioncmd=open" if keep else ""
        status, body, answered = self._sap.http("POST", "/sap/bc/soap/rfc?sap-client=100" + command,
                                                envelope(function, parameters).encode(), headers)
        if "Set-Cookie" in answered:
            self._cookie = answered["Set-Cookie"].partition(";")[0]
        if not answered.get("Content-Type", "").startswith("text/xml"):
            raise HttpError(status)
        content = ElementTree.fromstring(body).find(_SOAP + "Body")[0]
        if content.tag == _SOAP + "Fault":
            raise Fault(content.findtext("faultstring"))
        return {child.tag: _value(child) for child in content}

    def commit(self) -> dict:
        return self.call("BAPI_TRANSACTION_COMMIT", end=True, WAIT="X")


def _value(element):
    children = list(element)
    if children and children[0].tag == "item":
        return [{field.tag: field.text or "" for field in row} for row in children]
    return {field.tag: field.text or "" for field in children} if children else element.text or ""


def envelope(function: str, parameters: dict) -> str:
    def content(value) -> str:
        if isinstance(value, dict):
            return "".join(f"<{name}>{content(one)}</{name}>" for name, one in value.items())
        if isinstance(value, list):
            return "".join(f"<item>{content(row)}</item>" for row in value)
        return escape(str(value))

    return (f'<e:Envelope xmlns:e="{_SOAP[1:-1]}"><e:Body><f:{function} xmlns:f="{_SPACE}">{content(parameters)}'
            f"</f:{function}></e:Body></e:Envelope>")


def flags(row: dict, *keys: str) -> dict:
    """The twin of a row: X for each member, keys as they are."""
    return {name: value if name in keys else "X" for name, value in row.items()}


def new_order(**changes) -> dict:
    """Parameters of BAPI_SALESORDER_CREATEFROMDAT2 for three pieces of 1000; `changes` replace whole parameters."""
    header = {"DOC_TYPE": "TA", "SALES_ORG": "1000", "DISTR_CHAN": "10", "DIVISION": "00", "PURCH_NO_C": "WEB/1",
              "CURRENCY": "EUR", "DLV_BLOCK": "Z1"}
    item = {"ITM_NUMBER": "000010", "MATERIAL": "000000000000001000", "PLANT": "1000", "STORE_LOC": "0001",
            "SALES_UNIT": "ST"}
    line = {"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": "3"}
    price = {"ITM_NUMBER": "000010", "COND_ST_NO": "", "COND_COUNT": "", "COND_TYPE": "PR00", "COND_VALUE": "20.00",
             "CURRENCY": "EUR"}
    keys = ("ITM_NUMBER", "COND_ST_NO", "COND_COUNT", "COND_TYPE")
    return {"ORDER_HEADER_IN": header, "ORDER_HEADER_INX": flags(header), "ORDER_ITEMS_IN": [item],
            "ORDER_ITEMS_INX": [flags(item, "ITM_NUMBER")], "ORDER_SCHEDULES_IN": [line],
            "ORDER_SCHEDULES_INX": [flags(line, "ITM_NUMBER", "SCHED_LINE")], "ORDER_CONDITIONS_IN": [price],
            "ORDER_CONDITIONS_INX": [flags(price, *keys)],
            "ORDER_PARTNERS": [{"PARTN_ROLE": "AG", "PARTN_NUMB": "C10001"}], **changes}


def placed(sap: Sap, **changes) -> str:
    """The number of an order that was created and committed."""
    session = sap.session()
    answer = session.call("BAPI_SALESORDER_CREATEFROMDAT2", **new_order(**changes))
    errors = [row for row in answer["RETURN"] if row["TYPE"] in "EA"]
    if errors:
        raise AssertionError(errors[0]["MESSAGE"])
    session.commit()
    return answer["SALESDOCUMENT"]
