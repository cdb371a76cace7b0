"""Starts the two simulated ERPs and the facade, and drives a migration through them. See run.sh."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(HERE)  # The folder of this package, not the package itself.
sys.path.append(os.path.join(HERE, "..", "..", "simulators"))  # For its sample data.

from drive.account import Account  # noqa: E402
from drive.migration import Migration  # noqa: E402
from drive.processes import ROOT, NotStarted, Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site  # noqa: E402
from drive.two_waves import TwoWaves  # noqa: E402


def _arguments():
    parser = argparse.ArgumentParser(description="The sample site, and a migration of it")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "underpin"))
    parser.add_argument("--config", help="default: config/underpin.json, or config/waves.json with --waves")
    parser.add_argument("--out", default=os.path.join(ROOT, "out"), help="data, logs, report, summary")
    parser.add_argument("--serve", action="store_true", help="start everything, drive nothing")
    parser.add_argument("--waves", action="store_true", help="serve two waves, drive nothing")
    parser.add_argument("--once", action="store_true", help="end after the drive; the exit code is its result")
    parser.add_argument("--keep", action="store_true", help="continue with the data of the last run")
    parser.add_argument("--free-ports", action="store_true", help="listen on free ports, not 8080 and 8081")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    account = Account()
    out = os.path.abspath(given.out)
    os.makedirs(out, exist_ok=True)
    site = "waves.json" if given.waves else "underpin.json"
    config, ports = given.config or os.path.join(ROOT, "config", site), (8080, 8081)
    if given.free_ports:
        ports = tuple(free_ports(2))
        config = copied_site(config, os.path.join(out, "config"), ports)
    kind = TwoWaves if given.waves else Processes
    processes = kind(given.binary, config, out, ports, given.keep, account)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _end(ended))
    good, wrong = True, []
    try:
        processes.start()
        if not given.serve and not given.waves:
            good = Migration(processes, account, fresh=not given.keep).run()
        if given.once:
            ended.set()
        else:
            _show_urls(account, processes, given.waves)
        while not ended.wait(0.5):
            dead = processes.dead()
            if dead:
                account.bad("run", dead)
                good = False
                break
    except NotStarted as error:
        print(f"run.sh: {error}", file=sys.stderr)
        good = False
    except KeyboardInterrupt:
        account.line()
        if given.once:
            good = False
    finally:
        wrong = processes.stop()
    for text in wrong:
        account.bad("run", text)
    return 0 if good and not wrong else 1


def _end(ended: threading.Event) -> None:
    if ended.is_set():
        return
    ended.set()
    raise KeyboardInterrupt


def _show_urls(account: Account, processes: Processes, waves: bool) -> None:
    channel, ops = (f"http://127.0.0.1:{port}"
                    for port in (processes.channel_port, processes.ops_port))
    account.chapter("Serving until Ctrl-C")
    account.table([
        ("channel API", f"{channel}/v1", None), 
        ("operations API", f"{ops}/ops/v1/cutover", None),
        ("parity report", f"{ops}/ops/v1/parity/report.html{'?wave=de' if waves else ''}", None),
        ("metrics", f"{ops}/metrics", None),
        ("keys (X-API-Key)", ("web-de-demo-key, web-fr-demo-key; architect-de-demo-key" if waves
                              else "web-demo-key, pos-demo-key") + "; ops-demo-key, architect-demo-key; "
                             "approver-, qa-, finance-, operator-demo-key", None)])
    account.line(f"  curl -i -H 'X-API-Key: web-{'de-' if waves else ''}demo-key' -H 'Content-Type: application/json' \\")
    account.line(f"    -H 'Idempotency-Key: sample-1' -d @docs/examples/order.json {channel}/v1/orders")


if __name__ == "__main__":
    sys.exit(main())
