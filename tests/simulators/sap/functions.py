"""The function modules that may be called from outside."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import cents, divide, multiply
from . import detail, orders, pricing, stock
from .company import TAX_RATE, Company
from .messages import SapError, message
from .sessions import Session
from .values import bapi_amount, number, quantity

_EMPTY: dict = {}


class Call:
    """One call: its parameters, its session, and what it answers."""

    def __init__(self, company: Company, session: Session, parameters: dict):
        self.company, self.session, self.parameters = company, session, parameters

    def text(self, name: str) -> str:
        value = self.parameters.get(name, "")
        return value if isinstance(value, str) else ""

    def structure(self, name: str) -> dict:
        value = self.parameters.get(name, _EMPTY)
        return value if isinstance(value, dict) else _EMPTY

    def table(self, name: str) -> list:
        value = self.parameters.get(name, [])
        return value if isinstance(value, list) else []

    def note(self, severity: str, kind: str, number_: str, *variables: str) -> dict:
        return message(severity, kind, number_, *variables, language=self.company.language)

    def write(self, work) -> None:
        """Tries `work` out, and remembers it for the commit."""
        self.company.store.try_out(work)
        self.session.pending.append(work)


def _document_parameters(call: Call, prefix: str, items: str, schedules: str, conditions: str, partners: str) -> dict:
    return {"HEADER": call.structure(prefix + "HEADER_IN"), "HEADERX": call.structure(prefix + "HEADER_INX"),
            "ITEMS": call.table(items), "ITEMSX": call.table(items + "X"), "PARTNERS": call.table(partners),
            "SCHEDULES": call.table(schedules), "SCHEDULESX": call.table(schedules + "X"),
            "CONDITIONS": call.table(conditions), "CONDITIONSX": call.table(conditions + "X"),
            "PARTNERCHANGES": call.table("PARTNERCHANGES"), "PARTNERADDRESSES": call.table("PARTNERADDRESSES"),
            "COND_HANDL": call.structure("LOGIC_SWITCH").get("COND_HANDL", "")}


def _create(call: Call, given: dict, category: str, interval: str, first: int) -> dict:
    company, user = call.company, call.session.user
    document = company.store.next_number(interval, first)
    if call.text("TESTRUN").strip() == "X":
        company.store.try_out(lambda: orders.create(company, document, given, category, user))
        return {"SALESDOCUMENT": "", "RETURN": [call.note("S", "V4", "233")]}
    call.write(lambda: orders.create(company, document, given, category, user))
    return {"SALESDOCUMENT": document, "RETURN": [call.note("S", "V4", "233"),
                                                  call.note("S", "V1", "311", document.lstrip("0"))]}


def create_order(call: Call) -> dict:
    return _create(call, _document_parameters(call, "ORDER_", "ORDER_ITEMS_IN", "ORDER_SCHEDULES_IN",
                                              "ORDER_CONDITIONS_IN", "ORDER_PARTNERS"), "C", "ORDERS", 10001)


def create_return(call: Call) -> dict:
    return _create(call, _document_parameters(call, "RETURN_", "RETURN_ITEMS_IN", "RETURN_SCHEDULES_IN",
                                              "RETURN_CONDITIONS_IN", "RETURN_PARTNERS"), "H", "RETURNS", 60000001)


def change_order(call: Call) -> dict:
    company, user, document = call.company, call.session.user, call.text("SALESDOCUMENT")
    if company.store.get("VBAK", document) is None:
        raise SapError("V1", "302", document)
    holder = company.sessions.enqueue(call.session, document)
    if holder:
        raise SapError("V1", "042", document.lstrip("0"), holder)
    given = _document_parameters(call, "ORDER_", "ORDER_ITEM_IN", "SCHEDULE_LINES", "CONDITIONS_IN", "PARTNERS")
    work = lambda: orders.change(company, document, given, user)  # noqa: E731
    if call.text("SIMULATION").strip() == "X":
        company.store.try_out(work)
    else:
        call.write(work)
    return {"RETURN": [call.note("S", "V4", "233"), call.note("S", "V1", "311", document.lstrip("0"))]}


def get_detail(call: Call) -> dict:
    return detail.read(call.company, call.structure("I_BAPI_VIEW"), call.table("SALES_DOCUMENTS"))


def get_status(call: Call) -> dict:
    company, document = call.company, call.text("SALESDOCUMENT")
    header, status = company.store.get("VBAK", document), company.store.get("VBUK", document)
    if header is None:
        return {"RETURN": {"TYPE": "E", "CODE": "V1302", "MESSAGE": f"SD document {document} is not in the database"},
                "STATUSINFO": []}
    rows = [{"DOC_NUMBER": document, "PRC_STAT_H": status["GBSTK"].strip(), "DLV_STAT_H": status["LFSTK"].strip(),
             "ITM_NUMBER": item["POSNR"], "MATERIAL": item["MATNR"].strip(), "REQ_QTY": item["KWMENG"],
             "REASON_REJ": item["ABGRU"].strip()} for item in company.rows("VBAP", document)]
    return {"RETURN": {"TYPE": "", "CODE": "", "MESSAGE": ""}, "STATUSINFO": rows}


def simulate(call: Call) -> dict:
    """Prices and judges an order that is not made. RETURN is a structure with a code, quantities are in thousandths."""
    company, header = call.company, call.structure("ORDER_HEADER_IN")
    partners = {row.get("PARTN_ROLE", ""): row.get("PARTN_NUMB", "") for row in call.table("ORDER_PARTNERS")}
    area = tuple(header.get(name, "") for name in ("SALES_ORG", "DISTR_CHAN", "DIVISION"))
    items, conditions, messages = [], [], []
    day = header.get("PRICE_DATE", "").replace("-", "") or company.today()
    try:
        orders.check_customer(company, partners.get("AG", ""), area)
    except SapError as error:
        messages.append(error.returned(company.language))
    for index, row in enumerate(call.table("ORDER_ITEMS_IN")):
        try:
            _simulate_item(call, partners.get("AG", ""), row, day, items, conditions)
        except SapError as error:
            error.row = index + 1
            messages.append(error.returned(company.language))
    failed = next((one for one in messages if one["TYPE"] in "EA"), None)
    told = {"TYPE": "E", "CODE": failed["ID"][:2] + failed["NUMBER"], "MESSAGE": failed["MESSAGE"]} if failed else {
        "TYPE": "", "CODE": "", "MESSAGE": ""}
    return {"RETURN": told, "SALESDOCUMENT": "", "ORDER_ITEMS_OUT": items, "ORDER_CONDITION_EX": conditions,
            "MESSAGETABLE": messages}


def _simulate_item(call: Call, customer: str, row: dict, day: str, items: list, conditions: list) -> None:
    company = call.company
    material = company.material(row.get("MATERIAL", ""))
    unit = row.get("SALES_UNIT", "").strip() or material["MEINS"].strip()
    factor = company.store.get("MARM", material["MATNR"], unit)
    if factor is None:
        raise SapError("V1", "384", unit, material["MATNR"])
    wanted = divide(number(row.get("REQ_QTY", "0")), Decimal(1000))
    base = divide(multiply(wanted, Decimal(factor["UMREZ"])), Decimal(factor["UMREN"]))
    listed, record, table = pricing.list_price(company, customer, material["MATNR"], day, base)
    rate = cents(divide(multiply(listed, Decimal(factor["UMREZ"])), Decimal(factor["UMREN"])))
    if row.get("COND_TYPE", "") == pricing.PRICE:
        rate, record = cents(number(row.get("COND_VALUE", "0"))), ""
    net = cents(multiply(rate, wanted))
    position = row.get("ITM_NUMBER", "")
    conditions.append({"ITM_NUMBER": position, "COND_ST_NO": "011", "COND_COUNT": "01", "COND_TYPE": pricing.PRICE,
                       "COND_VALUE": bapi_amount(rate) + "00000", "CURRENCY": "EUR", "COND_UNIT": unit, "COND_P_UNT": "1",
                       "CONDTYPE": "B", "CONDISACTI": "", "STAT_CON": "", "COND_NO": record, "ACCESS": table,
                       "CONDVALUE": bapi_amount(net)})
    for kind, percent in _percents(company, customer):
        value = cents(multiply(net, percent / 100))
        conditions.append({"ITM_NUMBER": position, "COND_ST_NO": "101", "COND_COUNT": "01", "COND_TYPE": kind,
                           "COND_VALUE": bapi_amount(percent) + "00000", "CURRENCY": "", "COND_UNIT": "", "COND_P_UNT": "0",
                           "CONDTYPE": "A", "CONDISACTI": "", "STAT_CON": "", "COND_NO": "", "CONDVALUE": bapi_amount(value)})
        net += value
    tax = cents(multiply(net, TAX_RATE / 100))
    conditions.append({"ITM_NUMBER": position, "COND_ST_NO": "915", "COND_COUNT": "01", "COND_TYPE": pricing.TAX,
                       "COND_VALUE": bapi_amount(TAX_RATE) + "00000", "CURRENCY": "", "COND_UNIT": "", "COND_P_UNT": "0",
                       "CONDTYPE": "D", "CONDISACTI": "", "STAT_CON": "", "COND_NO": "", "CONDVALUE": bapi_amount(tax)})
    items.append({"ITM_NUMBER": position, "MATERIAL": material["MATNR"].strip(), "NET_VALUE1": bapi_amount(net),
                  "CURRENCY": "EUR", "REQ_QTY": quantity(wanted), "SALES_UNIT": unit, "TX_DOC_CUR": bapi_amount(tax)})


def _percents(company: Company, customer: str) -> list:
    """A rebate of the customer's, where one is agreed: K007."""
    percent = company.store.state("rebate." + customer, "")
    return [("K007", -Decimal(percent))] if percent else []


