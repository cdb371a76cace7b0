"""The site's price list: single rows, whole lists in one batch, and quotes."""

from __future__ import annotations

import datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

import errors
import odata
import schema
from company import BLANK_DATE, EXACT, LOCAL_CURRENCY, TAX_PERCENT, ZERO, cents
from store import new_id

MAX_BATCH = 20000
_KEY = tuple(schema.PRICE_KEY)
_zones = {}


def zone_of(name):
    """The time zone of that IANA name; None if there is none."""
    if name not in _zones:
        try:
            _zones[name] = ZoneInfo(name) if name else None
        except (KeyError, ValueError, OSError):
            _zones[name] = None
    return _zones[name]


def key_of(row):
    return {name: row[name] for name in _KEY}


def _complete_key(company, values):
    """The eight key properties of a price, checked, with their defaults."""
    key = {"salesCode": "", "minimumQuantity": ZERO, "startingDate": BLANK_DATE,
           "zone": "Europe/Berlin", **{n: v for n, v in values.items() if n in schema.PRICE_KEY}}
    for name in ("itemNumber", "salesType"):
        if not key.get(name):
            raise errors.required(name)
    item = company.item(key["itemNumber"])
    kind, code = key["salesType"], key["salesCode"]
    if kind == "AllCustomers" and code:
        raise errors.invalid("salesCode", code)
    if kind == "Customer":
        company.customer(code)
    if kind == "CustomerPriceGroup" and not company.store["customerPriceGroups"].first(code=code):
        raise errors.record_missing("Customer Price Group", "Code", code)
    if key["minimumQuantity"] < 0:
        raise errors.invalid("minimumQuantity", odata.decimal_text(key["minimumQuantity"]))
    key["minimumQuantity"] = Decimal(odata.decimal_text(key["minimumQuantity"]))
    key["currencyCode"] = company.currency({"currencyCode": key.get("currencyCode", "")})[0]
    unit = key.get("unitOfMeasureCode") or item["baseUnitOfMeasureCode"]
    key["unitOfMeasureCode"] = company.unit(unit, item)["code"]
    if zone_of(key["zone"]) is None:
        raise errors.invalid("zone", key["zone"])
    return {name: key[name] for name in _KEY}


def _check_values(row):
    if row["unitPrice"] < 0:
        raise errors.invalid("unitPrice", odata.decimal_text(row["unitPrice"]))
    if row["endingDate"] != BLANK_DATE and row["endingDate"] < row["startingDate"]:
        raise errors.invalid("endingDate", row["endingDate"])


def new_price(company, values):
    """A price row from values of a body (not stored)."""
    if "unitPrice" not in values:
        raise errors.required("unitPrice")
    row = {"id": new_id(), **_complete_key(company, values), "unitPrice": values["unitPrice"],
           "endingDate": values.get("endingDate", BLANK_DATE),
           "priceIncludesTax": values.get("priceIncludesTax", False), "lastModifiedDateTime": ""}
    _check_values(row)
    return row


def create(company, body):
    kind = schema.BY_SET["salesPrices"]
    row = new_price(company, odata.read_body(body, kind.name, kind.properties, True))
    if company.store["salesPrices"].first(**key_of(row)):
        raise errors.same_key("Sales Price", ",".join(f"{n}='{v}'" for n, v in key_of(row).items()))
    return company.store.put("salesPrices", row)


def change(company, row, body):
    kind = schema.BY_SET["salesPrices"]
    values = odata.read_body(body, kind.name, kind.properties, False)
    changed = {**row, **values}
    _check_values(changed)
    return company.store.put("salesPrices", changed)


# -------------------------------------------------------------------------------------- batches
def _rows(body, name, properties, type_name):
    given = body.get(name, [])
    if not isinstance(given, list):
        raise errors.bad_request("wrong_type", name=name,
                                 type=f"Collection(Microsoft.NAV.{type_name})")
    rows = []
    for at, row in enumerate(given):
        try:
            if not isinstance(row, dict):
                raise errors.bad_request("bad_body")
            rows.append(odata.read_body(row, type_name, properties, True))
        except errors.ApiError as error:
            error.where = f"{name}[{at}]"
            raise
    return rows


