"""The store: one SQLite file, one guarded connection, row versions that grow over the whole database."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from decimal import Decimal

from common.decimals import fixed
from .tables import TABLES, blank_row, create_statements


def to_sql(value: Decimal) -> str:
    """A quantity or amount as the tables hold it: 20 decimals."""
    return fixed(value, 20)


class Store:
    """All access goes through one lock; `transaction()` holds it and commits or rolls back as a whole.

    Rows are dictionaries by column name without the company's prefix, with "timestamp" among them.
    """

    def __init__(self, path: str, company: str):
        self.company = company
        self.lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, timeout=15, isolation_level=None, check_same_thread=False,
                                   cached_statements=512)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        with self.transaction():
            for statement in create_statements(company):
                self._db.execute(statement)
            self._version = int(self.state("rowversion", "0"))
        self._statements: dict[tuple, str] = {}

    @contextlib.contextmanager
    def transaction(self):
        """Reads and writes inside are one unit. May be nested; the outermost commits."""
        with self.lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            before = getattr(self, "_version", None)
            try:
                yield
                if before is not None and self._version != before:
                    self.set_state("rowversion", str(self._version))
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                if before is not None:
                    self._version = before
                raise
            finally:
                self._depth = 0

    @contextlib.contextmanager
    def reading(self):
        with self.lock:
            yield

    def name(self, table: str) -> str:
        return f'"{self.company}${table}"'

    def create_function(self, name: str, arguments: int, function) -> None:
        self._db.create_function(name, arguments, function, deterministic=True)

    # Rows.
    def get(self, table: str, *key):
        """The row with this primary key, or None."""
        row = self._db.execute(self._statement("get", table), key).fetchone()
        return dict(row) if row is not None else None

    def exists(self, table: str, *key) -> bool:
        return self._db.execute(self._statement("get", table), key).fetchone() is not None

    def select(self, table: str, where: str = "", parameters=(), order: str = "") -> list[dict]:
        """Rows with a condition in SQL; column names are quoted by the caller."""
        sql = f"SELECT * FROM {self.name(table)}"
        if where:
            sql += f" WHERE {where}"
        sql += " ORDER BY " + (order or ", ".join(f'"{column}"' for column in TABLES[table][1]))
        with self.lock:
            return [dict(row) for row in self._db.execute(sql, parameters)]

    def execute(self, sql: str, parameters=()):
        with self.lock:
            return self._db.execute(sql, parameters).fetchall()

    def insert(self, table: str, row: dict) -> dict:
        """Inserts the row, blank where it says nothing; answers it as stored."""
        stored = blank_row(table)
        for column, value in row.items():
            if column != "timestamp":
                if column not in stored:
                    raise KeyError(f"{table} has no column {column}")
                stored[column] = to_sql(value) if isinstance(value, Decimal) else value
        stored["timestamp"] = self._next_version()
        self._db.execute(self._statement("insert", table), stored_values(table, stored))
        return stored

    def modify(self, table: str, row: dict) -> dict:
        """Writes all columns of an existing row under a new row version; `row` is brought up to date."""
        for column, value in row.items():
            if isinstance(value, Decimal):
                row[column] = to_sql(value)
        row["timestamp"] = self._next_version()
        key = [row[column] for column in TABLES[table][1]]
        changed = self._db.execute(self._statement("modify", table), stored_values(table, row) + key).rowcount
        if changed != 1:
            raise KeyError(f"{table} has no row {key}")
        return row

    def delete(self, table: str, *key) -> None:
        self._db.execute(self._statement("delete", table), key)

    def _statement(self, kind: str, table: str) -> str:
        statement = self._statements.get((kind, table))
        if statement is None:
            columns, key, _ = TABLES[table]
            where = " AND ".join(f'"{column}" = ?' for column in key)
            names = ["timestamp", *columns]
            if kind == "get":
                statement = f"SELECT * FROM {self.name(table)} WHERE {where}"
            elif kind == "delete":
                statement = f"DELETE FROM {self.name(table)} WHERE {where}"
            elif kind == "insert":
                listed = ", ".join(f'"{column}"' for column in names)
                marks = ", ".join("?" * len(names))
                statement = f"INSERT INTO {self.name(table)} ({listed}) VALUES ({marks})"
            else:
                sets = ", ".join(f'"{column}" = ?' for column in names)
                statement = f"UPDATE {self.name(table)} SET {sets} WHERE {where}"
            self._statements[(kind, table)] = statement
        return statement

    def _next_version(self) -> int:
        self._version += 1
        return self._version

    # What the server keeps by itself.
    def state(self, name: str, default: str) -> str:
        row = self._db.execute('SELECT value FROM "$server$state" WHERE name = ?', (name,)).fetchone()
        return row[0] if row is not None else default

    def set_state(self, name: str, value: str) -> None:
        self._db.execute('INSERT INTO "$server$state" (name, value) VALUES (?, ?) '
                         "ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    def next_number(self, series: str) -> str:
        """Mints the next number of a number series."""
        line = self.get("No_ Series Line", series)
        line["Last No_ Used"] += 1
        self.modify("No_ Series Line", line)
        return f"{line['Prefix']}{line['Last No_ Used']:0{line['Digits']}d}"

    def next_entry(self, table: str) -> int:
        row = self._db.execute(f'SELECT max("Entry No_") FROM {self.name(table)}').fetchone()
        return (row[0] or 0) + 1

    def close(self) -> None:
        with self.lock:
            self._db.close()


def stored_values(table: str, row: dict) -> list:
    return [row["timestamp"], *(row[column] for column in TABLES[table][0])]
