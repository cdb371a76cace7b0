"""What people and other interfaces of the company do: never asked for by the API's callers."""

from __future__ import annotations

from decimal import Decimal

import books
import credit_memos
import odata
import orders
import posting
import pricing
from errors import ApiError


def _decimal(value, name):
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{name}: a number is needed")
    return Decimal(value)


def _warehouse(company, given, entry_type, sign):
    quantity = _decimal(given["quantity"], "quantity")
    if quantity <= 0:
        raise ValueError("quantity: must be greater than zero")
    with company.store.transaction():
        company.location(given["location"])
        entry = company.post_ledger(given["item"], given["location"], entry_type, sign * quantity,
                                    given.get("document", ""), company.store.today(),
                                    given.get("reason", ""))
    return {"entryNumber": entry["entryNumber"]}


def pick_and_ship(company, given):
    """{"max": N, "partial": bool, "number": one order only}: ships released orders, oldest first."""
    done, refused = [], []
    with company.store.transaction() as store:
        waiting = sorted(store["salesOrders"].find(status="Open"), key=lambda row: row["number"])
        for header in waiting:
            if len(done) >= int(given.get("max", 10)):
                break
            if given.get("number", header["number"]) != header["number"] or header["fullyShipped"]:
                continue
            customer = store["customers"].get(header["customerId"])
            if customer is None or customer["blocked"] in ("Ship", "All"):
                refused.append({"order": header["number"], "reason": "customer blocked"})
                continue
            shipment = posting.ship(company, header, bool(given.get("partial")))
            if shipment is None:
                refused.append({"order": header["number"], "reason": "not in stock"})
                continue
            lines = store["salesShipmentLines"].find(documentId=shipment["id"])
            done.append({"order": header["number"], "shipment": shipment["number"],
                         "externalDocumentNumber": header["externalDocumentNumber"],
                         "lines": [_shipped(store, header, line) for line in lines]})
    return {"shipped": done, "refused": refused}


def _shipped(store, header, shipment_line):
    line = next(one for one in store["salesOrderLines"].find(documentId=header["id"])
                if one["sequence"] == shipment_line["sequence"])
    return {"sequence": line["sequence"], "type": line["lineType"], "item": line["lineObjectNumber"],
            "location": line["locationCode_"], "quantity": shipment_line["quantity"]}


def invoice(company, given):
    """{"max": N, "number": one order only}: invoices what was shipped, and deletes what is complete."""
    done = []
    with company.store.transaction() as store:
        for header in sorted(store["salesOrders"].find(status="Open"), key=lambda row: row["number"]):
            if len(done) >= int(given.get("max", 10)):
                break
            if given.get("number", header["number"]) != header["number"]:
                continue
            result = posting.invoice(company, header)
            if result is not None:
                document, completed = result
                done.append({"order": header["number"], "invoice": document["number"],
                             "externalDocumentNumber": header["externalDocumentNumber"],
                             "total": document["totalAmountIncludingTax"], "completed": completed})
    return {"invoiced": done}


def block_customer(company, given):
    """{"number", "blocked": " " | "Ship" | "Invoice" | "All"}"""
    if given["blocked"] not in (" ", "Ship", "Invoice", "All"):
        raise ValueError("blocked: ' ', Ship, Invoice or All")
    with company.store.transaction() as store:
        row = store.put("customers", {**company.customer(given["number"]),
                                      "blocked": given["blocked"]})
    return {"number": row["number"], "blocked": row["blocked"]}


def change_price(company, given):
    """{"item", "price", "salesType", "salesCode"}: changes the item's price rows of that kind (default:
    all customers, without a minimum quantity) and, for all customers, the price on the item card."""
    price = _decimal(given["price"], "price")
    kind, code = given.get("salesType", "AllCustomers"), given.get("salesCode", "")
    with company.store.transaction() as store:
        item = company.item(given["item"])
        rows = [row for row in store["salesPrices"].find(itemNumber=item["number"])
                if (row["salesType"], row["salesCode"]) == (kind, code)]
        for row in rows:
            store.put("salesPrices", {**row, "unitPrice": price})
        if kind == "AllCustomers":
            store.put("items", {**item, "unitPrice": price})
    return {"rows": len(rows)}


def drift_stock(company, given):
    """{"item", "location", "quantity" (signed)}: a stock movement that nobody else is told of."""
    quantity = _decimal(given["quantity"], "quantity")
    with company.store.transaction():
        company.location(given["location"])
        entry = company.post_ledger(given["item"], given["location"],
                                    "Positive" if quantity > 0 else "Negative", quantity,
                                    given.get("document", "COUNT"), company.store.today(), "COUNT")
    return {"entryNumber": entry["entryNumber"]}


def edit_customer(company, given):
    """{"number", properties of the card …}: somebody saves a card that other systems have, too."""
    with company.store.transaction() as store:
        row = company.customer(given["number"])
        unknown = [name for name in given if name not in row]
        if unknown:
            raise ValueError(f"{unknown[0]}: a customer card has no such property")
        store.put("customers", {**row, **given})
    return {"number": row["number"]}


def delete_customer(company, given):
    """{"number"}: somebody deletes the card, orders or not, as bad data imports do."""
    with company.store.transaction() as store:
        row = company.customer(given["number"])
        store.delete("customers", row["id"])
        store.delete("customerPricing", row["number"])
    return {"deleted": row["number"]}


