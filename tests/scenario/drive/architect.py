"""The architect: moves each capability through the operations API, version by version."""

from __future__ import annotations

import time

from .account import Account
from .http_calls import Server

STAGES = ("legacy_only", "dual_write", "shadow_read", "cloud_primary", "ramp_down", "cloud_only")
PATIENCE_S = 60


class GaveUp(RuntimeError):
    """A change of the plan stayed refused; the text has the last reason."""


class Architect:
    def __init__(self, port: int, key: str, account: Account):
        self._server = Server(port, {"X-API-Key": key})
        self._account = account
        self.stage_changes = 0
        self.rollbacks = 0

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
        body = {"stage": stage, "sharePer100k": percent * 1000,
                "reason": reason or f"{capability} to {stage}, {percent} %"}
        return self._publish(capability, "PUT", f"/ops/v1/cutover/{capability}", body,
                             f"{stage}{'' if percent == 100 else f', {percent} %'}")

    def roll_back(self, capability: str, reason: str) -> dict:
        after = self._publish(capability, "POST", f"/ops/v1/cutover/{capability}/rollback",
                              {"reason": reason}, "rolled back")
        self.rollbacks += 1
        return after

    def _publish(self, capability: str, method: str, path: str, body: dict, what: str) -> dict:
        give_up = time.monotonic() + PATIENCE_S
        said = ""
        begun = time.monotonic()
        while True:
            before = self.status(capability)
            answer = self._server.call(method, path, body, {"If-Match": f'"{before["version"]}"'})
            if answer.status == 200:
                break
            why = answer.problem().partition(": ")[2] or answer.problem()
            kind = "".join(c for c in why if not c.isdigit())
            if answer.status not in (409, 412) or time.monotonic() > give_up:
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
        if method == "POST":
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
