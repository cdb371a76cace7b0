"""The store: one SQLite file, one guarded connection. Readers from outside see what was committed."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from decimal import Decimal

from .tables import TABLES, create_statements, initial
from .values import amount, quantity

CLIENT = "100"


class DryRun(Exception):
    pass


class Store:
    """All access goes through one lock; `transaction()` holds it and commits or rolls back as a whole."""

    def __init__(self, path: str):
        self.lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False,
                                   cached_statements=512)
        self._db.row_factory = sqlite3.Row
        # A rollback journal: who writes keeps readers out, as a locked table does.
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.execute("PRAGMA synchronous=OFF")
        with self.transaction():
            for statement in create_statements():
                self._db.execute(statement)

    @contextlib.contextmanager
    def transaction(self):
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def try_out(self, work):
        """What `work` answers; nothing that it writes stays."""
        with self.lock:
            answer = []
            try:
                with self.transaction():
                    answer.append(work())
                    raise DryRun
            except DryRun:
                return answer[0]

    @contextlib.contextmanager
    def shut(self):
        """Nobody else reads meanwhile."""
        with self.lock:
            self._db.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def get(self, table: str, *key) -> dict | None:
        """By the key without the client."""
        columns = TABLES[table][1]
        full = key if columns[0] not in ("MANDT", "MANDANT", "CLIENT") else (CLIENT, *key)
        where = " AND ".join(f"{column} = ?" for column in columns)
        with self.lock:
            row = self._db.execute(f"SELECT * FROM {table} WHERE {where}", full).fetchone()
        return dict(row) if row is not None else None

    def select(self, table: str, where: str = "", parameters=(), order: str = "") -> list[dict]:
        sql = f"SELECT * FROM {table}" + (f" WHERE {where}" if where else "")
        sql += " ORDER BY " + (order or ", ".join(TABLES[table][1]))
        with self.lock:
            return [dict(row) for row in self._db.execute(sql, parameters)]

    def execute(self, sql: str, parameters=()):
        with self.lock:
            return self._db.execute(sql, parameters).fetchall()

    def insert(self, table: str, row: dict) -> dict:
        stored = _stored(table, row)
        marks = ", ".join("?" * len(stored))
        self._db.execute(f"INSERT INTO {table} ({', '.join(stored)}) VALUES ({marks})", list(stored.values()))
        return stored

    def modify(self, table: str, row: dict) -> dict:
        stored = _stored(table, row)
        key = TABLES[table][1]
        sets = ", ".join(f"{column} = ?" for column in stored)
        where = " AND ".join(f"{column} = ?" for column in key)
        done = self._db.execute(f"UPDATE {table} SET {sets} WHERE {where}",
                                [*stored.values(), *(stored[column] for column in key)]).rowcount
        if done != 1:
            raise KeyError(f"{table} has no row {[stored[column] for column in key]}")
        return stored

    def put(self, table: str, row: dict) -> dict:
        stored = _stored(table, row)
        marks = ", ".join("?" * len(stored))
        self._db.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(stored)}) VALUES ({marks})",
                         list(stored.values()))
        return stored

    def delete(self, table: str, where: str, parameters) -> None:
        self._db.execute(f"DELETE FROM {table} WHERE {where}", parameters)

    def state(self, name: str, default: str) -> str:
        with self.lock:
            row = self._db.execute('SELECT value FROM "$state" WHERE name = ?', (name,)).fetchone()
        return row[0] if row is not None else default

    def set_state(self, name: str, value: str) -> None:
        self._db.execute('INSERT OR REPLACE INTO "$state" (name, value) VALUES (?, ?)', (name, value))

    def next_number(self, interval: str, first: int) -> str:
        """From a number range; what was drawn and not used leaves a gap."""
        with self.transaction():
            number = int(self.state("range." + interval, str(first)))
            self.set_state("range." + interval, str(number + 1))
        return str(number).zfill(10)

    def close(self) -> None:
        with self.lock:
            self._db.close()


def _stored(table: str, row: dict) -> dict:
    columns, key = TABLES[table]
    unknown = set(row) - set(columns)
    if unknown:
        raise KeyError(f"{table} has no column {sorted(unknown)[0]}")
    stored = {}
    for column, (kind, width) in columns.items():
        value = row.get(column)
        if column == key[0] and column in ("MANDT", "MANDANT", "CLIENT"):
            value = CLIENT
        if value is None or value == "":
            value = initial(kind, width)
        elif isinstance(value, Decimal):
            value = quantity(value) if kind == "Q" else amount(value) if kind == "A" else format(value, "f")
        elif isinstance(value, int):
            value = str(value).zfill(width) if kind == "N" else str(value)
        if kind in "CNDT" and len(value) > width:
            raise ValueError(f"{table}-{column} has {width} characters: {value!r}")
        stored[column] = value
    return stored
