"""Sales orders: creating, changing, releasing, deleting, and what becomes of them."""

from __future__ import annotations

import errors
import odata
import schema
from company import (ACCOUNTS, BLANK_DATE, CHARGES, EXACT, TAX_PERCENT, ZERO, ZERO_GUID, cents,
                     tax_of)
from decimal import Decimal, localcontext
from store import new_id

ORDER, LINE = schema.BY_SET["salesOrders"], schema.BY_SET["salesOrderLines"]
DEFAULTS = {"text": "", "code": "", "guid": ZERO_GUID, "date": BLANK_DATE, "decimal": ZERO, "int": 0,
            "bool": False, "time": "0001-01-01T00:00:00.000Z"}
_PARTS = ("AddressLine1", "AddressLine2", "City", "Country", "State", "PostCode")
_CUSTOMER_PARTS = ("addressLine1", "addressLine2", "city", "country", "state", "postalCode")
_QUANTITY_STEP = Decimal("0.00001")


def blank(entity_type):
    return {p.name: DEFAULTS.get(p.kind, schema.ENUMS[p.enum][0] if p.enum else None)
            for p in entity_type.properties.values()}


def lines_of(company, order_id):
    return sorted(company.store["salesOrderLines"].find(documentId=order_id),
                  key=lambda line: line["sequence"])


# -------------------------------------------------------------------------------------- header
def create(company, body):
    """POST salesOrders, with or without lines. Returns the header."""
    values = odata.read_body(body, ORDER.name, ORDER.properties, True, also=("salesOrderLines",))
    nested = body.get("salesOrderLines", [])
    if not isinstance(nested, list) or not all(isinstance(n, dict) for n in nested):
        raise errors.bad_request("wrong_type", name="salesOrderLines",
                                 type="Collection(Microsoft.NAV.salesOrderLine)")
    store = company.store
    if not values.get("customerNumber") and "customerId" not in values:
        raise errors.required("customerNumber")
    customer = _customer(company, values, "customerNumber", "customerId")
    if customer["blocked"] != " ":
        raise errors.dialog("blocked", number=customer["number"], blocked=customer["blocked"])
    header = blank(ORDER)
    header.update(id=new_id(), orderDate=store.today(), postingDate=store.today(), status="Draft")
    header["currencyCode"], header["currencyId"] = customer["currencyCode"], customer["currencyId"]
    _take_customer(header, customer, customer)
    header = _apply(company, header, values, creating=True)
    if values.get("number"):
        if store["salesOrders"].find(number=values["number"]):
            raise errors.same_key("Sales Header", f"Document Type='Order',No.='{values['number']}'")
    else:
        header["number"] = _mint(store)
    store.put("salesOrders", header)
    lines = []
    for at, line in enumerate(nested):
        try:
            lines.append(_new_line(company, header, line, lines))
        except errors.ApiError as error:
            error.where = f"salesOrderLines[{at}]"
            raise
    return _save(company, header, lines, set())


def _mint(store):
    while True:
        number = store.number("salesOrders", "SO-C{:05d}")
        if not store["salesOrders"].find(number=number):
            return number


def _customer(company, values, number_name, id_name):
    by_number = by_id = None
    if values.get(number_name):
        by_number = company.customer(values[number_name])
    if id_name in values and values[id_name] != ZERO_GUID:
        by_id = company.by_id("customers", "Customer", values[id_name])
    if by_number and by_id and by_number["id"] != by_id["id"]:
        raise errors.dialog("no_match", name=f"{number_name}, {id_name}", table="Customer")
    found = by_number or by_id
    if found is None:
        raise errors.required(number_name)
    return found


def _take_customer(header, sell_to, bill_to):
    """What BC copies from the customer card into a new order."""
    header.update(customerId=sell_to["id"], customerNumber=sell_to["number"],
                  customerName=sell_to["displayName"], shipToName=sell_to["displayName"],
                  billToName=bill_to["displayName"], billToCustomerId=bill_to["id"],
                  billToCustomerNumber=bill_to["number"], phoneNumber=sell_to["phoneNumber"],
                  email=sell_to["email"])
    for part, source in zip(_PARTS, _CUSTOMER_PARTS):
        header["sellTo" + part] = header["shipTo" + part] = sell_to[source]
        header["billTo" + part] = bill_to[source]


