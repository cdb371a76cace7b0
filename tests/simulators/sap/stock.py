"""Material documents and stock by plant and storage location."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import divide, multiply, total
from .company import Company
from .database import CLIENT
from .messages import SapError
from .values import date_of, number

# Movement type -> what it does to the stock.
_SIGNS = {"501": 1, "551": -1, "561": 1, "601": -1, "651": 1, "701": 1, "702": -1, "201": -1, "909": 1, "910": -1}


def demand(company: Company, place: dict) -> Decimal:
    """Open requirements of sales documents, in base units."""
    rows = company.store.select("VBBE", "MANDT = ? AND MATNR = ? AND WERKS = ? AND LGORT = ?",
                                (CLIENT, place["MATNR"], place["WERKS"], place["LGORT"]))
    return total(number(row["OMENG"]) for row in rows)


def available(company: Company, place: dict, day: str) -> Decimal:
    """What the availability check says of a day: stock and planned receipts until then, less requirements and reservations."""
    left = number(place["LABST"]) - demand(company, place)
    for planned in company.store.select("MDPS", "MANDT = ? AND MATNR = ? AND WERKS = ? AND LGORT = ?",
                                        (CLIENT, place["MATNR"], place["WERKS"], place["LGORT"])):
        if not day or planned["DAT00"] <= day:
            left += number(planned["MNG01"])
    return left


def post(company: Company, document: str, header: dict, items: list, user: str, overdraw: bool = False) -> None:
    day, time = company.stamp()
    year = day[:4]
    company.store.insert("MKPF", {
        "MBLNR": document, "MJAHR": year, "BUDAT": date_of(header.get("PSTNG_DATE", "")) if header.get("PSTNG_DATE") else day,
        "CPUDT": day, "CPUTM": time, "USNAM": user, "XBLNR": header.get("REF_DOC_NO", "")[:16],
        "BKTXT": header.get("HEADER_TXT", "")[:25]})
    for index, item in enumerate(items):
        _line(company, document, year, index + 1, item, overdraw)


def _line(company: Company, document: str, year: str, index: int, item: dict, overdraw: bool) -> None:
    kind = item.get("MOVE_TYPE", "").strip()
    if kind not in _SIGNS:
        raise SapError("M7", "130", kind, field="MOVE_TYPE", row=index)
    material = company.material(item.get("MATERIAL", ""))
    plant, storage = item.get("PLANT", ""), item.get("STGE_LOC", "")
    place = company.store.get("MARD", material["MATNR"], plant, storage)
    if place is None:
        raise SapError("M7", "001", plant, storage, material["MATNR"], field="STGE_LOC", row=index)
    unit = item.get("ENTRY_UOM", "").strip() or material["MEINS"].strip()
    factor = company.store.get("MARM", material["MATNR"], unit)
    if factor is None:
        raise SapError("V1", "384", unit, material["MATNR"], field="ENTRY_UOM", row=index)
    quantity = number(item.get("ENTRY_QNT", "0"))
    if quantity <= 0:
        raise SapError("00", "055", "ENTRY_QNT", row=index)
    base = divide(multiply(quantity, Decimal(factor["UMREZ"])), Decimal(factor["UMREN"]))
    left = number(place["LABST"]) + _SIGNS[kind] * base
    if left < 0 and not overdraw:
        raise SapError("M7", "021", format(-left, "f"), material["MATNR"], row=index)
    company.store.modify("MARD", {**place, "LABST": left})
    company.store.insert("MSEG", {
        "MBLNR": document, "MJAHR": year, "ZEILE": index, "BWART": kind, "MATNR": material["MATNR"], "WERKS": plant,
        "LGORT": storage, "SHKZG": "S" if _SIGNS[kind] > 0 else "H", "MENGE": base, "MEINS": material["MEINS"]})
