"""Sales return orders: kept, received and credited as NAV does it.

A return order lies beside the orders, in the same tables, as document type 5. Nothing about it asks what was
shipped: only what is applied (an invoice of the same customer) and what the codes refer to is checked.
"""

from __future__ import annotations

from decimal import Decimal

from common.decimals import fixed, plain
from . import books, ledger, orders
from .company import Company, decode_key, fetch_by_key, require, where_text
from .errors import NavError
from .orders import ITEM, OPEN
from .pricing import best_price, set_amounts
from .schema import APPLIES_TO, BLOCKED, RETURN_LINE, RETURN_ORDER
from .tables import TABLES
from .values import caption, equal, now_sql

RETURN_ORDER_TYPE = 5  # "Document Type"
RETURN_RECEIPT = 3  # "Document Type" of an item ledger entry
_INVOICE = APPLIES_TO.index("Invoice")
_BLOCKED_ALL = BLOCKED.index("All")

_HEADER_FIELDS = {field.element: field for field in RETURN_ORDER.fields if hasattr(field, "kind")}
_LINE_FIELDS = {field.element: field for field in RETURN_LINE.fields}


def lines_of(company: Company, number: str) -> list[dict]:
    return company.store.select("Sales Line", '"Document Type" = 5 AND "Document No_" = ?', (number,))


def create(company: Company, values: dict, lines: list[dict] | None) -> dict:
    if values.get("No"):
        raise NavError("manual_number", series="S-RETORD")
    if values.get("Key"):
        raise NavError("bad_key", key=values["Key"][:60])
    store = company.store
    today = company.today_sql()
    header = store.insert("Sales Header", {
        "Document Type": RETURN_ORDER_TYPE, "No_": store.next_number("S-RETORD"), "Status": OPEN,
        "Order Date": today, "Posting Date": today, "Document Date": today, "Last Modified At": now_sql()})
    _set_header(company, header, values, [])
    store.modify("Sales Header", header)
    for line in lines or []:
        if line.get("Key"):
            raise NavError("bad_key", key=line["Key"][:60])
        _insert_line(company, header, line)
    return header


def update(company: Company, values: dict, lines: list[dict] | None) -> dict:
    header = fetch_by_key(company, "Sales Header", values.get("Key", ""), {"Document Type": RETURN_ORDER_TYPE})
    present = lines_of(company, header["No_"])
    by_number = {line["Line No_"]: line for line in present}
    changes = {element: value for element, value in values.items() if element != "Key"
               and _HEADER_FIELDS[element].column
               and not _same(header, _HEADER_FIELDS[element], value)}
    _set_header(company, header, changes, present)
    touched = bool(changes)
    for line in lines or []:
        if not line.get("Key"):
            _insert_line(company, header, line)
            touched = True
            continue
        place, version = decode_key(line["Key"], "Sales Line")
        stored = by_number.get(place[2]) if place[:2] == (RETURN_ORDER_TYPE, header["No_"]) else None
        if stored is None:
            raise NavError("bad_key", key=line["Key"][:60])
        if stored["timestamp"] != version:
            raise NavError("stale", table="Sales Line", where=where_text("Sales Line", place))
        _set_line(company, header, stored, line)
        company.store.modify("Sales Line", stored)
        touched = True
    return orders.touch(company, header) if touched else header


def delete(company: Company, key: str) -> None:
    """A return order leaves no archive; one that was received stays until it is credited."""
    header = fetch_by_key(company, "Sales Header", key, {"Document Type": RETURN_ORDER_TYPE})
    for line in lines_of(company, header["No_"]):
        received = Decimal(line["Return Qty_ Received"])
        if received:
            raise NavError("not_invoiced", number=header["No_"], line=line["Line No_"], quantity=plain(received))
    _remove(company, header["No_"])


def delete_line(company: Company, key: str) -> None:
    values, _ = decode_key(key, "Sales Line")
    line = fetch_by_key(company, "Sales Line", key, {"Document Type": RETURN_ORDER_TYPE})
    company.store.delete("Sales Line", RETURN_ORDER_TYPE, values[1], line["Line No_"])


def _remove(company: Company, number: str) -> None:
    for line in lines_of(company, number):
        company.store.delete("Sales Line", RETURN_ORDER_TYPE, number, line["Line No_"])
    company.store.delete("Sales Header", RETURN_ORDER_TYPE, number)


