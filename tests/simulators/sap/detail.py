"""BAPISDORDER_GETDETAILEDLIST: what is told of sales documents, view by view."""

from __future__ import annotations

from .company import Company
from .database import CLIENT
from .values import alpha, amount, bapi_amount, number, soap_date


def read(company: Company, view: dict, documents: list[dict]) -> dict:
    tables: dict = {"ORDER_HEADERS_OUT": [], "ORDER_ITEMS_OUT": [], "ORDER_SCHEDULES_OUT": [], "ORDER_BUSINESS_OUT": [],
                    "ORDER_PARTNERS_OUT": [], "ORDER_ADDRESS_OUT": [], "ORDER_STATUSHEADERS_OUT": [],
                    "ORDER_STATUSITEMS_OUT": [], "ORDER_CONDITIONS_OUT": []}
    wanted = {name for name, flag in view.items() if flag.strip() == "X"}
    for named in documents:
        # No conversion exit runs over a table that comes by RFC: the key must have its zeros.
        header = company.store.get("VBAK", named.get("VBELN", ""))
        if header is None:
            continue
        if "HEADER" in wanted:
            tables["ORDER_HEADERS_OUT"].append(_header(header))
        if "BUSINESS" in wanted:
            tables["ORDER_BUSINESS_OUT"] += [
                {"SD_DOC": row["VBELN"], "ITM_NUMBER": row["POSNR"], "PURCH_NO_C": row["BSTKD"].strip(),
                 "PURCH_NO_S": row["BSTKD_E"].strip(), "REF_1": row["IHREZ"].strip()} for row in company.rows("VBKD", header["VBELN"])]
        if "ITEM" in wanted:
            tables["ORDER_ITEMS_OUT"] += [_item(row) for row in company.rows("VBAP", header["VBELN"])]
        if "SDSCHEDULE" in wanted:
            tables["ORDER_SCHEDULES_OUT"] += [
                {"DOC_NUMBER": row["VBELN"], "ITM_NUMBER": row["POSNR"], "SCHED_LINE": row["ETENR"],
                 "REQ_DATE": soap_date(row["EDATU"]), "REQ_QTY": row["WMENG"], "CONFIR_QTY": row["BMENG"]}
                for row in company.rows("VBEP", header["VBELN"])]
        if "PARTNER" in wanted or "ADDRESS" in wanted:
            _partners(company, header["VBELN"], wanted, tables)
        if "STATUS_H" in wanted:
            tables["ORDER_STATUSHEADERS_OUT"] += [
                {"SD_DOC": row["VBELN"], "DELIV_STAT": row["LFSTK"].strip(), "BILLSTATUS": row["FKSTK"].strip(),
                 "OVERALLREJ": row["ABSTK"].strip(), "PRC_STAT_H": row["GBSTK"].strip()}
                for row in company.rows("VBUK", header["VBELN"])]
        if "STATUS_I" in wanted:
            tables["ORDER_STATUSITEMS_OUT"] += [
                {"SD_DOC": row["VBELN"], "ITM_NUMBER": row["POSNR"], "DELIV_STAT": row["LFSTA"].strip(),
                 "BILLSTATHD": row["FKSAA"].strip(), "REJSTATIT": row["ABSTA"].strip(),
                 "OVRPROCSTA": row["GBSTA"].strip()} for row in company.rows("VBUP", header["VBELN"])]
        if "SDCOND" in wanted:
            tables["ORDER_CONDITIONS_OUT"] += [_condition(header["VBELN"], row) for row in company.store.select(
                "KONV", "MANDT = ? AND KNUMV = ?", (CLIENT, header["KNUMV"]))]
    return tables


