"""The simulator as a process of its own, for its tests: started once, called as a client would."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

from common.xmltree import escape, parse
from netsuite.auth import signature
from netsuite.schema import Schema

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = Schema(os.path.join(HERE, "..", "..", "..", "legacy-adapters", "netsuite_soap", "wsdl", "netsuite.wsdl"))
PATH = "/services/NetSuitePort_2020_2"


class Fault(Exception):
    def __init__(self, status: int, element: str, code: str, text: str):
        super().__init__(f"{element} {code}: {text}")
        self.status, self.element, self.code, self.text = status, element, code, text


class NotDone(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code


class Process:
    def __init__(self, *options: str):
        self.folder = tempfile.mkdtemp(prefix="nssim")
        self._options = options
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "server.py"), "--port", "0", "--data", self.folder, *self._options],
            stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line.startswith("ready port="):
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.port = int(line.split("=")[1])

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)

    def http(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def control(self, method: str, path: str, document=None):
        status, body = self.http(method, "/_sim/" + path, json.dumps(document or {}).encode())
        if status >= 300:
            raise RuntimeError(body.decode())
        return json.loads(body) if body else None


def passport(nonce: str = "", timestamp: int | None = None, **wrong) -> str:
    values = {"account": "TSTDRV1", "consumer_key": "consumer-key", "consumer_secret": "consumer-secret",
              "token": "token-id", "token_secret": "token-secret", **wrong}
    nonce = nonce or uuid.uuid4().hex[:20]
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    signed = signature(values["account"], values["consumer_key"], values["consumer_secret"], values["token"],
                       values["token_secret"], nonce, stamp)
    return ("<platformMsgs:tokenPassport>"
            f"<platformCore:account>{values['account']}</platformCore:account>"
            f"<platformCore:consumerKey>{values['consumer_key']}</platformCore:consumerKey>"
            f"<platformCore:token>{values['token']}</platformCore:token>"
            f"<platformCore:nonce>{nonce}</platformCore:nonce>"
            f"<platformCore:timestamp>{stamp}</platformCore:timestamp>"
            f'<platformCore:signature algorithm="HMAC-SHA256">{escape(signed)}</platformCore:signature>'
            "</platformMsgs:tokenPassport>")


class AccountTest(unittest.TestCase):
    """One simulator for all cases of a class."""

    options: tuple = ()

    @classmethod
    def setUpClass(cls):
        cls.process = Process(*cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.process.close()

    def call(self, operation: str, content: str, headers: str | None = None, page_size: int = 0):
        """The result in the response, as the schema reads it. Every answer is held against the WSDL."""
        names = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SCHEMA.prefixes.items())
        search = ("<platformMsgs:searchPreferences><platformMsgs:bodyFieldsOnly>false</platformMsgs:bodyFieldsOnly>"
                  f"<platformMsgs:pageSize>{page_size}</platformMsgs:pageSize></platformMsgs:searchPreferences>"
                  if page_size else "")
        body = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
                f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{names}>'
                f"<e:Header>{passport() if headers is None else headers}{search}</e:Header><e:Body>"
                f"<platformMsgs:{operation}>{content}</platformMsgs:{operation}></e:Body></e:Envelope>")
        status, answer = self.process.http("POST", PATH, body.encode(), {
            "Content-Type": "text/xml", "SOAPAction": f'"{operation}"'})
        root = parse(answer)
        element = root.children[-1].children[0]
        if element.name == "Fault":
            parts = {child.name: child for child in element.children}
            detail = parts["detail"].children[0] if "detail" in parts else None
            raise Fault(status, detail.name if detail else "", detail.children[0].text if detail else "",
                        parts["faultstring"].text)
        self.assertEqual(status, 200)
        result = [value for key, value in SCHEMA.read(element).items() if key[0] != "@"][0]
        detail = result["status"].get("statusDetail")
        if result["status"]["@isSuccess"] != "true":
            raise NotDone(detail[0]["code"], detail[0]["message"])
        return result

    def order_record(self, external: str = "", lines=(("1200", "2", "10"),), more: str = "",
                     status: str = "_pendingApproval", customer: str = "5001") -> str:
        rows = "".join(f'<tranSales:item><tranSales:item internalId="{item}"/>'
                       f"<tranSales:quantity>{quantity}</tranSales:quantity>"
                       f'<tranSales:price internalId="-1"/><tranSales:rate>{rate}</tranSales:rate>'
                       '<tranSales:location internalId="20"/></tranSales:item>' for item, quantity, rate in lines)
        state = f"<tranSales:orderStatus>{status}</tranSales:orderStatus>" if status else ""
        named = f' externalId="{external}"' if external else ""
        return (f'<platformMsgs:record xsi:type="tranSales:SalesOrder"{named}>'
                f'<tranSales:entity internalId="{customer}"/>{state}{more}'
                f"<tranSales:itemList>{rows}</tranSales:itemList></platformMsgs:record>")

    def order(self, external: str = "", **more) -> dict:
        number = self.call("add", self.order_record(external, **more))["baseRef"]["@internalId"]
        return self.get("salesOrder", number)

    def get(self, kind: str, number: str) -> dict:
        return self.call("get", f'<platformMsgs:baseRef xsi:type="platformCore:RecordRef" internalId="{number}" '
                                f'type="{kind}"/>')["record"]

    def change(self, number: str, content: str) -> dict:
        self.call("update", f'<platformMsgs:record xsi:type="tranSales:SalesOrder" internalId="{number}">'
                            f"{content}</platformMsgs:record>")
        return self.get("salesOrder", number)

    def user(self, action: str, **body):
        return self.process.control("POST", "users/" + action, body)

    def search(self, record: str, size: int = 100):
        return self.call("search", f"<platformMsgs:searchRecord {record}</platformMsgs:searchRecord>", page_size=size)

    def refused(self, code: str, function, *arguments, **more):
        with self.assertRaises(NotDone) as caught:
            function(*arguments, **more)
        self.assertEqual(caught.exception.code, code)

    def fault(self, element: str, function, *arguments, **more) -> Fault:
        with self.assertRaises(Fault) as caught:
            function(*arguments, **more)
        self.assertEqual(caught.exception.element, element)
        return caught.exception
