"""What is left in the ERPs, line by line, against what the channels were acknowledged.

Read from the ERPs' own books, never from the facade. A second document or posting is `doubled` unless the facade has
raised it; what it has raised is traced to its cause: the replica stood still between the check of its deadline and the
socket, or something between it and the ERP repeated the request.
"""

from __future__ import annotations

from decimal import Decimal

from drive import checks
from drive.account import Account
from drive.architect import Architect
from drive.erps import Document, Erp
from drive.fleet import Fleet

from .channels import CampaignBook, CustomerWrite, possible
from .operator import Operator
from .tally import DAMAGE, Tally

# What puts an order that an ERP holds twice before a person. The second is what recovery asks when the first of two has
# ended, and the journal that knew of both is lost.
RAISED = {"duplicate_document", "home_unknown"}
# How long after it was woken a replica's request may still be on its way.
AWAKE_S = 4.0


class Without:
    """An ERP's books without the documents that the operator has ended, without headers that were begun and never got
    a line, with which nothing was ordered, and without the second of two that ended together, nothing of them shipped.
    """

    def __init__(self, erp: Erp, ended: dict):
        self._documents = {number: document for number, document in erp.documents().items()
                           if not (document.cancelled and (erp.name, number) in ended)
                           and (document.lines or document.shipped)}
        self.ended_together: list[str] = []
        of_reference: dict[str, list[Document]] = {}
        for document in self._documents.values():
            of_reference.setdefault(document.reference, []).append(document)
        for reference, documents in of_reference.items():
            if len(documents) < 2 or not all(one.cancelled and not one.shipped for one in documents):
                continue
            self.ended_together.append(f"{reference} twice in {erp.name}: both ended, unshipped, before anybody met them")
            for second in documents[1:]:
                del self._documents[second.number]

    def documents(self) -> dict[str, Document]:
        return self._documents


