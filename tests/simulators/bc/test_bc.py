"""Tests of the simulated Business Central against its running process, over real sockets.

    python3 -m unittest discover -s tests/simulators/bc
"""

from __future__ import annotations

import json
import os
import sys
import unittest
import xml.etree.ElementTree
from decimal import Decimal
from urllib.parse import quote, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bc_process import ANY, Bc, where  # noqa: E402


class Reading(Bc):
    def test_metadata_describes_every_served_set(self):
        for path, expected in (("/api/v2.0", "salesOrderLines"),
                               ("/api/contoso/retail/v1.0", "priceListBatches")):
            answer = self.bc.get(path + "/$metadata")
            tree = xml.etree.ElementTree.fromstring(answer.text)
            names = {e.get("Name") for e in tree.iter() if e.tag.endswith("}EntitySet")}
            listed = {e["name"] for e in self.bc.get(path).json["value"]}
            self.assertEqual(names, listed)
            self.assertIn(expected, names)

    def test_other_credentials_are_refused(self):
        answer = self.bc.get("/api/v2.0/companies", auth="Basic eDp5")
        self.refused(answer, 401, "Authentication_InvalidCredentials")

    def test_filters_by_strings_numbers_dates_and_functions(self):
        cases = [("number eq '1003'", 1), ("number ge '1050'", 10), ("unitPrice lt 5", 4),
                 ("startswith(displayName,'Salt') and endswith(displayName,'grey')", 1),
                 ("contains(displayName,'Salt') or number eq '1000'", 5),
                 ("not (number ne '1000')", 1), ("blocked eq false and number le '1001'", 2),
                 ("lastModifiedDateTime gt 2020-01-01T00:00:00Z", 60),
                 ("lastModifiedDateTime gt 2999-01-01T00:00:00.0001Z", 0)]
        for text, count in cases:
            answer = self.bc.v2("GET", "items?$count=true&" + where(text))
            self.assertEqual(answer.json.get("@odata.count"), count, text)

    def test_quotes_in_a_literal_are_doubled(self):
        answer = self.bc.v2("GET", "customers?" + where("displayName eq 'O''Neill'"))
        self.assertEqual((answer.status, answer.json["value"]), (200, []))

    def test_bad_queries_are_refused(self):
        for query in ("$filter=number+eq+'1000'", where("colour eq 'red'"), where("number eq 1000"),
                      where("unitPrice eq '5'"), where("lastModifiedDateTime gt 2026-01-01"),
                      where("number eq '1000"), where("number like '1'"), where("(" * 99),
                      "$select=colour", "$expand=colour", "$orderby=colour", "$top=-1", "$skip=x",
                      "$skiptoken=xyz", "$search=cup", "colour=red", "$top=1&$top=2", "$count=yes"):
            self.refused(self.bc.v2("GET", "items?" + query), 400, "BadRequest")

    def test_unknown_things_are_not_found(self):
        zeros = "00000000-0000-0000-0000-000000000001"
        self.refused(self.bc.v2("GET", "vendors"), 404, "BadRequest_NotFound")
        self.refused(self.bc.v2("GET", f"items({zeros})"), 404, "BadRequest_ResourceNotFound")
        self.refused(self.bc.v2("GET", "items('1000')"), 400, "BadRequest")
        self.refused(self.bc.get(f"/api/v2.0/companies({zeros})/items"), 404,
                     "Internal_CompanyNotFound")
        self.refused(self.bc.v2("DELETE", f"items({zeros})", headers=ANY), 405,
                     "BadRequest_MethodNotAllowed")

    def test_pages_hold_every_row_once(self):
        path = f"/api/v2.0/companies({self.bc.company})/customers?$orderby=city%20desc&$count=true"
        seen, pages = [], 0
        while path:
            answer = self.bc.get(path, headers={"Prefer": "odata.maxpagesize=7"})
            self.assertEqual(answer.headers["Preference-Applied"], "odata.maxpagesize=7")
            seen += [(c["city"], c["number"]) for c in answer.json["value"]]
            pages += 1
            link = answer.json.get("@odata.nextLink")
            path = None
            if link:
                parts = urlsplit(link)
                self.assertEqual(parts.port, self.bc.port)
                path = parts.path + "?" + parts.query
        self.assertGreaterEqual(len(seen), 120)
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual([c for c, _ in seen], sorted((c for c, _ in seen), reverse=True))
        self.assertEqual(pages, (len(seen) + 6) // 7)

    def test_the_page_size_is_a_hundred_and_top_ends_a_list(self):
        answer = self.bc.v2("GET", "customers").json
        self.assertEqual(len(answer["value"]), 100)
        self.assertIn("%24", quote(answer["@odata.nextLink"]))
        answer = self.bc.v2("GET", "customers?$top=5&$skip=2&$select=number").json
        self.assertNotIn("@odata.nextLink", answer)
        self.assertEqual([c["number"] for c in answer["value"]],
                         ["C10002", "C10003", "C10004", "C10005", "C10006"])
        self.assertEqual(set(answer["value"][0]), {"@odata.etag", "number"})

    def test_errors_speak_the_callers_language(self):
        german = self.bc.v2("GET", "items?$top=-1", headers={"Accept-Language": "de-DE,en;q=0.5"})
        english = self.bc.v2("GET", "items?$top=-1")
        self.assertIn("ungültig", german.json["error"]["message"])
        self.assertIn("not valid", english.json["error"]["message"])
        self.assertRegex(english.json["error"]["message"], r"CorrelationId:  [0-9a-f-]{36}\.$")
        self.assertEqual(german.code, english.code)


class Orders(Bc):
    def test_a_deep_insert_computes_amounts_as_decimals(self):
        order = self.order("WEB/7", lines=[
            {"lineType": "Item", "lineObjectNumber": "1003", "quantity": 3, "unitPrice": 33.33,
             "discountAmount": 1.99},
            {"lineType": "Charge", "lineObjectNumber": "FREIGHT", "quantity": 1, "unitPrice": 4.9},
            {"lineType": "Comment", "description": "ring twice"}])
        self.assertEqual(order["status"], "Draft")
        self.assertRegex(order["number"], r"^SO-C\d{5}$")
        self.assertEqual([x["sequence"] for x in order["salesOrderLines"]], [10000, 20000, 30000])
        first = order["salesOrderLines"][0]
        self.assertEqual((first["netAmount"], first["netTaxAmount"]),
                         (Decimal("98.00"), Decimal("18.62")))
        self.assertEqual((order["totalAmountExcludingTax"], order["totalTaxAmount"],
                          order["totalAmountIncludingTax"]),
                         (Decimal("102.90"), Decimal("19.55"), Decimal("122.45")))

    def test_a_post_answers_lines_only_when_they_are_expanded(self):
        answer = self.bc.v2("POST", "salesOrders", {"customerNumber": "C10002"})
        self.assertNotIn("salesOrderLines", answer.json)
        self.assertEqual(answer.headers["ETag"], answer.json["@odata.etag"])
        self.assertIn(answer.json["id"], answer.headers["Location"])

    def test_amounts_keep_all_their_digits(self):
        body = ('{"customerNumber":"C10002","salesOrderLines":[{"lineType":"Item","lineObjectNumber":'
                '"1000","quantity":1,"unitPrice":12345678901234567.89}]}')
        answer = self.bc.v2("POST", "salesOrders?$expand=salesOrderLines", body)
        self.assertIn('"unitPrice":12345678901234567.89', answer.text)

    def test_the_price_of_the_item_is_taken_when_none_is_sent(self):
        item = self.bc.v2("GET", "items?" + where("number eq '1000'")).json["value"][0]
        line = self.order()["salesOrderLines"][0]
        self.assertEqual((line["unitPrice"], line["itemId"]), (item["unitPrice"], item["id"]))

    def test_bodies_are_checked(self):
        line = {"lineType": "Item", "lineObjectNumber": "1000", "quantity": 1}
        cases = [
            ({"colour": "red"}, "BadRequest"), ({"totalTaxAmount": 1}, "BadRequest"),
            ({"status": "Open"}, "BadRequest"), ({"billToCity": "Bonn"}, "BadRequest"),
            ({"orderDate": "24.11.2026"}, "BadRequest"), ({"discountAmount": "1.00"}, "BadRequest"),
            ({"partialShipping": "yes"}, "BadRequest"), ({"customerId": "x"}, "BadRequest"),
            ({"externalDocumentNumber": "X" * 36}, "Application_StringExceededLength"),
            ({"shipToCity": "Y" * 31}, "Application_StringExceededLength"),
            ({"customerNumber": "C99999"}, "Internal_RecordNotFound"),
            ({"currencyCode": "QQQ"}, "Internal_RecordNotFound"),
            ({"salesOrderLines": {}}, "BadRequest"),
            ({"salesOrderLines": [{**line, "quantity": "1"}]}, "BadRequest"),
            ({"salesOrderLines": [{**line, "netAmount": 1}]}, "BadRequest"),
            ({"salesOrderLines": [{**line, "shippedQuantity": 1}]}, "BadRequest"),
            ({"salesOrderLines": [{**line, "lineType": "Gift"}]}, "BadRequest"),
            ({"salesOrderLines": [{**line, "lineObjectNumber": "9999"}]}, "Internal_RecordNotFound"),
            ({"salesOrderLines": [{**line, "unitOfMeasureCode": "TON"}]}, "Internal_RecordNotFound"),
            ({"salesOrderLines": [{**line, "quantity": -1}]}, "Application_FieldValidationException"),
        ]
        before = len(self.bc.state("orders")["salesOrders"])
        for more, code in cases:
            answer = self.bc.v2("POST", "salesOrders", {"customerNumber": "C10002", **more})
            self.refused(answer, 400, code)
        for text in ("{", "[]", '{"customerNumber":"C10002","customerNumber":"C10002"}',
                     '{"discountAmount":NaN}', '{"discountAmount":1e999}',
                     '{"discountAmount":' + "9" * 40 + "}", "[" * 5000):
            self.refused(self.bc.v2("POST", "salesOrders", text), 400, "BadRequest")
        answer = self.bc.v2("POST", "salesOrders", "{}", {"Content-Type": "text/plain"})
        self.assertEqual(answer.status, 415)
        self.assertEqual(len(self.bc.state("orders")["salesOrders"]), before)

    def test_a_repeated_number_is_refused_and_a_repeated_reference_is_not(self):
        self.order("WEB/8", number="WEB-8")
        answer = self.bc.v2("POST", "salesOrders", {"customerNumber": "C10002", "number": "web-8"})
        self.refused(answer, 400, "Internal_EntityWithSameKeyExists")
        self.order("WEB/8")
        found = self.bc.v2("GET", "salesOrders?" + where("externalDocumentNumber eq 'WEB/8'")).json
        self.assertEqual(len(found["value"]), 2)

    def test_if_match_guards_changes(self):
        order = self.order()
        url = f"salesOrders({order['id']})"
        change = {"shipToCity": "Bonn", "requestedDeliveryDate": "2026-12-01"}
        self.refused(self.bc.v2("PATCH", url, change), 400, "BadRequest_InvalidToken")
        done = self.bc.v2("PATCH", url, change, {"If-Match": order["@odata.etag"]})
        self.assertEqual((done.status, done.json["shipToCity"]), (200, "Bonn"))
        self.assertGreater(done.json["lastModifiedDateTime"], order["lastModifiedDateTime"])
        stale = self.bc.v2("PATCH", url, change, {"If-Match": order["@odata.etag"]})
        self.refused(stale, 409, "Request_EntityChanged")
        self.refused(self.bc.v2("DELETE", url), 400, "BadRequest_InvalidToken")
        self.assertEqual(self.bc.v2("PATCH", url, change, ANY).status, 200)
        self.refused(self.bc.v2("PATCH", url, {"number": "X"}, ANY), 400,
                     "Application_DialogException")

    def test_a_line_change_moves_its_header(self):
        order = self.order(lines=[{"lineType": "Item", "lineObjectNumber": "1000", "quantity": 2,
                                   "unitPrice": 10, "discountPercent": 10}])
        line = order["salesOrderLines"][0]
        self.assertNotIn("lastModifiedDateTime", line)
        changed = self.bc.v2("PATCH", f"salesOrderLines({line['id']})", {"quantity": 5},
                             {"If-Match": line["@odata.etag"]})
        self.assertEqual((changed.status, changed.json["discountAmount"]), (200, 5))
        after = self.bc.v2("GET", f"salesOrders({order['id']})").json
        self.assertEqual(after["totalAmountExcludingTax"], 45)
        self.assertGreater(after["lastModifiedDateTime"], order["lastModifiedDateTime"])
        self.assertNotEqual(after["@odata.etag"], order["@odata.etag"])
        added = self.bc.v2("POST", f"salesOrders({order['id']})/salesOrderLines",
                           {"lineType": "Item", "lineObjectNumber": "1001", "quantity": 1})
        self.assertEqual((added.status, added.json["sequence"]), (201, 20000))
        url = f"salesOrders({order['id']})/salesOrderLines({added.json['id']})"
        self.assertEqual(self.bc.v2("DELETE", url, headers=ANY).status, 204)
        listed = self.bc.v2("GET", f"salesOrders({order['id']})/salesOrderLines").json["value"]
        self.assertEqual([x["id"] for x in listed], [line["id"]])

    def test_lines_are_listed_for_a_document_only(self):
        order = self.order()
        self.refused(self.bc.v2("GET", "salesOrderLines"), 400, "Application_DialogException")
        listed = self.bc.v2("GET", "salesOrderLines?" + where(f"documentId eq {order['id']}"))
        self.assertEqual(len(listed.json["value"]), 1)

    def test_lists_expand_lines_and_customer(self):
        order = self.order("WEB/9")
        answer = self.bc.v2("GET", "salesOrders?$expand=salesOrderLines($select=sequence),customer&"
                            + where("externalDocumentNumber eq 'WEB/9'")).json["value"][0]
        self.assertEqual(answer["id"], order["id"])
        self.assertEqual(answer["customer"]["number"], "C10002")
        self.assertEqual(set(answer["salesOrderLines"][0]), {"@odata.etag", "sequence"})

    def test_lines_of_a_released_order_are_fixed(self):
        order = self.order()
        line = order["salesOrderLines"][0]
        self.assertEqual(self.release(order)["status"], "Open")
        url = f"salesOrderLines({line['id']})"
        self.refused(self.bc.v2("PATCH", url, {"quantity": 9}, ANY), 400,
                     "Application_DialogException")
        self.assertEqual(self.bc.v2("PATCH", f"salesOrders({order['id']})", {"shipToCity": "Ulm"},
                                    ANY).status, 200)
        reopened = self.bc.site("POST", "salesOrderReopens", {"orderId": order["id"]}).json
        self.assertEqual(reopened["status"], "Draft")
        self.assertEqual(self.bc.v2("PATCH", url, {"quantity": 9}, ANY).status, 200)

    def test_a_blocked_customer_gets_no_order(self):
        order = self.order(customer="C10050")
        self.bc.user("block_customer", number="C10050", blocked="All")
        answer = self.bc.v2("POST", "salesOrders", {"customerNumber": "C10050"})
        self.refused(answer, 400, "Application_DialogException")
        answer = self.bc.site("POST", "salesOrderReleases", {"orderId": order["id"]})
        self.refused(answer, 400, "Application_DialogException")
        self.bc.user("block_customer", number="C10050", blocked=" ")
        self.release(order)

    def test_a_deleted_order_is_found_in_the_archive_only(self):
        order = self.order("WEB/10")
        self.assertEqual(self.bc.v2("DELETE", f"salesOrders({order['id']})", headers=ANY).status, 204)
        self.refused(self.bc.v2("GET", f"salesOrders({order['id']})"), 404,
                     "BadRequest_ResourceNotFound")
        entry = self.bc.site("GET", "orderArchive?" + where(
            "externalDocumentNumber eq 'WEB/10'")).json["value"][0]
        self.assertEqual((entry["reason"], entry["orderId"], entry["lines"][0]["quantity"]),
                         ("Deleted", order["id"], 2))

    def test_drafts_are_demand_and_are_never_shipped(self):
        before = self.level("1010")
        order = self.order("WEB/11", lines=[{"lineType": "Item", "lineObjectNumber": "1010",
                                             "quantity": 3}])
        after = self.level("1010")
        self.assertEqual(after["outstandingSalesQuantity"], before["outstandingSalesQuantity"] + 3)
        self.assertEqual(after["reservedQuantity"], before["reservedQuantity"])
        self.assertEqual(self.bc.user("pick_and_ship", number=order["number"])["shipped"], [])
        self.release(order)
        self.assertEqual(self.level("1010")["reservedQuantity"], before["reservedQuantity"] + 3)

    def test_an_invoice_is_posted_balanced_and_net_of_its_discounts(self):
        order = self.order("WEB/13", lines=[
            {"lineType": "Item", "lineObjectNumber": "1012", "quantity": 2, "unitPrice": 10, "discountAmount": 1.5,
             "locationId": self.location("EAST")},
            {"lineType": "Account", "lineObjectNumber": "8300", "quantity": 1, "unitPrice": 10}])
        self.release(order)
        self.bc.user("pick_and_ship", number=order["number"])
        number = self.bc.user("invoice", number=order["number"])["invoiced"][0]["invoice"]
        rows = self.bc.v2("GET", "generalLedgerEntries?" + where(f"documentNumber eq '{number}'")).json["value"]
        sums = {row["accountNumber"]: row["debitAmount"] - row["creditAmount"] for row in rows}
        self.assertEqual(sum(sums.values()), 0)
        self.assertEqual([sums[account] for account in ("8400", "8300", "3806", "3801", "1210")],
                         [Decimal("-18.5"), Decimal("-10"), Decimal("-3.52"), Decimal("-0.7"), Decimal("32.72")])

    def test_a_posted_order_lives_on_in_shipments_and_invoices(self):
        order = self.order("WEB/12", lines=[
            {"lineType": "Item", "lineObjectNumber": "1011", "quantity": 5, "unitPrice": 10,
             "discountAmount": 3.33, "locationId": self.location("EAST")},
            {"lineType": "Charge", "lineObjectNumber": "FREIGHT", "quantity": 1, "unitPrice": 4.9}])
        self.release(order)
        stock = self.level("1011", "EAST")
        done = self.bc.user("pick_and_ship", number=order["number"], partial=True)["shipped"][0]
        self.assertEqual([x["quantity"] for x in done["lines"]], ["2", "1"])
        self.assertEqual(self.level("1011", "EAST")["inventory"], stock["inventory"] - 2)
        self.assertEqual(self.level("1011", "EAST")["outstandingSalesQuantity"],
                         stock["outstandingSalesQuantity"] - 2)
        self.refused(self.bc.v2("DELETE", f"salesOrders({order['id']})", headers=ANY), 400,
                     "Application_DialogException")
        self.bc.site("POST", "salesOrderReopens", {"orderId": order["id"]})
        line = order["salesOrderLines"][0]["id"]
        self.refused(self.bc.v2("PATCH", f"salesOrderLines({line})", {"quantity": 1}, ANY), 400,
                     "Application_DialogException")
        self.release(order)
        self.bc.user("invoice", number=order["number"])
        self.bc.user("pick_and_ship", number=order["number"])
        self.assertTrue(self.bc.v2("GET", f"salesOrders({order['id']})").json["fullyShipped"])
        self.assertTrue(self.bc.user("invoice", number=order["number"])["invoiced"][0]["completed"])
        self.assertEqual(self.bc.v2("GET", f"salesOrders({order['id']})").status, 404)
        reference = where("externalDocumentNumber eq 'WEB/12'")
        shipments = self.bc.v2("GET", f"salesShipments?$expand=salesShipmentLines&{reference}")
        lines = [x for s in shipments.json["value"] for x in s["salesShipmentLines"]
                 if x["lineObjectNumber"] == "1011"]
        self.assertEqual(sum(x["quantity"] for x in lines), 5)
        invoices = self.bc.v2("GET", f"salesInvoices?$expand=salesInvoiceLines&{reference}").json
        self.assertEqual({i["orderNumber"] for i in invoices["value"]}, {order["number"]})
        self.assertEqual(sum(i["totalAmountExcludingTax"] for i in invoices["value"]),
                         order["totalAmountExcludingTax"])
        ledger = self.bc.site("GET", "itemLedgerEntries?" + where(
            f"documentNumber eq '{done['shipment']}'")).json["value"]
        self.assertEqual([(e["entryType"], e["quantity"]) for e in ledger], [("Sale", -2)])
        entry = self.bc.site("GET", "orderArchive?" + reference).json["value"][0]
        self.assertEqual((entry["reason"], entry["lines"][0]["shippedQuantity"]), ("Completed", 5))

    def test_promotions_are_kept_by_line(self):
        order = self.order()
        body = {"orderId": order["id"], "lineSequence": 10000, "promotionCode": "XMAS",
                "promotionVersion": "3", "amount": 1.5}
        posted = self.bc.site("POST", "salesLinePromotions", body)
        self.assertEqual(posted.status, 201, posted.text)
        self.refused(self.bc.site("POST", "salesLinePromotions", body), 400,
                     "Internal_EntityWithSameKeyExists")
        self.refused(self.bc.site("POST", "salesLinePromotions", {**body, "lineSequence": 5}), 400,
                     "Internal_RecordNotFound")
        found = self.bc.site("GET", "salesLinePromotions?" + where(f"orderId eq {order['id']}")).json
        self.assertEqual(found["value"][0]["promotionVersion"], "3")

    def test_a_delta_by_time_misses_no_change(self):
        since = self.order("WEB/13")["lastModifiedDateTime"]
        numbers = [self.order(f"WEB/13-{n}")["number"] for n in range(5)]
        listed = self.bc.v2("GET", "salesOrders?$orderby=lastModifiedDateTime&" + where(
            f"lastModifiedDateTime gt {since}")).json["value"]
        self.assertEqual([o["number"] for o in listed], numbers)
        self.assertEqual(len({o["lastModifiedDateTime"] for o in listed}), 5)


class MasterData(Bc):
    def test_customers_are_created_changed_and_found(self):
        body = {"number": "c30000", "displayName": "Zoë Ünal", "type": "Person", "city": "Köln",
                "country": "DE", "email": "zoe@example.com", "currencyCode": "EUR"}
        made = self.bc.v2("POST", "customers", body)
        self.assertEqual((made.status, made.json["number"]), (201, "C30000"))
        self.refused(self.bc.v2("POST", "customers", body), 400, "Internal_EntityWithSameKeyExists")
        self.refused(self.bc.v2("POST", "customers", {"number": "X1"}), 400,
                     "Application_FieldValidationException")
        self.refused(self.bc.v2("POST", "customers", {**body, "number": "X2", "email": "zoe"}), 400,
                     "Application_FieldValidationException")
        found = self.bc.v2("GET", "customers?" + where("contains(displayName,'Ünal')")).json["value"]
        self.assertEqual(found[0]["city"], "Köln")
        url = f"customers({made.json['id']})"
        done = self.bc.v2("PATCH", url, {"blocked": "Ship"}, {"If-Match": made.headers["ETag"]})
        self.assertEqual(done.json["blocked"], "Ship")
        pricing = self.bc.site("GET", "customerPricing('C30000')").json
        self.assertEqual(pricing["priceGroup"], "")
        done = self.bc.site("PATCH", "customerPricing('C30000')", {"priceGroup": "VIP"},
                            {"If-Match": pricing["@odata.etag"]})
        self.assertEqual(done.json["priceGroup"], "VIP")
        self.assertEqual(self.bc.v2("DELETE", url, headers=ANY).status, 204)

    def test_a_customer_with_orders_stays_unless_somebody_forces_it(self):
        order = self.order(customer="C10060")
        self.refused(self.bc.v2("DELETE", f"customers({order['customerId']})", headers=ANY), 400,
                     "Application_DialogException")
        self.bc.user("delete_customer", number="C10060")
        self.assertEqual(self.bc.v2("GET", f"customers({order['customerId']})").status, 404)

    def test_a_repeated_journal_document_posts_twice(self):
        before = self.level("1020", "WEST")["inventory"]
        body = {"documentNumber": "MV-1", "itemNumber": "1020", "locationCode": "WEST",
                "entryType": "Negative", "quantity": 1.5, "postingDate": "2026-11-24",
                "reasonCode": "DAMAGE"}
        numbers = [self.bc.site("POST", "itemJournalPostings", body).json["entryNumber"]
                   for _ in range(2)]
        self.assertLess(numbers[0], numbers[1])
        self.assertEqual(self.level("1020", "WEST")["inventory"], before - 3)
        found = self.bc.site("GET", "itemLedgerEntries?" + where("documentNumber eq 'MV-1'")).json
        self.assertEqual([e["quantity"] for e in found["value"]], [Decimal("-1.5")] * 2)
        self.refused(self.bc.site("POST", "itemJournalPostings", {**body, "quantity": 0}), 400,
                     "Application_FieldValidationException")
        self.refused(self.bc.site("POST", "itemJournalPostings", {**body, "itemNumber": "?"}), 400,
                     "Internal_RecordNotFound")
        self.bc.user("receipt", item="1020", location="WEST", quantity="3", document="R-1")
        self.bc.user("goods_issue", item="1020", location="WEST", quantity=1, document="I-1")
        self.bc.user("drift_stock", item="1020", location="WEST", quantity=-2)
        self.assertEqual(self.level("1020", "WEST")["inventory"], before - 3)
        item = self.bc.v2("GET", "items?" + where("number eq '1020'")).json["value"][0]
        total = sum(self.level("1020", code)["inventory"] for code in ("EAST", "WEST", "CENTRAL"))
        self.assertEqual(item["inventory"], total)


class Prices(Bc):
    ROW = {"itemNumber": "1040", "salesType": "AllCustomers", "unitPrice": 19.99,
           "startingDate": "2026-01-01", "minimumQuantity": 5}

    def batch(self, name, mode, rows, deletions=(), **more):
        total = str(sum(Decimal(str(r["unitPrice"])) for r in rows))
        text = json.dumps({"batchId": name, "mode": mode, "rowCount": len(rows), "rows": rows,
                           "deletions": list(deletions), **more})
        if "hashTotal" not in more:
            text = text[:-1] + f', "hashTotal": {total}}}'
        return self.bc.site("POST", "priceListBatches", text)

    def test_single_rows_are_kept_by_their_natural_key(self):
        made = self.bc.site("POST", "salesPrices", self.ROW)
        self.assertEqual((made.status, made.json["currencyCode"], made.json["unitOfMeasureCode"],
                          made.json["zone"]), (201, "EUR", "PCS", "Europe/Berlin"))
        self.refused(self.bc.site("POST", "salesPrices", self.ROW), 400,
                     "Internal_EntityWithSameKeyExists")
        url = f"salesPrices({made.json['id']})"
        self.refused(self.bc.site("PATCH", url, {"salesCode": "B2B"}, ANY), 400,
                     "Application_DialogException")
        self.assertEqual(self.bc.site("PATCH", url, {"unitPrice": 18}, ANY).json["unitPrice"], 18)
        for wrong, code in (({"zone": "Mars/Base"}, "Application_FieldValidationException"),
                            ({"salesCode": "X"}, "Application_FieldValidationException"),
                            ({"salesType": "Customer", "salesCode": "C0"}, "Internal_RecordNotFound"),
                            ({"salesType": "Campaign"}, "BadRequest"),
                            ({"unitPrice": "18"}, "BadRequest"),
                            ({"unitPrice": -1}, "Application_FieldValidationException")):
            self.refused(self.bc.site("POST", "salesPrices", {**self.ROW, **wrong}), 400, code)
        self.assertEqual(self.bc.site("DELETE", url, headers=ANY).status, 204)

    def test_a_batch_with_wrong_totals_changes_nothing(self):
        before = self.bc.state("prices")
        rows = [self.ROW]
        for answer in (self.batch("BAD-1", "full", rows, rowCount=2),
                       self.batch("BAD-2", "full", rows, hashTotal=19.98),
                       self.batch("BAD-3", "full", rows, deletions=[{"itemNumber": "1000",
                                                                     "salesType": "AllCustomers"}])):
            self.refused(answer, 400, "Application_DialogException")
        answer = self.batch("BAD-4", "delta", [self.ROW, {**self.ROW, "itemNumber": "9999"}])
        self.refused(answer, 400, "Internal_RecordNotFound")
        self.assertIn("rows[1]", answer.json["error"]["message"])
        self.refused(self.batch("BAD-5", "delta", [self.ROW, self.ROW]), 400,
                     "Internal_EntityWithSameKeyExists")
        self.assertEqual(self.bc.state("prices"), before)

    def test_deltas_and_full_lists_are_applied_once(self):
        count = len(self.bc.state("prices")["salesPrices"])
        rows = [{**self.ROW, "itemNumber": "1041", "unitPrice": 7.77}]
        first = self.batch("D-1", "delta", rows)
        self.assertEqual((first.status, first.json["listRowCount"]), (201, count + 1), first.text)
        again = self.batch("D-1", "delta", [])
        self.assertEqual((again.status, again.json["listRowCount"], again.json["hashTotal"]),
                         (200, count + 1, Decimal("7.77")))
        key = {k: v for k, v in rows[0].items() if k != "unitPrice"}
        gone = self.batch("D-2", "delta", [], [key, {**key, "minimumQuantity": 77}])
        self.assertEqual((gone.json["deletedCount"], gone.json["listRowCount"]), (1, count))
        self.assertEqual(self.bc.site("GET", "priceListBatches('D-2')").json["deletedCount"], 1)
        full = [{**self.ROW, "unitPrice": 5, "minimumQuantity": n} for n in range(3)]
        done = self.batch("F-1", "full", full)
        self.assertEqual((done.json["listRowCount"], done.json["listHashTotal"]), (3, 15))

    def test_quotes_take_the_best_price_of_the_local_day(self):
        rows = [
            {"itemNumber": "1045", "salesType": "AllCustomers", "unitPrice": 20},
            {"itemNumber": "1045", "salesType": "CustomerPriceGroup", "salesCode": "B2B",
             "unitPrice": 18, "startingDate": "2026-12-01"},
            {"itemNumber": "1045", "salesType": "AllCustomers", "unitPrice": 19,
             "minimumQuantity": 10}]
        self.assertEqual(self.batch("Q-1", "full", rows).status, 201)

        def quote_of(quantity, at, customer="C10004"):
            answer = self.bc.site("POST", "priceQuotes", {
                "customerNumber": customer, "at": at,
                "lines": [{"itemNumber": "1045", "quantity": quantity}]})
            return answer.json["lines"][0]
        late = quote_of(3, "2026-11-30T22:59:59Z")
        self.assertEqual((late["unitPrice"], late["discounts"]), (20, []))
        berlin_december = quote_of(3, "2026-11-30T23:00:00Z")
        self.assertEqual(berlin_december["discounts"], [
            {"code": "B2B", "version": "2026-12-01", "amount": 6, "reason": "PriceGroup"}])
        self.assertEqual(berlin_december["netAmount"], 54)
        many = quote_of(10, "2026-11-24T10:00:00Z")
        self.assertEqual((many["discounts"][0]["reason"], many["netAmount"]), ("QuantityBreak", 190))
        self.assertEqual(quote_of(1, "2026-12-24T10:00:00Z", "")["unitPrice"], 20)
        answer = self.bc.site("POST", "priceQuotes", {"lines": [{"itemNumber": "?", "quantity": 1}]})
        self.refused(answer, 400, "Internal_RecordNotFound")


if __name__ == "__main__":
    unittest.main()
