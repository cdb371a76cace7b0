"""Fails on what a reader should not find: stubs, skipped tests, long files, money in doubles, machine paths."""
import os
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
made = re.compile(r"(build(-[^/]*)?|out|\.git|\.cache|node_modules)$")  # What .gitignore leaves out.
names = []
for folder, folders, files in os.walk(root):
    folders[:] = [f for f in folders if f != "__pycache__" and not (pathlib.Path(folder) == root and made.match(f))]
    names += [(pathlib.Path(folder) / f).relative_to(root).as_posix() for f in files]
names.sort()
code = [n for n in names if pathlib.PurePath(n).suffix in {".cpp", ".h", ".py", ".sh", ".cmake"} and (root / n).is_file()]
me = "tests/tools/check_tidy.py"
errors = []
for name in code:
    text = (root / name).read_text(errors="replace")
    lines = text.splitlines()
    if pathlib.PurePath(name).suffix in {".cpp", ".h"} and len(lines) > 700:
        errors.append(f"{name}: {len(lines)} lines; 700 is a reader's patience")
    if pathlib.PurePath(name).suffix == ".h" and "#pragma once" not in text:
        errors.append(f"{name}: #pragma once is missing")
    if name == me:
        continue
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            errors.append(f"{name}:{number}: unfinished by its own word")
        if name.startswith("tests/") and re.search(r"GTEST_SKIP|\bDISABLED_|EXPECT_TRUE\(true\)|ASSERT_TRUE\(true\)", line):
            errors.append(f"{name}:{number}: a test that does not test")
        if re.match(r"(contracts|legacy-adapters|cloud-adapters|parity|cutover|mapping)/", name) and not line.lstrip().startswith(("//", "*")):
            if re.search(r"\b(double|float)\b", line) and re.search(r"amount|price|qty|quantit|money|decimal|total", line, re.I):
                errors.append(f"{name}:{number}: money or a quantity near a double")
print("\n".join(errors) or f"tidy: {len(code)} files")
sys.exit(bool(errors))
