"""The commands of docs/adapters/writing-a-profile.md, on the example profiles, each with the system that it describes."""

from __future__ import annotations

import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.abspath(os.path.join(HERE, "..", "..", "docs", "adapters", "examples"))

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


def check_it(command: Command, right: str, wrong_one: str, fault: str) -> None:
    done = command.run("check")
    expect(done.returncode == 0 and "the profile is valid" in done.stdout, "the example is valid", done.stdout)
    path = os.path.join(command.folder, "operations", "find_receipt.json")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(before.replace(right, wrong_one))
    done = command.run("check")
    expect(done.returncode == 1 and done.stdout == f"operations/find_receipt.json {fault}\n",
           "a fault is told with file, place and rule", done.stdout)
    done = command.run("try", "get_stock", request={"skus": ["1000"]})
    expect(done.returncode == 2 and "find_receipt.json" in done.stderr, "a profile with a fault is not tried",
           done.stderr)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before)


def try_it(command: Command, shown: tuple[str, ...]) -> None:
    done = command.run("try", "get_stock", request={"skus": ["1000"], "location": "EAST"})
    expect(done.returncode == 0, "a read is tried", done.stdout + done.stderr)
    for part in ("canonical request", "| vendor request", "canonical answers", "| vendor answer", '"onHand": "10', *shown):
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
    if os.path.exists(os.path.join(command.folder, "operations", "place_return.json")):
        line = {"number": 1, "quantity": "1", "reason": "DAMAGED", "sku": "1000", "unitPrice": "5.00", "discount": "0.00"}
        back = {"channel": "web", "order": order["number"], "number": "R1", "returnDate": "2026-11-29", "customer": "C10001",
                "currency": "EUR", "pricesIncludeTax": False, "invoices": [], "lines": [line]}
        made = json.loads(command.run("try", "place_return", "--write", "--json", request=back).stdout)
        found = json.loads(command.run("try", "returns_of", "--json", request=ref).stdout)
        expect([one["document"] for one in found.get("answer", [])] == [made.get("answer", {}).get("document")],
               "a return is placed, and found as the order's", str(made) + str(found))
    name = "Žofie <b>&amp;</b> 'O''Hara' \U0001f600"
    customer = {"number": "ZOFIE", "name": name, "kind": "person", "currency": "EUR", "priceGroup": "VIP"}
    done = command.run("try", "create_customer", "--write", "--json", request=customer)
    found = json.loads(command.run("try", "get_customer", "--json", request={"number": "ZOFIE"}).stdout)
    expect(found.get("answer", {}).get("name") == name, "a name comes back as it was written", done.stdout + str(found))


def try_example(underpin: str, name: str, settings: dict[str, str], right: str, wrong_one: str, fault: str,
                *shown: str) -> None:
    with tempfile.TemporaryDirectory(prefix="underpin-profile-") as out:
        folder = os.path.join(out, name)
        shutil.copytree(os.path.join(EXAMPLES, name), folder)
        with open(os.path.join(folder, "settings.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        command = Command(underpin, folder)
        check_it(command, right, wrong_one, fault)
        try_it(command, shown)


def northgate(underpin: str, postgres: str) -> None:
    with open(os.path.join(postgres, "connection"), encoding="utf-8") as file:
        server = file.read()
    name = f"northgate_cli_{os.getpid()}"
    psql(server, "-c", f"CREATE DATABASE {name}")
    try:
        database = server.replace("dbname=postgres", "dbname=" + name)
        folder = os.path.join(EXAMPLES, "northgate")
        psql(database, "-f", os.path.join(folder, "schema.sql"), "-f", os.path.join(folder, "sample.sql"))
        parts = dict(part.split("=", 1) for part in server.split())
        connection = (f"Driver={driver()};Servername={parts['host']};Port={parts['port']};Database={name};"
                      f"Username={parts['user']};SSLmode=disable;")
        try_example(underpin, "northgate", {"connection_string": connection}, ":reference", ":refrence",
                    "/sql/statements/0/text: :refrence is given by neither the request's mapping nor an earlier statement",
                    ':whse = "EAST"')
    finally:
        psql(server, "-c", f"DROP DATABASE {name} WITH (FORCE)")


def marlow(underpin: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="underpin-marlow-") as books, \
            open(os.path.join(books, "log"), "w+", encoding="utf-8") as log:
        service = subprocess.Popen(["php", "-S", address, os.path.join(EXAMPLES, "marlow", "service", "server.php")],
                                   env={**os.environ, "MARLOW_DB": os.path.join(books, "marlow.db")},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            started = service.stderr.readline()
            expect("started" in started, "the service is there", started)
            threading.Thread(target=shutil.copyfileobj, args=(service.stderr, log), daemon=True).start()
            try_example(underpin, "marlow", {"url": f"http://{address}/retail", "user": "shop", "password": "letmein"},
                        "{ext_ref}", "{ext_rf}", "/soap/calls/0/body: {ext_rf} is given by neither the request's "
                        "mapping nor an earlier call", "<m:Whse>EAST</m:Whse>", "# levels: urn:marlow:retail#GetStock",
                        "<ns1:Whse>EAST  </ns1:Whse>")
        finally:
            service.terminate()
            service.wait()


def main() -> int:
    underpin = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        northgate(underpin, sys.argv[2])
    else:
        marlow(underpin)
    return 1 if wrong else 0


sys.exit(main())
