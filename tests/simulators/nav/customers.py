"""Customer cards."""

from __future__ import annotations

from .company import Company, fetch_by_key, require, where_text
from .errors import NavError
from .orders import currency
from .schema import CUSTOMER
from .values import caption, equal

_FIELDS = {field.element: field for field in CUSTOMER.fields}


def create(company: Company, values: dict) -> dict:
    """A new customer, under the given number or one of the series CUST."""
    store = company.store
    if values.get("Key"):
        raise NavError("bad_key", key=values["Key"][:60])
    number = values.get("No") or store.next_number("CUST")
    if store.exists("Customer", number):
        raise NavError("duplicate", table="Customer", where=f"No.='{number}'")
    row = {"No_": number, "Last Date Modified": company.today_sql()}
    row = store.insert("Customer", row)
    _set(company, row, {element: value for element, value in values.items() if element != "No"})
    return store.modify("Customer", row)


def update(company: Company, values: dict) -> dict:
    row = fetch_by_key(company, "Customer", values.get("Key", ""))
    changes = {element: value for element, value in values.items() if element != "Key"
               and not equal(_FIELDS[element], row[_FIELDS[element].column], value)}
    if not changes:
        return row
    if "No" in changes:
        raise NavError("read_only", field="No.")
    _set(company, row, changes)
    row["Last Date Modified"] = company.today_sql()
    return company.store.modify("Customer", row)


def delete(company: Company, key: str) -> None:
    row = fetch_by_key(company, "Customer", key)
    number = row["No_"]
    for table in ("Sales Header", "Sales Shipment Header", "Sales Invoice Header"):
        if company.store.select(table, '"Sell-to Customer No_" = ?', (number,)):
            raise NavError("customer_in_use", number=number)
    company.store.delete("Customer", number)


def set_blocked(company: Company, number: str, blocked: int) -> dict:
    row = company.store.get("Customer", number)
    if row is None:
        raise NavError("not_found", table="Customer", where=where_text("Customer", (number,)))
    row["Blocked"] = blocked
    row["Last Date Modified"] = company.today_sql()
    return company.store.modify("Customer", row)


def _set(company: Company, row: dict, values: dict) -> None:
    for element, field in _FIELDS.items():
        if element not in values or field.kind == "key":
            continue
        value = values[element]
        if not field.editable:
            if not equal(field, row[field.column], value):
                raise NavError("read_only", field=caption(field))
            continue
        if value and element == "Country_Region_Code":
            require(company, "Country_Region", (value,), caption(field), "Customer", "Country/Region")
        elif value and element == "Customer_Price_Group":
            require(company, "Customer Price Group", (value,), caption(field), "Customer", "Customer Price Group")
        elif value and element == "Bill_to_Customer_No":
            require(company, "Customer", (value,), caption(field), "Customer", "Customer")
        elif element == "Currency_Code":
            value = currency(company, value, "Customer")
        row[field.column] = value
