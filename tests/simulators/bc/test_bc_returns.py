"""The simulated Business Central's credit memos: drafts, what is refused, and what posting does."""

from __future__ import annotations

import os
import sys
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bc_process import ANY, Bc, where  # noqa: E402


class CreditMemos(Bc):
    def invoiced(self, reference="WEB/1"):
        order = self.order(reference, lines=[{"lineType": "Item", "lineObjectNumber": "1000", "quantity": 3,
                                              "unitPrice": 10}])
        self.release(order)
        self.bc.user("pick_and_ship", number=order["number"])
        return self.bc.user("invoice", number=order["number"])["invoiced"][0]["invoice"]

    def make(self, reference="", customer="C10002", lines=None, **more):
        lines = lines or [{"lineType": "Item", "lineObjectNumber": "1000", "quantity": 2, "unitPrice": 10,
                           "discountAmount": 1, "description2": "DAMAGED"}]
        return self.bc.v2("POST", "salesCreditMemos?$expand=salesCreditMemoLines", {
            "customerNumber": customer, "externalDocumentNumber": reference, "salesCreditMemoLines": lines, **more})

    def reason(self, code="DAMAGED"):
        return self.bc.v2("GET", "customerReturnReasons?" + where(f"code eq '{code}'")).json["value"][0]["id"]

    def test_a_draft_is_made_with_its_lines_and_found_by_its_reference(self):
        made = self.make("WEB/7#R1", customerReturnReasonId=self.reason())
        self.assertEqual(made.status, 201, made.text)
        self.assertEqual(made.json["status"], "Draft")
        self.assertEqual(Decimal(str(made.json["totalAmountExcludingTax"])), 19)
        self.assertEqual(made.json["salesCreditMemoLines"][0]["sequence"], 10000)
        for condition in ("externalDocumentNumber eq 'WEB/7#R1'", "startswith(externalDocumentNumber,'WEB/7#')"):
            found = self.bc.v2("GET", "salesCreditMemos?" + where(condition)).json["value"]
            self.assertEqual([row["id"] for row in found], [made.json["id"]])

    def test_what_is_not_there_or_another_customers_is_refused_and_nothing_stays(self):
        before = len(self.bc.state("creditMemos")["salesCreditMemos"])
        invoice = self.invoiced("WEB/8")
        for answer in (self.make(invoiceNumber="SI-NONE"), self.make(invoiceNumber=invoice, customer="C10003"),
                       self.make(customerReturnReasonId="00000000-0000-0000-0000-000000000009"),
                       self.make(lines=[{"lineType": "Item", "lineObjectNumber": "9999", "quantity": 1}])):
            self.assertEqual(answer.status, 400, answer.text)
        self.assertEqual(len(self.bc.state("creditMemos")["salesCreditMemos"]), before)
        self.assertEqual(self.make(invoiceNumber=invoice).json["invoiceNumber"], invoice)

    def test_posting_keeps_id_and_reference_and_takes_the_goods_back_once(self):
        memo = self.make("WEB/9#R1").json
        before = self.level("1000")["inventory"]
        posted = self.bc.user("post_credit_memos", number=memo["number"])["posted"][0]
        self.assertEqual(self.level("1000")["inventory"], before + 2)
        self.assertEqual(self.bc.user("post_credit_memos", number=posted["number"])["posted"], [])
        self.assertEqual(self.level("1000")["inventory"], before + 2)
        now = self.bc.v2("GET", f"salesCreditMemos({memo['id']})").json
        self.assertEqual((now["number"], now["status"], now["externalDocumentNumber"]),
                         (posted["number"], "Paid", "WEB/9#R1"))
        entries = [row for row in self.bc.state("books")["generalLedgerEntries"]
                   if row["documentNumber"] == posted["number"]]
        self.assertEqual({row["documentType"] for row in entries}, {"Credit Memo"})
        self.assertEqual(sum(Decimal(row["debitAmount"]) - Decimal(row["creditAmount"]) for row in entries), 0)
        self.refused(self.bc.v2("DELETE", f"salesCreditMemos({memo['id']})", headers=ANY), 400,
                     "Application_DialogException")

    def test_a_draft_can_be_deleted_and_its_lines_go_with_it(self):
        memo = self.make("WEB/10#R1").json
        self.assertEqual(self.bc.v2("DELETE", f"salesCreditMemos({memo['id']})", headers=ANY).status, 204)
        self.assertEqual([row for row in self.bc.state("creditMemos")["salesCreditMemoLines"]
                          if row["documentId"] == memo["id"]], [])


if __name__ == "__main__":
    unittest.main()
