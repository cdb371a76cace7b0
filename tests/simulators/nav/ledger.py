"""The item ledger: the only truth about stock. On hand is the sum of its entries."""

from __future__ import annotations

from decimal import Decimal

from .company import Company, require
from .database import to_sql
from .errors import NavError

PURCHASE, SALE, POSITIVE, NEGATIVE = 0, 1, 2, 3  # "Entry Type"
SALES_SHIPMENT = 1  # "Document Type" of an entry
WAREHOUSE = "CRONUS\\WAREHOUSE"


def on_hand(company: Company, item: str, location: str) -> Decimal:
    """Open entries alone carry a remaining quantity, so their sum is the sum of all entries."""
    return sum((Decimal(row["Remaining Quantity"]) for row in _open(company, item, location)), Decimal(0))


def post(company: Company, item: str, location: str, entry_type: int, quantity: Decimal, document: str,
         posting_date: str, user: str = WAREHOUSE, **more) -> int:
    """Posts an entry with a signed quantity and applies it, oldest first. Answers its number.

    Who did it stands in the value entry, as in NAV.
    """
    store = company.store
    remaining = quantity
    # Only what has the other sign is applied; decimals are text, and an open entry is not zero.
    for row in _open(company, item, location,
                     f'"Remaining Quantity" {"" if quantity > 0 else "NOT "}LIKE \'-%\''):
        theirs = Decimal(row["Remaining Quantity"])
        if not remaining:
            break
        applied = min(abs(theirs), abs(remaining))
        theirs += applied if theirs < 0 else -applied
        remaining += applied if remaining < 0 else -applied
        row["Remaining Quantity"] = to_sql(theirs)
        row["Open"] = int(theirs != 0)
        store.modify("Item Ledger Entry", row)
    number = store.next_entry("Item Ledger Entry")
    store.insert("Item Ledger Entry", {
        "Entry No_": number, "Item No_": item, "Posting Date": posting_date, "Entry Type": entry_type,
        "Document No_": document, "Location Code": location, "Quantity": quantity,
        "Remaining Quantity": remaining, "Open": int(remaining != 0), **more})
    store.insert("Value Entry", {
        "Entry No_": store.next_entry("Value Entry"), "Item No_": item, "Posting Date": posting_date,
        "Item Ledger Entry Type": entry_type, "Document No_": document, "Location Code": location,
        "Item Ledger Entry No_": number, "Item Ledger Entry Quantity": quantity, "User ID": user})
    return number


def post_journal_line(company: Company, document: str, item: str, location: str, positive: bool,
                      quantity: Decimal, posting_date: str, reason: str, user: str) -> int:
    """What the site's codeunit does with one journal line."""
    table = "Item Journal Line"
    for field, value in (("Document No.", document), ("Item No.", item), ("Location Code", location)):
        if not value:
            raise NavError("must_have_value", field=field, table=table, where=f"Document No.={document}")
    require(company, "Item", (item,), "Item No.", table, "Item")
    require(company, "Location", (location,), "Location Code", table, "Location")
    if quantity <= 0:
        raise NavError("not_positive", field="Quantity")
    if company.enabled("item_journal_guard") and company.store.select(
            "Item Ledger Entry", '"Document No_" = ? AND "Item No_" = ? AND "Location Code" = ?',
            (document, item, location)):
        raise NavError("duplicate", table="Item Ledger Entry", where=f"Document No.='{document}'")
    if not positive and not company.enabled("allow_negative_inventory"):
        stock = on_hand(company, item, location)
        if stock < quantity:
            raise NavError("no_stock", item=item, location=location, on_hand=stock.normalize())
    return post(company, item, location, POSITIVE if positive else NEGATIVE,
                quantity if positive else -quantity, document, posting_date, user, **{"Reason Code": reason})


def _open(company: Company, item: str, location: str, more: str = "1") -> list[dict]:
    return company.store.select(
        "Item Ledger Entry", f'"Item No_" = ? AND "Location Code" = ? AND "Open" = 1 AND {more}', (item, location))
