"""Shipping and invoicing, as the warehouse and the accounting of the ERP do it."""

from __future__ import annotations

import zlib
from decimal import ROUND_CEILING, Decimal

from common.decimals import EXACT, cents, divide, multiply
from . import books, ledger, reservations
from .company import Company
from .orders import ITEM, ORDER, RELEASED, order_lines, remove, touch
from .pricing import split_vat
from .tables import TABLES

_SHIP, _INVOICE, _ALL = 1, 2, 3  # Customer."Blocked"


def ship(company: Company, header: dict, partly: bool) -> dict | None:
    """Ships what is in stock of a released order, of partly only a part. None if nothing could be shipped."""
    customer = company.store.get("Customer", header["Sell-to Customer No_"])
    if header["Status"] != RELEASED or (customer and customer["Blocked"] in (_SHIP, _ALL)):
        return None
    lines = order_lines(company, header["No_"])
    quantities = _shippable(company, lines, partly)
    if not quantities:
        return None
    return post_shipment(company, header, lines, quantities)


def _shippable(company: Company, lines: list[dict], partly: bool) -> dict:
    """line number -> quantity, from real stock; services and charges go with the first goods."""
    quantities: dict = {}
    taken: dict = {}
    items = [line for line in lines if line["Type"] == ITEM and Decimal(line["Outstanding Quantity"])]
    others = [line for line in lines if line["Type"] not in (0, ITEM)]
    for index, line in enumerate(items):
        wanted = Decimal(line["Outstanding Quantity"])
        place = (line["No_"], line["Location Code"])
        if not place[1]:
            continue
        if partly:
            if index and len(items) > 1:
                break
            wanted = (wanted / 2).to_integral_value(ROUND_CEILING) if wanted > 1 else wanted
        if not company.enabled("allow_negative_inventory"):
            stock = ledger.on_hand(company, *place) - taken.get(place, Decimal(0))
            wanted = min(wanted, stock)
        if wanted > 0:
            quantities[line["Line No_"]] = wanted
            taken[place] = taken.get(place, Decimal(0)) + wanted
    if quantities or not items:
        for line in others:
            if Decimal(line["Outstanding Quantity"]):
                quantities[line["Line No_"]] = Decimal(line["Outstanding Quantity"])
    return quantities


def post_shipment(company: Company, header: dict, lines: list[dict], quantities: dict) -> dict:
    """Posts these quantities: shipment document, ledger entries, lines, order."""
    store = company.store
    today = company.today_sql()
    number = store.next_number("S-SHPT")
    columns = TABLES["Sales Shipment Header"][0]
    store.insert("Sales Shipment Header", {
        **{column: value for column, value in header.items() if column in columns},
        "No_": number, "Order No_": header["No_"], "Posting Date": today, "Document Date": today,
        "Shipment Date": today})
    shipped = []
    for line in lines:
        quantity = quantities.get(line["Line No_"])
        if not quantity:
            continue
        store.insert("Sales Shipment Line", {
            "Document No_": number, "Line No_": line["Line No_"], "Type": line["Type"], "No_": line["No_"],
            "Sell-to Customer No_": line["Sell-to Customer No_"], "Description": line["Description"],
            "Location Code": line["Location Code"], "Unit of Measure Code": line["Unit of Measure Code"],
            "Quantity": quantity, "Unit Price": line["Unit Price"], "Shipment Date": today,
            "Order No_": header["No_"], "Order Line No_": line["Line No_"]})
        if line["Type"] == ITEM:
            ledger.post(company, line["No_"], line["Location Code"], ledger.SALE, -quantity, number, today, **{
                "Document Type": ledger.SALES_SHIPMENT, "Document Line No_": line["Line No_"],
                "Source No_": header["Sell-to Customer No_"], "Order No_": header["No_"],
                "External Document No_": header["External Document No_"]})
        _add(line, "Quantity Shipped", quantity)
        _add(line, "Qty_ Shipped Not Invoiced", quantity)
        _add(line, "Outstanding Quantity", -quantity)
        line["Qty_ to Ship"] = line["Outstanding Quantity"]
        store.modify("Sales Line", line)
        reservations.consume(company, header["No_"], line["Line No_"], quantity)
        shipped.append({"line_no": line["Line No_"], "item": line["No_"], "location": line["Location Code"],
                        "quantity": format(quantity.normalize(), "f")})
    header["Last Shipping No_"] = number
    touch(company, header)
    return {"order_no": header["No_"], "external_document_no": header["External Document No_"],
            "shipment_no": number, "lines": shipped}


ACCOUNTING = "CRONUS\\ACCOUNTING"


