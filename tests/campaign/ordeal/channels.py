"""Channels that live through outages, and what each of them was acknowledged."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass

from drive.book import Book
from drive.channel import Channel, Shopper, changed_meanwhile
from drive.http_calls import Answer

from .tally import Tally


@dataclass
class CustomerWrite:
    """One change of a customer. `answered` is None while, and if, there was no final answer."""
    value: str
    begun: float
    answered: float | None = None


def possible(writes: list[CustomerWrite]) -> set[str]:
    """What may stand there in the end: no value that was answered before an acknowledged one was even begun."""
    acknowledged = [write for write in writes if write.answered is not None]
    return {write.value for write in writes if not any(
        write.answered is not None and write.answered < other.begun for other in acknowledged)}


class CampaignBook(Book):
    """And every change of each customer, in the order in which they were asked for."""

    def __init__(self):
        super().__init__()
        self.customer_writes: dict[str, list[CustomerWrite]] = {}

    def customer_write(self, number: str, value: str) -> CustomerWrite:
        entry = CustomerWrite(value, time.monotonic())
        with self.lock:
            self.customer_writes.setdefault(number, []).append(entry)
        return entry

    def not_written(self, number: str, entry: CustomerWrite) -> None:
        with self.lock:
            self.customer_writes[number].remove(entry)


class PatientChannel(Channel):
    """Repeats reads as it repeats writes: replicas, store and ERPs come back."""

    def __init__(self, name: str, book: CampaignBook, balancer, tally: Tally, patience_s: float):
        super().__init__(name, f"{name}-demo-key", 0, book)
        self.patience_s = patience_s
        self.served_by(balancer)
        self._tally = tally

    def write(self, operation, method, path, body, headers=None, key="") -> Answer | None:
        answer = super().write(operation, method, path, body, headers, key)
        if answer is not None and answer.status in (200, 201, 202) and operation != "place_order_again":
            self._tally.count("acknowledged")
        return answer

    def read(self, operation, path, body=None, wanted=(200,)) -> Answer | None:
        give_up = time.monotonic() + self.patience_s
        last = "nothing"
        while time.monotonic() < give_up:
            try:
                answer = self._server.call("POST" if body is not None else "GET", path, body)
            except (OSError, http.client.HTTPException) as error:
                last = type(error).__name__
            else:
                if answer.status in wanted:
                    self.book.read_answered(operation, answer.status, True, "")
                    return answer
                last = answer.problem()
                if answer.status < 500 and answer.status != 429:
                    break
            time.sleep(0.2)
        self.book.read_answered(operation, 0, False, f"{path}: {last}")
        return None

    def amend_customer(self, number: str, values: dict) -> bool:
        for _ in range(8):
            current = self.read("get_customer", f"/v1/customers/{number}")
            if current is None:
                return False
            entry = self.book.customer_write(number, values["phone"])
            answer = self.write("amend_customer", "PATCH", f"/v1/customers/{number}", values,
                                {"If-Match": current.headers.get("ETag", "")})
            if answer is None:
                return False
            if answer.status == 200:
                entry.answered = time.monotonic()
                return True
            self.book.not_written(number, entry)
            if answer.status != 412 and not changed_meanwhile(answer):
                self.book.failed(f"the change of customer {number} was refused: {answer.problem()}")
                return False
        return False


class CampaignShopper(Shopper):
    """More changes, and customers of its own beside some that every shopper changes."""

    def __init__(self, channel: PatientChannel, buyers: list[str], own: list[str], shared: list[str], seed: int,
                 think_s: float):
        super().__init__(channel, buyers, seed, think_s)
        self._own_customers, self._shared = own, shared
        self._table = [(26, self._place), (14, self._change), (5, self._add_line), (6, self._cancel_line),
                       (4, self._cancel), (12, self._read), (2, self._list), (4, self._stock),
                       (3, self._availability), (12, self._adjust), (2, self._quote), (3, self._create_customer),
                       (12, self._amend_customer), (4, self._read_customer), (1, self._cancel_too_late),
                       (4, self._give_back)]

    def _amend_customer(self) -> None:
        among = self._shared if self._draw.random() < 0.2 else self._own_customers
        self._channel.amend_customer(self._draw.choice(among), {"phone": f"+49 30 {self._draw.randint(10**6, 10**7)}"})
