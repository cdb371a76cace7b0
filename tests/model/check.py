#!/usr/bin/env python3
"""Checks one model of tests/model exhaustively with Spin, or shows that Spin refutes a mutant.

    check.py model NAME     states and depth are printed; any violation fails
    check.py mutant NAME    one safety rule is off; fails unless an assertion is violated
    check.py table          docs/safety.md names every transition and, for each, functions that exist
    check.py list           the names, one a line

A search that hits its limit of depth, memory or time has proved nothing, and fails. The models are
named in models.json.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEPTH_MAX = 20_000
MEMORY_MAX_MB = 2_000
TIME_MAX_S = 600


def run(command, folder):
    return subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIME_MAX_S, check=False)


def must(command, folder):
    done = run(command, folder)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def search(file, defines):
    """Returns what pan printed; the model is copied, so that tests may run side by side."""
    with tempfile.TemporaryDirectory(prefix="underpin-model-") as folder:
        flags = ["-D" + define for define in defines]
        must(["spin", "-a", *flags, os.path.join(HERE, file)], folder)
        # SAFETY: assertions only; what must hold when all is quiet is asserted on Spin's `timeout`.
        # No BITSTATE, no hash compaction. COLLAPSE keeps every state, packed.
        must(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MAX_MB}", "-o",
              "pan", "pan.c"], folder)
        return run(["./pan", f"-m{DEPTH_MAX}", "-b"], folder).stdout


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1)) if found else -1


def report(name, output, started):
    states = number(r"(\d+) states, stored", output)
    depth = number(r"depth reached (\d+)", output)
    print(f"{name}: {states:,} states, depth {depth}, {time.monotonic() - started:.1f} s")
    return states


def violated(output):
    found = re.search(r"assertion violated (\w+) \(at depth (\d+)\)", output)
    return found.groups() if found else None


def model(name):
    known = load()["models"][name]
    started = time.monotonic()
    output = search(known["file"], known["define"])
    states = report(name, output, started)
    complete = ("errors: 0" in output and states > 0 and "Search not completed" not in output
                and "max search depth too small" not in output and "out of memory" not in output)
    if not complete:
        sys.exit(f"{name} was not proved:\n{output}")
    print("holds in every state: " + ", ".join(
        sentence.replace("_", " ") for sentence in invariants(known["file"])))


def mutant(name):
    known = load()["mutants"][name]
    base = load()["models"][known["model"]]
    text = read(os.path.join(HERE, base["file"]))
    if not re.search(rf"\b{known['define']}\b", text):
        sys.exit(f"{base['file']} does not know {known['define']}")
    started = time.monotonic()
    output = search(base["file"], base["define"] + [known["define"]])
    report(f"{known['model']} without rule {known['rule']}, {name}", output, started)
    wrong = violated(output)
    if not wrong:
        sys.exit(f"{name} was not refuted: the model is too weak, or did not run:\n{output}")
    print(f"refuted after {wrong[1]} steps: {wrong[0].replace('_', ' ')}")


def load():
    with open(os.path.join(HERE, "models.json"), encoding="utf-8") as file:
        return json.load(file)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def invariants(file):
    return re.findall(r"^hidden byte (\w+);", read(os.path.join(HERE, file)), re.M)


def transitions(file):
    return [name for name in re.findall(r"^inline (\w+)\(", read(os.path.join(HERE, file)), re.M)
            if not name.endswith("_")]


def table():
    """Rows of the form | `model.pml` | `transition` | `function` in `file`, ... |; an em dash where
    no code of ours acts (the ERPs, their users, the machines)."""
    wrong = []
    rows = {}
    for line in read(os.path.join(ROOT, "docs", "safety.md")).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3 or not re.fullmatch(r"`\w+\.pml`", cells[0]):
            continue
        for label in re.findall(r"`(\w+)`", cells[1]):
            rows[(cells[0].strip("`"), label)] = cells[2]
        places = re.findall(r"`([\w:]+)` in `([\w/.]+)`", cells[2])
        if not places and not cells[2].startswith("–"):
            wrong.append(f"{cells[0]} {cells[1]}: names no function and no reason")
        for function, path in places:
            path = os.path.join(ROOT, path)
            if not os.path.isfile(path):
                wrong.append(f"{cells[1]}: {path} does not exist")
            elif not re.search(rf"\b{re.escape(function)}\(", read(path)):
                wrong.append(f"{cells[1]}: {function}( is not in {path}")
    files = sorted({entry["file"] for entry in load()["models"].values()})
    expected = {(file, label) for file in files for label in transitions(file)}
    wrong += [f"{file}: {label} is not in docs/safety.md" for file, label in
              sorted(expected - rows.keys())]
    wrong += [f"docs/safety.md: {file} has no transition {label}" for file, label in
              sorted(rows.keys() - expected)]
    for file in files:
        defined = set(re.findall(r"#(?:ifdef|ifndef) (\w+)|defined\((\w+)\)",
                                 read(os.path.join(HERE, file))))
        switches = {a or b for a, b in defined} - {"FLIPS", "FAULTS", "VENDOR_KEY"}
        used = {entry["define"] for entry in load()["mutants"].values()
                if load()["models"][entry["model"]]["file"] == file}
        wrong += [f"{file}: no mutant uses {name}" for name in sorted(switches - used)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(expected)} transitions, every one mapped")


def names():
    for kind in ("models", "mutants"):
        for name in load()[kind]:
            print(kind[:-1], name)


if __name__ == "__main__":
    commands = {"model": model, "mutant": mutant, "table": table, "list": names}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
