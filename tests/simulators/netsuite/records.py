"""The other records that are written: customers, adjustments of stock, returns."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import cents, multiply, plain
from . import orders
from .company import CUSTOM_PRICE, Company, require, touch
from .errors import Refused, bad_reference
from .store import day_text, now_text

_CUSTOMER = ("entityId", "isPerson", "companyName", "firstName", "lastName", "phone", "email", "isInactive",
             "creditHoldOverride")
_CUSTOMER_LENGTHS = {"entityId": 83, "companyName": 83, "firstName": 32, "lastName": 32, "phone": 32, "email": 254}
COUNTRIES = ("_germany", "_austria", "_switzerland", "_france", "_netherlands", "_belgium", "_unitedStates",
             "_unitedKingdom", "_italy", "_spain", "_poland", "_denmark", "_sweden")


# Customers.
def add_customer(company: Company, given: dict) -> dict:
    require(given, "entityId", "subsidiary")
    store = company.store
    external = given.get("@externalId")
    if external and store.by_external("customer", external):
        raise Refused("DUP_RCRD", "This record already exists")
    if any(row["entityId"].upper() == given["entityId"].upper() for row in store.all("customer")):
        raise Refused("UNIQUE_CUST_ID_REQD", "A customer record with this ID already exists. "
                                             "You must enter a unique customer ID for each record you create.")
    customer = {"@xsi": "Customer", "@externalId": external, "dateCreated": now_text(), "isPerson": "false",
                "isInactive": "false", "creditHoldOverride": "_auto",
                "subsidiary": given["subsidiary"], "currency": company.ref("currency", "1"),
                "addressbookList": {"addressbook": []}, "itemPricingList": {"itemPricing": []}}
    return _save_customer(company, customer, given)


def update_customer(company: Company, customer: dict, given: dict) -> dict:
    if company.preferences["workflow"] == "keeps_codes":
        given = {name: value for name, value in given.items()
                 if name not in ("priceLevel", "isInactive", "creditHoldOverride")}
    return _save_customer(company, customer, given)


def _save_customer(company: Company, customer: dict, given: dict) -> dict:
    for name, limit in _CUSTOMER_LENGTHS.items():
        if len(given.get(name, "")) > limit:
            raise Refused("EXCEEDED_MAX_FIELD_LENGTH", f"The field {name} contained more than the maximum number "
                                                       f"( {limit} ) of characters allowed.")
    for name in given.get("nullFieldList", {}).get("name", []):
        customer.pop(name, None)
    customer.update({name: given[name] for name in _CUSTOMER if given.get(name)})
    if "priceLevel" in given:
        customer["priceLevel"] = company.ref("priceLevel", company.resolve(
            "priceLevel", given["priceLevel"], "priceLevel")["@internalId"])
    if "currency" in given:
        customer["currency"] = company.ref("currency", company.resolve(
            "currency", given["currency"], "currency")["@internalId"])
    if customer["isPerson"] == "true" and not customer.get("lastName"):
        raise Refused("USER_ERROR", "Please enter value(s) for: Last Name")
    if customer["isPerson"] == "false" and not customer.get("companyName"):
        raise Refused("USER_ERROR", "Please enter value(s) for: Company Name")
    if "addressbookList" in given:
        _set_addresses(customer, given["addressbookList"])
    return company.store.put("customer", touch(customer))


def _set_addresses(customer: dict, given: dict) -> None:
    present = customer["addressbookList"]["addressbook"]
    kept = []
    for one in given.get("addressbook", []):
        address = one.get("addressbookAddress", {})
        if address.get("country", "") not in ("", *COUNTRIES):
            raise Refused("INVALID_KEY_OR_REF", f"Invalid country reference key {address['country']}.")
        if "internalId" in one:
            entry = next((row for row in present if row["internalId"] == one["internalId"]), None)
            if entry is None:
                raise bad_reference("addressbook", one["internalId"])
            entry.update({**one, "addressbookAddress": orders.merged_address(entry.get("addressbookAddress"), address)})
        else:
            entry = {**one, "internalId": str(max([int(row["internalId"]) for row in present] + [0]) + 1)}
            present.append(entry)
        for flag in ("defaultShipping", "defaultBilling"):
            if entry.get(flag) == "true":
                for row in present:
                    row[flag] = "true" if row is entry else "false"
        kept.append(entry["internalId"])
    if given.get("@replaceAll", "true") != "false":
        customer["addressbookList"]["addressbook"] = [row for row in present if row["internalId"] in kept]


# Stock.
def add_adjustment(company: Company, given: dict) -> dict:
    require(given, "subsidiary", "account", "inventoryList")
    external = given.get("@externalId")
    if external and company.store.by_external("inventoryAdjustment", external):
        raise Refused("DUP_RCRD", "This record already exists")
    number = company.next_number("IA")
    lines = []
    for one in given["inventoryList"].get("inventory", []):
        require(one, "item", "location", "adjustQtyBy")
        item = company.resolve("inventoryItem", one["item"], "item")
        place = company.resolve("location", one["location"], "location")
        quantity = Decimal(one["adjustQtyBy"])
        if quantity != quantity.quantize(Decimal("0.00001")):
            raise Refused("USER_ERROR", "A quantity has at most five decimals.")
        lines.append({"item": {"@internalId": item["@internalId"], "name": item["itemId"]},
                      "line": str(len(lines) + 1),
                      "location": {"@internalId": place["@internalId"], "name": place["name"]},
                      "adjustQtyBy": plain(quantity), "memo": one.get("memo")})
        company.post(item["@internalId"], place["@internalId"], quantity, external or number)
    return company.store.put("inventoryAdjustment", touch({
        "@xsi": "InventoryAdjustment", "@externalId": external, "createdDate": now_text(),
        "tranDate": day_text(given.get("tranDate", now_text())), "tranId": number,
        "subsidiary": given["subsidiary"], "account": given["account"],
        "memo": given.get("memo"), "inventoryList": {"inventory": lines}}))


# Returns.
RETURN_WORDS = {"_pendingApproval": "Pending Approval", "_pendingReceipt": "Pending Receipt",
                "_partiallyReceived": "Partially Received", "_pendingRefund": "Pending Refund",
                "_refunded": "Refunded", "_cancelled": "Cancelled", "_closed": "Closed"}


def add_return(company: Company, given: dict) -> dict:
    require(given, "entity", "itemList")
    store = company.store
    external = given.get("@externalId")
    if external and store.by_external("returnAuthorization", external):
        raise Refused("DUP_RCRD", "This record already exists")
    customer = company.resolve("customer", given["entity"], "entity")
    made = {"@xsi": "ReturnAuthorization", "@externalId": external, "createdDate": now_text(),
            "entity": company.ref("customer", customer["@internalId"]),
            "tranDate": day_text(given.get("tranDate", now_text())), "tranId": company.next_number("RMA"),
            "orderStatus": given.get("orderStatus", "_pendingReceipt"), "otherRefNum": given.get("otherRefNum"),
            "memo": given.get("memo"), "currency": given.get("currency", customer["currency"]),
            "customFieldList": given.get("customFieldList"), "itemList": {"item": []}}
    if "createdFrom" in given:
        made["createdFrom"], made["currency"] = _origin(company, given["createdFrom"], customer)
    for one in given["itemList"].get("item", []):
        require(one, "item", "quantity")
        line = {**one, "item": orders._item(company, one["item"]), "line": str(len(made["itemList"]["item"]) + 1),
                "quantityReceived": "0", "quantityBilled": "0", "isClosed": "false"}
        if "location" in one:
            place = company.resolve("location", one["location"], "location")
            line["location"] = company.ref("location", place["@internalId"])
        line.setdefault("rate", "0")
        line["price"] = {"@internalId": CUSTOM_PRICE, "name": "Custom"}
        line["amount"] = plain(cents(multiply(Decimal(one["quantity"]), Decimal(line["rate"]))))
        if company.preferences["workflow"] == "clears_columns":
            line.pop("customFieldList", None)
        made["itemList"]["item"].append(line)
    made["status"] = RETURN_WORDS[made["orderStatus"]]
    return store.put("returnAuthorization", touch(made))


def _origin(company: Company, ref: dict, customer: dict) -> dict:
    """An order or an invoice of the same customer, and its currency."""
    for kind in ("salesOrder", "invoice"):
        origin = company.store.get(kind, ref.get("@internalId", ""))
        if origin and origin["entity"]["@internalId"] == customer["@internalId"]:
            return company.ref(kind, origin["@internalId"]), origin["currency"]
    raise bad_reference("createdFrom", ref.get("@internalId", ""))
