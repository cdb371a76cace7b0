"""What must be true at the end: the channels' book against the books of both ERPs, line by line."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from .architect import Architect
from .book import Book, Order
from .channel import Channel
from .erps import BusinessCentral, Document, Erp, Nav

TOLERANCE = Decimal("0.05")  # config/underpin.json, orders.documentTolerance


class Result:
    def __init__(self):
        self.orders_in_legacy = 0
        self.orders_in_cloud = 0
        self.lost = 0
        self.diverged = 0      # An inert copy does not demand what is outstanding at home.
        self.duplicated = 0
        self.executed_twice = 0
        self.totals_differing = 0
        self.findings: list[str] = []


def check_orders(book: Book, nav: Nav, bc: BusinessCentral, ops: Architect) -> Result:
    result = Result()
    in_nav, in_bc = _by_reference(nav.documents()), _by_reference(bc.documents())
    for order in book.acknowledged():
        legacy, cloud = in_nav.get(order.reference, []), in_bc.get(order.reference, [])
        for name, documents in (("nav", legacy), ("bc", cloud)):
            if len(documents) > 1:
                result.duplicated += 1
                result.findings.append(f"order {order.name} is {len(documents)} documents in {name}: "
                                       + ", ".join(document.number for document in documents))
        home, mirror, side = _home(order, legacy, cloud, ops)
        if home is None:
            result.lost += 1
            result.findings.append(f"order {order.name} was acknowledged and is in no ERP")
            continue
        if side == "legacy":
            result.orders_in_legacy += 1
        else:
            result.orders_in_cloud += 1
        _check_executed(order, legacy, cloud, result)
        if order.uncertain:
            result.findings.append(f"order {order.name}: {order.uncertain}; not compared")
            continue
        _check_lines(order, home, side, result)
        _check_total(order, home, side, result)
        if mirror is not None:
            _check_mirror(order, home, mirror, result)
    return result


def _by_reference(documents: dict) -> dict:
    found: dict = {}
    for document in documents.values():
        found.setdefault(document.reference, []).append(document)
    return found


def _home(order: Order, legacy: list, cloud: list, ops: Architect):
    """(home, inert mirror or None, side). Where it was executed or is released; else where it alone is."""
    one, two = (legacy[0] if legacy else None), (cloud[0] if cloud else None)
    if one is None or two is None:
        return (one or two), None, "legacy" if one else "cloud"
    for here, there, side in ((one, two, "legacy"), (two, one, "cloud")):
        if here.invoiced or here.shipped or (here.open and here.released):
            return here, there, side
    # Cancelled in both: the ERPs' books do not tell any more which one was the home.
    documents = ops.get(f"/ops/v1/trace/{order.number}?channel={order.channel}")["documents"]
    side = documents[0]["home"]
    return (one, two, side) if side == "legacy" else (two, one, side)


def _check_executed(order: Order, legacy: list, cloud: list, result: Result) -> None:
    shipped_there = {sku for document in legacy for sku in document.shipped}
    for document in cloud:
        for sku in shipped_there & set(document.shipped):
            result.executed_twice += 1
            result.findings.append(f"order {order.name}: {sku} was shipped by both ERPs")
    for document in legacy + cloud:
        for line in order.lines.values():
            if document.shipped.get(line.sku, Decimal(0)) > line.quantity:
                result.executed_twice += 1
                result.findings.append(f"order {order.name}: {document.shipped[line.sku]} of {line.sku} "
                                       f"were shipped, {line.quantity} ordered")


def _check_lines(order: Order, home: Document, side: str, result: Result) -> None:
    """Every acknowledged line and change is in the home; a difference is an acknowledged write lost."""
    if order.cancelled:
        if home.open or not home.cancelled:
            result.lost += 1
            result.findings.append(f"order {order.name} was cancelled and is still there as {home.number}")
        return
    if home.cancelled:
        result.lost += 1
        result.findings.append(f"order {order.name} was deleted in its home as {home.number}")
        return
    there = {line.sku: line for line in home.lines if line.quantity}
    for line in order.lines.values():
        if not line.kept:
            if line.sku in there:
                result.lost += 1
                result.findings.append(f"order {order.name} {side} {home.number}: {line.sku} was cancelled, "
                                       f"{there.pop(line.sku).quantity} are there")
            continue
        found = there.pop(line.sku, None)
        seen = None if found is None else (found.quantity, found.price, found.net)
        if seen != (line.kept, line.price, line.net) or (found.location and found.location != line.location):
            result.lost += 1
            result.findings.append(
                f"order {order.name} {side} {home.number}, {line.sku} at {line.location}: acknowledged "
                f"{line.kept} × {line.price} = {line.net}, there "
                + ("nothing" if found is None else
                   f"{found.quantity} × {found.price} = {found.net} at {found.location}"))
    for line in there.values():
        result.lost += 1
        result.findings.append(f"order {order.name} {side} {home.number}: {line.quantity} of {line.sku} "
                               "that no channel ordered")


def _check_total(order: Order, home: Document, side: str, result: Result) -> None:
    if order.cancelled or home.cancelled or home.gross is None:
        return
    if abs(home.gross - order.gross) > TOLERANCE:
        result.totals_differing += 1
        result.findings.append(f"order {order.name} {side} {home.number}: the channel states "
                               f"{order.gross}, the ERP {home.gross}")


def _check_mirror(order: Order, home: Document, mirror: Document, result: Result) -> None:
    """An inert mirror is not a duplicate, and it demands what is outstanding at home: no more, no less."""
    if mirror.released and mirror.open:
        result.duplicated += 1
        result.findings.append(f"order {order.name}: its mirror {mirror.number} is released")
    outstanding: dict = {}
    if home.open:
        for line in home.lines:
            rest = line.quantity - line.shipped
            if rest:
                outstanding[line.sku] = rest
    demanded: dict = {}
    if mirror.open:
        demanded = {line.sku: line.quantity - line.shipped for line in mirror.lines
                    if line.quantity - line.shipped}
    if demanded != outstanding:
        shown = [", ".join(f"{quantity} of {sku}" for sku, quantity in sorted(side.items())) or "nothing"
                 for side in (demanded, outstanding)]
        result.diverged += 1
        result.findings.append(f"order {order.name}: its mirror {mirror.number} demands {shown[0]}; "
                               f"outstanding at home ({home.number}) are {shown[1]}")


class Returns:
    """Each acknowledged return is one document in one ERP, and no more came back than left."""

    def __init__(self, book: Book, nav: Nav, bc: BusinessCentral):
        self.acknowledged = 0
        self.lost: list[str] = []
        self.doubled: list[tuple[Order, str]] = []
        in_nav, in_bc = nav.returns(), bc.returns()
        for order in book.acknowledged():
            for number, (sku, quantity, acknowledged) in order.returns.items():
                reference = f"{order.reference}#{number}"
                there = in_nav.get(reference, []) + in_bc.get(reference, [])
                self.acknowledged += acknowledged
                if acknowledged and not there:
                    self.lost.append(f"return {number} of order {order.name} was acknowledged and is in no ERP")
                if len(there) > 1:
                    self.doubled.append((order, f"return {number} of order {order.name} is {len(there)} documents"))
                elif there and there[0] != {sku: quantity}:
                    self.lost.append(f"return {number} of order {order.name}: {quantity} of {sku} were "
                                     f"{'acknowledged' if acknowledged else 'asked'}, there are {there[0]}")


def as_told(book: Book, subject: str, erp: Erp) -> bool:
    """The ERP holds the order "pos/500019" once, and as its channel was told last."""
    channel, _, number = subject.partition("/")
    order = book.orders.get(f"{channel.upper()}/{number}")
    there = [document for document in erp.documents().values() if order is not None and document.reference == order.reference]
    if order is None or len(there) != 1:
        return False
    if order.cancelled:
        return there[0].cancelled
    wanted = {line.sku: line.kept for line in order.lines.values() if line.kept}
    return {line.sku: line.quantity for line in there[0].lines if line.quantity} == wanted


def check_history(book: Book, channels: dict[str, Channel], nav: Nav) -> int:
    """Every order is still found by its number: the channels' own, and those older than the facade."""
    def own(order: Order) -> None:
        before = order.status
        channel = channels[order.channel]
        answer = channel.read("get_order", f"/v1/orders/{order.number}", wanted=(200, 404))
        if answer is not None and answer.status == 404:
            book.found("history_not_found", f"order {order.name} is not found any more")
        elif answer is not None:
            channel.seen(order, answer.json["status"], before)
            channel.check_kept(order, answer)

    def older(number: str) -> None:
        answer = channels["web"].read("get_order", f"/v1/orders/{number}", wanted=(200, 404))
        if answer is not None and answer.status == 404:
            book.found("history_not_found", f"order {number}, older than the facade, is not found")

    orders = book.acknowledged()
    numbers = [document.number for document in nav.documents().values()
               if document.lines and not document.reference.startswith(("WEB/", "POS/"))]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(own, orders))
        list(threads.map(older, numbers))
    for name, channel in channels.items():
        items = channel.listed()
        if items is None:
            continue
        listed = Counter(item["number"] for item in items if item.get("channel") == name)
        for order in orders:
            if order.channel == name and listed[order.number] != 1:
                book.found("history_not_found", f"order {order.name} is {listed[order.number]} times in the list")
    return len(orders) + len(numbers)


