"""Tests of faults, restart and options of the simulated Business Central, over real sockets.

    python3 -m unittest discover -s tests/simulators/bc
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bc_process import BASIC, Bc, Process, where  # noqa: E402


class Faults(Bc):
    def count(self, reference):
        return len(self.bc.v2("GET", "salesOrders?" + where(
            f"externalDocumentNumber eq '{reference}'")).json["value"])

    def post(self, reference):
        return self.bc.v2("POST", "salesOrders", {"customerNumber": "C10002",
                                                  "externalDocumentNumber": reference})

    def until(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end, "the condition did not come true in time")
            time.sleep(0.01)

    def test_refusals_do_nothing_and_say_when_to_come_back(self):
        for kind, status in (("429", 429), ("503", 503), ("500", 500)):
            self.bc.fault("salesOrders.POST", kind)
            answer = self.post("F/1")
            self.assertEqual(answer.status, status)
            self.assertEqual("Retry-After" in answer.headers, status != 500)
            self.assertIn("CorrelationId", answer.json["error"]["message"])
        self.assertEqual(self.count("F/1"), 0)

    def test_the_story_tells_what_was_created_when_and_under_which_fault(self):
        self.bc.fault("salesOrders.POST", "duplicate")
        self.post("F/S")
        self.bc.fault("salesOrders.POST", "503")
        self.post("F/S")
        self.post("F/S")
        story = json.loads(self.bc.get("/_sim/story?about=F/S").text)["story"]
        self.assertEqual([(entry["kind"], entry["status"]) for entry in story],
                         [("duplicate", 201), ("duplicate", 201), ("", 201)])
        self.assertLess(abs(time.time() - story[-1]["at"]), 60)

    def test_a_504_may_hide_a_commit(self):
        self.bc.fault("salesOrders.POST", "504_after_commit")
        self.assertEqual(self.post("F/2").status, 504)
        self.assertEqual(self.count("F/2"), 1)

    def test_a_late_commit_comes_after_the_refusal(self):
        self.bc.fault("salesOrders.POST", "late_commit", delay_ms=300)
        self.assertEqual(self.post("F/3").status, 503)
        self.assertEqual(self.count("F/3"), 0)
        self.until(lambda: self.count("F/3") == 1)

    def test_dropped_connections(self):
        for kind, expected in (("drop", 0), ("drop_after_commit", 1)):
            self.bc.fault("salesOrders.POST", kind)
            with self.assertRaises((http.client.HTTPException, OSError)):
                self.post(f"F/{kind}")
            self.assertEqual(self.count(f"F/{kind}"), expected)

    def test_a_record_changes_just_before_it_is_saved(self):
        order = self.order()
        self.bc.fault("salesOrders.PATCH", "stale_key")
        answer = self.bc.v2("PATCH", f"salesOrders({order['id']})", {"shipToCity": "Ulm"},
                            {"If-Match": order["@odata.etag"]})
        self.refused(answer, 409, "Request_EntityChanged")

    def test_a_request_may_be_done_twice(self):
        self.bc.fault("salesOrders.POST", "duplicate")
        self.assertEqual(self.post("F/5").status, 201)
        self.assertEqual(self.count("F/5"), 2)

    def test_faults_hit_only_their_operation_and_are_counted(self):
        self.bc.fault("stockLevels.GET", "503", count=2)
        self.assertEqual(self.post("F/6").status, 201)
        statuses = [self.bc.site("GET", "stockLevels").status for _ in range(3)]
        self.assertEqual(statuses, [503, 503, 200])
        self.assertEqual(self.bc.get("/_sim/faults").json["faults"][0]["fired"], 2)

    def test_a_slow_answer_comes(self):
        self.bc.fault("items.GET", "slow", delay_ms=200)
        begin = time.monotonic()
        self.assertEqual(self.bc.v2("GET", "items?$top=1").status, 200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)


class Restart(unittest.TestCase):
    def test_the_books_survive_a_kill(self):
        bc = Process()
        try:
            orders = [bc.v2("POST", "salesOrders?$expand=salesOrderLines", {
                "customerNumber": "C10003", "externalDocumentNumber": f"R/{n}", "salesOrderLines": [
                    {"lineType": "Item", "lineObjectNumber": "1001", "quantity": n + 1,
                     "unitPrice": 10.5}]}).json for n in range(3)]
            bc.site("POST", "salesOrderReleases", {"orderId": orders[0]["id"]})
            bc.user("pick_and_ship", number=orders[0]["number"])
            before = [bc.get("/_sim/state").json, bc.v2("GET", "salesOrders").json["value"]]
            bc.stop(signal.SIGKILL)
            bc.start()
            after = [bc.get("/_sim/state").json, bc.v2("GET", "salesOrders").json["value"]]

            def sorted_state(state):
                return {k: sorted(v, key=lambda row: json.dumps(row, default=str, sort_keys=True))
                        for k, v in state.items()}
            self.assertEqual(sorted_state(before[0]), sorted_state(after[0]))
            self.assertEqual(before[1], after[1])
            more = bc.v2("POST", "salesOrders", {"customerNumber": "C10003"}).json
            self.assertGreater(more["number"], orders[-1]["number"])
            self.assertGreater(more["lastModifiedDateTime"], orders[-1]["lastModifiedDateTime"])
        finally:
            bc.close()


class Options(unittest.TestCase):
    def test_tokens_run_out(self):
        bc = Process("--auth", "oauth", "--token-seconds", "1", "--instance", "BC240")
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            text = ("grant_type=client_credentials&client_id=11111111-2222-3333-4444-555555555555&"
                    "scope=https%3A%2F%2Fapi.businesscentral.dynamics.com%2F.default&client_secret=")
            wrong = bc.call("POST", "/tenant/oauth2/v2.0/token", text + "nonsense", form, auth="")
            self.assertEqual((wrong.status, wrong.json["error"]), (401, "invalid_client"))
            token = bc.call("POST", "/tenant/oauth2/v2.0/token", text + "bc-demo-client-secret", form,
                            auth="").json["access_token"]
            path = "/BC240/api/v2.0/companies"
            self.assertEqual(bc.get(path, auth=f"Bearer {token}").status, 200)
            self.assertEqual(bc.get(path).status, 401)
            end = time.monotonic() + 10
            while bc.get(path, auth=f"Bearer {token}").status != 401:
                self.assertLess(time.monotonic(), end, "the token never ran out")
                time.sleep(0.05)
        finally:
            bc.close()

    def test_more_requests_than_the_limit_at_once_are_throttled(self):
        bc = Process("--at-once", "1", "--waiting", "1")
        try:
            bc.fault("items.GET", "slow", count=2, delay_ms=2000)
            statuses, threads = [], []
            for _ in range(2):
                thread = threading.Thread(
                    target=lambda: statuses.append(bc.v2("GET", "items?$top=1").status))
                thread.start()
                threads.append(thread)
            end = time.monotonic() + 10
            while bc.get("/_sim/faults").json["faults"][0]["fired"] < 1 or bc.get("/_sim/quota").json["counted"] < 3:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            refused = bc.v2("GET", "items?$top=1")
            self.assertEqual((refused.status, refused.headers["Retry-After"]), (429, "1"))
            for thread in threads:
                thread.join()
            self.assertEqual(statuses, [200, 200])
        finally:
            bc.close()

    def test_more_requests_than_the_window_allows_are_throttled(self):
        bc = Process("--requests", "5")  # The company was looked up with the first of them.
        try:
            statuses = [bc.v2("GET", "items?$top=1").status for _ in range(6)]
            self.assertEqual(statuses, [200] * 4 + [429] * 2)
            self.assertEqual(bc.get("/_sim/quota").json, {"counted": 7, "refused": 2})
        finally:
            bc.close()

    def test_without_quotas_nothing_is_counted(self):
        bc = Process("--no-quotas", "--requests", "1")
        try:
            self.assertEqual([bc.v2("GET", "items?$top=1").status for _ in range(4)], [200] * 4)
            self.assertEqual(bc.get("/_sim/quota").json["counted"], 0)
        finally:
            bc.close()

    def test_the_planted_rounding_differs_by_a_cent_for_half_cents_only(self):
        bc = Process("--rounding", "planted")
        try:
            taxes = {}
            for price in (0.5, 0.7, 10.5):
                taxes[price] = bc.v2("POST", "salesOrders", {
                    "customerNumber": "C10003", "salesOrderLines": [
                        {"lineType": "Item", "lineObjectNumber": "1001", "quantity": 1,
                         "unitPrice": price}]}).json["totalTaxAmount"]
            self.assertEqual(list(taxes.values()), [Decimal("0.09"), Decimal("0.13"), Decimal("1.99")])
            bc.user("set_rounding", mode="per_line")
            order = bc.v2("POST", "salesOrders", {"customerNumber": "C10003", "salesOrderLines": [
                {"lineType": "Item", "lineObjectNumber": "1001", "quantity": 1, "unitPrice": 0.5}]})
            self.assertEqual(order.json["totalTaxAmount"], Decimal("0.10"))
        finally:
            bc.close()

    def test_twenty_clients_lose_nothing_and_share_no_number(self):
        bc = Process()
        try:
            numbers, errors = [], []

            def client(at):
                connection = http.client.HTTPConnection("127.0.0.1", bc.port, timeout=30)
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for n in range(10):
                    body = json.dumps({"customerNumber": "C10003", "externalDocumentNumber":
                                       f"T/{at}/{n}", "salesOrderLines": [
                                           {"lineType": "Item", "lineObjectNumber": "1002",
                                            "quantity": 1}] * 3})
                    connection.request("POST", f"/api/v2.0/companies({bc.company})/salesOrders", body,
                                       {"Authorization": BASIC, "Content-Type": "application/json"})
                    response = connection.getresponse()
                    text = response.read()
                    (numbers if response.status == 201 else errors).append(
                        json.loads(text).get("number", text))
                connection.close()
            threads = [threading.Thread(target=client, args=(at,)) for at in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(errors, [])
            self.assertEqual(len(set(numbers)), 200)
            level = bc.site("GET", "stockLevels?" + where(
                "itemNumber eq '1002' and locationCode eq 'CENTRAL'")).json["value"][0]
            self.assertEqual(level["outstandingSalesQuantity"], 600)
        finally:
            bc.close()


if __name__ == "__main__":
    unittest.main()