def _apply(company, header, values, creating):
    """`header` with the properties of a request body in it."""
    has_lines = not creating and bool(company.store["salesOrderLines"].find(documentId=header["id"]))
    company.no_setup_records(values, "paymentTermsId", "shipmentMethodId")
    currency = company.currency(values)
    changes = dict(values)
    if currency is not None:
        if has_lines and currency[0] != header["currencyCode"]:
            raise errors.dialog("reprice", name="currencyCode", number=header["number"])
        changes["currencyCode"], changes["currencyId"] = currency
    if not creating and ({"customerNumber", "customerId"} & set(values)):
        customer = _customer(company, values, "customerNumber", "customerId")
        if customer["id"] != header["customerId"]:
            if has_lines:
                raise errors.dialog("reprice", name="customerNumber", number=header["number"])
            header = dict(header)
            _take_customer(header, customer, customer)
    if {"billToCustomerNumber", "billToCustomerId"} & set(values):
        bill_to = _customer(company, values, "billToCustomerNumber", "billToCustomerId")
        changes.update(billToCustomerNumber=bill_to["number"], billToCustomerId=bill_to["id"],
                       billToName=bill_to["displayName"])
        changes.update({"billTo" + part: bill_to[source]
                        for part, source in zip(_PARTS, _CUSTOMER_PARTS)})
    for name in ("customerNumber", "customerId"):
        changes.pop(name, None)
    for name in ("sellToCountry", "shipToCountry"):
        if changes.get(name):
            check_country(name, changes[name])
    if changes.get("email"):
        check_email(changes["email"])
    if changes.get("discountAmount", ZERO) < 0:
        raise errors.invalid("discountAmount", odata.decimal_text(changes["discountAmount"]))
    for name in ("shortcutDimension1Code", "shortcutDimension2Code"):
        if changes.get(name):
            raise errors.record_missing("Dimension Value", "Code", changes[name])
    return {**header, **changes}


def check_country(name, code):
    if len(code) != 2 or not (code.isascii() and code.isalpha()):
        raise errors.record_missing("Country/Region", "Code", code)


def check_email(text):
    local, at, domain = text.partition("@")
    if not at or not local or "." not in domain or " " in text or "@" in domain:
        raise errors.invalid("email", text)


def change(company, header, body):
    """PATCH of a header."""
    values = odata.read_body(body, ORDER.name, ORDER.properties, False)
    if "discountAmount" in values and header["status"] == "Open" \
            and values["discountAmount"] != header["discountAmount"]:
        raise errors.dialog("released", number=header["number"])
    return _save(company, _apply(company, header, values, creating=False),
                 lines_of(company, header["id"]), set())


def _save(company, header, lines, places):
    """Computes amounts, stores header and changed lines, and counts the demand again."""
    store = company.store
    header, computed = company.with_amounts(header, lines)
    shipping = [line for line in lines if line["lineType"] != "Comment"]
    header["fullyShipped"] = bool(shipping) and all(line["shippedQuantity"] >= line["quantity"]
                                                    for line in shipping)
    places = set(places)
    for line in computed:
        stored = store["salesOrderLines"].get(line["id"])
        if stored is None or {k: v for k, v in line.items() if k != "_json"} != \
                {k: v for k, v in stored.items() if k != "_json"}:
            for row in (line, stored):
                if row:
                    places.add((row["itemNumber_"], row["locationCode_"]))
            store.put("salesOrderLines", line)
    header = store.put("salesOrders", header)
    company.count_demand(places)
    return header


# -------------------------------------------------------------------------------------- lines
def add_line(company, header, body):
    """POST of one line; returns it."""
    _must_be_draft(header)
    lines = lines_of(company, header["id"])
    line = _new_line(company, header, body, lines)
    lines = sorted([*lines, line], key=lambda one: one["sequence"])
    _save(company, header, lines, set())
    return company.store["salesOrderLines"].get(line["id"])


def _must_be_draft(header):
    if header["status"] != "Draft":
        raise errors.dialog("released", number=header["number"])


def _new_line(company, header, body, others):
    values = odata.read_body(body, LINE.name, LINE.properties, True)
    if values.pop("documentId", header["id"]) != header["id"]:
        raise errors.dialog("fixed_value", name="documentId")
    company.no_setup_records(values, "itemVariantId")
    line = {**blank(LINE), "id": new_id(), "documentId": header["id"], "taxCode": "VAT19",
            "shipmentDate": header["requestedDeliveryDate"], "itemNumber_": "", "locationCode_": ""}
    if line["shipmentDate"] == BLANK_DATE:
        line["shipmentDate"] = header["orderDate"]
    sequence = values.pop("sequence", 0) or max((o["sequence"] for o in others), default=0) + 10000
    if sequence < 0:
        raise errors.invalid("sequence", sequence)
    if any(o["sequence"] == sequence for o in others):
        raise errors.same_key("Sales Line", f"Document Type='Order',Document No.='"
                              f"{header['number']}',Line No.='{sequence}'")
    line["sequence"] = sequence
    line["lineType"] = values.pop("lineType", "Item" if "itemId" in values else
                                  "Account" if "accountId" in values else "Item")
    _set_object(company, line, values)
    line["taxCode"] = tax_of(line)[0]
    for name in ("description", "description2", "taxCode", "shipmentDate"):
        if name in values:
            line[name] = values[name]
    _set_amounts(company, header, line, values)
    return line


