"""Records by type and internal id, in memory and in one SQLite file: a restart continues, a kill loses nothing."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
import threading
from typing import Optional


_ZONE = datetime.timezone(datetime.timedelta(hours=-8))


def now_text() -> str:
    """SuiteTalk's dateTime: in the account's time zone, and to the second only."""
    return datetime.datetime.now(_ZONE).strftime("%Y-%m-%dT%H:%M:%S.000-08:00")


def minute_text() -> str:
    """As a deletion is dated: no description says more, and this is the least that is usual."""
    return datetime.datetime.now(_ZONE).strftime("%Y-%m-%dT%H:%M:00.000-08:00")


def day_text(given: str) -> str:
    """A date field keeps the day that the account's clocks show at the instant that was given."""
    return moment(given).astimezone(_ZONE).strftime("%Y-%m-%dT00:00:00.000-08:00")


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Store:
    def __init__(self, path: str):
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE IF NOT EXISTS records (type TEXT, id INTEGER, value TEXT, "
                         "PRIMARY KEY (type, id))")
        self._lock = threading.RLock()
        self._depth = 0
        self._dirty: dict = {}
        self._before: dict = {}
        self.records: dict = {}
        self._external: dict = {}
        self._next = 1
        for kind, number, value in self._db.execute("SELECT type, id, value FROM records ORDER BY id"):
            self._keep(kind, str(number), json.loads(value))
            self._next = max(self._next, number + 1)

    def close(self) -> None:
        self._db.close()

    def _keep(self, kind: str, number: str, value: dict) -> None:
        self.records.setdefault(kind, {})[number] = value
        if value.get("@externalId"):
            self._external[(kind, value["@externalId"])] = number

    @contextlib.contextmanager
    def transaction(self):
        """One caller at a time; what fails leaves nothing."""
        with self._lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._undo()
                raise
            finally:
                self._depth -= 1
            if self._depth == 0:
                self._commit()

    def _undo(self) -> None:
        for (kind, number), value in self._before.items():
            gone = self.records[kind].pop(number, None)
            if gone and gone.get("@externalId"):
                self._external.pop((kind, gone["@externalId"]), None)
            if value is not None:
                self._keep(kind, number, json.loads(value))
        self._dirty.clear()
        self._before.clear()

    def _commit(self) -> None:
        if self._dirty:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)",
                                 [(kind, int(number), json.dumps(value))
                                  for (kind, number), value in self._dirty.items() if value is not None])
            self._db.executemany("DELETE FROM records WHERE type = ? AND id = ?",
                                 [(kind, int(number)) for (kind, number), value in self._dirty.items()
                                  if value is None])
            self._db.execute("COMMIT")
        self._dirty.clear()
        self._before.clear()

    def get(self, kind: str, number: str) -> Optional[dict]:
        """A copy: it is put back to be kept."""
        found = self.records.get(kind, {}).get(number)
        return None if found is None else json.loads(json.dumps(found))

    def by_external(self, kind: str, external: str) -> Optional[dict]:
        number = self._external.get((kind, external))
        return None if number is None else self.get(kind, number)

    def all(self, kind: str) -> list:
        return list(self.records.get(kind, {}).values())

    def new_id(self) -> str:
        self._next += 1
        return str(self._next - 1)

    def put(self, kind: str, value: dict) -> dict:
        """With a new id unless it has one. Needs a transaction."""
        number = value.setdefault("@internalId", self.new_id() if "@internalId" not in value else "")
        self._next = max(self._next, int(number) + 1)
        self._remember(kind, number)
        self._keep(kind, number, value)
        self._dirty[(kind, number)] = value
        return value

    def delete(self, kind: str, number: str) -> None:
        """Its external id may be given again. Needs a transaction."""
        self._remember(kind, number)
        gone = self.records[kind].pop(number)
        if gone.get("@externalId"):
            self._external.pop((kind, gone["@externalId"]), None)
        self._dirty[(kind, number)] = None

    def _remember(self, kind: str, number: str) -> None:
        if (kind, number) not in self._before:
            old = self.records.get(kind, {}).get(number)
            self._before[(kind, number)] = None if old is None else json.dumps(old)
