"""What the simulated NetSuite account accepts, refuses and answers, asked over its socket."""

from __future__ import annotations

import os
import sys
import time
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from netsuite.auth import signature  # noqa: E402
from netsuite.client_for_tests import PATH, AccountTest, passport  # noqa: E402

_ALL = '<platformMsgs:record recordType="currency"/>'


class Tokens(AccountTest):
    def test_a_signature_is_the_one_that_the_algorithm_makes(self):
        # Worked out by hand with openssl dgst -sha256 -hmac.
        self.assertEqual(signature("A", "c", "cs", "t", "ts", "nonce1", "1700000000"),
                         "u4f7208iyA6qPU07fTgFhzeXVA8HNQb4gRIbKFvV23g=")

    def test_who_signs_rightly_is_let_in_once_per_nonce(self):
        header = passport(nonce="onlyonce12")
        self.assertEqual(self.call("getAll", _ALL, headers=header)["totalRecords"], "2")
        fault = self.fault("invalidCredentialsFault", self.call, "getAll", _ALL, headers=header)
        self.assertEqual(fault.code, "INVALID_LOGIN_ATTEMPT")

    def test_a_wrong_secret_account_or_clock_is_refused(self):
        for header in (passport(token_secret="other"), passport(consumer_secret="other"), passport(account="OTHER"),
                       passport(timestamp=int(time.time()) - 400), passport(timestamp=int(time.time()) + 400), ""):
            self.fault("invalidCredentialsFault", self.call, "getAll", _ALL, headers=header)


