"""The ERP's own users and interfaces at work: POST /_sim/users/<action>."""

from __future__ import annotations

import datetime
from common.decimals import parse_decimal, plain
from . import books, customers, ledger, orders, posting, price_file, returns
from .company import Company, encode_key, require
from .errors import NavError
from .schema import (BLOCKED, LINE_TYPES, ORDER_LINE, RETURN_LINE, RETURN_ORDER, SALES_ORDER, Field)
from .tables import BLANK_DATE
from .values import date_to_sql, from_xml


class Users:
    def __init__(self, company: Company, price_folder: str | None):
        self._company = company
        self._price_folder = price_folder
        self._actions = {
            "pick_and_ship": self._pick_and_ship, "invoice": self._invoice, "post": self._invoice,
            "post_returns": self._post_returns, "create_return": self._create_return, "receipt": self._receipt, "goods_issue": self._goods_issue, "block_customer": self._block_customer,
            "change_price": self._change_price, "edit_order": self._edit_order,
            "create_order": self._create_order, "delete_order": self._delete_order,
            "release_order": self._release_order, "reopen_order": self._reopen_order,
            "set_posting_group": self._set_posting_group, "close_year": self._close_year,
            "edit_customer": self._edit_customer, "write_price_file": self._write_price_file,
        }

    def act(self, action: str, body: dict) -> dict | None:
        """The action's result; None if there is no such action. ValueError and NavError say what is wrong."""
        if action not in self._actions:
            return None
        if not isinstance(body, dict):
            raise ValueError("the body must be an object")
        return self._actions[action](body)

    def _pick_and_ship(self, body):
        _only(body, "max", "partial_percent", "orders")
        return {"shipments": posting.pick_and_ship(self._company, int(body.get("max", 1000)),
                                                   int(body.get("partial_percent", 20)), body.get("orders"))}

    def _invoice(self, body):
        _only(body, "max", "orders", "user")
        return {"invoices": posting.invoice_shipped(self._company, int(body.get("max", 1000)), body.get("orders"),
                                                    body.get("user", posting.ACCOUNTING))}

    def _post_returns(self, body):
        """Receives return orders (all, or those that "orders" names) and, unless "receive_only", credits them."""
        _only(body, "orders", "receive_only", "user")
        return {"returns": returns.post_returns(self._company, body.get("orders"), bool(body.get("receive_only")),
                                                body.get("user", posting.ACCOUNTING))}

    def _create_return(self, body):
        """{"header": {element: text}, "lines": [{element: text}]}"""
        _only(body, "header", "lines")
        with self._company.store.transaction():
            lines = [{"Type": LINE_TYPES.index("Item"), **_elements(RETURN_LINE, line)} for line in body["lines"]]
            header = returns.create(self._company, _elements(RETURN_ORDER, body["header"]), lines)
        return {"no": header["No_"]}

    def _set_posting_group(self, body):
        """{"item", "group"}: the general product posting group of an item card, right or wrong."""
        _only(body, "item", "group")
        if body["group"] not in books.SALES_ACCOUNTS:
            raise ValueError(f"group: must be one of {', '.join(books.SALES_ACCOUNTS)}")
        with self._company.store.transaction():
            item = require(self._company, "Item", (body["item"],), "No.", "Item", "Item")
            self._company.store.modify("Item", {**item, "Gen_ Prod_ Posting Group": body["group"]})
        return {"item": body["item"], "group": body["group"]}

    def _close_year(self, body):
        """{"year", "amount"}"""
        _only(body, "year", "amount")
        with self._company.store.transaction():
            books.close_year(self._company, int(body["year"]), parse_decimal(str(body["amount"])))
        return {"year": int(body["year"])}

    def _receipt(self, body):
        return self._stock(body, ledger.PURCHASE, 1)

    def _goods_issue(self, body):
        # What has left the warehouse has left, whatever the books say.
        return self._stock(body, ledger.NEGATIVE, -1)

    def _stock(self, body, entry_type, sign):
        _only(body, "item", "location", "quantity", "document", "user")
        company = self._company
        quantity = parse_decimal(str(body["quantity"]))
        if quantity <= 0:
            raise ValueError("quantity: must be greater than zero")
        document = str(body["document"]).upper()
        if not 0 < len(document) <= 20:
            raise ValueError("document: must have 1 to 20 characters")
        with company.store.transaction():
            require(company, "Item", (body["item"],), "Item No.", "Item Journal Line", "Item")
            require(company, "Location", (body["location"],), "Location Code", "Item Journal Line", "Location")
            number = ledger.post(company, body["item"], body["location"], entry_type, sign * quantity, document,
                                 company.today_sql(), body.get("user", ledger.WAREHOUSE))
            stock = ledger.on_hand(company, body["item"], body["location"])
        return {"entry_no": number, "on_hand": plain(stock)}

    def _block_customer(self, body):
        _only(body, "number", "blocked")
        blocked = body.get("blocked", "All")
        if blocked not in BLOCKED:
            raise ValueError(f"blocked: must be one of {', '.join(BLOCKED)}")
        with self._company.store.transaction():
            row = customers.set_blocked(self._company, body["number"], BLOCKED.index(blocked))
        return {"number": row["No_"], "blocked": blocked}

    def _edit_customer(self, body):
        company = self._company
        with company.store.transaction():
            row = company.store.get("Customer", body["number"])
            if row is None:
                raise ValueError(f"number: there is no customer {body['number']}")
            values = {name: str(value) for name, value in body.items() if name != "number"}
            row = customers.update(company, {"Key": encode_key("Customer", row), **values})
        return {"number": row["No_"]}

    def _change_price(self, body):
        _only(body, "item", "sales_type", "code", "minimum_quantity", "unit_price", "starts", "ends", "uom", "zone",
              "delete")
        company = self._company
        types = {"customer": 0, "group": 1, "all": 2}
        sales_type = body.get("sales_type", "all")
        if sales_type not in types:
            raise ValueError("sales_type: must be customer, group or all")
        starts = date_to_sql(_day(body.get("starts", "2026-01-01")))
        key = {"Item No_": body["item"], "Sales Type": types[sales_type], "Sales Code": body.get("code", ""),
               "Starting Date": starts, "Currency Code": "", "Variant Code": "",
               "Unit of Measure Code": body.get("uom", "PCS"),
               "Minimum Quantity": format(parse_decimal(str(body.get("minimum_quantity", "0"))), ".20f")}
        store = company.store
        with store.transaction():
            require(company, "Item", (body["item"],), "Item No.", "Sales Price", "Item")
            row = store.get("Sales Price", *key.values())
            if body.get("delete"):
                if row is None:
                    raise ValueError("there is no such price")
                store.delete("Sales Price", *key.values())
                return {"deleted": True}
            values = {"Unit Price": parse_decimal(str(body["unit_price"]))}
            if "ends" in body:
                values["Ending Date"] = date_to_sql(_day(body["ends"])) if body["ends"] else BLANK_DATE
            if row is None:
                store.insert("Sales Price", {**key, "Price Zone": body.get("zone", "Europe/Berlin"), **values})
            else:
                store.modify("Sales Price", {**row, **values})
        return {"inserted": row is None}

    def _edit_order(self, body):
        """{"no", "header": {element: text}, "lines": [{"line_no" or none for a new one, element: text}]}"""
        _only(body, "no", "header", "lines")
        company = self._company
        with company.store.transaction():
            header = orders.get_order(company, body["no"])
            was_released = header["Status"] == orders.RELEASED
            orders.reopen(company, body["no"])
            lines = []
            for line in body.get("lines", []):
                values = _elements(ORDER_LINE, line, "line_no")
                if "line_no" in line:
                    stored = company.store.get("Sales Line", orders.ORDER, body["no"], int(line["line_no"]))
                    if stored is None:
                        raise ValueError(f"line_no: there is no line {line['line_no']}")
                    values["Key"] = encode_key("Sales Line", stored)
                lines.append(values)
            header = orders.get_order(company, body["no"])
            values = {"Key": encode_key("Sales Header", header), **_elements(SALES_ORDER, body.get("header", {}))}
            orders.update(company, values, lines)
            if was_released:
                orders.release(company, body["no"])
        return {"no": body["no"]}

    def _create_order(self, body):
        """{"header": {element: text}, "lines": [{element: text}], "release": bool}"""
        _only(body, "header", "lines", "release")
        company = self._company
        with company.store.transaction():
            lines = [{"Type": LINE_TYPES.index("Item"), **_elements(ORDER_LINE, line)} for line in body["lines"]]
            header = orders.create(company, _elements(SALES_ORDER, body["header"]), lines)
            if body.get("release"):
                orders.release(company, header["No_"])
        return {"no": header["No_"]}

    def _delete_order(self, body):
        _only(body, "no", "reason")
        company = self._company
        with company.store.transaction():
            header = orders.get_order(company, body["no"])
            orders.delete(company, encode_key("Sales Header", header), "OFFICE", body.get("reason", "Deleted"))
        return {"no": body["no"]}

    def _release_order(self, body):
        with self._company.store.transaction():
            return {"status": orders.release(self._company, body["no"])}

    def _reopen_order(self, body):
        with self._company.store.transaction():
            return {"status": orders.reopen(self._company, body["no"])}

    def _write_price_file(self, body):
        _only(body, "mode", "folder", "trap", "complete_after_ms")
        folder = body.get("folder") or self._price_folder
        if not folder:
            raise ValueError("folder: none is given, and the simulator was started without --price-folder")
        return price_file.write(self._company, folder, body.get("mode", "full"), body.get("trap"),
                                body.get("complete_after_ms"))


def _only(body: dict, *names: str) -> None:
    unknown = set(body) - set(names)
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}; there are {', '.join(names)}")


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _elements(owner, values: dict, *other: str) -> dict:
    """Texts by element name as the values that the page would make of them."""
    fields = {entry.element: entry for entry in owner.fields if isinstance(entry, Field)}
    result = {}
    for name, text in values.items():
        if name in other:
            continue
        if name not in fields or name == "Key":
            raise ValueError(f"there is no field {name!r}")
        try:
            result[name] = from_xml(fields[name], str(text), "")
        except NavError as error:
            raise ValueError(error.text("en")) from None
    return result
