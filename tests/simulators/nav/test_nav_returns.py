"""The simulated NAV's return orders: what is kept, refused, received and credited."""

from __future__ import annotations

import os
import sqlite3
import sys
import unittest
from decimal import Decimal
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from nav.client_for_tests import NavTest  # noqa: E402

_LINE = ("Key", "Type", "No", "Description", "Return_Reason_Code", "Location_Code", "Quantity",
         "Unit_of_Measure_Code", "Unit_Price", "Line_Discount_Amount")


def line(**fields: str) -> str:
    fields = {"Type": "Item", "No": "1000", "Location_Code": "EAST", "Quantity": "1", "Unit_Price": "10.00",
              "Return_Reason_Code": "DEFEKT", **fields}
    return "<Sales_Return_Order_Line>" + "".join(
        f"<{name}>{escape(fields[name])}</{name}>" for name in _LINE if name in fields) + "</Sales_Return_Order_Line>"


class Returns(NavTest):
    def invoiced(self, reference="WEB/1") -> str:
        order = self.nav.create_order(lines=(("1000", "3", "EAST"),), reference=reference, price="10.00")
        self.nav.release(order["No"])
        self.nav.user("pick_and_ship", orders=[order["No"]], partial_percent=0)
        return self.nav.user("invoice", orders=[order["No"]])["invoices"][0]["invoice_no"]

    def make(self, head="", lines=None, customer="C10004") -> dict:
        listed = f"<SalesLines>{lines}</SalesLines>" if lines else ""
        return self.nav.record("SalesReturnOrder", "Create",
                               f"<SalesReturnOrder><Sell_to_Customer_No>{customer}</Sell_to_Customer_No>{head}{listed}"
                               "</SalesReturnOrder>")

    def test_a_return_is_no_order_and_an_order_no_return(self):
        made = self.make("<External_Document_No>WEB/1#R1</External_Document_No>", line())
        self.assertTrue(made["No"].startswith("SR-"))
        self.assertIsNone(self.nav.read_order(made["No"]))
        self.assertNotIn(made["No"], [order["no"] for order in self.nav.state("orders")])
        self.assertEqual([row["No"] for row in self.nav.read_multiple(
            "SalesReturnOrder", [("External_Document_No", "'WEB/1#R1'")])], [made["No"]])

    def test_a_reason_an_invoice_or_an_article_that_is_not_there_is_refused_and_nothing_stays(self):
        before = len(self.nav.state("returns"))
        relation = "NavCSideValidateTableRelationException"
        self.refused(relation, self.make, "", line(Return_Reason_Code="NONE"))
        self.refused(relation, self.make, "", line(No="9999"))
        self.refused(relation, self.make, "<Applies_to_Doc_Type>Invoice</Applies_to_Doc_Type>"
                                          "<Applies_to_Doc_No>RE-999999</Applies_to_Doc_No>", line())
        self.assertEqual(len(self.nav.state("returns")), before)

    def test_an_invoice_of_another_customer_cannot_be_applied(self):
        invoice = self.invoiced("WEB/2")
        apply = (f"<Applies_to_Doc_Type>Invoice</Applies_to_Doc_Type>"
                 f"<Applies_to_Doc_No>{invoice}</Applies_to_Doc_No>")
        self.refused("NavCSideValidateTableRelationException", self.make, apply, line(), "C10005")
        self.assertEqual(self.make(apply, line())["Applies_to_Doc_No"], invoice)

    def test_the_key_of_before_is_stale_and_lines_are_added_with_the_key_of_now(self):
        made = self.make()
        update = lambda key: self.nav.record(  # noqa: E731
            "SalesReturnOrder", "Update",
            f"<SalesReturnOrder><Key>{escape(key)}</Key><SalesLines>{line(Quantity='2')}</SalesLines></SalesReturnOrder>")
        changed = update(made["Key"])
        self.assertEqual(Decimal(changed["SalesLines"][0]["Quantity"]), 2)
        self.assertEqual(changed["SalesLines"][0]["Line_No"], "10000")
        self.refused("ServiceBrokerException", update, made["Key"])

    def test_what_is_received_is_in_stock_and_what_is_credited_is_in_the_books(self):
        before = Decimal(self.nav.stock("1000", "EAST"))
        made = self.make("<External_Document_No>WEB/3#R1</External_Document_No>",
                         line(Quantity="2", Line_Discount_Amount="1.00"))
        self.nav.user("post_returns", orders=[made["No"]], receive_only=True)
        self.assertEqual(Decimal(self.nav.stock("1000", "EAST")), before + 2)
        open_return = next(one for one in self.nav.state("returns") if one["no"] == made["No"])
        self.assertEqual(open_return["lines"][0]["received"], "2")
        done = self.nav.user("post_returns", orders=[made["No"]])["returns"][0]
        self.assertEqual(Decimal(self.nav.stock("1000", "EAST")), before + 2, "it is taken back once")
        self.assertNotIn(made["No"], [one["no"] for one in self.nav.state("returns")])
        memo = self.nav.read_multiple("PostedSalesCreditMemos", [("Return_Order_No", f"'{made['No']}'")])[0]
        self.assertEqual(memo["No"], done["credit_memo_no"])
        self.assertEqual(memo["External_Document_No"], "WEB/3#R1")
        self.assertEqual(memo["SalesCrMemoLines"][0]["Return_Reason_Code"], "DEFEKT")
        self.assertEqual(Decimal(memo["Total_Amount_Excl_VAT"]), 19)
        db = sqlite3.connect(f"file:{self.nav.data}/nav.db?mode=ro", uri=True)
        entries = db.execute('SELECT "Document Type", "G_L Account No_", "Amount" FROM "CRONUS$G_L Entry" '
                             'WHERE "Document No_" = ?', (memo["No"],)).fetchall()
        db.close()
        self.assertEqual({kind for kind, _, _ in entries}, {3})
        self.assertEqual(sum(Decimal(amount) for _, _, amount in entries), 0)
        self.assertEqual(sum(Decimal(amount) for _, account, amount in entries if account == "1400"),
                         -Decimal(memo["Total_Amount_Incl_VAT"]))

    def test_what_was_received_is_not_deleted(self):
        made = self.make("", line())
        self.nav.user("post_returns", orders=[made["No"]], receive_only=True)
        key = self.nav.record("SalesReturnOrder", "Read", f"<No>{made['No']}</No>")["Key"]
        self.refused("NavNCLDialogException", self.nav.call, "SalesReturnOrder", "Delete", f"<Key>{escape(key)}</Key>")


if __name__ == "__main__":
    unittest.main()
