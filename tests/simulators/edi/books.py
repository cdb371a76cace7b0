"""What Lakeshore has in its books: stock, movements, orders. Everything in memory."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Callable, Optional

import sample_data
from common.decimals import cents

VAT = Decimal("0.19")
ZERO = Decimal(0)


class Refused(Exception):
    """The order desk refuses: code, text, the order line if it is about one."""

    def __init__(self, code: str, text: str, line: int = 0):
        super().__init__(text)
        self.code, self.text, self.line = code, text, line


class Books:
    def __init__(self, clock: Callable[[], datetime.datetime]):
        self.clock = clock
        self.customers = {one.number: "" for one in sample_data.CUSTOMERS}  # Number: block.
        self.items = {one.number for one in sample_data.ITEMS}
        self.locations = {one.code for one in sample_data.LOCATIONS}
        self.stock: dict = {}
        self.movements: list = []
        self.orders: dict = {}
        self._order_number = 200000
        self._document_number = 600000
        # What is to be told next.
        self.new_movements: list = []
        self.changed_levels: dict = {}
        self.news: list = []  # ("shipment", ...), ("invoice", ...), ("order", number)
        for item in sample_data.ITEMS:
            for location in sample_data.LOCATIONS:
                self.move(item.number, location.code, sample_data.opening_stock(item.number, location.code),
                          f"OPEN-{item.number}-{location.code}")
        for place in range(6):
            number = self.create({
                "customer": f"C{10000 + place}", "reference": f"PHONE-{4711 + place}", "currency": "EUR",
                "date": self.clock().date(), "held": place % 2 == 0,
                "lines": [{"line": 1, "sku": str(1040 + place), "location": "CENTRAL", "uom": "EA",
                           "quantity": Decimal(2), "price": Decimal("10.00")}]})
            self.news.append(("order", number))
            if place == 5:
                self.ship(number, False)
                self.invoice(number)

    # ---- stock

    def move(self, sku: str, location: str, quantity: Decimal, movement: str) -> int:
        if sku not in self.items:
            raise Refused("ITEM", f"item {sku} is not known")
        if location not in self.locations:
            raise Refused("WHSE", f"warehouse {location} is not known")
        key = (sku, location)
        self.stock[key] = self.stock.get(key, ZERO) + quantity
        row = {"entry": len(self.movements) + 1, "sku": sku, "location": location, "quantity": quantity,
               "movement": movement, "date": self.clock().date()}
        self.movements.append(row)
        self.new_movements.append(row)
        self.changed_levels[key] = True
        return row["entry"]

    def committed(self, key) -> Decimal:
        total = ZERO
        for order in self.orders.values():
            if order["status"] == "open":
                for line in order["lines"].values():
                    if (line["sku"], line["location"]) == key:
                        total += max(ZERO, line["quantity"] - line["shipped"])
        return total

    # ---- orders

    def create(self, wanted: dict) -> str:
        block = self.customers.get(wanted["customer"])
        if block is None:
            raise Refused("CUST", f"customer {wanted['customer']} is not known")
        if block:
            raise Refused("BLCK", f"customer {wanted['customer']} is blocked")
        lines = {line["line"]: self._line(line) for line in wanted["lines"]}
        self._order_number += 1
        number = f"LS{self._order_number}"
        self.orders[number] = {**wanted, "number": number, "lines": lines, "status": "open",
                               "held": wanted.get("held", True), "shipments": [], "invoices": []}
        self.touch(self.orders[number])
        return number

    def _line(self, line: dict) -> dict:
        if line["sku"] not in self.items:
            raise Refused("IR", f"item {line['sku']} is not known", line["line"])
        if line["uom"] != "EA":
            raise Refused("IR", f"unit {line['uom']} is not known", line["line"])
        return {"discount": ZERO, "requested": None, "description": "", **line, "shipped": ZERO, "invoiced": ZERO}

    def find(self, reference: str, number: str) -> Optional[dict]:
        if number:
            return self.orders.get(number)
        found = [order for order in self.orders.values() if reference and order["reference"] == reference]
        return found[-1] if found else None

    def open_order(self, reference: str, number: str) -> dict:
        order = self.find(reference, number)
        if order is None:
            raise Refused("ORDR", f"order {number or reference} is not known")
        if order["status"] != "open":
            raise Refused("CLSD", f"order {order['number']} is {order['status']}")
        return order

    def change(self, order: dict, header: dict, lines: list) -> None:
        """Absolute; nothing is changed when one line is refused. The order is held afterwards."""
        changed = {number: dict(line) for number, line in order["lines"].items()}
        for line in lines:
            number = line["line"]
            if line["change"] == "AI":
                before = changed.get(number)
                changed[number] = self._line({name: one for name, one in line.items() if name != "change"})
                if before:
                    changed[number]["shipped"], changed[number]["invoiced"] = before["shipped"], before["invoiced"]
            elif number not in changed:
                raise Refused("IR", f"line {number} is not known", number)
            else:
                changed[number].update({name: one for name, one in line.items()
                                        if name in ("quantity", "price", "discount", "requested") and one is not None})
            if changed[number]["quantity"] < changed[number]["shipped"]:
                raise Refused("IR", f"more of line {number} has shipped", number)
        order["lines"] = changed
        order.update({name: one for name, one in header.items() if one})
        order["held"] = True
        self.touch(order)

    def cancel(self, order: dict) -> None:
        if any(line["shipped"] for line in order["lines"].values()):
            raise Refused("SHIP", "a part of the order has shipped")
        order["status"] = "cancelled"
        self.touch(order)

    def ship(self, number: str, partial: bool) -> str:
        order = self.open_order("", number)
        if order["held"]:
            raise ValueError(f"order {number} is held")
        rows = []
        document = self._document("S")
        for line in order["lines"].values():
            rest = line["quantity"] - line["shipped"]
            quantity = min(rest, Decimal(1)) if partial else rest
            if quantity <= 0:
                continue
            line["shipped"] += quantity
            rows.append({"line": line["line"], "sku": line["sku"], "quantity": quantity})
            self.move(line["sku"], line["location"], -quantity, document)
        if not rows:
            raise ValueError(f"order {number} has nothing to ship")
        order["shipments"].append(document)
        self.news.append(("shipment", {"document": document, "order": order, "rows": rows,
                                       "date": self.clock().date()}))
        self.touch(order)
        return document

    def invoice(self, number: str) -> str:
        order = self.open_order("", number)
        net = tax = ZERO
        rows = []
        for line in order["lines"].values():
            billed = line["shipped"] - line["invoiced"]
            if billed <= 0:
                continue
            part = cents(amounts(line)[0] * billed / line["quantity"])
            line["invoiced"] = line["shipped"]
            rows.append({"line": line["line"], "sku": line["sku"], "quantity": billed, "price": line["price"]})
            net += part
            tax += cents(part * VAT)
        document = self._document("I")
        order["invoices"].append(document)
        if all(line["quantity"] <= line["shipped"] for line in order["lines"].values()):
            order["status"] = "invoiced"
        self.news.append(("invoice", {"document": document, "order": order, "rows": rows, "amount": net + tax,
                                      "date": self.clock().date()}))
        self.touch(order)
        return document

    def touch(self, order: dict) -> None:
        for line in order["lines"].values():
            if (line["sku"], line["location"]) in self.stock:
                self.changed_levels[(line["sku"], line["location"])] = True

    def totals(self, order: dict) -> dict:
        net = tax = ZERO
        for line in order["lines"].values():
            part, vat = amounts(line)
            net += part
            tax += vat
        charges = sum((one["amount"] for one in order.get("charges", [])), ZERO)
        tax += cents(charges * VAT)
        return {"net": net, "charges": charges, "tax": tax, "total": net + charges + tax}

    def _document(self, letter: str) -> str:
        self._document_number += 1
        return f"{letter}{self._document_number}"


def amounts(line: dict) -> tuple:
    """Net and tax of what is ordered; the discount is for the whole line."""
    net = cents(line["quantity"] * line["price"]) - (line["discount"] if line["quantity"] else ZERO)
    return net, cents(net * VAT)
