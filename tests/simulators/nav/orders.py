"""Sales orders as the sales order page and its code keep them."""

from __future__ import annotations

from decimal import Decimal
from typing import Optional

from common.decimals import fixed, plain
from . import reservations
from .company import Company, decode_key, fetch_by_key, require, where_text
from .errors import NavError
from .pricing import best_price, set_amounts
from .schema import BLOCKED, LINE_TYPES, ORDER_LINE, ORDER_STATUS, SALES_ORDER
from .values import caption, equal, now_sql

ORDER = 1  # "Document Type"
OPEN, RELEASED = 0, 1
ITEM = LINE_TYPES.index("Item")

# Line type -> table of what a line sells, NAV's name of it, column of its description.
_SOLD = {1: ("G_L Account", "G/L Account", "Name"), ITEM: ("Item", "Item", "Description"),
         3: ("Resource", "Resource", "Name"), 4: ("Fixed Asset", "Fixed Asset", "Description"),
         5: ("Item Charge", "Item Charge", "Description")}
_HEADER_FIELDS = {field.element: field for field in SALES_ORDER.fields if hasattr(field, "kind")}
_LINE_FIELDS = {field.element: field for field in ORDER_LINE.fields}


def get_order(company: Company, number: str) -> dict:
    row = company.store.get("Sales Header", ORDER, number)
    if row is None:
        raise NavError("not_found", table="Sales Header", where=where_text("Sales Header", (ORDER, number)))
    return row


def order_lines(company: Company, number: str) -> list[dict]:
    return company.store.select("Sales Line", '"Document Type" = 1 AND "Document No_" = ?', (number,))


def totals(lines: list[dict]) -> tuple[Decimal, Decimal, Decimal]:
    """(without VAT, VAT, with VAT): sums of what each line was rounded to."""
    net = sum((Decimal(line["Amount"]) for line in lines), Decimal(0))
    gross = sum((Decimal(line["Amount Including VAT"]) for line in lines), Decimal(0))
    return net, gross - net, gross


def create(company: Company, values: dict, lines: Optional[list[dict]]) -> dict:
    """A new open order under a number of the series; `values` and `lines` are by element name."""
    if values.get("No"):
        raise NavError("manual_number", series="S-ORD")
    if values.get("Key"):
        raise NavError("bad_key", key=values["Key"][:60])
    store = company.store
    today = company.today_sql()
    header = {"Document Type": ORDER, "No_": store.next_number("S-ORD"), "Status": OPEN, "Order Date": today,
              "Posting Date": today, "Document Date": today, "Shipment Date": today,
              "Last Modified At": now_sql()}
    header = store.insert("Sales Header", header)
    _set_header(company, header, values, [])
    store.modify("Sales Header", header)
    for line in lines or []:
        if line.get("Key"):
            raise NavError("bad_key", key=line["Key"][:60])
        _insert_line(company, header, line)
    return header


def update(company: Company, values: dict, lines: Optional[list[dict]]) -> dict:
    """Changes the order that the Key names: header fields, lines with a Key, new lines without one."""
    header = fetch_by_key(company, "Sales Header", values.get("Key", ""), {"Document Type": ORDER})
    number = header["No_"]
    present = order_lines(company, number)
    header_changes = {element: value for element, value in values.items() if element != "Key"
                      and not _unchanged(_HEADER_FIELDS[element], header, value, present)}
    by_number = {line["Line No_"]: line for line in present}
    line_changes, new_lines = [], []
    for line in lines or []:
        if not line.get("Key"):
            new_lines.append(line)
            continue
        stored = _line_by_key(company, line["Key"], number, by_number)
        given = {element: value for element, value in line.items() if element != "Key"}
        if any(not equal(_LINE_FIELDS[element], stored[_LINE_FIELDS[element].column], value)
               for element, value in given.items()):
            # All of it: a price that is in the request stays, also when it is the price of before.
            line_changes.append((stored, given))
    if not header_changes and not line_changes and not new_lines:
        return header
    _must_be_open(header)
    _set_header(company, header, header_changes, present)
    for stored, changes in line_changes:
        _set_line(company, header, stored, changes)
        company.store.modify("Sales Line", stored)
    for line in new_lines:
        _insert_line(company, header, line)
    return touch(company, header)


