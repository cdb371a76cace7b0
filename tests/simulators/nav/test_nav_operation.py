"""The simulated NAV at work: users, postings, price file, faults, restart."""

from __future__ import annotations

import concurrent.futures
import http.client
import os
import signal
import sqlite3
import sys
import tempfile
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import sample_data  # noqa: E402
from nav.client_for_tests import Fault, HttpError, Nav, NavTest, order_line, wait_for  # noqa: E402


class Seed(NavTest):
    def test_stock_is_that_of_the_sample_data_and_every_sum_agrees(self):
        for row in self.nav.state("ledger"):
            self.assertEqual(Decimal(row["quantity"]), sample_data.opening_stock(row["item"], row["location"]))
        db = sqlite3.connect(f"file:{self.nav.data}/nav.db?mode=ro", uri=True)
        sums = {}
        for item, location, quantity, remaining in db.execute(
                'SELECT "Item No_", "Location Code", "Quantity", "Remaining Quantity" FROM "CRONUS$Item Ledger Entry"'):
            entry = sums.setdefault((item, location), [Decimal(0), Decimal(0)])
            entry[0] += Decimal(quantity)
            entry[1] += Decimal(remaining)
        db.close()
        self.assertEqual([pair for pair in sums.items() if pair[1][0] != pair[1][1]], [])

    def test_there_are_two_hundred_older_orders_of_which_forty_are_gone(self):
        orders = self.nav.state("orders")
        self.assertEqual(len(orders), 160)
        self.assertEqual(len({entry["order_no"] for entry in self.nav.state("invoices")}), 40)
        part_shipped = [order for order in orders if any(line["shipped"] != "0" for line in order["lines"])]
        self.assertEqual(len(part_shipped), 30)
        self.assertTrue(all(any(line["outstanding"] != "0" for line in order["lines"]) for order in part_shipped))
        self.assertEqual(len(self.nav.state("customers")), 120)
        self.assertEqual(len(self.nav.state("prices")), len(sample_data.PRICES))


class Books(NavTest):
    def entries(self, table, number):
        db = sqlite3.connect(f"file:{self.nav.data}/nav.db?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        rows = db.execute(f'SELECT * FROM "CRONUS${table}" WHERE "Document No_" = ?', (number,)).fetchall()
        db.close()
        return rows

    def test_an_invoice_is_posted_balanced_with_discount_and_tax_of_their_own(self):
        order = self.nav.record("SalesOrder", "Create", "<SalesOrder><Sell_to_Customer_No>C10004</Sell_to_Customer_No><SalesLines>"
                                + order_line(Type="Item", No="1000", Location_Code="EAST", Quantity="2",
                                             Unit_Price="10.00", Line_Discount_Amount="1.50")
                                + "</SalesLines></SalesOrder>")
        self.nav.call("SalesRelease", "ReleaseOrder", f"<orderNo>{order['No']}</orderNo>")
        self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=0)
        number = self.nav.user("invoice", orders=[order["No"]], user="CRONUS\\EVA")["invoices"][0]["invoice_no"]
        sums: dict = {}
        for row in self.entries("G_L Entry", number):
            sums[row["G_L Account No_"]] = sums.get(row["G_L Account No_"], 0) + Decimal(row["Amount"])
            self.assertEqual(row["User ID"], "CRONUS\\EVA")
        self.assertEqual(sum(sums.values()), 0)
        self.assertEqual([sums[account] for account in ("8400", "8735", "1776", "1400")],
                         [Decimal("-20"), Decimal("1.5"), Decimal("-3.52"), Decimal("22.02")])
        tax = self.entries("VAT Entry", number)
        self.assertEqual([(row["VAT Prod_ Posting Group"], Decimal(row["Amount"]), Decimal(row["Base"]))
                          for row in tax], [("VAT19", Decimal("-3.52"), Decimal("-18.5"))])


