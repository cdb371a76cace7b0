"""What the warehouse and the accountants post: shipments and invoices of released orders."""

from __future__ import annotations

import books
import schema
from company import EXACT, ZERO, cents
from decimal import localcontext
from orders import _save, archive, blank, lines_of
from store import new_id

_SHIPMENT, _SHIPMENT_LINE = schema.BY_SET["salesShipments"], schema.BY_SET["salesShipmentLines"]
_INVOICE, _INVOICE_LINE = schema.BY_SET["salesInvoices"], schema.BY_SET["salesInvoiceLines"]
_LINE_TYPES = {"Comment": " ", "Account": "G/L Account", "Item": "Item", "Charge": "Charge Item"}


def _document(entity_type, header, number, today):
    row = blank(entity_type)
    row.update({name: header[name] for name in entity_type.properties
                if name in header and name != "status"})
    row.update(id=new_id(), number=number, orderNumber=header["number"], invoiceDate=today,
               postingDate=today, dueDate=today)
    return row


def ship(company, header, partial=False):
    """Ships what is to be shipped and in stock; None if that is nothing, else the shipment.

    partial: of the first item line, only half of it (rounded down) is shipped.
    """
    store, today = company.store, company.store.today()
    shipped, lines = [], []
    stock = {}
    for line in lines_of(company, header["id"]):
        quantity = min(line["shipQuantity"], line["quantity"] - line["shippedQuantity"])
        if line["itemNumber_"]:
            place = (line["itemNumber_"], line["locationCode_"])
            if place not in stock:
                level = store["stockLevels"].first(itemNumber=place[0], locationCode=place[1])
                stock[place] = max(level["inventory"], ZERO) if level else ZERO
            if partial and quantity > 1 and not shipped:
                quantity //= 2
            quantity = min(quantity, stock[place])
            stock[place] -= quantity
        if quantity > 0:
            shipped.append((line, quantity))
            done = line["shippedQuantity"] + quantity
            line = {**line, "shippedQuantity": done, "shipQuantity": line["quantity"] - done}
        lines.append(line)
    if not any(line["itemNumber_"] for line, _ in shipped) \
            and any(line["itemNumber_"] and line["shippedQuantity"] < line["quantity"]
                    for line in lines):
        return None  # charges do not travel alone
    if not shipped:
        return None
    shipment = _document(_SHIPMENT, header, store.number("salesShipments", "SS-C{:05d}"), today)
    store.put("salesShipments", shipment)
    for line, quantity in shipped:
        row = blank(_SHIPMENT_LINE)
        row.update({name: line[name] for name in ("sequence", "lineObjectNumber", "description",
                                                  "description2", "unitOfMeasureCode", "unitPrice",
                                                  "discountPercent", "taxPercent")})
        row.update(id=new_id(), documentId=shipment["id"], documentNo=shipment["number"],
                   lineType=_LINE_TYPES[line["lineType"]], quantity=quantity, shipmentDate=today)
        store.put("salesShipmentLines", row)
        if line["itemNumber_"]:
            company.post_ledger(line["itemNumber_"], line["locationCode_"], "Sale", -quantity,
                                shipment["number"], today)
    _save(company, header, lines, set())
    return shipment


def invoice(company, header):
    """Invoices what is shipped and not invoiced; None if that is nothing, else (invoice, completed).

    An order that is then shipped and invoiced completely is deleted, as Business Central does.
    """
    store, today = company.store, company.store.today()
    rows, lines = [], []
    for line in lines_of(company, header["id"]):
        quantity = line["shippedQuantity"] - line["invoicedQuantity"]
        if quantity > 0:
            row = blank(_INVOICE_LINE)
            row.update({name: line[name] for name in _INVOICE_LINE.properties if name in line})
            with localcontext(EXACT):
                done = cents(line["discountAmount"] * line["invoicedQuantity"] / line["quantity"])
                now = cents(line["discountAmount"] * line["shippedQuantity"] / line["quantity"])
                share = (line["invoiceDiscountAllocation"] * quantity / line["quantity"])
            row.update(id=new_id(), quantity=quantity, discountAmount=now - done)
            rows.append((row, share))
            line = {**line, "invoicedQuantity": line["shippedQuantity"],
                    "invoiceQuantity": line["quantity"] - line["shippedQuantity"]}
        lines.append(line)
    if not rows:
        return None
    document = _document(_INVOICE, header, store.number("salesInvoices", "SI-C{:05d}"), today)
    document.update(orderId=header["id"], status="Paid", remainingAmount=ZERO,
                    discountAmount=cents(sum((share for _, share in rows), ZERO)))
    document, computed = company.with_amounts(document, [row for row, _ in rows])
    store.put("salesInvoices", document)
    for row in computed:
        store.put("salesInvoiceLines", {**row, "documentId": document["id"]})
    books.post_invoice(company, document, computed)
    if all(line["invoicedQuantity"] >= line["quantity"] for line in lines
           if line["lineType"] != "Comment"):
        archive(company, header, lines, "Completed")
        return document, True
    _save(company, header, lines, set())
    return document, False
