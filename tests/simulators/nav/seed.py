"""Fills an empty company from the sample data, and with the business of the months before.

The 200 old orders were typed by hand or came from an interface that is long gone: their external
document numbers follow no single scheme. What they shipped is added to the opening entries, so that
the stock is that of the sample data on the day the simulator starts.
"""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import sample_data
from . import ledger, orders, posting
from .company import Company
from .schema import LINE_TYPES
from .tables import BLANK_DATE
from .values import date_to_sql

_SALES_TYPES = {"customer": 0, "group": 1, "all": 2}
_G_L_ACCOUNTS = [("8510", "Shipping revenue"), ("8520", "Payment fees"), ("8530", "Gift wrapping"),
                 ("8540", "Surcharges"), ("8300", "Books"), ("1605", "Gift cards sold")]
# Of charges; a gift card is taxed when it is redeemed.
_VAT_OF_ACCOUNTS = {"8300": Decimal(7), "1605": Decimal(0)}
_COUNTRIES = [("AT", "Austria"), ("BE", "Belgium"), ("CH", "Switzerland"), ("CZ", "Czech Republic"),
              ("DE", "Germany"), ("DK", "Denmark"), ("ES", "Spain"), ("FR", "France"), ("GB", "Great Britain"),
              ("IT", "Italy"), ("LU", "Luxembourg"), ("NL", "Netherlands"), ("PL", "Poland"), ("SE", "Sweden"),
              ("US", "USA")]

OLD_ORDERS = 200
_POSTED = 40  # shipped, invoiced and therefore gone
_PART_SHIPPED = 30
_RELEASED = 60


def seed(company: Company) -> None:
    if company.store.state("seeded", ""):
        return
    with company.store.transaction():
        _number_series(company)
        _master_data(company)
        _old_orders(company)
        company.store.set_state("seeded", company.today().isoformat())


def _number_series(company: Company) -> None:
    # The old orders take SO-100001.. ; the series stands at SO-200000 when the simulator starts.
    for code, prefix, digits, last, manual in (
            ("S-ORD", "SO-", 6, 100000, 0), ("S-SHPT", "LS-", 6, 100000, 0), ("S-INV", "RE-", 6, 100000, 0),
            ("S-RETORD", "SR-", 6, 100000, 0), ("S-RCPT", "RL-", 6, 100000, 0), ("S-CR", "GS-", 6, 100000, 0),
            ("CUST", "K", 5, 20000, 1), ("PRICE", "PB", 8, 0, 0)):
        company.store.insert("No_ Series Line", {"Series Code": code, "Prefix": prefix, "Digits": digits,
                                                 "Last No_ Used": last, "Manual Nos_": manual})


def _master_data(company: Company) -> None:
    store = company.store
    today = company.today_sql()
    for code, name in _COUNTRIES:
        store.insert("Country_Region", {"Code": code, "Name": name})
    for code, name in (("USD", "US dollar"), ("CHF", "Swiss franc"), ("GBP", "Pound sterling")):
        store.insert("Currency", {"Code": code, "Description": name})
    for code, name in (("DEFEKT", "Damaged"), ("FALSCH", "Wrong article"), ("NICHTGEF", "Not wanted")):
        store.insert("Return Reason", {"Code": code, "Description": name})
    for code, name in sample_data.PRICE_GROUPS:
        store.insert("Customer Price Group", {"Code": code, "Description": name})
    for number, name in _G_L_ACCOUNTS:
        store.insert("G_L Account", {"No_": number, "Name": name,
                                     "VAT _": _VAT_OF_ACCOUNTS.get(number, sample_data.VAT_PERCENT)})
    store.insert("Item Charge", {"No_": "FREIGHT", "Description": "Freight", "VAT _": sample_data.VAT_PERCENT})
    for code, city in sample_data.LOCATIONS:
        store.insert("Location", {"Code": code, "Name": f"Warehouse {city}", "City": city})
    for item in sample_data.ITEMS:
        store.insert("Item", {
            "No_": item.number, "Description": item.description, "Base Unit of Measure": item.base_uom,
            "Unit Price": item.unit_price, "GTIN": item.gtin, "VAT _": item.vat_percent,
            "Gen_ Prod_ Posting Group": "RETAIL", "Last Date Modified": today})
        store.insert("Item Unit of Measure", {"Item No_": item.number, "Code": item.base_uom,
                                              "Qty_ per Unit of Measure": Decimal(1)})
    for entry in sample_data.CUSTOMERS:
        store.insert("Customer", {
            "No_": entry.number, "Name": entry.name, "Address": entry.address, "City": entry.city,
            "Post Code": entry.post_code, "Country_Region Code": entry.country, "Phone No_": entry.phone,
            "E-Mail": entry.email, "Contact Type": 1 if entry.kind == "person" else 0,
            "Customer Price Group": entry.price_group, "Last Date Modified": today})
    for price in sample_data.PRICES:
        store.insert("Sales Price", {
            "Item No_": price.item, "Sales Type": _SALES_TYPES[price.sales_type], "Sales Code": price.code,
            "Starting Date": date_to_sql(price.starts),
            "Ending Date": date_to_sql(price.ends) if price.ends else BLANK_DATE,
            "Unit of Measure Code": price.uom, "Minimum Quantity": price.minimum_quantity,
            "Unit Price": price.unit_price, "Price Zone": price.zone})