def _set_object(company, line, values):
    number, kind = values.get("lineObjectNumber", ""), line["lineType"]
    if kind == "Comment":
        for name in ("quantity", "unitPrice", "discountAmount", "discountPercent", "locationId",
                     "itemId", "accountId"):
            if values.get(name, ZERO) not in (ZERO, ZERO_GUID):
                raise errors.invalid(name, values[name])
        if number:
            raise errors.invalid("lineObjectNumber", number)
        return
    if kind == "Item":
        item = None
        if values.get("itemId", ZERO_GUID) != ZERO_GUID:
            item = company.by_id("items", "Item", values["itemId"])
        if number:
            by_number = company.item(number)
            if item and item["id"] != by_number["id"]:
                raise errors.dialog("no_match", name="itemId, lineObjectNumber", table="Item")
            item = by_number
        if item is None:
            raise errors.required("lineObjectNumber")
        if item["blocked"]:
            raise errors.dialog("item_blocked", number=item["number"])
        unit = company.unit(values.get("unitOfMeasureCode") or item["baseUnitOfMeasureCode"], item)
        if values.get("unitOfMeasureId", unit["id"]) not in (unit["id"], ZERO_GUID):
            raise errors.dialog("no_match", name="unitOfMeasureId, unitOfMeasureCode",
                                table="Unit of Measure")
        line.update(itemId=item["id"], lineObjectNumber=item["number"], itemNumber_=item["number"],
                    description=item["displayName"], unitOfMeasureId=unit["id"],
                    unitOfMeasureCode=unit["code"], unitPrice=item["unitPrice"])
        location = company.location(company.default_location)
        if values.get("locationId", ZERO_GUID) != ZERO_GUID:
            location = company.by_id("locations", "Location", values["locationId"])
        line.update(locationId=location["id"], locationCode_=location["code"])
        return
    known = {"Account": ACCOUNTS, "Charge": CHARGES}.get(kind)
    if known is None:
        raise errors.invalid("lineType", kind)
    if values.get("accountId", ZERO_GUID) != ZERO_GUID:
        raise errors.record_missing("G/L Account", "Id", values["accountId"])
    if number not in known:
        raise errors.record_missing("G/L Account" if kind == "Account" else "Item Charge", "No.",
                                    number)
    if values.get("unitOfMeasureCode"):
        raise errors.record_missing("Unit of Measure", "Code", values["unitOfMeasureCode"])
    line.update(lineObjectNumber=number, description=known[number])
    if values.get("locationId", ZERO_GUID) != ZERO_GUID:
        location = company.by_id("locations", "Location", values["locationId"])
        line.update(locationId=location["id"])


def _set_amounts(company, header, line, values):
    """Quantity, price and discount from a body. As in BC, a changed quantity or price keeps the
    discount's *percentage*, unless the body says otherwise."""
    old_percent = line["discountPercent"]
    for name in ("quantity", "unitPrice", "discountAmount", "discountPercent", "shipQuantity",
                 "invoiceQuantity"):
        if values.get(name, ZERO) < 0:
            raise errors.invalid(name, odata.decimal_text(values[name]))
    with localcontext(EXACT):
        if "quantity" in values:
            quantity = values["quantity"]
            if quantity % _QUANTITY_STEP:
                raise errors.invalid("quantity", odata.decimal_text(quantity))
            if quantity < line["shippedQuantity"]:
                raise errors.dialog("below_shipped", sequence=line["sequence"],
                                    shipped=odata.decimal_text(line["shippedQuantity"]))
            line.update(quantity=quantity, shipQuantity=quantity - line["shippedQuantity"],
                        invoiceQuantity=quantity - line["invoicedQuantity"])
        if "unitPrice" in values:
            line["unitPrice"] = values["unitPrice"]
        gross = cents(line["quantity"] * line["unitPrice"])
        if "discountAmount" in values:
            line["discountAmount"] = cents(values["discountAmount"])
            if line["discountAmount"] != values["discountAmount"] or line["discountAmount"] > gross:
                raise errors.invalid("discountAmount", odata.decimal_text(values["discountAmount"]))
            percent = line["discountAmount"] * 100 / gross if gross else ZERO
            line["discountPercent"] = percent.quantize(_QUANTITY_STEP)
        else:
            percent = values.get("discountPercent", old_percent)
            if percent > 100:
                raise errors.invalid("discountPercent", odata.decimal_text(percent))
            if {"quantity", "unitPrice", "discountPercent"} & set(values):
                line.update(discountAmount=cents(gross * percent / 100), discountPercent=percent)
    for name, limit in (("shipQuantity", line["quantity"] - line["shippedQuantity"]),
                        ("invoiceQuantity", line["quantity"] - line["invoicedQuantity"])):
        if name in values:
            if values[name] > limit:
                raise errors.invalid(name, odata.decimal_text(values[name]))
            line[name] = values[name]


