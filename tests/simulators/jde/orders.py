"""Sales orders: F4201 and F4211, shipped lines split by line number, closed ones in F42119."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from . import stock
from .database import AMOUNT, PRICE, QUANTITY, Refused, Store, julian, plain, scaled

COMPANY, TYPE = "00001", "SO"
ENTERED, SHIPPED, INVOICED, CANCELLED, DONE = ("520", "540"), ("560", "580"), "620", "980", "999"


def key_of(header: dict, prefix: str) -> dict:
    return {prefix + "DOCO": header["SHDOCO"], prefix + "DCTO": header["SHDCTO"], prefix + "KCOO": header["SHKCOO"]}


def header_of(store: Store, document: int, kind: str = TYPE, company: str = COMPANY) -> dict:
    found = store.get("F4201", {"SHDOCO": document, "SHDCTO": kind, "SHKCOO": company})
    if found is None:
        raise Refused("032A", f"Order {document} {kind} {company} not found")
    return found


def lines_of(store: Store, header: dict) -> list[dict]:
    return store.select("F4211", key_of(header, "SD"))


def touch(store: Store, header: dict, user: str, **changes) -> None:
    upmj, tday = store.stamp()
    store.update("F4201", key_of(header, "SH"),
                 {**changes, "SHUSER": user, "SHUPMJ": upmj, "SHTDAY": tday,
                  "SHOTOT": sum(line["SDAEXP"] for line in lines_of(store, header) if line["SDLTTR"] != CANCELLED)})


def write_line(store: Store, header: dict, line: dict, user: str) -> None:
    upmj, tday = store.stamp()
    key = {**key_of(header, "SD"), "SDLNID": line["SDLNID"]}
    line = {**line, "SDUSER": user, "SDUPMJ": upmj, "SDTDAY": tday}
    if not store.update("F4211", key, line):
        store.insert("F4211", line)


def _is_stock(line: dict) -> bool:
    return line["SDLNTY"] == "S"  # What comes back (C) is no demand.


def _commit(store: Store, line: dict, delta: int) -> None:
    if _is_stock(line) and delta:
        stock.change(store, line["SDITM"], line["SDMCU"], "LIPCOM", delta)


def new_line(store: Store, header: dict, number: int, asked: dict) -> dict:
    """A line as order entry makes it. `asked`: item, branch, uom, quantity and prices as scaled numbers."""
    branch = asked["branch"] or header["SHMCU"]
    short, description = 0, asked.get("description", "")
    kind = asked.get("kind", "S")
    if kind in ("S", "C"):
        article = stock.item(store, asked["item"], branch, number)
        short = article["IBITM"]
        description = store.get("F4101", {"IMITM": short})["IMDSC1"]
    sign = -1 if kind == "C" else 1  # The line type of returns reverses the sign.
    quantity, price, amount = sign * asked["quantity"], asked["price"], sign * asked["amount"]
    return {**key_of(header, "SD"), "SDLNID": number, "SDSFXO": "000", "SDMCU": branch, "SDCO": header["SHCO"],
            "SDAN8": header["SHAN8"], "SDSHAN": header["SHSHAN"], "SDDRQJ": asked.get("requested") or header["SHDRQJ"],
            "SDTRDJ": header["SHTRDJ"], "SDVR01": header["SHVR01"], "SDITM": short, "SDLITM": asked["item"],
            "SDAITM": asked["item"], "SDDSC1": description, "SDLNTY": kind,
            "SDLTTR": ENTERED[0], "SDNXTR": ENTERED[1], "SDUOM": asked.get("uom", "EA"), "SDUORG": quantity,
            "SDSOQS": quantity, "SDUOPN": quantity, "SDCOMM": "S", "SDLPRC": asked.get("list") or price, "SDUPRC": price,
            "SDAEXP": amount, "SDAOPN": amount, "SDPROV": "1", "SDTAX1": "Y", "SDTXA1": "DE19",
            "SDCRCD": header["SHCRCD"], **asked.get("more", {})}


def enter(store: Store, header: dict, lines: list[tuple[int, dict]], user: str) -> dict:
    """A new order; `header` has SH columns without the number."""
    customer = store.get("F03012", {"AIAN8": header["SHAN8"], "AICO": "00000"})
    if customer is None:
        raise Refused("0018", f"Customer {header['SHAN8']} not found in F03012")
    if customer["AIHDAR"] in ("Y", "S", "I"):
        raise Refused("4028", f"Customer {header['SHAN8']} is on hold, no orders are taken")
    if not lines:
        raise Refused("0037", "An order must have lines")
    header = {"SHKCOO": COMPANY, "SHDCTO": TYPE, "SHSFXO": "000", "SHCO": COMPANY, "SHSHAN": header["SHAN8"],
              "SHPA8": header["SHAN8"], **header, "SHDOCO": store.next_number("42")}
    store.insert("F4201", header)
    for number, asked in lines:
        line = new_line(store, header, number, asked)
        write_line(store, header, line, user)
        _commit(store, line, line["SDUOPN"])
    touch(store, header, user)
    return header


def set_line(store: Store, header: dict, number: int, asked: dict, user: str) -> None:
    """Order change: `asked` is what the whole line shall be, what has shipped included."""
    parts = [line for line in lines_of(store, header) if line["SDLNID"] // 1000 == number // 1000]
    parts += [line for line in store.select("F42119", key_of(header, "SD"))
              if line["SDLNID"] // 1000 == number // 1000]
    gone = [line for line in parts if line["SDADDJ"]]
    still = [line for line in parts if line["SDLTTR"] == ENTERED[0]]
    rest = asked["quantity"] - sum(line["SDSOQS"] for line in gone)
    amount = asked["amount"] - sum(line["SDAEXP"] for line in gone)
    if rest < 0:
        raise Refused("0372", f"Quantity is below what has shipped", number)
    if still:
        line = still[0]
        _commit(store, line, rest - line["SDUOPN"])
        line = {**line, "SDUORG": rest, "SDSOQS": rest, "SDUOPN": rest, "SDUPRC": asked["price"],
                "SDLPRC": asked.get("list") or asked["price"], "SDAEXP": amount, "SDAOPN": amount}
        if asked.get("requested"):
            line["SDDRQJ"] = asked["requested"]
    elif gone and not rest:
        return
    else:
        place = max((line["SDLNID"] for line in parts), default=number - 10) + 10
        line = new_line(store, header, place, {**asked, "quantity": rest, "amount": amount})
        _commit(store, line, rest)
    write_line(store, header, line, user)


def cancel(store: Store, header: dict, user: str) -> None:
    lines = lines_of(store, header)
    if any(line["SDADDJ"] for line in lines) or store.select("F42119", key_of(header, "SD")):
        raise Refused("0373", f"Order {header['SHDOCO']} has shipped")
    for line in lines:
        if line["SDLTTR"] == CANCELLED:
            continue
        _commit(store, line, -line["SDUOPN"])
        write_line(store, header, {**line, "SDLTTR": CANCELLED, "SDNXTR": DONE, "SDSOCN": line["SDUOPN"],
                                    "SDSOQS": 0, "SDUOPN": 0, "SDAOPN": 0, "SDCNDJ": julian(store.today())}, user)
    touch(store, header, user, SHCNDJ=julian(store.today()))


def _share(amount: int, part: int, whole: int) -> int:
    return int((Decimal(amount) * part / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def ship(store: Store, header: dict, partial: bool, user: str) -> int:
    """Ship confirmation. What remains of a line becomes a line of its own, 1.010 of 1.000."""
    if header["SHHOLD"]:
        raise Refused("4100", f"Order {header['SHDOCO']} is on hold {header['SHHOLD']}")
    still = [line for line in lines_of(store, header) if line["SDLTTR"] == ENTERED[0] and line["SDUOPN"] > 0]
    if not still:
        raise Refused("4101", f"Order {header['SHDOCO']} has nothing to ship")
    delivery = store.next_number("4205")
    taken = still[:1] if partial else still
    for line in taken:
        quantity = line["SDUOPN"]
        if partial and quantity > 100:
            quantity = quantity // 200 * 100 or 100
        rest = line["SDUOPN"] - quantity
        amount = _share(line["SDAEXP"], quantity, line["SDUOPN"]) if rest else line["SDAEXP"]
        write_line(store, header, {**line, "SDUORG": quantity, "SDSOQS": quantity, "SDUOPN": 0, "SDAEXP": amount,
                                    "SDAOPN": 0, "SDLTTR": SHIPPED[0], "SDNXTR": SHIPPED[1], "SDDELN": delivery,
                                    "SDADDJ": julian(store.today())}, user)
        if rest:
            write_line(store, header, {**line, "SDLNID": line["SDLNID"] + 10, "SDUORG": rest, "SDSOQS": rest,
                                        "SDUOPN": rest, "SDAEXP": line["SDAEXP"] - amount, "SDAOPN": line["SDAEXP"] - amount}, user)
        _commit(store, line, -quantity)
        if _is_stock(line):
            stock.move(store, line["SDLITM"], line["SDMCU"], -plain(quantity, QUANTITY), "SO",
                       f"SHIP {delivery}", user, header["SHDOCO"])
    touch(store, header, user)
    return delivery


def invoice(store: Store, header: dict, user: str, kind: str = "RI") -> int:
    """Sales update: shipped lines are invoiced and leave for F42119."""
    lines = [line for line in lines_of(store, header) if line["SDLTTR"] == SHIPPED[0]]
    if not lines:
        raise Refused("4102", f"Order {header['SHDOCO']} has nothing to invoice")
    number = store.next_number("03B")
    upmj, tday = store.stamp()
    for line in lines:
        store.delete("F4211", {**key_of(header, "SD"), "SDLNID": line["SDLNID"]})
        store.insert("F42119", {**line, "SDLTTR": INVOICED, "SDNXTR": DONE, "SDDOC": number, "SDDCT": kind,
                                "SDIVD": upmj, "SDUSER": user, "SDUPMJ": upmj, "SDTDAY": tday})
    touch(store, header, user)
    return number


def change_quantity(store: Store, header: dict, number: int, quantity: Decimal, user: str) -> None:
    parts = [line for line in lines_of(store, header) if line["SDLNID"] // 1000 == number]
    if not parts:
        raise Refused("032B", f"Order {header['SHDOCO']} has no line {number}", number * 1000)
    units = scaled(quantity, QUANTITY)
    price = parts[0]["SDLPRC"]
    gross = (plain(price, PRICE) * quantity).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    set_line(store, header, number * 1000,
             {"item": parts[0]["SDLITM"], "branch": parts[0]["SDMCU"], "quantity": units, "price": price,
              "amount": scaled(gross, AMOUNT)}, user)
    touch(store, header, user)
