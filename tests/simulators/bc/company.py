"""What every part of the company's books needs: settings, master data look-ups, amounts, stock."""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext

import errors
from store import new_id

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
BLANK_DATE = "0001-01-01"
LOCAL_CURRENCY = "EUR"
TAX_PERCENT = Decimal(19)
ZERO = Decimal(0)
_CENT = Decimal("0.01")
EXACT = Context(prec=120, rounding=ROUND_HALF_UP)

# G/L accounts and item charges that order lines may name besides items.
ACCOUNTS = {"8400": "Sales, 19 % VAT", "8401": "Shipping income", "8402": "Payment fees",
            "8730": "Discounts granted", "8300": "Books, 7 % VAT", "3272": "Gift cards sold"}
# (tax code, percent) of accounts that are not taxed as goods are; a gift card is taxed when redeemed.
TAX_OF_ACCOUNTS = {"8300": ("VAT7", Decimal(7)), "3272": ("VAT0", Decimal(0))}
CHARGES = {"FREIGHT": "Freight", "PACKING": "Packing", "GIFTWRAP": "Gift wrapping",
           "INSURANCE": "Insurance", "SURCHARGE": "Surcharge"}


def cents(value, rounding=ROUND_HALF_UP):
    with localcontext(EXACT):
        return value.quantize(_CENT, rounding=rounding)


def tax_of(line):
    """(tax code, percent) of a line, by the VAT product posting group of what it sells."""
    if line["lineType"] == "Account":
        return TAX_OF_ACCOUNTS.get(line["lineObjectNumber"], ("VAT19", TAX_PERCENT))
    return "VAT19", TAX_PERCENT


