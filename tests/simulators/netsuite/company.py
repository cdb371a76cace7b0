"""Master data of the account, references between records, and the stock ledger."""

from __future__ import annotations

from decimal import Decimal

import sample_data
from common.decimals import plain
from .errors import Refused, bad_reference
from .store import Store, minute_text, now_text

ADJUSTMENT_ACCOUNT = "151"
DISCOUNT_ITEM = "901"
CHARGE_ITEMS = {"910": "Shipping", "911": "Gift Wrap", "912": "Fee"}
BASE_PRICE = "1"
CUSTOM_PRICE = "-1"
# Price levels are in ids that tell nothing.
PRICE_LEVELS = {"1": "Base Price", "5": "RETAIL", "6": "VIP", "7": "B2B"}
CURRENCIES = {"1": ("Euro", "EUR"), "2": ("US Dollar", "USD")}
SUBSIDIARY = "2"

# Types of records by the name that a RecordRef gives them.
TYPES = {"salesOrder": "SalesOrder", "customer": "Customer", "inventoryItem": "InventoryItem",
         "inventoryAdjustment": "InventoryAdjustment", "returnAuthorization": "ReturnAuthorization",
         "invoice": "Invoice", "itemFulfillment": "ItemFulfillment", "location": "Location",
         "priceLevel": "PriceLevel", "currency": "Currency"}


class Company:
    def __init__(self, store: Store):
        self.store = store
        self.preferences = {"default_order_status": "_pendingFulfillment", "workflow": ""}
        self._balance: dict = {}
        for entry in store.all("_ledger"):
            self._add(entry)

    # References.
    def resolve(self, kind: str, ref: dict, field: str) -> dict:
        """The record that a RecordRef names by internalId or externalId; INVALID_KEY_OR_REF if there is none."""
        number, external = ref.get("@internalId"), ref.get("@externalId")
        found = self.store.get(kind, number) if number else self.store.by_external(kind, external or "")
        if found is None or (kind == "customer" and found["isInactive"] == "true"):
            raise bad_reference(field, number or external or "")
        return found

    def ref(self, kind: str, number: str) -> dict:
        record = self.store.records[kind][number]
        name = record.get("itemId") or record.get("name") or record.get("tranId", "")
        if kind == "customer":  # An entity is shown with its id and its name.
            name = f"{record['entityId']} " + (record.get("companyName") or f"{record.get('firstName', '')} "
                                               f"{record.get('lastName', '')}".strip())
        return {"@internalId": number, "@xsi": "RecordRef", "name": name}

    def next_number(self, prefix: str) -> str:
        """The next document number of a series. Needs a transaction."""
        series = next((row for row in self.store.all("_series") if row["prefix"] == prefix), None)
        series = dict(series) if series else {"prefix": prefix, "last": "1000"}
        series["last"] = str(int(series["last"]) + 1)
        self.store.put("_series", series)
        return prefix + series["last"]

    # Stock.
    def on_hand(self, item: str, location: str) -> Decimal:
        return self._balance.get((item, location), Decimal(0))

    def post(self, item: str, location: str, quantity: Decimal, document: str) -> None:
        entry = {"item": item, "location": location, "quantity": plain(quantity), "document": document}
        self.store.put("_ledger", entry)
        self._add(entry)

    def _add(self, entry: dict) -> None:
        place = (entry["item"], entry["location"])
        self._balance[place] = self._balance.get(place, Decimal(0)) + Decimal(entry["quantity"])

    def committed(self, item: str, location: str, but: str = "") -> Decimal:
        total = Decimal(0)
        for order in self.store.all("salesOrder"):
            if order["@internalId"] == but:
                continue
            for line in order["itemList"]["item"]:
                if line["item"]["@internalId"] == item and line.get("location", {}).get("@internalId") == location:
                    total += Decimal(line["quantityCommitted"])
        return total

    # Prices.
    def price_of(self, item: dict, level: str, currency: str, quantity: Decimal) -> Decimal | None:
        for row in item.get("pricingMatrix", {}).get("pricing", []):
            if row["priceLevel"]["@internalId"] != level or row["currency"]["@internalId"] != currency:
                continue
            fitting = [price for price in row["priceList"]["price"]
                       if Decimal(price.get("quantity", "0")) <= quantity]
            if fitting:
                return Decimal(max(fitting, key=lambda price: Decimal(price.get("quantity", "0")))["value"])
        return None


    # Deletions.
    def delete(self, kind: str, number: str) -> None:
        """What is left of a record: what it was called, and when it went. Needs a transaction."""
        record = self.store.get(kind, number)
        name = self.ref(kind, number)["name"]
        if kind == "salesOrder":
            name = f"Sales Order #{name}"
        self.store.delete(kind, number)
        self.store.put("_deleted", {"type": kind, "number": number, "external": record.get("@externalId"),
                                    "name": name, "deletedDate": minute_text()})


def touch(record: dict) -> dict:
    record["lastModifiedDate"] = now_text()
    return record


