"""The ERPs' own people at work: warehouse, accounting, finance, sales office. Nothing passes the facade.

The warehouse tells both ERPs what leaves and what comes: in the home of an order a goods issue is the
order's shipment, in the other ERP a stock movement.
"""

from __future__ import annotations

import random
import threading
import time
from decimal import Decimal

import sample_data

from .account import Account
from .book import Book
from .erps import BusinessCentral, Nav


class Warehouse:
    """Ships what is released, in small steps, and reports each goods issue to the other ERP."""

    def __init__(self, nav: Nav, bc: BusinessCentral, book: Book):
        self._nav, self._bc, self._book = nav, bc, book
        self.shipments = 0
        self.invoices = 0
        self.receipts = 0
        self._lock = threading.Lock()  # One warehouse: a pick is reported before the next one.

    def ship_in_nav(self, most: int, orders: list | None = None) -> int:
        with self._lock:
            given = {"max": most, "partial_percent": 20}
            if orders is not None:
                given["orders"] = orders
            begun = time.monotonic()
            shipped = self._nav.user("pick_and_ship", **given)["shipments"]
            for shipment in shipped:
                self._book.shipped(shipment["external_document_no"])
                for line in shipment["lines"]:
                    if line["location"]:
                        self._bc.user("goods_issue", item=line["item"], location=line["location"],
                                      quantity=line["quantity"], document=shipment["shipment_no"])
                        self._book.stock.moving((line["item"], line["location"]), line["quantity"], begun)
            self.shipments += len(shipped)
            return len(shipped)

    def ship_in_bc(self, most: int, partial: bool = False) -> int:
        with self._lock:
            begun = time.monotonic()
            shipped = self._bc.user("pick_and_ship", max=most, partial=partial)["shipped"]
            for shipment in shipped:
                self._book.shipped(shipment["externalDocumentNumber"])
                for line in shipment["lines"]:
                    if line["type"] == "Item":
                        self._nav.user("goods_issue", item=line["item"], location=line["location"],
                                       quantity=line["quantity"], document=shipment["shipment"])
                        self._book.stock.moving((line["item"], line["location"]), line["quantity"], begun)
            self.shipments += len(shipped)
            return len(shipped)

    def receive(self, sku: str, location: str, quantity: int, document: str) -> None:
        with self._lock:
            self._book.stock.more((sku, location), quantity)
            for erp in (self._nav, self._bc):
                erp.user("receipt", item=sku, location=location, quantity=str(quantity),
                         document=document)
            self.receipts += 1

    def invoice(self, most: int) -> int:
        done = len(self._nav.user("invoice", max=most)["invoices"])
        done += len(self._bc.user("invoice", max=most)["invoiced"])
        self.invoices += done
        return done


class ErpPeople(threading.Thread):
    """Ships, receives and invoices in rounds until it is told to stop."""

    def __init__(self, warehouse: Warehouse, book: Book, round_s: float):
        super().__init__(name="erp people", daemon=True)
        self._warehouse, self._book, self._round_s = warehouse, book, round_s
        self._draw = random.Random(7)
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        rounds = 0
        while not self._stop_asked.wait(self._round_s):
            rounds += 1
            try:
                for _ in range(4):
                    self._warehouse.ship_in_nav(3)
                    self._warehouse.ship_in_bc(3, partial=self._draw.random() < 0.2)
                sku = self._draw.choice(sample_data.ITEMS).number
                location = self._draw.choice(sample_data.LOCATIONS).code
                self._warehouse.receive(sku, location, self._draw.randint(5, 40), f"WR-{rounds:05d}")
                self._warehouse.invoice(8)
            except Exception as error:  # the check must not go on without its ERPs' people
                self._book.failed(f"the ERPs' people: {type(error).__name__}: {error}")


