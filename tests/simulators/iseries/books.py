"""What is in the simulated iSeries' files: customers, stock, orders, returns. Everything in memory."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Callable, Optional

import sample_data
from common.decimals import cents

VAT = Decimal("0.19")
ZERO = Decimal(0)


class Refused(Exception):
    """The batch program refuses a transaction: reason code, text, order line."""

    def __init__(self, reason: str, text: str, line: int = 0):
        super().__init__(text)
        self.reason, self.text, self.line = reason, text, line


class Books:
    def __init__(self, clock: Callable[[], datetime.datetime]):
        self.clock = clock
        self.customers: dict = {}
        self.stock: dict = {}
        self.movements: list = []
        self.orders: dict = {}
        self.returns: dict = {}
        self.prices: list = []
        self.versions = 0
        self._order_number = 100000
        self._document_number = 500000
        self._return_number = 700000
        # What the next files have to tell.
        self.changed_orders: dict = {}
        self.changed_returns: dict = {}
        self.changed_customers: dict = {}
        self.changed_levels: dict = {}
        self.new_movements: list = []
        self._seed()

    def _seed(self) -> None:
        for one in sample_data.CUSTOMERS:
            self.put_customer({"NUM": one.number, "NAME": one.name, "KIND": "P" if one.kind == "person" else "C",
                               "HASADR": "Y", "ADNAME": one.name[:35], "ADR1": one.address, "CITY": one.city,
                               "ZIP": one.post_code, "CTRY": one.country, "EMAIL": one.email, "PHONE": one.phone,
                               "CUR": one.currency, "GROUP": one.price_group, "BLOCK": "N"})
        for item in sample_data.ITEMS:
            for location in sample_data.LOCATIONS:
                self.move(item.number, location.code, sample_data.opening_stock(item.number, location.code),
                          "OPENING", "QSECOFR")
        self.prices = [{"SKU": p.item, "TYPE": {"all": "A", "group": "G", "customer": "C"}[p.sales_type],
                        "CODE": p.code, "FROM": p.starts, "TO": p.ends, "UOM": p.uom, "CUR": p.currency,
                        "MINQ": p.minimum_quantity, "PRICE": p.unit_price, "TAXINC": "N"}
                       for p in sample_data.PRICES]
        for place in range(6):
            number = self.create_order(
                {"CUST": f"C{10000 + place}", "REF": f"EDI-{4711 + place}", "CUR": "EUR", "HOLD": "N" if place % 2 else "Y",
                 "ODATE": self.clock().date()},
                [{"LINE": Decimal(1), "SKU": str(1040 + place), "WHS": "CENTRAL", "UOM": "PCS", "QTY": Decimal(2),
                  "PRICE": Decimal("10.00")}])
            if place == 5:
                self.ship(number, False)
                self.invoice(number)

    # ---- stock

    def move(self, sku: str, location: str, quantity: Decimal, document: str, user: str) -> int:
        if not any(item.number == sku for item in sample_data.ITEMS):
            raise Refused("ITEM", f"item {sku} is not known")
        if not any(one.code == location for one in sample_data.LOCATIONS):
            raise Refused("WHSE", f"warehouse {location} is not known")
        key = (sku, location)
        level = self.stock.setdefault(key, {"SKU": sku, "WHS": location, "UOM": "PCS", "ONHAND": ZERO})
        level["ONHAND"] += quantity
        now = self.clock()
        row = {"ENTRY": len(self.movements) + 1, "SKU": sku, "WHS": location, "UOM": "PCS", "DOC": document,
               "QTY": quantity, "MDATE": now.date(), "MTIME": int(now.strftime("%H%M%S")), "USER": user}
        self.movements.append(row)
        self.new_movements.append(row)
        self.changed_levels[key] = True
        return row["ENTRY"]

    def allocated(self, key) -> Decimal:
        total = ZERO
        for order in self.orders.values():
            if order["STATUS"] == "O":
                for line in order["lines"].values():
                    if (line["SKU"], line["WHS"]) == key:
                        total += max(ZERO, outstanding(line))
        return total

    def level_row(self, key) -> dict:
        return {**self.stock[key], "ALLOC": self.allocated(key)}

    # ---- customers

    def put_customer(self, values: dict) -> None:
        self.versions += 1
        number = values["NUM"]
        now = self.clock()
        self.customers[number] = {**values, "ACT": "U", "SEQ": 0, "CHGD": now.date(),
                                  "CHGT": int(now.strftime("%H%M%S")), "VERS": self.versions}
        self.changed_customers[number] = True

    # ---- orders

    def create_order(self, header: dict, lines: list, addresses=(), charges=(), payments=()) -> str:
        customer = self.customers.get(header["CUST"])
        if customer is None:
            raise Refused("CUST", f"customer {header['CUST']} is not known")
        if customer["BLOCK"] in ("A", "S", "I"):
            raise Refused("BLCK", f"customer {header['CUST']} is blocked")
        order = {**{name: header.get(name) for name in ("REF", "CUST", "CUSREF", "ODATE", "RDATE", "CUR", "TAXINC")},
                 "HOLD": header.get("HOLD", "Y"), "STATUS": "O", "lines": {}, "addresses": list(addresses),
                 "charges": list(charges), "payments": list(payments), "shipments": [], "invoices": []}
        for line in lines:
            order["lines"][int(line["LINE"])] = self._new_line(line)
        self._order_number += 1
        number = str(self._order_number)
        order["ORDNO"] = number
        self.orders[number] = order
        self.touch(order)
        return number

    def _new_line(self, line: dict) -> dict:
        number = int(line["LINE"])
        if not any(item.number == line["SKU"] for item in sample_data.ITEMS):
            raise Refused("ITEM", f"item {line['SKU']} is not known", number)
        if line.get("UOM") != "PCS":
            raise Refused("UNIT", f"unit {line.get('UOM')} is not known", number)
        return {"LINE": number, "SKU": line["SKU"], "DESC": line.get("DESC", ""), "WHS": line["WHS"],
                "UOM": line["UOM"], "QTY": line["QTY"], "CANC": line.get("CANC") or ZERO, "SHIP": ZERO, "INV": ZERO,
                "PRICE": line.get("PRICE") or ZERO, "ADJ": line.get("ADJ") or ZERO,
                "PROMO": line.get("PROMO", ""), "RDATE": line.get("RDATE")}

    def open_order(self, number: str) -> dict:
        order = self.orders.get(number)
        if order is None:
            raise Refused("ORDR", f"order {number} is not known")
        if order["STATUS"] != "O":
            raise Refused("CLSD", f"order {number} is closed")
        return order

    def change_order(self, order: dict, header: dict, lines: list, addresses=()) -> None:
        """Absolute; nothing is changed when one line is refused. The order is on hold afterwards."""
        changed = {number: dict(line) for number, line in order["lines"].items()}
        for line in lines:
            number, counts = int(line["LINE"]), line["CHG"]
            if "N" in counts:
                before = changed.get(number)
                if before and before["QTY"]:
                    raise Refused("LINE", f"line {number} is there already", number)
                changed[number] = self._new_line(line)
                if before:
                    changed[number]["SHIP"], changed[number]["INV"] = before["SHIP"], before["INV"]
            elif number not in changed:
                raise Refused("LINE", f"line {number} is not known", number)
            for letter, name in (("Q", "QTY"), ("X", "CANC"), ("P", "PRICE"), ("A", "ADJ"), ("D", "RDATE")):
                if letter in counts:
                    changed[number][name] = line[name]
            one = changed[number]
            if one["QTY"] - one["CANC"] < one["SHIP"]:
                raise Refused("SHIP", f"more of line {number} has shipped", number)
        order["lines"] = changed
        counts = header.get("CHG", "")
        if "D" in counts:
            order["RDATE"] = header["RDATE"]
        if "R" in counts:
            order["CUSREF"] = header["CUSREF"]
        for address in addresses:
            order["addresses"] = [one for one in order["addresses"] if one["KIND"] != address["KIND"]] + [address]
        order["HOLD"] = "Y"
        self.touch(order)

    def cancel_order(self, order: dict) -> None:
        if any(line["SHIP"] for line in order["lines"].values()):
            raise Refused("SHIP", "a part of the order has shipped")
        order["STATUS"] = "X"
        self.touch(order)

    def ship(self, number: str, partial: bool) -> str:
        order = self.open_order(number)
        if order["HOLD"] == "Y":
            raise ValueError(f"order {number} is on hold")
        document = self._document()
        rows = []
        for line in order["lines"].values():
            rest = outstanding(line)
            quantity = min(rest, Decimal(1)) if partial else rest
            if quantity <= 0:
                continue
            line["SHIP"] += quantity
            rows.append({"LINE": line["LINE"], "SKU": line["SKU"], "QTY": quantity})
            self.move(line["SKU"], line["WHS"], -quantity, document, "PICKER")
        if not rows:
            raise ValueError(f"order {number} has nothing to ship")
        order["shipments"].append({"SHIPNO": document, "SDATE": self.clock().date(), "rows": rows})
        self.touch(order)
        return document

    def invoice(self, number: str) -> str:
        order = self.open_order(number)
        net = tax = ZERO
        for line in order["lines"].values():
            billed = line["SHIP"] - line["INV"]
            if billed <= 0:
                continue
            part = cents(amounts(line)["NET"] * billed / (line["QTY"] - line["CANC"]))
            line["INV"] = line["SHIP"]
            net += part
            tax += cents(part * VAT)
        document = self._document()
        order["invoices"].append({"INVNO": document, "IDATE": self.clock().date(), "AMOUNT": net + tax})
        if all(outstanding(line) <= 0 for line in order["lines"].values()):
            order["STATUS"] = "I"
        self.touch(order)
        return document

    def touch(self, order: dict) -> None:
        self.versions += 1
        now = self.clock()
        order["CHGD"], order["CHGT"], order["VERS"] = now.date(), int(now.strftime("%H%M%S")), self.versions
        self.changed_orders[order["ORDNO"]] = True
        for line in order["lines"].values():
            if (line["SKU"], line["WHS"]) in self.stock:
                self.changed_levels[(line["SKU"], line["WHS"])] = True

    def _document(self) -> str:
        self._document_number += 1
        return str(self._document_number)

    # ---- returns

    def create_return(self, header: dict, lines: list) -> str:
        self._return_number += 1
        number = str(self._return_number)
        self.returns[number] = {"RETNO": number, "ORDNO": header["ORDNO"], "RREF": header["RREF"], "STATUS": "O",
                                "RDATE": header["RDATE"], "INVNO": header["INVNO"],
                                "lines": [{name: line[name] for name in ("LINE", "SKU", "QTY", "REASON")}
                                          for line in lines]}
        self.changed_returns[number] = True
        return number

    def credit(self, number: str) -> None:
        self.returns[number]["STATUS"] = "C"
        self.changed_returns[number] = True

    # ---- rows of the files

    def order_rows(self, number: str) -> list:
        order = self.orders[number]
        net = tax = ZERO
        lines = []
        for line in sorted(order["lines"].values(), key=lambda one: one["LINE"]):
            worth = amounts(line)
            net += worth["NET"]
            tax += worth["TAX"]
            lines.append(("SLN", {"ORDNO": number, **line, **worth, "TAXC": "VAT19", "TAXR": VAT}))
        charge = sum((one["AMOUNT"] for one in order["charges"]), ZERO)
        tax += cents(charge * VAT)
        head = {name: order[name] for name in ("ORDNO", "REF", "STATUS", "HOLD", "CUST", "CUSREF", "ODATE", "RDATE",
                                               "CUR", "TAXINC", "CHGD", "CHGT", "VERS")}
        rows = [("SHD", {**head, "NLINES": len(lines), "NET": net, "CHARGE": charge, "TAX": tax,
                         "TOTAL": net + charge + tax})]
        for tag, name in (("SAD", "addresses"), ("SCH", "charges"), ("SPY", "payments")):
            rows.extend((tag, {"ORDNO": number, **one}) for one in order[name])
        rows.extend(lines)
        for shipment in order["shipments"]:
            rows.extend(("SSH", {"ORDNO": number, "SHIPNO": shipment["SHIPNO"], "SDATE": shipment["SDATE"], **row})
                        for row in shipment["rows"])
        rows.extend(("SIV", {"ORDNO": number, **one}) for one in order["invoices"])
        return rows

    def return_rows(self, number: str) -> list:
        made = self.returns[number]
        head = {name: made[name] for name in ("RETNO", "ORDNO", "RREF", "STATUS", "RDATE", "INVNO")}
        return [("SRH", {**head, "NLINES": len(made["lines"])})] + [
            ("SRL", {"RETNO": number, **line}) for line in made["lines"]]

    def find_order(self, reference: str, number: str) -> Optional[dict]:
        if number:
            return self.orders.get(number)
        found = [order for order in self.orders.values() if reference and order["REF"] == reference]
        return found[-1] if found else None


def outstanding(line: dict) -> Decimal:
    return line["QTY"] - line["CANC"] - line["SHIP"]


def amounts(line: dict) -> dict:
    """Of what is ordered and not cancelled; the adjustment is for the whole line."""
    quantity = line["QTY"] - line["CANC"]
    net = cents(quantity * line["PRICE"]) + (line["ADJ"] if quantity else ZERO)
    return {"NET": net, "TAX": cents(net * VAT)}
