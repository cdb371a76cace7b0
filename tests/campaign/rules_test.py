"""A campaign with one safety rule switched off must fail, and for the reason that the rule is there for.

    rules_test.py RULE BINARY RULES_BINARY
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def missed(rule: str, summary: dict, told: str) -> bool:
    """Does the campaign say what goes wrong without the rule?"""
    if rule == "settle":  # An empty look-up is believed at once: what commits late is there twice.
        return summary["doubled"] > 0 or "neither a stop nor" in told
    return "unknownOutcomes" in told and "no final answer" in told  # Nobody finds out what became of a write.


def main() -> int:
    rule, binary, rules_binary = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="underpin-rules-") as out:
        ended = subprocess.run([sys.executable, os.path.join(HERE, "run"), "--minutes", "0.5", "--seed", "5", "--without",
                                rule, "--binary", binary, "--rules-binary", rules_binary, "--out", out],
                               stdout=subprocess.PIPE, text=True, check=False)
        print(ended.stdout)
        try:
            with open(os.path.join(out, "campaign.json"), encoding="utf-8") as file:
                summary = json.load(file)
        except OSError as error:
            print(f"the campaign left nothing: {error}")
            return 1
    if ended.returncode != 1 or not missed(rule, summary, ended.stdout):
        print(f"without the rule '{rule}' the campaign ended with {ended.returncode} and {summary}: it was not missed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
