"""Sales orders: what a save of one does to its lines, its amounts and its status."""

from __future__ import annotations

import copy
from decimal import Decimal

import sample_data
from common.decimals import cents, divide, multiply, plain
from .company import CHARGE_ITEMS, CUSTOM_PRICE, DISCOUNT_ITEM, Company, require, touch
from .errors import Refused, bad_reference
from .store import day_text, now_text

PENDING_APPROVAL, PENDING_FULFILLMENT = "_pendingApproval", "_pendingFulfillment"
FROM_FULFILLMENT = ("_partiallyFulfilled", "_pendingBillingPartFulfilled", "_pendingBilling")
CLOSED = ("_cancelled", "_closed", "_fullyBilled")
_WORDS = {"_pendingApproval": "Pending Approval", "_pendingFulfillment": "Pending Fulfillment",
          "_partiallyFulfilled": "Partially Fulfilled", "_pendingBilling": "Pending Billing",
          "_pendingBillingPartFulfilled": "Pending Billing/Partially Fulfilled", "_fullyBilled": "Billed",
          "_closed": "Closed", "_cancelled": "Cancelled"}
_STATUSES = tuple(_WORDS)
_HEADER = ("tranDate", "shipDate", "otherRefNum", "memo", "shippingAddress", "billingAddress")
_LENGTHS = {"otherRefNum": 45, "memo": 999}
_ADDRESS_LENGTHS = {"addressee": 83, "addr1": 150, "addr2": 150, "city": 50, "state": 50, "zip": 36}


def add(company: Company, given: dict) -> dict:
    require(given, "entity", "itemList")
    customer = company.resolve("customer", given["entity"], "entity")
    if customer.get("creditHoldOverride") == "_on":
        raise Refused("USER_ERROR", "The customer is on credit hold.")
    external = given.get("@externalId")
    if external and company.store.by_external("salesOrder", external):
        raise Refused("DUP_RCRD", "This record already exists")
    order = {"@xsi": "SalesOrder", "@externalId": external, "createdDate": now_text(),
             "entity": company.ref("customer", customer["@internalId"]), "tranDate": now_text(),
             "tranId": company.next_number("SO"), "orderStatus": company.preferences["default_order_status"],
             "currency": customer["currency"], "itemList": {"item": []}}
    if "currency" in given:
        order["currency"] = company.ref("currency", company.resolve(
            "currency", given["currency"], "currency")["@internalId"])
    _set(company, order, given, customer)
    if not order["itemList"]["item"]:
        raise Refused("USER_ERROR", "You must enter at least one line item for this transaction.")
    _run_workflow(company, order, None)
    return _save(company, order)


def update(company: Company, order: dict, given: dict) -> dict:
    if order["orderStatus"] in ("_cancelled", "_fullyBilled"):
        raise Refused("USER_ERROR", f"The order is {_WORDS[order['orderStatus']]} and cannot be edited.")
    if "entity" in given and given["entity"].get("@internalId") != order["entity"]["@internalId"]:
        raise Refused("USER_ERROR", "The customer of a saved order cannot be changed.")
    customer = company.store.get("customer", order["entity"]["@internalId"])
    before = copy.deepcopy(order)
    _set(company, order, given, customer)
    _run_workflow(company, order, before)
    return _save(company, order)


def _run_workflow(company: Company, order: dict, before: dict | None) -> None:
    """What an account's own workflows and scripts do to a save, without a word: it succeeds all the same."""
    workflow = company.preferences["workflow"]
    if workflow == "approves" and order["orderStatus"] == PENDING_APPROVAL:
        order["orderStatus"] = PENDING_FULFILLMENT
    if before is not None and workflow == "keeps_status":
        order["orderStatus"] = before["orderStatus"]
    if before is not None and workflow == "keeps_lines":
        order["itemList"] = before["itemList"]
    if before is not None and workflow == "keeps_last_line" and before["itemList"]["item"]:
        last = before["itemList"]["item"][-1]
        order["itemList"]["item"] = [last if line["line"] == last["line"] else line
                                     for line in order["itemList"]["item"]]


