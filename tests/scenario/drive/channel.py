"""A channel system: web shop or point of sale, calling the facade as real ones do.

A request that cannot be served now (503 or 409 with Retry-After, an outcome that is not known yet)
is repeated with the same Idempotency-Key until it has an answer; nothing else is repeated.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from decimal import Decimal
from urllib.parse import quote

import sample_data

from .book import RANK, Book, Line, Order, cents
from .http_calls import Answer, Server

# Left to the planted rounding difference: its price makes tax that ends in exactly half a cent.
ROUNDING_SKU = "1004"
# Left to the planted stock drift, so that what is found there is the drift alone.
DRIFT_SKU = "1059"
DESCRIPTION = {item.number: item.description for item in sample_data.ITEMS}
PRICE = {item.number: item.unit_price for item in sample_data.ITEMS}
SKUS = [item.number for item in sample_data.ITEMS if item.number not in (ROUNDING_SKU, DRIFT_SKU)]
LOCATIONS = [location.code for location in sample_data.LOCATIONS]
PATIENCE_S = 40


def changed_meanwhile(answer: Answer) -> bool:
    """Somebody else was quicker in the ERP: one reads again, and decides again."""
    return answer.status == 409 and answer.json.get("type", "").endswith(":conflict")


class Numbers:
    """Order numbers of one channel. Two channels count in the same range: identity has both halves."""

    def __init__(self, first: int):
        self._next, self._lock = first, threading.Lock()

    def take(self) -> int:
        with self._lock:
            self._next += 1
            return self._next


class Channel:
    """What one channel can ask. Threads: any."""

    patience_s = PATIENCE_S

    def __init__(self, name: str, key: str, port: int, book: Book):
        self.name, self.book = name, book
        self.numbers = Numbers(500_000)
        self._server = Server(port, {"X-API-Key": key})
        self._keys = Numbers(0)

    def served_by(self, server) -> None:
        """Something that is called like a Server: a balancer, say."""
        self._server = server

    # -------------------------------------------------------------------------------- sending
    def write(self, operation: str, method: str, path: str, body: dict | None,
              headers: dict | None = None, key: str = "") -> Answer | None:
        """The final answer; None when there was none in time."""
        key = key or f"{self.name}-{operation}-{self._keys.take()}"
        send = {"Idempotency-Key": f'"{key}"', **(headers or {})}
        give_up = time.monotonic() + self.patience_s
        in_doubt = False
        while time.monotonic() < give_up:
            try:
                answer = self._server.call(method, path, body, send)
            except (OSError, http.client.HTTPException) as error:
                self.book.retried(f"no answer: {type(error).__name__}")
                in_doubt = True
                time.sleep(0.2)
                continue
            self.book.answered(operation, answer.status)
            again = answer.retry_after_s
            unknown = answer.status == 202 and answer.json.get("state") not in ("pending", "unlinked")
            in_doubt = answer.in_doubt = in_doubt or unknown
            if unknown or (answer.status in (409, 429, 503) and again is not None):
                self.book.retried("202 outcome unknown" if unknown else
                                  f"{answer.status} {answer.json.get('type', '').rpartition(':')[2]}")
                time.sleep(min(again or 1, 1) * 0.5)
                continue
            return answer
        self.book.failed(f"{operation} {path} of {self.name}: no final answer in {self.patience_s} s")
        return None

    def read(self, operation: str, path: str, body: dict | None = None,
             wanted: tuple = (200,)) -> Answer | None:
        """A read that must succeed; None when it did not."""
        for attempt in range(2):
            try:
                answer = self._server.call("POST" if body is not None else "GET", path, body)
                break
            except (OSError, http.client.HTTPException) as error:
                if attempt:
                    self.book.read_answered(operation, 0, False, f"{path}: {error}")
                    return None
        good = answer.status in wanted
        self.book.read_answered(operation, answer.status, good, f"{path}: {answer.problem()}")
        return answer if good else None

    # -------------------------------------------------------------------------------- orders
    @staticmethod
    def order_body(order: Order) -> dict:
        return {"number": order.number, "customer": order.customer, "orderDate": time.strftime("%Y-%m-%d"),
                "currency": "EUR", "pricesIncludeTax": False,
                "shipTo": {"kind": "ship_to", "name": "Anna Becker", "line1": "Hauptstraße 1",
                           "city": "Berlin", "postCode": "10115", "country": "DE"},
                "lines": [line.request(DESCRIPTION[line.sku]) for line in order.lines.values()],
                "payments": [{"id": f"pi_{order.channel}_{order.number}", "provider": "stripe",
                              "method": "card", "amount": order.totals()["grandTotal"]}],
                "totals": order.totals()}

    def place(self, order: Order) -> bool:
        body = self.order_body(order)
        self.book.add(order)
        key = f"{self.name}-order-{order.number}"
        answer = self.write("place_order", "POST", "/v1/orders", body, key=key)
        for again in range(3):
            if answer is not None and changed_meanwhile(answer):
                key = f"{self.name}-order-{order.number}-{again}"
                answer = self.write("place_order", "POST", "/v1/orders", body, key=key)
        if answer is None or answer.status not in (201, 202):
            if answer is not None:
                self.book.failed(f"order {order.name} was refused: {answer.problem()}")
            return False
        order.acknowledged = True
        for line in order.lines.values():
            self.book.stock.less((line.sku, line.location), line.quantity)
        self.seen(order, answer.json.get("status", ""), order.status)
        if int(order.number) % 25 == 0:
            self._repeat(order, body, key, answer)
        return True

    def _repeat(self, order: Order, body: dict, key: str, first: Answer) -> None:
        """A customer clicks twice; a shop's worker repeats the order under a new key."""
        for again in (key, key + "-again"):
            answer = self.write("place_order_again", "POST", "/v1/orders", body, key=again)
            if answer is not None and (answer.status, answer.json.get("number")) != (
                    first.status, first.json.get("number")):
                self.book.failed(f"order {order.name} repeated: {answer.problem()}")

    def seen(self, order: Order, status: str, before: str) -> None:
        """Notes a status that this channel was told; `before` is what it knew when it asked."""
        if not status:
            return
        if RANK.get(status, 0) < RANK.get(before, 0):
            self.book.found("status_regressed", f"order {order.name} was {before}, then {status}")
        if RANK.get(status, 0) >= RANK.get(order.status, 0):
            order.status = status

    def get_order(self, order: Order) -> Answer | None:
        before = order.status
        answer = self.read("get_order", f"/v1/orders/{order.number}")
        if answer is not None:
            self.seen(order, answer.json["status"], before)
        return answer

    def amend(self, order: Order, change) -> bool:
        """Reads, then changes: `change(order)` gives the lines of the amendment and how to note it."""
        in_doubt = False
        for _ in range(4):
            current = self.get_order(order)
            if current is None or order.shipped:
                return False
            if not in_doubt:
                self.check_kept(order, current)
            self._go_by(order, current, {})
            lines, note, more = change(order)
            wanted = _with(order, note)
            body = {"lines": lines, "totals": wanted.totals()}
            begun = time.monotonic()
            answer = self.write("amend_order", "PATCH", f"/v1/orders/{order.number}", body,
                                {"If-Match": current.headers.get("ETag", "")})
            if answer is None:
                order.uncertain = "an amendment without an answer"
                return False
            in_doubt = in_doubt or answer.in_doubt
            if answer.status == 412 or changed_meanwhile(answer):
                continue
            if answer.status == 200:
                note(order)
                order.changes += 1
                for key, quantity in more:
                    if quantity > 0:
                        self.book.stock.less(key, quantity)
                    else:
                        self.book.stock.more(key, -quantity, begun)
                self.seen(order, answer.json.get("status", ""), order.status)
                return True
            self._refused(order, "amendment", answer)
            return False
        return False

    def cancel(self, order: Order, lines: dict | None = None) -> bool:
        """The whole order, or {line number: cancelled quantity in total}."""
        whole = not lines
        lines = {number: Decimal(quantity) for number, quantity in (lines or {}).items()}
        body: dict = {"reason": "Customer changed their mind"}
        wanted = {number: order.lines[number].quantity - quantity for number, quantity in lines.items()}
        before = {number: line.kept for number, line in order.lines.items()}
        begun = time.monotonic()
        was_shipped = order.shipped
        read: dict = {}
        in_doubt = False
        for _ in range(6):
            if lines:
                body["lines"] = [{"number": number, "quantity": str(quantity)} for number, quantity in lines.items()]
            answer = self.write("cancel_order", "POST", f"/v1/orders/{order.number}/cancel", body, read)
            if answer is not None and not whole and answer.status in (412, 428):
                in_doubt = in_doubt or answer.in_doubt
                current = self.get_order(order)
                if current is None:
                    return False
                if not in_doubt:
                    self.check_kept(order, current)
                lines = self._go_by(order, current, wanted, in_doubt)
                read = {"If-Match": current.headers.get("ETag", "")}
                if lines:
                    continue
                answer = current  # It was carried out, and only the answer was lost.
                break
            if answer is None or not changed_meanwhile(answer):
                break
        if answer is None:
            order.uncertain = "a cancellation without an answer"
            return False
        if answer.status != 200:
            self._refused(order, "cancellation", answer)
            return False
        if was_shipped and whole:
            self.book.found("status_regressed",
                            f"order {order.name} was cancelled after its goods had left")
        for line in order.lines.values():
            line.cancelled = line.quantity if whole else lines.get(line.number, line.cancelled)
            if line.kept != before[line.number]:
                self.book.stock.more((line.sku, line.location), before[line.number] - line.kept, begun)
        order.changes += 1
        order.cancelled = order.cancelled or whole
        self.seen(order, answer.json.get("status", ""), order.status)
        return True

    def give_back(self, order: Order, most: Decimal) -> None:
        """Sends up to `most` of one line back, of what the order says has left and is not back yet."""
        current = self.get_order(order)
        if current is None:
            return
        for line in current.json["lines"]:
            left = Decimal(line.get("shippedQuantity", "0")) - Decimal(line.get("returnedQuantity", "0"))
            quantity = min(left, most)
            if quantity <= 0:
                continue
            number = f"R{len(order.returns) + 1}"
            order.returns[number] = (line["sku"], quantity, False)
            body = {"number": number, "returnDate": time.strftime("%Y-%m-%d"),
                    "lines": [{"number": line["number"], "quantity": str(quantity), "reason": "UNWANTED"}]}
            for _ in range(4):
                answer = self.write("return_order", "POST", f"/v1/orders/{order.number}/returns", body)
                if answer is None or not changed_meanwhile(answer):
                    break
            if answer is not None and answer.status in (201, 202) and answer.json.get("state") != "unlinked":
                order.returns[number] = (line["sku"], quantity, True)
            elif answer is not None:
                self.book.failed(f"return {number} of {order.name} was refused: {answer.problem()}")
            return

    def check_kept(self, order: Order, current: Answer) -> None:
        """Nothing of this order is in doubt: what is read is what was acknowledged."""
        if order.uncertain or order.cancelled or current.json["status"] == "cancelled":
            return
        there = {line["number"]: Decimal(line["quantity"]) - Decimal(line.get("cancelledQuantity", "0"))
                 for line in current.json["lines"]}
        for number, line in order.lines.items():
            if there.get(number, Decimal(0)) != line.kept:
                self.book.failed(f"order {order.name} line {number}: {line.kept} were acknowledged, "
                                 f"{there.get(number, 0)} are read")

    @staticmethod
    def _go_by(order: Order, current: Answer, wanted: dict, in_doubt: bool = False) -> dict:
        """What was cancelled of a line may not be remembered any more; what is kept of it is.

        `wanted`: how much of some lines is to be kept. Answers what is still to be cancelled of them, in total: a
        cancellation that had no answer (`in_doubt`) may have been carried out.
        """
        left: dict = {}
        there = {line["number"]: line for line in current.json["lines"]}
        for number, line in order.lines.items():
            seen = there.get(number)
            if seen is None:
                if in_doubt and wanted.get(number) == 0:
                    line.cancelled = line.quantity
                continue
            cancelled = Decimal(seen.get("cancelledQuantity", "0"))
            done = in_doubt and Decimal(seen["quantity"]) - cancelled == wanted.get(number)
            line.restate((wanted[number] if done else line.kept) + cancelled, cancelled)
            if number in wanted and not done:
                left[number] = line.quantity - wanted[number]
        return left

    def _refused(self, order: Order, what: str, answer: Answer) -> None:
        """A change may be refused when the goods have left, which the ERP knows first."""
        give_up = time.monotonic() + 3
        while not order.shipped and time.monotonic() < give_up:
            time.sleep(0.05)
        if order.shipped and answer.status in (409, 422):
            with self.book.lock:
                self.book.refused_rightly += 1
            return
        self.book.failed(f"{what} of {order.name} was refused: {answer.problem()}")

    def listed(self, more: str = "", pages: int = 1000) -> list[dict] | None:
        """The channel's orders as the list has them, page by page; None when a page failed."""
        items, cursor = [], ""
        for _ in range(pages):
            page = self.read("list_orders", "/v1/orders?limit=200" + more
                             + (f"&cursor={quote(cursor)}" if cursor else ""))
            if page is None:
                return None
            items += page.json["items"]
            cursor = page.json.get("next", "")
            if not cursor:
                break
        return items

    # -------------------------------------------------------------------------------- the rest
    def availability(self, asked: list[tuple[str, str]]) -> None:
        sent = time.monotonic()
        answer = self.read("availability", "/v1/inventory/availability",
                           {"lines": [{"sku": sku, "location": location} for sku, location in asked]})
        self._check_levels(answer, sent)

    def stock(self, sku: str, location: str = "") -> Answer | None:
        sent = time.monotonic()
        answer = self.read("get_stock", f"/v1/inventory/{sku}" + (
            f"?location={location}" if location else ""))
        self._check_levels(answer, sent)
        return answer

    def _check_levels(self, answer: Answer | None, sent: float) -> None:
        if answer is None:
            return
        received = time.monotonic()
        for level in answer.json["items"]:
            self.book.stock.promised((level["sku"], level.get("location", "")), Decimal(level["available"]),
                                     sent, received)

    def adjust(self, movement: str, sku: str, location: str, quantity: Decimal) -> None:
        begun = time.monotonic()
        if quantity > 0:
            self.book.stock.more((sku, location), quantity, begun)
        answer = self.write("adjust_stock", "POST", "/v1/inventory/adjustments", {
            "movement": movement, "sku": sku, "location": location, "kind": "delta",
            "quantity": str(quantity), "uom": "PCS", "reason": "Shop return"}, key=movement)
        if answer is None or answer.status != 201:
            if answer is not None:
                self.book.failed(f"adjustment {movement} was refused: {answer.problem()}")
            return
        if quantity < 0:
            self.book.stock.less((sku, location), -quantity)
        with self.book.lock:
            self.book.adjustments[movement] = ((sku, location), quantity, begun, time.monotonic())

    def quote(self, customer: str, lines: list[tuple[str, Decimal]]) -> None:
        self.read("quote", "/v1/pricing/quotes", {
            "customer": customer, "currency": "EUR",
            "lines": [{"number": at + 1, "sku": sku, "quantity": str(quantity), "uom": "PCS"}
                      for at, (sku, quantity) in enumerate(lines)]})

    def create_customer(self, number: str, values: dict) -> None:
        answer = self.write("create_customer", "POST", "/v1/customers", {
            "number": number, "kind": "person", "currency": "EUR", **values})
        if answer is None or answer.status != 201:
            if answer is not None:
                self.book.failed(f"customer {number} was refused: {answer.problem()}")
            return
        with self.book.lock:
            self.book.customers[number] = dict(values)

    def amend_customer(self, number: str, values: dict) -> bool:
        for _ in range(4):
            current = self.read("get_customer", f"/v1/customers/{number}")
            if current is None:
                return False
            answer = self.write("amend_customer", "PATCH", f"/v1/customers/{number}", values,
                                {"If-Match": current.headers.get("ETag", "")})
            if answer is not None and answer.status == 200:
                with self.book.lock:
                    self.book.customers.setdefault(number, {}).update(values)
                return True
            if answer is None:
                return False
            if answer.status != 412:
                self.book.failed(f"the change of customer {number} was refused: {answer.problem()}")
                return False
        return False


