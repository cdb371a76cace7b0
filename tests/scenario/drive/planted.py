"""Three real differences, planted in the simulated ERPs, that parity must find.

Each is planted while its capability is at shadow_read, found in the ledger of comparisons, and then
settled by the people whose job that is, before its capability becomes cloud_primary.
"""

from __future__ import annotations

import re
import time
from decimal import Decimal

from .account import Account
from .architect import Architect
from .book import Line, Order
from .channel import PRICE, ROUNDING_SKU, Channel
from .erps import BusinessCentral, Nav

PATIENCE_S = 25
TOLERANCE = Decimal("0.05")


class Planted:
    """One planted difference: which mismatches it explains, and what became of it."""

    def __init__(self, name: str, capability: str, subjects: set):
        self.name, self.capability, self.subjects = name, capability, subjects
        self.found = False
        self.settled = False

    def explains(self, entry: dict) -> bool:
        return (entry["capability"] == self.capability and entry["subject"] in self.subjects
                and all(self._fits(d) for d in entry["differences"] if d["verdict"] == "mismatch"))

    def _fits(self, difference: dict) -> bool:
        raise NotImplementedError


class Rounding(Planted):
    def _fits(self, difference):
        of_a_line = re.fullmatch(r"/lines/[0-9]+/tax", difference["path"])
        # In what an order holds, and in what was answered when it was placed.
        of_a_document = re.fullmatch(r"/(totals|answered)/(tax|grandTotal)", difference["path"])
        if not of_a_document and not of_a_line:
            return False
        one, two = (Decimal(difference[side].strip('"')) for side in ("primary", "secondary"))
        return abs(one - two) <= TOLERANCE


class MissingCustomer(Planted):
    def _fits(self, difference):
        return difference["kind"] == "outcome" and "not_found" in difference["secondary"]


class StockDrift(Planted):
    drift = Decimal(-7)

    def _fits(self, difference):
        if difference["path"] not in ("/onHand", "/available"):
            return False
        one, two = (Decimal(difference[side].strip('"')) for side in ("primary", "secondary"))
        return two - one == self.drift


