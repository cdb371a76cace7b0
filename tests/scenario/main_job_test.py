"""Runs the drive once against the executable given, in a folder of its own, and judges its summary.

The drive judges itself too; here its files are judged, as somebody reads them who trusts only files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = ["orders_acknowledged", "orders_in_legacy", "orders_in_cloud", "lost", "duplicated", "executed_twice",
        "status_regressed", "history_not_found", "reads", "reads_failed", "oversold", "totals_differing",
        "comparisons", "matches", "mismatches", "unexplained", "planted_differences", "planted_found",
        "gate_refused", "stage_changes", "rollbacks"]
ZERO = ["lost", "duplicated", "executed_twice", "status_regressed", "history_not_found", "reads_failed",
        "oversold", "totals_differing", "unexplained"]


def complaints(summary: dict, report: str) -> list[str]:
    wrong = [f"{key} is {summary.get(key)}, not 0" for key in ZERO if summary.get(key) != 0]
    if sorted(summary) != sorted(KEYS):
        return wrong + [f"the keys are {sorted(summary)}"]
    home = summary["orders_in_legacy"] + summary["orders_in_cloud"]
    if home != summary["orders_acknowledged"]:
        wrong.append(f"{summary['orders_acknowledged']} orders acknowledged, {home} have a home")
    for key, least in (("orders_in_legacy", 50), ("orders_in_cloud", 50), ("reads", 200), ("comparisons", 100),
                       ("matches", 50), ("mismatches", 3), ("gate_refused", 1), ("stage_changes", 20), ("rollbacks", 1)):
        if summary[key] < least:
            wrong.append(f"{key} is {summary[key]}, less than {least}")
    if summary["planted_differences"] != 3 or summary["planted_found"] != 3:
        wrong.append(f"{summary['planted_found']} of {summary['planted_differences']} planted differences found")
    # Addresses stand in it as text, in commands to copy; nothing is loaded from them.
    loaded = re.search(r"""(src|href|action)\s*=\s*["']?(https?:)?//|url\(\s*["']?(https?:)?//|@import|fetch\(|XMLHttp""", report)
    if "</html>" not in report or loaded:
        wrong.append(f"parity.html is not one self-contained page: {loaded and report[loaded.start():loaded.end() + 60]}")
    return wrong


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="underpin-main-job-") as out:
        ended = subprocess.run([sys.executable, os.path.join(HERE, "drive"), "--once", "--free-ports",
                                "--binary", sys.argv[1], "--out", out], check=False)
        try:
            with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
                summary = json.load(file)
            with open(os.path.join(out, "parity.html"), encoding="utf-8") as file:
                report = file.read()
        except OSError as error:
            print(f"the drive left no files: {error}; it ended with {ended.returncode}")
            return 1
        wrong = complaints(summary, report)
    if ended.returncode != 0:
        wrong.append(f"the drive ended with {ended.returncode}")
    for text in wrong:
        print(f"main job: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