def _header(row: dict) -> dict:
    return {"DOC_NUMBER": row["VBELN"], "REC_DATE": soap_date(row["ERDAT"]),
            "REC_TIME": f"{row['ERZET'][:2]}:{row['ERZET'][2:4]}:{row['ERZET'][4:]}", "CREATED_BY": row["ERNAM"].strip(),
            "DOC_DATE": soap_date(row["AUDAT"]), "SD_DOC_CAT": row["VBTYP"], "DOC_TYPE": row["AUART"].strip(),
            "ORD_REASON": row["AUGRU"].strip(), "DLV_BLOCK": row["LIFSK"].strip(), "BILL_BLOCK": row["FAKSK"].strip(),
            "NET_VAL_HD": bapi_amount(number(row["NETWR"])), "CURRENCY": row["WAERK"].strip(), "SALES_ORG": row["VKORG"],
            "DISTR_CHAN": row["VTWEG"], "DIVISION": row["SPART"], "REQ_DATE_H": soap_date(row["VDATU"]),
            "PURCH_NO": row["BSTNK"].strip(), "SOLD_TO": row["KUNNR"].strip(), "CH_ON": soap_date(row["AEDAT"])}


def _item(row: dict) -> dict:
    return {"DOC_NUMBER": row["VBELN"], "ITM_NUMBER": row["POSNR"], "MATERIAL": row["MATNR"].strip(),
            "SHORT_TEXT": row["ARKTX"].strip(), "ITEM_CATEG": row["PSTYV"].strip(),
            "REL_FOR_DE": "X" if row["PSTYV"].strip() == "TAN" else "", "REA_FOR_RE": row["ABGRU"].strip(),
            "PO_ITM_NO": alpha(row["POSEX"], 6) if row["POSEX"].strip() else "", "NET_VALUE": bapi_amount(number(row["NETWR"])),
            "CURRENCY": row["WAERK"].strip(), "REQ_QTY": row["KWMENG"], "SALES_UNIT": row["VRKME"].strip(),
            "SALES_QTY1": row["UMVKZ"], "SALES_QTY2": row["UMVKN"], "REF_DOC": row["VGBEL"].strip(), "POSNR_VOR": row["VGPOS"],
            "PLANT": row["WERKS"].strip(), "STGE_LOC": row["LGORT"].strip(), "NET_PRICE": bapi_amount(number(row["NETPR"])),
            "COND_P_UNT": row["KPEIN"]}


def _condition(document: str, row: dict) -> dict:
    rate = number(row["KBETR"])
    percent = row["WAERS"].strip() == "%"  # Kept in tenths of a percent.
    return {"SD_DOC": document, "CONDIT_NO": row["KNUMV"], "ITM_NUMBER": row["KPOSN"], "COND_ST_NO": row["STUNR"],
            "COND_COUNT": row["ZAEHK"], "COND_TYPE": row["KSCHL"].strip(),
            "COND_VALUE": amount(rate / 10) + "0000000" if percent else amount(rate) + "0000000",
            "CURRENCY": "" if percent else row["WAERS"].strip(), "COND_P_UNT": row["KPEIN"], "COND_D_UNT": row["KMEIN"].strip(),
            "CONDTYPE": row["KOAID"].strip(), "CONDISACTI": row["KINAK"].strip(), "STAT_CON": "",
            "CONDVALUE": bapi_amount(number(row["KWERT"]))}


def _partners(company: Company, document: str, wanted: set, tables: dict) -> None:
    for row in company.rows("VBPA", document):
        if "PARTNER" in wanted:
            tables["ORDER_PARTNERS_OUT"].append(
                {"SD_DOC": document, "ITM_NUMBER": row["POSNR"], "PARTN_ROLE": row["PARVW"], "CUSTOMER": row["KUNNR"].strip(),
                 "ADDRESS": row["ADRNR"].strip(), "ADDRE_INDI": row["ADRDA"].strip()})
        address = company.store.get("ADRC", row["ADRNR"])
        if "ADDRESS" in wanted and address is not None:
            tables["ORDER_ADDRESS_OUT"].append(
                {"DOC_NUMBER": document, "ADDRESS": row["ADRNR"].strip(), "NAME": address["NAME1"].strip(),
                 "NAME_2": address["NAME2"].strip(), "STREET": address["STREET"].strip(), "COUNTRY": address["COUNTRY"].strip(),
                 "POSTL_CODE": address["POST_CODE1"].strip(), "CITY": address["CITY1"].strip(),
                 "REGION": address["REGION"].strip()})