class Company:
    """One company: its tables, and how it computes tax.

    rounding: "per_line" rounds the tax of every line half up; "per_document" rounds the sum and
    carries what is left from line to line; "planted" rounds lines half *down*, so that only lines
    whose tax ends in exactly half a cent differ (of `planted_item` only, if one is named).
    """

    def __init__(self, store, company_id, rounding="per_line", planted_item="",
                 default_location="CENTRAL"):
        self.store, self.id = store, company_id
        self.rounding, self.planted_item = rounding, planted_item
        self.default_location = default_location

    # -------------------------------------------------------------------------- master data
    def customer(self, number):
        row = self.store["customers"].first(number=number)
        if row is None:
            raise errors.record_missing("Customer", "No.", number)
        return row

    def item(self, number):
        row = self.store["items"].first(number=number)
        if row is None:
            raise errors.record_missing("Item", "No.", number)
        return row

    def location(self, code):
        row = self.store["locations"].first(code=code)
        if row is None:
            raise errors.record_missing("Location", "Code", code)
        return row

    def by_id(self, table, name, record_id):
        row = self.store[table].get(record_id)
        if row is None:
            raise errors.record_missing(name, "Id", record_id)
        return row

    def unit(self, code, item):
        """A unit of measure that the item has; its base unit is the only one."""
        row = self.store["unitsOfMeasure"].first(code=code)
        if row is None or code != item["baseUnitOfMeasureCode"]:
            raise errors.record_missing("Item Unit of Measure", "Code", code)
        return row

    def currency(self, values, name="currencyCode", id_name="currencyId"):
        """(code, id) that `values` asks for, or None if it asks for nothing. Local: ("EUR", zeros)."""
        code, record_id = values.get(name), values.get(id_name)
        if code is None and record_id is None:
            return None
        wanted = set()
        if code is not None:
            if code in ("", LOCAL_CURRENCY):
                wanted.add((LOCAL_CURRENCY, ZERO_GUID))
            else:
                row = self.store["currencies"].first(code=code)
                if row is None:
                    raise errors.record_missing("Currency", "Code", code)
                wanted.add((code, row["id"]))
        if record_id is not None:
            if record_id == ZERO_GUID:
                wanted.add((LOCAL_CURRENCY, ZERO_GUID))
            else:
                row = self.by_id("currencies", "Currency", record_id)
                wanted.add((row["code"], record_id))
        if len(wanted) > 1:
            raise errors.dialog("no_match", name=f"{name}, {id_name}", table="Currency")
        return wanted.pop()

    def no_setup_records(self, values, *names):
        """Refuses references to kinds of records of which the company has none."""
        for name in names:
            if values.get(name, ZERO_GUID) != ZERO_GUID:
                raise errors.record_missing(name.removesuffix("Id"), "Id", values[name])

    # -------------------------------------------------------------------------- amounts
    def with_amounts(self, header, lines):
        """`header` and `lines` with discounts allocated and all computed amounts."""
        with localcontext(EXACT):
            gross = [cents(line["quantity"] * line["unitPrice"]) for line in lines]
            bases = [g - line["discountAmount"] for g, line in zip(gross, lines)]
            header = dict(header)
            total = sum(bases, ZERO)
            header["discountAmount"] = discount = min(header["discountAmount"], max(total, ZERO))
            result, allocated, base_sum, exact, before = [], ZERO, ZERO, ZERO, ZERO
            for line, base in zip(lines, bases):
                base_sum += base
                share = cents(discount * base_sum / total) - allocated if total else ZERO
                allocated += share
                net = base - share
                percent = ZERO if line["lineType"] == "Comment" else tax_of(line)[1]
                if self.rounding == "per_document":
                    exact += net * percent / 100
                    tax, before = cents(exact) - before, cents(exact)
                    full_tax = tax if not share else cents(base * percent / 100)
                else:
                    tax = self._line_tax(net, percent, line["lineObjectNumber"])
                    full_tax = self._line_tax(base, percent, line["lineObjectNumber"])
                result.append({
                    **line, "amountExcludingTax": base, "taxPercent": percent, "totalTaxAmount": full_tax,
                    "amountIncludingTax": base + full_tax, "invoiceDiscountAllocation": share,
                    "netAmount": net, "netTaxAmount": tax, "netAmountIncludingTax": net + tax})
            header["totalAmountExcludingTax"] = sum((r["netAmount"] for r in result), ZERO)
            header["totalTaxAmount"] = sum((r["netTaxAmount"] for r in result), ZERO)
            header["totalAmountIncludingTax"] = (header["totalAmountExcludingTax"]
                                                 + header["totalTaxAmount"])
        return header, result

    def _line_tax(self, net, percent, number):
        planted = self.rounding == "planted" and self.planted_item in ("", number)
        return cents(net * percent / 100, ROUND_HALF_DOWN if planted else ROUND_HALF_UP)

    # -------------------------------------------------------------------------- stock
    def post_ledger(self, item, location, entry_type, quantity, document, posting_date, reason=""):
        """Posts `quantity` (signed) to the item ledger; returns the entry."""
        entry = self.store.put("itemLedgerEntries", {
            "id": new_id(), "entryNumber": int(self.store.number("ledger", "{}")),
            "itemNumber": item, "locationCode": location, "entryType": entry_type,
            "quantity": quantity, "documentNumber": document, "postingDate": posting_date,
            "reasonCode": reason, "systemModifiedAt": ""}, modified="systemModifiedAt")
        level = self._level(item, location)
        self.store.put("stockLevels", {**level, "inventory": level["inventory"] + quantity})
        card = self.item(item)
        self.store.put("items", {**card, "inventory": card["inventory"] + quantity}, version=False)
        return entry

    def _level(self, item, location):
        level = self.store["stockLevels"].first(itemNumber=item, locationCode=location)
        return level or {"id": new_id(), "itemNumber": item, "locationCode": location,
                         "unitOfMeasureCode": self.item(item)["baseUnitOfMeasureCode"],
                         "inventory": ZERO, "outstandingSalesQuantity": ZERO,
                         "reservedQuantity": ZERO, "lastModifiedDateTime": ""}

    def count_demand(self, places):
        """Brings the demand figures of these (item, location) up to the orders' lines."""
        for item, location in sorted(places):
            if not item or not location:
                continue
            outstanding = reserved = ZERO
            for line in self.store["salesOrderLines"].find(itemNumber_=item, locationCode_=location):
                open_quantity = line["quantity"] - line["shippedQuantity"]
                outstanding += open_quantity
                if self.store["salesOrders"].get(line["documentId"])["status"] == "Open":
                    reserved += open_quantity
            level = self._level(item, location)
            if (level["outstandingSalesQuantity"], level["reservedQuantity"]) != (outstanding, reserved):
                self.store.put("stockLevels", {**level, "outstandingSalesQuantity": outstanding,
                                               "reservedQuantity": reserved})