def availability(call: Call) -> dict:
    """ATP of a day; without one to the end of the replenishment time, so that all that is to come counts. In the unit of
    the call. Warnings and refusals come as BAPIRETURN, inside an answer that is one."""
    company, material = call.company, call.text("MATERIAL")
    row = company.store.get("MARD", material, call.text("PLANT"), call.text("STGE_LOC"))
    factor = company.store.get("MARM", material, call.text("UNIT").strip())
    for fault, code, text in ((row, "M7001", "Material not maintained"), (factor, "V1384", "Unit of measure is not defined"),
                              (call.text("CHECK_RULE").strip() == "A" or None, "61210", "Checking rule is not defined")):
        if fault is None:
            return {"AV_QTY_PLT": "0.000", "DIALOGFLAG": "", "RETURN": {"TYPE": "E", "CODE": code, "MESSAGE": text},
                    "WMDVEX": []}
    how = company.store.state("check." + material, "")
    if how == "none":
        return {"AV_QTY_PLT": "0.000", "DIALOGFLAG": "N", "RETURN": {"TYPE": "", "CODE": "", "MESSAGE": ""}, "WMDVEX": []}
    days = [one.get("REQ_DATE", "").replace("-", "") for one in call.table("WMDVSX")]
    base = stock.available(company, row, days[0] if days else "")
    told = divide(multiply(base, Decimal(factor["UMREN"])), Decimal(factor["UMREZ"]))
    warning = {"TYPE": "W", "CODE": "61208", "MESSAGE": "Not every stock was looked at"}
    return {"AV_QTY_PLT": "" if how == "silent" else quantity(told), "DIALOGFLAG": "X",
            "RETURN": warning if how == "warning" else {"TYPE": "", "CODE": "", "MESSAGE": ""},
            "WMDVEX": [{"COM_DATE": days[0] if days else company.today(), "COM_QTY": quantity(told)}]}


