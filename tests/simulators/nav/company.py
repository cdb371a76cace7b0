"""One company of the installation: its store, its setup and its working day."""

from __future__ import annotations

import base64
import datetime
from typing import Optional

from .database import Store
from .errors import NavError
from .tables import TABLES
from .values import date_to_sql

_SETUP = {"allow_negative_inventory": "false", "item_journal_guard": "false", "vat_rounding": "half_up"}
_CAPTIONS = {"No_": "No.", "Document No_": "Document No.", "Line No_": "Line No."}


class Company:
    def __init__(self, name: str, store: Store, language: str, seed_date: Optional[datetime.date]):
        self.name = name
        self.store = store
        self.language = language
        self._seed_date = seed_date

    def today(self) -> datetime.date:
        """The working day that posting dates take: fixed if the simulator was started with one."""
        return self._seed_date or datetime.date.today()

    def today_sql(self) -> str:
        return date_to_sql(self.today())

    def setup(self, name: str) -> str:
        return self.store.state("setup." + name, _SETUP[name])

    def enabled(self, name: str) -> bool:
        return self.setup(name) == "true"

    def change_setup(self, name: str, value: str) -> None:
        if name not in _SETUP:
            raise ValueError(f"there is no setting {name!r}; there are {', '.join(_SETUP)}")
        allowed = ("half_up", "half_even", "down") if name == "vat_rounding" else ("true", "false")
        if value not in allowed:
            raise ValueError(f"{name}: must be one of {', '.join(allowed)}")
        with self.store.transaction():
            self.store.set_state("setup." + name, value)

    def all_setup(self) -> dict:
        return {name: self.setup(name) for name in _SETUP}


def require(company: Company, table: str, key: tuple, field: str, on_table: str, related: str) -> dict:
    """The row that a code refers to; NAV's table relation error if there is none."""
    row = company.store.get(table, *key)
    if row is None:
        raise NavError("relation", field=field, table=on_table, value=key[-1], related=related)
    return row


# Keys and record ids.
def where_text(table: str, values: tuple) -> str:
    """'Document Type=CONST(Order),No.=CONST(SO-200001)', as NAV names a record in a text."""
    return ",".join(f"{_CAPTIONS.get(column, column)}=CONST({_shown(column, value)})"
                    for column, value in zip(TABLES[table][1], values))


def _shown(column: str, value) -> str:
    if column == "Document Type" and value in (1, 5):
        return "Order" if value == 1 else "Return Order"
    return str(value)


def primary_key(table: str, row: dict) -> tuple:
    return tuple(row[column] for column in TABLES[table][1])


def encode_key(table: str, row: dict) -> str:
    """The opaque Key of a record: where it lies and the version that was read."""
    place = base64.b64encode("\x1f".join([table, *map(str, primary_key(table, row))])
                             .encode("utf-16-le")).decode("ascii")
    version = str(row["timestamp"])
    return f"{len(place)};{place}{len(version)};{version};"


def decode_key(key: str, table: str) -> tuple[tuple, int]:
    """(primary key, version) from a Key; NavError if it is none, or of another table."""
    try:
        length, _, rest = key.strip().partition(";")
        size = int(length)
        place, rest = rest[:size], rest[size:]
        version_length, _, rest = rest.partition(";")
        version, end = rest[:int(version_length)], rest[int(version_length):]
        parts = base64.b64decode(place, validate=True).decode("utf-16-le").split("\x1f")
        if end != ";" or parts[0] != table or len(parts) != len(TABLES[table][1]) + 1:
            raise ValueError("not a key of this table")
        columns = TABLES[table][0]
        values = tuple(int(value) if columns[column][0] in ("INTEGER", "SMALLINT") else value
                       for column, value in zip(TABLES[table][1], parts[1:]))
        return values, int(version)
    except (ValueError, UnicodeError):
        raise NavError("bad_key", key=key[:60]) from None


def fetch_by_key(company: Company, table: str, key: str, fixed: Optional[dict] = None) -> dict:
    """The record a Key points to, at the version it was read at."""
    values, version = decode_key(key, table)
    row = company.store.get(table, *values)
    if row is None or any(row[column] != value for column, value in (fixed or {}).items()):
        raise NavError("not_found", table=table, where=where_text(table, values))
    if row["timestamp"] != version:
        raise NavError("stale", table=table, where=where_text(table, values))
    return row


def record_id(table: str, row: dict) -> str:
    return f"{table}: " + ",".join(_shown(column, row[column]) for column in TABLES[table][1])


def find_by_record_id(company: Company, table: str, text: str) -> Optional[dict]:
    name, _, rest = text.partition(": ")
    columns = TABLES[table][1]
    parts = rest.split(",")
    if name != table or len(parts) != len(columns):
        raise NavError("bad_key", key=text[:60])
    try:
        values = tuple(1 if column == "Document Type" and part == "Order"
                       else int(part) if TABLES[table][0][column][0] == "INTEGER" else part
                       for column, part in zip(columns, parts))
    except ValueError:
        raise NavError("bad_key", key=text[:60]) from None
    return company.store.get(table, *values)
