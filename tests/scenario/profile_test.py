"""The commands of docs/adapters/writing-a-profile.md, on the example profile and its own database."""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.abspath(os.path.join(HERE, "..", "..", "docs", "adapters", "examples", "northgate"))

wrong: list[str] = []


def expect(holds: bool, what: str, seen: str = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}")
    if not holds:
        wrong.append(what)
        print(seen)


def driver() -> str:
    found = glob.glob("/usr/lib/*/odbc/psqlodbcw.so")
    return found[0] if found else "PostgreSQL Unicode"


def psql(connection: str, *more: str) -> None:
    subprocess.run(["psql", connection, "-q", "-v", "ON_ERROR_STOP=1", *more], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)


class Command:
    def __init__(self, underpin: str, folder: str):
        self.underpin = underpin
        self.folder = folder

    def run(self, *words: str, request: object = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.underpin, "profile", words[0], self.folder, *words[1:]], text=True, timeout=60,
                              input=None if request is None else json.dumps(request), capture_output=True)


def check_it(command: Command) -> None:
    done = command.run("check")
    expect(done.returncode == 0 and "the profile is valid" in done.stdout, "the example is valid", done.stdout)
    path = os.path.join(command.folder, "operations", "find_receipt.json")
    with open(path, encoding="utf-8") as file:
        right = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(right.replace(":reference", ":refrence"))
    done = command.run("check")
    expect(done.returncode == 1 and done.stdout == (
        "operations/find_receipt.json /sql/statements/0/text: :refrence is given by neither the request's mapping "
        "nor an earlier statement\n"), "a fault is told with file, place and rule", done.stdout)
    done = command.run("try", "get_stock", request={"skus": ["1000"]})
    expect(done.returncode == 2 and "find_receipt.json" in done.stderr, "a profile with a fault is not tried",
           done.stderr)
    with open(path, "w", encoding="utf-8") as file:
        file.write(right)


def try_it(command: Command) -> None:
    done = command.run("try", "get_stock", request={"skus": ["1000"], "location": "EAST"})
    expect(done.returncode == 0, "a read is tried", done.stdout + done.stderr)
    for part in ("canonical request", "| vendor request", ':whse = "EAST"', "canonical answers", "| vendor answer",
                 '"onHand": "10'):
        expect(part in done.stdout, f"both sides are shown: {part}", done.stdout)
    with open(os.path.join(HERE, "..", "..", "docs", "examples", "order.json"), encoding="utf-8") as file:
        order = json.load(file)
    order["channel"] = "web"
    order.pop("billTo", None)
    order["customer"] = "C10001"
    for line in order["lines"]:
        line["sku"], line["uom"], line["location"] = "1000", "PCS", "EAST"
    done = command.run("try", "place_order", request=order)
    expect(done.returncode == 2 and "writes to the live system" in done.stderr, "a write needs --write", done.stderr)
    ref = {"channel": "web", "number": order["number"]}
    missing = command.run("try", "get_order", "--json", request=ref)
    expect(missing.returncode == 1 and json.loads(missing.stdout)["error"]["code"] == "not_found",
           "nothing was written", missing.stdout)
    done = command.run("try", "place_order", "--write", "--json", request=order)
    placed = json.loads(done.stdout)
    expect(done.returncode == 0 and placed["answer"]["status"] == "open", "with it, the order is placed", done.stdout)
    steps = [step["operation"] for step in placed["steps"]]
    expect(steps == ["find_receipt", "place_order", "find_receipt", "get_order"],
           "it is looked up before, and read back", str(steps))
    found = json.loads(command.run("try", "get_order", "--json", request=ref).stdout)
    expect(found["answer"]["number"] == order["number"], "and is there", str(found))


def main() -> int:
    underpin = os.path.abspath(sys.argv[1])
    with open(os.path.join(sys.argv[2], "connection"), encoding="utf-8") as file:
        server = file.read()
    name = f"northgate_cli_{os.getpid()}"
    psql(server, "-c", f"CREATE DATABASE {name}")
    try:
        database = server.replace("dbname=postgres", "dbname=" + name)
        psql(database, "-f", os.path.join(EXAMPLE, "schema.sql"), "-f", os.path.join(EXAMPLE, "sample.sql"))
        parts = dict(part.split("=", 1) for part in server.split())
        with tempfile.TemporaryDirectory(prefix="underpin-profile-") as out:
            folder = os.path.join(out, "northgate")
            shutil.copytree(EXAMPLE, folder)
            with open(os.path.join(folder, "settings.json"), "w", encoding="utf-8") as file:
                json.dump({"connection_string": f"Driver={driver()};Servername={parts['host']};Port={parts['port']};"
                                                f"Database={name};Username={parts['user']};SSLmode=disable;"}, file)
            command = Command(underpin, folder)
            check_it(command)
            try_it(command)
    finally:
        psql(server, "-c", f"DROP DATABASE {name} WITH (FORCE)")
    return 1 if wrong else 0


sys.exit(main())