def goods_movement(call: Call) -> dict:
    company, user = call.company, call.session.user
    header, items = call.structure("GOODSMVT_HEADER"), call.table("GOODSMVT_ITEM")
    year = company.today()[:4]
    number_ = company.store.next_number("MATERIALDOC", 4900000001)
    work = lambda: stock.post(company, number_, header, items, user)  # noqa: E731
    if call.text("TESTRUN").strip() == "X":
        company.store.try_out(work)
        return {"MATERIALDOCUMENT": "", "MATDOCUMENTYEAR": "0000", "RETURN": []}
    call.write(work)
    return {"MATERIALDOCUMENT": number_, "MATDOCUMENTYEAR": year, "GOODSMVT_HEADRET": {"MAT_DOC": number_, "DOC_YEAR": year},
            "RETURN": []}


def commit(call: Call) -> dict:
    session, company = call.session, call.company
    pending, session.pending = session.pending, []
    try:
        with company.store.transaction():
            for work in pending:
                work()
    except SapError as error:  # The update was cancelled; its author gets a mail.
        return {"RETURN": error.returned(company.language)}
    finally:
        company.sessions.dequeue(session)
    return {"RETURN": {"TYPE": "", "ID": "", "NUMBER": "000", "MESSAGE": ""}}


def rollback(call: Call) -> dict:
    call.session.pending = []
    call.company.sessions.dequeue(call.session)
    return {"RETURN": {"TYPE": "", "ID": "", "NUMBER": "000", "MESSAGE": ""}}


