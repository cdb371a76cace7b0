"""The batch jobs: they read the interface tables, and what they do not like goes to the work centre.

    R40211   F47011/F47012/F4706: purpose 00 makes an order, 04 changes one, 01 cancels one
    R4111Z1  F4111Z1: item ledger entries
    R03010Z  F0101Z2 with F03012Z1: customers

A record that was carried out has EDSP 'Y'; one that was refused stays 'N' and has a message. A job runs as soon as a
record is there. What a fault does to it (common/faults.py): slow, late_commit and drop leave the record to a later run
(after delay_ms, drop after 1.2 seconds); 429 and 503 to one a little later; 500 ends the job in the middle of an order,
which the next run completes; 504_after_commit and drop_after_commit end it before the record is marked.
"""

from __future__ import annotations

import threading
import time
from decimal import Decimal

from . import customers, orders, returns, stock
from .database import QUANTITY, Refused, Store, plain

_LATER_MS = {"429": 60, "503": 60, "drop": 1200}
_UNMARKED = ("504_after_commit", "drop_after_commit")


class Ube:
    def __init__(self, store: Store, faults):
        self.store = store
        self.faults = faults
        self.held = False  # The queue is held: nothing runs.
        self.warns = False  # A job that ends before it has marked its record has a message for it, too.
        self._due: dict = {}  # Record -> when it may run.
        self._settled: set = set()  # Refused, or carried out and never marked: not looked at again.
        self._half: dict = {}  # Record -> the order that it has begun.
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def pending(self) -> int:
        with self._lock:
            return len(self._due)

    def rerun(self) -> None:
        """The next run takes every record without its mark again: refused ones, and those of a job that broke off."""
        with self.store.lock:
            self._settled.clear()
            self.run_once()

    def _run(self) -> None:
        seen = None
        while not self._stop.wait(0.003):
            try:
                version = self.store.data_version()
                if version == seen and not self._due:
                    continue
                with self.store.lock:
                    if not self.held:
                        self.run_once()
                        seen = version
            except Exception as error:  # a job that ends abnormally is started again
                print(f"UBE: {error}", flush=True)
                time.sleep(0.05)

    def run_once(self) -> None:
        present = set()
        for table, prefix, key, job in (
                ("F47011", "SY", ("EKCO", "EDOC", "EDCT"), self._order),
                ("F4111Z1", "SZ", ("EDUS", "EDBT", "EDTN"), self._movement),
                ("F0101Z2", "SZ", ("EDUS", "EDBT", "EDTN"), self._customer)):
            with self.store.lock:
                rows = [row for row in self.store.select(table) if row[prefix + "EDSP"] != "Y"]
            for row in rows:
                # A key that was taken away and used again is another record: its sender says so in EDFT.
                record = (table, *(row[prefix + name] for name in key), row[prefix + "EDFT"])
                present.add(record)
                self._take(record, row, prefix, job)
        with self._lock:
            self._settled &= present
            self._due = {record: due for record, due in self._due.items() if record in present}

    def _take(self, record, row, prefix, job) -> None:
        if record in self._settled:
            return
        due = self._due.get(record)
        if due is not None and time.monotonic() < due:
            return
        names = {"F47011": "R40211." + str(row.get("SYTPUR")), "F4111Z1": "R4111Z1", "F0101Z2": "R03010Z"}
        fault = self.faults.take(names[record[0]]) if due is None else None
        kind = fault.kind if fault else ""
        if kind in ("slow", "late_commit", *_LATER_MS):
            with self._lock:
                self._due[record] = time.monotonic() + _LATER_MS.get(kind, fault.delay_ms) / 1000
            return
        half = kind == "500" and record[0] == "F47011" and row["SYTPUR"] == "00"
        try:
            for _ in range(2 if kind == "duplicate" else 1):
                with self.store.transaction():
                    job(record, row, half)
                    if not half and kind not in _UNMARKED:
                        self._mark(record[0], prefix, row)
                    elif self.warns:
                        self._message(record, Refused("0003", "The day is a holiday"))
            if kind in _UNMARKED:
                self._settled.add(record)
        except Refused as error:
            self._settled.add(record)
            self._message(record, error)
        with self._lock:
            self._due.pop(record, None)
            if half:
                self._due[record] = time.monotonic() + 0.06

    def _mark(self, table: str, prefix: str, row: dict) -> None:
        names = ("EKCO", "EDOC", "EDCT") if table == "F47011" else ("EDUS", "EDBT", "EDTN")
        for one, letters in {"F47011": (("F47011", "SY"), ("F47012", "SZ"), ("F4706", "ZA")),
                             "F4111Z1": (("F4111Z1", "SZ"),),
                             "F0101Z2": (("F0101Z2", "SZ"), ("F03012Z1", "VO"))}[table]:
            self.store.update(one, {letters + name: row[prefix + name] for name in names}, {letters + "EDSP": "Y"})

    def _message(self, record, error: Refused) -> None:
        with self.store.transaction():
            self.store.insert("F01131V", {
                "WVTABL": record[0], "WVKEY": "|".join(str(part) for part in record[1:-1]), "WVLINE": error.line,
                "WVDTAI": error.code, "WVTEXT": error.text, "WVSEQ": self.store.next_number("PPAT")})

    # ---- R40211
    def _order(self, record, row, half: bool) -> None:
        key = {"EKCO": row["SYEKCO"], "EDOC": row["SYEDOC"], "EDCT": row["SYEDCT"]}
        lines = [(line["SZLNID"], self._asked(line))
                 for line in self.store.select("F47012", {"SZ" + name: value for name, value in key.items()})]
        addresses = self.store.select("F4706", {"ZA" + name: value for name, value in key.items()})
        if row["SYTPUR"] == "00":
            header = self._create(record, row, lines, half)
        else:
            header = orders.header_of(self.store, row["SYDOCO"], row["SYDCTO"], row["SYKCOO"])
            if row["SYTPUR"] == "01":
                orders.cancel(self.store, header, row["SYUSER"])
                return
            self._change(header, row, lines)
        for address in addresses:
            self._address(header, address)

    @staticmethod
    def _asked(line: dict) -> dict:
        return {"item": line["SZLITM"], "branch": line["SZMCU"], "uom": line["SZUOM"], "quantity": line["SZUORG"],
                "list": line["SZLPRC"], "price": line["SZUPRC"], "amount": line["SZAEXP"],
                "requested": line["SZDRQJ"], "kind": line["SZLNTY"] or "S", "description": line["SZDSC1"],
                "more": {"SD" + name: line["SZ" + name] for name in ("RCD", "OKCO", "OORN", "OCTO", "OGNO")}}

    def _create(self, record, row, lines, half: bool) -> dict:
        begun = self._half.pop(record, None)
        if begun is not None:  # The header and its first line are there.
            header = orders.header_of(self.store, begun, row["SYDCTO"])
            for number, asked in lines[1:]:
                orders.set_line(self.store, header, number, asked, row["SYUSER"])
            orders.touch(self.store, header, row["SYUSER"])
            return header
        if row["SYEDDL"] != len(lines):
            raise Refused("4311", f"{len(lines)} of {row['SYEDDL']} lines are there")
        if row["SYDCTO"] == returns.TYPE:
            for number, asked in lines:
                returns.check(self.store, number, asked)
        header = orders.enter(self.store, {
            "SHDCTO": row["SYDCTO"], "SHMCU": row["SYMCU"], "SHAN8": row["SYAN8"], "SHSHAN": row["SYSHAN"] or row["SYAN8"],
            "SHDRQJ": row["SYDRQJ"], "SHTRDJ": row["SYTRDJ"], "SHPDDJ": row["SYDRQJ"], "SHVR01": row["SYVR01"],
            "SHVR02": row["SYVR02"], "SHHOLD": row["SYHOLD"], "SHCRCD": row["SYCRCD"], "SHTKBY": row["SYUSER"],
            "SHPID": "R40211"}, lines[:1] if half else lines, row["SYUSER"])
        if half:
            self._half[record] = header["SHDOCO"]
        return header

    def _change(self, header, row, lines) -> None:
        for number, asked in lines:
            orders.set_line(self.store, header, number, asked, row["SYUSER"])
        if row["SYDRQJ"]:  # Lines without a day of their own go with their order.
            self.store.update("F4211", {**orders.key_of(header, "SD"), "SDDRQJ": header["SHDRQJ"],
                                        "SDLTTR": orders.ENTERED[0]}, {"SDDRQJ": row["SYDRQJ"]})
        orders.touch(self.store, header, row["SYUSER"], SHHOLD=row["SYHOLD"], SHVR02=row["SYVR02"],
                     SHDRQJ=row["SYDRQJ"] or header["SHDRQJ"])

    def _address(self, header, address) -> None:
        key = {"OADOCO": header["SHDOCO"], "OADCTO": header["SHDCTO"], "OAKCOO": header["SHKCOO"],
               "OAANTY": address["ZAANTY"]}
        fields = {"OA" + name: address["ZA" + name]
                  for name in ("MLNM", "ADD1", "ADD2", "ADDZ", "CTY1", "ADDS", "CTR")}
        if not self.store.update("F4006", key, fields):
            self.store.insert("F4006", {**key, **fields})

    # ---- R4111Z1
    def _movement(self, record, row, half: bool) -> None:
        stock.move(self.store, row["SZLITM"], row["SZMCU"], plain(row["SZTRQT"], QUANTITY), row["SZDCT"],
                   row["SZTREX"], row["SZEDUS"], reason=row["SZRCD"])

    # ---- R03010Z
    def _customer(self, record, row, half: bool) -> None:
        master = self.store.get("F03012Z1", {"VO" + name: row["SZ" + name] for name in ("EDUS", "EDBT", "EDTN")})
        if master is None:
            raise Refused("0105", "There is no F03012Z1 record")
        number = row["SZAN8"]
        if row["SZTNAC"] == "A" and number:
            raise Refused("0106", "A new customer has no number yet")
        customers.write(self.store, number, {name[2:]: value for name, value in row.items()},
                        {name[2:]: value for name, value in master.items()}, row["SZEDUS"])
