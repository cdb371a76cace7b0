"""Credit orders (CO): what comes back. Their lines refer to those of an order, and are below zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from . import orders, stock
from .database import AMOUNT, PRICE, QUANTITY, Refused, Store, julian, plain, scaled

TYPE, CREDIT = "CO", "RM"


def sold_line(store: Store, line: dict) -> dict | None:
    """The line of an order that a line of a credit order, or an asked one, refers to."""
    if not line["SDOORN"]:
        return None
    key = {"SDDOCO": int(line["SDOORN"]), "SDDCTO": line["SDOCTO"], "SDKCOO": line["SDOKCO"], "SDLNID": line["SDOGNO"]}
    return store.get("F4211", key) or store.get("F42119", key)


def check(store: Store, number: int, asked: dict) -> None:
    """What order entry refuses of a line of a credit order."""
    if store.get("F0005", {"DRSY": "42", "DRRT": "RC", "DRKY": asked["more"]["SDRCD"]}) is None:
        raise Refused("0018", f"Reason {asked['more']['SDRCD']} is not in 42/RC", number)
    if asked["more"]["SDOORN"] and sold_line(store, asked["more"]) is None:
        raise Refused("0385", f"Original order {asked['more']['SDOORN']} has no line {asked['more']['SDOGNO']}", number)


def receive(store: Store, header: dict, user: str) -> None:
    for line in orders.lines_of(store, header):
        if line["SDLTTR"] != orders.ENTERED[0]:
            continue
        orders.write_line(store, header, {**line, "SDSOQS": line["SDUORG"], "SDUOPN": 0, "SDAOPN": 0,
                                          "SDLTTR": orders.SHIPPED[0], "SDNXTR": orders.SHIPPED[1],
                                          "SDADDJ": julian(store.today())}, user)
        stock.move(store, line["SDLITM"], line["SDMCU"], -plain(line["SDUORG"], QUANTITY), TYPE,
                   f"RETURN {header['SHDOCO']}", user, header["SHDOCO"])
    orders.touch(store, header, user)


def credit(store: Store, header: dict, user: str) -> int:
    receive(store, header, user)
    return orders.invoice(store, header, user, CREDIT)


def take_back(store: Store, header: dict, number: int, quantity: Decimal, reason: str, user: str) -> dict:
    """JDE's own people, in another program: it numbers lines itself, and writes OORN without zeros."""
    key = {**orders.key_of(header, "SD"), "SDLNID": number * 1000}
    sold = store.get("F42119", key) or store.get("F4211", key)
    if sold is None:
        raise Refused("032B", f"Order {header['SHDOCO']} has no line {number}", number * 1000)
    amount = (plain(sold["SDUPRC"], PRICE) * quantity).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    asked = {"item": sold["SDLITM"], "branch": sold["SDMCU"], "kind": "C", "quantity": scaled(quantity, QUANTITY),
             "price": sold["SDUPRC"], "amount": scaled(amount, AMOUNT),
             "more": {"SDRCD": reason, "SDOKCO": header["SHKCOO"], "SDOORN": str(header["SHDOCO"]),
                      "SDOCTO": header["SHDCTO"], "SDOGNO": sold["SDLNID"]}}
    check(store, 1000, asked)
    return orders.enter(store, {"SHDCTO": TYPE, "SHVR01": "", "SHMCU": header["SHMCU"], "SHAN8": header["SHAN8"],
                                "SHTRDJ": julian(store.today()), "SHDRQJ": julian(store.today()),
                                "SHCRCD": header["SHCRCD"]}, [(1000, asked)], user)


def books(store: Store) -> list[dict]:
    rows = []
    for header in store.select("F4201", {"SHDCTO": TYPE}) + store.select("F42019", {"SHDCTO": TYPE}):
        key = orders.key_of(header, "SD")
        lines = store.select("F4211", key) + store.select("F42119", key)
        rows.append({"document": f"{header['SHDOCO']}-{TYPE}-{header['SHKCOO']}", "reference": header["SHVR01"],
                     "order": header["SHVR02"], "lines": [_told(store, line) for line in lines]})
    return rows


def _told(store: Store, line: dict) -> dict:
    sold = sold_line(store, line)
    invoice = f"{sold['SDDCT']}-{sold['SDDOC']}" if sold and sold["SDDOC"] else ""
    return {"item": line["SDLITM"], "quantity": str(plain(line["SDUORG"], QUANTITY)),
            "amount": str(plain(line["SDAEXP"], AMOUNT)), "reason": line["SDRCD"], "last": line["SDLTTR"],
            "invoice": invoice}
