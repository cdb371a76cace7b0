"""One campaign from start to judgement."""

from __future__ import annotations

import json
import os
import threading
import time

import sample_data
from common.faults import KINDS
from drive import checks, erp_users
from drive.account import Account
from drive.fleet import Balancer, Fleet
from drive.processes import NotStarted

from .channels import CampaignBook, CampaignShopper, PatientChannel
from .judge import Judge
from .operator import Operator
from .planner import Planner, architect
from .restore import SETTINGS as RECOVERY
from .tally import Tally
from .trouble import FaultMaker, Trouble

# Sooner given up and sooner looked up than at a site, so that a minute sees more.
SETTINGS = (('"requestBudgetMs": 10000', '"requestBudgetMs": 3000'), ('"giveUpMs": 10000', '"giveUpMs": 3000'),
            ('"maxBacklogAgeMs": 300000', '"maxBacklogAgeMs": 20000'), *RECOVERY)
# A safety rule that is switched off by the configuration: an empty look-up is believed at once.
SETTLE_OFF = (('"settle_ms": 2000', '"settle_ms": 0'),)


class Campaign:
    """`patience_s`: how long a channel waits for an answer; longer than a recovery takes."""

    def __init__(self, fleet: Fleet, postgres: str, minutes: float, seed: int, patience_s: float, account: Account):
        self._fleet, self._minutes, self._patience_s, self._account = fleet, minutes, patience_s, account
        self._settle_s = min(patience_s, 120.0)
        self._tally = Tally()
        self._book = CampaignBook()
        self._trouble = Trouble(fleet, postgres, self._tally, account, seed + 1)
        self._faults: dict[str, int] = {}
        self._seed = seed

    def run(self) -> dict:
        """The summary; `findings` has what is wrong, beside what its counters say."""
        account, fleet, seed = self._account, self._fleet, self._seed
        ops = architect(fleet, account)
        account.chapter("Both ERPs are mirrored, and compared")
        base = erp_users.before_go_live(fleet.nav, fleet.bc, account)
        self._book.stock.start(base)
        for capability in ("customers", "orders", "inventory"):
            ops.move(capability, "dual_write")
        for capability in ("customers", "orders", "inventory"):
            ops.caught_up(capability)
            ops.move(capability, "shadow_read")

        account.chapter(f"{self._minutes:g} minutes of load and trouble, seed {seed}")
        channels = {name: PatientChannel(name, self._book, Balancer(fleet.channel_ports, f"{name}-demo-key"), self._tally,
                                         self._patience_s) for name in ("web", "pos")}
        shoppers = self._shoppers(channels)
        warehouse = erp_users.Warehouse(fleet.nav, fleet.bc, self._book)
        people = erp_users.ErpPeople(warehouse, self._book, 3.0)
        operator = Operator(fleet, self._book, self._tally, account)
        planner = Planner(fleet, self._tally, account, seed + 2, (1.0, 3.5))
        faults = FaultMaker(fleet, self._tally, seed + 3, min(1.2, self._minutes))
        threads: list[threading.Thread] = [*shoppers, people, operator, planner, faults]
        for thread in threads:
            thread.start()
        self._make_trouble()
        for thread in (faults, planner):
            thread.ended.set()
        self._trouble.over()
        self._end_faults()
        for shopper in (*shoppers, people):
            shopper.stop()
        for thread in (planner, people, *shoppers):
            thread.join(timeout=self._patience_s + 60)
            if thread.is_alive():
                self._tally.found(f"{thread.name} did not come to its end")
        operator.ended.set()
        operator.join()
        return self._judged(channels, ops, operator)

    def _shoppers(self, channels: dict) -> list[CampaignShopper]:
        numbers = [customer.number for customer in sample_data.CUSTOMERS]
        shared, rest = numbers[:4], numbers[4:]
        shoppers = []
        for at, name in enumerate(("web", "web", "web", "web", "pos", "pos", "pos", "pos")):
            shoppers.append(CampaignShopper(channels[name], rest, rest[at::8], shared, self._seed * 100 + at, 0.25))
        return shoppers

    def _make_trouble(self) -> None:
        """Every card at its time; the time is over when the last is played and the minutes have passed."""
        begun = time.monotonic()
        length = self._minutes * 60
        cards = self._trouble.cards(self._minutes)
        for at, card in enumerate(cards):
            due = begun + length * (at + 0.5) / len(cards)
            time.sleep(max(0.0, due - time.monotonic()))
            card()
        time.sleep(max(0.0, begun + length - time.monotonic()))

    def _end_faults(self) -> None:
        """No more of them; those that are waiting to be committed are waited for."""
        for erp in (self._fleet.nav, self._fleet.bc):
            for kind, fired in erp.faults_fired().items():
                self._faults[kind] = self._faults.get(kind, 0) + fired
            erp.server.call("DELETE", "/_sim/faults")
            give_up = time.monotonic() + 30
            while erp.server.call("GET", "/_sim/faults").json["late_commits_pending"]:
                if time.monotonic() > give_up:
                    self._tally.found(f"{erp.name}: a late commit never came")
                    break
                time.sleep(0.05)

    # -------------------------------------------------------------------------------------- the end
    def _judged(self, channels: dict, ops, operator: Operator) -> dict:
        account, book, tally = self._account, self._book, self._tally
        account.chapter("Everything comes to rest")
        operator.finish(self._settle_s)
        waiting = ops.settle(self._settle_s)
        if waiting:
            tally.found(f"not settled after {self._settle_s:g} s: {waiting}")
        asked = checks.check_history(book, channels, self._fleet.nav)
        account.step("channels", f"{asked} orders asked for once more")
        judge = Judge(self._fleet, book, tally, operator, ops, account)
        give_up = time.monotonic() + self._settle_s / 2
        while True:
            # What the ERPs' people did last, and what is raised of it, comes with the next polls.
            left = operator.finish(self._settle_s / 4)
            ops.settle(self._settle_s / 4)
            judge.judge()
            if not (judge.findings or left) or time.monotonic() > give_up:
                break
            time.sleep(2)
        judge.tell()
        tally.findings += [f"exception: {one['kind']} {one['subject']}: {one['detail']}" for one in left]
        findings = [*tally.findings, *judge.findings, *book.failures, *book.findings]
        findings += tally.too_few(self._minutes, self._faults)
        summary = tally.summary(self._faults, judge.damage, judge.raised)
        self._tell(summary, findings, operator)
        return {"summary": summary, "findings": findings}

    def _tell(self, summary: dict, findings: list[str], operator: Operator) -> None:
        account, book = self._account, self._book
        account.chapter("Traffic")
        answers: dict = {}
        for (operation, status), count in sorted(book.answers.items()):
            answers.setdefault(operation, []).append(f"{count} × {status or 'no answer'}")
        for operation, counts in answers.items():
            account.line(f"  {operation:<24}{', '.join(counts)}")
        shown = ", ".join(f"{count} × {why}" for why, count in book.retries.most_common())
        account.line(f"  {'repeated by channels':<24}{shown}")
        account.line(f"  {'raised':<24}{dict(operator.kinds)}")
        account.chapter("Summary")
        account.table([(name, str(value), None) for name, value in summary.items()])
        for text in findings[:60]:
            account.bad("finding", text)
        if len(findings) > 60:
            account.bad("finding", f"and {len(findings) - 60} more")


def leave(out: str, summary: dict) -> None:
    with open(os.path.join(out, "campaign.json"), "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=2)
        file.write("\n")


__all__ = ["Campaign", "KINDS", "NotStarted", "SETTINGS", "SETTLE_OFF", "leave"]