def _set(company: Company, order: dict, given: dict, customer: dict) -> None:
    for name, limit in _LENGTHS.items():
        _check_length(name, given.get(name, ""), limit)
    for name in ("shippingAddress", "billingAddress"):
        for part, limit in _ADDRESS_LENGTHS.items():
            _check_length(f"{name}.{part}", given.get(name, {}).get(part, ""), limit)
    # An empty text changes nothing: what shall be blank is named in the nullFieldList.
    order.update({name: given[name] for name in _HEADER if given.get(name) and "Address" not in name})
    order.update({name: merged_address(order.get(name), given[name]) for name in ("shippingAddress", "billingAddress")
                  if name in given})
    order.update({name: day_text(given[name]) for name in ("tranDate", "shipDate") if name in given})
    for name in given.get("nullFieldList", {}).get("name", []):
        order.pop(name, None)
    status = given.get("orderStatus")
    if status is not None:
        if status not in (PENDING_APPROVAL, PENDING_FULFILLMENT, "_cancelled"):
            raise Refused("USER_ERROR", f"Invalid orderStatus reference key {status}.")
        if order["orderStatus"] in FROM_FULFILLMENT:
            if status != PENDING_FULFILLMENT:
                raise Refused("USER_ERROR", "An order of which something was fulfilled cannot go back to "
                                            + _WORDS.get(status, status))
        else:
            order["orderStatus"] = status
    if "itemList" in given:
        _set_lines(company, order, given["itemList"], customer)
    if "customFieldList" in given:
        order["customFieldList"] = _merged(order.get("customFieldList"), given["customFieldList"])


def merged_address(old: dict | None, new: dict) -> dict:
    """An address is a record of its own, of which a save changes what it names."""
    given = {name: text for name, text in new.items() if text and name != "nullFieldList"}
    blank = new.get("nullFieldList", {}).get("name", [])
    return {name: text for name, text in {**(old or {}), **given}.items() if name not in blank}


