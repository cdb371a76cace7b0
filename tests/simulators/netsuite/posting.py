"""What the warehouse and the accounting of the account do: fulfilments, invoices, receipts of returns, credits."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from common.decimals import cents, divide, multiply, plain
from . import orders
from .company import Company, touch
from .records import RETURN_WORDS
from .store import now_text


def fulfil(company: Company, order: dict, partly: bool) -> dict | None:
    """Ships from stock what may be picked, of partly only a part. None: there was nothing."""
    customer = company.store.get("customer", order["entity"]["@internalId"])
    if not orders.is_released(order) or customer["isInactive"] == "true":
        return None
    lines = []
    taken: dict = {}
    for line in order["itemList"]["item"]:
        wanted = orders.outstanding(line)
        if wanted <= 0 or line["commitInventory"] == "_doNotCommit":
            continue
        if partly and lines:
            break
        if partly and wanted > 1:
            wanted = (wanted / 2).to_integral_value(ROUND_CEILING)
        place = (line["item"]["@internalId"], line["location"]["@internalId"])
        wanted = min(wanted, company.on_hand(*place) - taken.get(place, Decimal(0)))
        if wanted <= 0:
            continue
        taken[place] = taken.get(place, Decimal(0)) + wanted
        line["quantityFulfilled"] = plain(Decimal(line["quantityFulfilled"]) + wanted)
        lines.append({"orderLine": line["line"], "location": line["location"], "quantity": plain(wanted),
                      "item": line["item"]})
    if not lines:
        return None
    number = company.next_number("IF")
    for line in lines:
        company.post(line["item"]["@internalId"], line["location"]["@internalId"],
                     -Decimal(line["quantity"]), number)
    company.store.put("itemFulfillment", touch({
        "@xsi": "ItemFulfillment", "createdDate": now_text(), "tranDate": now_text(), "tranId": number,
        "entity": order["entity"], "createdFrom": company.ref("salesOrder", order["@internalId"]),
        "shipStatus": "_shipped", "itemList": {"item": lines}}))
    keep(company, order)
    return {"order": order["tranId"], "fulfillment": number,
            "lines": [{"item": line["item"]["name"], "quantity": line["quantity"]} for line in lines]}


def invoice(company: Company, order: dict) -> str | None:
    """Bills what was fulfilled and is not billed; with the first goods, what goes with them."""
    articles = [line for line in order["itemList"]["item"] if orders.is_article(line)]
    first = not any(Decimal(line["quantityBilled"]) for line in articles)
    net, tax = Decimal(0), Decimal(0)
    share: dict = {}
    last = None
    for line in order["itemList"]["item"]:
        if orders.is_article(line):
            last = line
            billed = Decimal(line["quantityFulfilled"]) - Decimal(line["quantityBilled"])
            share[line["line"]] = (billed, Decimal(line["quantity"]))
            line["quantityBilled"] = line["quantityFulfilled"]
            part, whole = share[line["line"]]
        elif line["item"]["@internalId"] == orders.DISCOUNT_ITEM and last is not None:
            part, whole = share[last["line"]]
        else:
            part, whole = (Decimal(1), Decimal(1)) if first else (Decimal(0), Decimal(1))
        if not whole:
            continue
        amount = cents(divide(multiply(Decimal(line["amount"]), part), whole))
        net += amount
        tax += cents(divide(multiply(amount, Decimal(line["taxRate1"])), Decimal(100)))
    if not any(part for part, _ in share.values()):
        return None
    number = company.next_number("INV")
    company.store.put("invoice", touch({
        "@xsi": "Invoice", "createdDate": now_text(), "tranDate": now_text(), "tranId": number,
        "entity": order["entity"], "createdFrom": company.ref("salesOrder", order["@internalId"]),
        "otherRefNum": order.get("otherRefNum"), "subTotal": plain(net), "taxTotal": plain(tax),
        "total": plain(net + tax), "currency": order["currency"], "status": "Open"}))
    keep(company, order)
    return number


def keep(company: Company, order: dict) -> None:
    orders.settle(order)
    orders.commit(company, order)
    company.store.put("salesOrder", touch(order))


def receive(company: Company, made: dict) -> None:
    number = company.next_number("IR")
    for line in made["itemList"]["item"]:
        back = Decimal(line["quantity"]) - Decimal(line["quantityReceived"])
        if back <= 0 or "location" not in line:
            continue
        company.post(line["item"]["@internalId"], line["location"]["@internalId"], back, number)
        line["quantityReceived"] = line["quantity"]
    made["orderStatus"] = "_pendingRefund"
    made["status"] = RETURN_WORDS["_pendingRefund"]
    company.store.put("returnAuthorization", touch(made))


def credit(company: Company, made: dict) -> str:
    number = company.next_number("CM")
    for line in made["itemList"]["item"]:
        line["quantityBilled"] = line["quantityReceived"]
    made["orderStatus"] = "_refunded"
    made["status"] = RETURN_WORDS["_refunded"]
    company.store.put("returnAuthorization", touch(made))
    company.store.put("_creditMemo", {"tranId": number, "createdFrom": made["@internalId"]})
    return number
