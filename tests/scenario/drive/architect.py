"""The architect: moves each capability through the operations API, version by version.

Where two people decide, the architect proposes, the others sign, each with a key of their own, and the signed proposal
is published.
"""

from __future__ import annotations

import http.client
import time

from .account import Account
from .http_calls import InWave, Server

STAGES = ("legacy_only", "dual_write", "shadow_read", "cloud_primary", "ramp_down", "cloud_only")
PATIENCE_S = 60


class GaveUp(RuntimeError):
    """A change of the plan stayed refused; the text has the last reason."""


def tag_of(plan: dict) -> str:
    """What If-Match names: "7", and "2.7" when the journal was restored since the beginning."""
    epoch = plan.get("epoch", 1)
    return f'"{plan["version"]}"' if epoch == 1 else f'"{epoch}.{plan["version"]}"'


class Architect:
    patience_s = PATIENCE_S

    def __init__(self, port: int, key: str, account: Account, wave: str = ""):
        def server(of_key: str):
            plain = Server(port, {"X-API-Key": of_key})
            return InWave(plain, wave) if wave else plain

        self._server = server(key)
        self._signers = {role: server(f"{role}-demo-key") for role in ("approver", "qa", "finance")}
        self._account = account
        self.stage_changes = 0
        self.rollbacks = 0

    def ask_of(self, made) -> None:
        """`made(key)` is called like a Server with that key: a balancer, say."""
        self._server = made("ops-demo-key")
        self._signers = {role: made(f"{role}-demo-key") for role in self._signers}

    def status(self, capability: str) -> dict:
        answer = self._server.call("GET", f"/ops/v1/cutover/{capability}")
        if answer.status != 200:
            raise RuntimeError(f"status of {capability}: {answer.problem()}")
        return answer.json

    def get(self, path: str):
        answer = self._server.call("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.problem()}")
        return answer.json

    def page(self, path: str) -> bytes:
        answer = self._server.call("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.problem()}")
        return answer.body

    def post(self, path: str, body: dict):
        answer = self._server.call("POST", path, body)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.problem()}")
        return answer.json

    def move(self, capability: str, stage: str, percent: int = 100, reason: str = "") -> dict:
        """Publishes the change; waits while it is refused, and says why it waits."""
        why = reason or f"{capability} to {stage}, {percent} %"
        change = {"stage": stage, "sharePer100k": percent * 1000, "reason": why}
        signed: list[str] = []  # The path of the proposal that waits to be published.

        def attempt(tag: str):
            base = f"/ops/v1/cutover/{capability}/proposals"
            if not signed:
                made = self._server.call("POST", base, {"change": change}, {"If-Match": tag})
                if made.status != 201:
                    return made
                path = f"{base}/{made.json['id']}"
                for role in made.json["required"]:
                    signature = {"reason": f"signed as {role}"}
                    if role == "finance":  # Accepts what is open, and that known classes grow under traffic.
                        signature["headroomPercent"] = 1000
                    answer = self._signers[role].call("POST", f"{path}/approve", signature)
                    if answer.status != 200:
                        return answer
                signed.append(path)
            answer = self._server.call("POST", f"{signed[0]}/publish", {"reason": why})
            if answer.status == 412 or "void" in answer.problem():
                signed.clear()
            return answer

        return self._publish(capability, attempt, f"{stage}{'' if percent == 100 else f', {percent} %'}")

    def signed_proposal(self, capability: str, tag: str, stage: str, percent: int = 100) -> str:
        """The path of a proposal that everybody has signed and nobody has published."""
        base = f"/ops/v1/cutover/{capability}/proposals"
        made = self._server.call("POST", base, {"change": {
            "stage": stage, "sharePer100k": percent * 1000, "reason": f"{capability} to {stage}"}},
            {"If-Match": tag})
        if made.status != 201:
            raise RuntimeError(f"proposal of {capability}: {made.problem()}")
        path = f"{base}/{made.json['id']}"
        for role in made.json["required"]:
            signature = {"reason": f"signed as {role}"}
            if role == "finance":
                signature["headroomPercent"] = 1000
            answer = self._signers[role].call("POST", f"{path}/approve", signature)
            if answer.status != 200:
                raise RuntimeError(f"signature of {role}: {answer.problem()}")
        return path

    def publish(self, path: str, reason: str):
        """One attempt to publish a signed proposal."""
        return self._server.call("POST", f"{path}/publish", {"reason": reason})

    def reject(self, path: str, reason: str) -> None:
        self.post(f"{path}/reject", {"reason": reason})

    def roll_back(self, capability: str, reason: str) -> dict:
        def attempt(tag: str):
            return self._server.call("POST", f"/ops/v1/cutover/{capability}/rollback", {"reason": reason},
                                     {"If-Match": tag})

        after = self._publish(capability, attempt, "rolled back")
        self.rollbacks += 1
        return after

    def _publish(self, capability: str, attempt, what: str) -> dict:
        give_up = time.monotonic() + self.patience_s
        said = ""
        unanswered = 0  # The version that a request without an answer was about.
        begun = time.monotonic()
        while True:
            before = self.status(capability)
            if unanswered and before["version"] != unanswered:
                return before  # It was published.
            try:
                answer = attempt(tag_of(before))
            except (OSError, http.client.HTTPException):
                if time.monotonic() > give_up:
                    raise
                unanswered = before["version"]
                time.sleep(0.15)
                continue
            if answer.status == 200:
                break
            why = answer.problem().partition(": ")[2] or answer.problem()
            kind = "".join(c for c in why if not c.isdigit())
            if answer.status not in (409, 412, 503) or time.monotonic() > give_up:
                raise GaveUp(f"{capability} to {what}: {answer.problem()}")
            if kind != said and time.monotonic() - begun > 0.5:
                self._account.wait("architect", f"{capability} to {what} waits: {why}")
                said = kind
            time.sleep(0.15)
        after = answer.json
        if after["stage"] != before["stage"]:
            self.stage_changes += 1
        shown = f"{before['stage']} → {after['stage']}"
        if after["sharePer100k"] != 100_000:
            shown += f" ({after['sharePer100k'] / 1000:g} %)"
        elif before["stage"] == after["stage"]:
            shown = f"{after['stage']} for all"
        if what == "rolled back":
            shown = f"rolled back: {shown}"
        self._account.good("architect", f"{capability:<10} {shown:<34} version {after['version']}")
        return after

    def caught_up(self, capability: str) -> None:
        """Waits until the cloud holds everything, and says how much that was."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            state = self.status(capability)["catchUpCloud"]
            if state["state"] == "done":
                break
            if time.monotonic() > give_up:
                raise GaveUp(f"{capability} did not catch up: {state}")
            time.sleep(0.2)
        self._account.good("architect", f"{capability:<10} caught up: {state.get('detail') or 'nothing to bring'}")

    def undelivered(self) -> dict:
        """What waits, by capability: {"orders": {"pendingToCloud": 3}}; empty when nothing does."""
        waiting = {}
        for plan in self.get("/ops/v1/cutover")["items"]:
            left = {name: count for name, count in plan["backlog"].items() if count}
            if left:
                waiting[plan["capability"]] = left
        return waiting

    def settle(self, give_up_s: float) -> dict:
        """Waits until nothing is under way; answers what still is."""
        give_up = time.monotonic() + give_up_s
        while True:
            waiting = self.undelivered()
            if not waiting or time.monotonic() > give_up:
                return waiting
            time.sleep(0.2)