class Posting(NavTest):
    def test_an_open_order_is_never_picked(self):
        order = self.nav.create_order()
        self.assertEqual(self.nav.user("pick_and_ship", orders=[order["No"]])["shipments"], [])

    def test_a_released_order_is_shipped_invoiced_and_deleted_and_its_postings_stay(self):
        order = self.nav.create_order((("1010", "3", "EAST"), ("1011", "1", "WEST")), reference="WEB/900")
        order = self.nav.update_order(order["Key"], lines=order_line(
            Type="G_L_Account", No="8510", Quantity="1", Unit_Price="4.95"))
        self.nav.release(order["No"])
        before = Decimal(self.nav.stock("1010", "EAST"))
        shipment, = self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=0)["shipments"]
        self.assertEqual(shipment["external_document_no"], "WEB/900")
        self.assertEqual(Decimal(self.nav.stock("1010", "EAST")), before - 3)
        shipped = self.nav.read_order(order["No"])
        self.assertEqual([line["Quantity_Shipped"] for line in shipped["SalesLines"]], ["3", "1", "1"])
        self.assertNotEqual(shipped["Key"], order["Key"])
        self.refused("NavNCLDialogException", self.nav.call, "SalesOrder", "Delete", f"<Key>{shipped['Key']}</Key>")
        invoice, = self.nav.user("post", orders=[order["No"]])["invoices"]
        self.assertTrue(invoice["order_deleted"])
        self.assertEqual(Decimal(invoice["amount_including_vat"]), Decimal(order["Total_Amount_Incl_VAT"]))
        self.assertIsNone(self.nav.read_order(order["No"]))
        posted, = self.nav.read_multiple("PostedSalesShipments", [("External_Document_No", "WEB/900")])
        self.assertEqual((posted["Order_No"], posted["No"]), (order["No"], shipment["shipment_no"]))
        self.assertEqual([(line["Line_No"], line["No"], line["Quantity"]) for line in posted["SalesShipmLines"]],
                         [("10000", "1010", "3"), ("20000", "1011", "1"), ("30000", "8510", "1")])
        billed, = self.nav.read_multiple("PostedSalesInvoices", [("Order_No", order["No"])])
        self.assertEqual(billed["Total_Amount_Incl_VAT"], order["Total_Amount_Incl_VAT"])
        self.assertEqual(self.nav.state("archived", no=order["No"]), [])

    def test_a_part_shipped_order_keeps_its_rest_and_does_not_go_below(self):
        order = self.nav.create_order((("1012", "4", "EAST"),), price="10")
        self.nav.release(order["No"])
        self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=100)
        self.nav.user("invoice", orders=[order["No"]])
        self.nav.reopen(order["No"])
        order = self.nav.read_order(order["No"])
        line = order["SalesLines"][0]
        self.assertEqual((line["Quantity_Shipped"], line["Quantity_Invoiced"], line["Outstanding_Quantity"]),
                         ("2", "2", "2"))
        fault = self.refused("NavNCLDialogException", self.nav.update_order, order["Key"],
                             lines=order_line(Key=line["Key"], Quantity="1"))
        self.assertIn("2", fault.text)
        self.refused("NavTestFieldException", self.nav.call, "SalesOrder", "Delete_SalesLines",
                     f"<SalesLines_Key>{line['Key']}</SalesLines_Key>")
        order = self.nav.update_order(order["Key"], lines=order_line(Key=line["Key"], Quantity="2"))
        self.assertEqual(order["SalesLines"][0]["Outstanding_Quantity"], "0")

    def test_lines_without_stock_are_left(self):
        order = self.nav.create_order((("1013", "100000", "EAST"),))
        self.nav.release(order["No"])
        stock = self.nav.stock("1013", "EAST")
        shipment, = self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=0)["shipments"]
        self.assertEqual(shipment["lines"][0]["quantity"], stock)
        self.assertEqual(self.nav.user("pick_and_ship", orders=[order["No"]])["shipments"], [])

    def test_invoices_of_parts_add_up_to_the_order(self):
        order = self.nav.create_order((("1014", "7", "WEST"),), price="1.11")
        line = order["SalesLines"][0]
        order = self.nav.update_order(order["Key"], lines=order_line(Key=line["Key"], Line_Discount_Amount="1.00"))
        self.nav.release(order["No"])
        while self.nav.read_order(order["No"]):
            shipped = self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=100)["shipments"]
            self.nav.user("invoice", orders=[order["No"]])
            self.assertTrue(shipped)
        amounts = [Decimal(line["amount"]) for entry in self.nav.state("invoices", order_no=order["No"])
                   for line in entry["lines"]]
        self.assertGreater(len(amounts), 1)
        self.assertEqual(sum(amounts), Decimal("6.77"))

    def test_journal_lines_post_at_once_and_again_when_repeated(self):
        before = Decimal(self.nav.stock("1015", "EAST"))
        first = self.nav.post_journal("MOVE-1", item="1015")
        second = self.nav.post_journal("MOVE-1", item="1015")
        self.assertGreater(second, first)
        self.assertEqual(Decimal(self.nav.stock("1015", "EAST")), before + 10)
        self.nav.post_journal("MOVE-2", "3.5", "Negative_Adjmt", "1015")
        self.assertEqual(Decimal(self.nav.stock("1015", "EAST")), before + Decimal("6.5"))
        entries = self.nav.state("ledger_entries", document="MOVE-1")
        self.assertEqual([entry["entry_no"] for entry in entries], [first, second])
        self.refused("NavNCLDialogException", self.nav.post_journal, "MOVE-3", "99999", "Negative_Adjmt", "1015")
        self.refused("NavNCLStringLengthExceededException", self.nav.post_journal, "M" * 21)
        self.refused("NavNCLDialogException", self.nav.post_journal, "MOVE-4", "0")
        self.refused("XmlSchemaValidationException", self.nav.post_journal, "MOVE-5", kind="Purchase")

    def test_the_guard_of_the_site_refuses_a_repeated_document(self):
        self.nav.control("POST", "setup", {"item_journal_guard": True})
        self.nav.post_journal("GUARD-1")
        self.refused("NavCSideDuplicateKeyException", self.nav.post_journal, "GUARD-1")
        self.nav.control("POST", "setup", {"item_journal_guard": False})

    def test_the_warehouse_reports_receipts_and_issues(self):
        before = Decimal(self.nav.stock("1016", "CENTRAL"))
        self.nav.user("receipt", item="1016", location="CENTRAL", quantity="12", document="WE-1")
        result = self.nav.user("goods_issue", item="1016", location="CENTRAL", quantity="5", document="WA-1")
        self.assertEqual(Decimal(result["on_hand"]), before + 7)
        self.assertEqual(Decimal(self.nav.stock("1016", "CENTRAL")), before + 7)

    def test_users_edit_delete_and_type_orders(self):
        made = self.nav.user("create_order", header={"Sell_to_Customer_No": "C10001"}, release=True,
                             lines=[{"No": "1017", "Quantity": "2", "Location_Code": "EAST"}])
        before = self.nav.read_order(made["no"])
        self.nav.user("edit_order", no=made["no"], header={"Your_Reference": "by phone"},
                      lines=[{"line_no": 10000, "Quantity": "3"}])
        after = self.nav.read_order(made["no"])
        self.assertEqual((after["Status"], after["Your_Reference"], after["SalesLines"][0]["Quantity"]),
                         ("Released", "by phone", "3"))
        self.assertNotEqual(after["Key"], before["Key"])
        self.nav.user("delete_order", no=made["no"], reason="Customer called")
        archived, = self.nav.state("archived", no=made["no"])
        self.assertEqual(archived["reason"], "Customer called")

    def test_a_blocked_customer_is_not_shipped(self):
        order = self.nav.create_order((("1018", "1", "EAST"),), customer="C10040")
        self.nav.release(order["No"])
        self.nav.user("block_customer", number="C10040", blocked="Ship")
        self.assertEqual(self.nav.user("pick_and_ship", orders=[order["No"]])["shipments"], [])