def _old_orders(company: Company) -> None:
    store = company.store
    drawn = random.Random(20261124)
    plans = [_plan(drawn, index) for index in range(OLD_ORDERS)]
    shipped: dict = {}
    for plan in plans:
        for item, location, _, out in plan["lines"]:
            shipped[item, location] = shipped.get((item, location), 0) + out
    opened = date_to_sql(company.today() - datetime.timedelta(days=200))
    for item in sample_data.ITEMS:
        for code, _ in sample_data.LOCATIONS:
            quantity = sample_data.opening_stock(item.number, code) + shipped.get((item.number, code), 0)
            ledger.post(company, item.number, code, ledger.POSITIVE, quantity, "OPENING", opened)
    for plan in plans:
        _old_order(company, plan)
    series = store.get("No_ Series Line", "S-ORD")
    series["Last No_ Used"] = 200000
    store.modify("No_ Series Line", series)


def _plan(drawn: random.Random, index: int) -> dict:
    fate = ("posted" if index < _POSTED else "part" if index < _POSTED + _PART_SHIPPED
            else "released" if index < _POSTED + _PART_SHIPPED + _RELEASED else "open")
    lines = []
    for item in drawn.sample(sample_data.ITEMS, drawn.randint(1, 4)):
        quantity = drawn.randint(1, 12)
        out = 0
        if fate == "posted":
            out = quantity
        elif fate == "part":
            out = (quantity + 1) // 2 if not lines else 0
        lines.append((item.number, drawn.choice(sample_data.LOCATIONS).code, quantity, out))
    if fate == "part" and len(lines) == 1 and lines[0][2] == lines[0][3]:
        lines[0] = (lines[0][0], lines[0][1], lines[0][2] + 3, lines[0][3])
    return {"fate": fate, "lines": lines, "customer": drawn.choice(sample_data.CUSTOMERS).number,
            "reference": _old_reference(drawn, index), "age": 180 - index * 170 // OLD_ORDERS,
            "discount": drawn.random() < 0.2}


def _old_reference(drawn: random.Random, index: int) -> str:
    return drawn.choice(["", f"MAIL {4000 + index}", f"PO-2026/{100 + index}", f"EDI{index:07d}",
                         f"{4500000000 + index * 7}", f"FAX-{index}", f"SHOP1-{77000 + index}", "TELEFON"])


def _old_order(company: Company, plan: dict) -> None:
    store = company.store
    lines = []
    for position, (item, location, quantity, _) in enumerate(plan["lines"]):
        line = {"Type": LINE_TYPES.index("Item"), "No": item, "Location_Code": location,
                "Quantity": Decimal(quantity)}
        if plan["discount"] and position == 0:
            line["Line_Discount_Amount"] = Decimal("1.50")
        lines.append(line)
    day = date_to_sql(company.today() - datetime.timedelta(days=plan["age"]))
    header = orders.create(company, {
        "Sell_to_Customer_No": plan["customer"], "External_Document_No": plan["reference"].upper(),
        "Order_Date": day, "Posting_Date": day, "Document_Date": day, "Shipment_Date": day}, lines)
    if plan["fate"] == "open":
        return
    orders.release(company, header["No_"])
    quantities = {10000 * (index + 1): Decimal(line[3]) for index, line in enumerate(plan["lines"]) if line[3]}
    if quantities:
        header = orders.get_order(company, header["No_"])
        posting.post_shipment(company, header, orders.order_lines(company, header["No_"]), quantities)
    if plan["fate"] == "posted":
        posting.invoice(company, store.get("Sales Header", orders.ORDER, header["No_"]))
