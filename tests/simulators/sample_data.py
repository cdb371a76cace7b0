"""Master data of the sample retailer, from which every simulated ERP fills its own store.

Deterministic and free of input and output: the same rows come out on every machine and in every
run. Each simulator copies what it needs into its own tables when it is first started; from then on
the copies drift apart like those of any two ERPs. Amounts and quantities are Decimal.

    ITEMS      60 articles "1000".."1059"
    LOCATIONS  3 warehouses
    CUSTOMERS  120 customers "C10000".."C10119"
    PRICES     price list rows for all customers, for price groups and for single customers
    opening_stock(item, location)  stock on the day the books were opened
"""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CURRENCY = "EUR"
BASE_UOM = "PCS"
VAT_PERCENT = Decimal("19")
ZONE = "Europe/Berlin"
# Units of a currency for one of the local one, in both companies.
EXCHANGE_RATES = {"USD": Decimal("1.08"), "GBP": Decimal("0.84"), "CHF": Decimal("0.95")}
COST_SHARE = Decimal("0.6")  # What a piece has cost, of its price.
SEED_DATE = datetime.date(2026, 11, 24)

_CENT = Decimal("0.01")


class Item(NamedTuple):
    number: str
    description: str
    base_uom: str
    unit_price: Decimal  # EUR per piece, without VAT
    vat_percent: Decimal
    gtin: str


class Location(NamedTuple):
    code: str
    city: str


class Customer(NamedTuple):
    number: str
    name: str
    kind: str  # "person" or "company"
    address: str
    city: str
    post_code: str
    country: str  # ISO 3166 alpha-2
    phone: str
    email: str
    currency: str
    price_group: str  # "RETAIL", "VIP" or "B2B"


class Price(NamedTuple):
    item: str
    sales_type: str  # "all", "group" or "customer"
    code: str  # "" for all, the price group's or the customer's number otherwise
    minimum_quantity: Decimal
    unit_price: Decimal  # without VAT
    starts: datetime.date  # first day on which the row rules
    ends: datetime.date | None  # last day on which it rules, None: open
    currency: str
    uom: str
    zone: str  # IANA name of the zone in whose calendar the days are meant


LOCATIONS = [Location("EAST", "Berlin"), Location("WEST", "Cologne"), Location("CENTRAL", "Hannover")]

PRICE_GROUPS = [("RETAIL", "Consumers"), ("VIP", "Loyal consumers"), ("B2B", "Resellers")]

_KINDS = [
    ("Espresso cup", "5.90"), ("Serving bowl", "18.40"), ("Kitchen knife", "34.95"),
    ("Linen napkin", "4.25"), ("Oak cutting board", "27.50"), ("Cast iron pan", "59.00"),
    ("Storage jar", "9.80"), ("Salt mill", "22.10"), ("Table runner", "16.75"),
    ("Candle holder", "12.30"), ("Water carafe", "24.60"), ("Bread basket", "14.15"),
    ("Tea towel", "6.45"), ("Baking tin", "11.99"), ("Wall clock", "48.20"),
]
_FINISHES = [("white", "1.00"), ("grey", "1.05"), ("blue", "1.10"), ("green", "1.15")]

_FIRST = ["Anna", "Bernd", "Carla", "David", "Elif", "Frank", "Greta", "Hannes", "Ines", "Jonas",
          "Karin", "Lukas", "Mara", "Nils", "Olga", "Peter", "Quirin", "Rosa", "Stefan", "Tülay"]
_LAST = ["Becker", "Fischer", "Hoffmann", "Jäger", "Keller", "Lehmann", "Müller", "Neumann",
         "Richter", "Schröder", "Vogel", "Weiß", "Yilmaz", "Zimmermann"]
_STREETS = ["Hauptstraße", "Gartenweg", "Bahnhofstraße", "Lindenallee", "Am Markt", "Schulstraße",
            "Mühlenweg", "Kirchplatz"]