class Judge:
    def __init__(self, fleet: Fleet, book: CampaignBook, tally: Tally, operator: Operator, qa: Architect,
                 account: Account):
        self._fleet, self._book, self._tally, self._operator, self._qa = fleet, book, tally, operator, qa
        self._account = account
        self.damage = dict.fromkeys(DAMAGE, 0)
        self.raised = 0
        self.findings: list[str] = []
        self.traced: list[str] = []
        self._said_exceptions: dict[str, list[str]] = {}  # Subject -> what was raised about it.

    def judge(self) -> None:
        self.damage = dict.fromkeys(DAMAGE, 0)
        self.raised, self.findings, self.traced = 0, [], []
        self._said_exceptions = {}
        for state in ("open", "replayed", "discarded", "settled"):
            for exception in self._qa.get(f"/ops/v1/exceptions?state={state}&limit=500")["items"]:
                self._said_exceptions.setdefault(exception["subject"], []).append(exception["kind"])
        self._orders()
        self._returns()
        self._movements()
        self._customers()
        self._stock()
        self.damage["status_regressed"] = self._book.status_regressed

    def tell(self) -> None:
        for text in self.traced:
            self._account.step("traced", text)

    def _note(self, name: str, text: str) -> None:
        self.damage[name] += 1
        self.findings.append(f"{name}: {text}")

    # ---------------------------------------------------------------------------------- orders
    def _orders(self) -> None:
        nav, bc = (Without(erp, self._operator.ended_documents) for erp in (self._fleet.nav, self._fleet.bc))
        result = checks.check_orders(self._book, nav, bc, self._qa)
        for name, count in (("lost", result.lost + result.totals_differing), ("diverged", result.diverged),
                            ("executed_twice", result.executed_twice)):
            self.damage[name] += count
        self.findings += result.findings
        self.traced += nav.ended_together + bc.ended_together
        raised: dict[tuple[str, str], int] = {}
        for (erp, _), (reference, _) in self._operator.ended_documents.items():
            raised[erp, reference] = raised.get((erp, reference), 0) + 1
        for erp, books in (("nav", nav), ("bc", bc)):
            there: dict[str, list[str]] = {}
            for document in books.documents().values():
                there.setdefault(document.reference, []).append(document.number)
            for reference, numbers in there.items():
                order = self._book.orders.get(reference)
                if order is None or len(numbers) < 2:
                    continue
                if RAISED & set(self._said_exceptions.get(order.name, ())):
                    raised[erp, reference] = raised.get((erp, reference), 0) + len(numbers) - 1
                else:
                    self._note("doubled", f"order {order.name} is {', '.join(numbers)} in {erp}, and nothing was raised")
        for (erp, reference), times in raised.items():
            self._trace(erp, reference, times)

    def _returns(self) -> None:
        returns = checks.Returns(self._book, self._fleet.nav, self._fleet.bc)
        for text in returns.lost:
            self._note("lost", text)
        for order, text in returns.doubled:
            if "duplicate_return" in self._said_exceptions.get(order.name, ()):
                self.raised += 1
                self.traced.append(f"{text}, and was raised")
            else:
                self._note("doubled", f"{text}, and nothing was raised")

    def _trace(self, erp_name: str, about: str, times: int) -> None:
        self.raised += times
        erp = self._fleet.nav if erp_name == "nav" else self._fleet.bc
        answer = erp.server.call("GET", f"/_sim/story?about={about}")
        made = [entry for entry in answer.json["story"] if entry["status"] < 300]
        cause = self._cause(made)
        if cause:
            self.traced.append(f"{about} twice in {erp_name}: {cause}")
        else:
            self.findings.append(f"{about} was applied {times + 1} times in {erp_name}, raised, and neither a stop nor a "
                                 f"repeated request explains it: {made}")

    def _cause(self, made: list[dict]) -> str:
        if any(entry["kind"] == "duplicate" for entry in made):
            return "the request was repeated on its way (fault duplicate)"
        for entry in made[1:]:
            for replica, stopped, woken in self._tally.hangs:
                if woken <= float(entry["at"]) <= woken + AWAKE_S:
                    return f"replica {replica} stood still for {woken - stopped:.1f} s before it sent"
        return ""

    # ---------------------------------------------------------------------------------- stock
    def _movements(self) -> None:
        posted = {"nav": self._fleet.nav.movements(), "bc": self._fleet.bc.movements()}
        for movement, (key, quantity, _, _) in self._book.adjustments.items():
            found = {name: entries.get(movement, []) for name, entries in posted.items()}
            for name, entries in found.items():
                if len(entries) > 1:
                    if "duplicate_posting" in self._said_exceptions.get(f"{key[0]}@{key[1]}", ()):
                        self._trace(name, movement, len(entries) - 1)
                    else:
                        self._note("doubled", f"adjustment {movement} is posted {len(entries)} times in {name}")
                elif entries and entries != [(key, quantity)]:
                    self._note("diverged", f"adjustment {movement} of {quantity} to {key} is {entries} in {name}")
            if not any(found.values()):
                self._note("lost", f"adjustment {movement} of {quantity} to {key} is nowhere")
            elif not all(found.values()):
                self._note("diverged", f"adjustment {movement} is only in "
                                       f"{next(name for name, entries in found.items() if entries)}")

    def _stock(self) -> None:
        here, there = self._fleet.nav.stock(), self._fleet.bc.stock()
        for key in sorted(here):
            if here[key] != there.get(key, Decimal(0)):
                self._note("diverged", f"stock of {key[0]} at {key[1]}: nav {here[key]}, bc {there.get(key)}")

    # ---------------------------------------------------------------------------------- customers
    def _customers(self) -> None:
        nav, bc = self._fleet.nav.customers(), self._fleet.bc.customers()
        for number, values in self._book.customers.items():
            for name, customers in (("nav", nav), ("bc", bc)):
                if number not in customers:
                    self._note("lost", f"customer {number} was acknowledged and is not in {name}")
                elif number not in self._book.customer_writes and customers[number]["phone"] != values.get("phone"):
                    self._note("lost", f"customer {number} has phone {customers[number]['phone']} in {name}")
        for number, writes in self._book.customer_writes.items():
            values = {name: customers[number]["phone"] for name, customers in (("nav", nav), ("bc", bc))
                      if number in customers}
            if len(set(values.values())) > 1:
                old = [name for name, value in values.items() if value in superseded(writes)]
                self._note("reordered" if old else "diverged", f"customer {number}: {values}; written {shown(writes)}")
            elif writes and values and next(iter(values.values())) not in possible(writes):
                self._note("lost", f"customer {number}: {values}; written {shown(writes)}")


def superseded(writes: list[CustomerWrite]) -> set[str]:
    return {write.value for write in writes} - possible(writes)


def shown(writes: list[CustomerWrite]) -> str:
    return ", ".join(f"{write.value} {'acknowledged' if write.answered else 'unanswered'}" for write in writes[-4:])
