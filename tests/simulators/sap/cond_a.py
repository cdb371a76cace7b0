"""COND_A: condition records as an IDoc flat file, as transaction MEAL sends them to a port of type file."""

from __future__ import annotations

import os

from .company import PIECE, SALES_AREA, Company
from .database import CLIENT
from .values import alpha, number

_TABLES = (("A304", "304", ()), ("A032", "032", ("KONDA",)), ("A305", "305", ("KUNNR",)))
_ISO = {PIECE: "PCE"}
_KONP = (("KSCHL", 4), ("KNUMT", 10), ("STFKZ", 1), ("KZBZG", 1), ("KSTBM", 19), ("KONMS", 3), ("KSTBW", 20), ("KONWS", 5),
         ("KRECH", 1), ("KBETR", 16), ("KONWA", 5), ("KPEIN", 5), ("KMEIN", 3), ("PRSCH", 4), ("KUMZA", 6), ("KUMNE", 6),
         ("MEINS", 3), ("MXWRT", 16), ("GKWRT", 16), ("LOEVM_KO", 1))


class Idoc:
    def __init__(self, docnum: str):
        self.docnum, self.lines, self.parents = docnum.zfill(16), [], {0: "000000"}

    def control(self, day: str, time: str, kind: str = "COND_A04", message: str = "COND_A") -> None:
        record = [" "] * 524
        for at, text in ((0, "EDI_DC40"), (10, CLIENT), (13, self.docnum), (33, "30"), (35, "1"), (39, kind),
                         (99, message), (148, "SAPECC"), (158, "LS"), (162, "ECCCLNT100"), (263, "UNDERPIN"),
                         (273, "LS"), (277, "UNDERPIN"), (378, day), (386, time)):
            record[at:at + len(text)] = text
        self.lines.append("".join(record).rstrip())

    def segment(self, name: str, level: int, data: str) -> None:
        count = str(len(self.lines)).zfill(6)
        self.parents[level] = count
        self.lines.append((f"{name:<30}{CLIENT}{self.docnum}{count}{self.parents[level - 1]}{level:02}" + data).rstrip())


def text_of(company: Company, material: str, delete: bool) -> str:
    """Of one material, or of all; with `delete` marked for deletion."""
    store = company.store
    idoc = Idoc(store.next_number("IDOC", 1))
    idoc.control(*company.stamp())
    for table, short, whom in _TABLES:
        rows = store.select(table, "MATNR = ?" if material else "", (alpha(material, 18),) if material else ())
        for row in rows:
            key = "".join(f"{row[column]:<{width}}" for column, width in (
                ("VKORG", 4), ("VTWEG", 2), *((one, 10 if one == "KUNNR" else 2) for one in whom), ("MATNR", 18)))
            idoc.segment("E2KOMG003", 1, f"A{short:<3}V PR00{key:<50}")
            idoc.segment("E2KONH", 2, f"{row['KNUMH']:<10}{row['DATAB']}{row['DATBI']}")
            _rate(store, idoc, row["KNUMH"], delete)
    return "\n".join(idoc.lines) + "\n"


def _rate(store, idoc: Idoc, record: str, delete: bool) -> None:
    row = store.get("KONP", record, "01")
    steps = store.select("KONM", "KNUMH = ?", (record,))
    values = {"KSCHL": row["KSCHL"], "STFKZ": "A", "KZBZG": "C" if steps else "", "KSTBM": "0.000", "KSTBW": "0.00",
              "KONMS": _ISO[row["KMEIN"].strip()] if steps else "", "KRECH": "C", "KBETR": format(number(row["KBETR"]), "f"),
              "KONWA": row["KONWA"], "KPEIN": row["KPEIN"], "KMEIN": _ISO[row["KMEIN"].strip()],
              "LOEVM_KO": "X" if delete else ""}
    idoc.segment("E2KONP005", 3, "".join(f"{values.get(name, ''):<{width}}"[:width] for name, width in _KONP))
    for step in steps:
        idoc.segment("E2KONM", 4, f"{format(number(step['KSTBM']), 'f'):<19}{format(number(step['KBETR']), 'f'):<16}")


def send(company: Company, folder: str, name: str, material: str = "", delete: bool = False) -> dict:
    text = text_of(company, material, delete)
    with open(os.path.join(folder, name + ".tmp"), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.rename(os.path.join(folder, name + ".tmp"), os.path.join(folder, name))
    return {"segments": text.count("\n") - 1}