class PriceFile(NavTest):
    def read(self, result) -> list[str]:
        with open(result["path"], encoding="utf-8", newline="") as file:
            text = file.read()
        os.remove(result["path"])
        self.assertTrue(text.endswith("\r\n"))
        return text[:-2].split("\r\n")

    def test_a_full_file_has_every_price_and_true_control_totals(self):
        lines = self.read(self.nav.user("write_price_file", mode="full"))
        head, rows, trailer = lines[0].split(";"), [line.split(";") for line in lines[1:-1]], lines[-1].split(";")
        self.assertEqual(head[:2] + [head[3], head[5]], ["H", "PRICES", "FULL", "EUR"])
        self.assertEqual(len(rows), len(self.nav.state("prices")))
        self.assertTrue(all(row[0] == "P" and len(row) == 11 for row in rows))
        self.assertEqual((trailer[0], int(trailer[1])), ("T", len(rows)))
        self.assertEqual(Decimal(trailer[2]), sum(Decimal(row[8]) for row in rows))
        self.assertEqual([name for name in os.listdir(self.nav.data) if name.endswith(".tmp")], [])

    def test_a_delta_has_what_changed_and_what_went(self):
        self.read(self.nav.user("write_price_file", mode="full"))
        self.assertEqual(self.read(self.nav.user("write_price_file", mode="delta"))[1:], ["T;0;0.00"])
        self.nav.user("change_price", item="1020", unit_price="7.125", sales_type="group", code="VIP",
                      minimum_quantity="50", starts="2026-12-01", ends="2026-12-31")
        self.nav.user("change_price", item="1021", unit_price="8.10")
        trapped = self.read(self.nav.user("write_price_file", mode="delta", trap="bad_hash"))
        self.assertEqual(trapped[-1], "T;2;15.235")
        rows = self.read(self.nav.user("write_price_file", mode="delta"))
        self.assertEqual(rows[1:], ["P;1020;1;VIP;2026-12-01;2026-12-31;50;PCS;7.125;0;Europe/Berlin",
                                    "P;1021;2;;2026-01-01;;0;PCS;8.10;0;Europe/Berlin", "T;2;15.225"])
        self.nav.user("change_price", item="1020", sales_type="group", code="VIP", minimum_quantity="50",
                      starts="2026-12-01", delete=True)
        rows = self.read(self.nav.user("write_price_file", mode="delta"))
        self.assertEqual(rows[1:], ["D;1020;1;VIP;2026-12-01;50;PCS", "T;1;0.00"])

    def test_traps_are_truncated_repeated_and_half_written_files(self):
        good = self.nav.user("write_price_file", mode="full")
        content = self.read(good)
        again = self.nav.user("write_price_file", trap="duplicate")
        self.assertEqual((again["batch"], self.read(again)), (good["batch"], content))
        cut = self.nav.user("write_price_file", mode="full", trap="truncated")
        with open(cut["path"], encoding="utf-8") as file:
            self.assertNotIn("\nT;", file.read())
        half = self.nav.user("write_price_file", mode="full", trap="half_written", complete_after_ms=50)

        def complete():
            with open(half["path"], encoding="utf-8") as file:
                return "\nT;" in file.read()
        self.assertTrue(wait_for(complete))


