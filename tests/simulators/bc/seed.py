"""Fills an empty store from the sample retailer's master data, and gives it a few orders of its own."""

from __future__ import annotations

import uuid
from decimal import Decimal

import orders
import posting
import schema
import sample_data
from company import BLANK_DATE, LOCAL_CURRENCY, ZERO, ZERO_GUID, Company
from orders import blank

NAMESPACE = uuid.UUID("7f9d4c60-31f5-4d52-9f6c-2f0a1c5b8e11")
COMPANY_ID = str(uuid.uuid5(NAMESPACE, "company"))
OWN_ORDERS = 4
_TYPES = {"all": "AllCustomers", "group": "CustomerPriceGroup", "customer": "Customer"}


def record_id(*names):
    """Ids of master data are the same in every fresh store."""
    return str(uuid.uuid5(NAMESPACE, "/".join(names)))


def fill(store, name, seed_date):
    """Does nothing if the store has a company already."""
    if store["companies"].rows:
        return
    books = Company(store, COMPANY_ID)
    with store.transaction():
        _master_data(store, name)
        _stock_and_prices(store, books, seed_date)
        _own_orders(store, books)


def _master_data(store, name):
    store.put("companies", {
        **blank(schema.BY_SET["companies"]), "id": COMPANY_ID, "name": name, "displayName": name,
        "systemVersion": "24.0.16410.18056", "systemCreatedAt": store.now(),
        "systemModifiedAt": ""}, modified="systemModifiedAt")
    for code, text, symbol in (("USD", "US dollar", "$"), ("GBP", "Pound sterling", "£"),
                               ("CHF", "Swiss franc", "CHF")):
        store.put("currencies", {**blank(schema.BY_SET["currencies"]),
                                 "id": record_id("currency", code), "code": code,
                                 "displayName": text, "symbol": symbol, "amountDecimalPlaces": "2:2",
                                 "amountRoundingPrecision": Decimal("0.01")})
    for code, text in (("DAMAGED", "Damaged"), ("WRONG", "Wrong article"), ("NOTWANTED", "Not wanted")):
        store.put("customerReturnReasons", {**blank(schema.BY_SET["customerReturnReasons"]),
                                            "id": record_id("reason", code), "code": code, "displayName": text})
    units = {}
    for code, text, standard in (("PCS", "Piece", "EA"), ("BOX", "Box", "BX"), ("KG", "Kilo", "KGM")):
        units[code] = store.put("unitsOfMeasure", {
            **blank(schema.BY_SET["unitsOfMeasure"]), "id": record_id("unit", code), "code": code,
            "displayName": text, "internationalStandardCode": standard})
    for row in sample_data.LOCATIONS:
        store.put("locations", {**blank(schema.BY_SET["locations"]),
                                "id": record_id("location", row.code), "code": row.code,
                                "displayName": f"Warehouse {row.city}", "city": row.city,
                                "country": "DE"})
    for code, text in sample_data.PRICE_GROUPS:
        store.put("customerPriceGroups", {"id": record_id("group", code), "code": code,
                                          "description": text})
    for row in sample_data.CUSTOMERS:
        assert row.currency == LOCAL_CURRENCY
        store.put("customers", {
            **blank(schema.BY_SET["customers"]), "id": record_id("customer", row.number),
            "number": row.number, "displayName": row.name,
            "type": "Company" if row.kind == "company" else "Person", "addressLine1": row.address,
            "city": row.city, "country": row.country, "postalCode": row.post_code,
            "phoneNumber": row.phone, "email": row.email, "currencyCode": row.currency,
            "currencyId": ZERO_GUID, "blocked": " "})
        store.put("customerPricing", {"customerNumber": row.number, "priceGroup": row.price_group,
                                      "lastModifiedDateTime": ""})
    for row in sample_data.ITEMS:
        store.put("items", {
            **blank(schema.BY_SET["items"]), "id": record_id("item", row.number),
            "number": row.number, "displayName": row.description, "type": "Inventory",
            "gtin": row.gtin, "unitPrice": row.unit_price, "taxGroupCode": "VAT19",
            "baseUnitOfMeasureCode": row.base_uom, "baseUnitOfMeasureId": units[row.base_uom]["id"],
            "generalProductPostingGroupCode": "RETAIL", "inventoryPostingGroupCode": "RESALE"})


def _stock_and_prices(store, books, seed_date):
    for item in sample_data.ITEMS:
        for location in sample_data.LOCATIONS:
            books.post_ledger(item.number, location.code, "Positive",
                              sample_data.opening_stock(item.number, location.code), "OPENING",
                              seed_date, "OPENING")
    for row in sample_data.PRICES:
        store.put("salesPrices", {
            "id": str(uuid.uuid4()), "itemNumber": row.item, "salesType": _TYPES[row.sales_type],
            "salesCode": row.code, "minimumQuantity": row.minimum_quantity,
            "unitPrice": row.unit_price, "startingDate": row.starts.isoformat(),
            "endingDate": row.ends.isoformat() if row.ends else BLANK_DATE,
            "currencyCode": row.currency, "unitOfMeasureCode": row.uom, "zone": row.zone,
            "priceIncludesTax": False, "lastModifiedDateTime": ""})


def _own_orders(store, books):
    """Orders that people in the company typed in: two released, one draft, one posted completely."""
    for at in range(OWN_ORDERS):
        lines = [{"lineType": "Item", "quantity": Decimal(1 + at),
                  "lineObjectNumber": sample_data.ITEMS[at * 5 + n].number} for n in range(2)]
        header = orders.create(books, {
            "customerNumber": sample_data.CUSTOMERS[at * 7].number,
            "externalDocumentNumber": f"PHONE {at + 1}", "salesOrderLines": lines})
        if at != 1:
            header = orders.release(books, header["id"])
        if at == 3:
            posting.ship(books, header)
            posting.invoice(books, store["salesOrders"].get(header["id"]))