def delete_line(company: Company, key: str) -> None:
    values, _ = decode_key(key, "Sales Line")
    line = fetch_by_key(company, "Sales Line", key, {"Document Type": ORDER})
    header = get_order(company, values[1])
    _must_be_open(header)
    if Decimal(line["Quantity Shipped"]):
        raise NavError("line_shipped", number=header["No_"], line=line["Line No_"],
                       shipped=plain(Decimal(line["Quantity Shipped"])))
    company.store.delete("Sales Line", ORDER, header["No_"], line["Line No_"])
    reservations.cancel(company, header["No_"], line["Line No_"])
    touch(company, header)


def delete(company: Company, key: str, user: str, reason: str) -> None:
    """Deletes the order and leaves its last state in the archive."""
    header = fetch_by_key(company, "Sales Header", key, {"Document Type": ORDER})
    lines = order_lines(company, header["No_"])
    for line in lines:
        waiting = Decimal(line["Qty_ Shipped Not Invoiced"])
        if waiting:
            raise NavError("not_invoiced", number=header["No_"], line=line["Line No_"], quantity=plain(waiting))
    _archive(company, header, lines, user, reason)
    remove(company, header["No_"])


def remove(company: Company, number: str) -> None:
    """Takes an order and its lines out of the open documents."""
    for line in order_lines(company, number):
        company.store.delete("Sales Line", ORDER, number, line["Line No_"])
    reservations.cancel(company, number)
    company.store.delete("Sales Header", ORDER, number)


def release(company: Company, number: str) -> str:
    header = get_order(company, number)
    if header["Status"] != RELEASED:
        if not header["Sell-to Customer No_"]:
            raise NavError("must_have_value", field="Sell-to Customer No.", table="Sales Header",
                           where=where_text("Sales Header", (ORDER, number)))
        lines = order_lines(company, number)
        if not any(line["Type"] and Decimal(line["Quantity"]) for line in lines):
            raise NavError("nothing_to_release", number=number)
        header["Status"] = RELEASED
        touch(company, header)
        for line in lines:
            reservations.reserve(company, line)
    return ORDER_STATUS[header["Status"]]


def reopen(company: Company, number: str) -> str:
    header = get_order(company, number)
    if header["Status"] != OPEN:
        header["Status"] = OPEN
        touch(company, header)
        reservations.cancel(company, number)
    return ORDER_STATUS[header["Status"]]


def touch(company: Company, header: dict) -> dict:
    """Every change of a line is a change of its order, as this site's partner made it."""
    header["Last Modified At"] = now_sql()
    return company.store.modify("Sales Header", header)


def _must_be_open(header: dict) -> None:
    if header["Status"] != OPEN:
        raise NavError("status_open", number=header["No_"], status=ORDER_STATUS[header["Status"]])


def _unchanged(field, header: dict, value, lines: list[dict]) -> bool:
    if not field.column:  # a total, sent back as it was read
        total = dict(zip(("Total_Amount_Excl_VAT", "Total_VAT_Amount", "Total_Amount_Incl_VAT"), totals(lines)))
        return total[field.element] == value
    if field.element == "Currency_Code" and value == "EUR":
        value = ""
    return equal(field, header[field.column], value)


def _line_by_key(company: Company, key: str, number: str, lines: dict) -> dict:
    values, version = decode_key(key, "Sales Line")
    if values[:2] != (ORDER, number):
        raise NavError("bad_key", key=key[:60])
    line = lines.get(values[2])
    if line is None:
        raise NavError("not_found", table="Sales Line", where=where_text("Sales Line", values))
    if line["timestamp"] != version:
        raise NavError("stale", table="Sales Line", where=where_text("Sales Line", values))
    return line


def _check_editable(field, value) -> None:
    if not field.editable:
        raise NavError("read_only", field=caption(field))


