"""The simulated JD Edwards as a process of its own.

    python3 tests/simulators/jde/server.py --port 0 --data DIR

Prints `ready port=NNNN` when its control plane serves. See README.md.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import threading
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.faults import FaultTable  # noqa: E402
from common.http_server import Handler, Server, json_reply, serve_until_terminated  # noqa: E402
from jde import customers, orders, returns, stock  # noqa: E402
from jde.database import PRICE, QUANTITY, Refused, Store, plain  # noqa: E402
from jde.seed import seed, short_number  # noqa: E402
from jde.ube import Ube  # noqa: E402


INTERFACE = (("F47011", "SY"), ("F47012", "SZ"), ("F4706", "ZA"), ("F4111Z1", "SZ"), ("F0101Z2", "SZ"),
             ("F03012Z1", "VO"))


class Faults(FaultTable):
    """`slow` of every operation locks the database, as a reorganisation does, until it is over or cleared."""

    def __init__(self, path: str, draw: int):
        super().__init__(draw)
        self._path = path
        self._over = threading.Event()
        self._locked = threading.Event()
        self.ube: Ube | None = None

    def add(self, description: dict) -> dict:
        if description.get("operation") != "*" or description.get("kind") != "slow":
            return super().add(description)
        self._over.clear()
        self._locked.clear()
        threading.Thread(target=self._keep, args=(description.get("delay_ms", 0) / 1000,), daemon=True).start()
        if not self._locked.wait(10):
            raise ValueError("the database could not be locked")
        return {**description, "fired": 1}

    def _keep(self, seconds: float) -> None:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        self._locked.set()
        self._over.wait(seconds)
        db.execute("ROLLBACK")
        db.close()

    def clear(self) -> None:
        self._over.set()
        super().clear()

    def describe(self) -> dict:
        said = super().describe()
        said["late_commits_pending"] += self.ube.pending() if self.ube else 0
        return said


class Installation:
    def __init__(self, arguments):
        os.makedirs(arguments.data, exist_ok=True)
        path = os.path.join(arguments.data, "jde.db")
        self.store = Store(path, arguments.zone)
        seed(self.store)
        self.faults = Faults(path, arguments.fault_seed)
        self.ube = Ube(self.store, self.faults)
        self.faults.ube = self.ube

    def users(self, action: str, body: dict):
        """What JDE's own people do; None: there is no such action."""
        store, user = self.store, body.get("user", "OFFICE")
        with store.transaction():
            if action == "goods_issue" or action == "receipt":
                sign = -1 if action == "goods_issue" else 1
                entry = stock.move(store, body["item"], body["location"], sign * Decimal(body["quantity"]),
                                   "II" if sign < 0 else "IR", body["document"], body.get("user", "WAREHOUSE"))
                return {"entry": entry}
            if action == "block_customer":
                customers.block(store, body["number"], body.get("blocked", "Y"))
                return {"number": body["number"]}
            if action == "change_mail":
                customers.change_mail(store, body["number"], body["mail"])
                return {"number": body["number"]}
            if action == "write_off_interface":  # a purge of what was carried out
                for table, prefix in INTERFACE:
                    store.delete(table, {prefix + "EDSP": "Y"})
                return {}
            if action == "clear_interface":  # somebody tidies up, whether it was carried out or not
                for table, prefix in INTERFACE:
                    for mark in ("Y", "N"):
                        store.delete(table, {prefix + "EDSP": mark})
                return {}
            if action == "adjust_prices":  # an adjustment for everything, as long as it is said to be in force
                if body["in_force"]:
                    store.insert("F4072", {"ADAST": "SALE", "ADEFTJ": 126001, "ADEXDJ": 140366})
                else:
                    store.delete("F4072", {"ADAST": "SALE"})
                return {}
            if action == "article":  # whether it has a primary location at the branch
                key = {"LIITM": short_number(body["item"]), "LIMCU": body["location"]}
                store.update("F41021", {**key, "LIPBIN": "S" if body["stocked"] else "P", "LILOTN": ""},
                             {"LIPBIN": "P" if body["stocked"] else "S"})
                return {}
            if action in ("receive_return", "credit_return", "cancel_return"):
                header = orders.header_of(store, int(body["document"]), returns.TYPE)
                {"receive_return": returns.receive, "credit_return": returns.credit,
                 "cancel_return": orders.cancel}[action](store, header, user)
                return {"document": header["SHDOCO"]}
            if action not in ("ship", "invoice", "cancel", "change_quantity", "hold", "take_back"):
                return None
            header = orders.header_of(store, int(body["document"]))
            if action == "take_back":
                made = returns.take_back(store, header, int(body["line"]), Decimal(body["quantity"]), body["reason"], user)
                return {"document": made["SHDOCO"]}
            if action == "ship":
                return {"delivery": orders.ship(store, header, body.get("partial", False), user)}
            if action == "invoice":
                return {"invoice": orders.invoice(store, header, user)}
            if action == "cancel":
                orders.cancel(store, header, user)
            elif action == "change_quantity":
                orders.change_quantity(store, header, int(body["line"]), Decimal(body["quantity"]), user)
            else:
                orders.touch(store, header, user, SHHOLD=body.get("code", ""))
            return {"document": header["SHDOCO"]}

    def state(self, part: str | None) -> dict:
        parts = {"orders": self._orders, "movements": self._movements, "customers": self._customers,
                 "interface": self._interface, "stock": self._stock, "returns": lambda: returns.books(self.store)}
        return {name: make() for name, make in parts.items() if part in (None, name)}

    def _orders(self) -> list[dict]:
        rows = []
        for table in ("F4201", "F42019"):
            for header in self.store.select(table):
                if header["SHDCTO"] == returns.TYPE:
                    continue
                key = orders.key_of(header, "SD")
                still = [line for line in self.store.select("F4211", key) if line["SDLTTR"] != orders.CANCELLED]
                rows.append({"document": str(header["SHDOCO"]), "reference": header["SHVR01"],
                             "hold": header["SHHOLD"], "open": bool(still), "user": header["SHUSER"],
                             "lines": [{"number": line["SDLNID"], "item": line["SDLITM"],
                                        "quantity": str(plain(line["SDUORG"], QUANTITY)),
                                        "price": str(plain(line["SDUPRC"], PRICE)), "last": line["SDLTTR"]}
                                       for line in self.store.select("F4211", key)]})
        return rows

    def _movements(self) -> list[dict]:
        return [{"document": row["ILTREX"], "item": row["ILLITM"], "location": row["ILMCU"], "type": row["ILDCT"],
                 "quantity": str(plain(row["ILTRQT"], QUANTITY))} for row in self.store.select("F4111")]

    def _customers(self) -> list[dict]:
        return [{"number": row["ABALKY"], "name": row["ABALPH"]} for row in self.store.select("F0101")]

    def _stock(self) -> list[dict]:
        return [{"item": str(row["LIITM"] - 60_000), "location": row["LIMCU"],
                 "on_hand": str(plain(row["LIPQOH"], QUANTITY)), "committed": str(plain(row["LIPCOM"], QUANTITY))}
                for row in self.store.select("F41021")]

    def _interface(self) -> list[dict]:
        return [{"table": table, "processed": row[prefix + "EDSP"], "key": "|".join(str(row[prefix + name])
                                                                                   for name in names)}
                for table, prefix, names in (("F47011", "SY", ("EKCO", "EDOC", "EDCT")),
                                             ("F4111Z1", "SZ", ("EDUS", "EDBT", "EDTN")),
                                             ("F0101Z2", "SZ", ("EDUS", "EDBT", "EDTN")))
                for row in self.store.select(table)]