class Gardener:
    """Plants, waits for parity, settles."""

    def __init__(self, nav: Nav, bc: BusinessCentral, web: Channel, qa: Architect, account: Account):
        self._nav, self._bc, self._web, self._qa, self._account = nav, bc, web, qa, account
        self.all: list[Planted] = []
        self._asking: list = []
        self._found: tuple = ()

    def mismatches(self) -> list[dict]:
        """Every mismatch in the ledger."""
        found, cursor = [], ""
        while True:
            page = self._qa.get("/ops/v1/parity/entries?verdict=mismatch&limit=200" + cursor)
            found += page["items"]
            if "next" not in page:
                return found
            cursor = f"&cursor={page['next']}"

    def unexplained(self) -> list[dict]:
        return [entry for entry in self.mismatches()
                if not any(planted.explains(entry) for planted in self.all)]

    def plant(self, customers: list[str], place: tuple[str, str], buyer: str) -> None:
        """All three at once; then each is found."""
        sku, location = place
        missing = MissingCustomer("missing customer", "customers", set(customers))
        for customer in customers:
            self._bc.user("delete_customer", number=customer)
        self._account.step("planted", f"customers {', '.join(customers)} are deleted in bc")
        drift = StockDrift("stock drift", "inventory", {f"{sku}@{location}"})
        self._bc.user("drift_stock", item=sku, location=location, quantity=str(drift.drift), document="DRIFT")
        self._account.step("planted", f"{-drift.drift} pieces of {sku} vanish at {location} in bc")
        rounding = Rounding("rounding", "orders", set())
        self._bc.user("set_rounding", mode="planted", item=ROUNDING_SKU)
        self._account.step("planted", f"bc rounds the tax of article {ROUNDING_SKU} half down")
        self.all += [missing, drift, rounding]
        orders = self._rounded_orders(buyer)
        rounding.subjects |= {order.name for order in orders}

        self._find(missing, lambda: [self._web.read("get_customer", f"/v1/customers/{customer}")
                                     for customer in customers])
        self._find(drift, lambda: self._web.stock(sku, location))
        self._find(rounding, lambda: [self._web.get_order(order) for order in orders])
        self._wait_until_found()
        self._found = (missing, drift, rounding, customers, place, orders)

    def all_of(self, planted: str) -> bool:
        """Parity has found every subject of it."""
        wanted = next(one for one in self.all if one.name == planted)
        return wanted.subjects <= {entry["subject"] for entry in self.mismatches() if wanted.explains(entry)}

    def ask_again(self) -> None:
        """What was planted, as a channel would: the newest comparison of a subject is what counts."""
        _, _, _, customers, (sku, location), orders = self._found
        for customer in customers:
            self._web.read("get_customer", f"/v1/customers/{customer}")
        self._web.stock(sku, location)
        for order in orders:
            self._web.get_order(order)

    def settle(self) -> None:
        """Each by those whose job it is."""
        missing, drift, rounding, customers, (sku, location), orders = self._found
        # A channel's ordinary change is mirrored, and the mirror brings the customer back.
        for customer in customers:
            self._web.amend_customer(customer, {"phone": "+49 30 5550199"})
        self._bc.user("drift_stock", item=sku, location=location, quantity=str(-drift.drift), document="RECOUNT")
        self._bc.user("set_rounding", mode="per_line")
        for order in orders:
            self._compute_again(order)
        self._settle(missing, lambda: all(customer in self._bc.customers() for customer in customers),
                     f"customers {', '.join(customers)} are in bc again, brought by a channel's change")
        self._settle(drift, lambda: self._nav.stock()[sku, location] == self._bc.stock()[sku, location],
                     f"{sku} at {location} is counted again and corrected in bc")
        self._settle(rounding, lambda: all(self._equal(order) for order in orders),
                     f"bc rounds half up again, {len(orders)} orders computed anew")

    def let_go(self) -> None:
        """Nothing is asked of the planted orders any more: they may be shipped."""
        for order in self._found[-1]:
            order.let_go = True

    def _rounded_orders(self, buyer: str) -> list[Order]:
        orders = []
        for quantity in (1, 3, 5):
            order = Order(self._web.name, str(self._web.numbers.take()), buyer,
                          [Line(1, ROUNDING_SKU, "EAST", quantity, PRICE[ROUNDING_SKU]),
                           Line(2, "1010", "EAST", 1, PRICE["1010"])])
            if self._web.place(order):
                orders.append(order)
        return orders

    def _compute_again(self, order: Order) -> None:
        documents = self._bc.state("orders")
        for header in documents["salesOrders"]:
            if header["externalDocumentNumber"] != order.reference:
                continue
            for line in documents["salesOrderLines"]:
                if line["documentId"] == header["id"] and line["lineObjectNumber"] == ROUNDING_SKU:
                    self._bc.user("edit_order", number=header["number"], line={
                        "sequence": line["sequence"], "unitPrice": line["unitPrice"]})

    def _equal(self, order: Order) -> bool:
        grosses = [document.gross for erp in (self._nav, self._bc)
                   for document in erp.documents().values()
                   if document.reference == order.reference and document.open]
        return len(grosses) == 2 and grosses[0] == grosses[1]

    def _find(self, planted: Planted, read) -> None:
        """Asks as a channel would, once now and again while it is not found."""
        read()
        self._asking.append((planted, read))

    def _wait_until_found(self) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while self._asking and time.monotonic() < give_up:
            time.sleep(0.5)
            entries = self.mismatches()
            for planted, read in list(self._asking):
                shown = next((entry for entry in entries if planted.explains(entry)), None)
                if shown is None:
                    read()
                    continue
                planted.found = True
                self._asking.remove((planted, read))
                for difference in shown["differences"]:
                    if difference["verdict"] == "mismatch":
                        self._account.good("parity", f"{planted.name}: {shown['operation']} {shown['subject']} "
                                           f"{difference['path'] or '(the answer)'}: {difference['primary']} "
                                           f"against {difference['secondary'][:60]}")
        for planted, _ in self._asking:
            self._account.bad("parity", f"{planted.name} was not found in {PATIENCE_S} s")
        self._asking.clear()

    def _settle(self, planted: Planted, equal, text: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            if equal():
                planted.settled = True
                self._account.good("settled", text)
                return
            time.sleep(0.2)
        self._account.bad("settled", f"{planted.name} is not settled after {PATIENCE_S} s")