def edit_order(company, given):
    """{"number", "header": {…}, "line": {"sequence", …}}: saves properties, as the API would take them."""
    with company.store.transaction() as store:
        header = store["salesOrders"].first(number=given["number"])
        if header is None:
            raise ValueError(f"number: there is no order {given['number']}")
        if "header" in given:
            header = orders.change(company, header, odata.loads(odata.dumps(given["header"]).encode()))
        if "line" in given:
            wanted = dict(given["line"])
            sequence = wanted.pop("sequence")
            line = next((one for one in orders.lines_of(company, header["id"])
                         if one["sequence"] == sequence), None)
            if line is None:
                raise ValueError(f"sequence: there is no line {sequence}")
            for name in ("quantity", "unitPrice", "discountAmount", "discountPercent"):
                if name in wanted:
                    wanted[name] = _decimal(wanted[name], name)
            status = header["status"]
            orders.reopen(company, header["id"])
            orders.change_line(company, store["salesOrders"].get(header["id"]), line, wanted)
            if status == "Open":
                orders.release(company, header["id"])
    return {"number": given["number"]}


def set_rounding(company, given):
    """{"mode": per_line | per_document | planted, "item": …}: for documents computed from now on."""
    if given["mode"] not in ("per_line", "per_document", "planted"):
        raise ValueError("mode: per_line, per_document or planted")
    with company.store.lock:
        company.rounding, company.planted_item = given["mode"], given.get("item", "")
    return {"mode": company.rounding, "item": company.planted_item}


def set_posting_group(company, given):
    """{"item", "group"}: the general product posting group of an item card, right or wrong."""
    if given["group"] not in books.SALES_ACCOUNTS:
        raise ValueError(f"group: one of {', '.join(books.SALES_ACCOUNTS)}")
    with company.store.transaction() as store:
        store.put("items", {**company.item(given["item"]), "generalProductPostingGroupCode": given["group"]})
    return {"item": given["item"], "group": given["group"]}


def release_order(company, given):
    """{"number"}: somebody releases an order that was to wait."""
    with company.store.transaction() as store:
        header = store["salesOrders"].first(number=given["number"])
        if header is None:
            raise ValueError(f"number: there is no order {given['number']}")
        return {"status": orders.release(company, header["id"])["status"]}


def delete_order(company, given):
    """{"number"}: a clerk deletes an order of which nothing waits to be invoiced."""
    with company.store.transaction() as store:
        header = store["salesOrders"].first(number=given["number"])
        if header is None:
            raise ValueError(f"number: there is no order {given['number']}")
        orders.delete(company, header)
    return {"deleted": given["number"]}


def post_credit_memos(company, given):
    """{"number": one only, "cancel": bool}: posts drafts, or withdraws them."""
    done = []
    with company.store.transaction() as store:
        for memo in sorted(store["salesCreditMemos"].rows.values(), key=lambda row: row["number"]):
            if given.get("number", memo["number"]) != memo["number"] or memo["status"] != "Draft":
                continue
            result = (credit_memos.cancel if given.get("cancel") else credit_memos.post)(company, memo)
            if result is not None:
                done.append({"draft": memo["number"], "number": result["number"], "status": result["status"],
                             "externalDocumentNumber": result["externalDocumentNumber"]})
    return {"posted": done}


def create_credit_memo(company, given):
    """The body that the API takes: a clerk's own."""
    with company.store.transaction():
        memo = credit_memos.create(company, odata.loads(odata.dumps(given).encode()))
    return {"number": memo["number"]}


ACTIONS = {
    "post_credit_memos": post_credit_memos, "create_credit_memo": create_credit_memo,
    "pick_and_ship": pick_and_ship, "invoice": invoice, "block_customer": block_customer,
    "receipt": lambda company, given: _warehouse(company, given, "Purchase", 1),
    "goods_issue": lambda company, given: _warehouse(company, given, "Negative", -1),
    "change_price": change_price, "drift_stock": drift_stock, "delete_customer": delete_customer,
    "edit_customer": edit_customer,
    "edit_order": edit_order, "delete_order": delete_order, "set_rounding": set_rounding,
    "set_posting_group": set_posting_group, "release_order": release_order,
}


def act(company, action, given):
    """The result of a users' action. ValueError says what is wrong with it."""
    if action not in ACTIONS:
        raise ValueError(f"there is no action {action!r}; there are {', '.join(sorted(ACTIONS))}")
    if not isinstance(given, dict):
        raise ValueError("an object is needed")
    try:
        return ACTIONS[action](company, given)
    except ApiError as error:
        raise ValueError(str(error)) from None


PARTS = {
    "orders": ["salesOrders", "salesOrderLines", "salesLinePromotions"],
    "customers": ["customers", "customerPricing"], "prices": ["salesPrices", "priceListBatches"],
    "items": ["items"], "ledger": ["itemLedgerEntries", "stockLevels"],
    "shipments": ["salesShipments", "salesShipmentLines"],
    "invoices": ["salesInvoices", "salesInvoiceLines"], "books": ["generalLedgerEntries"],
    "archive": ["orderArchive"], "creditMemos": ["salesCreditMemos", "salesCreditMemoLines"],
}


def state(company, part):
    """All rows of a part of the books (of all parts for ""), decimals as text."""
    if part and part not in PARTS:
        raise ValueError(f"part: one of {', '.join(PARTS)}")
    with company.store.lock:
        return {name: [_plain(row) for row in company.store[name].rows.values()]
                for key, names in PARTS.items() if part in ("", key) for name in names}


def _plain(value):
    if isinstance(value, Decimal):
        return odata.decimal_text(value)
    if isinstance(value, dict):
        return {k.rstrip("_"): _plain(v) for k, v in value.items() if not k.startswith("_")}
    return [_plain(v) for v in value] if isinstance(value, list) else value
