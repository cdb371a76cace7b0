"""Stonebridge's batch job: takes files from a folder, gives them to the order desk, and writes what there is to tell.
The order desk is that of the trading partner (edi/gateway.py), whose rows it understands; here stands what files are
made of them. A file that came before, under the same number, is answered again and not carried out again.

Faults hit single files, by the operation "ORD", "CHA", "CAN", "REL", "HLD" or "ADJ"; see edi/gateway.py for what they do.
"""

from __future__ import annotations

import os
import time
from decimal import Decimal

import sample_data
from common.decimals import parse_decimal
from edi.books import Refused
from edi.gateway import Ended, Gateway
from edi.x12 import pair, value

from . import codec
from .codec import FileError, comma

_PAUSE_S = 0.02
_NAMES = {"850": "ORD", "860.04.BK": "CHA", "860.01.BK": "CAN", "860.04.RL": "REL", "860.04.HO": "HLD", "947": "ADJ"}
_CHARGES = {"FR": "D240", "GW": "F050", "FE": "C040"}


class _Faults:
    """The order desk asks by its own names."""

    def __init__(self, faults):
        self.faults = faults
        self.customers = False  # The set that is taken is one of customers.

    def take(self, operation: str):
        return self.faults.take("CUS" if self.customers else _NAMES.get(operation, operation))


def _cents(text: str) -> str:
    return str(int(parse_decimal(text or "0") * 100))


def _line(values: dict) -> list:
    rows = [["PID", "F", "", "", "", values["text"]], ["REF", "WS", values["warehouse"]]] if "text" in values else []
    rows.append(["SAC", "A", "C310", "", "", _cents(values["discount"])])
    if values["requested"]:
        rows.append(["DTM", "002", values["requested"]])
    return rows