class JdeHandler(Handler):
    installation: Installation

    def serve(self, method, path, query, body):
        return json_reply(404, {"error": "JD Edwards is reached through its database"})

    def control(self, method, path, query, document):
        jde = self.installation
        if method == "GET" and path == "state":
            with jde.store.lock:
                return json_reply(200, jde.state(query.get("part")))
        if method == "POST" and path == "queue":
            with jde.store.lock:  # Once it is answered, no job runs any more.
                jde.ube.held = bool(document.get("held"))
            jde.ube.warns = bool(document.get("warns"))
            if document.get("rerun"):
                jde.ube.rerun()
            return json_reply(200, {"held": jde.ube.held})
        if method == "POST" and path.startswith("users/"):
            try:
                result = jde.users(path[len("users/"):], document)
            except Refused as error:
                return json_reply(409, {"error": error.text, "kind": error.code})
            return None if result is None else json_reply(200, result)
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description="A simulated JD Edwards EnterpriseOne")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, printed when ready")
    parser.add_argument("--data", required=True, help="folder of jde.db; made and seeded if there is none")
    parser.add_argument("--zone", default="Europe/Berlin", help="of its clock")
    parser.add_argument("--fault-seed", type=int, default=1, help="of the draw of fault probabilities")
    arguments = parser.parse_args()
    JdeHandler.installation = Installation(arguments)
    server = Server(arguments.port, JdeHandler, JdeHandler.installation.faults)
    JdeHandler.installation.ube.start()
    serve_until_terminated(server)
    JdeHandler.installation.ube.stop()
    JdeHandler.installation.store.close()


if __name__ == "__main__":
    main()
