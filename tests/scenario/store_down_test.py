"""What the front door says while PostgreSQL is down: nothing by a plan that cannot be confirmed, nothing that is
not kept, and the kill switch works. Afterwards everything goes on by itself.

    store_down_test.py BINARY
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import NotStarted, Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402

RECONNECT_MS, PLAN_LEASE_MS = 500, 1500

wrong: list[str] = []


def expect(holds: bool, what: str, got=None) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}" + ("" if holds or got is None else f": {got}"))
    if not holds:
        wrong.append(what)


def postgres(verb: str, folder: str) -> None:
    subprocess.run([sys.executable, os.path.join(ROOT, "tests", "support", "postgres.py"), verb, folder],
                   check=True, timeout=120)


def with_store(config: str, connection: str) -> None:
    with open(config, encoding="utf-8") as file:
        text = file.read()
    key = '"stateFolder": "${UNDERPIN_DATA}/facade",'
    if text.count(key) != 1:
        raise NotStarted(f"the sample configuration does not say {key} exactly once")
    store = {"kind": "postgres", "connection": connection, "reconnectMs": RECONNECT_MS,
             "planLeaseMs": PLAN_LEASE_MS}
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace(key, f'{key} "store": {json.dumps(store)},'))


def order(number: str) -> dict:
    with open(os.path.join(ROOT, "docs", "examples", "order.json"), encoding="utf-8") as file:
        body = json.load(file)
    return {**body, "number": number}


def timed(call):
    begun = time.monotonic()
    answer = call()
    return answer, time.monotonic() - begun


def until(holds, seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if holds():
            return True
        time.sleep(0.05)
    return False


def drive(channel: Server, operator: Server, cluster: str) -> None:
    def place(number: str, key: str = ""):
        return channel.call("POST", "/v1/orders", order(number), {"Idempotency-Key": f'"{key or number}"'})

    def read():
        return channel.call("GET", "/v1/customers/C10000")

    expect(read().status == 200, "reads are served")
    first = place("5001")
    expect(first.status == 201, "writes are served", first.problem())

    postgres("halt", cluster)
    answer, took = timed(lambda: place("5002"))
    expect(answer.status == 503 and took < RECONNECT_MS / 1000 + 1.5, "a write is refused at once",
           f"{answer.status} after {took:.1f} s")
    def unconfirmed() -> bool:
        answer = read()
        return answer.status == 503 and "plan-unconfirmed" in str(answer.json)

    expect(until(unconfirmed, PLAN_LEASE_MS / 1000 + 5), "reads are refused when the plan lease has run out")
    for what, call in (("read", read), ("write", lambda: place("5002"))):
        answer, took = timed(call)
        expect(answer.status == 503 and "plan-unconfirmed" in str(answer.json)
               and took < 0.4, f"then a {what} waits for nothing", f"{answer.problem()} after {took:.1f} s")
    expect(operator.call("GET", "/livez").status == 200, "the process lives")
    expect(operator.call("GET", "/readyz").status == 503, "and is not ready")

    answer, took = timed(lambda: operator.call("POST", "/ops/v1/kill/orders", {"reason": "the store is down"}))
    expect(answer.status == 200 and took < 2, "the kill switch waits for no store",
           f"{answer.problem()} after {took:.1f} s")
    answer = place("5002")
    expect(answer.status == 503 and "the store is down" in answer.problem(), "and refuses with its reason",
           answer.problem())

    postgres("resume", cluster)
    expect(until(lambda: read().status == 200, 30), "reads are served again by themselves")
    expect(place("5002").status == 503, "what was switched off stays off")
    expect(operator.call("POST", "/ops/v1/unkill/orders", {"reason": "it is back"}).status == 200, "unkill")
    answers = []

    def placed() -> bool:
        answers.append(place("5002"))
        return answers[-1].status == 201

    expect(until(placed, 30), "the refused write is accepted under its key", answers[-1].problem())
    again = place("5001")
    expect(again.status == 201 and again.json == first.json, "an answer of before is given again")
    expect(until(lambda: "the store is down" in
                 operator.call("GET", "/ops/v1/audit?limit=500").body.decode(), 20),
           "the audit log has heard of the switch")


def main() -> int:
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="underpin-store-down-") as out:
        cluster = os.path.join(out, "postgres")
        postgres("start", cluster)
        try:
            with open(os.path.join(cluster, "connection"), encoding="utf-8") as file:
                connection = file.read().strip()
            ports = tuple(free_ports(2))
            config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), ports)
            with_store(config, connection)
            processes = Processes(binary, config, out, ports, False, Account())
            try:
                processes.start()
                drive(Server(ports[0], {"X-API-Key": "web-demo-key"}),
                      Server(ports[1], {"X-API-Key": "operator-demo-key"}), cluster)
            except (NotStarted, OSError) as error:
                expect(False, f"{type(error).__name__}: {error}")
            finally:
                for text in processes.stop():
                    expect(False, text)
        finally:
            postgres("stop", cluster)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