def before_go_live(nav: Nav, bc: BusinessCentral, account: Account) -> dict:
    """What a site does before it connects a new ERP: its trial orders end, its stock is counted.

    Answers what may be promised per (article, location): stock less the demand of open orders.
    """
    trials = [document for document in bc.documents().values() if document.open]
    for document in trials:
        if document.released:
            bc.user("pick_and_ship", number=document.number)
            bc.user("invoice", number=document.number)
        else:
            bc.user("delete_order", number=document.number)
    there, here = nav.stock(), bc.stock()
    counted = 0
    for (sku, location), quantity in there.items():
        difference = quantity - here.get((sku, location), Decimal(0))
        if difference:
            bc.user("drift_stock", item=sku, location=location, quantity=str(difference),
                    document="TAKEOVER")
            counted += 1
    account.good("bc people", f"{len(trials)} trial orders ended, stock of {len(there)} places taken "
                              f"over, {counted} corrected")
    demand: dict = {}
    for document in nav.documents().values():
        if document.open:
            for line in document.lines:
                key = (line.sku, line.location)
                demand[key] = demand.get(key, Decimal(0)) + line.quantity - line.shipped
    return {key: quantity - demand.get(key, Decimal(0)) for key, quantity in there.items()}


def take_over_adjustments(nav: Nav, bc: BusinessCentral, book: Book, before: float, account: Account) -> None:
    """What was adjusted before mirroring began is counted into the new ERP, as at any takeover.

    Called when nothing is under way: what bc lacks now, nobody will bring.
    """
    here = bc.movements()
    with book.lock:
        earlier = {movement: entry for movement, entry in book.adjustments.items() if entry[2] <= before}
    taken = 0
    for movement, ((sku, location), quantity, *_) in earlier.items():
        if movement not in here:
            bc.user("drift_stock", item=sku, location=location, quantity=str(quantity), document=movement)
            taken += 1
    account.step("bc people", f"{taken} adjustments from before mirroring are taken over by count")


def sales_office_edits(nav: Nav, account: Account) -> None:
    """Somebody changes an order older than the facade, in NAV, by hand."""
    for document in nav.documents().values():
        if document.open and not document.released and not document.reference.startswith(("WEB/", "POS/")):
            order = nav.state("orders", f"&no={document.number}")["orders"][0]
            line = order["lines"][0]
            nav.user("edit_order", no=document.number, lines=[
                {"line_no": line["line_no"], "Quantity": str(Decimal(line["quantity"]) + 1),
                 "Unit_Price": line["unit_price"]}])
            account.step("nav people", f"order {document.number}: one more piece of {line['item']}, by hand")
            return


def price_change(nav: Nav, account: Account) -> tuple:
    """A new price, which reaches everyone through the nightly file as a delta. Answers its key."""
    nav.user("change_price", item="1010", unit_price="12.40")
    written = nav.user("write_price_file", mode="delta")
    account.step("nav people", f"article 1010 costs 12.40 from now on: {written['file']}, "
                               f"{written['rows']} row, hash total {written['hash_total']}")
    return ("1010", "all", "", "2026-01-01", Decimal(0)), Decimal("12.40")


def finance_blocks(nav: Nav, number: str, account: Account) -> None:
    nav.user("block_customer", number=number, blocked="All")
    account.step("nav people", f"finance blocks customer {number}")


def finish_legacy(nav: Nav, warehouse: Warehouse, account: Account, give_up_s: float) -> None:
    """The people of the old ERP finish what is open there: release, ship, invoice, until nothing is."""
    begun = time.monotonic()
    released = 0
    homes = nav.documents()
    for document in homes.values():
        if document.open and not document.released and not document.reference.startswith(("WEB/", "POS/")):
            nav.user("release_order", no=document.number)
            released += 1
    shipped = 0
    while time.monotonic() - begun < give_up_s:
        now = warehouse.ship_in_nav(4)
        shipped += now
        if not now:
            break
    while time.monotonic() - begun < give_up_s and warehouse.invoice(200):
        pass
    account.good("nav people", f"{released} old orders released, {shipped} shipments posted, all invoiced")