class Messages(AccountTest):
    def test_what_the_wsdl_does_not_describe_is_a_fault_and_nothing_is_kept(self):
        before = len(self.process.control("GET", "state?part=orders")["orders"])
        for wrong in ('<platformMsgs:record xsi:type="tranSales:SalesOrder"><tranSales:colour>red</tranSales:colour>'
                      "</platformMsgs:record>",
                      '<platformMsgs:record xsi:type="tranSales:SalesOrder"><tranSales:itemList/>'
                      '<tranSales:entity internalId="5001"/></platformMsgs:record>',
                      '<platformMsgs:record xsi:type="listRel:SalesOrder2"/>', "<platformMsgs:record/>"):
            self.assertEqual(self.fault("", self.call, "add", wrong).status, 500)
        self.assertEqual(len(self.process.control("GET", "state?part=orders")["orders"]), before)

    def test_a_document_type_is_refused(self):
        status, body = self.process.http("POST", PATH, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {
            "SOAPAction": '"get"'})
        self.assertEqual(status, 500)
        self.assertIn(b"DTD is prohibited", body)

    def test_what_is_not_there_is_said_inside_http_200(self):
        self.refused("RCRD_DSNT_EXIST", self.get, "salesOrder", "999999")

    def test_more_requests_at_once_than_the_account_has_are_a_fault(self):
        self.process.control("POST", "faults", {"operation": "getAll", "kind": "429"})
        fault = self.fault("exceededConcurrentRequestLimitFault", self.call, "getAll", _ALL)
        self.assertEqual(fault.code, "SSS_REQUEST_LIMIT_EXCEEDED")

    def test_the_limit_itself_holds(self):
        import threading
        self.process.control("POST", "faults", {"operation": "getAll", "kind": "slow", "delay_ms": 400, "count": 15})
        faults = []

        def run():
            try:
                self.call("getAll", _ALL)
            except Exception as error:  # counted below
                faults.append(error)
        threads = [threading.Thread(target=run) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertGreaterEqual(len(faults), 1)
        self.assertLess(len(faults), 20)


class Orders(AccountTest):
    def test_an_external_id_is_there_once(self):
        order = self.order("WEB/1")
        self.assertEqual((order["@externalId"], order["orderStatus"]), ("WEB/1", "_pendingApproval"))
        self.assertEqual((order["subTotal"], order["taxTotal"], order["total"]), ("20", "3.8", "23.8"))
        self.refused("DUP_RCRD", self.call, "add", self.order_record("WEB/1"))
        self.assertEqual(order["entity"]["name"].split()[0], "C10001")

    def test_an_order_that_states_no_status_is_released_at_once(self):
        self.assertEqual(self.order(status="")["orderStatus"], "_pendingFulfillment")

    def test_upsert_changes_what_is_there(self):
        first = self.call("upsert", self.order_record("WEB/2"))["baseRef"]["@internalId"]
        again = self.call("upsert", self.order_record("WEB/2", lines=(("1201", "1", "5"),)))["baseRef"]["@internalId"]
        self.assertEqual(first, again)
        self.assertEqual(len(self.get("salesOrder", first)["itemList"]["item"]), 1)

    def test_without_the_custom_price_the_level_states_the_rate(self):
        text = self.order_record("WEB/3").replace('<tranSales:price internalId="-1"/>', "")
        number = self.call("add", text)["baseRef"]["@internalId"]
        self.assertNotEqual(self.get("salesOrder", number)["itemList"]["item"][0]["rate"], "10")

    def test_lines_that_are_not_named_go_or_stay_as_replace_all_says(self):
        order = self.order("WEB/4", lines=(("1200", "2", "10"), ("1201", "1", "5")))
        row = "<tranSales:item><tranSales:quantity>3</tranSales:quantity><tranSales:line>1</tranSales:line></tranSales:item>"
        kept = self.change(order["@internalId"], f'<tranSales:itemList replaceAll="false">{row}</tranSales:itemList>')
        self.assertEqual([line["quantity"] for line in kept["itemList"]["item"]], ["3", "1"])
        self.assertEqual(kept["itemList"]["item"][0]["rate"], "10")
        gone = self.change(order["@internalId"], f"<tranSales:itemList>{row}</tranSales:itemList>")
        self.assertEqual(len(gone["itemList"]["item"]), 1)

    def test_a_pending_order_commits_nothing_and_is_not_picked(self):
        order = self.order("WEB/5")
        self.assertEqual(order["itemList"]["item"][0]["quantityCommitted"], "0")
        self.assertEqual(self.user("pick_and_ship", order=order["tranId"])["shipped"], [])
        order = self.change(order["@internalId"], "<tranSales:orderStatus>_pendingFulfillment</tranSales:orderStatus>")
        self.assertEqual(order["itemList"]["item"][0]["quantityCommitted"], "2")
        self.assertEqual(len(self.user("pick_and_ship", order=order["tranId"])["shipped"]), 1)

    def test_from_fulfilment_there_is_no_way_back_and_held_lines_are_not_picked(self):
        order = self.order("WEB/6", lines=(("1200", "4", "10"),), status="_pendingFulfillment")
        self.user("pick_and_ship", order=order["tranId"], partial=True)
        self.refused("USER_ERROR", self.change, order["@internalId"],
                     "<tranSales:orderStatus>_pendingApproval</tranSales:orderStatus>")
        self.change(order["@internalId"], '<tranSales:itemList replaceAll="false"><tranSales:item>'
                    "<tranSales:commitInventory>_doNotCommit</tranSales:commitInventory>"
                    "<tranSales:line>1</tranSales:line></tranSales:item></tranSales:itemList>")
        self.assertEqual(self.user("pick_and_ship", order=order["tranId"])["shipped"], [])

    def test_what_is_shipped_and_invoiced_stays_and_says_so(self):
        order = self.order("WEB/7", lines=(("1200", "4", "10"), ("901", "1", "-3")), status="_pendingFulfillment")
        self.user("pick_and_ship", order=order["tranId"], partial=True)
        self.assertEqual(self.get("salesOrder", order["@internalId"])["orderStatus"], "_partiallyFulfilled")
        self.user("pick_and_ship", order=order["tranId"])
        self.user("invoice", order=order["tranId"])
        order = self.get("salesOrder", order["@internalId"])
        self.assertEqual(order["orderStatus"], "_fullyBilled")
        found = self.search('xsi:type="platformCommon:TransactionSearchBasic"><platformCommon:createdFrom '
                            f'operator="anyOf"><platformCore:searchValue internalId="{order["@internalId"]}"/>'
                            "</platformCommon:createdFrom>"
                            '<platformCommon:type operator="anyOf"><platformCore:searchValue>_itemFulfillment'
                            "</platformCore:searchValue><platformCore:searchValue>_invoice</platformCore:searchValue>"
                            "</platformCommon:type>")["recordList"]["record"]
        self.assertEqual([row["@xsi"] for row in found], ["ItemFulfillment", "ItemFulfillment", "Invoice"])
        self.assertEqual(found[-1]["total"], order["total"])
        self.refused("USER_ERROR", self.change, order["@internalId"], "<tranSales:memo>late</tranSales:memo>")

    def test_an_order_whose_lines_are_closed_is_closed_and_may_be_opened_again(self):
        order = self.order("WEB/8")
        row = ('<tranSales:itemList replaceAll="false"><tranSales:item><tranSales:isClosed>{}</tranSales:isClosed>'
               "<tranSales:line>1</tranSales:line></tranSales:item></tranSales:itemList>")
        self.assertEqual(self.change(order["@internalId"], row.format("true"))["orderStatus"], "_closed")
        self.assertEqual(self.change(order["@internalId"], row.format("false"))["orderStatus"], "_pendingFulfillment")

    def test_an_inactive_customer_and_an_unknown_item_are_bad_references(self):
        self.user("block_customer", number="C10009", blocked=True)
        self.refused("INVALID_KEY_OR_REF", self.order, customer="5009")
        self.refused("INVALID_KEY_OR_REF", self.order, lines=(("77", "1", "1"),))
        self.user("block_customer", number="C10010", blocked=False, hold=True)
        self.refused("USER_ERROR", self.order, customer="5010")

    def test_two_saves_at_once_are_refused_and_a_later_one_wins(self):
        order = self.order("WEB/9")
        self.process.control("POST", "faults", {"operation": "salesOrder.update", "kind": "stale_key"})
        change = "<tranSales:memo>mine</tranSales:memo>"
        self.refused("RCRD_HAS_BEEN_CHANGED", self.change, order["@internalId"], change)
        self.assertEqual(self.change(order["@internalId"], change)["memo"], "mine")

    def test_a_day_is_that_of_the_accounts_clocks(self):
        order = self.order("WEB/10", more="<tranSales:shipDate>2026-12-24T00:00:00.000Z</tranSales:shipDate>")
        self.assertEqual(order["shipDate"][:10], "2026-12-23")

    def test_texts_that_are_too_long_are_refused(self):
        self.refused("EXCEEDED_MAX_FIELD_LENGTH", self.order,
                     more="<tranSales:otherRefNum>" + "9" * 46 + "</tranSales:otherRefNum>")

    def test_what_is_committed_survives_a_kill(self):
        order = self.order("WEB/11")
        self.process.stop()
        self.process.start()
        self.assertEqual(self.get("salesOrder", order["@internalId"]), order)
        self.refused("DUP_RCRD", self.call, "add", self.order_record("WEB/11"))


class Searches(AccountTest):
    def test_pages_are_of_a_search_that_can_be_forgotten(self):
        everybody = 'xsi:type="platformCommon:CustomerSearchBasic">'
        page = self.search(everybody, 50)
        self.assertEqual((page["totalRecords"], page["totalPages"]), ("120", "3"))
        numbers = {row["entityId"] for row in page["recordList"]["record"]}
        more = (f"<platformMsgs:searchId>{page['searchId']}</platformMsgs:searchId>"
                "<platformMsgs:pageIndex>{}</platformMsgs:pageIndex>")
        for index in (2, 3):
            part = self.call("searchMoreWithId", more.format(index))
            numbers |= {row["entityId"] for row in part["recordList"]["record"]}
        self.assertEqual(len(numbers), 120)
        self.refused("INVALID_PAGE_INDEX", self.call, "searchMoreWithId", more.format(4))
        self.process.control("POST", "forget_searches")
        self.refused("INVALID_JOB_ID", self.call, "searchMoreWithId", more.format(2))

    def test_a_page_has_5_to_1000_records(self):
        for size in (4, 1001):
            self.refused("INVALID_SEARCH_PREFERENCE", self.search,
                         'xsi:type="platformCommon:CustomerSearchBasic">', size)

    def test_texts_are_compared_without_case(self):
        found = self.search('xsi:type="platformCommon:CustomerSearchBasic"><platformCommon:email operator="is">'
                            "<platformCore:searchValue>C10007@EXAMPLE.COM</platformCore:searchValue>"
                            "</platformCommon:email>")
        self.assertEqual([row["entityId"] for row in found["recordList"]["record"]], ["C10007"])

    def test_without_the_preference_lists_are_left_out(self):
        found = self.call("search", '<platformMsgs:searchRecord xsi:type="platformCommon:CustomerSearchBasic"/>')
        self.assertNotIn("addressbookList", found["recordList"]["record"][0])


class Customers(AccountTest):
    def change(self, content):
        self.call("update", f'<platformMsgs:record xsi:type="listRel:Customer" internalId="5020">{content}'
                            "</platformMsgs:record>")
        return self.get("customer", "5020")

    def test_an_empty_element_changes_nothing_and_what_is_named_is_blank(self):
        before = self.get("customer", "5020")
        same = self.change("<listRel:phone></listRel:phone><listRel:email></listRel:email>")
        self.assertEqual((same["phone"], same["email"]), (before["phone"], before["email"]))
        blank = self.change("<platformCore:nullFieldList><platformCore:name>phone</platformCore:name>"
                            "<platformCore:name>email</platformCore:name></platformCore:nullFieldList>")
        self.assertNotIn("phone", blank)
        self.assertNotIn("email", blank)

    def test_a_number_is_there_once_and_countries_are_words(self):
        record = ('<platformMsgs:record xsi:type="listRel:Customer"><listRel:entityId>c10001</listRel:entityId>'
                  '<listRel:companyName>Again</listRel:companyName><listRel:subsidiary internalId="2"/>'
                  "</platformMsgs:record>")
        self.refused("UNIQUE_CUST_ID_REQD", self.call, "add", record)
        self.refused("INVALID_KEY_OR_REF", self.change,
                     "<listRel:addressbookList><listRel:addressbook><listRel:addressbookAddress>"
                     "<platformCommon:country>DE</platformCommon:country></listRel:addressbookAddress>"
                     "</listRel:addressbook></listRel:addressbookList>")


class Deletions(AccountTest):
    def deleted(self, kind, since, page=1):
        return self.call("getDeleted", f"<platformMsgs:pageIndex>{page}</platformMsgs:pageIndex>"
                         '<platformMsgs:getDeletedFilter><platformCore:deletedDate operator="onOrAfter">'
                         f"<platformCore:searchValue>{since}</platformCore:searchValue></platformCore:deletedDate>"
                         f'<platformCore:type operator="anyOf"><platformCore:searchValue>{kind}'
                         "</platformCore:searchValue></platformCore:type></platformMsgs:getDeletedFilter>")

    def test_what_was_deleted_is_told_with_its_name_and_its_external_id_is_free(self):
        order = self.order("WEB/30")
        self.user("delete_order", order=order["tranId"])
        self.refused("RCRD_DSNT_EXIST", self.get, "salesOrder", order["@internalId"])
        ref = self.deleted("salesOrder", "2026-01-01T00:00:00Z")["deletedRecordList"]["deletedRecord"][-1]["record"]
        self.assertEqual((ref["@internalId"], ref["@externalId"], ref["name"]),
                         (order["@internalId"], "WEB/30", f"Sales Order #{order['tranId']}"))
        self.assertEqual(self.deleted("salesOrder", "2999-01-01T00:00:00Z")["totalRecords"], "0")
        self.process.stop()
        self.process.start()
        self.refused("RCRD_DSNT_EXIST", self.get, "salesOrder", order["@internalId"])
        self.order("WEB/30")

    def test_a_customer_with_orders_stays_and_pages_are_counted(self):
        self.order(customer="5050")
        with self.assertRaises(RuntimeError):
            self.user("delete_customer", number="C10050")
        for number in range(60, 64):
            if number != 61:
                self.user("delete_customer", number=f"C100{number}")
        self.user("delete_customer", number="C10070")
        page = self.deleted("customer", "2026-01-01T00:00:00Z")
        self.assertEqual((page["totalRecords"], page["totalPages"]), ("4", "2"))
        self.assertEqual(page["deletedRecordList"]["deletedRecord"][0]["record"]["name"].split()[0], "C10060")
        more = self.deleted("customer", "2026-01-01T00:00:00Z", 2)["deletedRecordList"]["deletedRecord"]
        self.assertEqual([row["record"]["@internalId"] for row in more], ["5070"])


class Workflows(AccountTest):
    def test_a_save_succeeds_whatever_the_accounts_scripts_made_of_it(self):
        change = ("<tranSales:orderStatus>_pendingFulfillment</tranSales:orderStatus>"
                  '<tranSales:itemList replaceAll="false"><tranSales:item><tranSales:quantity>9</tranSales:quantity>'
                  "<tranSales:line>1</tranSales:line></tranSales:item><tranSales:item>"
                  "<tranSales:quantity>8</tranSales:quantity><tranSales:line>2</tranSales:line></tranSales:item>"
                  "</tranSales:itemList>")
        for workflow, status, quantities in (("keeps_lines", "_pendingFulfillment", ["2", "1"]),
                                             ("keeps_last_line", "_pendingFulfillment", ["9", "1"]),
                                             ("keeps_status", "_pendingApproval", ["9", "8"])):
            order = self.order(f"WEB/{workflow}", lines=(("1200", "2", "10"), ("1201", "1", "5")))
            self.process.control("POST", "setup", {"workflow": workflow})
            now = self.change(order["@internalId"], change)
            self.assertEqual((now["orderStatus"], [line["quantity"] for line in now["itemList"]["item"]]),
                             (status, quantities), workflow)
            self.process.control("POST", "setup", {"workflow": ""})
        self.process.control("POST", "setup", {"workflow": "approves"})
        self.assertEqual(self.order("WEB/41")["orderStatus"], "_pendingFulfillment")
        self.process.control("POST", "setup", {"workflow": ""})

    def test_a_customer_keeps_its_codes_and_takes_the_rest(self):
        self.process.control("POST", "setup", {"workflow": "keeps_codes"})
        before = self.get("customer", "5030")
        self.call("update", '<platformMsgs:record xsi:type="listRel:Customer" internalId="5030">'
                  "<listRel:phone>77</listRel:phone><listRel:isInactive>true</listRel:isInactive>"
                  '<listRel:priceLevel internalId="7"/></platformMsgs:record>')
        self.process.control("POST", "setup", {"workflow": ""})
        now = self.get("customer", "5030")
        self.assertEqual((now["phone"], now["isInactive"], now["priceLevel"]), ("77", "false", before["priceLevel"]))

    def test_a_line_that_is_copied_keeps_its_columns(self):
        order = self.order("WEB/42")
        self.user("copy_line", order=order["tranId"], line="1")
        lines = self.get("salesOrder", order["@internalId"])["itemList"]["item"]
        self.assertEqual([(line["line"], line["quantity"]) for line in lines], [("1", "2"), ("2", "2")])


class Stock(AccountTest):
    def level(self, item="1205", place="20"):
        rows = self.call("getItemAvailability", '<platformMsgs:itemAvailabilityFilter><platformCore:item>'
                         f'<platformCore:recordRef internalId="{item}"/></platformCore:item>'
                         "</platformMsgs:itemAvailabilityFilter>")["itemAvailabilityList"]["itemAvailability"]
        row = next(one for one in rows if one["locationId"]["@internalId"] == place)
        return Decimal(row["quantityOnHand"]), Decimal(row["quantityCommitted"])

    def adjust(self, external, quantity, item="1205"):
        return self.call("add", f'<platformMsgs:record xsi:type="tranInvt:InventoryAdjustment" externalId="{external}">'
                         '<tranInvt:subsidiary internalId="2"/><tranInvt:account internalId="151"/><tranInvt:inventoryList><tranInvt:inventory>'
                         f'<tranInvt:item internalId="{item}"/><tranInvt:location internalId="20"/>'
                         f"<tranInvt:adjustQtyBy>{quantity}</tranInvt:adjustQtyBy>"
                         "</tranInvt:inventory></tranInvt:inventoryList></platformMsgs:record>")

    def test_an_adjustment_is_posted_once_under_its_external_id(self):
        before, _ = self.level()
        self.adjust("MV-1", "2.5")
        self.refused("DUP_RCRD", self.adjust, "MV-1", "2.5")
        self.assertEqual(self.level()[0], before + Decimal("2.5"))
        self.refused("INVALID_KEY_OR_REF", self.adjust, "MV-2", "1", item="9")
        self.assertEqual(self.level()[0], before + Decimal("2.5"))

    def test_only_approved_orders_are_committed_and_only_what_there_is(self):
        _, before = self.level("1206")
        self.order(lines=(("1206", "3", "1"),))
        self.assertEqual(self.level("1206")[1], before)
        self.order(lines=(("1206", "3", "1"),), status="_pendingFulfillment")
        self.assertEqual(self.level("1206")[1], before + 3)
        on_hand, _ = self.level("1206")
        self.order(lines=(("1206", "9999", "1"),), status="_pendingFulfillment")
        self.assertEqual(self.level("1206")[1], on_hand)


class Returns(AccountTest):
    def test_a_return_is_of_an_invoice_of_the_same_customer_and_is_received_and_credited(self):
        order = self.order("WEB/20", status="_pendingFulfillment")
        self.user("pick_and_ship", order=order["tranId"])
        invoice = self.user("invoice", order=order["tranId"])["invoices"][0]
        source = next(row for row in self.process.control("GET", "state?part=invoices")["invoices"]
                      if row["tranId"] == invoice)
        record = ('<platformMsgs:record xsi:type="tranCust:ReturnAuthorization" externalId="{}">'
                  '<tranCust:entity internalId="{}"/><tranCust:createdFrom internalId="{}"/>'
                  '<tranCust:itemList><tranCust:item><tranCust:item internalId="1200"/>'
                  "<tranCust:quantity>1</tranCust:quantity><tranCust:rate>10</tranCust:rate>"
                  '<tranCust:location internalId="20"/></tranCust:item></tranCust:itemList></platformMsgs:record>')
        self.refused("INVALID_KEY_OR_REF", self.call, "add", record.format("R#1", "5002", source["internalId"]))
        number = self.call("add", record.format("R#1", "5001", source["internalId"]))["baseRef"]["@internalId"]
        made = self.get("returnAuthorization", number)
        self.assertEqual((made["orderStatus"], made["createdFrom"]["name"]), ("_pendingReceipt", invoice))
        self.refused("DUP_RCRD", self.call, "add", record.format("R#1", "5001", source["internalId"]))
        self.user("post_returns", **{"return": made["tranId"]})
        self.assertEqual(self.get("returnAuthorization", number)["orderStatus"], "_refunded")


if __name__ == "__main__":
    unittest.main()
