"""Conditions of a document, and the access sequence of the price: customer, then price group, then material."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from common.decimals import EXACT, cents, divide, multiply
from .company import SALES_AREA, TAX_RATE, Company
from .database import CLIENT
from .messages import SapError
from .values import number

PRICE, DISCOUNT, SURCHARGE, TAX = "PR00", "RB00", "ZS00", "MWST"
_STEPS = {PRICE: 11, DISCOUNT: 310, SURCHARGE: 320, TAX: 915}
_CLASSES = {PRICE: "B", DISCOUNT: "A", SURCHARGE: "A", TAX: "D"}


def list_price(company: Company, customer: str, material: str, day: str, quantity: Decimal) -> tuple[Decimal, str, str]:
    """(price of one, number of its record, table) or SapError-free (0, "", "") where nothing is maintained."""
    organisation, channel, _ = SALES_AREA
    store = company.store
    area = store.get("KNVV", customer, *SALES_AREA)
    accesses = [("A305", "KUNNR = ? AND MATNR = ?", (customer, material)),
                ("A032", "KONDA = ? AND MATNR = ?", (area["KONDA"] if area else "", material)),
                ("A304", "MATNR = ?", (material,))]
    for table, where, keys in accesses:
        rows = store.select(table, f"MANDT = ? AND KAPPL = 'V' AND KSCHL = ? AND VKORG = ? AND VTWEG = ? AND {where} "
                                   "AND DATAB <= ? AND DATBI >= ?",
                            (CLIENT, PRICE, organisation, channel, *keys, day, day))
        if rows:
            return _of_scale(company, rows[0]["KNUMH"], quantity), rows[0]["KNUMH"], table
    return Decimal(0), "", ""


def _of_scale(company: Company, record: str, quantity: Decimal) -> Decimal:
    row = company.store.get("KONP", record, "01")
    price = number(row["KBETR"])
    for step in company.store.select("KONM", "MANDT = ? AND KNUMH = ?", (CLIENT, record)):
        if number(step["KSTBM"]) <= quantity:
            price = number(step["KBETR"])
    return divide(price, Decimal(row["KPEIN"]))


def put_condition(company: Company, document: str, item: str, kind: str, rate: Decimal, per: int, unit: str,
                  update: bool) -> None:
    """Without `update` one more condition of the kind is added, and of several prices the last one rules."""
    if kind not in (PRICE, DISCOUNT, SURCHARGE):
        raise SapError("VK", "010", kind, field="COND_TYPE")
    if kind == DISCOUNT and rate > 0:
        rate = -rate  # The kind of condition allows only minus.
    present = company.store.select("KONV", "MANDT = ? AND KNUMV = ? AND KPOSN = ? AND KSCHL = ?",
                                   (CLIENT, document, item, kind))
    # Rates have two decimals; what is sent beyond them is rounded without a word.
    rate = rate.quantize(Decimal("0.01"), ROUND_HALF_UP)
    row = {"KNUMV": document, "KPOSN": item, "STUNR": _STEPS[kind], "ZAEHK": len(present) + 1, "KSCHL": kind,
           "KOAID": _CLASSES[kind], "KBETR": rate, "WAERS": "EUR", "KPEIN": per, "KMEIN": unit, "KWERT": Decimal(0)}
    if present and update:
        company.store.modify("KONV", {**present[-1], "KBETR": rate, "KPEIN": str(per)})
        return
    for old in present:
        if kind == PRICE:
            company.store.modify("KONV", {**old, "KINAK": "Y"})
    company.store.insert("KONV", row)


def price_item(company: Company, header: dict, item: dict) -> None:
    """Brings NETPR, NETWR and MWSBP of the item up to date with its conditions."""
    document, position = item["VBELN"], item["POSNR"]
    quantity = number(item["KWMENG"])
    rows = company.store.select("KONV", "MANDT = ? AND KNUMV = ? AND KPOSN = ?", (CLIENT, document, position))
    if not any(row["KSCHL"] == PRICE for row in rows):
        price, _, _ = list_price(company, header["KUNNR"], item["MATNR"], header["AUDAT"], quantity)
        put_condition(company, document, position, PRICE, price, 1, item["VRKME"].strip(), False)
        rows = company.store.select("KONV", "MANDT = ? AND KNUMV = ? AND KPOSN = ?", (CLIENT, document, position))
    net = Decimal(0)
    for row in rows:
        if row["KINAK"].strip() or row["KSCHL"] == TAX:
            continue
        value = number(row["KBETR"])
        if row["KSCHL"] == PRICE:
            value = cents(divide(multiply(value, quantity), Decimal(row["KPEIN"])))
            item["NETPR"], item["KPEIN"] = row["KBETR"], row["KPEIN"]
        elif not quantity:
            value = Decimal(0)
        company.store.modify("KONV", {**row, "KWERT": value})
        net = EXACT.add(net, value)
    tax = cents(multiply(net, TAX_RATE / 100))
    company.store.put("KONV", {"KNUMV": document, "KPOSN": position, "STUNR": _STEPS[TAX], "ZAEHK": 1, "KSCHL": TAX,
                               "KOAID": "D", "KBETR": TAX_RATE * 10, "WAERS": "%", "KPEIN": 0, "KWERT": tax})
    item["NETWR"], item["MWSBP"] = net, tax