def seed(company: Company) -> None:
    """Fills a new account from the sample retailer's master data; does nothing to one that is there."""
    store = company.store
    if store.all("currency"):
        return
    with store.transaction():
        for number, (name, symbol) in CURRENCIES.items():
            store.put("currency", {"@xsi": "Currency", "@internalId": number, "name": name, "symbol": symbol})
        for number, name in PRICE_LEVELS.items():
            store.put("priceLevel", {"@xsi": "PriceLevel", "@internalId": number, "name": name,
                                     "isInactive": "false"})
        for at, place in enumerate(sample_data.LOCATIONS):
            store.put("location", {"@xsi": "Location", "@internalId": str(20 + at), "name": place.code,
                                   "isInactive": "false"})
        for number, name in [(DISCOUNT_ITEM, "Line Discount"), *CHARGE_ITEMS.items()]:
            store.put("_otherItem", {"@internalId": number, "itemId": name})
        _seed_items(company)
        _seed_customers(company)
        _seed_stock(company)


def _seed_items(company: Company) -> None:
    levels = {name: number for number, name in PRICE_LEVELS.items()}
    for at, item in enumerate(sample_data.ITEMS):
        rows = []
        for name, number in levels.items():
            if name == "RETAIL":
                continue
            code = "" if name == "Base Price" else name
            prices = [price for price in sample_data.PRICES
                      if price.item == item.number and price.code == code and price.ends is None
                      and price.sales_type in ("all", "group") and price.starts <= sample_data.SEED_DATE]
            if prices:
                rows.append({"currency": {"@internalId": "1", "name": "Euro"},
                             "priceLevel": {"@internalId": number, "name": name},
                             "priceList": {"price": [{"value": plain(price.unit_price),
                                                      "quantity": plain(price.minimum_quantity)}
                                                     for price in prices]}})
        company.store.put("inventoryItem", touch({
            "@xsi": "InventoryItem", "@internalId": str(1200 + at), "createdDate": now_text(),
            "isInactive": "false", "itemId": item.number, "displayName": item.description,
            "pricingMatrix": {"pricing": rows}}))


def _seed_customers(company: Company) -> None:
    levels = {name: number for number, name in PRICE_LEVELS.items()}
    items = {row["itemId"]: row["@internalId"] for row in company.store.all("inventoryItem")}
    for at, row in enumerate(sample_data.CUSTOMERS):
        first, _, last = row.name.rpartition(" ")
        person = row.kind == "person"
        own = [{"item": {"@internalId": items[price.item], "name": price.item},
                "level": {"@internalId": CUSTOM_PRICE, "name": "Custom"},
                "currency": {"@internalId": "1", "name": "Euro"}, "price": plain(price.unit_price)}
               for price in sample_data.PRICES if price.sales_type == "customer" and price.code == row.number]
        company.store.put("customer", touch({
            "@xsi": "Customer", "@internalId": str(5000 + at), "entityId": row.number,
            "isPerson": "true" if person else "false",
            **({"firstName": first, "lastName": last} if person else {"companyName": row.name}),
            "phone": row.phone, "email": row.email, "isInactive": "false", "dateCreated": now_text(),
            "subsidiary": {"@internalId": SUBSIDIARY, "name": "Sample Retail"},
            "priceLevel": {"@internalId": levels[row.price_group], "name": row.price_group},
            "currency": {"@internalId": "1", "name": "Euro"}, "creditHoldOverride": "_auto",
            "addressbookList": {"addressbook": [{
                "defaultShipping": "true", "defaultBilling": "true", "label": row.address,
                "addressbookAddress": {"country": "_germany", "addressee": row.name, "addr1": row.address,
                                       "city": row.city, "zip": row.post_code},
                "internalId": str(at + 1)}]},
            "itemPricingList": {"itemPricing": own}}))


def _seed_stock(company: Company) -> None:
    """Opening stock came with adjustments, a document for each article."""
    for item in company.store.all("inventoryItem"):
        lines = []
        number = company.next_number("IA")
        for place in company.store.all("location"):
            quantity = sample_data.opening_stock(item["itemId"], place["name"])
            lines.append({"item": {"@internalId": item["@internalId"], "name": item["itemId"]},
                          "line": str(len(lines) + 1),
                          "location": {"@internalId": place["@internalId"], "name": place["name"]},
                          "adjustQtyBy": plain(quantity)})
            company.post(item["@internalId"], place["@internalId"], quantity, number)
        company.store.put("inventoryAdjustment", touch({
            "@xsi": "InventoryAdjustment", "createdDate": now_text(), "tranDate": now_text(), "tranId": number,
            "account": {"@internalId": ADJUSTMENT_ACCOUNT, "name": "Inventory Adjustment"},
            "inventoryList": {"inventory": lines}}))


def require(value: dict, *names: str) -> None:
    missing = [name for name in names if name not in value]
    if missing:
        raise Refused("USER_ERROR", f"Please enter value(s) for: {', '.join(missing)}")
