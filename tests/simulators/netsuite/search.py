"""search and searchMoreWithId: a result is a snapshot of ids that lives for a while, read page by page."""

from __future__ import annotations

import collections
import threading
import time
import uuid

from .company import Company
from .errors import Refused
from .store import moment

PAGE_MIN, PAGE_MAX = 5, 1000
LIFETIME_S = 900
_KINDS = {"TransactionSearchBasic": ("salesOrder", "itemFulfillment", "invoice", "inventoryAdjustment",
                                     "returnAuthorization"),
          "CustomerSearchBasic": ("customer",), "ItemSearchBasic": ("inventoryItem",),
          "LocationSearchBasic": ("location",), "PriceLevelSearchBasic": ("priceLevel",)}
_LISTS = ("itemList", "inventoryList", "addressbookList", "itemPricingList", "pricingMatrix")


class Searches:
    def __init__(self, company: Company):
        self._company = company
        self._lock = threading.Lock()
        self._results: collections.OrderedDict = collections.OrderedDict()

    def begin(self, record: dict, preferences: dict) -> dict:
        size = int(preferences.get("pageSize", "1000"))
        if not PAGE_MIN <= size <= PAGE_MAX:
            raise Refused("INVALID_SEARCH_PREFERENCE", f"The pageSize must be between {PAGE_MIN} and {PAGE_MAX}.")
        kinds = _KINDS[record["@xsi"]]
        filters = {name: value for name, value in record.items() if name[0] != "@"}
        if "type" in filters and record["@xsi"] == "TransactionSearchBasic":
            wanted = filters.pop("type").get("searchValue", [])
            kinds = [kind for kind in kinds if "_" + kind in wanted]
        elif "type" in filters:
            filters.pop("type")
        store = self._company.store
        found = [(kind, row["@internalId"]) for kind in kinds for row in store.all(kind)
                 if all(_fits(kind, row, name, value) for name, value in filters.items())]
        number = f"WEBSERVICES_{uuid.uuid4().hex}"
        body_only = preferences.get("bodyFieldsOnly", "true") not in ("false", "0")
        with self._lock:
            self._results[number] = (time.monotonic(), found, size, body_only)
            while len(self._results) > 2_000:
                self._results.popitem(last=False)
        return self._page(number, 1)

    def more(self, number: str, index: int, preferences: dict) -> dict:
        """A search of its own, with the preferences of its own request."""
        with self._lock:
            known = self._results.get(number)
            if known is None or known[0] < time.monotonic() - LIFETIME_S:
                raise Refused("INVALID_JOB_ID", "The search has expired or never was.")
        return self._page(number, index, int(preferences["pageSize"]) if "pageSize" in preferences else None)

    def forget(self) -> None:
        with self._lock:
            self._results.clear()

    def _page(self, number: str, index: int, asked: int | None = None) -> dict:
        with self._lock:
            _, found, size, body_only = self._results[number]
        size = asked or size
        pages = (len(found) + size - 1) // size
        if index < 1 or index > max(pages, 1):
            raise Refused("INVALID_PAGE_INDEX", f"There is no page {index}.")
        records = []
        for kind, key in found[(index - 1) * size:index * size]:
            record = self._company.store.get(kind, key)
            if record is not None:
                records.append(without_lists(record) if body_only else record)
        return {"status": {"@isSuccess": "true"}, "totalRecords": str(len(found)), "pageSize": str(size),
                "totalPages": str(pages), "pageIndex": str(index), "searchId": number,
                "recordList": {"record": records}}


def without_lists(record: dict) -> dict:
    return {name: value for name, value in record.items() if name not in _LISTS}


def _fits(kind: str, row: dict, name: str, value: dict) -> bool:
    return _FIELDS[value["@xsi"]](kind, row, name, value)


def _text(_kind, row, name, value) -> bool:
    actual = row.get("@externalId") or "" if name == "externalIdString" else row.get(name, "")
    actual, wanted = actual.upper(), value.get("searchValue", "").upper()
    operator = value.get("@operator", "contains")
    tests = {"is": actual == wanted, "contains": wanted in actual, "startsWith": actual.startswith(wanted)}
    if operator not in tests:
        raise Refused("INVALID_SEARCH_OPERATOR", f"{operator} is no operator of {name}")
    return tests[operator]


def _date(_kind, row, name, value) -> bool:
    actual, wanted = moment(row[name]), moment(value["searchValue"])
    operator = value.get("@operator")
    if operator == "onOrAfter":
        return actual >= wanted
    if operator == "after":
        return actual > wanted
    if operator == "within":
        return wanted <= actual <= moment(value["searchValue2"])
    raise Refused("INVALID_SEARCH_OPERATOR", f"{operator} is no operator of {name}")


def _boolean(_kind, row, name, value) -> bool:
    return row.get(name) == value.get("searchValue")


def _select(_kind, row, name, value) -> bool:
    if value.get("@operator") != "anyOf":
        raise Refused("INVALID_SEARCH_OPERATOR", f"{value.get('@operator')} is no operator of {name}")
    wanted = [ref.get("@internalId") for ref in value.get("searchValue", [])]
    if name == "item":
        lines = row.get("itemList", {}).get("item", []) + row.get("inventoryList", {}).get("inventory", [])
        return any(line["item"]["@internalId"] in wanted for line in lines)
    if name == "internalId":
        return row["@internalId"] in wanted
    return row.get(name, {}).get("@internalId") in wanted


def _enum(kind, row, name, value) -> bool:
    if name != "status":
        raise Refused("INVALID_SEARCH_FIELD", name)
    return _status_word(kind, row) in value.get("searchValue", [])


def _status_word(kind: str, row: dict) -> str:
    """'_salesOrderPendingApproval': the type and what the status is called."""
    words = row.get("status", "").replace("/", " ").split()
    return "_" + kind + "".join(words)


_FIELDS = {"SearchStringField": _text, "SearchDateField": _date, "SearchBooleanField": _boolean,
           "SearchMultiSelectField": _select, "SearchEnumMultiSelectField": _enum}
