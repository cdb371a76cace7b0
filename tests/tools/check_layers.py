"""Fails when a source file includes a header from a layer it may not know (cmake/layers.cmake)."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
rule_lines = re.findall(r'"([a-z-]+)\s*:([a-z\s-]*)"', (root / "cmake/layers.cmake").read_text())
allowed = {layer: {layer, *names.split()} for layer, names in rule_lines}
composition_root = {"facade/main.cpp"}

errors = []
files = 0
for layer in allowed:
    for path in sorted(p for p in (root / layer).rglob("*") if p.suffix in {".h", ".cpp"}):
        files += 1
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "([a-z-]+)/', line)
            if match and match[1] in allowed and match[1] not in allowed[layer] and name not in composition_root:
                errors.append(f"{name}:{number}: {layer} may not include {match[1]}/")
            if match and match[1] == "tests":
                errors.append(f"{name}:{number}: nothing but tests includes tests/")
            sibling = re.match(r'#include "(legacy-adapters|cloud-adapters)/([a-z0-9_]+)/', line)
            if sibling and sibling[2] != "transport" and not name.startswith(f"{sibling[1]}/{sibling[2]}/"):
                errors.append(f"{name}:{number}: an adapter folder is private")
            if re.match(r"#include <boost/", line) and not name.startswith("facade/http/"):
                errors.append(f"{name}:{number}: only the door knows Boost")
if not files:
    errors.append("no sources found: wrong folder?")
print("\n".join(errors) or f"layers ok: {files} files")
sys.exit(bool(errors))