class Job(Gateway):
    def __init__(self, books, faults, outbound: str, inbound: str):
        super().__init__(books, _Faults(faults), None, outbound, inbound, False, False)
        self.told_stock = False
        self.customers = {one.number: {
            "number": one.number, "name": one.name, "kind": "P" if one.kind == "person" else "C", "to": one.name,
            "street": one.address, "city": one.city, "zip": one.post_code, "country": one.country, "phone": one.phone,
            "email": one.email, "currency": one.currency, "price_group": one.price_group, "block": "N"}
            for one in sample_data.CUSTOMERS}
        self.new_customers = set(self.customers)

    # ---- taking files

    def waiting(self) -> list:
        return sorted(name for name in os.listdir(self.outbound)
                      if name.endswith((".txt", ".csv")) and not name.startswith("."))

    def _take(self, name: str) -> None:
        path = os.path.join(self.outbound, name)
        with open(path, "rb") as file:
            text = file.read().decode("utf-8")
        while True:
            try:
                self._interchange(self._read(name, text))
                break
            except Ended:
                time.sleep(_PAUSE_S)  # Until an operator has started it again.
            except (FileError, KeyError) as error:
                self.refused_files.append({"file": name, "reason": str(error)})
                break
        os.makedirs(os.path.join(self.outbound, "taken"), exist_ok=True)
        os.replace(path, os.path.join(self.outbound, "taken", name))
        self.tell()

    def _read(self, name: str, text: str) -> dict:
        number = int(name[3:12])
        if name.startswith("ADJ"):
            sets = [("947", [["W15", "", "", row["movement"]],
                             ["W19", "AA", row["quantity"].replace(",", "."), "EA", "", "VP", row["item"]],
                             ["N9", "WS", row["warehouse"]]]) for row in codec.read_csv(text)]
        else:
            records = codec.read_fixed(text)
            if int(records[0][1]["run"]) != number:
                raise FileError("the header has another number than the name")
            sets = [("CUS", [["CUS", records[1][1]]]) if name.startswith("CUS") else self._order(records[1:]) if name.startswith("ORD") else self._call(records[1:])]
        return {"control": number, "groups": [{"id": "PO", "control": str(number), "sets": [
            {"id": one, "control": "0001", "segments": rows, "wrong": ""} for one, rows in sets]}]}

    @staticmethod
    def _order(records: list) -> tuple:
        head = records[0][1]
        rows = [["BEG", "00", "BK", head["reference"], "", head["date"]], ["CUR", "BY", head["currency"]],
                ["REF", "CO", head["customer_po"]], ["DTM", "002", head["requested"]],
                ["N1", "BY", "", "92", head["customer"]]]
        rows += [["SAC", "C", _CHARGES[one["kind"]], "", "", _cents(one["amount"])] for tag, one in records if tag == "CHG"]
        for tag, one in records:
            if tag == "LIN":
                rows.append(["PO1", one["line"], one["quantity"], one["unit"], one["price"], "PE", "VP", one["item"]])
                rows += _line(one)
        return "850", rows

    @staticmethod
    def _call(records: list) -> tuple:
        tag, head = records[0]
        purpose, kind = {"CHA": ("04", "BK"), "CAN": ("01", "BK"), "REL": ("04", "RL"), "HLD": ("04", "HO")}[tag]
        rows = [["BCH", purpose, kind, head["reference"], "", head["write"]], ["REF", "VN", head["order"]]]
        if head.get("customer_po"):
            rows.append(["REF", "CO", head["customer_po"]])
        if head.get("requested"):
            rows.append(["DTM", "002", head["requested"]])
        for tag, one in records[1:]:
            rows.append(["POC", one["line"], "AI" if tag == "LIN" else "CA", one["quantity"], "", one.get("unit", "EA"),
                         one["price"], "PE", "VP", one["item"]])
            rows += _line(one)
        return "860", rows

    def _translate(self, one: dict) -> None:
        """There is no translator between the files and the order desk."""

    def _acknowledge(self, found: dict) -> None:
        """What is not refused as a file is answered by the order desk."""

    def _set(self, one: dict, control: int) -> None:
        self.faults.customers = one["id"] == "CUS"
        super()._set({**one, "id": "947"} if self.faults.customers else one, control)

    def _customer(self, record: dict) -> None:
        wanted = {name: text for name, text in record.items() if name != "action"}
        number = wanted["number"]
        held = self.customers.get(number)
        if record["action"] == "A" and held is not None and held != wanted:
            raise Refused("DUPL", f"customer {number} is there already")
        if record["action"] == "C" and held is None:
            raise Refused("NONE", f"customer {number} is not known")
        self.customers[number] = wanted
        self.books.customers[number] = "" if wanted["block"] == "N" else wanted["block"]
        self.new_customers.add(number)

    def tell(self) -> list:
        with self.lock:
            names = super().tell()
            for number, block in self.books.customers.items():
                if self.customers[number]["block"] != (block or "N"):
                    self.customers[number]["block"] = block or "N"
                    self.new_customers.add(number)
            if self.new_customers:
                columns = [name for name, *_ in codec.RECORDS["CUS"][1:]]
                rows = [[self.customers[number].get(name, "") for name in columns] + [""]
                        for number in sorted(self.new_customers)]
                self.new_customers = set()
                names.append(self._numbered("BK9CUS", "C", rows))
            return names

    def _adjust(self, segments: list) -> None:
        if segments[0][0] == "CUS":
            try:
                self._customer(segments[0][1])
            except Refused as refused:
                self.answers.append(("AD", [("CUA", [segments[0][1]["number"], "NO", refused.code, refused.text])]))
            return
        try:
            super()._adjust(segments)
        except Refused as refused:
            self.answers.append(("AD", [("ADA", [value(segments[0], 3), "NO", refused.code, refused.text])]))

    # ---- telling

    def _write(self, groups: list, trap: str = "") -> str:
        """One file of each kind; the name of the last one."""
        told: dict = {}
        for _, sets in groups:
            for name, rows in sets:
                told.setdefault({"865": "855"}.get(name, name), []).append((name, rows))
        name = ""
        if "855" in told:
            records = [record for kind, rows in told["855"] for record in self._status(kind, rows)]
            name = self._file("BK1STA", ".txt", lambda run: codec.write_fixed(run, records))
        for kind, begins, head, rows_of in (
                ("856", "BK2SHP", ["shipment", "date", "order", "reference", "line", "item", "shipped"], self._shipped),
                ("810", "BK3INV", ["invoice", "date", "order", "reference", "amount", "line", "item", "billed"],
                 self._billed),
                ("947", "BK4MOV", ["entry", "date", "movement", "item", "warehouse", "quantity", "unit"], self._moved)):
            if kind in told:
                rows = [head] + [row for _, one in told[kind] for row in rows_of(one)]
                name = self._file(begins, ".csv", lambda run, rows=rows: codec.write_csv(rows)) or name
        for kind, begins in (("ADA", "BK5ADA"), ("CUA", "BK9CUA")):
            if kind in told:
                name = self._numbered(begins, "A", [rows for _, rows in told[kind]])
        if "846" in told:
            self._stock([row for _, rows in told["846"] for row in self._levels(rows)])
        return name

    def _file(self, begins: str, ends: str, text) -> str:
        self.control += 1
        name = f"{begins}{self.control:09d}{ends}"
        self._put(name, text(self.control).encode("utf-8" if ends == ".txt" or begins == "BK9CUS" else "iso-8859-1"))
        return name

    def _numbered(self, begins: str, tag: str, rows: list) -> str:
        """With header and trailer: what may be said twice in the same words."""
        return self._file(begins, ".csv", lambda run: codec.write_csv(
            [["H", run]] + [[tag, *row] for row in rows] + [["T", len(rows)]]))

    def _stock(self, levels: list) -> None:
        kind, begins = ("C", "BK7DLT") if self.told_stock else ("F", "BK6STK")
        self.told_stock = True
        total = comma(sum((Decimal(row[3].replace(",", ".")) for row in levels), Decimal(0)))
        self._file(begins, ".csv", lambda run: codec.write_csv(
            [["H", run, kind]] + [["L", *row] for row in levels] + [["T", len(levels), total]]))

    def catalog(self) -> str:
        """The night's price list, as a whole."""
        kinds = {"all": "A", "group": "G", "customer": "C"}
        rows = [["P", one.item, kinds[one.sales_type], one.code, comma(one.minimum_quantity), "EA",
                 one.starts.strftime("%d.%m.%Y"), one.ends.strftime("%d.%m.%Y") if one.ends else "", one.currency,
                 comma(one.unit_price)] for one in sample_data.PRICES]
        total = comma(sum((one.unit_price for one in sample_data.PRICES), Decimal(0)))
        return self._file("BK8PRC", ".csv", lambda run: codec.write_csv(
            [["H", run, f"NIGHT-{run}"]] + rows + [["T", len(rows), total]]))

    def _again(self, name: str) -> str:
        """The very file, under another name: it was copied twice."""
        begins, ends = os.path.splitext(name)
        for folder in (self.inbound, os.path.join(self.inbound, "archive")):
            for found in os.listdir(folder) if os.path.isdir(folder) else []:
                if found.startswith(name):
                    with open(os.path.join(folder, found), "rb") as file:
                        self._put(f"{begins}-again{ends}", file.read())
                    return f"{begins}-again{ends}"
        return ""

    @staticmethod
    def _status(kind: str, rows: list) -> list:
        head = rows[0]
        sta = {"verdict": {"AD": "OK", "AC": "CH", "RJ": "NO"}[head[2]], "reference": head[3]}
        if kind == "855":
            sta["order"] = value(head, 8)
        else:
            sta["write"] = value(head, 5)
        records, line = [("STA", sta)], None
        for row in rows[1:]:
            tag, first = row[0], value(row, 1)
            if tag in ("PO1", "POC"):
                at = 2 if tag == "PO1" else 3
                line = {"line": row[1], "quantity": row[at], "item": pair(row, 6 if tag == "PO1" else 8, "VP")}
                line["unit"], line["price"] = (row[3], row[4]) if tag == "PO1" else (row[5], row[6])
                records.append(("LIN", line))
            elif tag == "CTT":
                line = None
            elif line is not None:
                if tag == "PID":
                    line["text"] = row[5]
                elif tag == "REF":
                    line["warehouse"] = row[2]
                elif tag == "SAC":
                    line["discount"] = Decimal(row[5]) / 100
                elif tag == "AMT":
                    line["net" if first == "N" else "tax"] = row[2]
            elif tag == "AMT":
                sta[{"N1": "net", "C1": "charges", "T1": "tax", "TT": "total"}[first]] = row[2]
            else:
                name = {("CUR", "SE"): "currency", ("REF", "ACC"): "state", ("REF", "VN"): "order",
                        ("REF", "CO"): "customer_po", ("DTM", "004"): "date", ("DTM", "002"): "requested",
                        ("N9", "ZZ"): "code"}.get((tag, first))
                if name:
                    sta[name] = row[2]
                elif tag == "MSG":
                    sta["reason"] = first
                elif tag == "N1":
                    sta["customer"] = row[4]
        return records

    @staticmethod
    def _day(text: str) -> str:
        return f"{text[6:8]}.{text[4:6]}.{text[:4]}"

    def _shipped(self, rows: list) -> list:
        reference = next(row[1] for row in rows if row[0] == "PRF")
        order = next(row[2] for row in rows if row[0] == "REF")
        lines = [row for row in rows if row[0] == "LIN"]
        counts = [row for row in rows if row[0] == "SN1"]
        return [[rows[0][2], self._day(rows[0][3]), order, reference, line[1], line[3], comma(Decimal(count[2]))]
                for line, count in zip(lines, counts)]

    def _billed(self, rows: list) -> list:
        amount = next(Decimal(row[1]) / 100 for row in rows if row[0] == "TDS")
        order = next(row[2] for row in rows if row[0] == "REF")
        return [[rows[0][2], self._day(rows[0][1]), order, rows[0][4], comma(amount), row[1], row[7],
                 comma(Decimal(row[2]))] for row in rows if row[0] == "IT1"]

    def _moved(self, rows: list) -> list:
        return [[rows[0][2], self._day(rows[0][1]), rows[0][3], rows[1][6], rows[2][2], comma(Decimal(rows[1][2])), "EA"]]

    @staticmethod
    def _levels(rows: list) -> list:
        levels: list = []
        for row in rows:
            if row[0] == "LIN":
                levels.append([row[3], "", "EA", "", ""])
            elif row[0] == "REF":
                levels[-1][1] = row[2]
            elif row[0] == "QTY":
                levels[-1][3 if row[1] == "17" else 4] = comma(Decimal(row[2]))
        return levels
