"""The partner's EDI gateway: takes interchanges from a folder, gives them to the order desk, and writes what there is
to tell. An interchange that came before, under the same control number, is answered again and not carried out again.

Faults (see common/faults.py) hit single sets, by the operation "850", "860.04.BK" (purpose, type) or "947":

    429, 503, 500      the gateway is closed for a while: the file lies there
    drop               it ends abnormally before the set is carried out, and is started again
    504_after_commit   it ends abnormally afterwards; started again it takes the file once more
    drop_after_commit  the answer is written twice, the second time under another file name
    late_commit, slow  the order desk waits delay_ms
    duplicate          the set is carried out twice: the guard against repeats is off
    stale_key          nothing: changes are absolute
"""

from __future__ import annotations

import datetime
import os
import threading
import time
from decimal import Decimal

import sample_data
from common.decimals import cents, parse_decimal, plain

from . import x12
from .books import Books, Refused, amounts
from .x12 import Wire, X12Error, pair, value

US, THEM = "LAKESHORE", "RETAILER"
_PAUSE_S = 0.02
_REFUSE_997 = "999"  # A quantity that the translator's map does not take.


class Ended(Exception):
    """The gateway ended abnormally; what the order desk has booked stays booked."""


def _day(text: str):
    return datetime.datetime.strptime(text, "%Y%m%d").date() if text else None


def _number(value_: Decimal) -> str:
    text = plain(value_)
    return text[1:] if text.startswith("0.") else text  # X12 leaves the zero out.


