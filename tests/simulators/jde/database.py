"""The store: one SQLite file with JDE's tables, padded and with implied decimals as JDE keeps them."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import sqlite3
import threading
import zoneinfo
from decimal import Decimal

QUANTITY, PRICE, AMOUNT, LINE, RATE = 2, 4, 2, 3, 3
_MCU = re.compile(r"MCU$")


class Refused(Exception):
    """What JDE says no to: an error of its data dictionary."""

    def __init__(self, code: str, text: str, line: int = 0):
        super().__init__(text)
        self.code, self.text, self.line = code, text, line


def _tables() -> dict:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema.sql")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tables: dict = {}
    for name, like, body in re.findall(r"CREATE TABLE (\w+) (?:LIKE (\w+)|\((.*)\));", text):
        if like:
            tables[name] = tables[like]
            continue
        columns = {column: (kind, int(width))
                   for column, kind, width in re.findall(r"(\w+) (CHAR|NUMERIC)\((\d+)\)", body)}
        key = re.search(r"PRIMARY KEY\(([^)]*)\)", body).group(1).replace(" ", "").split(",")
        tables[name] = (columns, key)
    return tables


TABLES = _tables()


def scaled(value, decimals: int) -> int:
    number = Decimal(value).scaleb(decimals)
    if number != number.to_integral_value():
        raise ValueError(f"{value} has more than {decimals} decimals")
    return int(number)


def plain(value: int, decimals: int) -> Decimal:
    return Decimal(value).scaleb(-decimals)


def julian(day: datetime.date | None) -> int:
    return 0 if day is None else (day.year - 1900) * 1000 + day.timetuple().tm_yday


def day_of(cyyddd: int) -> datetime.date | None:
    if not cyyddd:
        return None
    return datetime.date(1900 + cyyddd // 1000, 1, 1) + datetime.timedelta(days=cyyddd % 1000 - 1)


class Store:
    """All access goes through one lock; `transaction()` commits or rolls back as a whole.

    A rollback journal, not a write-ahead log: who locks this file keeps readers out, as a slow ERP does.
    """

    def __init__(self, path: str, zone: str):
        self.path = path
        self.zone = zoneinfo.ZoneInfo(zone)
        self.lock = threading.RLock()
        self._depth = 0
        self.db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False,
                                  cached_statements=512)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=DELETE")
        self.db.execute("PRAGMA synchronous=OFF")
        with self.transaction():
            for name, (columns, key) in TABLES.items():
                listed = ", ".join(f"{column} {'TEXT' if kind == 'CHAR' else 'INTEGER'}"
                                   for column, (kind, _) in columns.items())
                self.db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({listed}, PRIMARY KEY({', '.join(key)}))")
            for index in ("F4201 (SHVR01)", "F42019 (SHVR01)", "F4111 (ILTREX)", "F0101 (ABALKY)"):
                name = re.sub(r"\W+", "_", index)
                self.db.execute(f"CREATE INDEX IF NOT EXISTS X{name} ON {index}")

    @contextlib.contextmanager
    def transaction(self):
        with self.lock:
            if self._depth:
                yield
                return
            self.db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(self.zone)

    def stamp(self) -> tuple[int, int]:
        now = self.now()
        return julian(now.date()), now.hour * 10000 + now.minute * 100 + now.second

    def today(self) -> datetime.date:
        return self.now().date()

    def data_version(self) -> int:
        with self.lock:
            return self.db.execute("PRAGMA data_version").fetchone()[0]

    # Rows: dictionaries by column name; texts without padding.
    @staticmethod
    def stored(table: str, column: str, value):
        kind, width = TABLES[table][0][column]
        if kind == "NUMERIC":
            if len(str(abs(int(value)))) > width:
                raise Refused("4300", f"{column} {value} is too long")
            return int(value)
        text = str(value)
        if len(text) > width:
            raise Refused("4301", f"{column} '{text}' is longer than {width}")
        return text.rjust(width) if _MCU.search(column) and text.strip() else text.ljust(width)

    def select(self, table: str, where: dict | None = None, order: str = "") -> list[dict]:
        where = where or {}
        sql = f"SELECT * FROM {table}"
        if where:
            sql += " WHERE " + " AND ".join(f"{column} = ?" for column in where)
        sql += " ORDER BY " + (order or ", ".join(TABLES[table][1]))
        values = [self.stored(table, column, value) for column, value in where.items()]
        with self.lock:
            return [{name: value.strip() if isinstance(value, str) else value
                     for name, value in dict(row).items()} for row in self.db.execute(sql, values)]

    def get(self, table: str, where: dict) -> dict | None:
        rows = self.select(table, where)
        return rows[0] if rows else None

    def insert(self, table: str, row: dict) -> None:
        columns = TABLES[table][0]
        unknown = set(row) - set(columns)
        if unknown:
            raise KeyError(f"{table} has no column {sorted(unknown)[0]}")
        values = [self.stored(table, column, row.get(column, "" if kind == "CHAR" else 0))
                  for column, (kind, _) in columns.items()]
        self.db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)

    def update(self, table: str, where: dict, changes: dict) -> int:
        sets = ", ".join(f"{column} = ?" for column in changes)
        keys = " AND ".join(f"{column} = ?" for column in where)
        values = [self.stored(table, column, value) for column, value in (*changes.items(), *where.items())]
        return self.db.execute(f"UPDATE {table} SET {sets} WHERE {keys}", values).rowcount

    def delete(self, table: str, where: dict) -> int:
        keys = " AND ".join(f"{column} = ?" for column in where)
        values = [self.stored(table, column, value) for column, value in where.items()]
        return self.db.execute(f"DELETE FROM {table} WHERE {keys}", values).rowcount

    def next_number(self, system: str) -> int:
        row = self.get("F0002", {"NNSY": system})
        number = row["NNNEXT"] if row else 1
        if row:
            self.update("F0002", {"NNSY": system}, {"NNNEXT": number + 1})
        else:
            self.insert("F0002", {"NNSY": system, "NNNEXT": number + 1})
        return number

    def close(self) -> None:
        with self.lock:
            self.db.close()