def _check_length(name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise Refused("EXCEEDED_MAX_FIELD_LENGTH",
                      f"The field {name} contained more than the maximum number ( {limit} ) of characters allowed.")


def _set_lines(company: Company, order: dict, given: dict, customer: dict) -> None:
    present = order["itemList"]["item"]
    by_line = {line["line"]: line for line in present}
    named = []
    for one in given.get("item", []):
        if "line" in one:
            line = by_line.get(one["line"])
            if line is None:
                raise Refused("INVALID_KEY_OR_REF", f"There is no line {one['line']} of the order.")
        else:
            require(one, "item", "quantity") if one.get("item", {}).get("@internalId") != DISCOUNT_ITEM \
                else require(one, "item")
            line = {"line": str(max([int(row["line"]) for row in present] + [0]) + 1), "quantityFulfilled": "0",
                    "quantityBilled": "0", "quantityCommitted": "0", "isClosed": "false",
                    "commitInventory": "_availableQty"}
            present.append(line)
        named.append(line["line"])
        _set_line(company, order, line, one, customer)
    if given.get("@replaceAll", "true") != "false":
        gone = [line for line in present if line["line"] not in named]
        if any(Decimal(line["quantityFulfilled"]) for line in gone):
            raise Refused("USER_ERROR", "A line of which something was fulfilled cannot be removed.")
        order["itemList"]["item"] = [line for line in present if line["line"] in named]


def _set_line(company: Company, order: dict, line: dict, given: dict, customer: dict) -> None:
    if "item" in given:
        line["item"] = _item(company, given["item"])
    if "location" in given:
        line["location"] = company.ref("location", company.resolve(
            "location", given["location"], "location")["@internalId"])
    for name in ("description", "isClosed", "units"):
        if given.get(name):
            line[name] = given[name]
    if "expectedShipDate" in given:
        line["expectedShipDate"] = day_text(given["expectedShipDate"])
    if "commitInventory" in given:
        if given["commitInventory"] not in ("_availableQty", "_completeQty", "_doNotCommit"):
            raise Refused("USER_ERROR", "Invalid commitInventory reference key " + given["commitInventory"])
        line["commitInventory"] = given["commitInventory"]
    if "quantity" in given:
        quantity = Decimal(given["quantity"])
        if quantity < Decimal(line["quantityFulfilled"]):
            raise Refused("USER_ERROR", f"The quantity of line {line['line']} cannot be less than the "
                                        f"{line['quantityFulfilled']} that were fulfilled.")
        line["quantity"] = plain(quantity)
    if "customFieldList" in given:
        line["customFieldList"] = _merged(line.get("customFieldList"), given["customFieldList"])
    _price(company, order, line, given, customer)


def _price(company: Company, order: dict, line: dict, given: dict, customer: dict) -> None:
    """A price level states the rate, unless it is the custom one: then the rate that is given."""
    number = line["item"]["@internalId"]
    level = given.get("price", {}).get("@internalId") or line.get("price", {}).get("@internalId") or \
        customer.get("priceLevel", {}).get("@internalId", "1")
    if level == CUSTOM_PRICE or number == DISCOUNT_ITEM or number in CHARGE_ITEMS:
        level = CUSTOM_PRICE
        if "rate" in given:
            line["rate"] = given["rate"]
    else:
        item = company.store.get("inventoryItem", number)
        found = None
        for one in (level, "1"):
            found = found or company.price_of(item, one, order["currency"]["@internalId"],
                                              Decimal(line["quantity"]))
        line["rate"] = plain(found or Decimal(0))
    line["price"] = {"@internalId": level, "name": "Custom" if level == CUSTOM_PRICE else level}
    line.setdefault("rate", "0")


def _item(company: Company, ref: dict) -> dict:
    other = company.store.get("_otherItem", ref.get("@internalId", ""))
    if other:
        return {"@internalId": other["@internalId"], "name": other["itemId"]}
    item = company.resolve("inventoryItem", ref, "item")
    if item["isInactive"] == "true":
        raise bad_reference("item", ref.get("@internalId", ""))
    return {"@internalId": item["@internalId"], "name": item["itemId"]}


def _merged(old: dict | None, new: dict) -> dict:
    fields = {field["@scriptId"]: field for field in (old or {}).get("customField", [])}
    for field in new.get("customField", []):
        if not field.get("@scriptId", "").startswith(("custcol_underpin_", "custbody_underpin_")):
            raise Refused("INVALID_KEY_OR_REF", f"Invalid custom field {field.get('@scriptId')}")
        fields[field["@scriptId"]] = field
    return {"customField": list(fields.values())}


def outstanding(line: dict) -> Decimal:
    """Of an article; what is closed is over."""
    if line["isClosed"] == "true" or "location" not in line or not is_article(line):
        return Decimal(0)
    return Decimal(line["quantity"]) - Decimal(line["quantityFulfilled"])


def is_article(line: dict) -> bool:
    number = line["item"]["@internalId"]
    return number != DISCOUNT_ITEM and number not in CHARGE_ITEMS


def _save(company: Company, order: dict) -> dict:
    """Amounts, commitments and status of what was set."""
    net, tax = Decimal(0), Decimal(0)
    for line in order["itemList"]["item"]:
        quantity = Decimal(line["quantity"]) if "quantity" in line else Decimal(1)
        amount = cents(multiply(quantity, Decimal(line["rate"])))
        line["amount"] = plain(amount)
        line["taxCode"] = {"@internalId": "33", "name": "VAT19"}
        line["taxRate1"] = plain(sample_data.VAT_PERCENT)
        line["tax1Amt"] = plain(cents(divide(multiply(amount, sample_data.VAT_PERCENT), Decimal(100))))
        net += amount
        tax += Decimal(line["tax1Amt"])
    order["subTotal"], order["taxTotal"], order["total"] = plain(net), plain(tax), plain(net + tax)
    settle(order)
    commit(company, order)
    return company.store.put("salesOrder", touch(order))


def settle(order: dict) -> None:
    """The status that the lines imply; approval and cancellation are people's."""
    articles = [line for line in order["itemList"]["item"] if is_article(line)]
    fulfilled = any(Decimal(line["quantityFulfilled"]) for line in articles)
    waiting = any(outstanding(line) for line in articles)
    unbilled = any(Decimal(line["quantityFulfilled"]) > Decimal(line["quantityBilled"]) for line in articles)
    billed = any(Decimal(line["quantityBilled"]) for line in articles)
    status = order["orderStatus"]
    if status != "_cancelled":
        closed = all(line["isClosed"] == "true" for line in articles)
        if fulfilled:
            if waiting:
                status = "_pendingBillingPartFulfilled" if unbilled and billed else "_partiallyFulfilled"
            else:
                status = "_pendingBilling" if unbilled else "_fullyBilled"
        elif closed:
            status = "_closed"
        elif status == "_closed":
            status = PENDING_FULFILLMENT
    order["orderStatus"], order["status"] = status, _WORDS[status]


def is_released(order: dict) -> bool:
    """Approved, and not held back: with nothing committed the warehouse picks nothing."""
    waiting = [line for line in order["itemList"]["item"] if outstanding(line) > 0]
    return order["orderStatus"] in (PENDING_FULFILLMENT, *FROM_FULFILLMENT) and (
        not waiting or any(line["commitInventory"] != "_doNotCommit" for line in waiting))


def commit(company: Company, order: dict) -> None:
    """Of an approved order, what there is; a pending one commits nothing, however much it waits for."""
    live = order["orderStatus"] in (PENDING_FULFILLMENT, *FROM_FULFILLMENT)
    taken: dict = {}
    for line in order["itemList"]["item"]:
        quantity = Decimal(0)
        if live and line["commitInventory"] != "_doNotCommit" and outstanding(line) > 0:
            place = (line["item"]["@internalId"], line["location"]["@internalId"])
            free = company.on_hand(*place) - company.committed(*place, but=order.get("@internalId", "")) \
                - taken.get(place, Decimal(0))
            quantity = max(Decimal(0), min(free, outstanding(line)))
            taken[place] = taken.get(place, Decimal(0)) + quantity
        line["quantityCommitted"] = plain(quantity)