def _set_header(company: Company, header: dict, values: dict, lines: list[dict]) -> None:
    """Validates and sets header fields in the order of the page."""
    for field in _HEADER_FIELDS.values():
        if field.element not in values or field.kind == "key":
            continue
        value = values[field.element]
        if field.element == "No":
            if value:
                raise NavError("read_only", field=caption(field))
            continue
        if not field.column or not field.editable:
            if not field.column or not equal(field, header[field.column], value):
                _check_editable(field, value)
            continue
        if equal(field, header[field.column], value):
            continue
        if field.element == "Sell_to_Customer_No":
            if lines:
                raise NavError("has_lines", field=caption(field), number=header["No_"])
            _set_customer(company, header, value)
            continue
        if field.element == "Bill_to_Customer_No":
            payer = require(company, "Customer", (value,), caption(field), "Sales Header", "Customer")
            _copy_address(header, "Bill-to ", payer)
        elif field.element == "Currency_Code":
            value = currency(company, value, "Sales Header")
            if lines and value != header["Currency Code"]:
                raise NavError("has_lines", field=caption(field), number=header["No_"])
        elif field.element == "Prices_Including_VAT" and lines:
            raise NavError("has_lines", field=caption(field), number=header["No_"])
        elif field.element == "Location_Code" and value:
            require(company, "Location", (value,), caption(field), "Sales Header", "Location")
        elif field.element.endswith("Country_Region_Code") and value:
            require(company, "Country_Region", (value,), caption(field), "Sales Header", "Country/Region")
        header[field.column] = value


def currency(company: Company, code: str, table: str) -> str:
    """Local currency is kept as blank; any other must be in the Currency table."""
    if code in ("", "EUR"):
        return ""
    require(company, "Currency", (code,), "Currency Code", table, "Currency")
    return code


def _set_customer(company: Company, header: dict, number: str) -> None:
    customer = require(company, "Customer", (number,), "Sell-to Customer No.", "Sales Header", "Customer")
    refuse_blocked(customer)
    payer = customer
    if customer["Bill-to Customer No_"]:
        payer = company.store.get("Customer", customer["Bill-to Customer No_"]) or customer
        refuse_blocked(payer)
    header["Sell-to Customer No_"] = number
    header["Sell-to Customer Name"] = customer["Name"]
    header["Bill-to Customer No_"] = payer["No_"]
    header["Currency Code"] = payer["Currency Code"]
    header["Customer Price Group"] = payer["Customer Price Group"]
    _copy_address(header, "Bill-to ", payer)
    _copy_address(header, "Ship-to ", customer)


def refuse_blocked(customer: dict) -> None:
    """New orders are refused for a customer that is blocked in any way."""
    if customer["Blocked"]:
        raise NavError("blocked", number=customer["No_"], blocked=BLOCKED[customer["Blocked"]])


def _copy_address(header: dict, prefix: str, customer: dict) -> None:
    for column in ("Name", "Address", "Address 2", "City", "Post Code", "Country_Region Code"):
        header[prefix + column] = customer[column]


def _insert_line(company: Company, header: dict, values: dict) -> dict:
    store = company.store
    last = store.execute(f'SELECT max("Line No_") FROM {store.name("Sales Line")} '
                         'WHERE "Document Type" = 1 AND "Document No_" = ?', (header["No_"],))[0][0] or 0
    line = store.insert("Sales Line", {
        "Document Type": ORDER, "Document No_": header["No_"], "Line No_": last + 10000,
        "Sell-to Customer No_": header["Sell-to Customer No_"], "Location Code": header["Location Code"],
        "Shipment Date": header["Shipment Date"]})
    _set_line(company, header, line, values)
    return store.modify("Sales Line", line)