def ping(_call: Call) -> dict:
    return {}


def interface(call: Call) -> dict:
    name = call.text("FUNCNAME")
    if name not in FUNCTIONS:
        raise LookupError("FU_NOT_FOUND")
    return {"PARAMS": [{"PARAMETER": one} for one in FUNCTIONS[name][1].split()]}


_DOCUMENT = "{0}HEADER_IN {0}HEADER_INX {0}ITEMS_IN {0}ITEMS_INX {0}PARTNERS {0}SCHEDULES_IN {0}SCHEDULES_INX " \
            "{0}CONDITIONS_IN {0}CONDITIONS_INX SALESDOCUMENT RETURN TESTRUN"
# name -> (handler, parameters)
FUNCTIONS = {
    "BAPI_SALESORDER_CREATEFROMDAT2": (create_order, _DOCUMENT.format("ORDER_")),
    "BAPI_CUSTOMERRETURN_CREATE": (create_return, _DOCUMENT.format("RETURN_")),
    "BAPI_SALESORDER_CHANGE": (change_order, "SALESDOCUMENT ORDER_HEADER_IN ORDER_HEADER_INX ORDER_ITEM_IN ORDER_ITEM_INX "
                               "PARTNERS SCHEDULE_LINES SCHEDULE_LINESX CONDITIONS_IN CONDITIONS_INX LOGIC_SWITCH RETURN "
                               "SIMULATION"),
    "BAPISDORDER_GETDETAILEDLIST": (get_detail, "I_BAPI_VIEW SALES_DOCUMENTS ORDER_HEADERS_OUT ORDER_ITEMS_OUT "
                                    "ORDER_SCHEDULES_OUT ORDER_BUSINESS_OUT ORDER_PARTNERS_OUT ORDER_ADDRESS_OUT "
                                    "ORDER_STATUSHEADERS_OUT ORDER_STATUSITEMS_OUT ORDER_CONDITIONS_OUT"),
    "BAPI_SALESORDER_GETSTATUS": (get_status, "SALESDOCUMENT RETURN STATUSINFO"),
    "BAPI_SALESORDER_SIMULATE": (simulate, "ORDER_HEADER_IN ORDER_ITEMS_IN ORDER_PARTNERS RETURN ORDER_ITEMS_OUT "
                                 "ORDER_CONDITION_EX MESSAGETABLE"),
    "BAPI_MATERIAL_AVAILABILITY": (availability, "PLANT MATERIAL UNIT CHECK_RULE STGE_LOC DIALOGFLAG AV_QTY_PLT RETURN "
                                   "WMDVSX WMDVEX"),
    "BAPI_GOODSMVT_CREATE": (goods_movement, "GOODSMVT_HEADER GOODSMVT_CODE GOODSMVT_ITEM MATERIALDOCUMENT MATDOCUMENTYEAR "
                             "RETURN TESTRUN"),
    "BAPI_TRANSACTION_COMMIT": (commit, "WAIT RETURN"),
    "BAPI_TRANSACTION_ROLLBACK": (rollback, "RETURN"),
    "RFC_PING": (ping, ""),
    "RFC_GET_FUNCTION_INTERFACE": (interface, "FUNCNAME PARAMS"),
}