def apply_batch(company, body):
    """POST priceListBatches: (HTTP status, the batch's record). All rows are changed or none."""
    store, kind = company.store, schema.BY_SET["priceListBatches"]
    values = odata.read_body(body, kind.name, kind.properties, True, also=("rows", "deletions"))
    if not values.get("batchId"):
        raise errors.required("batchId")
    first = store["priceListBatches"].get(values["batchId"])
    if first is not None:
        return 200, first
    for name in ("mode", "rowCount", "hashTotal"):
        if name not in values:
            raise errors.required(name)
    if "rows" not in body:
        raise errors.required("rows")
    if sum(len(body[n]) for n in ("rows", "deletions") if isinstance(body.get(n), list)) > MAX_BATCH:
        raise errors.ApiError(413, "Request_EntityTooLarge", "too_large", max=MAX_BATCH, name="rows")
    rows = _rows(body, "rows", schema.PRICE_ROW, "priceListRow")
    deletions = _rows(body, "deletions", schema.PRICE_KEY, "priceListKey")
    batch, mode = values["batchId"], values["mode"]
    with localcontext(EXACT):
        counted = sum((row.get("unitPrice", ZERO) for row in rows), ZERO)
    if values["rowCount"] != len(rows):
        raise errors.dialog("control_total", batch=batch, name="rowCount",
                            given=values["rowCount"], counted=len(rows))
    if values["hashTotal"] != counted:
        raise errors.dialog("control_total", batch=batch, name="hashTotal",
                            given=odata.decimal_text(values["hashTotal"]),
                            counted=odata.decimal_text(counted))
    if mode == "full" and deletions:
        raise errors.dialog("full_deletions", batch=batch)
    table, kept, deleted = store["salesPrices"], set(), 0
    for at, given in enumerate(rows):
        try:
            row = new_price(company, given)
            old = table.first(**key_of(row))
            if old is not None and old["id"] in kept:
                raise errors.same_key("Sales Price", f"rows[{at}]")
        except errors.ApiError as error:
            error.where = f"rows[{at}]"
            raise
        if old is not None:
            row = {**row, "id": old["id"], "_v": old["_v"]}
        kept.add(row["id"])
        same = ("unitPrice", "endingDate", "priceIncludesTax")
        if old is None or any(old[name] != row[name] for name in same):
            store.put("salesPrices", row)
    if mode == "full":
        gone = [key for key in table.rows if key not in kept]
    else:
        gone = []
        for at, given in enumerate(deletions):
            try:
                found = table.first(**_complete_key(company, given))
            except errors.ApiError as error:
                if error.code == "Internal_RecordNotFound":
                    continue
                error.where = f"deletions[{at}]"
                raise
            if found and found["id"] not in gone:
                gone.append(found["id"])
    for key in gone:
        store.delete("salesPrices", key)
        deleted += 1
    with localcontext(EXACT):
        total = sum((row["unitPrice"] for row in table.rows.values()), ZERO)
    record = store.put("priceListBatches", {
        "batchId": batch, "mode": mode, "rowCount": len(rows), "hashTotal": counted,
        "accepted": True, "deletedCount": deleted, "listRowCount": len(table.rows),
        "listHashTotal": total, "appliedAt": ""}, modified="appliedAt")
    return 201, record


# -------------------------------------------------------------------------------------- quotes
def quote(company, body):
    """POST priceQuotes: prices a basket and stores nothing."""
    kind = schema.BY_SET["priceQuotes"]
    values = odata.read_body(body, kind.name, kind.properties, True, also=("lines",))
    lines = _rows(body, "lines", schema.QUOTE_LINE_INPUT, "priceQuoteLine")
    if not lines:
        raise errors.required("lines")
    if len(lines) > 1000:
        raise errors.ApiError(413, "Request_EntityTooLarge", "too_large", max=1000, name="lines")
    number, group = values.get("customerNumber", ""), ""
    if number:
        company.customer(number)
        group = company.store["customerPricing"].get(number)["priceGroup"]
    currency = company.currency({"currencyCode": values.get("currencyCode", "")})[0]
    moment = values.get("at") or company.store.now()
    answer = []
    for at, line in enumerate(lines):
        try:
            answer.append(_quote_line(company, line, at + 1, number, group, currency, moment))
        except errors.ApiError as error:
            error.where = f"lines[{at}]"
            raise
    return {"id": new_id(), "customerNumber": number, "currencyCode": currency, "at": moment,
            "netAmount": sum((line["netAmount"] for line in answer), ZERO), "lines": answer}


def _quote_line(company, line, sequence, customer, group, currency, moment):
    for name in ("itemNumber", "quantity"):
        if name not in line:
            raise errors.required(name)
    if line["quantity"] <= 0:
        raise errors.invalid("quantity", odata.decimal_text(line["quantity"]))
    item = company.item(line["itemNumber"])
    unit = company.unit(line.get("unitOfMeasureCode") or item["baseUnitOfMeasureCode"], item)["code"]
    days = {}

    def day(zone):
        if zone not in days:
            utc = datetime.datetime.fromisoformat(moment[:-1]).replace(tzinfo=datetime.timezone.utc)
            days[zone] = utc.astimezone(zone_of(zone)).date().isoformat()
        return days[zone]

    with localcontext(EXACT):
        rows = []
        for row in company.store["salesPrices"].find(itemNumber=item["number"]):
            rank = {("AllCustomers", ""): 3, ("CustomerPriceGroup", group): 2,
                    ("Customer", customer): 1}.get((row["salesType"], row["salesCode"]))
            local = day(row["zone"])
            if (rank and row["unitOfMeasureCode"] == unit and row["currencyCode"] == currency
                    and row["minimumQuantity"] <= line["quantity"] and row["startingDate"] <= local
                    and (row["endingDate"] == BLANK_DATE or local <= row["endingDate"])):
                price = row["unitPrice"]
                if row["priceIncludesTax"]:
                    price = (price * 100 / (100 + TAX_PERCENT)).quantize(Decimal("0.00001"))
                rows.append((price, rank, row))
        listed = [price for price, rank, row in rows if rank == 3 and row["minimumQuantity"] <= 1]
        if listed:
            list_price = min(listed)
        elif currency == LOCAL_CURRENCY:
            list_price = item["unitPrice"]
        else:
            raise errors.dialog("no_price", number=item["number"], currency=currency)
        price, rank, row = min(rows, key=lambda one: one[:2], default=(list_price, 3, None))
        price = min(price, list_price)
        net = cents(line["quantity"] * price)
        discounts = []
        if price < list_price:
            reason = {1: "CustomerPrice", 2: "PriceGroup", 3: "QuantityBreak"}[rank]
            version = "" if row["startingDate"] == BLANK_DATE else row["startingDate"]
            discounts.append({"code": row["salesCode"] or "QTY", "version": version,
                              "amount": cents(line["quantity"] * list_price) - net,
                              "reason": reason})
    return {"sequence": sequence, "itemNumber": item["number"], "unitOfMeasureCode": unit,
            "quantity": line["quantity"], "listPrice": list_price, "unitPrice": price,
            "discounts": discounts, "netAmount": net}