class Faults(NavTest):
    def tearDown(self):
        self.nav.control("DELETE", "faults")

    def found(self, reference: str) -> list:
        return self.nav.state("orders", external_document_no=reference)

    def test_refusals_do_nothing(self):
        for kind in ("429", "503", "500"):
            self.nav.fault("SalesOrder.Create", kind)
            with self.assertRaises(HttpError) as caught:
                self.nav.create_order(reference="REFUSED")
            self.assertEqual(caught.exception.status, int(kind))
        self.assertEqual(self.found("REFUSED"), [])
        self.nav.create_order(reference="REFUSED")
        self.assertEqual(len(self.found("REFUSED")), 1)

    def test_a_504_after_the_commit_has_committed(self):
        self.nav.fault("SalesOrder.*", "504_after_commit")
        with self.assertRaises(HttpError) as caught:
            self.nav.create_order(reference="G504")
        self.assertEqual(caught.exception.status, 504)
        self.assertEqual(len(self.found("G504")), 1)

    def test_a_dropped_connection_may_or_may_not_have_committed(self):
        for kind, count in (("drop", 0), ("drop_after_commit", 1)):
            self.nav.fault("SalesOrder.Create", kind)
            with self.assertRaises((http.client.HTTPException, OSError)):
                self.nav.create_order(reference=kind.upper())
            self.assertEqual(len(self.found(kind.upper())), count)

    def test_a_late_commit_is_there_later(self):
        self.nav.fault("SalesOrder.Create", "late_commit", delay_ms=300)
        with self.assertRaises(HttpError) as caught:
            self.nav.create_order(reference="LATE")
        self.assertEqual(caught.exception.status, 503)
        self.assertEqual(self.found("LATE"), [])
        self.assertEqual(self.nav.control("GET", "faults")["late_commits_pending"], 1)
        self.assertTrue(wait_for(lambda: self.found("LATE")))

    def test_a_late_commit_does_not_survive_the_process(self):
        with tempfile.TemporaryDirectory() as folder:
            nav = Nav(folder)
            nav.fault("SalesOrder.Create", "late_commit", delay_ms=600_000)
            with self.assertRaises(HttpError):
                nav.create_order(reference="NEVER")
            nav.stop(signal.SIGKILL)
            nav = Nav(folder)
            self.assertEqual(nav.state("orders", external_document_no="NEVER"), [])
            nav.stop()

    def test_a_duplicate_makes_two_orders(self):
        self.nav.fault("SalesOrder.Create", "duplicate")
        answered = self.nav.create_order(reference="DOUBLE")
        self.assertEqual([order["no"] for order in self.found("DOUBLE")][1], answered["No"])
        self.assertEqual(len(self.found("DOUBLE")), 2)

    def test_a_stale_key_is_made_by_somebody_else(self):
        order = self.nav.create_order()
        self.nav.fault("SalesOrder.Update", "stale_key")
        fault = self.refused("ServiceBrokerException", self.nav.update_order, order["Key"],
                             "<Your_Reference>x</Your_Reference>")
        self.assertIn("hat den Datensatz geändert", fault.text)
        self.nav.update_order(self.nav.read_order(order["No"])["Key"], "<Your_Reference>x</Your_Reference>")

    def test_a_slow_answer_is_correct(self):
        self.nav.fault("Customer.Read", "slow", delay_ms=50)
        self.assertEqual(self.nav.record("Customer", "Read", "<No>C10000</No>")["No"], "C10000")
        self.assertEqual(self.nav.control("GET", "faults")["faults"][0]["fired"], 1)

    def test_rules_count_draw_and_are_checked(self):
        self.nav.fault("*", "503", probability=0.5)
        outcomes = []
        for _ in range(60):
            try:
                self.nav.record("Customer", "Read", "<No>C10000</No>")
                outcomes.append(True)
            except HttpError:
                outcomes.append(False)
        self.assertEqual(outcomes.count(False), self.nav.control("GET", "faults")["faults"][0]["fired"])
        self.assertTrue(10 < outcomes.count(False) < 50)
        for wrong in ({"operation": "*", "kind": "strange"}, {"kind": "503"}, {"operation": "*", "kind": "503", "x": 1},
                      {"operation": "*", "kind": "503", "count": 0}, {"operation": "*", "kind": "503", "probability": 2}):
            self.nav.control("POST", "faults", wrong, expect=(400,))


    def test_the_story_tells_what_was_created_when_and_under_which_fault(self):
        self.nav.fault("SalesOrder.Create", "duplicate")
        self.nav.create_order(reference="STORY/1")
        self.nav.create_order(reference="STORY/1")
        story = self.nav.control("GET", "story?about=STORY/1")["story"]
        self.assertEqual([(entry["kind"], entry["status"]) for entry in story],
                         [("duplicate", 200), ("duplicate", 200), ("", 200)])


