"""The general ledger and the tax ledger: what NAV posts with a sales invoice, or a credit memo.

Credits are negative. The entries of one document add up to nothing. The tax is that of the invoice's lines,
which NAV rounds line by line, added up by VAT product posting group; an entry of a tax account does not name
the group, an entry of the tax ledger does. Discounts of lines are posted to an account of their own
(Sales & Receivables Setup, Discount Posting = Line Discounts).
"""

from __future__ import annotations

import datetime
from decimal import Decimal

import sample_data
from common.decimals import EXACT, cents, divide, multiply
from .company import Company
from .orders import ITEM

INVOICE, CREDIT_MEMO = 2, 3  # Document Type
_SALE = 2  # Gen. Posting Type, and Type of the tax ledger
_CUSTOMER = 1  # Source Type
RECEIVABLES, DISCOUNTS, STOCK, COST_OF_SALES = "1400", "8735", "3980", "4000"
# General posting setup: the sales account of a general product posting group; VAT posting setup: of a rate.
SALES_ACCOUNTS = {"RETAIL": "8400", "REDUCED": "8300", "SERVICES": "2700"}
TAX_ACCOUNTS = {"VAT19": "1776", "VAT7": "1771", "VAT0": "1770"}


def post_invoice(company: Company, header: dict, number: str, lines: list[dict], user: str) -> None:
    """The entries of a posted invoice, from its lines as they are in the invoice."""
    _post_sale(company, header, lines, _Document(company, header, number, user, INVOICE), 1)


def post_credit_memo(company: Company, header: dict, number: str, lines: list[dict], user: str) -> None:
    """The same with the other sign."""
    _post_sale(company, header, lines, _Document(company, header, number, user, CREDIT_MEMO), -1)


def _post_sale(company: Company, header: dict, lines: list[dict], document: "_Document", sign: int) -> None:
    receivable = Decimal(0)
    sales: dict = {}
    taxes: dict = {}
    cost = Decimal(0)
    for line in lines:
        net = sign * document.local(line["Amount"])
        gross = sign * document.local(line["Amount Including VAT"])
        group = vat_group(Decimal(line["VAT _"]))
        item = company.store.get("Item", line["No_"]) if line["Type"] == ITEM else None
        account = SALES_ACCOUNTS[item["Gen_ Prod_ Posting Group"]] if item else (
            line["No_"] if company.store.exists("G_L Account", line["No_"]) else "8510")
        discount = Decimal(0) if header["Prices Including VAT"] else sign * document.local(
            line["Line Discount Amount"])
        _add(sales, (account, group), -EXACT.add(net, discount))
        if discount:
            _add(sales, (DISCOUNTS, group), discount)
        base, tax = taxes.get(group, (Decimal(0), Decimal(0)))
        taxes[group] = (EXACT.subtract(base, net), EXACT.subtract(tax, EXACT.subtract(gross, net)))
        receivable = EXACT.add(receivable, gross)
        if item:
            cost += sign * cents(multiply(multiply(Decimal(item["Unit Price"]), sample_data.COST_SHARE),
                                   Decimal(line["Quantity"])))
    for (account, group), amount in sales.items():
        document.post(account, amount, group, _SALE)
    for group, (base, tax) in taxes.items():
        if tax:
            document.post(TAX_ACCOUNTS[group], tax)
        document.post_vat(group, base, tax)
    document.post(RECEIVABLES, receivable)
    if cost:
        document.post(COST_OF_SALES, cost, source="INVTPCOST")
        document.post(STOCK, -cost, source="INVTPCOST")


def close_year(company: Company, year: int, amount: Decimal) -> None:
    """The close of a year on its closing date, C31.12: the last second of the day in the database."""
    store = company.store
    for account, sign in ((SALES_ACCOUNTS["RETAIL"], 1), ("0860", -1)):
        store.insert("G_L Entry", {
            "Entry No_": store.next_entry("G_L Entry"), "G_L Account No_": account,
            "Posting Date": f"{year}-12-31 23:59:59", "Document No_": f"CLOSE{year}", "Amount": sign * amount,
            "Source Code": "CLSINCOME", "User ID": "CRONUS\\ACCOUNTING"})


def vat_group(percent: Decimal) -> str:
    return f"VAT{format(percent.normalize(), 'f')}"


class _Document:
    def __init__(self, company: Company, header: dict, number: str, user: str, kind: int):
        self.store, self.header, self.user = company.store, header, user
        self.rate = sample_data.EXCHANGE_RATES.get(header["Currency Code"], Decimal(1))
        self.common = {"Posting Date": company.today_sql(), "Document Type": kind, "Document No_": number,
                       "External Document No_": header["External Document No_"], "User ID": user,
                       "Transaction No_": company.store.next_entry("G_L Entry")}

    def local(self, amount) -> Decimal:
        return cents(divide(Decimal(amount), self.rate))

    def post(self, account: str, amount: Decimal, group: str = "", posting_type: int = 0,
             source: str = "SALES") -> None:
        self.store.insert("G_L Entry", {
            **self.common, "Entry No_": self.store.next_entry("G_L Entry"), "G_L Account No_": account,
            "Amount": amount, "Debit Amount": max(amount, Decimal(0)), "Credit Amount": max(-amount, Decimal(0)),
            "Source Code": source, "Gen_ Posting Type": posting_type, "VAT Prod_ Posting Group": group,
            "Source Type": _CUSTOMER, "Source No_": self.header["Bill-to Customer No_"]})

    def post_vat(self, group: str, base: Decimal, tax: Decimal) -> None:
        self.store.insert("VAT Entry", {
            **self.common, "Entry No_": self.store.next_entry("VAT Entry"), "Type": _SALE, "Base": base,
            "Amount": tax, "VAT Prod_ Posting Group": group, "Source Code": "SALES",
            "Bill-to_Pay-to No_": self.header["Bill-to Customer No_"]})


def _add(sums: dict, key, amount: Decimal) -> None:
    sums[key] = EXACT.add(sums.get(key, Decimal(0)), amount)
