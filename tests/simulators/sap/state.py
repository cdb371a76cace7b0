"""The client as JSON, for checks."""

from __future__ import annotations

from .company import Company, location_of
from .values import external, number
from common.decimals import plain

PARTS = ("orders", "returns", "customers", "movements", "stock")


def dump(company: Company, part: str | None) -> dict:
    if part is not None and part not in PARTS:
        raise ValueError(f"part: must be one of {', '.join(PARTS)}")
    with company.store.lock:
        return {name: _PARTS[name](company) for name in ([part] if part else PARTS)}


def _documents(company: Company, category: str) -> list:
    result = []
    for row in company.store.select("VBAK", "VBTYP = ?", (category,)):
        status, business = company.store.get("VBUK", row["VBELN"]), company.store.get("VBKD", row["VBELN"], "000000")
        items = [{"item": item["POSNR"], "material": external(item["MATNR"]), "quantity": plain(number(item["KWMENG"])),
                  "rejection": item["ABGRU"].strip(), "net": item["NETWR"], "reference": external(item["VGBEL"]),
                  "location": location_of(item["WERKS"], item["LGORT"])} for item in company.rows("VBAP", row["VBELN"])]
        result.append({"number": external(row["VBELN"]), "type": row["AUART"].strip(), "reference": business["BSTKD"].strip(),
                       "block": row["LIFSK"].strip(), "status": status["GBSTK"].strip(), "delivery": status["LFSTK"].strip(),
                       "rejected": status["ABSTK"].strip(), "customer": external(row["KUNNR"]), "items": items})
    return result


def _customers(company: Company) -> list:
    return [{"number": external(row["KUNNR"]), "name": row["NAME1"].strip(), "block": row["AUFSD"].strip()}
            for row in company.store.select("KNA1")]


def _movements(company: Company) -> list:
    return [{"document": row["MBLNR"], "text": row["BKTXT"].strip(), "reference": row["XBLNR"].strip(),
             "user": row["USNAM"].strip()} for row in company.store.select("MKPF")]


def _stock(company: Company) -> list:
    return [{"material": external(row["MATNR"]), "location": location_of(row["WERKS"], row["LGORT"]),
             "unrestricted": plain(number(row["LABST"]))} for row in company.store.select("MARD")]


_PARTS = {"orders": lambda company: _documents(company, "C"), "returns": lambda company: _documents(company, "H"),
          "customers": _customers, "movements": _movements, "stock": _stock}
