"""ORDERS05 files as an inbound job posts them, and the ORDRSP that SAP sends of the orders."""

from __future__ import annotations

import os
from decimal import Decimal

from . import orders
from .cond_a import Idoc
from .company import Company
from .database import CLIENT
from .messages import SapError
from .values import alpha, number

_UNITS = {"PCE": "ST", "CT": "KAR"}
_ISO = {internal: iso for iso, internal in _UNITS.items()}
# Columns of SDATA: (offset, width).
_K01 = {"ACTION": (0, 3), "CURCY": (4, 3), "BSART": (79, 4)}
_K02 = _K14 = {"QUALF": (0, 3), "VALUE": (3, 35)}
_K03 = {"IDDAT": (0, 3), "DATUM": (3, 8)}
_KA1 = {"PARVW": (0, 3), "PARTN": (3, 17), "NAME": (37, 35), "NAME_2": (72, 35), "STREET": (177, 35), "CITY": (282, 35),
        "POSTL_CODE": (326, 9), "COUNTRY": (344, 3), "REGION": (613, 3)}
_P01 = {"POSEX": (0, 6), "MENGE": (11, 15), "MENEE": (26, 3), "VPREI": (54, 15), "PEINH": (69, 9), "WERKS": (311, 4),
        "LGORT": (383, 4)}
_P05 = {"ALCKZ": (0, 3), "KSCHL": (3, 4), "BETRG": (87, 18), "KRATE": (113, 15), "UPRBS": (128, 9)}
_P19 = {"QUALF": (0, 3), "IDTNR": (3, 35), "KTEXT": (38, 70)}
_P20 = {"WMENG": (0, 15), "EDATU": (30, 8)}
_S01 = {"SUMID": (0, 3), "SUMME": (3, 18)}


def _fields(data: str, columns: dict) -> dict:
    return {name: data[at:at + width].strip() for name, (at, width) in columns.items()}


def take(company: Company, folder: str, answers: str = "", status: str = "", **what) -> dict:
    """The job runs once over the folder; with status 51 its IDocs wait for people."""
    taken = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.startswith(".") or name.endswith((".tmp", ".part")) or not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        taken.append(_receive(company, text, answers, status, what))
        os.remove(path)
    return {"idocs": taken}


def post_again(company: Company, answers: str = "", **what) -> dict:
    """People post the IDocs that were refused (BD87)."""
    waiting = company.store.select("EDIDC", "STATUS = '51' AND MESTYP = 'ORDERS'")
    return {"idocs": [_post(company, row, company.store.state("idoc." + row["DOCNUM"], ""), answers, what)
                      for row in waiting]}


def _receive(company, text, answers, status, what):
    control = text.split("\n")[0]
    day, time = company.stamp()
    row = company.store.insert("EDIDC", {
        "DOCNUM": company.store.next_number("IDOC", 1).zfill(16), "STATUS": status or "64", "DIRECT": "2", "MESTYP": control[99:129].strip(),
        "IDOCTP": control[39:69].strip(), "CREDAT": day, "CRETIM": time, "ARCKEY": control[434:504].strip()})
    company.store.set_state("idoc." + row["DOCNUM"], text)
    return {"status": status, "document": ""} if status else _post(company, row, text, answers, what)


def _post(company, row, text, answers, what):
    document, error = "", ""
    order = _parse(text)
    try:
        if not what.get("refuse"):
            document = company.store.next_number("ORDERS", 10001)
            _create(company, document, order, what)
    except SapError as failure:
        document, error = "", failure.returned("E")["MESSAGE"]
    company.store.modify("EDIDC", {**row, "STATUS": "51" if error else "53"})
    if answers and not error:
        answer(company, answers, row["DOCNUM"], order, document, what)
    return {"status": "51" if error else "53", "document": document.lstrip("0"), "text": error}


def _parse(text: str) -> dict:
    lines = [line for line in text.split("\n") if line.strip()]
    order = {"control": lines[0], "organizations": {}, "dates": {}, "partners": {}, "references": {}, "items": [], "sums": {}}
    for line in lines[1:]:
        kind, data = line[4:7], line[63:]
        if kind == "K01":
            order["head"] = _fields(data, _K01)
        elif kind in ("K14", "K02"):
            one = _fields(data, _K14)
            order["organizations" if kind == "K14" else "references"][one["QUALF"]] = one["VALUE"]
        elif kind == "K03":
            one = _fields(data, _K03)
            order["dates"][one["IDDAT"]] = one["DATUM"]
        elif kind == "KA1":
            one = _fields(data, _KA1)
            order["partners"][one["PARVW"]] = one
        elif kind == "P01":
            order["items"].append({**_fields(data, _P01), "conditions": []})
        elif kind == "P05":
            order["items"][-1]["conditions"].append(_fields(data, _P05))
        elif kind == "P19":
            order["items"][-1].update(_fields(data, _P19))
        elif kind == "P20":
            order["items"][-1].update(_fields(data, _P20))
        elif kind == "S01":
            one = _fields(data, _S01)
            order["sums"][one["SUMID"]] = one["SUMME"]
    return order