def _same(header: dict, field, value) -> bool:
    if field.element == "Currency_Code" and value == "EUR":
        value = ""
    return equal(field, header[field.column], value)


def _set_header(company: Company, header: dict, values: dict, lines: list[dict]) -> None:
    for field in _HEADER_FIELDS.values():
        if field.element not in values or field.kind == "key" or not field.column:
            continue
        value = values[field.element]
        if field.element == "No" or _same(header, field, value):
            continue
        if not field.editable:
            raise NavError("read_only", field=caption(field))
        if field.element == "Sell_to_Customer_No":
            if lines:
                raise NavError("has_lines", field=caption(field), number=header["No_"])
            _set_customer(company, header, value)
            continue
        if field.element == "Currency_Code":
            value = orders.currency(company, value, "Sales Header")
        elif field.element == "Prices_Including_VAT" and lines:
            raise NavError("has_lines", field=caption(field), number=header["No_"])
        elif field.element == "Location_Code" and value:
            require(company, "Location", (value,), caption(field), "Sales Header", "Location")
        elif field.element == "Applies_to_Doc_No" and value:
            _check_applied(company, header, value)
        header[field.column] = value


def _set_customer(company: Company, header: dict, number: str) -> None:
    customer = require(company, "Customer", (number,), "Sell-to Customer No.", "Sales Header", "Customer")
    if customer["Blocked"] == _BLOCKED_ALL:  # What was sold may come back unless all is blocked.
        raise NavError("blocked", number=number, blocked=BLOCKED[customer["Blocked"]])
    payer = company.store.get("Customer", customer["Bill-to Customer No_"]) or customer
    header["Sell-to Customer No_"] = number
    header["Sell-to Customer Name"] = customer["Name"]
    header["Bill-to Customer No_"] = payer["No_"]
    header["Currency Code"] = payer["Currency Code"]
    header["Customer Price Group"] = payer["Customer Price Group"]
    for prefix, source in (("Bill-to ", payer), ("Ship-to ", customer)):
        for column in ("Name", "Address", "Address 2", "City", "Post Code", "Country_Region Code"):
            header[prefix + column] = source[column]


def _check_applied(company: Company, header: dict, number: str) -> None:
    if header["Applies-to Doc_ Type"] != _INVOICE:
        return
    invoice = require(company, "Sales Invoice Header", (number,), "Applies-to Doc. No.", "Sales Header",
                      "Sales Invoice Header")
    if invoice["Bill-to Customer No_"] != header["Bill-to Customer No_"]:
        raise NavError("relation", field="Applies-to Doc. No.", table="Sales Header", value=number,
                       related="Sales Invoice Header")


def _insert_line(company: Company, header: dict, values: dict) -> dict:
    store = company.store
    last = store.execute(f'SELECT max("Line No_") FROM {store.name("Sales Line")} '
                         'WHERE "Document Type" = 5 AND "Document No_" = ?', (header["No_"],))[0][0] or 0
    line = store.insert("Sales Line", {
        "Document Type": RETURN_ORDER_TYPE, "Document No_": header["No_"], "Line No_": last + 10000,
        "Sell-to Customer No_": header["Sell-to Customer No_"], "Location Code": header["Location Code"]})
    _set_line(company, header, line, values)
    return store.modify("Sales Line", line)


