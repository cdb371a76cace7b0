"""The simulator as a process of its own, for its tests: starting, calling, stopping, restarting."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal
from urllib.parse import quote

HERE = os.path.dirname(os.path.abspath(__file__))
BASIC = "Basic " + base64.b64encode(b"underpin:bc-demo-web-service-key").decode()
ANY = {"If-Match": "*"}


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.text = response.status, response.headers, body.decode()

    @property
    def json(self):
        return json.loads(self.text, parse_float=Decimal, parse_int=Decimal)

    @property
    def code(self):
        return self.json["error"]["code"]


class Process:
    """One simulator on a port of its own, its books in a temporary folder."""

    def __init__(self, *arguments):
        self.folder, self.arguments = tempfile.mkdtemp(prefix="bcsim"), arguments
        self.start()
        self.company = self.get("/api/v2.0/companies").json["value"][0]["id"] \
            if "oauth" not in arguments else ""

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "server.py"), "--port", "0", "--data", self.folder,
             *self.arguments], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready port="):
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.port = int(line.split("=")[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)

    def call(self, method, path, body=None, headers=None, auth=BASIC):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            send = {"Authorization": auth, **(headers or {})}
            if body is not None:
                send.setdefault("Content-Type", "application/json")
                body = body if isinstance(body, (str, bytes)) else json.dumps(body)
                body = body.encode() if isinstance(body, str) else body
            connection.request(method, path, body, send)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **keywords):
        return self.call("GET", path, **keywords)

    def v2(self, method, rest, body=None, headers=None):
        return self.call(method, f"/api/v2.0/companies({self.company})/{rest}", body, headers)

    def site(self, method, rest, body=None, headers=None):
        return self.call(method, f"/api/contoso/retail/v1.0/companies({self.company})/{rest}", body,
                         headers)

    def user(self, action, **given):
        return self.call("POST", f"/_sim/users/{action}", given).json

    def fault(self, operation, kind, count=1, **more):
        answer = self.call("POST", "/_sim/faults",
                           {"operation": operation, "kind": kind, "count": count, **more})
        assert answer.status == 201, answer.text

    def state(self, part):
        return json.loads(self.get(f"/_sim/state?part={part}").text)


def where(text):
    return "$filter=" + quote(text, safe="")


class Bc(unittest.TestCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.bc = Process(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        cls.bc.close()

    def tearDown(self):
        self.bc.call("DELETE", "/_sim/faults")

    def order(self, reference="", customer="C10002", lines=None, **more):
        lines = lines or [{"lineType": "Item", "lineObjectNumber": "1000", "quantity": 2}]
        answer = self.bc.v2("POST", "salesOrders?$expand=salesOrderLines", {
            "customerNumber": customer, "externalDocumentNumber": reference,
            "salesOrderLines": lines, **more})
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json

    def location(self, code):
        return self.bc.v2("GET", "locations?" + where(f"code eq '{code}'")).json["value"][0]["id"]

    def release(self, order):
        answer = self.bc.site("POST", "salesOrderReleases", {"orderId": order["id"]})
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer.text)

    def level(self, item, location="CENTRAL"):
        answer = self.bc.site("GET", "stockLevels?" + where(
            f"itemNumber eq '{item}' and locationCode eq '{location}'"))
        return answer.json["value"][0]
