"""Fills an empty client from the sample retailer's master data, with some orders of its own past."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import sample_data
from . import orders, stock
from .company import PIECE, PLACES, PRICE_GROUPS, SALES_AREA, SERVICES, Company
from .people import People
from .values import LAST_DAY, alpha

OLD_ORDERS = 12
_KINDS = {"all": "A304", "group": "A032", "customer": "A305"}


def seed(company: Company) -> None:
    store = company.store
    if store.state("seeded", "") == "yes":
        return
    with store.transaction():
        _materials(company)
        _customers(company)
        _prices(company)
        _orders(company)
        store.set_state("seeded", "yes")


def _materials(company: Company) -> None:
    store, opening = company.store, []
    store.insert("TCURX", {"CURRKEY": "JPY", "CURRDEC": "0"})
    store.insert("T006", {"MSEHI": PIECE, "ANDEC": "0"})
    items = [(alpha(item.number, 18), item.description) for item in sample_data.ITEMS]
    for number, text in items + [(name, name.capitalize()) for name in sorted(SERVICES)]:
        store.insert("MARA", {"MATNR": number, "MEINS": PIECE, "LAEDA": company.today()})
        store.insert("MAKT", {"MATNR": number, "SPRAS": "D", "MAKTX": text[:40]})
        store.insert("MARM", {"MATNR": number, "MEINH": PIECE, "UMREZ": 1, "UMREN": 1})
    for item in sample_data.ITEMS:
        store.insert("MARM", {"MATNR": alpha(item.number, 18), "MEINH": "KAR", "UMREZ": 10, "UMREN": 1})
        for place in sample_data.LOCATIONS:
            plant, storage = PLACES[place.code]
            store.insert("MARD", {"MATNR": alpha(item.number, 18), "WERKS": plant, "LGORT": storage})
            opening.append({"MOVE_TYPE": "561", "MATERIAL": alpha(item.number, 18), "PLANT": plant, "STGE_LOC": storage,
                            "ENTRY_QNT": format(sample_data.opening_stock(item.number, place.code), "f")})
    stock.post(company, store.next_number("MATERIALDOC", 4900000001), {"HEADER_TXT": "OPENING"}, opening, "MIGRATION")


def _customers(company: Company) -> None:
    for entry in sample_data.CUSTOMERS:
        number = alpha(entry.number, 10)
        address = company.store.next_number("ADRNR", 9000001)
        company.store.insert("KNA1", {
            "KUNNR": number, "LAND1": entry.country, "NAME1": entry.name[:35], "ORT01": entry.city, "PSTLZ": entry.post_code,
            "STRAS": entry.address, "TELF1": entry.phone, "ADRNR": address, "KTOKD": "0001", "SPRAS": "D",
            "STKZN": "X" if entry.kind == "person" else "", "ERDAT": company.today()})
        company.store.insert("KNVV", {
            "KUNNR": number, "VKORG": SALES_AREA[0], "VTWEG": SALES_AREA[1], "SPART": SALES_AREA[2],
            "KONDA": PRICE_GROUPS[entry.price_group], "WAERS": entry.currency})
        company.store.insert("ADRC", {
            "ADDRNUMBER": address, "NAME1": entry.name, "CITY1": entry.city, "POST_CODE1": entry.post_code,
            "STREET": entry.address, "COUNTRY": entry.country})
        company.store.insert("ADR6", {"ADDRNUMBER": address, "CONSNUMBER": 1, "SMTP_ADDR": entry.email,
                                      "SMTP_SRCH": entry.email.upper()[:20]})


def _prices(company: Company) -> None:
    """Periods of one key never overlap: a later entry takes its days out of those before it."""
    series: dict = {}
    scales: dict = {}
    for price in sample_data.PRICES:
        key = (price.sales_type, price.code, price.item)
        if price.minimum_quantity:
            scales[key] = (price.minimum_quantity, price.unit_price)
            continue
        ends = price.ends or datetime.date(9999, 12, 31)
        kept = []
        for start, end, value in series.get(key, []):
            if end < price.starts or start > ends:
                kept.append((start, end, value))
                continue
            if start < price.starts:
                kept.append((start, price.starts - datetime.timedelta(days=1), value))
            if end > ends:
                kept.append((ends + datetime.timedelta(days=1), end, value))
        series[key] = sorted([*kept, (price.starts, ends, price.unit_price)])
    for (kind, code, item), periods in series.items():
        for start, end, value in periods:
            _record(company, kind, code, item, start, end, value, scales.get((kind, code, item)))


def _record(company, kind, code, item, start, end, value, scale) -> None:
    store = company.store
    record = store.next_number("KNUMH", 1)
    row = {"KAPPL": "V", "KSCHL": "PR00", "VKORG": SALES_AREA[0], "VTWEG": SALES_AREA[1], "MATNR": alpha(item, 18),
           "DATBI": LAST_DAY if end.year == 9999 else end.strftime("%Y%m%d"), "DATAB": start.strftime("%Y%m%d"),
           "KNUMH": record}
    if kind == "group":
        row["KONDA"] = PRICE_GROUPS[code]
    elif kind == "customer":
        row["KUNNR"] = alpha(code, 10)
    store.insert(_KINDS[kind], row)
    store.insert("KONP", {"KNUMH": record, "KOPOS": 1, "KAPPL": "V", "KSCHL": "PR00", "KBETR": value, "KONWA": "EUR",
                          "KPEIN": 1, "KMEIN": PIECE})
    if scale:
        for step, (quantity, price) in enumerate([(Decimal(0), value), scale]):
            store.insert("KONM", {"KNUMH": record, "KOPOS": 1, "KLFN1": step + 1, "KSTBM": quantity, "KBETR": price})


def _orders(company: Company) -> None:
    drawn, people = random.Random(20261124), People(company)
    for index in range(OLD_ORDERS):
        document = company.store.next_number("ORDERS", 10001)
        items, schedules = [], []
        for position, item in enumerate(drawn.sample(sample_data.ITEMS, drawn.randint(1, 3))):
            plant, storage = PLACES[drawn.choice(sample_data.LOCATIONS).code]
            key = str((position + 1) * 10).zfill(6)
            items.append({"ITM_NUMBER": key, "MATERIAL": alpha(item.number, 18), "PLANT": plant, "STORE_LOC": storage,
                          "SALES_UNIT": PIECE})
            schedules.append({"ITM_NUMBER": key, "SCHED_LINE": "0001", "REQ_QTY": str(drawn.randint(1, 9))})
        header = {"DOC_TYPE": "TA", "SALES_ORG": SALES_AREA[0], "DISTR_CHAN": SALES_AREA[1], "DIVISION": SALES_AREA[2],
                  "PURCH_NO_C": f"PO-2026/{100 + index}", "CURRENCY": "EUR"}
        customer = alpha(drawn.choice(sample_data.CUSTOMERS).number, 10)
        orders.create(company, document, {
            "HEADER": header, "HEADERX": _all(header), "ITEMS": items, "ITEMSX": [_all(row, "ITM_NUMBER") for row in items],
            "PARTNERS": [{"PARTN_ROLE": "AG", "PARTN_NUMB": customer}], "SCHEDULES": schedules,
            "SCHEDULESX": [_all(row, "ITM_NUMBER", "SCHED_LINE") for row in schedules], "CONDITIONS": [],
            "CONDITIONSX": []}, "C", "MUELLER")
        if index < 6:
            people.act("deliver", {"document": document, "partial": index == 5})
        if index < 4:
            people.act("invoice", {"document": document})


def _all(row: dict, *keys: str) -> dict:
    return {name: value if name in keys else "X" for name, value in row.items()}
