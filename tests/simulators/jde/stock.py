"""F41021 and F4111: quantities by location and lot, and the item ledger that explains them."""

from __future__ import annotations

from decimal import Decimal

from .database import QUANTITY, Refused, Store, scaled


def item(store: Store, number: str, branch: str, line: int = 0) -> dict:
    """The article at the branch, from F4102; refused when there is none."""
    found = store.get("F4102", {"IBLITM": number, "IBMCU": branch})
    if found is None:
        raise Refused("0267", f"Item {number} branch {branch} not found in F4102", line)
    return found


def primary(store: Store, short_item: int, branch: str) -> dict:
    found = store.get("F41021", {"LIITM": short_item, "LIMCU": branch, "LIPBIN": "P"})
    if found is None:
        raise Refused("0268", f"No primary location for item {short_item} in {branch}")
    return found


def change(store: Store, short_item: int, branch: str, column: str, delta: int) -> None:
    """Adds to a quantity of the primary location."""
    row = primary(store, short_item, branch)
    upmj, tday = store.stamp()
    store.update("F41021", {name: row[name] for name in ("LIITM", "LIMCU", "LILOCN", "LILOTN")},
                 {column: row[column] + delta, "LIUPMJ": upmj, "LITDAY": tday})


def move(store: Store, number: str, branch: str, quantity: Decimal, kind: str, text: str, user: str,
         document: int = 0, reason: str = "") -> int:
    """Posts an entry of the item ledger; answers its number."""
    article = item(store, number, branch)
    units = scaled(quantity, QUANTITY)
    upmj, tday = store.stamp()
    entry = store.next_number("41")
    store.insert("F4111", {
        "ILUKID": entry, "ILITM": article["IBITM"], "ILLITM": number, "ILMCU": branch, "ILDCT": kind,
        "ILDOC": document or entry % 10_000_000, "ILKCO": "00001", "ILTRDJ": upmj, "ILTRUM": "EA",
        "ILTRQT": units, "ILTREX": text, "ILRCD": reason, "ILUSER": user, "ILCRDJ": upmj, "ILTDAY": tday})
    change(store, article["IBITM"], branch, "LIPQOH", units)
    return entry