def _set_line(company: Company, header: dict, line: dict, values: dict) -> None:
    where = where_text("Sales Line", (RETURN_ORDER_TYPE, header["No_"], line["Line No_"]))
    changed = set()
    for element, value in values.items():
        field = _LINE_FIELDS[element]
        if field.kind == "key" or equal(field, line[field.column], value):
            continue
        if not field.editable:
            raise NavError("read_only", field=caption(field))
        changed.add(element)
    if changed & {"Type", "No"}:
        orders._set_sold(company, header, line, values.get("Type", line["Type"]), values.get("No", line["No_"]),
                         where)
    if values.get("Return_Reason_Code"):
        require(company, "Return Reason", (values["Return_Reason_Code"],), "Return Reason Code", "Sales Line",
                "Return Reason")
    if values.get("Location_Code"):
        require(company, "Location", (values["Location_Code"],), "Location Code", "Sales Line", "Location")
    if "Unit_of_Measure_Code" in changed and line["Type"] == ITEM:
        require(company, "Item Unit of Measure", (line["No_"], values["Unit_of_Measure_Code"]),
                "Unit of Measure Code", "Sales Line", "Item Unit of Measure")
    for element in ("Description", "Return_Reason_Code", "Location_Code", "Unit_of_Measure_Code"):
        if element in changed:
            line[_LINE_FIELDS[element].column] = values[element]
    if line["Type"] == 0:
        return
    repriced = bool(changed & {"Type", "No", "Quantity", "Unit_of_Measure_Code"})
    if "Quantity" in changed:
        quantity = Decimal(fixed(values["Quantity"], 5))
        if quantity < 0:
            raise NavError("negative", field="Quantity")
        if quantity < Decimal(line["Return Qty_ Received"]):
            raise NavError("below_shipped", shipped=plain(Decimal(line["Return Qty_ Received"])),
                           line=line["Line No_"])
        line["Quantity"] = quantity
        line["Outstanding Quantity"] = quantity - Decimal(line["Return Qty_ Received"])
    if values.get("Unit_Price") is not None and ("Unit_Price" in changed or repriced):
        line["Unit Price"] = values["Unit_Price"]
    elif repriced and line["Type"] == ITEM:
        line["Unit Price"] = best_price(
            company, company.store.get("Item", line["No_"]),
            company.store.get("Customer", header["Sell-to Customer No_"]), Decimal(line["Quantity"]),
            line["Unit of Measure Code"], header["Currency Code"], header["Order Date"])
    if values.get("Line_Discount_Amount") is not None:
        line["Line Discount Amount"] = values["Line_Discount_Amount"]
    set_amounts(company, line, bool(header["Prices Including VAT"]))


# What the warehouse and the accounting do with it.
def receive(company: Company, header: dict) -> list[dict]:
    """Takes back what is outstanding, into stock."""
    today, back = company.today_sql(), []
    number = company.store.next_number("S-RCPT")
    for line in lines_of(company, header["No_"]):
        quantity = Decimal(line["Quantity"]) - Decimal(line["Return Qty_ Received"])
        if quantity <= 0:
            continue
        if line["Type"] == ITEM:
            ledger.post(company, line["No_"], line["Location Code"], ledger.SALE, quantity, number, today, **{
                "Document Type": RETURN_RECEIPT, "Document Line No_": line["Line No_"],
                "Source No_": header["Sell-to Customer No_"], "Order No_": header["No_"],
                "External Document No_": header["External Document No_"]})
        line["Return Qty_ Received"] = line["Quantity"]
        line["Outstanding Quantity"] = Decimal(0)
        company.store.modify("Sales Line", line)
        back.append({"item": line["No_"], "location": line["Location Code"], "quantity": plain(quantity)})
    orders.touch(company, header)
    return back


def credit(company: Company, header: dict, user: str) -> str:
    """Credits what was received, and deletes the return order: it is complete."""
    store, today = company.store, company.today_sql()
    number = store.next_number("S-CR")
    columns = TABLES["Sales Cr_Memo Header"][0]
    store.insert("Sales Cr_Memo Header", {
        **{column: value for column, value in header.items() if column in columns},
        "No_": number, "Return Order No_": header["No_"], "Posting Date": today})
    columns = TABLES["Sales Cr_Memo Line"][0]
    posted = [store.insert("Sales Cr_Memo Line", {
        **{column: value for column, value in line.items() if column in columns}, "Document No_": number})
        for line in lines_of(company, header["No_"])]
    books.post_credit_memo(company, header, number, posted, user)
    _remove(company, header["No_"])
    return number


def post_returns(company: Company, numbers: list | None, receive_only: bool, user: str) -> list[dict]:
    store = company.store
    if numbers is None:
        numbers = [row["No_"] for row in store.select("Sales Header", '"Document Type" = 5', (), '"No_"')]
    done = []
    for number in numbers:
        with store.transaction():
            header = store.get("Sales Header", RETURN_ORDER_TYPE, number)
            if header is None or not lines_of(company, number):
                continue
            result = {"return_order_no": number, "lines": receive(company, header)}
            if not receive_only:
                header = store.get("Sales Header", RETURN_ORDER_TYPE, number)
                result["credit_memo_no"] = credit(company, header, user)
        done.append(result)
    return done