def _create(company, document, order, what):
    """The delivery block of the IDoc is not taken over: the site's function does not know it."""
    if order["sums"].get("001") not in (None, str(len(order["items"]))):
        raise SapError("00", "055", "SUMME")
    organizations, dates = order["organizations"], order["dates"]
    call = {"HEADER": {"DOC_TYPE": organizations.get("012", ""), "SALES_ORG": organizations.get("008", ""),
                       "DISTR_CHAN": organizations.get("007", ""), "DIVISION": organizations.get("006", ""),
                       "PURCH_NO_C": order["references"].get("001", ""), "DOC_DATE": _soap(dates.get("012", "")),
                       "REQ_DATE_H": _soap(dates.get("002", "")), "CURRENCY": order["head"]["CURCY"],
                       "PURCH_NO_S": order["references"].get("044", "")},
            "PARTNERS": [{"PARTN_ROLE": role, "PARTN_NUMB": one["PARTN"], **{name: one[name] for name in _KA1 if name not in (
                "PARVW", "PARTN")}} for role, one in order["partners"].items()],
            "ITEMS": [], "ITEMSX": [], "SCHEDULES": [], "SCHEDULESX": [], "CONDITIONS": [], "CONDITIONSX": []}
    call["HEADERX"] = {name: "X" for name in call["HEADER"]}
    for index, item in enumerate(order["items"]):
        position = str((index + 1) * 10).zfill(6)  # SAP numbers the items itself.
        changed = what.get("quantity", {}).get(item["POSEX"].lstrip("0"))
        item["quantity"] = str(changed) if changed is not None else item["WMENG"]
        rejected = what.get("reject") is True or item["POSEX"].lstrip("0") in (what.get("reject") or [])
        item["rejection"] = "50" if rejected else ""
        _add(call, "ITEMS", {"ITM_NUMBER": position}, {
            "MATERIAL": item["IDTNR"], "PO_ITM_NO": item["POSEX"], "SALES_UNIT": _UNITS.get(item["MENEE"], item["MENEE"]),
            "SHORT_TEXT": item.get("KTEXT", ""), "PLANT": item["WERKS"], "STORE_LOC": item["LGORT"],
            "REASON_REJ": item["rejection"]})
        _add(call, "SCHEDULES", {"ITM_NUMBER": position, "SCHED_LINE": "0001"},
             {"REQ_QTY": item["quantity"], "REQ_DATE": _soap(item["EDATU"])})
        for condition in item["conditions"]:
            rate = condition["KRATE"] or condition["BETRG"]
            sign = "-" if condition["ALCKZ"] == "-" else ""
            _add(call, "CONDITIONS", {"ITM_NUMBER": position, "COND_ST_NO": "", "COND_COUNT": "", "COND_TYPE": condition["KSCHL"]},
                 {"COND_VALUE": sign + rate, "COND_P_UNT": condition["UPRBS"] or "1"})
    orders.create(company, document, call, "C", "ALEREMOTE")


def _add(call, table, key, values):
    call[table].append({**key, **values})
    call[table + "X"].append({**key, "UPDATEFLAG": "I", **{name: "X" for name in values if values[name]}})


def _soap(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ""


def _sdata(columns: dict, **values) -> str:
    data = [" "] * 500
    for name, value in values.items():
        at, width = columns[name]
        data[at:at + width] = list(str(value)[:width].ljust(width))
    return "".join(data).rstrip()


_ANSWER = {"POSEX": (0, 6), "ACTION": (6, 3), "MENGE": (11, 15), "MENEE": (26, 3), "VPREI": (54, 15), "PEINH": (69, 9),
           "NETWR": (78, 18), "ABGRU": (212, 2)}


def answer(company, folder, docnum, order, document, what) -> None:
    idoc = Idoc(company.store.next_number("IDOC", 1))
    idoc.control(*company.stamp(), "ORDERS05", "ORDRSP")
    idoc.segment("E2EDK01005", 1, _sdata(_K01, ACTION="003" if what.get("refuse") else "", CURCY=order["head"]["CURCY"]))
    idoc.segment("E2EDK02", 1, _sdata(_K02, QUALF="001", VALUE=order["references"]["001"]))
    if document:
        idoc.segment("E2EDK02", 1, _sdata(_K02, QUALF="002", VALUE=alpha(document, 10)))
        rows = company.store.select("VBAP", "MANDT = ? AND VBELN = ?", (CLIENT, document))
        for row in rows:
            amount, net = number(row["KWMENG"]), number(row["NETWR"])
            idoc.segment("E2EDP01006", 1, _sdata(
                _ANSWER, POSEX=row["POSEX"], MENGE=format(amount, "f"), MENEE=_ISO.get(row["VRKME"].strip(), ""),
                VPREI=format(net / amount if amount else Decimal(0), ".2f"), PEINH="1", NETWR=format(net, "f"),
                ACTION="003" if row["ABGRU"].strip() else "", ABGRU=row["ABGRU"].strip()))
        idoc.segment("E2EDS01", 1, _sdata(_S01, SUMID="001", SUMME=str(len(rows))))
    text = "\n".join(idoc.lines) + "\n"
    if what.get("half"):  # The transfer broke off between two lines.
        text = "\n".join(idoc.lines[:-2] + idoc.lines[-1:]) + "\n"
    for name in ["ORDRSP_" + docnum, *(["ORDRSP_" + docnum + "_again"] if what.get("twice") else [])]:
        path = os.path.join(folder, name)
        with open(path + ".tmp", "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.rename(path + ".tmp", path)
