"""Tables held in memory and in SQLite: every change is committed before it is answered.

Rows are dicts that are never changed in place: put() replaces a row by a new one, so that a row read
under the lock may be written out as JSON after the lock is given back. One lock serialises everything;
a transaction that raises leaves both copies as they were.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import sqlite3
import threading
import uuid
from decimal import Decimal

# Equality look-ups that must not read a whole table, as a list of properties each.
INDEXES = {
    "salesOrders": [("number",), ("externalDocumentNumber",), ("customerId",), ("customerNumber",),
                    ("status",)],
    "salesOrderLines": [("documentId",), ("itemNumber_", "locationCode_")],
    "salesShipments": [("number",), ("externalDocumentNumber",), ("orderNumber",)],
    "salesShipmentLines": [("documentId",)],
    "salesInvoices": [("number",), ("externalDocumentNumber",), ("orderNumber",), ("orderId",)],
    "salesInvoiceLines": [("documentId",)],
    "salesCreditMemos": [("number",), ("externalDocumentNumber",), ("invoiceNumber",)],
    "salesCreditMemoLines": [("documentId",)],
    "customerReturnReasons": [("code",)],
    "customers": [("number",), ("email",)],
    "items": [("number",)],
    "locations": [("code",)],
    "currencies": [("code",)],
    "unitsOfMeasure": [("code",)],
    "orderArchive": [("orderId",), ("orderNumber",), ("externalDocumentNumber",)],
    "salesLinePromotions": [("orderId",), ("orderNumber",)],
    "stockLevels": [("itemNumber",), ("locationCode",), ("itemNumber", "locationCode")],
    "itemLedgerEntries": [("documentNumber",), ("itemNumber",)],
    "generalLedgerEntries": [("documentNumber",), ("postingDate",)],
    "salesPrices": [("itemNumber",), ("itemNumber", "salesType", "salesCode", "minimumQuantity",
                                      "startingDate", "currencyCode", "unitOfMeasureCode", "zone")],
    "customerPriceGroups": [("code",)],
}
KEYS = {"priceListBatches": "batchId", "customerPricing": "customerNumber", "numbers": "name"}
TABLES = ["companies", "salesOrderReleases", "salesOrderReopens", "itemJournalPostings",
          *INDEXES, *KEYS]


def _encode(row):
    def default(value):
        if isinstance(value, Decimal):
            return {"$d": str(value)}
        raise TypeError(type(value))
    return json.dumps({k: v for k, v in row.items() if k != "_json"}, ensure_ascii=False,
                      default=default, separators=(",", ":"))


def _decode(text):
    def hook(pairs):
        if len(pairs) == 1 and pairs[0][0] == "$d":
            return Decimal(pairs[0][1])
        return dict(pairs)
    return json.loads(text, object_pairs_hook=hook)


class Table:
    def __init__(self, name):
        self.name, self.key = name, KEYS.get(name, "id")
        self.rows = {}
        self.indexes = {fields: {} for fields in INDEXES.get(name, [])}

    def get(self, key):
        return self.rows.get(key)

    def find(self, **equals):
        """Rows with these values; a list. The properties must be an index of the table."""
        index = self.indexes[tuple(equals)]
        return [self.rows[k] for k in index.get(tuple(equals.values()), ())]

    def first(self, **equals):
        found = self.find(**equals)
        return found[0] if found else None

    def candidates(self, equals):
        """Rows that may fulfil the equalities: from the narrowest index that they allow."""
        if self.key in equals:
            row = self.rows.get(equals[self.key])
            return [row] if row else []
        best = None
        for fields, index in self.indexes.items():
            if all(f in equals for f in fields):
                keys = index.get(tuple(equals[f] for f in fields), ())
                if best is None or len(keys) < len(best):
                    best = keys
        return list(self.rows.values()) if best is None else [self.rows[k] for k in best]

    def _replace(self, key, row):
        old = self.rows.pop(key, None) if row is None else self.rows.get(key)
        if row is not None:
            self.rows[key] = row
        for fields, index in self.indexes.items():
            before = tuple(old[f] for f in fields) if old else None
            after = tuple(row[f] for f in fields) if row else None
            if before == after:
                continue
            if before is not None:
                keys = index[before]
                del keys[key]
                if not keys:
                    del index[before]
            if after is not None:
                index.setdefault(after, {})[key] = None
        return old


class Store:
    """All tables of one company. Use its methods under `with store.lock`, writes in `transaction()`."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.lock = threading.RLock()
        self.tables = {name: Table(name) for name in TABLES}
        self._undo = None
        self._dirty = {}
        self._db = sqlite3.connect(os.path.join(folder, "business_central.sqlite"),
                                   check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint=8000")
        self._db.execute("CREATE TABLE IF NOT EXISTS record (entity TEXT, key TEXT, content TEXT, "
                         "PRIMARY KEY (entity, key)) WITHOUT ROWID")
        for entity, key, content in self._db.execute("SELECT entity, key, content FROM record"):
            self.tables[entity]._replace(key, _decode(content))
        clock = self.tables["numbers"].get("$clock")
        self._clock = clock["text"] if clock else ""

    def __getitem__(self, name):
        return self.tables[name]

    def close(self):
        with self.lock:
            self._db.close()

    def transaction(self):
        return _Transaction(self)

    def put(self, table, row, modified="lastModifiedDateTime", version=True):
        """Inserts or replaces `row` (not changed itself), as a new version; returns the stored row.

        version=False is for figures that are computed from other tables: etag and time stay."""
        row = {**row, "_v": row.get("_v", 0) + version}
        modified = modified if version else None
        row.pop("_json", None)
        if modified and modified in row:
            row[modified] = self.now()
        self._change(table, row[self.tables[table].key], row)
        return row

    def delete(self, table, key):
        self._change(table, key, None)

    def _change(self, table, key, row):
        assert self._undo is not None, "a change outside a transaction"
        old = self.tables[table]._replace(key, row)
        self._undo.append((table, key, old))
        self._dirty[(table, str(key))] = row

    def now(self):
        """UTC with milliseconds, later than every time this company ever gave."""
        text = datetime.datetime.utcnow().isoformat(timespec="milliseconds") + "Z"
        if text <= self._clock:
            last = datetime.datetime.fromisoformat(self._clock[:-1])
            last += datetime.timedelta(milliseconds=1)
            text = last.isoformat(timespec="milliseconds") + "Z"
        self._clock = text
        return text

    def today(self):
        return datetime.date.today().isoformat()

    def number(self, series, pattern):
        """The next number of a series, e.g. pattern "SO-C{:05d}"."""
        row = self.tables["numbers"].get(series) or {"name": series, "last": 0}
        row = self.put("numbers", {**row, "last": row["last"] + 1})
        return pattern.format(row["last"])


class _Transaction:
    def __init__(self, store):
        self.store = store

    def __enter__(self):
        self.store.lock.acquire()
        assert self.store._undo is None, "a transaction within a transaction"
        self.store._undo, self.store._dirty = [], {}
        return self.store

    def __exit__(self, kind, error, trace):
        store = self.store
        try:
            if kind is None and store._dirty:
                try:
                    self._commit()
                except BaseException:
                    self._roll_back()
                    raise
            elif kind is not None:
                self._roll_back()
        finally:
            store._undo, store._dirty = None, {}
            store.lock.release()

    def _commit(self):
        store, db = self.store, self.store._db
        db.execute("BEGIN IMMEDIATE")
        try:
            gone = [k for k, row in store._dirty.items() if row is None]
            kept = [(t, k, _encode(row)) for (t, k), row in store._dirty.items() if row is not None]
            kept.append(("numbers", "$clock", json.dumps({"name": "$clock", "text": store._clock})))
            db.executemany("DELETE FROM record WHERE entity = ? AND key = ?", gone)
            db.executemany("INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (entity, key) "
                           "DO UPDATE SET content = excluded.content", kept)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise

    def _roll_back(self):
        for table, key, old in reversed(self.store._undo):
            self.store.tables[table]._replace(key, old)


def etag(row, key="id"):
    """W/"…" of one version of one record, opaque."""
    text = f"44;{row[key]};{row['_v']};"
    return 'W/"' + base64.b64encode(text.encode()).decode() + '"'


def new_id():
    return str(uuid.uuid4())