def _with(order: Order, note) -> Order:
    """The order as it will be after `note`, without touching it."""
    copy = Order(order.channel, order.number, order.customer, [])
    for line in order.lines.values():
        twin = Line(line.number, line.sku, line.location, line.quantity, line.price, line.discount)
        twin.cancelled = line.cancelled
        copy.lines[line.number] = twin
    note(copy)
    return copy


class Shopper(threading.Thread):
    """One worker of a channel: a mixture of what shops do, without pause until it is told to stop."""

    def __init__(self, channel: Channel, customers: list[str], seed: int, think_s: float):
        super().__init__(name=f"{channel.name}-{seed}", daemon=True)
        self._channel, self._customers, self._think_s = channel, customers, think_s
        self._draw = random.Random(seed)
        self._seed = seed
        self._mine: list[Order] = []
        self._stop_asked = threading.Event()
        self._since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._made = 0
        self.actions = 0
        self._table = [(30, self._place), (12, self._change), (5, self._add_line), (6, self._cancel_line),
                       (4, self._cancel), (18, self._read), (4, self._list), (8, self._stock),
                       (6, self._availability), (4, self._adjust), (6, self._quote), (4, self._prices),
                       (2, self._create_customer), (2, self._amend_customer),
                       (4, self._read_customer), (2, self._search), (1, self._cancel_too_late),
                       (3, self._give_back)]

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        weights = [weight for weight, _ in self._table]
        while not self._stop_asked.is_set():
            _, action = self._draw.choices(self._table, weights)[0]
            try:
                action()
            except Exception as error:  # a worker that dies would hide what it met
                self._channel.book.failed(f"{self.name}: {type(error).__name__}: {error}")
            self.actions += 1
            self._stop_asked.wait(self._think_s * self._draw.uniform(0.5, 1.5))
        for order in self._mine:
            order.let_go = True

    def _place(self) -> None:
        draw = self._draw
        lines = []
        for at, sku in enumerate(draw.sample(SKUS, draw.randint(1, 3))):
            quantity = Decimal(draw.randint(1, 5))
            discount = -cents(PRICE[sku] * quantity / 10) if draw.random() < 0.25 else Decimal(0)
            lines.append(Line(at + 1, sku, draw.choice(LOCATIONS), quantity, PRICE[sku], discount))
        order = Order(self._channel.name, str(self._channel.numbers.take()),
                      draw.choice(self._customers), lines)
        if self._channel.place(order):
            self._mine.append(order)
        if len(self._mine) > 12:
            self._mine.pop(0).let_go = True

    def _own(self) -> Order | None:
        young = [order for order in self._mine if not order.shipped and not order.cancelled]
        return self._draw.choice(young) if young else None

    def _change(self) -> None:
        order = self._own()
        if order is None:
            return
        number = self._draw.choice([line.number for line in order.lines.values() if line.kept])
        target = Decimal(self._draw.randint(1, 6))

        def change(current: Order):
            line = current.lines[number]
            wanted = max(target, line.cancelled + 1)
            discount = -cents(line.price * wanted / 10) if line.discount else Decimal(0)
            entry = {"number": number, "quantity": str(wanted)}
            if line.discount:
                entry["adjustmentTotal"] = str(discount)

            def note(which: Order) -> None:
                which.lines[number].quantity, which.lines[number].discount = wanted, discount

            return [entry], note, [((line.sku, line.location), wanted - line.quantity)]

        self._channel.amend(order, change)

    def _add_line(self) -> None:
        order = self._own()
        if order is None or len(order.lines) > 3:
            return
        sku = self._draw.choice([sku for sku in SKUS
                                 if sku not in {line.sku for line in order.lines.values()}])
        number, location = max(order.lines) + 1, self._draw.choice(LOCATIONS)

        def change(_current: Order):
            line = Line(number, sku, location, 1, PRICE[sku])

            def note(which: Order) -> None:
                which.lines[number] = Line(number, sku, location, 1, PRICE[sku])

            return ([{"number": number, "added": line.request(DESCRIPTION[sku])}], note,
                    [((sku, location), Decimal(1))])

        self._channel.amend(order, change)

    def _cancel_line(self) -> None:
        order = self._own()
        if order is None:
            return
        line = self._draw.choice(list(order.lines.values()))
        kept_elsewhere = any(other.kept for other in order.lines.values() if other is not line)
        cancelled = line.quantity if kept_elsewhere and self._draw.random() < 0.5 else line.cancelled + 1
        if cancelled > line.quantity or (cancelled == line.quantity and not kept_elsewhere):
            return
        self._channel.cancel(order, {line.number: cancelled})

    def _cancel(self) -> None:
        order = self._own()
        if order is not None and self._channel.cancel(order) and order in self._mine:
            self._mine.remove(order)

    def _cancel_too_late(self) -> None:
        gone = [order for order in self._channel.book.acknowledged()
                if order.shipped and not order.cancelled and order.channel == self._channel.name]
        if gone:
            self._channel.cancel(self._draw.choice(gone))

    def _give_back(self) -> None:
        """Only orders that nobody changes any more, and each by one worker: a return is for what is seen of it."""
        gone = [order for order in self._mine if order.shipped and not order.cancelled and not order.uncertain]
        if gone:
            self._channel.give_back(self._draw.choice(gone), Decimal(self._draw.randint(1, 2)))

    def _read(self) -> None:
        orders = [order for order in self._channel.book.acknowledged()
                  if order.channel == self._channel.name]
        if orders:
            recent = orders[-40:] if self._draw.random() < 0.7 else orders
            self._channel.get_order(self._draw.choice(recent))

    def _list(self) -> None:
        asked = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
        self._channel.listed("&updatedSince=" + quote(self._since), pages=3)
        self._since = asked

    def _stock(self) -> None:
        self._channel.stock(self._draw.choice(SKUS), self._draw.choice(LOCATIONS + [""]))

    def _availability(self) -> None:
        self._channel.availability([(sku, self._draw.choice(LOCATIONS))
                                    for sku in self._draw.sample(SKUS, 5)])

    def _adjust(self) -> None:
        self._made += 1
        quantity = Decimal(self._draw.choice([-1, 1, 2, 3]))
        self._channel.adjust(f"{self._channel.name.upper()}-{self._seed}-{self._made:05d}",
                             self._draw.choice(SKUS), self._draw.choice(LOCATIONS), quantity)

    def _quote(self) -> None:
        self._channel.quote(self._draw.choice(self._customers),
                            [(sku, Decimal(self._draw.choice([1, 2, 5, 10, 12])))
                             for sku in self._draw.sample(SKUS, self._draw.randint(1, 4))])

    def _prices(self) -> None:
        self._channel.read("list_prices", f"/v1/prices?sku={self._draw.choice(SKUS)}")

    def _create_customer(self) -> None:
        self._made += 1
        number = f"{self._channel.name.upper()}{self._seed}-{self._made:04d}"
        self._channel.create_customer(number, {
            "name": "Jonas Müller", "email": f"{number.lower()}@example.com",
            "phone": "+49 221 5500123", "priceGroup": "RETAIL",
            "address": {"line1": "Lindenweg 12", "city": "Köln", "postCode": "50667", "country": "DE"}})

    def _amend_customer(self) -> None:
        self._channel.amend_customer(self._draw.choice(self._customers), {
            "phone": f"+49 30 {self._draw.randint(1000000, 9999999)}"})

    def _read_customer(self) -> None:
        self._channel.read("get_customer", f"/v1/customers/{self._draw.choice(self._customers)}")

    def _search(self) -> None:
        number = self._draw.choice(self._customers)
        answer = self._channel.read("search_customers",
                                    f"/v1/customers?email={quote(number.lower() + '@example.com')}")
        if answer is not None and number not in {item["number"] for item in answer.json["items"]}:
            self._channel.book.found("reads_failed", f"customer {number} was not found by e-mail")
