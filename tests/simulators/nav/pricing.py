"""NAV's own prices: the best sales price of a customer, and the amounts of a line."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import EXACT, cents, divide, multiply
from .company import Company
from .errors import NavError
from .tables import BLANK_DATE

CUSTOMER, PRICE_GROUP, ALL_CUSTOMERS = 0, 1, 2


def best_price(company: Company, item: dict, customer: dict, quantity: Decimal, uom: str, currency: str,
               on: str) -> Decimal:
    """The lowest sales price that rules on day `on` for this quantity; the item's own price if none does."""
    rows = company.store.select(
        "Sales Price",
        '"Item No_" = ? AND "Currency Code" = ? AND "Unit of Measure Code" IN (?, \'\') AND '
        '"Starting Date" <= ? AND ("Ending Date" = ? OR "Ending Date" >= ?) AND '
        '(("Sales Type" = 0 AND "Sales Code" = ?) OR ("Sales Type" = 1 AND "Sales Code" = ?) OR "Sales Type" = 2)',
        (item["No_"], currency, uom, on, BLANK_DATE, on, customer["No_"], customer["Customer Price Group"]))
    prices = [Decimal(row["Unit Price"]) for row in rows if Decimal(row["Minimum Quantity"]) <= quantity]
    return min(prices) if prices else Decimal(item["Unit Price"])


def set_amounts(company: Company, line: dict, prices_include_vat: bool) -> None:
    """Computes discount percent, line amount, amount and amount with VAT of a line, each line by itself."""
    quantity = Decimal(line["Quantity"])
    gross = cents(multiply(quantity, Decimal(line["Unit Price"])))
    discount = cents(Decimal(line["Line Discount Amount"]))
    if discount and not 0 <= discount <= gross:
        raise NavError("percent", line=line["Line No_"])
    line["Line Discount Amount"] = discount
    line["Line Discount _"] = divide(discount * 100, gross, 5) if gross else Decimal(0)
    amount = EXACT.subtract(gross, discount)
    line["Line Amount"] = amount
    line["Amount"], line["Amount Including VAT"] = split_vat(
        company, amount, Decimal(line["VAT _"]), prices_include_vat)


def split_vat(company: Company, amount: Decimal, percent: Decimal, includes_vat: bool) -> tuple[Decimal, Decimal]:
    """(without VAT, with VAT) of a line amount; the computed one is rounded to cents."""
    rounding = company.setup("vat_rounding")
    factor = EXACT.add(Decimal(1), percent / 100)
    if includes_vat:
        return cents(divide(amount, factor), rounding), amount
    return amount, cents(multiply(amount, factor), rounding)