_TOWNS = [("Berlin", "10115"), ("Köln", "50667"), ("Hannover", "30159"), ("Leipzig", "04109"),
          ("München", "80331"), ("Düsseldorf", "40213"), ("Hamburg", "20095"), ("Mainz", "55116")]
_TRADES = ["Haushaltswaren", "Tischkultur", "Küchenstudio", "Gastrobedarf", "Wohnideen"]


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def _gtin(number: int) -> str:
    body = f"400638{number:06d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str((10 - total % 10) % 10)


def _items() -> list[Item]:
    rows = []
    for index in range(60):
        kind, price = _KINDS[index % len(_KINDS)]
        finish, factor = _FINISHES[index // len(_KINDS)]
        rows.append(Item(str(1000 + index), f"{kind}, {finish}", BASE_UOM,
                         _cents(Decimal(price) * Decimal(factor)), VAT_PERCENT, _gtin(1000 + index)))
    return rows


def _customers() -> list[Customer]:
    rows = []
    for index in range(120):
        number = f"C{10000 + index}"
        last = _LAST[index % len(_LAST)]
        city, post_code = _TOWNS[(index * 3 + index // 8) % len(_TOWNS)]
        company = index % 5 == 4
        name = (f"{_TRADES[(index // 5) % len(_TRADES)]} {last} GmbH" if company
                else f"{_FIRST[(index * 7) % len(_FIRST)]} {last}")
        group = "B2B" if company else ("VIP" if index % 4 == 1 else "RETAIL")
        rows.append(Customer(number, name, "company" if company else "person",
                             f"{_STREETS[index % len(_STREETS)]} {1 + index * 7 % 140}", city,
                             post_code, "DE", f"+49 30 55{index:05d}", f"{number.lower()}@example.com",
                             CURRENCY, group))
    return rows


ITEMS = _items()
CUSTOMERS = _customers()


def _prices() -> list[Price]:
    year = datetime.date(2026, 1, 1)
    rows = []

    def add(item, sales_type, code, minimum, price, starts, ends=None):
        rows.append(Price(item.number, sales_type, code, Decimal(minimum), _cents(price), starts,
                          ends, CURRENCY, item.base_uom, ZONE))

    for index, item in enumerate(ITEMS):
        add(item, "all", "", "0", item.unit_price, year)
        if index % 2 == 0:
            add(item, "group", "VIP", "0", item.unit_price * Decimal("0.95"), year)
        add(item, "group", "B2B", "0", item.unit_price * Decimal("0.88"), year)
        add(item, "group", "B2B", "10", item.unit_price * Decimal("0.80"), year)
        if index % 6 == 0:  # last summer's offer, over
            add(item, "all", "", "0", item.unit_price * Decimal("0.75"),
                datetime.date(2026, 6, 1), datetime.date(2026, 8, 31))
        if index % 7 == 0:  # Advent offer, rules now
            add(item, "all", "", "0", item.unit_price * Decimal("0.90"),
                datetime.date(2026, 11, 1), datetime.date(2026, 12, 24))
        if index % 9 == 0:  # next year's list, known already
            add(item, "all", "", "0", item.unit_price * Decimal("1.04"), datetime.date(2027, 1, 1))
        if index % 5 == 0:  # an agreement with a single reseller
            customer = CUSTOMERS[(4 + index) % len(CUSTOMERS)]
            add(item, "customer", customer.number, "0", item.unit_price * Decimal("0.78"), year)
    return rows


PRICES = _prices()

_STOCK_BASE = {"EAST": 400, "WEST": 300, "CENTRAL": 900}


def opening_stock(item: str, location: str) -> Decimal:
    """Pieces of `item` (its number) in `location` (its code) when the books were opened."""
    base = _STOCK_BASE[location]
    return Decimal(base + (int(item) * 37 + len(location) * 11) % 200)
