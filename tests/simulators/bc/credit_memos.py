"""Sales credit memos: drafts that take goods back, and what posting makes of them.

One entity set holds both: a draft that is posted keeps its id and its external number, and gets the number of the
posted document. v2.0 has no return orders, and asks nothing about what was shipped.
"""

from __future__ import annotations

import books
import errors
import odata
import orders
import schema
from company import BLANK_DATE, ZERO, ZERO_GUID
from store import new_id

MEMO, LINE = schema.BY_SET["salesCreditMemos"], schema.BY_SET["salesCreditMemoLines"]
_ORDER_ONLY = {"shippedQuantity": ZERO, "invoicedQuantity": ZERO}


def lines_of(company, memo_id):
    return sorted(company.store["salesCreditMemoLines"].find(documentId=memo_id), key=lambda line: line["sequence"])


def create(company, body):
    """POST salesCreditMemos, with or without lines. Returns the header."""
    values = odata.read_body(body, MEMO.name, MEMO.properties, True, also=("salesCreditMemoLines",))
    nested = body.get("salesCreditMemoLines", [])
    if not isinstance(nested, list) or not all(isinstance(one, dict) for one in nested):
        raise errors.bad_request("wrong_type", name="salesCreditMemoLines",
                                 type="Collection(Microsoft.NAV.salesCreditMemoLine)")
    store = company.store
    customer = orders._customer(company, values, "customerNumber", "customerId")
    if customer["blocked"] == "All":
        raise errors.dialog("blocked", number=customer["number"], blocked=customer["blocked"])
    header = orders.blank(MEMO)
    header.update(id=new_id(), creditMemoDate=store.today(), postingDate=store.today(), status="Draft",
                  currencyCode=customer["currencyCode"], currencyId=customer["currencyId"])
    taken = {}
    orders._take_customer(taken, customer, customer)
    header.update({name: value for name, value in taken.items() if name in MEMO.properties})
    currency = company.currency(values)
    if currency is not None:
        values["currencyCode"], values["currencyId"] = currency
    _check_invoice(store, header, values)
    reason = values.get("customerReturnReasonId", ZERO_GUID)
    if reason != ZERO_GUID and not store["customerReturnReasons"].get(reason):
        raise errors.record_missing("Return Reason", "Id", reason)
    company.no_setup_records(values, "paymentTermsId", "shipmentMethodId")
    for name in ("customerNumber", "customerId"):
        values.pop(name, None)
    header.update(values)
    header["number"] = header["number"] or store.number("draftCreditMemos", "SCM-D{:05d}")
    store.put("salesCreditMemos", header)
    lines = []
    for at, one in enumerate(nested):
        try:
            lines.append(_line(company, header, one, lines))
        except errors.ApiError as error:
            error.where = f"salesCreditMemoLines[{at}]"
            raise
    header, computed = company.with_amounts(header, lines)
    for line in computed:
        store.put("salesCreditMemoLines", line)
    return store.put("salesCreditMemos", header)


def _check_invoice(store, header, values):
    number, record_id = values.get("invoiceNumber", ""), values.get("invoiceId", ZERO_GUID)
    if not number and record_id == ZERO_GUID:
        return
    invoice = store["salesInvoices"].first(number=number) if number else store["salesInvoices"].get(record_id)
    if invoice is None:
        raise errors.record_missing("Sales Invoice Header", "No.", number or record_id)
    if invoice["customerNumber"] != header["customerNumber"]:
        raise errors.dialog("no_match", name="invoiceNumber, customerNumber", table="Sales Invoice Header")
    values["invoiceNumber"], values["invoiceId"] = invoice["number"], invoice["id"]


def _line(company, header, body, others):
    values = odata.read_body(body, LINE.name, LINE.properties, True)
    if values.pop("documentId", header["id"]) != header["id"]:
        raise errors.dialog("fixed_value", name="documentId")
    company.no_setup_records(values, "itemVariantId")
    line = {**orders.blank(LINE), **_ORDER_ONLY, "id": new_id(), "documentId": header["id"], "taxCode": "VAT19",
            "shipmentDate": BLANK_DATE, "itemNumber_": "", "locationCode_": ""}
    sequence = values.pop("sequence", 0) or max((one["sequence"] for one in others), default=0) + 10000
    if any(one["sequence"] == sequence for one in others):
        raise errors.same_key("Sales Line", f"Document Type='Credit Memo',Document No.='{header['number']}',"
                              f"Line No.='{sequence}'")
    line["sequence"] = sequence
    line["lineType"] = values.pop("lineType", "Item")
    orders._set_object(company, line, values)
    for name in ("description", "description2", "shipmentDate"):
        if name in values:
            line[name] = values[name]
    orders._set_amounts(company, header, line, values)
    return {name: value for name, value in line.items() if name in LINE.properties or name.endswith("_")}


def delete(company, header):
    """DELETE of a draft; what is posted stays."""
    if header["status"] != "Draft":
        raise errors.dialog("released", number=header["number"])
    for line in lines_of(company, header["id"]):
        company.store.delete("salesCreditMemoLines", line["id"])
    company.store.delete("salesCreditMemos", header["id"])


def post(company, header):
    """Posts a draft: goods into stock, money into the books. None if it has no lines or is posted."""
    lines = lines_of(company, header["id"])
    if header["status"] != "Draft" or not lines:
        return None
    store, today = company.store, company.store.today()
    number = store.number("salesCreditMemos", "SCR-C{:05d}")
    for line in lines:
        if line["itemNumber_"]:
            company.post_ledger(line["itemNumber_"], line["locationCode_"], "Sale", line["quantity"], number, today)
    header = store.put("salesCreditMemos", {**header, "number": number, "postingDate": today, "status": "Paid"})
    books.post_credit_memo(company, header, lines)
    return header


def cancel(company, header):
    """What a clerk cancels takes nothing back any more."""
    return company.store.put("salesCreditMemos", {**header, "status": "Canceled"})
