"""Fills an empty database from the sample data, and with orders of the months before."""

from __future__ import annotations

import datetime
import random
from decimal import ROUND_HALF_UP, Decimal

import sample_data
from . import customers, orders, stock
from .database import AMOUNT, PRICE, QUANTITY, RATE, Store, julian, plain, scaled

OLD_ORDERS = 24
FOREVER = julian(datetime.date(2040, 12, 31))
GROUPS = {code: number + 1 for number, (code, _) in enumerate(sample_data.PRICE_GROUPS)}
# One lot of these is held by quality: it is on hand, and not for sale.
HELD = {("1050", "CENTRAL"): 5}


def short_number(item: str) -> int:
    """JDE's own number of an article is another than the retailer's."""
    return 60_000 + int(item)


def seed(store: Store) -> None:
    if store.select("F0006"):
        return
    with store.transaction():
        for system, number in (("42", 200_001), ("4205", 500_001), ("03B", 700_001), ("01", 40_001), ("41", 1),
                               ("PPAT", 1)):
            store.insert("F0002", {"NNSY": system, "NNNEXT": number})
        _setup(store)
        _articles(store)
        for entry in sample_data.CUSTOMERS:
            customers.write(store, 0, {
                "ALKY": entry.number, "ALPH": entry.name, "AT1": "C" if entry.kind == "company" else "CP",
                "ADD1": entry.address, "ADDZ": entry.post_code, "CTY1": entry.city, "CTR": entry.country,
                "PH1": entry.phone, "EMAL": entry.email}, {"CRCD": entry.currency, "CPGP": entry.price_group}, "SEED")
        customers.write(store, 0, {"ALKY": "V90000", "ALPH": "Potteries United", "AT1": "V"}, {}, "SEED")
        _prices(store)
        _old_orders(store)


def _setup(store: Store) -> None:
    for code, text in (("DAM", "Damaged"), ("WRG", "Wrong item"), ("UNW", "Not wanted")):
        store.insert("F0005", {"DRSY": "42", "DRRT": "RC", "DRKY": code, "DRDL01": text})
    store.insert("F0006", {"MCMCU": "1", "MCSTYL": "IS", "MCDL01": "Head office", "MCCO": "00001"})
    for code, city in sample_data.LOCATIONS:
        store.insert("F0006", {"MCMCU": code, "MCSTYL": "BP", "MCDL01": f"Warehouse {city}", "MCCO": "00001"})
    for code, _ in sample_data.PRICE_GROUPS:
        store.insert("F40942", {"CKCPGP": code, "CKCGID": GROUPS[code]})
    for percent, starts, ends in (("16", datetime.date(2020, 7, 1), datetime.date(2020, 12, 31)),
                                  ("19", datetime.date(2021, 1, 1), datetime.date(2040, 12, 31))):
        store.insert("F4008", {"TATXA1": "DE19", "TAEFTJ": julian(starts), "TAEFDJ": julian(ends),
                               "TATXR1": scaled(percent, RATE)})


def _articles(store: Store) -> None:
    today = julian(store.today())
    for item in sample_data.ITEMS:
        short = short_number(item.number)
        store.insert("F4101", {"IMITM": short, "IMLITM": item.number, "IMAITM": item.gtin,
                               "IMDSC1": item.description[:30], "IMUOM1": "EA", "IMSTKT": "S", "IMUPMJ": today})
        for code, _ in sample_data.LOCATIONS:
            store.insert("F4102", {"IBITM": short, "IBLITM": item.number, "IBAITM": item.gtin, "IBMCU": code,
                                   "IBSTKT": "S", "IBLNTY": "S", "IBUPMJ": today})
            held = HELD.get((item.number, code), 0)
            store.insert("F41021", {"LIITM": short, "LIMCU": code, "LILOCN": "", "LILOTN": "", "LIPBIN": "P"})
            if held:
                store.insert("F41021", {"LIITM": short, "LIMCU": code, "LILOCN": "Q", "LILOTN": "LOT7", "LIPBIN": "S",
                                        "LILOTS": "Q", "LIPQOH": scaled(held, QUANTITY)})
            stock.move(store, item.number, code, sample_data.opening_stock(item.number, code) - held, "IB",
                       "OPENING", "SEED")


def _prices(store: Store) -> None:
    upmj, tday = store.stamp()
    numbers = {row["ABALKY"]: row["ABAN8"] for row in store.select("F0101")}
    rows = [price for price in sample_data.PRICES if not price.minimum_quantity]  # Breaks are no matter of F4106.
    for price in rows:
        later = [other.starts for other in rows if not other.ends and other.starts > price.starts
                 and (other.item, other.sales_type, other.code) == (price.item, price.sales_type, price.code)]
        ends = price.ends or (min(later) - datetime.timedelta(days=1) if later else None)
        store.insert("F4106", {
            "BPITM": short_number(price.item), "BPLITM": price.item,
            "BPAN8": numbers[price.code] if price.sales_type == "customer" else 0,
            "BPCGID": GROUPS[price.code] if price.sales_type == "group" else 0, "BPCRCD": price.currency,
            "BPUOM": "EA", "BPEFTJ": julian(price.starts), "BPEXDJ": julian(ends) if ends else FOREVER,
            "BPUPRC": scaled(price.unit_price, PRICE), "BPUSER": "SEED", "BPUPMJ": upmj, "BPTDAY": tday})


def _old_orders(store: Store) -> None:
    drawn = random.Random(20261124)
    numbers = [row["ABAN8"] for row in store.select("F0101") if row["ABAT1"] != "V"]
    today = store.today()
    for index in range(OLD_ORDERS):
        day = julian(today - datetime.timedelta(days=180 - index * 7))
        lines = []
        for place, item in enumerate(drawn.sample(sample_data.ITEMS, drawn.randint(1, 4))):
            quantity = Decimal(drawn.randint(1, 12))
            amount = (quantity * item.unit_price).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
            lines.append((1000 * (place + 1), {
                "item": item.number, "branch": drawn.choice(sample_data.LOCATIONS).code,
                "quantity": scaled(quantity, QUANTITY), "price": scaled(item.unit_price, PRICE),
                "amount": scaled(amount, AMOUNT)}))
        fate = "invoiced" if index < 6 else "part" if index < 10 else "released" if index < 16 else "held"
        reference = drawn.choice(["", f"MAIL {4000 + index}", f"PO-2026/{100 + index}", "TELEFON"])
        header = orders.enter(store, {"SHMCU": "EAST", "SHAN8": drawn.choice(numbers), "SHDRQJ": day, "SHTRDJ": day,
                                      "SHVR01": reference, "SHCRCD": "EUR",
                                      "SHHOLD": "UP" if fate == "held" else ""}, lines, "OFFICE")
        header = orders.header_of(store, header["SHDOCO"])
        if fate in ("invoiced", "part"):
            orders.ship(store, header, fate == "part", "OFFICE")
        if fate == "invoiced":
            orders.invoice(store, header, "OFFICE")
    _put_back(store)


def _put_back(store: Store) -> None:
    """Stock on hand is that of the sample data, whatever the old orders took."""
    for item in sample_data.ITEMS:
        for code, _ in sample_data.LOCATIONS:
            rows = store.select("F41021", {"LIITM": short_number(item.number), "LIMCU": code})
            there = plain(sum(row["LIPQOH"] for row in rows), QUANTITY)
            missing = sample_data.opening_stock(item.number, code) - there
            if missing:
                stock.move(store, item.number, code, missing, "IB", "COUNT", "SEED")
