"""The commands of docs/operating/backup.md, as a reader pastes them, on the sample site.

A block is `sh`, `sh refused` (must fail), or `sh offline`: the facade is stopped before it and started after it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

from drive.account import Account  # noqa: E402
from restore_test import Site  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "operating", "backup.md")
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def main() -> int:
    binary = os.path.abspath(sys.argv[1])
    with open(PAGE, encoding="utf-8") as file:
        blocks = FENCE.findall(file.read())
    exports: list[str] = []
    with tempfile.TemporaryDirectory(prefix="underpin-backup-") as out:
        site = Site(binary, out, "", Account())
        wrong = []
        try:
            site.start()
            environment = {**site.environment, "CONFIG": site.config_of(0),
                           "UNDERPIN_OPS_URL": f"http://127.0.0.1:{site.ports[0][1]}"}
            for number, (kind, text) in enumerate(blocks, 1):
                if kind not in ("sh", "sh refused", "sh offline"):
                    wrong.append(f"block {number} is ```{kind}")
                    continue
                if kind == "sh offline":
                    site.signal(0, signal.SIGKILL)
                script = "\n".join(["set -euo pipefail", *exports, text.replace("$PWD/build", os.path.dirname(binary))])
                done = subprocess.run(["bash", "-c", script], env=environment, cwd=out, text=True, timeout=120,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                print(f"--- block {number} ({kind}): exit {done.returncode}\n{done.stdout}")
                if (done.returncode != 0) != (kind == "sh refused"):
                    wrong.append(f"block {number} ({kind}) ended with {done.returncode}")
                exports += [line.replace("$PWD/build", os.path.dirname(binary))
                            for line in text.splitlines() if line.startswith("export ")]
                if kind == "sh offline":
                    site.start_all([0])
            if len(blocks) < 6:
                wrong.append(f"{PAGE} has only {len(blocks)} blocks")
        finally:
            wrong += site.stop()
    for text in wrong:
        print(f"FAIL  {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
