"""The people who work in the system, and its interfaces: POST /_sim/users/<action>."""

from __future__ import annotations

import datetime
from decimal import ROUND_CEILING, Decimal

from common.decimals import cents, divide, multiply, parse_decimal, plain
from . import cond_a, orders, orders_idoc, stock
from .company import PLACES, Company
from .database import CLIENT
from .messages import SapError
from .values import alpha, now, number

WAREHOUSE, OFFICE, ACCOUNTING = "LAGER", "MUELLER", "BUCHHALTUNG"


class People:
    def __init__(self, company: Company):
        self._company = company
        self._actions = {
            "deliver": self._deliver, "pick": self._pick, "invoice": self._invoice, "reject": self._reject,
            "change_quantity": self._change_quantity, "goods_issue": self._goods_issue, "receipt": self._receipt,
            "block_customer": self._block_customer, "rename_customer": self._rename_customer, "open_dialog": self._open_dialog,
            "set_block": self._set_block, "delete_order": self._delete_order, "credit_return": self._credit_return,
            "agree_rebate": self._agree_rebate, "change_price": self._change_price, "age": self._age, "plan": self._plan, "send_prices": self._send_prices, "set_check": self._set_check,
            "take_orders": self._take_orders, "post_again": self._post_again,
        }

    def act(self, action: str, body: dict) -> dict | None:
        if action not in self._actions:
            return None
        if not isinstance(body, dict):
            raise ValueError("the body must be an object")
        with self._company.store.transaction():
            return self._actions[action](**body)

    def _order(self, number_: str) -> dict:
        row = self._company.store.get("VBAK", alpha(number_, 10))
        if row is None:
            raise ValueError(f"there is no sales document {number_}")
        holder = self._company.sessions.holder(row["VBELN"])
        if holder:
            raise SapError("V1", "042", number_, holder)
        return row

    # The warehouse.
    def _pick(self, document, partial=False):
        """A delivery without goods issue."""
        return self._make_delivery(document, partial, False)

    def _deliver(self, document, partial=False):
        return self._make_delivery(document, partial, True)

    def _make_delivery(self, document, partial, issue):
        company, header = self._company, self._order(document)
        if header["LIFSK"].strip():
            return {"deliveries": []}
        lines = []
        for item in company.rows("VBAP", header["VBELN"]):
            left = number(item["KWMENG"]) - orders.delivered(company, header["VBELN"], item["POSNR"])
            if item["ABGRU"].strip() or item["PSTYV"].strip() != "TAN" or left <= 0 or (partial and lines):
                continue
            lines.append((item, (left / 2).to_integral_value(ROUND_CEILING) if partial and left > 1 else left))
        if not lines:
            return {"deliveries": []}
        number_ = company.store.next_number("DELIVERIES", 80000001)
        day, time = company.stamp()
        company.store.insert("LIKP", {"VBELN": number_, "ERDAT": day, "ERZET": time, "KUNAG": header["KUNNR"],
                                      "WADAT_IST": day if issue else ""})
        for index, (item, quantity) in enumerate(lines):
            position = str((index + 1) * 10).zfill(6)
            company.store.insert("LIPS", {
                "VBELN": number_, "POSNR": position, "MATNR": item["MATNR"], "WERKS": item["WERKS"], "LGORT": item["LGORT"],
                "LFIMG": quantity, "VRKME": item["VRKME"], "VGBEL": header["VBELN"], "VGPOS": item["POSNR"]})
            self._flow(header["VBELN"], item, number_, position, "J", quantity, day, time)
        if issue:
            moved = [{"MOVE_TYPE": "601", "MATERIAL": item["MATNR"], "PLANT": item["WERKS"].strip(),
                      "STGE_LOC": item["LGORT"].strip(), "ENTRY_QNT": plain(quantity), "ENTRY_UOM": item["VRKME"].strip()}
                     for item, quantity in lines]
            posted = company.store.next_number("MATERIALDOC", 4900000001)
            stock.post(company, posted, {"REF_DOC_NO": number_}, moved, WAREHOUSE, True)
            for index, (item, quantity) in enumerate(lines):
                self._flow(header["VBELN"], item, posted, str(index + 1).zfill(6), "R", quantity, day, time)
        orders.settle(company, header["VBELN"])
        return {"deliveries": [number_]}

    def _flow(self, document, item, after, position, kind, quantity, day, time):
        self._company.store.put("VBFA", {
            "VBELV": document, "POSNV": item["POSNR"], "VBELN": after, "POSNN": position, "VBTYP_N": kind,
            "RFMNG": quantity, "MEINS": item["MEINS"], "VBTYP_V": item.get("VBTYP", "C"), "ERDAT": day, "ERZET": time})

    def _goods_issue(self, item, location, quantity, document, user=WAREHOUSE):
        # What has left the warehouse has left, whatever the books say.
        return self._move("201", item, location, quantity, document, user)

    def _receipt(self, item, location, quantity, document, user=WAREHOUSE):
        return self._move("501", item, location, quantity, document, user)

    def _move(self, kind, item, location, quantity, document, user):
        plant, storage = PLACES[location]
        number_ = self._company.store.next_number("MATERIALDOC", 4900000001)
        stock.post(self._company, number_, {"HEADER_TXT": document}, [
            {"MOVE_TYPE": kind, "MATERIAL": alpha(item, 18), "PLANT": plant, "STGE_LOC": storage,
             "ENTRY_QNT": str(quantity)}], user, True)
        return {"material_document": number_}

    # Accounting.
    def _invoice(self, document):
        company, header = self._company, self._order(document)
        lines = []
        for item in company.rows("VBAP", header["VBELN"]):
            done = orders.billed(company, header["VBELN"], item["POSNR"])
            due = (orders.delivered(company, header["VBELN"], item["POSNR"]) if item["PSTYV"].strip() == "TAN"
                   else number(item["KWMENG"])) - done
            if due > 0 and not (item["ABGRU"].strip() and item["PSTYV"].strip() != "TAN"):
                lines.append((item, due, done))
        if not lines:
            return {"invoices": []}
        number_ = company.store.next_number("INVOICES", 90000001)
        self._bill(header, number_, lines, "M", "F2")
        return {"invoices": [number_]}

    def _bill(self, header, number_, lines, category, kind):
        company = self._company
        day, time = company.stamp()
        net = tax = Decimal(0)
        for index, (item, due, done) in enumerate(lines):
            parts = [self._part(item[column], done + due, item["KWMENG"]) - self._part(item[column], done, item["KWMENG"])
                     for column in ("NETWR", "MWSBP")]
            position = str((index + 1) * 10).zfill(6)
            company.store.insert("VBRP", {
                "VBELN": number_, "POSNR": position, "FKIMG": due, "VRKME": item["VRKME"], "NETWR": parts[0],
                "MWSBP": parts[1], "MATNR": item["MATNR"], "AUBEL": header["VBELN"], "AUPOS": item["POSNR"]})
            self._flow(header["VBELN"], item, number_, position, category, due, day, time)
            net, tax = net + parts[0], tax + parts[1]
        company.store.insert("VBRK", {
            "VBELN": number_, "FKART": kind, "VBTYP": category, "FKDAT": day, "ERDAT": day, "ERZET": time, "NETWR": net,
            "MWSBK": tax, "WAERK": header["WAERK"], "KUNRG": header["KUNNR"]})
        orders.settle(company, header["VBELN"])

    @staticmethod
    def _part(value, quantity, of):
        return cents(divide(multiply(number(value), quantity), number(of)))

    def _credit_return(self, document):
        """The goods are back and credited."""
        company, header = self._company, self._order(document)
        lines = [(item, number(item["KWMENG"]), Decimal(0)) for item in company.rows("VBAP", header["VBELN"])
                 if not item["ABGRU"].strip()]
        number_ = company.store.next_number("INVOICES", 90000001)
        self._bill(header, number_, lines, "O", "RE")
        day, time = company.stamp()
        for index, (item, quantity, _) in enumerate(lines):
            # The flow of the order that was sold goes on to what followed its return.
            for sold in company.store.select("VBRP", "MANDT = ? AND VBELN = ? AND POSNR = ?",
                                             (CLIENT, item["VGBEL"], item["VGPOS"])):
                self._flow(sold["AUBEL"], {**item, "POSNR": sold["AUPOS"]}, number_, str((index + 1) * 10).zfill(6), "O",
                           quantity, day, time)
        return {"credit_memos": [number_]}

    # The office.
    def _reject(self, document, reason="50"):
        company, header = self._company, self._order(document)
        for item in company.rows("VBAP", header["VBELN"]):
            company.store.modify("VBAP", {**item, "ABGRU": reason})
        return self._touched(header)

    def _touched(self, header):
        company = self._company
        company.store.modify("VBAK", {**company.store.get("VBAK", header["VBELN"]), "AEDAT": company.today()})
        orders.settle(company, header["VBELN"])
        company.log_change("VERKBELEG", header["VBELN"], OFFICE)
        return {"document": header["VBELN"]}

    def _change_quantity(self, document, line, quantity):
        company, header = self._company, self._order(document)
        position = str(line * 10).zfill(6)
        row = company.store.get("VBEP", header["VBELN"], position, "0001")
        wanted = parse_decimal(str(quantity))
        company.store.modify("VBEP", {**row, "WMENG": wanted, "BMENG": wanted})
        item = company.store.get("VBAP", header["VBELN"], position)
        company.store.modify("VBAP", {**item, "KWMENG": wanted})
        return self._touched(header)

    def _set_block(self, document, block):
        header = self._order(document)
        self._company.store.modify("VBAK", {**header, "LIFSK": orders.block(block)})
        return self._touched(header)

    def _delete_order(self, document):
        """In VA02: the document is gone, but for its change document."""
        company, header = self._company, self._order(document)
        for table in ("VBAK", "VBAP", "VBEP", "VBKD", "VBPA", "VBUK", "VBUP", "VBBE"):
            company.store.delete(table, "MANDT = ? AND VBELN = ?", (CLIENT, header["VBELN"]))
        company.log_change("VERKBELEG", header["VBELN"], OFFICE, "D")
        return {"document": header["VBELN"]}

    def _open_dialog(self, document, user):
        self._company.sessions.in_dialog(alpha(document, 10), user)
        return {}

    def _block_customer(self, number, block):  # noqa: A002
        return self._customer(number, AUFSD=block, LIFSD=block, FAKSD=block)

    def _rename_customer(self, number, name):
        return self._customer(number, NAME1=name)

    def _customer(self, number_, **values):
        company = self._company
        row = company.store.get("KNA1", alpha(number_, 10))
        if row is None:
            raise ValueError(f"there is no customer {number_}")
        company.store.modify("KNA1", {**row, **values})
        company.log_change("DEBI", row["KUNNR"], OFFICE)
        return {"customer": row["KUNNR"]}

    def _send_prices(self, folder, name, item="", delete=False):
        return cond_a.send(self._company, folder, name, item, delete)

    def _take_orders(self, folder, answers="", status="", **what):
        return orders_idoc.take(self._company, folder, answers, status, **what)

    def _post_again(self, answers="", **what):
        return orders_idoc.post_again(self._company, answers, **what)

    def _plan(self, item, location, quantity, day):
        """A receipt that is to come, or with a minus a reservation."""
        plant, storage = PLACES[location]
        number_ = self._company.store.next_number("MDPS", 1)
        self._company.store.insert("MDPS", {"MATNR": alpha(item, 18), "WERKS": plant, "LGORT": storage, "DELNR": number_,
                                            "DAT00": day.replace("-", ""), "MNG01": parse_decimal(str(quantity))})
        return {}

    def _set_check(self, item, check):
        """How availability is checked: "" as it should be, "none", with a "warning", or "silent"."""
        self._company.store.set_state("check." + alpha(item, 18), check)
        return {}

    def _age(self, seconds):
        """What was written, was written this long ago."""
        moment = now() - datetime.timedelta(seconds=int(seconds))
        stamp = (moment.strftime("%Y%m%d"), moment.strftime("%H%M%S"))
        for table, day, time in (("VBAK", "ERDAT", "ERZET"), ("VBFA", "ERDAT", "ERZET"), ("CDHDR", "UDATE", "UTIME")):
            self._company.store.execute(f"UPDATE {table} SET {day} = ?, {time} = ?", stamp)
        return {}

    def _agree_rebate(self, customer, percent):
        self._company.store.set_state("rebate." + alpha(customer, 10), str(percent))
        return {}

    def _change_price(self, item, price):
        rows = self._company.store.select("A304", "MANDT = ? AND MATNR = ?", (CLIENT, alpha(item, 18)))
        for row in rows:
            record = self._company.store.get("KONP", row["KNUMH"], "01")
            self._company.store.modify("KONP", {**record, "KBETR": parse_decimal(str(price))})
            self._company.log_change("COND_A", row["KNUMH"], OFFICE)
        return {"records": len(rows)}
