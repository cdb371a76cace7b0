"""Evidence is bound to the code that compares: the files that its hash is made of are all that a
comparison is made by, and a change of any of them changes the hash."""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1])
CMAKE = sys.argv[2]
LISTED = set(pathlib.Path(sys.argv[3]).read_text().split())

# Included where a comparison is begun and kept, and no part of what it says.
ONLY_KEEPS = {"parity/ledger.h", "parity/ledger.cpp"}


def reached(starts):
    """Every file of parity/ and contracts/ that these include, headers with their sources."""
    found, waiting = set(), list(starts)
    while waiting:
        name = waiting.pop()
        if name in found or name in ONLY_KEEPS or not (ROOT / name).exists():
            continue
        found.add(name)
        for included in re.findall(r'#include "((?:parity|contracts)/[^"]+)"', (ROOT / name).read_text()):
            waiting += [included, included[:-2] + ".cpp"]
    return found


def fingerprint(folder, files):
    output = folder / "out.cpp"
    subprocess.run([CMAKE, f"-DOUTPUT={output}", "-DNAME=x", "-DFILES=" + ";".join(map(str, files)),
                    f"-DROOT={folder}", "-P", str(ROOT / "cmake/fingerprint.cmake")], check=True)
    return output.read_text()


def main():
    made_of = reached(["parity/compare.cpp", "parity/naming.cpp", "parity/verdict.cpp", "facade/comparable.cpp",
                       "facade/comparisons.cpp", "facade/comparisons.h"])
    missing = sorted(made_of - LISTED)
    assert not missing, f"evidence is not bound to {missing}: see `comparing` in CMakeLists.txt"
    assert "parity/values.cpp" in made_of and "contracts/decimal.cpp" in made_of, "it reads the includes"
    # Every comparable() lies in the one file.
    for source in (ROOT / "facade").rglob("*.cpp"):
        if source.name != "comparable.cpp":
            defined = re.search(r"^json::Value comparable\w*\(|^void add_postings_of_lines\(", source.read_text(), re.M)
            assert not defined, f"{source.name} makes what is compared; it belongs to facade/comparable.cpp"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files = [folder / "one.cpp", folder / "two.cpp"]
        for file in files:
            file.write_text("int a;\n")
        before = fingerprint(folder, files)
        files[1].write_text("int b;\n")
        assert fingerprint(folder, files) != before, "a change does not change the hash"


main()
