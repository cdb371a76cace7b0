"""Sales documents: creating and changing them. Everything here runs inside a transaction of the store."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import EXACT, total
from . import pricing
from .company import (DELIVERY_BLOCKS, ORDER_REASONS, ORDER_TYPES, PARTNERS, REJECTIONS, RETURN_TYPES,
                      SALES_AREA, SERVICES, Company)
from .database import CLIENT
from .messages import SapError
from .values import date_of, number

_HEADER = "000000"


def flagged(row: dict, flags: dict) -> dict:
    """What of a structure counts: the members whose twin says X."""
    return {name: value for name, value in row.items() if flags.get(name, "").strip() == "X"}


def by_item(rows: list, flags: list, *more: str) -> list[tuple[dict, str, dict]]:
    """(key, update flag, values) of each row that has a twin; one without is overlooked."""
    twins = {tuple(one.get(name, "") for name in ("ITM_NUMBER", *more)): one for one in flags}
    result = []
    for row in rows:
        key = tuple(row.get(name, "") for name in ("ITM_NUMBER", *more))
        twin = twins.get(key)
        if twin is None:
            continue
        if not row.get("ITM_NUMBER", "").isdigit():
            raise SapError("00", "055", "ITM_NUMBER")
        result.append(({name: row.get(name, "") for name in ("ITM_NUMBER", *more)}, twin.get("UPDATEFLAG", "").strip(),
                       flagged(row, twin)))
    return result


def create(company: Company, document: str, call: dict, category: str, user: str) -> None:
    """`call` has HEADER, HEADERX, ITEMS, ITEMSX, PARTNERS, SCHEDULES, SCHEDULESX, CONDITIONS, CONDITIONSX."""
    header = flagged(call["HEADER"], call["HEADERX"])
    kinds = ORDER_TYPES if category == "C" else RETURN_TYPES
    if header.get("DOC_TYPE", "") not in kinds:
        raise SapError("V1", "261", header.get("DOC_TYPE", ""), field="DOC_TYPE")
    area = tuple(header.get(name, "") for name in ("SALES_ORG", "DISTR_CHAN", "DIVISION"))
    partners = {row.get("PARTN_ROLE", ""): row for row in call["PARTNERS"]}
    for role in partners:
        if role not in PARTNERS:
            raise SapError("VP", "205", role, field="PARTN_ROLE")
    customer = partners.get("AG", {}).get("PARTN_NUMB", "")
    check_customer(company, customer, area)
    reason = header.get("ORD_REASON", "").strip()
    if reason and reason not in ORDER_REASONS:
        raise SapError("V1", "606", reason, field="ORD_REASON")
    day, time = company.stamp()
    reference = header.get("PURCH_NO_C", "")[:35]
    row = company.store.insert("VBAK", {
        "VBELN": document, "ERDAT": day, "ERZET": time, "ERNAM": user, "VBTYP": category, "AUART": header["DOC_TYPE"],
        "AUDAT": date_of(header.get("DOC_DATE", "")) if header.get("DOC_DATE") else day, "AUGRU": reason,
        "WAERK": header.get("CURRENCY", "EUR"), "VKORG": area[0], "VTWEG": area[1], "SPART": area[2], "KNUMV": document,
        "VDATU": date_of(header.get("REQ_DATE_H", "")) if header.get("REQ_DATE_H") else day,
        "LIFSK": block(header.get("DLV_BLOCK", "")), "BSTNK": reference[:20], "KUNNR": customer})
    company.store.insert("VBKD", {"VBELN": document, "POSNR": _HEADER, "BSTKD": reference,
                                  "BSTKD_E": header.get("PURCH_NO_S", "")[:35], "PRSDT": row["AUDAT"]})
    _partners(company, document, partners, customer)
    company.store.insert("VBUK", {"VBELN": document})
    for index, (key, _, values) in enumerate(by_item(call["ITEMS"], call["ITEMSX"])):
        _new_item(company, row, key["ITM_NUMBER"], values, index + 1)
    _schedules(company, document, by_item(call["SCHEDULES"], call["SCHEDULESX"], "SCHED_LINE"))
    _conditions(company, document, by_item(call["CONDITIONS"], call["CONDITIONSX"], "COND_ST_NO", "COND_COUNT",
                                           "COND_TYPE"), True)
    settle(company, document)
    company.log_change("VERKBELEG", document, user, "I")


def change(company: Company, document: str, call: dict, user: str) -> None:
    """As create; HEADERX must have an UPDATEFLAG, and LOGIC_SWITCH-COND_HANDL decides what conditions mean."""
    row = company.store.get("VBAK", document)
    if row is None:
        raise SapError("V1", "302", document)
    if call["HEADERX"].get("UPDATEFLAG", "").strip() != "U":
        raise SapError("00", "055", "UPDATEFLAG")
    header = flagged(call["HEADER"], call["HEADERX"])
    if "DLV_BLOCK" in header:
        row["LIFSK"] = block(header["DLV_BLOCK"])
    if "REQ_DATE_H" in header:
        row["VDATU"] = date_of(header["REQ_DATE_H"])
    row["AEDAT"] = company.today()
    business = company.store.get("VBKD", document, _HEADER)
    if "PURCH_NO_S" in header:
        business["BSTKD_E"] = header["PURCH_NO_S"][:35]
    if "PURCH_NO_C" in header:
        business["BSTKD"], row["BSTNK"] = header["PURCH_NO_C"][:35], header["PURCH_NO_C"][:20]
    company.store.modify("VBKD", business)
    row = company.store.modify("VBAK", row)
    _change_partners(company, document, call, row["KUNNR"])
    for index, (key, update, values) in enumerate(by_item(call["ITEMS"], call["ITEMSX"])):
        _change_item(company, row, key["ITM_NUMBER"], update, values, index + 1)
    _schedules(company, document, by_item(call["SCHEDULES"], call["SCHEDULESX"], "SCHED_LINE"))
    _conditions(company, document, by_item(call["CONDITIONS"], call["CONDITIONSX"], "COND_ST_NO", "COND_COUNT",
                                           "COND_TYPE"), call.get("COND_HANDL", "").strip() == "X")
    settle(company, document)
    company.log_change("VERKBELEG", document, user)


def block(code: str) -> str:
    if code.strip() and code.strip() not in DELIVERY_BLOCKS:
        raise SapError("V1", "605", code, field="DLV_BLOCK")
    return code.strip()


def check_customer(company: Company, customer: str, area: tuple) -> None:
    row = company.store.get("KNA1", customer)
    if row is None or area != SALES_AREA or company.store.get("KNVV", customer, *area) is None:
        raise SapError("VP", "204", customer, " ".join(area), field="PARTN_NUMB")
    if row["AUFSD"].strip():
        raise SapError("V1", "331", customer, field="PARTN_NUMB")


def _partners(company: Company, document: str, partners: dict, customer: str) -> None:
    for role in ("AG", "WE", "RE", "RG"):
        given = partners.get(role)
        if given is None and company.store.get("VBPA", document, _HEADER, role) is not None:
            continue
        address = company.store.get("KNA1", customer)["ADRNR"]
        own = given is not None and any(given.get(name, "").strip() for name in ("NAME", "STREET", "CITY", "POSTL_CODE"))
        if own:
            address = company.store.next_number("ADRNR", 9000001)
            company.store.insert("ADRC", {
                "ADDRNUMBER": address, "NAME1": given.get("NAME", "")[:35], "NAME2": given.get("NAME_2", "")[:35],
                "STREET": given.get("STREET", "")[:35], "CITY1": given.get("CITY", "")[:35],
                "POST_CODE1": given.get("POSTL_CODE", "")[:10], "REGION": given.get("REGION", "")[:3],
                "COUNTRY": given.get("COUNTRY", "")[:3]})
        company.store.put("VBPA", {"VBELN": document, "POSNR": _HEADER, "PARVW": role,
                                   "KUNNR": (given or {}).get("PARTN_NUMB", "") or customer, "ADRNR": address,
                                   "ADRDA": "E" if own else "D"})


def _change_partners(company: Company, document: str, call: dict, customer: str) -> None:
    addresses = {row.get("ADDR_NO", ""): row for row in call.get("PARTNERADDRESSES", [])}
    for row in call.get("PARTNERCHANGES", []):
        role, address = row.get("PARTN_ROLE", ""), addresses.get(row.get("ADDR_LINK", ""))
        if role not in PARTNERS:
            raise SapError("VP", "205", role, field="PARTN_ROLE")
        if row.get("UPDATEFLAG", "").strip() == "U" and address is not None:
            _partners(company, document, {role: {**address, "POSTL_CODE": address.get("POSTL_COD1", ""),
                                                 "PARTN_NUMB": row.get("P_NUMB_NEW", "")}}, customer)


def _new_item(company: Company, header: dict, position: str, values: dict, row: int) -> None:
    if company.store.get("VBAP", header["VBELN"], position) is not None:
        raise SapError("V1", "556", position, row=row)
    material = _named(company.material, values.get("MATERIAL", ""), row)
    unit = values.get("SALES_UNIT", "").strip() or material["MEINS"].strip()
    factor = company.store.get("MARM", material["MATNR"], unit)
    if factor is None:
        raise SapError("V1", "384", unit, material["MATNR"], field="SALES_UNIT", row=row)
    service = material["MATNR"].strip() in SERVICES
    plant, storage = values.get("PLANT", ""), values.get("STORE_LOC", "")
    if not service and company.store.get("MARD", material["MATNR"], plant, storage) is None:
        raise SapError("M7", "001", plant, storage, material["MATNR"], field="PLANT", row=row)
    text = company.store.get("MAKT", material["MATNR"], company.language)
    returns = header["VBTYP"] == "H"
    company.store.insert("VBAP", {
        "VBELN": header["VBELN"], "POSNR": position, "MATNR": material["MATNR"],
        "ARKTX": values.get("SHORT_TEXT", "")[:40].strip() or (text["MAKTX"] if text else ""),
        "PSTYV": "REN" if returns else "TAD" if service else "TAN", "KWMENG": Decimal(0), "VRKME": unit,
        "MEINS": material["MEINS"], "UMVKZ": factor["UMREZ"], "UMVKN": factor["UMREN"], "KPEIN": 1, "KMEIN": unit,
        "WAERK": header["WAERK"], "WERKS": plant, "LGORT": storage, "VGBEL": values.get("REF_DOC", ""),
        "VGPOS": values.get("REF_DOC_IT", ""), "POSEX": values.get("PO_ITM_NO", "").strip()[:6],
        "ABGRU": _rejection(values.get("REASON_REJ", ""))})
    company.store.insert("VBUP", {"VBELN": header["VBELN"], "POSNR": position})
    if values.get("REF_1", "").strip():
        company.store.insert("VBKD", {"VBELN": header["VBELN"], "POSNR": position, "IHREZ": values["REF_1"][:12]})
    if values.get("REF_DOC", "").strip():
        day, time = company.stamp()
        company.store.put("VBFA", {"VBELV": values["REF_DOC"], "POSNV": values.get("REF_DOC_IT", ""),
                                   "VBELN": header["VBELN"], "POSNN": position, "VBTYP_N": header["VBTYP"],
                                   "VBTYP_V": values.get("REF_DOC_CA", "") or "C", "MEINS": material["MEINS"], "ERDAT": day, "ERZET": time})


def _named(find, number_: str, row: int):
    try:
        return find(number_)
    except SapError as error:
        error.field, error.row = "MATERIAL", row
        raise


def _rejection(code: str) -> str:
    if code.strip() and code.strip() not in REJECTIONS:
        raise SapError("V1", "604", code, field="REASON_REJ")
    return code.strip()


def _change_item(company: Company, header: dict, position: str, update: str, values: dict, row: int) -> None:
    if update == "I":
        _new_item(company, header, position, values, row)
        return
    item = company.store.get("VBAP", header["VBELN"], position)
    if item is None:
        raise SapError("V1", "555", position, row=row)
    if "REASON_REJ" in values:
        item["ABGRU"] = _rejection(values["REASON_REJ"])
    if "SHORT_TEXT" in values:
        item["ARKTX"] = values["SHORT_TEXT"][:40]
    item["AEDAT"] = company.today()
    company.store.modify("VBAP", item)


def _schedules(company: Company, document: str, rows: list) -> None:
    for key, _, values in rows:
        item = company.store.get("VBAP", document, key["ITM_NUMBER"])
        if item is None:
            raise SapError("V1", "555", key["ITM_NUMBER"])
        line = company.store.get("VBEP", document, key["ITM_NUMBER"], key["SCHED_LINE"]) or {
            "VBELN": document, "POSNR": key["ITM_NUMBER"], "ETENR": key["SCHED_LINE"]}
        if "REQ_QTY" in values:
            quantity = number(values["REQ_QTY"])
            done = delivered(company, document, key["ITM_NUMBER"])
            if quantity < done:
                raise SapError("V1", "497", format(done.normalize(), "f"), field="REQ_QTY")
            line["WMENG"] = line["BMENG"] = quantity
        if values.get("REQ_DATE"):
            line["EDATU"] = date_of(values["REQ_DATE"])
        elif "EDATU" not in line:
            line["EDATU"] = company.store.get("VBAK", document)["VDATU"]
        company.store.put("VBEP", line)
        lines = company.store.select("VBEP", "MANDT = ? AND VBELN = ? AND POSNR = ?",
                                     (CLIENT, document, key["ITM_NUMBER"]))
        item["KWMENG"] = total(number(one["WMENG"]) for one in lines)
        company.store.modify("VBAP", item)


def _conditions(company: Company, document: str, rows: list, update: bool) -> None:
    for key, _, values in rows:
        if "COND_VALUE" not in values:
            continue
        item = company.store.get("VBAP", document, key["ITM_NUMBER"])
        if item is None:
            raise SapError("V1", "555", key["ITM_NUMBER"])
        pricing.put_condition(company, document, key["ITM_NUMBER"], key["COND_TYPE"], number(values["COND_VALUE"]),
                              int(values.get("COND_P_UNT", "") or 1), item["VRKME"].strip(), update)


def delivered(company: Company, document: str, position: str) -> Decimal:
    rows = company.store.select("LIPS", "MANDT = ? AND VGBEL = ? AND VGPOS = ?", (CLIENT, document, position))
    return total(number(row["LFIMG"]) for row in rows)


def billed(company: Company, document: str, position: str) -> Decimal:
    rows = company.store.execute(
        "SELECT p.FKIMG FROM VBRP p JOIN VBRK k ON k.MANDT = p.MANDT AND k.VBELN = p.VBELN WHERE p.MANDT = ? "
        "AND p.AUBEL = ? AND p.AUPOS = ? AND k.FKSTO = ' '", (CLIENT, document, position))
    return total(number(row[0]) for row in rows)


def settle(company: Company, document: str) -> None:
    """Prices, requirements and statuses after a change."""
    header = company.store.get("VBAK", document)
    company.store.delete("VBBE", "MANDT = ? AND VBELN = ?", (CLIENT, document))
    states = []
    net = Decimal(0)
    for item in company.rows("VBAP", document):
        pricing.price_item(company, header, item)
        item = company.store.modify("VBAP", item)
        rejected = bool(item["ABGRU"].strip())
        if not rejected:
            net = EXACT.add(net, number(item["NETWR"]))
        out, bill = delivered(company, document, item["POSNR"]), billed(company, document, item["POSNR"])
        quantity = number(item["KWMENG"])
        delivers = item["PSTYV"].strip() == "TAN"
        if delivers and not rejected and quantity > out:
            company.store.insert("VBBE", {
                "VBELN": document, "POSNR": item["POSNR"], "ETENR": "0001", "MATNR": item["MATNR"], "WERKS": item["WERKS"],
                "LGORT": item["LGORT"], "OMENG": (quantity - out) * int(item["UMVKZ"]) / int(item["UMVKN"]),
                "MEINS": item["MEINS"]})
        lines = {"LFSTA": _share(out, quantity, rejected) if delivers else " ",
                 "WBSTA": _share(out, quantity, rejected) if delivers else " ",
                 "FKSAA": _share(bill, out if delivers and rejected else quantity, rejected and not out),
                 "ABSTA": "C" if rejected else "A"}
        lines["GBSTA"] = _together([lines["LFSTA"], lines["FKSAA"]])
        company.store.put("VBUP", {"VBELN": document, "POSNR": item["POSNR"], **lines})
        states.append(lines)
    header["NETWR"] = net
    company.store.modify("VBAK", header)
    company.store.put("VBUK", {
        "VBELN": document, "LFSTK": _together([one["LFSTA"] for one in states]),
        "WBSTK": _together([one["WBSTA"] for one in states]), "FKSTK": _together([one["FKSAA"] for one in states]),
        "GBSTK": _together([one["GBSTA"] for one in states]), "ABSTK": _together([one["ABSTA"] for one in states])})


def _share(done: Decimal, of: Decimal, closed: bool) -> str:
    if closed or done >= of:
        return "C"
    return "B" if done else "A"


def _together(states: list[str]) -> str:
    told = [state for state in states if state.strip()]
    if not told:
        return " "
    if all(state == "C" for state in told):
        return "C"
    return "A" if all(state == "A" for state in told) else "B"