def _set_line(company: Company, header: dict, line: dict, values: dict) -> None:
    """Validates and sets fields of a line in the order of the page, then prices it."""
    where = where_text("Sales Line", (ORDER, header["No_"], line["Line No_"]))
    for element, value in values.items():
        field = _LINE_FIELDS[element]
        if field.kind != "key" and not field.editable and not equal(field, line[field.column], value):
            _check_editable(field, value)
    changed = {element for element, value in values.items() if element != "Key"
               and not equal(_LINE_FIELDS[element], line[_LINE_FIELDS[element].column], value)}
    if changed & {"Type", "No"}:
        if Decimal(line["Quantity Shipped"]):
            raise NavError("line_shipped", number=header["No_"], line=line["Line No_"],
                           shipped=plain(Decimal(line["Quantity Shipped"])))
        _set_sold(company, header, line, values.get("Type", line["Type"]), values.get("No", line["No_"]), where)
    _set_plain_fields(company, line, values, changed - {"Type", "No"})
    if line["Type"] == 0:
        if Decimal(values.get("Quantity", 0)) or Decimal(values.get("Unit_Price", 0)):
            raise NavError("must_have_value", field="Type", table="Sales Line", where=where)
        return
    repriced = bool(changed & {"Type", "No", "Quantity", "Unit_of_Measure_Code"})
    if "Quantity" in changed:
        _set_quantity(line, values["Quantity"])
    if values.get("Unit_Price") is not None and ("Unit_Price" in changed or repriced):
        if values["Unit_Price"] < 0:
            raise NavError("negative", field="Unit Price")
        line["Unit Price"] = values["Unit_Price"]
    elif repriced and line["Type"] == ITEM:
        # As in NAV: a new quantity looks the price up again and a price agreed by hand is gone.
        line["Unit Price"] = best_price(
            company, company.store.get("Item", line["No_"]),
            company.store.get("Customer", header["Sell-to Customer No_"]), Decimal(line["Quantity"]),
            line["Unit of Measure Code"], header["Currency Code"], header["Order Date"])
    if values.get("Line_Discount_Amount") is not None:
        line["Line Discount Amount"] = values["Line_Discount_Amount"]
    elif repriced or "Unit_Price" in changed:
        share = Decimal(line["Line Discount _"])  # the percentage stays, the amount follows
        line["Line Discount Amount"] = Decimal(fixed(
            Decimal(line["Quantity"]) * Decimal(line["Unit Price"]) * share / 100, 2))
    set_amounts(company, line, bool(header["Prices Including VAT"]))


def _set_sold(company: Company, header: dict, line: dict, kind: int, number: str, where: str) -> None:
    line["Type"] = kind
    line["No_"] = number
    if kind == 0:
        if number:
            raise NavError("field_value", field="No.", rule="''", table="Sales Line", where=where, value=number)
        return
    if not header["Sell-to Customer No_"]:
        raise NavError("must_have_value", field="Sell-to Customer No.", table="Sales Header",
                       where=where_text("Sales Header", (ORDER, header["No_"])))
    if not number:
        raise NavError("must_have_value", field="No.", table="Sales Line", where=where)
    table, related, description = _SOLD[kind]
    sold = require(company, table, (number,), "No.", "Sales Line", related)
    if sold.get("Blocked"):
        raise NavError("field_value", field="Blocked", rule="No", table=related, where=f"No.={number}", value="Yes")
    line["Description"] = sold[description]
    line["VAT _"] = sold["VAT _"]
    line["Unit of Measure Code"] = sold.get("Base Unit of Measure", "")


def _set_plain_fields(company: Company, line: dict, values: dict, changed: set) -> None:
    for element in ("Description", "Location_Code", "Unit_of_Measure_Code", "Shipment_Date", "Promotion_Code",
                    "Promotion_Version"):
        if element not in changed:
            continue
        value = values[element]
        if element == "Location_Code" and value:
            require(company, "Location", (value,), "Location Code", "Sales Line", "Location")
        if element == "Unit_of_Measure_Code" and line["Type"] == ITEM:
            require(company, "Item Unit of Measure", (line["No_"], value), "Unit of Measure Code", "Sales Line",
                    "Item Unit of Measure")
        line[_LINE_FIELDS[element].column] = value


def _set_quantity(line: dict, quantity: Decimal) -> None:
    quantity = Decimal(fixed(quantity, 5))
    shipped = Decimal(line["Quantity Shipped"])
    if quantity < 0:
        raise NavError("negative", field="Quantity")
    if quantity < shipped:
        raise NavError("below_shipped", shipped=plain(shipped), line=line["Line No_"])
    line["Quantity"] = quantity
    line["Outstanding Quantity"] = quantity - shipped
    line["Qty_ to Ship"] = quantity - shipped


def _archive(company: Company, header: dict, lines: list[dict], user: str, reason: str) -> None:
    store = company.store
    version = 1 + len(store.select("Sales Header Archive", '"Document Type" = 1 AND "No_" = ?', (header["No_"],)))
    stamp = {"Doc_ No_ Occurrence": 1, "Version No_": version}
    moment = now_sql()
    store.insert("Sales Header Archive", {
        **header, **stamp, "Archived By": user.upper()[:50], "Date Archived": company.today_sql(),
        "Time Archived": "1754-01-01 " + moment[11:], "Archive Reason": reason[:50]})
    for line in lines:
        store.insert("Sales Line Archive", {**line, **stamp})

