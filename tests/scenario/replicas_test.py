"""Three replicas on one PostgreSQL, in front of both simulated ERPs: two channels write through all of them,
one replica is killed, another is stopped and woken, the plan flips forward and back. Afterwards the ERPs' own
books are compared with what the channels were told: nothing lost, doubled or left undone.

    replicas_test.py BINARY FOLDER    FOLDER/connection says where PostgreSQL is
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "simulators")]

import sample_data  # noqa: E402

from drive import checks  # noqa: E402
from drive.account import Account  # noqa: E402
from drive.architect import Architect  # noqa: E402
from drive.book import Book, Line, Order  # noqa: E402
from drive.channel import LOCATIONS, PRICE, SKUS, Channel  # noqa: E402
from drive.fleet import Balancer, Fleet  # noqa: E402
from drive.processes import NotStarted  # noqa: E402

COUNT = 3
SETTINGS = (('"requestBudgetMs": 10000', '"requestBudgetMs": 3000'), ('"giveUpMs": 10000', '"giveUpMs": 3000'))


class Shop(threading.Thread):
    """One worker of a channel: places, changes, cancels and reads until it is told to stop."""

    def __init__(self, channel: Channel, customers: list[str], seed: int):
        super().__init__(name=f"{channel.name}-{seed}", daemon=True)
        self._channel, self._customers, self._draw = channel, customers, random.Random(seed)
        self._mine: list[Order] = []
        self.ended = threading.Event()

    def run(self) -> None:
        table = [(50, self._place), (12, self._change), (6, self._cancel), (32, self._read)]
        while not self.ended.is_set():
            action = self._draw.choices([a for _, a in table], [w for w, _ in table])[0]
            try:
                action()
            except Exception as error:  # a worker that dies would hide what it met
                self._channel.book.failed(f"{self.name}: {type(error).__name__}: {error}")
            self.ended.wait(self._draw.uniform(0.05, 0.2))

    def _place(self) -> None:
        lines = [Line(at + 1, sku, self._draw.choice(LOCATIONS), self._draw.randint(1, 4), PRICE[sku])
                 for at, sku in enumerate(self._draw.sample(SKUS, 2))]
        order = Order(self._channel.name, str(self._channel.numbers.take()),
                      self._draw.choice(self._customers), lines)
        if self._channel.place(order):
            self._mine.append(order)

    def _own(self) -> Order | None:
        young = [order for order in self._mine[-10:] if not order.cancelled]
        return self._draw.choice(young) if young else None

    def _change(self) -> None:
        order, quantity = self._own(), Decimal(self._draw.randint(1, 6))

        def change(_current: Order):
            def note(which: Order) -> None:
                which.lines[1].quantity = quantity
            return [{"number": 1, "quantity": str(quantity)}], note, []
        if order is not None:
            self._channel.amend(order, change)

    def _cancel(self) -> None:
        order = self._own()
        if order is not None:
            self._channel.cancel(order)

    def _read(self) -> None:
        order = self._own()
        if order is not None:
            self._channel.get_order(order)


def drive(replicas: Fleet, account: Account) -> list[str]:
    book = Book()
    channels = {name: Channel(name, f"{name}-demo-key", 0, book) for name in ("web", "pos")}
    for name, channel in channels.items():
        channel.served_by(Balancer(replicas.channel_ports, f"{name}-demo-key"))
    customers = [customer.number for customer in sample_data.CUSTOMERS][:8]
    first = Architect(replicas.ports[0][1], "ops-demo-key", account)
    wrong = []

    plan = first.status("orders")
    if len(plan["takenBy"]) + len(plan["waitingFor"]) != COUNT:
        wrong.append(f"{COUNT} replicas serve, the plan knows of {plan['takenBy']} and {plan['waitingFor']}")
    shops = [Shop(channels[name], customers, seed) for name, seed in (("web", 1), ("web", 2), ("pos", 3))]
    for shop in shops:
        shop.start()
    time.sleep(2)
    for capability in ("customers", "orders"):
        first.move(capability, "dual_write")
    for capability in ("customers", "orders"):
        first.caught_up(capability)

    account.step("replica 1", "killed under load")
    replicas.signal(1, signal.SIGKILL)
    for capability in ("customers", "orders"):
        first.move(capability, "shadow_read")
    replicas.start_one(1)
    account.step("replica 2", "stopped under load")
    replicas.signal(2, signal.SIGSTOP)
    stopped = time.monotonic()
    # The flip waits for no replica whose lease has run out ...
    first.move("customers", "cloud_primary")
    first.move("orders", "cloud_primary")
    time.sleep(max(0.0, 5 - (time.monotonic() - stopped)))
    replicas.signal(2, signal.SIGCONT)
    # ... which answers nothing by the plan it remembers, but takes the new one.
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        plan = first.status("orders")
        if len(plan["takenBy"]) == COUNT and not plan["waitingFor"]:
            break
        time.sleep(0.05)
    else:
        wrong.append(f"20 s after it was woken, the plan waits for {plan['waitingFor']}")
    time.sleep(1)
    # From another replica than the one that flipped.
    Architect(replicas.ports[1][1], "ops-demo-key", account).roll_back("orders", "proof that it goes back")
    time.sleep(1.5)
    for shop in shops:
        shop.ended.set()
    for shop in shops:
        shop.join(timeout=90)
        if shop.is_alive():
            wrong.append(f"{shop.name} did not come to its end")

    waiting = first.settle(90)
    if waiting:
        wrong.append(f"not delivered after 90 s: {waiting}")
    result = checks.check_orders(book, replicas.nav, replicas.bc, first)
    open_exceptions = first.get("/ops/v1/exceptions?state=open&limit=100")["items"]
    wrong += [f"exception: {e['kind']} {e['subject']}: {e['detail']}" for e in open_exceptions]
    wrong += result.findings + book.findings + book.failures
    acknowledged = len(book.acknowledged())
    account.step("channels", f"{acknowledged} orders acknowledged, {book.reads} reads; repeated: {dict(book.retries)}")
    account.step("erps", f"{result.orders_in_legacy} orders at home in nav, {result.orders_in_cloud} in bc")
    if acknowledged < 40 or not result.orders_in_legacy or not result.orders_in_cloud:
        wrong.append(f"{acknowledged} orders are too few to prove anything")
    for name in ("lost", "diverged", "duplicated", "executed_twice", "totals_differing"):
        if getattr(result, name):
            wrong.append(f"{name}: {getattr(result, name)}")
    return wrong


def main() -> int:
    binary, folder = sys.argv[1:]
    with open(os.path.join(folder, "connection"), encoding="utf-8") as file:
        connection = file.read().strip()
    account = Account()
    with tempfile.TemporaryDirectory(prefix="underpin-replicas-") as out:
        replicas = Fleet(binary, out, connection, account, COUNT, f"replicas-{os.getpid()}", changes=SETTINGS)
        try:
            replicas.start()
            wrong = drive(replicas, account)
        except (NotStarted, RuntimeError, OSError) as error:
            wrong = [f"{type(error).__name__}: {error}"]
            for number in range(COUNT):
                log = os.path.join(out, "log", f"underpin-{number}.log")
                if os.path.exists(log):
                    with open(log, encoding="utf-8", errors="replace") as file:
                        wrong.append("".join(file.readlines()[-10:]))
        finally:
            ended = replicas.stop()
    wrong += ended
    for text in wrong:
        account.bad("finding", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