class Quotas(unittest.TestCase):
    def test_more_calls_than_the_window_allows_are_refused_unless_quotas_are_off(self):
        for options, expected in ((["--requests", "2"], [200, 200, 429]), (["--no-quotas", "--requests", "2"], [200] * 3)):
            with tempfile.TemporaryDirectory() as folder:
                nav = Nav(folder, *options)
                outcomes = []
                for _ in range(3):
                    try:
                        nav.record("Customer", "Read", "<No>C10000</No>")
                        outcomes.append(200)
                    except HttpError as error:
                        outcomes.append(error.status)
                self.assertEqual(outcomes, expected)
                self.assertEqual(nav.stop(), 0)


class Restart(unittest.TestCase):
    def test_everything_committed_survives_a_kill_and_numbers_go_on(self):
        with tempfile.TemporaryDirectory() as folder:
            nav = Nav(folder)
            order = nav.create_order(reference="KEEP/1")
            nav.post_journal("KEEP-1")
            before = nav.control("GET", "state")
            nav.stop(signal.SIGKILL)
            nav = Nav(folder)
            self.assertEqual(nav.control("GET", "state"), before)
            self.assertEqual(nav.read_order(order["No"]), order)
            following = nav.create_order()
            self.assertEqual(int(following["No"][3:]), int(order["No"][3:]) + 1)
            nav.update_order(order["Key"], "<Your_Reference>again</Your_Reference>")
            self.assertEqual(nav.stop(), 0)


class Concurrency(NavTest):
    def test_twenty_clients_lose_and_repeat_nothing(self):
        def work(client: int) -> list[str]:
            numbers = []
            for index in range(10):
                order = self.nav.create_order(reference=f"PAR/{client}-{index}")
                order = self.nav.update_order(order["Key"], "<Your_Reference>ok</Your_Reference>")
                self.nav.release(order["No"])
                numbers.append(order["No"])
            return numbers

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            numbers = [number for done in pool.map(work, range(20)) for number in done]
        self.assertEqual(len(set(numbers)), 200)
        made = [order for order in self.nav.state("orders") if order["external_document_no"].startswith("PAR/")]
        self.assertEqual(len(made), 200)
        self.assertTrue(all(order["status"] == "Released" for order in made))

    def test_one_of_two_writers_under_one_key_loses(self):
        order = self.nav.create_order()

        def write(name: str) -> bool:
            try:
                self.nav.update_order(order["Key"], f"<Your_Reference>{name}</Your_Reference>")
                return True
            except Fault:
                return False

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(sum(pool.map(write, [f"writer {index}" for index in range(8)])), 1)


if __name__ == "__main__":
    unittest.main()
