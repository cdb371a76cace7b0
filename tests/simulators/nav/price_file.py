"""The nightly price file: what the job writes into the drop folder (layout: see README.md)."""

from __future__ import annotations

import datetime
import json
import os
import threading
from decimal import Decimal

from common.decimals import at_least, plain, total
from .company import Company
from .tables import BLANK_DATE, TABLES

TRAPS = (None, "truncated", "bad_hash", "duplicate", "half_written")
_KEY = TABLES["Sales Price"][1]
_LAST = "last price file"


def write(company: Company, folder: str, mode: str, trap: str | None, complete_after_ms: int | None) -> dict:
    """Writes one file and answers its name, batch and totals.

    A delta holds what changed since the last file that was written well: a trapped file counts as not
    delivered, so that the next good one brings its rows again.
    """
    if mode not in ("full", "delta"):
        raise ValueError("mode: must be full or delta")
    if trap not in TRAPS:
        raise ValueError("trap: must be null, truncated, bad_hash, duplicate or half_written")
    if not os.path.isdir(folder):
        raise ValueError(f"folder: there is no folder {folder}")
    store = company.store
    with store.transaction():
        if trap == "duplicate":
            last = json.loads(store.state(_LAST, "null"))
            if last is None:
                raise ValueError("trap: no file has been written that could be repeated")
            content = last.pop("content").encode("utf-8")
            result = {**last, "trap": trap}
        else:
            content, result = _compose(company, mode, trap)
            if trap is None:
                _remember(company)
                store.set_state(_LAST, json.dumps({**result, "content": content.decode("utf-8")}))
    path = os.path.join(folder, result["file"])
    result["path"] = path
    if trap == "half_written":
        _write_slowly(path, content, complete_after_ms)
        return result
    if trap == "truncated":
        content = content[:len(content) * 2 // 3]
    with open(path + ".tmp", "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".tmp", path)
    return result


def _compose(company: Company, mode: str, trap: str | None) -> tuple[bytes, dict]:
    store = company.store
    batch = store.next_number("PRICE")
    rows = {_row_key(row): _price_fields(row) for row in store.select("Sales Price")}
    lines = []
    if mode == "full":
        written = rows
        removed = []
    else:
        before = {row[0]: row[1] for row in store.execute('SELECT row_key, fields FROM "$server$exported prices"')}
        written = {key: fields for key, fields in rows.items() if before.get(key) != fields}
        removed = [before[key] for key in before if key not in rows]
    for fields in written.values():
        lines.append("P;" + fields)
    for fields in removed:
        item, sales_type, code, starts, _, minimum, uom, _, _, _ = fields.split(";")
        lines.append(f"D;{item};{sales_type};{code};{starts};{minimum};{uom}")
    control = total(Decimal(fields.split(";")[7]) for fields in written.values())
    if trap == "bad_hash":
        control += Decimal("0.01")
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = [f"H;PRICES;{batch};{mode.upper()};{created};EUR", *lines, f"T;{len(lines)};{at_least(control, 2)}"]
    result = {"file": f"PRICES_{batch}.csv", "batch": batch, "mode": mode.upper(), "rows": len(lines),
              "hash_total": at_least(control, 2), "trap": trap}
    return ("\r\n".join(text) + "\r\n").encode("utf-8"), result


def _row_key(row: dict) -> str:
    return ";".join(str(row[column]) for column in _KEY)


def _price_fields(row: dict) -> str:
    ends = "" if row["Ending Date"] == BLANK_DATE else row["Ending Date"][:10]
    return ";".join((row["Item No_"], str(row["Sales Type"]), row["Sales Code"], row["Starting Date"][:10], ends,
                     plain(Decimal(row["Minimum Quantity"])), row["Unit of Measure Code"],
                     at_least(Decimal(row["Unit Price"]), 2), str(row["Price Includes VAT"]), row["Price Zone"]))


def _remember(company: Company) -> None:
    store = company.store
    store.execute('DELETE FROM "$server$exported prices"')
    for row in store.select("Sales Price"):
        store.execute('INSERT INTO "$server$exported prices" (row_key, fields) VALUES (?, ?)',
                      (_row_key(row), _price_fields(row)))


def _write_slowly(path: str, content: bytes, complete_after_ms: int | None) -> None:
    """Half of the file under its final name now, the rest later or never."""
    half = len(content) // 2
    with open(path, "wb") as file:
        file.write(content[:half])
    if complete_after_ms is None:
        return

    def complete():
        if os.path.exists(path) and os.path.getsize(path) == half:
            with open(path, "ab") as file:
                file.write(content[half:])

    timer = threading.Timer(complete_after_ms / 1000, complete)
    timer.daemon = True
    timer.start()