def invoice(company: Company, header: dict, user: str = ACCOUNTING) -> dict | None:
    """Invoices what was shipped. An order that is complete is deleted, as NAV does; its postings stay."""
    store = company.store
    customer = store.get("Customer", header["Bill-to Customer No_"])
    lines = order_lines(company, header["No_"])
    due = [line for line in lines if Decimal(line["Qty_ Shipped Not Invoiced"])]
    if not due or (customer and customer["Blocked"] in (_INVOICE, _ALL)):
        return None
    today = company.today_sql()
    number = store.next_number("S-INV")
    columns = TABLES["Sales Invoice Header"][0]
    store.insert("Sales Invoice Header", {
        **{column: value for column, value in header.items() if column in columns},
        "No_": number, "Order No_": header["No_"], "Posting Date": today, "Document Date": today})
    posted = [_post_invoice_line(company, header, number, line) for line in due]
    books.post_invoice(company, header, number, posted, user)
    total = sum((Decimal(line["Amount Including VAT"]) for line in posted), Decimal(0))
    header["Last Posting No_"] = number
    touch(company, header)
    complete = all(Decimal(line["Quantity Invoiced"]) == Decimal(line["Quantity"]) for line in lines)
    if complete:
        remove(company, header["No_"])
    return {"order_no": header["No_"], "external_document_no": header["External Document No_"],
            "invoice_no": number, "amount_including_vat": format(total, "f"), "order_deleted": complete}


def _post_invoice_line(company: Company, header: dict, number: str, line: dict) -> dict:
    store = company.store
    quantity = Decimal(line["Qty_ Shipped Not Invoiced"])
    ordered, before = Decimal(line["Quantity"]), Decimal(line["Quantity Invoiced"])
    # What this invoice takes is the difference of two cumulated amounts, so that the parts add up.
    discount = _share(line["Line Discount Amount"], before + quantity, ordered) - _share(
        line["Line Discount Amount"], before, ordered)
    amount = _share(line["Line Amount"], before + quantity, ordered) - _share(line["Line Amount"], before, ordered)
    net, gross = split_vat(company, amount, Decimal(line["VAT _"]), bool(header["Prices Including VAT"]))
    posted = store.insert("Sales Invoice Line", {
        "Document No_": number, "Line No_": line["Line No_"], "Type": line["Type"], "No_": line["No_"],
        "Sell-to Customer No_": line["Sell-to Customer No_"], "Description": line["Description"],
        "Location Code": line["Location Code"], "Unit of Measure Code": line["Unit of Measure Code"],
        "Quantity": quantity, "Unit Price": line["Unit Price"], "Line Discount Amount": discount,
        "Line Amount": amount, "VAT _": line["VAT _"], "Amount": net, "Amount Including VAT": gross,
        "Order No_": header["No_"], "Order Line No_": line["Line No_"]})
    _mark_invoiced(company, line, quantity)
    _add(line, "Quantity Invoiced", quantity)
    line["Qty_ Shipped Not Invoiced"] = Decimal(0)
    store.modify("Sales Line", line)
    return posted


def _mark_invoiced(company: Company, line: dict, quantity: Decimal) -> None:
    for row in company.store.select("Sales Shipment Line", '"Order No_" = ? AND "Order Line No_" = ?',
                                    (line["Document No_"], line["Line No_"])):
        free = Decimal(row["Quantity"]) - Decimal(row["Quantity Invoiced"])
        taken = min(free, quantity)
        if taken > 0:
            _add(row, "Quantity Invoiced", taken)
            quantity -= taken
            company.store.modify("Sales Shipment Line", row)


def _share(amount: str, quantity: Decimal, ordered: Decimal) -> Decimal:
    return cents(divide(multiply(Decimal(amount), quantity), ordered))


def _add(row: dict, column: str, quantity: Decimal) -> None:
    row[column] = EXACT.add(Decimal(row[column]), quantity)


def pick_and_ship(company: Company, most: int, partial_percent: int, orders: list | None) -> list[dict]:
    """Ships up to `most` released orders, oldest first; `partial_percent` of first shipments are partial."""
    store = company.store
    if orders is None:
        candidates = [row[0] for row in store.execute(
            f'SELECT DISTINCT h."No_" FROM {store.name("Sales Header")} h JOIN {store.name("Sales Line")} l '
            'ON l."Document Type" = h."Document Type" AND l."Document No_" = h."No_" '
            'WHERE h."Document Type" = 1 AND h."Status" = 1 AND l."Type" <> 0 '
            "AND l.\"Outstanding Quantity\" NOT LIKE '0.000%' ORDER BY h.\"Order Date\", h.\"No_\"")]
    else:
        candidates = orders
    done = []
    for number in candidates:
        if len(done) >= most:
            break
        with store.transaction():
            header = store.get("Sales Header", ORDER, number)
            if header is None:
                continue
            first = not header["Last Shipping No_"]
            partly = first and zlib.crc32(number.encode()) % 100 < partial_percent
            result = ship(company, header, partly)
        if result is not None:
            done.append(result)
    return done


def invoice_shipped(company: Company, most: int, orders: list | None, user: str = ACCOUNTING) -> list[dict]:
    store = company.store
    if orders is None:
        orders = [row[0] for row in store.execute(
            f'SELECT DISTINCT "Document No_" FROM {store.name("Sales Line")} WHERE "Document Type" = 1 '
            "AND \"Qty_ Shipped Not Invoiced\" NOT LIKE '0.000%' ORDER BY 1")]
    done = []
    for number in orders:
        if len(done) >= most:
            break
        with store.transaction():
            header = store.get("Sales Header", ORDER, number)
            result = invoice(company, header, user) if header is not None else None
        if result is not None:
            done.append(result)
    return done
