"""The whole company as JSON, for checks. Decimals are texts without trailing zeros."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import plain
from . import orders, returns
from .company import Company
from .schema import BLOCKED, LINE_TYPES, ORDER_STATUS
from .tables import BLANK_DATE

PARTS = ("orders", "shipments", "invoices", "archived", "ledger", "ledger_entries", "customers", "prices", "setup",
         "returns", "credit_memos")
_SALES_TYPES = ("customer", "group", "all", "campaign")


def dump(company: Company, part: str | None, query: dict) -> dict:
    """All parts but the single ledger entries, or the one asked for."""
    if part is not None and part not in PARTS:
        raise ValueError(f"part: must be one of {', '.join(PARTS)}")
    names = [part] if part else [name for name in PARTS if name != "ledger_entries"]
    with company.store.reading():
        return {name: _PART[name](company, query) for name in names}


def _number(value) -> str:
    return plain(Decimal(value))


def _date(value) -> str | None:
    return None if value == BLANK_DATE else value[:10]


def _line(row: dict) -> dict:
    return {"line_no": row["Line No_"], "type": LINE_TYPES[row["Type"]], "item": row["No_"],
            "description": row["Description"], "location": row["Location Code"], "uom": row["Unit of Measure Code"],
            "quantity": _number(row["Quantity"]), "unit_price": _number(row["Unit Price"]),
            "discount": _number(row["Line Discount Amount"]), "line_amount": _number(row["Line Amount"]),
            "shipped": _number(row["Quantity Shipped"]), "invoiced": _number(row["Quantity Invoiced"]),
            "outstanding": _number(row["Outstanding Quantity"]), "promotion_code": row["Promotion Code"],
            "promotion_version": row["Promotion Version"]}


def _header(row: dict, lines: list[dict]) -> dict:
    net, vat, gross = orders.totals(lines)
    return {"no": row["No_"], "external_document_no": row["External Document No_"],
            "customer": row["Sell-to Customer No_"], "status": ORDER_STATUS[row["Status"]],
            "order_date": _date(row["Order Date"]), "currency": row["Currency Code"] or "EUR",
            "your_reference": row["Your Reference"], "payment_reference": row["Payment Reference"],
            "ship_to": {"name": row["Ship-to Name"], "address": row["Ship-to Address"], "city": row["Ship-to City"],
                        "post_code": row["Ship-to Post Code"], "country": row["Ship-to Country_Region Code"]},
            "lines": [_line(line) for line in lines],
            "totals": {"excl_vat": _number(net), "vat": _number(vat), "incl_vat": _number(gross)}}


def _by_document(rows: list[dict], *columns: str) -> dict:
    grouped: dict = {}
    for row in rows:
        grouped.setdefault(tuple(row[column] for column in columns), []).append(row)
    return grouped


def _selection(query: dict) -> tuple[str, list]:
    conditions, parameters = [], []
    for name, column in (("no", "No_"), ("external_document_no", "External Document No_"),
                         ("order_no", "Order No_")):
        if name in query:
            conditions.append(f'"{column}" = ?')
            parameters.append(query[name])
    return " AND ".join(conditions), parameters


def _orders(company: Company, query: dict) -> list[dict]:
    return _open(company, query, orders.ORDER)


def _open(company: Company, query: dict, kind: int) -> list[dict]:
    lines = _by_document(company.store.select("Sales Line", '"Document Type" = ?', (kind,)), "Document No_")
    where, parameters = _selection(query)
    return [_header(row, lines.get((row["No_"],), [])) for row in
            company.store.select("Sales Header", ('"Document Type" = ?' + (" AND " + where if where else "")),
                                 [kind, *parameters])]


def _returns(company: Company, query: dict) -> list[dict]:
    """Open return orders, with what is special to them."""
    reasons = {(row["Document No_"], row["Line No_"]): row for row in
               company.store.select("Sales Line", '"Document Type" = 5')}
    found = _open(company, query, returns.RETURN_ORDER_TYPE)
    for one in found:
        row = company.store.get("Sales Header", returns.RETURN_ORDER_TYPE, one["no"])
        one["applies_to"] = row["Applies-to Doc_ No_"]
        for line in one["lines"]:
            stored = reasons[one["no"], line["line_no"]]
            line.update(reason=stored["Return Reason Code"], received=_number(stored["Return Qty_ Received"]))
    return found


def _credit_memos(company: Company, query: dict) -> list[dict]:
    lines = _by_document(company.store.select("Sales Cr_Memo Line"), "Document No_")
    return [{"no": row["No_"], "return_order_no": row["Return Order No_"],
             "external_document_no": row["External Document No_"], "customer": row["Sell-to Customer No_"],
             "applies_to": row["Applies-to Doc_ No_"],
             "lines": [{"item": line["No_"], "quantity": _number(line["Quantity"]),
                        "reason": line["Return Reason Code"], "amount": _number(line["Amount"]),
                        "amount_including_vat": _number(line["Amount Including VAT"])}
                       for line in lines.get((row["No_"],), [])]}
            for row in company.store.select("Sales Cr_Memo Header", *_selection(query))]


def _archived(company: Company, query: dict) -> list[dict]:
    lines = _by_document(company.store.select("Sales Line Archive"), "Document No_", "Version No_")
    return [{**_header(row, lines.get((row["No_"], row["Version No_"]), [])), "version": row["Version No_"],
             "archived_by": row["Archived By"], "date": _date(row["Date Archived"]), "reason": row["Archive Reason"]}
            for row in company.store.select("Sales Header Archive", *_selection(query))]


def _posted(table: str):
    def read(company: Company, query: dict) -> list[dict]:
        lines = _by_document(company.store.select(f"Sales {table} Line"), "Document No_")
        result = []
        for row in company.store.select(f"Sales {table} Header", *_selection(query)):
            listed = []
            for line in lines.get((row["No_"],), []):
                entry = {"line_no": line["Line No_"], "type": LINE_TYPES[line["Type"]], "item": line["No_"],
                         "location": line["Location Code"], "quantity": _number(line["Quantity"]),
                         "unit_price": _number(line["Unit Price"])}
                if table == "Invoice":
                    entry.update(discount=_number(line["Line Discount Amount"]), amount=_number(line["Amount"]),
                                 amount_including_vat=_number(line["Amount Including VAT"]))
                listed.append(entry)
            result.append({"no": row["No_"], "order_no": row["Order No_"],
                           "external_document_no": row["External Document No_"],
                           "customer": row["Sell-to Customer No_"], "posting_date": _date(row["Posting Date"]),
                           "lines": listed})
        return result
    return read


def _ledger(company: Company, _query: dict) -> list[dict]:
    sums: dict = {}
    for item, location, quantity in company.store.execute(
            f'SELECT "Item No_", "Location Code", "Quantity" FROM {company.store.name("Item Ledger Entry")}'):
        sums[item, location] = sums.get((item, location), Decimal(0)) + Decimal(quantity)
    return [{"item": item, "location": location, "quantity": _number(quantity)}
            for (item, location), quantity in sorted(sums.items())]


def _ledger_entries(company: Company, query: dict) -> list[dict]:
    conditions, parameters = [], []
    for name, column in (("document", "Document No_"), ("item", "Item No_"), ("location", "Location Code")):
        if name in query:
            conditions.append(f'"{column}" = ?')
            parameters.append(query[name])
    return [{"entry_no": row["Entry No_"], "item": row["Item No_"], "location": row["Location Code"],
             "entry_type": row["Entry Type"], "document": row["Document No_"], "order_no": row["Order No_"],
             "quantity": _number(row["Quantity"]), "remaining": _number(row["Remaining Quantity"]),
             "posting_date": _date(row["Posting Date"]), "reason": row["Reason Code"]}
            for row in company.store.select("Item Ledger Entry", " AND ".join(conditions), parameters)]


def _customers(company: Company, query: dict) -> list[dict]:
    where, parameters = ('"No_" = ?', [query["no"]]) if "no" in query else ("", [])
    return [{"number": row["No_"], "name": row["Name"], "address": row["Address"], "city": row["City"],
             "post_code": row["Post Code"], "country": row["Country_Region Code"], "phone": row["Phone No_"],
             "email": row["E-Mail"], "currency": row["Currency Code"] or "EUR",
             "price_group": row["Customer Price Group"], "kind": "person" if row["Contact Type"] else "company",
             "blocked": BLOCKED[row["Blocked"]]}
            for row in company.store.select("Customer", where, parameters)]


def _prices(company: Company, _query: dict) -> list[dict]:
    return [{"item": row["Item No_"], "sales_type": _SALES_TYPES[row["Sales Type"]], "code": row["Sales Code"],
             "minimum_quantity": _number(row["Minimum Quantity"]), "unit_price": _number(row["Unit Price"]),
             "starts": _date(row["Starting Date"]), "ends": _date(row["Ending Date"]),
             "currency": row["Currency Code"] or "EUR", "uom": row["Unit of Measure Code"],
             "zone": row["Price Zone"]} for row in company.store.select("Sales Price")]


_PART = {"orders": _orders, "shipments": _posted("Shipment"), "invoices": _posted("Invoice"), "archived": _archived,
         "ledger": _ledger, "ledger_entries": _ledger_entries, "customers": _customers, "prices": _prices,
         "returns": _returns, "credit_memos": _credit_memos, "setup": lambda company, _query: company.all_setup()}
