"""An iSeries that posts by night behind the facade: what is pending, what is unknown until the morning, a kill."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.http_calls import Server  # noqa: E402
from drive.processes import free_ports  # noqa: E402

wrong: list[str] = []


def expect(holds: bool, what: str, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}")
    if not holds:
        wrong.append(what)
        print(f"      {seen}")


def until(look, what: str, seconds: float = 20):
    """What `look` answers once it is true."""
    give_up = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > give_up:
            expect(bool(found), what, found)
            return found
        time.sleep(0.02)


def order(number: str) -> dict:
    with open(os.path.join(ROOT, "docs", "examples", "order.json"), encoding="utf-8") as file:
        body = json.load(file)
    body["number"] = number
    return body


class Site:
    def __init__(self, underpin: str, out: str):
        self.underpin, self.out, self.running = underpin, out, []
        os.makedirs(os.path.join(out, "facade"))
        self.to = os.path.join(out, "as400", "to")
        self.erp = Server(self.simulator("as400"))
        self.simulator("other")
        ports = free_ports(2)
        self.ports = ports
        with open(os.path.join(ROOT, "config", "underpin.json"), encoding="utf-8") as file:
            keys = re.search(r'"keys": (\[.*?\n  \])', file.read(), re.DOTALL).group(1)
        config = {
            "stateFolder": os.path.join(out, "facade"),
            "channelListener": {"port": ports[0]}, "opsListener": {"port": ports[1]}, "keys": json.loads(keys),
            "systems": {
                # Nothing here is about the second ERP, so it is of the kind that is there soonest.
                name: {"adapter": "iseries_batch", "settings": {
                    "outbound": {"folder": os.path.join(out, name, "to")},
                    "inbound": {"folder": os.path.join(out, name, "from"), "stable_ms": 0},
                    "prices": {"folder": os.path.join(out, name, "prices"), "stable_ms": 0},
                    "poll_every_ms": 50, "settle_ms": 300}}
                for name in ("as400", "other")},
            "waves": {"default": {"legacy": "as400", "cloud": "other"}},
            "relay": {"backoffMinMs": 50, "giveUpMs": 5000}, "pollMs": 100, "resolveMs": 50}
        with open(os.path.join(out, "underpin.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.serve()

    def simulator(self, name: str) -> int:
        folders = [word for folder in ("data", "outbound", "inbound", "prices") for word in (
            "--" + folder, os.path.join(self.out, name, {"outbound": "to", "inbound": "from"}.get(folder, folder)))]
        process = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests", "simulators", "iseries", "server.py"),
                                    "--port", "0", "--job", "on_demand", *folders], stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        return int(process.stdout.readline().partition("=")[2])

    def serve(self) -> None:
        # Kept connections do not outlive a facade.
        self.channel = Server(self.ports[0], {"X-API-Key": "web-demo-key"})
        self.ops = Server(self.ports[1], {"X-API-Key": "operator-demo-key"})
        with open(os.path.join(self.out, "underpin.log"), "ab") as log:
            self.facade = subprocess.Popen([self.underpin, "serve", "--config", os.path.join(self.out, "underpin.json")],
                                           stdout=log, stderr=log)
        until(self.ready, "the facade serves", 60)

    def ready(self) -> bool:
        if self.facade.poll() is not None:
            raise RuntimeError("the facade does not start")
        try:
            answer = self.ops.call("GET", "/readyz")
        except OSError:
            return False
        return answer.status == 200 and all(one["reachable"] for one in answer.json["systems"])

    def words(self, command: str, *more: str) -> list:
        return [self.underpin, command, "--config", os.path.join(self.out, "underpin.json"), *more]

    def environment(self) -> dict:
        return {**os.environ, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{self.ops.port}",
                "UNDERPIN_OPS_KEY": "operator-demo-key"}

    def command(self, *words: str) -> None:
        done = subprocess.run(self.words(*words), env=self.environment(), timeout=60, text=True,
                              capture_output=True)
        expect(done.returncode == 0, f"underpin {words[0]}", done.stdout + done.stderr)

    def kill(self) -> None:
        self.facade.kill()
        self.facade.wait()

    def end(self) -> None:
        self.facade.send_signal(signal.SIGTERM)
        expect(self.facade.wait(timeout=20) == 0, "the facade ends well")
        for process in self.running:
            process.terminate()
            process.wait()

    def night(self) -> None:
        self.erp.call("POST", "/_sim/job", {})

    def users(self, action: str, **given: object) -> None:
        answer = self.erp.call("POST", f"/_sim/users/{action}", given)
        expect(answer.status == 200, f"the ERP's users: {action}", answer.problem())

    def held(self, number: str) -> list:
        orders = self.erp.call("GET", "/_sim/state?part=orders").json["orders"]
        return [one for one in orders if one["REF"] == f"WEB/{number}"]

    def sent(self, kind: str = "ORD") -> int:
        """Files of a kind that the facade has ever sent."""
        names = os.listdir(self.to)
        taken = os.path.join(self.to, "taken")
        names += os.listdir(taken) if os.path.isdir(taken) else []
        return sum(name.startswith(kind) for name in names)

    def unknown(self) -> list:
        return self.ops.call("GET", "/ops/v1/outcomes").json["items"]

    def write(self, method: str, path: str, body: dict, key: str):
        return self.channel.call(method, path, body, {"Idempotency-Key": key, "If-Match": "*"})

    def status(self, number: str) -> str:
        return self.channel.call("GET", f"/v1/orders/{number}").json.get("status", "")


def placed(site: Site, number: str) -> None:
    answer = site.write("POST", "/v1/orders", order(number), "place-" + number)
    expect(answer.status == 202 and answer.json["state"] == "pending", "a new order is pending", answer.body)
    site.night()
    # Its release goes out when it is there, or before: another night.
    until(lambda: site.night() or site.status(number) == "released", f"{number} is released by the second night")


def changes(site: Site) -> None:
    """Unknown until the night has answered; then what it said, within the settle time."""
    placed(site, "N-1")
    amendment = {"lines": [{"number": 1, "quantity": "6"}]}
    answer = site.write("PATCH", "/v1/orders/N-1", amendment, "amend")
    expect(answer.status == 202 and answer.json["state"] == "outcome_unknown", "a change is unknown", answer.body)
    files = site.sent()
    until(lambda: any(one["attempts"] >= 3 for one in site.unknown()),
          "it is listed as such, and asked about again and again")
    expect(site.sent() == files, "and sent once", site.sent())
    site.night()
    until(lambda: site.write("PATCH", "/v1/orders/N-1", amendment, "amend").status == 200,
          "the morning settles it, and its repeat gets the answer")
    until(lambda: site.night() or site.status("N-1") == "released", "it is released again")
    line = site.held("N-1")[0]["lines"][0]
    expect(line["QTY"] == "6", "and has the new quantity", line)


def refusal(site: Site) -> None:
    """A cancellation that comes too late is never acknowledged."""
    answer = site.write("POST", "/v1/orders/N-1/cancel", {"reason": "changed my mind"}, "cancel")
    expect(answer.status == 202, "a cancellation is unknown", answer.body)
    site.users("ship", order=site.held("N-1")[0]["ORDNO"])
    site.night()
    until(lambda: "shipped" in site.write("POST", "/v1/orders/N-1/cancel", {"reason": "changed my mind"},
                                          "cancel").problem(), "the night has refused it, with the ERP's reason")
    expect(not site.unknown(), "and it is settled", site.unknown())
    expect(site.status("N-1") == "shipped", "the order is shipped", site.status("N-1"))
    alarms = site.ops.call("GET", "/readyz").json["alarms"]
    expect(any("was refused: SHIP" in one["detail"] for one in alarms), "and an alarm says it", alarms)


def put_aside(site: Site) -> None:
    """A file that cannot be taken in waits for a person, who is told where and why."""
    answer = site.erp.call("POST", "/_sim/files", {"kind": "stock", "trap": "bad_count"})
    expect(answer.status == 200, "a stock file with a wrong count", answer.body)
    found = until(lambda: [one for one in site.ops.call("GET", "/ops/v1/exceptions?state=open").json["items"]
                           if one["kind"] == "put_aside" and one["subject"] == answer.json["file"]],
                  "it is an exception")
    expect(len(found) == 1 and "STK" in found[0]["detail"], "once, with its reason", found)
    closed = subprocess.run([site.underpin, "exceptions", "discard", str(found[0]["id"]), "--reason", "counted by hand"],
                            env=site.environment(), timeout=60, text=True, capture_output=True)
    expect(closed.returncode == 0, "underpin exceptions discard", closed.stdout + closed.stderr)
    still = site.ops.call("GET", "/ops/v1/exceptions?state=open").json["items"]
    expect(not any(one["id"] == found[0]["id"] for one in still), "a person has closed it", still)


def killed(site: Site) -> None:
    """What was on its way at a kill is neither lost nor sent twice."""
    placed(site, "N-2")
    amendment = {"lines": [{"number": 2, "quantity": "3"}]}
    answer = site.write("PATCH", "/v1/orders/N-2", amendment, "amend-2")
    expect(answer.status == 202, "a change is on its way", answer.body)
    answer = site.write("POST", "/v1/orders", order("N-3"), "place-3")
    expect(answer.status == 202, "and a new order", answer.body)
    site.kill()
    site.night()
    site.serve()
    absent = site.channel.call("GET", "/v1/orders/N-9")
    expect(absent.status == 404, "what is absent is so", absent.body)
    until(lambda: site.write("PATCH", "/v1/orders/N-2", amendment, "amend-2").status == 200, "the change is settled")
    until(lambda: site.night() or site.status("N-3") == "released", "the order is released")
    until(lambda: site.night() or site.status("N-2") == "released", "the changed one, too")
    for number in ("N-1", "N-2", "N-3"):
        expect(len(site.held(number)) == 1, f"{number} is there once", site.held(number))
    expect([line["QTY"] for line in site.held("N-2")[0]["lines"]] == ["4", "3"], "the change is there")
    answers = site.erp.call("GET", "/_sim/state?part=job").json["job"]["answered"]
    expect(answers == site.sent(), "each write was sent in one file, once", (answers, site.sent()))


def restored(site: Site) -> None:
    """Journal and state folder of yesterday: closed until the night has answered what they do not know."""
    folder, backup = os.path.join(site.out, "facade"), os.path.join(site.out, "journal.backup")
    site.kill()
    shutil.copytree(os.path.join(folder, "as400"), os.path.join(site.out, "as400.backup"))
    site.serve()
    site.command("backup", "--out", backup)
    files = site.sent()
    answer = site.write("POST", "/v1/orders", order("N-4"), "place-4")
    expect(answer.status == 202, "an order after the backup", answer.body)
    expect(site.sent() > files, "it is sent", site.sent())
    site.kill()
    shutil.rmtree(os.path.join(folder, "as400"))
    shutil.move(os.path.join(site.out, "as400.backup"), os.path.join(folder, "as400"))
    site.command("restore", "--from", backup, "--wait", "20")
    site.serve()
    recover = subprocess.Popen(site.words("recover", "--reason", "a disk was lost"), env=site.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    waits = until(lambda: site.ops.call("GET", "/ops/v1/recovery").json.get("waitsFor"), "recovery waits")
    expect("may still commit what was sent before" in str(waits), "for what was sent before", waits)
    answer = site.write("POST", "/v1/orders", order("N-4"), "place-4")
    expect(answer.status == 503, "writes are closed", answer.body)
    ends = re.search(r"until (\d{4}-\d\d-\d\dT\d\d:\d\d)", str(waits))
    tomorrow = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 24 * 3600))
    expect(bool(ends) and ends.group(1) > tomorrow, "longer than a night, if the night says nothing", waits)
    expect(recover.poll() is None, "it still waits")
    site.night()
    told = recover.communicate(timeout=60)[0]
    expect(recover.returncode == 0, "the night ends it", told)
    answer = site.write("POST", "/v1/orders", order("N-4"), "place-4")
    expect(answer.status in (200, 201, 202), "the channel's repeat gets its receipt", answer.body)
    answer = site.write("POST", "/v1/orders", order("N-5"), "place-5")
    expect(answer.status == 202, "and new orders are taken", answer.body)
    site.night()
    until(lambda: site.night() or site.status("N-5") in ("open", "released"), "which the night posts")
    for number in ("N-4", "N-5"):
        expect(len(site.held(number)) == 1, f"{number} is there once", site.held(number))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-night-") as out:
        site = Site(os.path.abspath(sys.argv[1]), out)
        try:
            changes(site)
            refusal(site)
            put_aside(site)
            killed(site)
            restored(site)
        finally:
            if wrong:
                with open(os.path.join(out, "underpin.log"), encoding="utf-8") as file:
                    print("".join(file.readlines()[-6:]))
            site.end()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
