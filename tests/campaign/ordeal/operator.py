"""Who settles exceptions: replays what was refused, ends a second document where an ERP holds two, and knows what a
channel was told last where the ERPs do not.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter

from drive.account import Account
from drive.checks import as_told
from drive.fleet import Balancer, Fleet

from .channels import CampaignBook, possible
from .tally import Tally

REPLAYS_MAX = 6


class Operator(threading.Thread):
    """Looks every second. What it cannot settle stays open, and is a finding in the end."""

    def __init__(self, fleet: Fleet, book: CampaignBook, tally: Tally, account: Account):
        super().__init__(name="operator", daemon=True)
        self._fleet, self._book, self._tally, self._account = fleet, book, tally, account
        self._ops = Balancer(fleet.ops_ports, "operator-demo-key", 6)
        self._replays: Counter = Counter()
        self.kinds: Counter = Counter()
        # (ERP, number of the document that was ended) -> (order's reference, exception's text)
        self.ended_documents: dict = {}
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(1):
            self.look()

    def open(self) -> list[dict]:
        answer = self._ops.call("GET", "/ops/v1/exceptions?state=open&limit=200")
        return answer.json["items"] if answer.status == 200 else []

    def look(self) -> None:
        try:
            for exception in self.open():
                self._settle(exception)
        except (OSError, http.client.HTTPException, RuntimeError, ValueError):
            pass  # Nobody answered; it is open still.

    def _settle(self, exception: dict) -> None:
        kind = exception["kind"]
        if kind == "duplicate_document" and exception["capability"] == "orders":
            self._end_second(exception, "discard", "The second document was ended in the ERP")
        elif kind == "dead_letter" and exception["capability"] == "orders" and "holds 2 documents" in exception["detail"]:
            # What cannot be delivered before one of them has ended, whether or not a feed has met them.
            self._end_second(exception, "replay", "One document is left in the ERP")
        elif self._replays[exception["subject"]] < REPLAYS_MAX:
            self._replays[exception["subject"]] += 1
            self.kinds[kind] += 1
            if self._replays[exception["subject"]] == 1:
                self._account.step("operator", f"{kind} {exception['subject']}: {exception['detail'][:110]}")
            self._post(exception, *self._decided(exception))

    def _decided(self, exception: dict) -> tuple[str, str]:
        """(replay or discard, why). Two kinds name an ERP: replay takes what that one has, discard what the other has."""
        named, other = (self._fleet.nav, self._fleet.bc)
        if exception.get("side") == "cloud":
            named, other = other, named
        if exception["kind"] == "home_unknown":
            if not as_told(self._book, exception["subject"], named) and as_told(self._book, exception["subject"], other):
                return "discard", f"{other.name} has what the channel was told"
            return "replay", f"{named.name} has what the channel was told"
        if exception["kind"] == "customer_differs_after_restore":
            number = exception["subject"]
            told = possible(self._book.customer_writes.get(number, []))
            if named.customers()[number]["phone"] not in told and other.customers()[number]["phone"] in told:
                return "discard", f"{other.name} has what was said last"
            return "replay", f"{named.name} has what was said last"
        return "replay", "The ERP is well again"

    def _post(self, exception: dict, how: str, why: str) -> None:
        self._ops.call("POST", f"/ops/v1/exceptions/{exception['id']}/{how}", {"reason": why})

    def _end_second(self, exception: dict, how: str, why: str) -> None:
        """Of the documents under one reference stays the one that the journal goes by.

        If it goes by none: the one that was executed or released, or else the oldest.
        """
        channel, _, number = exception["subject"].partition("/")
        reference = f"{channel.upper()}/{number}"
        erp = self._fleet.nav if exception["side"] == "legacy" else self._fleet.bc
        there = sorted((document for document in erp.documents().values()
                        if document.reference == reference and not document.cancelled), key=lambda one: one.number)
        traced = self._ops.call("GET", f"/ops/v1/trace/{number}?channel={channel}")
        if traced.status not in (200, 404):
            return
        known = [document.get(f"{exception['side']}Document") for document in traced.json.get("documents", [])]
        moved = [document.number for document in there if document.invoiced or document.shipped or document.released]
        kept = next((one for one in [*known, *moved, *(document.number for document in there)] if one), "")
        for document in there:
            if document.open and document.number != kept:
                # Noted before: the answer may be lost, and the document ended all the same.
                self.ended_documents[erp.name, document.number] = (reference, exception["detail"])
                erp.user("delete_order", **{"no" if erp is self._fleet.nav else "number": document.number})
                self._account.step("operator", f"{reference}: {document.number} ended in {erp.name}, {kept} stays")
        self.kinds[exception["kind"]] += 1
        self._post(exception, how, why)

    def finish(self, give_up_s: float) -> list[dict]:
        """Goes on until nothing is open; answers what stays."""
        give_up = time.monotonic() + give_up_s
        while True:
            self.look()
            try:
                left = self.open()
            except (OSError, http.client.HTTPException):
                left = [{"kind": "nobody answers", "subject": "", "detail": ""}]
            if not left or time.monotonic() > give_up:
                return left
            time.sleep(0.5)
