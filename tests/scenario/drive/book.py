"""What the channels were told: the side of the story that the ERPs are checked against.

Nothing here is read from the facade's own state; only what its answers acknowledged is noted.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
VAT = Decimal("0.19")
RANK = {"pending": 0, "open": 1, "released": 1, "partially_shipped": 2, "shipped": 3, "invoiced": 4,
        "cancelled": 5, "rejected": 5}


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


class Line:
    """One line as the channel wants it. `discount` is for the whole line, at most 0."""

    def __init__(self, number, sku, location, quantity, price, discount=Decimal(0)):
        self.number, self.sku, self.location = number, sku, location
        self.quantity, self.price, self.discount = Decimal(quantity), Decimal(price), Decimal(discount)
        self.cancelled = Decimal(0)

    @property
    def kept(self) -> Decimal:
        return self.quantity - self.cancelled

    @property
    def net(self) -> Decimal:
        """What the kept quantity costs; a discount shrinks with a cancelled part."""
        discount = self.discount
        if self.cancelled and self.quantity:
            discount = cents(self.discount * self.kept / self.quantity)
        return cents(self.kept * self.price + discount)

    @property
    def tax(self) -> Decimal:
        return cents(self.net * VAT)

    def restate(self, quantity: Decimal, cancelled: Decimal) -> None:
        """As so much ordered and so much of it cancelled; a discount is for what is ordered."""
        if quantity != self.quantity:
            self.discount = cents(self.discount * quantity / self.quantity)
        self.quantity, self.cancelled = quantity, cancelled

    def request(self, description: str) -> dict:
        body = {"number": self.number, "sku": self.sku, "description": description, "uom": "PCS",
                "location": self.location, "quantity": str(self.quantity),
                "unitPrice": str(self.price), "netAmount": str(self.net),
                "taxes": [{"code": "VAT19", "rate": "0.19", "amount": str(self.tax)}]}
        if self.discount:
            body["adjustments"] = [{"kind": "promotion", "promotion": "AUTUMN-10",
                                    "promotionVersion": 3, "amount": str(self.discount),
                                    "reason": "10 % off tableware"}]
        return body


class Order:
    def __init__(self, channel: str, number: str, customer: str, lines: list[Line]):
        self.channel, self.number, self.customer = channel, number, customer
        self.lines = {line.number: line for line in lines}
        self.acknowledged = False
        self.cancelled = False
        self.let_go = False       # The channel changes it no more.
        self.shipped = False      # The ERP's users said so.
        self.changes = 0          # Acknowledged amendments and cancellations.
        self.uncertain = ""       # A change whose answer never came, in words.
        self.status = ""          # The furthest that the channel has seen.
        self.returns: dict = {}   # Number of a return -> (sku, quantity, acknowledged).

    @property
    def name(self) -> str:
        return f"{self.channel}/{self.number}"

    @property
    def reference(self) -> str:
        """As both ERPs keep it."""
        return f"{self.channel.upper()}/{self.number}"

    def totals(self) -> dict:
        net = sum((line.net for line in self.lines.values()), Decimal(0))
        tax = sum((line.tax for line in self.lines.values()), Decimal(0))
        return {"itemsNet": str(cents(net)), "charges": "0.00", "tax": str(cents(tax)),
                "grandTotal": str(cents(net + tax))}

    @property
    def gross(self) -> Decimal:
        return Decimal(self.totals()["grandTotal"])


class StockBounds:
    """Per article and location: how much may at most be promised, from what is known for certain.

    Increases count from when they were begun, decreases from when they were acknowledged, so that
    an answer above the bound is wrong whatever happened in between.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._base: dict = {}
        self._more: dict = {}
        self._less: dict = {}
        self._promises: list = []

    def start(self, base: dict) -> None:
        self._base = dict(base)

    def more(self, key, quantity, at=None) -> None:
        with self._lock:
            self._more.setdefault(key, []).append((at or time.monotonic(), Decimal(quantity)))

    def less(self, key, quantity, at=None) -> None:
        with self._lock:
            self._less.setdefault(key, []).append((at or time.monotonic(), Decimal(quantity)))

    def moving(self, key, quantity, begun: float) -> None:
        """Goods left, and until now only one ERP knew: that long, the other's stock was late, not wrong."""
        self.more(key, quantity, begun)
        self.less(key, quantity)

    def promised(self, key, available: Decimal, sent: float, received: float) -> None:
        """Notes an answer; it is judged at the end, when all that was going on meanwhile is known."""
        with self._lock:
            self._promises.append((key, available, sent, received))

    def broken_promises(self) -> list[str]:
        found = []
        for key, available, sent, received in self._promises:
            bound = self.bound(key, sent, received)
            if bound is not None and available > max(bound, Decimal(0)):
                found.append(f"{key[0]} at {key[1]}: {available} promised, {bound} is the most that there can be")
        return found

    def bound(self, key, sent: float, received: float) -> Decimal | None:
        with self._lock:
            if key not in self._base:
                return None
            more = sum((q for at, q in self._more.get(key, ()) if at <= received), Decimal(0))
            less = sum((q for at, q in self._less.get(key, ()) if at <= sent), Decimal(0))
        return self._base[key] + more - less


class Book:
    """Everything the drive has noted. Threads: any."""

    def __init__(self):
        self.lock = threading.Lock()
        self.orders: dict[str, Order] = {}       # By reference.
        self.stock = StockBounds()
        self.answers: Counter = Counter()        # (operation, status) -> answers received.
        self.retries: Counter = Counter()        # Why a request was repeated.
        self.reads = 0
        self.reads_failed = 0
        self.status_regressed = 0
        self.oversold = 0
        self.history_not_found = 0
        self.failures: list[str] = []            # Legitimate requests that were refused.
        self.findings: list[str] = []            # Everything else that must not be.
        self.refused_rightly = 0                 # Changes refused because the goods had left.
        self.adjustments: dict = {}              # Movement id -> (key, quantity, begun, answered).
        self.customers: dict = {}                # Number -> acknowledged values.

    def add(self, order: Order) -> None:
        with self.lock:
            self.orders[order.reference] = order

    def answered(self, operation: str, status: int) -> None:
        with self.lock:
            self.answers[operation, status] += 1

    def retried(self, why: str) -> None:
        with self.lock:
            self.retries[why] += 1

    def read_answered(self, operation: str, status: int, wanted: bool, what: str) -> None:
        with self.lock:
            self.answers[operation, status] += 1
            self.reads += 1
            if not wanted:
                self.reads_failed += 1
                self.findings.append(f"a read failed: {operation} {what}")

    def failed(self, text: str) -> None:
        with self.lock:
            self.failures.append(text)

    def found(self, counter: str, text: str) -> None:
        """A broken promise: counted in the summary, and printed."""
        with self.lock:
            setattr(self, counter, getattr(self, counter) + 1)
            self.findings.append(text)

    def shipped(self, reference: str) -> None:
        order = self.orders.get(reference)
        if order is not None:
            order.shipped = True

    def acknowledged(self) -> list[Order]:
        with self.lock:
            return [order for order in self.orders.values() if order.acknowledged]