def check_master_data(book: Book, nav: Nav, bc: BusinessCentral, blocked: str, price: tuple) -> list[str]:
    """Customers and prices, value by value, in the ERP that is now the only one."""
    findings = []
    customers = bc.customers()
    for number, values in book.customers.items():
        wanted = {name: value for name, value in values.items() if name != "address"}
        wanted.update(values.get("address", {}))
        wanted.pop("country", None)
        there = customers.get(number)
        for name, value in wanted.items():
            if there is None or there[name] != value:
                findings.append(f"customer {number}: {name} was acknowledged as {value!r}, bc has "
                                f"{None if there is None else there[name]!r}")
    if blocked and not customers.get(blocked, {}).get("blocked"):
        findings.append(f"customer {blocked} was blocked by nav's finance, and is not in bc")
    key, amount = price
    if bc.prices().get(key) != amount:
        findings.append(f"the price of {key[0]} is {bc.prices().get(key)} in bc, {amount} was published")
    return findings


def check_stock(book: Book, nav: Nav, bc: BusinessCentral, alone_since: float) -> list[str]:
    """The same stock everywhere, and every acknowledged adjustment posted exactly once in each ERP.

    Whether a write is mirrored is decided when it is closed: what was answered before `alone_since`,
    when the change to cloud_only was about to be asked for, is in both; legacy may lack the rest.
    """
    findings = []
    only_in_bc: dict = {}
    posted = {"nav": nav.movements(), "bc": bc.movements()}
    for movement, (key, quantity, _, answered) in book.adjustments.items():
        for name, entries in posted.items():
            found = entries.get(movement, [])
            if found == [(key, quantity)]:
                continue
            if name == "nav" and not found and answered > alone_since:
                only_in_bc[key] = only_in_bc.get(key, Decimal(0)) + quantity
                continue
            findings.append(f"adjustment {movement} of {quantity} to {key} is {found or 'nowhere'} in {name}")
    here, there = nav.stock(), bc.stock()
    for key in sorted(here):
        if here[key] + only_in_bc.get(key, Decimal(0)) != there.get(key):
            findings.append(f"stock of {key[0]} at {key[1]}: nav {here[key]}, bc {there.get(key)}")
    return findings


def check_old_orders(nav: Nav, bc: BusinessCentral) -> list[str]:
    """The mirrors of orders older than the facade have followed them, too."""
    findings = []
    homes = nav.documents()
    for mirror in bc.documents().values():
        if not mirror.reference.startswith("NAV/") or not mirror.open:
            continue
        home = homes.get(mirror.reference.removeprefix("NAV/"))
        outstanding = {line.sku: line.quantity - line.shipped for line in home.lines
                       if line.quantity - line.shipped} if home is not None and home.open else {}
        demanded = {line.sku: line.quantity - line.shipped for line in mirror.lines
                    if line.quantity - line.shipped}
        if demanded != outstanding or mirror.released or mirror.shipped:
            findings.append(f"{mirror.number}, the mirror of {mirror.reference}, demands {demanded}; "
                            f"outstanding at home are {outstanding}")
    return findings