def change_line(company, header, line, body):
    """PATCH of a line; returns it."""
    kept = {n: v for n, v in body.items()
            if not (n in LINE.properties and LINE.properties[n].access == "c")}
    values = odata.read_body(kept, LINE.name, LINE.properties, False)
    for name in set(body) - set(kept):  # may be repeated, not changed
        if odata.read_value(LINE.properties[name], body[name]) != line[name]:
            raise errors.dialog("fixed_value", name=name)
    _must_be_draft(header)
    company.no_setup_records(values, "itemVariantId")
    changed = dict(line)
    if "unitOfMeasureCode" in values and values["unitOfMeasureCode"] != line["unitOfMeasureCode"]:
        raise errors.record_missing("Item Unit of Measure", "Code", values["unitOfMeasureCode"])
    if values.get("unitOfMeasureId", line["unitOfMeasureId"]) != line["unitOfMeasureId"]:
        raise errors.record_missing("Unit of Measure", "Id", values["unitOfMeasureId"])
    if "locationId" in values and values["locationId"] != line["locationId"]:
        location = company.by_id("locations", "Location", values["locationId"])
        if line["shippedQuantity"]:
            raise errors.dialog("fixed_value", name="locationId")
        changed.update(locationId=location["id"],
                       locationCode_=location["code"] if line["itemNumber_"] else "")
    for name in ("description", "description2", "taxCode", "shipmentDate"):
        if name in values:
            changed[name] = values[name]
    _set_amounts(company, header, changed, values)
    lines = [changed if one["id"] == line["id"] else one for one in lines_of(company, header["id"])]
    _save(company, header, lines, {(line["itemNumber_"], line["locationCode_"])})
    return company.store["salesOrderLines"].get(line["id"])


def delete_line(company, header, line):
    _must_be_draft(header)
    if line["shippedQuantity"]:
        raise errors.dialog("line_shipped", sequence=line["sequence"])
    store = company.store
    store.delete("salesOrderLines", line["id"])
    for row in store["salesLinePromotions"].find(orderId=header["id"]):
        if row["lineSequence"] == line["sequence"]:
            store.delete("salesLinePromotions", row["id"])
    _save(company, header, lines_of(company, header["id"]),
          {(line["itemNumber_"], line["locationCode_"])})


# -------------------------------------------------------------------------------------- status
def release(company, order_id):
    """Draft -> Open; nothing if it is Open already. Returns the header."""
    header = company.by_id("salesOrders", "Sales Header", order_id)
    if header["status"] == "Open":
        return header
    lines = lines_of(company, order_id)
    if not any(line["quantity"] for line in lines):
        raise errors.dialog("nothing_to_release", number=header["number"])
    customer = company.customer(header["customerNumber"])
    if customer["blocked"] != " ":
        raise errors.dialog("blocked", number=customer["number"], blocked=customer["blocked"])
    return _set_status(company, header, "Open", lines)


def reopen(company, order_id):
    header = company.by_id("salesOrders", "Sales Header", order_id)
    if header["status"] == "Draft":
        return header
    return _set_status(company, header, "Draft", lines_of(company, order_id))


def _set_status(company, header, status, lines):
    header = company.store.put("salesOrders", {**header, "status": status})
    company.count_demand({(line["itemNumber_"], line["locationCode_"]) for line in lines})
    return header


# -------------------------------------------------------------------------------------- end
def delete(company, header):
    """DELETE of an order: refused while something is shipped and not yet invoiced."""
    lines = lines_of(company, header["id"])
    if any(line["shippedQuantity"] > line["invoicedQuantity"] for line in lines):
        raise errors.dialog("shipped_not_invoiced", number=header["number"])
    archive(company, header, lines, "Deleted")


def archive(company, header, lines, reason):
    """Moves an order from the living ones into the site's archive."""
    store = company.store
    kept = [{**{name: line[name] for name in schema.ARCHIVE_LINE if name != "locationCode"},
             "locationCode": line["locationCode_"]} for line in lines]
    store.put("orderArchive", {
        "id": new_id(), "orderId": header["id"], "orderNumber": header["number"],
        "externalDocumentNumber": header["externalDocumentNumber"],
        "customerNumber": header["customerNumber"], "currencyCode": header["currencyCode"],
        "orderDate": header["orderDate"], "archivedAt": "", "reason": reason, "lines": kept},
              modified="archivedAt")
    for line in lines:
        store.delete("salesOrderLines", line["id"])
    store.delete("salesOrders", header["id"])
    company.count_demand({(line["itemNumber_"], line["locationCode_"]) for line in lines})
