"""The batch job: takes files from the outbound folder, posts them, and writes what there is to tell.

A transaction that was posted under its number is not posted again: the job tells its answer again.
Faults (see common/faults.py) hit single transactions; their kinds mean here:

    429, 503, 500      the interface is closed for this transaction: answered "L", send it again
    drop               the job ends abnormally before it has posted; an operator starts it again
    504_after_commit   it ends abnormally after it has posted; started again it takes the file once more
    drop_after_commit  the status file is written twice, the second time under another name
    late_commit, slow  the job waits delay_ms, then goes on
    duplicate          the transaction is posted twice: the guard against repeats is off
    stale_key          nothing: changes are absolute
"""

from __future__ import annotations

import os
import threading
import time
from decimal import Decimal

from .books import Books, Refused
from .layouts import LayoutError, Wire

_CODES = {"ORD": {"OHA"}, "CUO": {"CUS"}, "ADJ": {"ADJ"}, "RET": {"RHD"}}
_RESTART_S = 0.02


class Ended(Exception):
    """The job ended abnormally; what it has posted stays posted."""


class Job:
    def __init__(self, books: Books, faults, wire: Wire, outbound: str, inbound: str, prices: str, done: bool):
        self.books, self.faults, self.wire = books, faults, wire
        self.outbound, self.inbound, self.price_folder, self.done = outbound, inbound, prices, done
        self.runs = {"STS": 0, "DLT": 0, "STK": 0, "CUS": 0, "PRC": 0}
        self.answered: dict = {}
        self.refused_files: list = []
        self.lock = threading.RLock()
        self.awake = threading.Event()
        self.busy = 0
        self.answers: list = []
        self.write_twice = False

    # ---- taking files

    def waiting(self) -> list:
        names = sorted(name for name in os.listdir(self.outbound) if name.endswith(".DAT") and name[:3] in _CODES)
        # A customer comes before the orders that name it.
        return sorted(names, key=lambda name: (name[:3] != "CUO", name[3:]))

    def run(self) -> int:
        """Everything that lies there; the number of files."""
        taken = 0
        with self.lock:
            while True:
                names = self.waiting()
                if not names:
                    return taken
                for name in names:
                    self._take(name)
                    taken += 1

    def _take(self, name: str) -> None:
        path = os.path.join(self.outbound, name)
        with open(path, "rb") as file:
            content = file.read()
        while True:
            try:
                self._post(name[:3], content)
                break
            except Ended:
                time.sleep(_RESTART_S)  # Until the operator has started it again.
            except LayoutError as error:
                self.refused_files.append({"file": name, "reason": str(error)})
                break
        os.makedirs(os.path.join(self.outbound, "taken"), exist_ok=True)
        os.replace(path, os.path.join(self.outbound, "taken", name))
        self.tell()

    def _post(self, kind: str, content: bytes) -> None:
        _, rows = self.wire.read(kind, content)
        self.answers = []
        groups: list = []
        for tag, values in rows:
            if tag in _CODES[kind]:
                groups.append((values, []))
            elif groups and values["SEQ"] == groups[-1][0]["SEQ"]:
                groups[-1][1].append((tag, values))
            else:
                raise LayoutError(f"{tag} belongs to no header before it")
        for header, details in groups:
            self._transaction(kind, header, details)

    def _transaction(self, kind: str, header: dict, details: list) -> None:
        seq = int(header["SEQ"])
        reference = header.get("RREF") or header.get("REF") or header.get("NUM") or header.get("MOVE") or ""
        if seq in self.answered:
            before = self.answered[seq]
            if before["REF"] != reference:
                before = {"SEQ": seq, "KIND": kind, "REF": reference, "RESULT": "R", "REASON": "SEQN",
                          "TEXT": "the number was used before"}
            self.answers.append(before)
            return
        action = header.get("ACT", "A") or "A"
        fault = self.faults.take(f"{kind}.{action}")
        answer = {"SEQ": seq, "KIND": kind, "REF": reference, "RESULT": "A"}
        kind_of_fault = fault.kind if fault else ""
        if kind_of_fault in ("429", "503", "500"):
            self.answers.append({**answer, "RESULT": "L", "REASON": "CLSD", "TEXT": "interface closed"})
            return
        if kind_of_fault in ("slow", "late_commit"):
            self._wait(fault.delay_ms / 1000)
        if kind_of_fault == "drop":
            raise Ended
        try:
            answer["DOC"] = self._do(kind, action, header, details)
            if kind_of_fault == "duplicate":
                self._do(kind, action, header, details)
        except Refused as refused:
            answer.update(RESULT="R", REASON=refused.reason, TEXT=refused.text[:60], LINE=refused.line)
        self.answered[seq] = answer
        if kind_of_fault == "504_after_commit":
            raise Ended
        if kind_of_fault == "drop_after_commit":
            self.write_twice = True
        self.answers.append(answer)

    def _wait(self, seconds: float) -> None:
        """Without the lock: people and the control plane go on meanwhile. Ends when faults are cleared."""
        self.awake.clear()
        self.busy += 1
        self.lock.release()
        try:
            self.awake.wait(seconds)
        finally:
            self.lock.acquire()
            self.busy -= 1

    def _do(self, kind: str, action: str, header: dict, details: list) -> str:
        books = self.books
        if kind == "CUO":
            if action == "A" and header["NUM"] in books.customers:
                raise Refused("DUPL", f"customer {header['NUM']} is there already")
            if action == "C" and header["NUM"] not in books.customers:
                raise Refused("CUST", f"customer {header['NUM']} is not known")
            books.put_customer({name: value for name, value in header.items() if name not in ("ACT", "SEQ")})
            return ""
        if kind == "ADJ":
            return str(books.move(header["SKU"], header["WHS"], header["QTY"], header["MOVE"], "UNDERPIN"))
        if kind == "RET":
            return books.create_return(header, [values for _, values in details])
        return self._order(action, header, details)

    def _order(self, action: str, header: dict, details: list) -> str:
        books = self.books

        def of(tag):
            return [{name: value for name, value in values.items() if name != "SEQ"}
                    for one, values in details if one == tag]

        if action == "A":
            return books.create_order(header, of("OLN"), of("OAD"), of("OCH"), of("OPY"))
        order = books.find_order(header["REF"], header["ORDNO"])
        if order is None:
            raise Refused("ORDR", f"order {header['REF'] or header['ORDNO']} is not known")
        books.open_order(order["ORDNO"])
        if action == "C":
            books.change_order(order, header, of("OLN"), of("OAD"))
        elif action == "X":
            books.cancel_order(order)
        elif action in ("H", "R"):
            order["HOLD"] = "Y" if action == "H" else "N"
            books.touch(order)
        else:
            raise Refused("ACTN", f"action {action} is not known")
        return order["ORDNO"]

    # ---- telling

    def tell(self) -> list:
        """Writes what has changed: customers, then stock, then status. The names of the files."""
        with self.lock:
            books, names = self.books, []
            if books.changed_customers:
                rows = [("CUS", books.customers[number]) for number in books.changed_customers]
                names.append(self._write("CUS", rows))
                books.changed_customers = {}
            if books.new_movements or books.changed_levels:
                rows = [("MOV", row) for row in books.new_movements]
                rows += [("STK", books.level_row(key)) for key in books.changed_levels]
                names.append(self._write("DLT", rows))
                books.new_movements, books.changed_levels = [], {}
            rows = []
            for number in books.changed_orders:
                rows += books.order_rows(number)
            for number in books.changed_returns:
                rows += books.return_rows(number)
            rows += [("ANS", answer) for answer in self.answers]
            books.changed_orders, books.changed_returns, self.answers = {}, {}, []
            if rows:
                names.append(self._write("STS", rows))
                if self.write_twice:
                    self.write_twice = False
                    self._again(names[-1])
            return names

    def write_stock(self, trap: str = "") -> str:
        with self.lock:
            return self._write("STK", [("STK", self.books.level_row(key)) for key in sorted(self.books.stock)], trap)

    def write_prices(self, trap: str = "") -> str:
        with self.lock:
            rows = [("PRC", row) for row in sorted(self.books.prices, key=lambda r: (
                r["SKU"], r["TYPE"], r["CODE"], r["FROM"], r["MINQ"]))]
            return self._write("PRC", rows, trap)

    def write_status(self, rows: list, trap: str = "") -> str:
        """A status file of any rows: for tests of what should not be there."""
        with self.lock:
            return self._write("STS", rows, trap)

    def _write(self, kind: str, rows: list, trap: str = "") -> str:
        self.runs[kind] += 1
        run = self.runs[kind]
        content = self.wire.file(kind, run, self.books.clock(), rows, 1 if trap == "bad_count" else 0,
                                 Decimal(1) if trap == "bad_hash" else Decimal(0))
        if trap == "truncated":
            content = content[:len(content) * 2 // 3]
        name = f"{kind}{run:09d}.DAT"
        folder = self.price_folder if kind == "PRC" else self.inbound
        if trap == "half_written":
            self._put(folder, name + ".part", content[:len(content) // 2])
            return name + ".part"
        self._put(folder, name, content)
        return name

    def _again(self, name: str) -> None:
        for folder in (self.inbound, os.path.join(self.inbound, "archive")):
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                continue
            self._put(self.inbound, name.replace(".DAT", "A.DAT"), content)
            return

    def _put(self, folder: str, name: str, content: bytes) -> None:
        aside = os.path.join(folder, "." + name)
        with open(aside, "wb") as file:
            file.write(content)
        os.replace(aside, os.path.join(folder, name))
        if self.done:
            with open(os.path.join(folder, name + ".done"), "wb"):
                pass
