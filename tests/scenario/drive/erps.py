"""The two ERPs as their own people see them, in one shape: read from the ERPs, never from the facade."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .http_calls import Server


@dataclass
class DocumentLine:
    sku: str
    location: str
    quantity: Decimal       # Ordered, after cancellations.
    shipped: Decimal
    price: Decimal
    net: Decimal


@dataclass
class Document:
    """One sales order of one ERP: open, or the trace that it left."""
    number: str
    reference: str
    customer: str = ""
    open: bool = False
    released: bool = False
    cancelled: bool = False             # Deleted before it was completed.
    lines: list = field(default_factory=list)
    gross: Decimal | None = None        # Of the open order, or of all its invoices.
    invoiced: bool = False              # Completely; it has left the open orders.
    shipped: dict = field(default_factory=dict)  # sku -> quantity, of the posted shipments.


class Erp:
    """Control plane of one simulator: its users, its faults, its books."""

    def __init__(self, name: str, port: int):
        self.name = name
        self.server = Server(port)

    def user(self, action: str, **given) -> dict:
        answer = self.server.call("POST", f"/_sim/users/{action}", given)
        if answer.status >= 300:
            raise RuntimeError(f"{self.name}: {action} {given}: {answer.problem()}")
        return answer.json

    def fault(self, operation: str, kind: str, count: int = 1, delay_ms: int = 0) -> None:
        answer = self.server.call("POST", "/_sim/faults", {
            "operation": operation, "kind": kind, "count": count, "delay_ms": delay_ms})
        if answer.status != 201:
            raise RuntimeError(f"{self.name}: fault {operation} {kind}: {answer.problem()}")

    def faults_fired(self) -> dict:
        """kind -> how often."""
        fired: dict = {}
        for rule in self.server.call("GET", "/_sim/faults").json["faults"]:
            if rule["fired"]:
                fired[rule["kind"]] = fired.get(rule["kind"], 0) + rule["fired"]
        return fired

    def state(self, part: str, more: str = "") -> dict:
        answer = self.server.call("GET", f"/_sim/state?part={part}{more}")
        if answer.status != 200:
            raise RuntimeError(f"{self.name}: state {part}: {answer.problem()}")
        return answer.json


class Nav(Erp):
    def documents(self) -> dict[str, Document]:
        """Order number -> document, with what was archived and posted."""
        found: dict[str, Document] = {}
        for order in self.state("orders")["orders"]:
            found[order["no"]] = Document(
                order["no"], order["external_document_no"], order["customer"], open=True,
                released=order["status"] == "Released", lines=_nav_lines(order["lines"]),
                gross=Decimal(order["totals"]["incl_vat"]))
        for order in self.state("archived")["archived"]:
            if order["no"] not in found:
                found[order["no"]] = Document(
                    order["no"], order["external_document_no"], order["customer"], cancelled=True,
                    released=order["status"] == "Released", lines=_nav_lines(order["lines"]))
        for shipment in self.state("shipments")["shipments"]:
            document = found.setdefault(shipment["order_no"], Document(
                shipment["order_no"], shipment["external_document_no"], shipment["customer"],
                invoiced=True))
            for line in shipment["lines"]:
                if line["type"] == "Item":
                    _add(document.shipped, line["item"], line["quantity"])
        for invoice in self.state("invoices")["invoices"]:
            document = found.get(invoice["order_no"])
            if document is None or document.open or document.cancelled:
                continue
            document.gross = (document.gross or Decimal(0)) + sum(
                (Decimal(line["amount_including_vat"]) for line in invoice["lines"]), Decimal(0))
            for line in invoice["lines"]:
                _post(document, line["item"], line["location"], line["quantity"], line["unit_price"],
                      line["amount"], line["type"] == "Item")
        return found

    def returns(self) -> dict:
        """Reference -> list of {sku: quantity}, one for each return, open or credited."""
        found: dict = {}
        for table in ("returns", "credit_memos"):
            for document in self.state(table)[table]:
                lines = _sums((line["item"], line["quantity"]) for line in document["lines"])
                if lines:  # Without lines it was begun, and is nobody's return.
                    found.setdefault(document["external_document_no"], []).append(lines)
        return found

    def stock(self) -> dict:
        """(sku, location) -> on hand."""
        return {(row["item"], row["location"]): Decimal(row["quantity"])
                for row in self.state("ledger")["ledger"]}

    def customers(self) -> dict:
        return {row["number"]: {"name": row["name"], "phone": row["phone"], "email": row["email"],
                                "city": row["city"], "line1": row["address"],
                                "postCode": row["post_code"], "priceGroup": row["price_group"],
                                "blocked": row["blocked"].strip()}
                for row in self.state("customers")["customers"]}

    def prices(self) -> dict:
        return {(row["item"], row["sales_type"], row["code"], row["starts"] or "",
                 Decimal(row["minimum_quantity"])): Decimal(row["unit_price"])
                for row in self.state("prices")["prices"]}

    def movements(self) -> dict:
        """Document number -> list of ((sku, location), quantity)."""
        found: dict = {}
        for row in self.state("ledger_entries")["ledger_entries"]:
            found.setdefault(row["document"], []).append(
                ((row["item"], row["location"]), Decimal(row["quantity"])))
        return found


class BusinessCentral(Erp):
    def documents(self) -> dict[str, Document]:
        rows = self.state("orders")
        lines: dict = {}
        for line in rows["salesOrderLines"]:
            lines.setdefault(line["documentId"], []).append(line)
        found: dict[str, Document] = {}
        for order in rows["salesOrders"]:
            found[order["number"]] = Document(
                order["number"], order["externalDocumentNumber"], order["customerNumber"], open=True,
                released=order["status"] == "Open", lines=_bc_lines(lines.get(order["id"], [])),
                gross=Decimal(order["totalAmountIncludingTax"]))
        for order in self.state("archive")["orderArchive"]:
            found[order["orderNumber"]] = Document(
                order["orderNumber"], order["externalDocumentNumber"], order["customerNumber"],
                cancelled=order["reason"] == "Deleted", invoiced=order["reason"] == "Completed",
                lines=_bc_lines(order["lines"]))
        shipments = self.state("shipments")
        order_of = {row["id"]: row["orderNumber"] for row in shipments["salesShipments"]}
        for line in shipments["salesShipmentLines"]:
            document = found.get(order_of[line["documentId"]])
            if document is not None and line["lineType"] == "Item":
                _add(document.shipped, line["lineObjectNumber"], line["quantity"])
        for invoice in self.state("invoices")["salesInvoices"]:
            document = found.get(invoice["orderNumber"])
            if document is not None and document.invoiced:
                document.gross = (document.gross or Decimal(0)) + Decimal(
                    invoice["totalAmountIncludingTax"])
        return found

    def returns(self) -> dict:
        rows = self.state("creditMemos")
        lines: dict = {}
        for line in rows["salesCreditMemoLines"]:
            lines.setdefault(line["documentId"], []).append((line["lineObjectNumber"], line["quantity"]))
        found: dict = {}
        for memo in rows["salesCreditMemos"]:
            found.setdefault(memo["externalDocumentNumber"], []).append(_sums(lines.get(memo["id"], [])))
        return found

    def stock(self) -> dict:
        return {(row["itemNumber"], row["locationCode"]): Decimal(row["inventory"])
                for row in self.state("ledger")["stockLevels"]}

    def customers(self) -> dict:
        rows = self.state("customers")
        group = {row["customerNumber"]: row["priceGroup"] for row in rows["customerPricing"]}
        return {row["number"]: {"name": row["displayName"], "phone": row["phoneNumber"],
                                "email": row["email"], "city": row["city"],
                                "line1": row["addressLine1"], "postCode": row["postalCode"],
                                "priceGroup": group.get(row["number"], ""),
                                "blocked": row["blocked"].strip()}
                for row in rows["customers"]}

    def prices(self) -> dict:
        kinds = {"Customer": "customer", "CustomerPriceGroup": "group", "AllCustomers": "all"}
        return {(row["itemNumber"], kinds[row["salesType"]], row["salesCode"],
                 "" if row["startingDate"] == "0001-01-01" else row["startingDate"],
                 Decimal(row["minimumQuantity"])): Decimal(row["unitPrice"])
                for row in self.state("prices")["salesPrices"]}

    def movements(self) -> dict:
        found: dict = {}
        for row in self.state("ledger")["itemLedgerEntries"]:
            found.setdefault(row["documentNumber"], []).append(
                ((row["itemNumber"], row["locationCode"]), Decimal(row["quantity"])))
        return found


def _nav_lines(rows: list) -> list:
    return [DocumentLine(row["item"], row["location"], Decimal(row["quantity"]),
                         Decimal(row["shipped"]), Decimal(row["unit_price"]),
                         Decimal(row["line_amount"]))
            for row in rows if row["type"] == "Item"]


def _bc_lines(rows: list) -> list:
    return [DocumentLine(row["lineObjectNumber"], row.get("locationCode", ""),
                         Decimal(row["quantity"]), Decimal(row["shippedQuantity"]),
                         Decimal(row["unitPrice"]), Decimal(row["netAmount"]))
            for row in rows if row["lineType"] == "Item"]


def _sums(rows) -> dict:
    sums: dict = {}
    for key, quantity in rows:
        _add(sums, key, quantity)
    return sums


def _add(sums: dict, key, quantity) -> None:
    sums[key] = sums.get(key, Decimal(0)) + Decimal(quantity)


def _post(document: Document, sku, location, quantity, price, amount, is_item) -> None:
    """Adds an invoice line to what is known of an order that has left the open ones."""
    if not is_item:
        return
    for line in document.lines:
        if line.sku == sku and line.location == location and line.price == Decimal(price):
            line.quantity += Decimal(quantity)
            line.shipped += Decimal(quantity)
            line.net += Decimal(amount)
            return
    document.lines.append(DocumentLine(sku, location, Decimal(quantity), Decimal(quantity),
                                       Decimal(price), Decimal(amount)))