class Gateway:
    def __init__(self, books: Books, faults, wire: Wire, outbound: str, inbound: str, late_997: bool, packs: bool):
        self.books, self.faults, self.wire = books, faults, wire
        self.outbound, self.inbound, self.late_997, self.packs = outbound, inbound, late_997, packs
        self.control = 0
        self.seen: dict = {}  # Control number: the answers.
        self.refused_files: list = []
        self.acknowledged: list = []  # What the other side's 997s said.
        self.held_back: list = []     # 997s that are late.
        self.lock = threading.RLock()
        self.awake = threading.Event()
        self.busy = 0
        self.answers: list = []
        self.write_twice = False

    # ---- taking files

    def waiting(self) -> list:
        return sorted(name for name in os.listdir(self.outbound) if name.endswith(".x12") and not name.startswith("."))

    def run(self) -> int:
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
            text = file.read().decode("utf-8")
        while True:
            try:
                self._interchange(x12.read(text))
                break
            except Ended:
                time.sleep(_PAUSE_S)  # Until an operator has started it again.
            except X12Error as error:
                self.refused_files.append({"file": name, "reason": str(error)})
                break
        os.makedirs(os.path.join(self.outbound, "taken"), exist_ok=True)
        os.replace(path, os.path.join(self.outbound, "taken", name))
        self.tell()

    def _interchange(self, found: dict) -> None:
        self.answers = []
        control = found["control"]
        if control in self.seen:
            self._acknowledge(found)
            self.answers = list(self.seen[control])
            return
        for group in found["groups"]:
            for one in group["sets"]:
                if one["id"] == "997":
                    self._take_997(one)
                    continue
                self._translate(one)
                if not one["wrong"]:
                    self._set(one, control)
        self.seen[control] = list(self.answers)
        self._acknowledge(found)

    def _take_997(self, one: dict) -> None:
        said = {"set": "", "sets": []}
        for segment in one["segments"]:
            if segment[0] == "AK1":
                said["group"], said["control"] = segment[1], segment[2]
            elif segment[0] == "AK2":
                said["set"] = segment[1]
            elif segment[0] == "AK5":
                said["sets"].append([said["set"], segment[1]])
            elif segment[0] == "AK9":
                said["code"] = segment[1]
        self.acknowledged.append(said)

    def _translate(self, one: dict) -> None:
        """What the translator refuses before the order desk has seen it."""
        for place, segment in enumerate(one["segments"], 2):
            if segment[0] == "PO1" and value(segment, 2) == _REFUSE_997:
                one["wrong"], one["at"] = "5", (segment[0], place, 2, value(segment, 2))

    def _acknowledge(self, found: dict) -> None:
        for group in found["groups"]:
            if group["id"] == "FA":
                continue
            rows = [["AK1", group["id"], group["control"]]]
            refused = 0
            for one in group["sets"]:
                rows.append(["AK2", one["id"], one["control"]])
                if one["wrong"]:
                    refused += 1
                    if "at" in one:
                        tag, place, element, text = one["at"]
                        rows += [["AK3", tag, place, None, "8"], ["AK4", element, None, "7", text]]
                    rows.append(["AK5", "R", one["wrong"]])
                else:
                    rows.append(["AK5", "A"])
            count = len(group["sets"])
            code = "A" if not refused else "R" if refused == count else "P"
            rows.append(["AK9", code, count, count, count - refused])
            self.held_back.append(("FA", [("997", rows)]))
        if not self.late_997:
            self._write_997()

    def _write_997(self) -> None:
        if self.held_back:
            self._write(self.held_back)
            self.held_back = []

    # ---- the order desk

    def _set(self, one: dict, control: int) -> None:
        head = one["segments"][0]
        name = one["id"]
        operation = f"860.{value(head, 1)}.{value(head, 2)}" if name == "860" else name
        fault = self.faults.take(operation)
        kind = fault.kind if fault else ""
        if kind in ("429", "503", "500"):
            self._wait(_PAUSE_S)
        if kind in ("slow", "late_commit"):
            self._wait(fault.delay_ms / 1000)
        if kind == "drop":
            raise Ended
        times = 2 if kind == "duplicate" else 1
        for _ in range(times):
            if name == "850":
                self._new_order(one["segments"])
            elif name == "860":
                self._change(one["segments"])
            elif name == "947":
                self._adjust(one["segments"])
            else:
                self.refused_files.append({"file": str(control), "reason": f"no {name} is taken"})
        if kind == "504_after_commit":
            self.seen[control] = list(self.answers)
            raise Ended
        if kind == "drop_after_commit":
            self.write_twice = True

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

    def _new_order(self, segments: list) -> None:
        wanted = {"reference": value(segments[0], 3), "date": _day(value(segments[0], 5)), "held": True,
                  "lines": [], "charges": [], "currency": "", "customer": ""}
        line = None
        for segment in segments[1:]:
            tag = segment[0]
            if tag == "PO1":
                line = {"line": int(value(segment, 1)), "quantity": parse_decimal(value(segment, 2)),
                        "uom": value(segment, 3), "price": parse_decimal(value(segment, 4)),
                        "sku": pair(segment, 6, "VP"), "location": ""}
                wanted["lines"].append(line)
            elif line is not None:
                self._of_line(segment, line)
            elif tag == "CUR":
                wanted["currency"] = value(segment, 2)
            elif tag == "REF" and value(segment, 1) == "CO":
                wanted["customer_reference"] = value(segment, 2)
            elif tag == "DTM" and value(segment, 1) == "002":
                wanted["requested"] = _day(value(segment, 2))
            elif tag == "N1" and value(segment, 1) == "BY":
                wanted["customer"] = value(segment, 4)
            elif tag == "SAC":
                wanted["charges"].append({"amount": parse_decimal(value(segment, 5)) / 100})
        reference = wanted["reference"]
        try:
            before = self.books.find(reference, "")
            if before is not None and self._guarded():
                raise Refused("DUPL", f"order {reference} is there already, as {before['number']}")
            order = self.books.orders[self.books.create(wanted)]
        except Refused as refused:
            self._answer("855", reference, None, "RJ", "", refused)
            return
        self._answer("855", reference, order, "AD", "")

    def _guarded(self) -> bool:
        """False while a duplicate is being made: see the fault of that name."""
        return not any(set_ == "855" for _, sets in self.answers for set_, _ in sets)

    @staticmethod
    def _of_line(segment: list, line: dict) -> None:
        tag = segment[0]
        if tag == "PID":
            line["description"] = value(segment, 5)
        elif tag == "REF" and value(segment, 1) == "WS":
            line["location"] = value(segment, 2)
        elif tag == "DTM" and value(segment, 1) == "002":
            line["requested"] = _day(value(segment, 2))
        elif tag == "SAC" and value(segment, 1) == "A":
            line["discount"] = parse_decimal(value(segment, 5)) / 100

    def _change(self, segments: list) -> None:
        head = segments[0]
        purpose, kind, reference, change = value(head, 1), value(head, 2), value(head, 3), value(head, 5)
        number, header, lines, line = "", {}, [], None
        for segment in segments[1:]:
            tag = segment[0]
            if tag == "POC":
                line = {"line": int(value(segment, 1)), "change": value(segment, 2),
                        "quantity": parse_decimal(value(segment, 3)), "uom": value(segment, 5),
                        "price": parse_decimal(value(segment, 6)), "sku": pair(segment, 8, "VP"), "location": ""}
                lines.append(line)
            elif line is not None:
                self._of_line(segment, line)
            elif tag == "REF" and value(segment, 1) == "VN":
                number = value(segment, 2)
            elif tag == "REF" and value(segment, 1) == "CO":
                header["customer_reference"] = value(segment, 2)
            elif tag == "DTM" and value(segment, 1) == "002":
                header["requested"] = _day(value(segment, 2))
        try:
            order = self.books.find(reference, number)
            if order is None:
                raise Refused("ORDR", f"order {number or reference} is not known")
            if purpose == "01":
                if order["status"] != "cancelled":
                    self.books.cancel(self.books.open_order(reference, number))
            elif kind == "RL":
                if order["status"] == "open":
                    order["held"] = False
                    self.books.touch(order)
            elif kind == "HO":
                self.books.open_order(reference, number)
                order["held"] = True
                self.books.touch(order)
            else:
                self.books.change(self.books.open_order(reference, number), header, lines)
        except Refused as refused:
            self._answer("865", reference, None, "RJ", change, refused)
            return
        self._answer("865", order["reference"], order, "AD", change)

    def _adjust(self, segments: list) -> None:
        movement, moved = value(segments[0], 3), {}
        for segment in segments:
            if segment[0] == "W19":
                moved = {"quantity": parse_decimal(value(segment, 2)), "sku": pair(segment, 5, "VP")}
            elif segment[0] == "N9" and value(segment, 1) == "WS":
                moved["location"] = value(segment, 2)
        self.books.move(moved["sku"], moved["location"], moved["quantity"], movement)

    # ---- telling

    def _answer(self, name: str, reference: str, order, verdict: str, change: str, refused=None) -> None:
        self.answers.append(("PR" if name == "855" else "CA",
                             [(name, self.answer_rows(name, reference, order, verdict, change, refused))]))

    def answer_rows(self, name: str, reference: str, order, verdict: str, change: str, refused=None) -> list:
        today = self.books.clock().strftime("%Y%m%d")
        if name == "855":
            rows = [["BAK", "00", verdict, reference, today, None, None, None, order["number"] if order else None]]
        else:
            rows = [["BCA", "00", verdict, reference, None, change, today]]
            if order:
                rows.append(["REF", "VN", order["number"]])
        if refused is not None:
            return rows + [["N9", "ZZ", refused.code], ["MSG", refused.text]]
        state = "X" if order["status"] == "cancelled" else "H" if order["held"] else "R"
        rows += [["CUR", "SE", order["currency"]], ["REF", "ACC", state]]
        if order.get("customer_reference"):
            rows.append(["REF", "CO", order["customer_reference"]])
        if order["date"]:
            rows.append(["DTM", "004", order["date"].strftime("%Y%m%d")])
        if order.get("requested"):
            rows.append(["DTM", "002", order["requested"].strftime("%Y%m%d")])
        rows.append(["N1", "BY", None, "92", order["customer"]])
        for line in sorted(order["lines"].values(), key=lambda one: one["line"]):
            net, tax = amounts(line)
            tag, place = ("PO1", []) if name == "855" else ("POC", ["CA"])
            if name == "855":
                rows.append([tag, line["line"], _number(line["quantity"]), line["uom"], _number(line["price"]), "PE",
                             "VP", line["sku"]])
            else:
                rows.append([tag, line["line"], *place, _number(line["quantity"]), None, line["uom"],
                             _number(line["price"]), "PE", "VP", line["sku"]])
            if line["description"]:
                rows.append(["PID", "F", None, None, None, line["description"]])
            rows.append(["REF", "WS", line["location"]])
            rows.append(["SAC", "A", "C310", None, None, int(line["discount"] * 100)])
            rows.append(["ACK", "IA", _number(line["quantity"]), line["uom"]])
            rows += [["AMT", "N", _number(net)], ["AMT", "T", _number(tax)]]
        totals = self.books.totals(order)
        rows.append(["CTT", len(order["lines"])])
        rows += [["AMT", "N1", _number(totals["net"])], ["AMT", "C1", _number(totals["charges"])],
                 ["AMT", "T1", _number(totals["tax"])], ["AMT", "TT", _number(totals["total"])]]
        return rows

    def stock_rows(self, keys) -> list:
        today = self.books.clock().strftime("%Y%m%d")
        rows = [["BIA", "04", "SI", f"{self.control + 1}", today]]
        for sku, location in sorted(keys):
            on_hand = self.books.stock[(sku, location)]
            rows += [["LIN", None, "VP", sku], ["REF", "WS", location], ["QTY", "17", _number(on_hand), "EA"],
                     ["QTY", "33", _number(on_hand - self.books.committed((sku, location))), "EA"]]
        return rows

    def tell(self) -> list:
        """Writes what has changed; the names of the files."""
        with self.lock:
            books, groups = self.books, []
            if books.changed_levels:
                groups.append(("IB", [("846", self.stock_rows(books.changed_levels))]))
            if books.new_movements:
                groups.append(("AW", [("947", self._movement(row)) for row in books.new_movements]))
            groups += self.answers
            for kind, news in books.news:
                if kind == "order":
                    order = books.orders[news]
                    groups.append(("PR", [("855", self.answer_rows("855", order["reference"], order, "AD", ""))]))
                elif kind == "change":
                    order = books.orders[news]
                    groups.append(("CA", [("865", self.answer_rows("865", order["reference"], order, "AC", ""))]))
                elif kind == "shipment":
                    groups.append(("SH", [("856", self._shipment(news))]))
                else:
                    groups.append(("IN", [("810", self._invoice(news))]))
            books.changed_levels, books.new_movements, books.news, self.answers = {}, [], [], []
            if not groups:
                return []
            name = self._write(groups)
            names = [name]
            if self.write_twice:
                self.write_twice = False
                names.append(self._again(name))
            return names

    @staticmethod
    def _movement(row: dict) -> list:
        return [["W15", row["date"].strftime("%Y%m%d"), row["entry"], row["movement"]],
                ["W19", "AA", _number(row["quantity"]), "EA", None, "VP", row["sku"]], ["N9", "WS", row["location"]]]

    def _shipment(self, news: dict) -> list:
        order = news["order"]
        rows = [["BSN", "00", news["document"], news["date"].strftime("%Y%m%d"), "1200", "0001"],
                ["HL", 1, None, "S"], ["TD5", None, "2", "UPSN"],
                ["HL", 2, 1, "O"], ["PRF", order["reference"]], ["REF", "VN", order["number"]]]
        level = 2
        parent = 2
        if self.packs:
            level += 1
            rows += [["HL", level, 2, "P"], ["MAN", "GM", "00340000000000000017"]]
            parent = level
        for row in news["rows"]:
            level += 1
            rows += [["HL", level, parent, "I"], ["LIN", row["line"], "VP", row["sku"]],
                     ["SN1", None, _number(row["quantity"]), "EA"]]
        return rows + [["CTT", level]]

    @staticmethod
    def _invoice(news: dict) -> list:
        order = news["order"]
        rows = [["BIG", news["date"].strftime("%Y%m%d"), news["document"], None, order["reference"]],
                ["CUR", "SE", order["currency"]], ["REF", "VN", order["number"]]]
        rows += [["IT1", row["line"], _number(row["quantity"]), "EA", _number(row["price"]), "PE", "VP", row["sku"]]
                 for row in news["rows"]]
        return rows + [["TDS", int(cents(news["amount"]) * 100)], ["CTT", len(news["rows"])]]

    def catalog(self) -> str:
        """The price catalog as a whole."""
        with self.lock:
            kinds = {"all": "CAT", "group": "DIS", "customer": "CON"}
            rows, last = [["BCT", "PS", f"CAT-{self.control + 1}"], ["CUR", "SE", sample_data.CURRENCY]], ""
            for one in sample_data.PRICES:
                if one.item != last:
                    rows.append(["LIN", None, "VP", one.item])
                    last = one.item
                rows.append(["CTP", None, kinds[one.sales_type], _number(one.unit_price), _number(one.minimum_quantity),
                             "EA", None, None, None, None, None, one.code])
                rows.append(["DTM", "007", one.starts.strftime("%Y%m%d")])
                if one.ends:
                    rows.append(["DTM", "036", one.ends.strftime("%Y%m%d")])
            return self._write([("SC", [("832", rows)])])

    def write(self, groups: list, trap: str = "") -> str:
        """Any groups: for tests of what should not be there."""
        with self.lock:
            return self._write([(one[0], [(two[0], two[1]) for two in one[1]]) for one in groups], trap)

    def _write(self, groups: list, trap: str = "") -> str:
        if trap != "same_control":
            self.control += 1
        text = self.wire.interchange(self.control, US, THEM, groups, self.books.clock(),
                                     1 if trap == "wrong_count" else 0, "T" if trap == "test" else "P")
        content = text.encode("utf-8")
        name = f"L{self.control:09d}{'A' if trap == 'same_control' else ''}.edi"
        if trap == "truncated":
            content = content[:len(content) * 2 // 3]
        if trap == "half_written":
            self._put(name + ".part", content[:len(content) // 2])
            return name + ".part"
        self._put(name, content)
        return name

    def _again(self, name: str) -> str:
        """The very file, under another name: it was picked up twice by a courier."""
        for folder in (self.inbound, os.path.join(self.inbound, "archive")):
            for found in os.listdir(folder) if os.path.isdir(folder) else []:
                if found.startswith(name):
                    with open(os.path.join(folder, found), "rb") as file:
                        self._put(name.replace(".edi", "-again.edi"), file.read())
                    return name.replace(".edi", "-again.edi")
        return ""

    def _put(self, name: str, content: bytes) -> None:
        aside = os.path.join(self.inbound, "." + name)
        with open(aside, "wb") as file:
            file.write(content)
        os.replace(aside, os.path.join(self.inbound, name))
