"""The general ledger: what Business Central posts with a sales invoice, or a credit memo.

v2.0 shows debits and credits, each positive or nothing, no tax code and no external number. Discounts lower
the revenue itself (Sales & Receivables Setup, Discount Posting = No Discounts).
"""

from __future__ import annotations

import sample_data
from company import EXACT, LOCAL_CURRENCY, ZERO, cents, tax_of
from decimal import localcontext
from store import new_id

RECEIVABLES, STOCK, COST_OF_SALES = "1210", "1140", "5000"
SALES_ACCOUNTS = {"RETAIL": "8400", "REDUCED": "8300", "SERVICES": "4830"}
TAX_ACCOUNTS = {"VAT19": "3806", "VAT7": "3801", "VAT0": "3800"}
# Item charges are posted by their own posting groups.
CHARGE_ACCOUNTS = {"FREIGHT": "8401", "PACKING": "8401", "GIFTWRAP": "8401", "INSURANCE": "8401",
                   "SURCHARGE": "8402"}


def post_invoice(company, invoice, lines):
    """The entries of a posted invoice, from its lines as they are in the invoice."""
    _post_document(company, invoice, lines, 1, "Invoice", f"Order {invoice['orderNumber']}")


def post_credit_memo(company, memo, lines):
    """The same with the other sign."""
    _post_document(company, memo, lines, -1, "Credit Memo", f"Credit Memo {memo['number']}")


def _post_document(company, document, lines, sign, kind, text):
    sums, cost = {}, ZERO
    rate = sample_data.EXCHANGE_RATES.get(document["currencyCode"], 1)

    def local(amount):
        return amount if document["currencyCode"] in ("", LOCAL_CURRENCY) else cents(amount / rate)

    def add(account, amount):
        sums[account] = sums.get(account, ZERO) + sign * amount

    with localcontext(EXACT):
        for line in lines:
            if line["lineType"] == "Comment":
                continue
            net, tax = local(line["netAmount"]), local(line["netTaxAmount"])
            if line["lineType"] == "Item":
                item = company.item(line["lineObjectNumber"])
                account = SALES_ACCOUNTS[item["generalProductPostingGroupCode"]]
                cost += cents(item["unitPrice"] * sample_data.COST_SHARE * line["quantity"])
            elif line["lineType"] == "Charge":
                account = CHARGE_ACCOUNTS[line["lineObjectNumber"]]
            else:
                account = line["lineObjectNumber"]
            add(account, -net)
            add(TAX_ACCOUNTS[tax_of(line)[0]], -tax)
            add(RECEIVABLES, net + tax)
        if cost:
            add(COST_OF_SALES, cost)
            add(STOCK, -cost)
    for account, amount in sums.items():
        if amount:
            _post(company, document, account, amount, kind, text)


def _post(company, document, account, amount, kind, text):
    company.store.put("generalLedgerEntries", {
        "id": new_id(), "entryNumber": int(company.store.number("generalLedger", "{}")),
        "postingDate": document["postingDate"], "documentNumber": document["number"], "documentType": kind,
        "accountId": new_id(), "accountNumber": account, "description": text,
        "debitAmount": max(amount, ZERO), "creditAmount": max(-amount, ZERO),
        "additionalCurrencyDebitAmount": ZERO, "additionalCurrencyCreditAmount": ZERO,
        "lastModifiedDateTime": ""})
