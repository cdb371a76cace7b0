"""Reservation entries: a released line holds stock, as a pair of entries under one number.

The demand side (Positive 0, negative quantity) names the sales line, the supply side the location.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Optional

from .company import Company

SALES_LINE, LEDGER_ENTRY = 37, 32  # "Source Type": the number of the table


def reserved(company: Company, item: str, location: str) -> Decimal:
    rows = company.store.select("Reservation Entry",
                                '"Item No_" = ? AND "Location Code" = ? AND "Positive" = 1', (item, location))
    return sum((Decimal(row["Quantity (Base)"]) for row in rows), Decimal(0))


def reserve(company: Company, line: dict) -> None:
    """Holds what is on hand and not yet held, at most the line's outstanding quantity."""
    from .ledger import on_hand
    if line["Type"] != 2 or not line["Location Code"]:
        return
    free = on_hand(company, line["No_"], line["Location Code"]) - reserved(
        company, line["No_"], line["Location Code"])
    quantity = min(free, Decimal(line["Outstanding Quantity"]))
    if quantity <= 0:
        return
    store = company.store
    common = {"Entry No_": store.next_entry("Reservation Entry"), "Item No_": line["No_"],
              "Location Code": line["Location Code"], "Reservation Status": 0,
              "Creation Date": company.today_sql(), "Shipment Date": line["Shipment Date"]}
    store.insert("Reservation Entry", {**common, "Positive": 0, "Quantity (Base)": -quantity,
                                       "Source Type": SALES_LINE, "Source Subtype": 1,
                                       "Source ID": line["Document No_"], "Source Ref_ No_": line["Line No_"]})
    store.insert("Reservation Entry", {**common, "Positive": 1, "Quantity (Base)": quantity,
                                       "Source Type": LEDGER_ENTRY})


def cancel(company: Company, order: str, line: Optional[int] = None) -> None:
    for row in _of(company, order, line):
        for positive in (0, 1):
            company.store.delete("Reservation Entry", row["Entry No_"], positive)


def consume(company: Company, order: str, line: int, shipped: Decimal) -> None:
    """A shipment uses up what was held for the line."""
    store = company.store
    for row in _of(company, order, line):
        held = -Decimal(row["Quantity (Base)"])
        if held <= shipped:
            cancel(company, order, line)
        else:
            supply = store.get("Reservation Entry", row["Entry No_"], 1)
            row["Quantity (Base)"] = shipped - held
            supply["Quantity (Base)"] = held - shipped
            store.modify("Reservation Entry", row)
            store.modify("Reservation Entry", supply)


def _of(company: Company, order: str, line: Optional[int]) -> list[dict]:
    where, parameters = '"Source ID" = ? AND "Source Type" = 37', [order]
    if line is not None:
        where += ' AND "Source Ref_ No_" = ?'
        parameters.append(line)
    return company.store.select("Reservation Entry", where, parameters)
