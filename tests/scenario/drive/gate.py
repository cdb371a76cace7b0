"""The gate: what the evidence shows before a capability is answered by the cloud, and what is done about it.

QA fills what traffic leaves thin by asking for subjects itself, marked as scenario evidence.
"""

from __future__ import annotations

import time
from urllib.parse import quote

from .account import Account
from .architect import Architect, tag_of
from .channel import LOCATIONS, SKUS
from .http_calls import Server

PATIENCE_S = 60
SAMPLE = 45  # Subjects of each operation that QA asks for.


class Gate:
    def __init__(self, channel_port: int, architect: Architect, qa: Architect, account: Account):
        self._architect, self._qa, self._account = architect, qa, account
        self._shop = Server(channel_port, {"X-API-Key": "web-demo-key", "X-Correlation-Id": "scenario-qa"})
        self.refused = 0  # Flips, on a planted difference.

    def limits(self) -> None:
        """What the configuration asks for."""
        for capability in ("customers", "orders", "pricing", "inventory"):
            gate = self._qa.get(f"/ops/v1/gate/{capability}")
            asked: dict = {}
            for criterion in gate["criteria"]:
                asked.setdefault(criterion["name"].partition(" ")[0], criterion["limit"])
            if not gate["enforced"]:
                self._account.bad("gate", f"{capability}: it is not enforced")
            for name in ("evidence_for", "coverage", "known_differences"):
                asked.pop(name, None)
            self._account.step("gate", f"{capability:<10} " + ", ".join(f"{n} {a}" for n, a in asked.items()))

    def sample(self, customers: list[str], orders: list[str]) -> None:
        """Reads as a channel would, so that every operation has been compared often enough."""
        asks = [("GET", f"/v1/customers/{number}", None) for number in customers[:SAMPLE]]
        asks += [("GET", f"/v1/customers?email={quote(number.lower() + '@example.com')}", None)
                 for number in customers[:SAMPLE]]
        asks += [("POST", "/v1/pricing/quotes", {
            "customer": number, "currency": "EUR", "lines": [
                {"number": 1, "sku": SKUS[at % len(SKUS)], "quantity": "2", "uom": "PCS"}]})
            for at, number in enumerate(customers[:SAMPLE])]
        asks += [("GET", f"/v1/prices?sku={sku}", None) for sku in SKUS[:SAMPLE]]
        asks += [("GET", f"/v1/inventory/{sku}?location={LOCATIONS[at % len(LOCATIONS)]}", None)
                 for at, sku in enumerate(SKUS[:SAMPLE])]
        asks += [("GET", f"/v1/orders/{number}", None) for number in orders]
        for method, path, body in asks:
            self._shop.call(method, path, body)

    def refuses(self, capability: str, stage: str) -> None:
        """A flip that must be refused by what is planted, and by nothing else of the gate."""
        for _ in range(5):
            unmet = self._unmet(capability)
            tag = tag_of(self._architect.status(capability))
            path = self._architect.signed_proposal(capability, tag, stage, 10)
            answer = self._architect.publish(path, "Too early: what differs is not settled")
            why = answer.problem()
            if "void" not in why:
                self._architect.reject(path, "What differs is settled first")
                break
        if answer.status == 409 and "the gate refuses: mismatch_rate" in why and unmet and all(
                criterion["name"].startswith("mismatch_rate") for criterion in unmet):
            self.refused += 1
            self._account.good("gate", f"{capability} to {stage} is refused: {unmet[0]['name']}: {unmet[0]['figure']} "
                               f"({unmet[0]['limit']})")
        else:
            shown = "; ".join(f"{c['name']}: {c['figure']} ({c['limit']})" for c in unmet)
            self._account.bad("gate", f"{capability} to {stage} was not refused by what is planted: {why}; not met: {shown}")

    def passes(self, capability: str, again, more) -> bool:
        """Waits until it does; `again()` asks for what was planted once more, `more()` for the whole sample."""
        give_up = time.monotonic() + PATIENCE_S
        said = False
        looks = 0
        while True:
            unmet = self._unmet(capability)
            if not unmet:
                gate = self._qa.get(f"/ops/v1/gate/{capability}")
                rate = next((c for c in gate["criteria"] if c["name"].startswith("mismatch_rate")), None)
                self._account.good("gate", f"{capability:<10} passes with {len(gate['criteria'])} criteria: "
                                   + (f"{rate['name'].partition(' ')[2]}: {rate['figure']}" if rate else ""))
                return True
            shown = "; ".join(f"{c['name']}: {c['figure']} ({c['limit']})" for c in unmet[:3])
            if time.monotonic() > give_up:
                self._account.bad("gate", f"{capability}: {shown}")
                return False
            if not said:
                self._account.wait("gate", f"{capability} waits: {shown}")
                said = True
            looks += 1
            (more if looks % 6 == 0 else again)()
            time.sleep(0.5)

    def _unmet(self, capability: str) -> list[dict]:
        return [c for c in self._qa.get(f"/ops/v1/gate/{capability}")["criteria"] if not c["met"]]
