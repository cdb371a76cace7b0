"""What people and other interfaces do in the account, without SuiteTalk."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import plain
from . import orders, posting
from .company import Company, touch
from .errors import Refused
from .store import now_text


class Users:
    def __init__(self, company: Company):
        self._company = company

    def act(self, action: str, body: dict):
        method = {"pick_and_ship": self._ship, "invoice": self._invoice, "cancel_order": self._cancel,
                  "edit_order": self._edit, "goods_issue": self._issue, "block_customer": self._block,
                  "post_returns": self._post_returns, "create_return": self._create_return,
                  "change_price": self._change_price, "delete_customer": self._delete_customer,
                  "delete_order": self._delete_order, "copy_line": self._copy_line, "renew_item": self._renew_item,
                  "rename_item": self._rename_item}.get(action)
        if method is None:
            return None
        with self._company.store.transaction():
            return method(body)

    def _order(self, number: str) -> dict:
        return self._named("salesOrder", number)

    def _named(self, kind: str, number: str) -> dict:
        for row in self._company.store.all(kind):
            if row["tranId"] == number:
                return self._company.store.get(kind, row["@internalId"])
        raise Refused("RCRD_DSNT_EXIST", f"there is no {kind} {number}")

    def _ship(self, body):
        done = posting.fulfil(self._company, self._order(body["order"]), bool(body.get("partial")))
        return {"shipped": [done] if done else []}

    def _invoice(self, body):
        number = posting.invoice(self._company, self._order(body["order"]))
        return {"invoices": [number] if number else []}

    def _cancel(self, body):
        """The button "Cancel Order": of an order of which nothing was fulfilled."""
        order = self._order(body["order"])
        if any(Decimal(line["quantityFulfilled"]) for line in order["itemList"]["item"]):
            raise Refused("USER_ERROR", "Something of the order was fulfilled.")
        order["orderStatus"] = "_cancelled"
        posting.keep(self._company, order)
        return {"status": order["status"]}

    def _edit(self, body):
        order = self._order(body["order"])
        given = {**body.get("header", {})}
        if "lines" in body:
            given["itemList"] = {"@replaceAll": "false", "item": body["lines"]}
        return {"status": orders.update(self._company, order, given)["status"]}

    def _issue(self, body):
        """The warehouse's own interface: an adjustment under its own document number."""
        company = self._company
        item = next(row for row in company.store.all("inventoryItem") if row["itemId"] == body["item"])
        place = next(row for row in company.store.all("location") if row["name"] == body["location"])
        quantity = -Decimal(body["quantity"])
        company.post(item["@internalId"], place["@internalId"], quantity, body["document"])
        company.store.put("inventoryAdjustment", touch({
            "@xsi": "InventoryAdjustment", "createdDate": now_text(), "tranDate": now_text(),
            "tranId": body["document"], "account": {"@internalId": "152", "name": "Shrinkage"},
            "inventoryList": {"inventory": [{
                "item": {"@internalId": item["@internalId"], "name": item["itemId"]}, "line": "1",
                "location": {"@internalId": place["@internalId"], "name": place["name"]},
                "adjustQtyBy": plain(quantity)}]}}))
        return {"document": body["document"]}

    def _customer(self, number: str) -> dict:
        for row in self._company.store.all("customer"):
            if row["entityId"] == number:
                return self._company.store.get("customer", row["@internalId"])
        raise Refused("RCRD_DSNT_EXIST", f"there is no customer {number}")

    def _block(self, body):
        customer = self._customer(body["number"])
        customer["isInactive"] = "true" if body["blocked"] else "false"
        if "hold" in body:
            customer["creditHoldOverride"] = "_on" if body["hold"] else "_auto"
        self._company.store.put("customer", touch(customer))
        return {"isInactive": customer["isInactive"]}

    def _delete_customer(self, body):
        customer = self._customer(body["number"])
        if any(row["entity"]["@internalId"] == customer["@internalId"]
               for kind in ("salesOrder", "returnAuthorization") for row in self._company.store.all(kind)):
            raise Refused("THIS_RECORD_CANNOT_BE_DELETED_BECAUSE_IT_HAS_DEPENDENT_RECORDS",
                          "This record cannot be deleted because it has dependent records.")
        self._company.delete("customer", customer["@internalId"])
        return {"deleted": body["number"]}

    def _delete_order(self, body):
        order = self._order(body["order"])
        if any(Decimal(line["quantityFulfilled"]) for line in order["itemList"]["item"]):
            raise Refused("THIS_RECORD_CANNOT_BE_DELETED_BECAUSE_IT_HAS_DEPENDENT_RECORDS",
                          "This record cannot be deleted because it has dependent records.")
        self._company.delete("salesOrder", order["@internalId"])
        return {"deleted": body["order"]}

    def _copy_line(self, body):
        """Make Copy, in the form of an order: the line's own columns are copied, too."""
        order = self._order(body["order"])
        lines = order["itemList"]["item"]
        line = next(row for row in lines if row["line"] == body["line"])
        lines.append({**line, "line": str(max(int(row["line"]) for row in lines) + 1), "quantityFulfilled": "0",
                      "quantityBilled": "0"})
        posting.keep(self._company, order)
        return {"line": lines[-1]["line"]}

    def _renew_item(self, body):
        """Deleted and made again under its name: with another internal id."""
        company = self._company
        row = next(one for one in company.store.all("inventoryItem") if one["itemId"] == body["item"])
        item = company.store.get("inventoryItem", row["@internalId"])
        company.delete("inventoryItem", item.pop("@internalId"))
        return {"internalId": company.store.put("inventoryItem", touch(item))["@internalId"]}

    def _rename_item(self, body):
        """The article of before stays under another name, and a new one gets its name."""
        company = self._company
        row = next(one for one in company.store.all("inventoryItem") if one["itemId"] == body["item"])
        item = company.store.get("inventoryItem", row["@internalId"])
        company.store.put("inventoryItem", touch({**item, "itemId": body["item"] + "-OLD"}))
        item.pop("@internalId")
        return {"internalId": company.store.put("inventoryItem", touch(item))["@internalId"]}

    def _post_returns(self, body):
        made = self._named("returnAuthorization", body["return"])
        posting.receive(self._company, made)
        if body.get("receive_only"):
            return {"received": made["tranId"]}
        return {"credit_memo": posting.credit(self._company, made)}

    def _create_return(self, body):
        """One that somebody types in from an invoice: without an external id."""
        company = self._company
        source = self._named("invoice", body["invoice"])
        item = next(row for row in company.store.all("inventoryItem") if row["itemId"] == body["item"])
        place = company.store.all("location")[0]
        made = company.store.put("returnAuthorization", touch({
            "@xsi": "ReturnAuthorization", "createdDate": now_text(), "tranDate": now_text(),
            "tranId": company.next_number("RMA"), "entity": source["entity"],
            "createdFrom": company.ref("invoice", source["@internalId"]), "orderStatus": "_pendingReceipt",
            "currency": source["currency"], "status": "Pending Receipt",
            "itemList": {"item": [{"item": {"@internalId": item["@internalId"], "name": item["itemId"]}, "line": "1",
                                   "quantityReceived": "0", "quantityBilled": "0", "quantity": body["quantity"],
                                   "rate": "0", "amount": "0", "isClosed": "false",
                                   "location": company.ref("location", place["@internalId"])}]}}))
        return {"return": made["tranId"]}

    def _change_price(self, body):
        company = self._company
        row = next(one for one in company.store.all("inventoryItem") if one["itemId"] == body["item"])
        item = company.store.get("inventoryItem", row["@internalId"])
        for pricing in item["pricingMatrix"]["pricing"]:
            if pricing["priceLevel"]["name"] == body.get("level", "Base Price"):
                pricing["priceList"]["price"][0]["value"] = body["unit_price"]
        company.store.put("inventoryItem", touch(item))
        return {"item": body["item"]}


def phone_orders(company: Company) -> None:
    """What people typed in before: an order that waits for approval, two that are released, one that is billed."""
    items, places = company.store.all("inventoryItem"), company.store.all("location")
    for at, status in enumerate((orders.PENDING_APPROVAL, *[orders.PENDING_FULFILLMENT] * 3)):
        line = {"item": {"@internalId": items[at * 5]["@internalId"]}, "quantity": str(at + 1),
                "location": {"@internalId": places[0]["@internalId"]}}
        customer = company.store.all("customer")[at * 7 + 40]
        with company.store.transaction():
            order = orders.add(company, {"entity": {"@internalId": customer["@internalId"]}, "orderStatus": status,
                                         "otherRefNum": f"PHONE {at + 1}", "itemList": {"item": [line]}})
            if at == 3:
                posting.fulfil(company, order, False)
                posting.invoice(company, order)
