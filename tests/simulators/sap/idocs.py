"""DEBMAS: customers that arrive as IDoc files in a folder, as a port of type file and its job take them."""

from __future__ import annotations

import os
import threading

from common.faults import FaultTable
from .company import SALES_AREA, Company

# Columns of SDATA: (offset, width).
_KNA1M = {"KUNNR": (3, 10), "AUFSD": (28, 2), "FAKSD": (115, 2), "KTOKD": (147, 4), "LAND1": (153, 3), "LIFSD": (166, 2),
          "LOEVM": (178, 1), "NAME1": (179, 35), "NAME2": (214, 35), "NAME3": (249, 35), "ORT01": (321, 35),
          "PSTLZ": (411, 10), "REGIO": (421, 3), "SPRAS": (447, 1), "STRAS": (477, 35), "TELF1": (527, 16),
          "STKZN": (778, 1)}
_KNVVM = {"VKORG": (3, 4), "VTWEG": (7, 2), "SPART": (9, 2), "KONDA": (28, 2), "WAERS": (96, 5)}
_MAIL = {"SMTP_ADDR": (0, 241)}


class Inbound:
    """Takes every complete file of the folder, each in one unit of work."""

    def __init__(self, company: Company, folder: str, faults: FaultTable):
        self._company, self._folder, self._faults = company, folder, faults
        self._stop = threading.Event()

    def start(self) -> None:
        if self._folder:
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self.take()

    def take(self) -> int:
        taken = 0
        for name in sorted(os.listdir(self._folder)):
            path = os.path.join(self._folder, name)
            if name.startswith(".") or name.endswith((".tmp", ".part")) or not os.path.isfile(path):
                continue
            fault = self._faults.take("DEBMAS")
            if fault is not None and not fault.kind.endswith("after_commit"):
                continue  # The job did not run this time.
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self._process(text)
            os.remove(path)
            taken += 1
        return taken

    def _process(self, text: str) -> None:
        company = self._company
        records = [line for line in text.split("\n") if line.strip()]
        control, segments = records[0], records[1:]
        with company.store.transaction():
            number = company.store.next_number("IDOC", 1)
            day, time = company.stamp()
            error = self._apply(control, segments)
            row = {"DOCNUM": number.zfill(16), "STATUS": "51" if error else "53", "DIRECT": "2",
                   "MESTYP": control[99:129].strip(), "IDOCTP": control[39:69].strip(), "CREDAT": day, "CRETIM": time,
                   "ARCKEY": control[434:504].strip()}
            company.store.insert("EDIDC", row)
            company.store.insert("EDIDS", {"DOCNUM": row["DOCNUM"], "LOGDAT": day, "COUNTR": 1, "STATUS": row["STATUS"],
                                           "STATXT": error[:70]})

    def _apply(self, control: str, segments: list) -> str:
        """"" or why it was not posted."""
        company, head, area, mail = self._company, {}, {}, None
        if control[99:129].strip() != "DEBMAS":
            return "message type is not DEBMAS"
        for line in segments:
            name, data = line[:30].strip(), line[63:]
            if name.startswith("E2KNA1M"):
                head = _fields(data, _KNA1M)
            elif name.startswith("E2KNVVM"):
                area = _fields(data, _KNVVM)
            elif name.startswith("Z2KNA1E"):
                mail = _fields(data, _MAIL)["SMTP_ADDR"]
            else:
                return f"segment {name} is unknown"
        if not head.get("KUNNR"):
            return "KUNNR is missing"
        if not head.get("LAND1") or not head.get("NAME1"):
            return f"Customer {head['KUNNR']}: country or name is missing"
        self._store(head, area, mail)
        company.log_change("DEBI", head["KUNNR"], "ALEREMOTE", "U")
        return ""

    def _store(self, head: dict, area: dict, mail: str | None) -> None:
        store, customer = self._company.store, head["KUNNR"]
        # "/" is how an IDoc says that a field stays as it is.
        before = store.get("KNA1", customer) or {"ADRNR": store.next_number("ADRNR", 9000001),
                                                 "ERDAT": self._company.today()}
        store.put("KNA1", {**before, **{name: value for name, value in head.items() if value != "/"}})
        if area:
            if (area["VKORG"], area["VTWEG"], area["SPART"]) == SALES_AREA:
                old = store.get("KNVV", customer, *SALES_AREA) or {}
                store.put("KNVV", {**old, "KUNNR": customer,
                                   **{name: value for name, value in area.items() if value != "/"}})
        if mail is not None:
            store.put("ADR6", {"ADDRNUMBER": before["ADRNR"], "CONSNUMBER": 1, "SMTP_ADDR": mail,
                               "SMTP_SRCH": mail.upper()[:20]})


def _fields(data: str, columns: dict) -> dict:
    return {name: data[offset:offset + width].strip() for name, (offset, width) in columns.items()}
