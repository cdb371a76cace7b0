"""The commands of docs/operating/parity-review.md, as a reader pastes them, on a site with differences.

A block is `sh`, `sh refused` (must fail), or `sh restarted`: the facade was started again before it. Writes are
compared too, and what the page leaves behind is looked into.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "simulators")]

import sample_data  # noqa: E402
from drive.account import Account  # noqa: E402
from drive.http_calls import Server  # noqa: E402
from drive.processes import Processes, free_ports  # noqa: E402
from drive.sample_site import copied_site, without_guards  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "operating", "parity-review.md")
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
BUYER = "C10000"
ROUNDED = "1004"  # Business Central rounds its tax half down while it is planted.
PATIENCE_S = 60

wrong: list[str] = []


def expect(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'}  {what}", flush=True)
    if not holds:
        wrong.append(what)


class Page(HTMLParser):
    """Every element that is opened is closed, in order; nothing comes from elsewhere or waits for a mouse."""

    VOID = {"meta", "input", "br", "rect"}

    def __init__(self, text: str):
        super().__init__()
        self.open, self.ids, self.links, self.faults, self.marks, self.text = [], set(), [], [], 0, text
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.faults += [f"{link} leads nowhere" for link in self.links if link[1:] not in self.ids]

    def handle_startendtag(self, tag, attrs):
        self._attributes(tag, dict(attrs))

    def handle_starttag(self, tag, attrs):
        self._attributes(tag, dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def _attributes(self, tag, given):
        if "id" in given:
            if given["id"] in self.ids:
                self.faults.append(f"the id {given['id']} is there twice")
            self.ids.add(given["id"])
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "mark":
            self.marks += 1
        if tag in ("link", "img", "iframe", "object") or "src" in given or "style" in given:
            self.faults.append(f"<{tag}> needs something from elsewhere, or a looser policy")
        if any(name.startswith("on") for name in given):
            self.faults.append(f"<{tag}> has a handler in an attribute")
        if tag == "svg" and not given.get("aria-label"):
            self.faults.append("a picture has no words")
        if tag == "th" and "scope" not in given:
            self.faults.append("a head does not say of what")


class Site:
    def __init__(self, binary: str, out: str):
        self.binary, self.out, self.ports = os.path.abspath(binary), out, tuple(free_ports(2))
        self.config = copied_site(os.path.join(ROOT, "config", "underpin.json"), os.path.join(out, "config"), self.ports)
        self.rules = os.path.join(out, "config", "parity-rules.json")
        with open(self.config, encoding="utf-8") as file:
            text = without_guards(file.read())
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.web = Server(self.ports[0], {"X-API-Key": "web-demo-key"})
        self.qa = Server(self.ports[1], {"X-API-Key": "qa-demo-key"})
        self.processes = Processes(self.binary, self.config, out, self.ports, False, Account())
        self.processes.start()

    def run(self, *words: str, key: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "UNDERPIN_OPS_URL": f"http://127.0.0.1:{self.ports[1]}", "UNDERPIN_OPS_KEY": key}
        return subprocess.run([self.binary, *words], env=environment, text=True, timeout=120, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def move(self, capability: str, stage: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            said = self.run("cutover", "propose", capability, stage, "--reason", "test", key="ops-demo-key").stdout
            number = said.split()[0]
            for role in ("approver", "qa", "finance"):
                said += self.run("cutover", "approve", capability, number, "--reason", "agreed", key=f"{role}-demo-key").stdout
            published = self.run("cutover", "publish", capability, number, "--reason", "agreed", key="ops-demo-key")
            if published.returncode == 0:
                return
            if time.monotonic() > give_up:
                raise RuntimeError(f"{capability} does not move to {stage}: {said}{published.stdout}")
            time.sleep(0.5)

    def read(self, path: str) -> None:
        answer = self.web.call("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.problem()}")

    def place(self, number: str) -> None:
        with open(os.path.join(ROOT, "docs", "examples", "order.json"), encoding="utf-8") as file:
            order = json.load(file)
        price = next(item.unit_price for item in sample_data.ITEMS if item.number == ROUNDED)
        net = price.quantize(sample_data.Decimal("0.01"))
        tax = (net * sample_data.Decimal("0.19")).quantize(sample_data.Decimal("0.01"), sample_data.ROUND_HALF_UP)
        line = {**order["lines"][1], "number": 1, "sku": ROUNDED, "unitPrice": str(net), "netAmount": str(net),
                "taxes": [{"code": "VAT19", "rate": "0.19", "amount": str(tax)}]}
        order.update(number=number, lines=[line], payments=[],
                     totals={"itemsNet": str(net), "charges": "0.00", "tax": str(tax), "grandTotal": str(net + tax)})
        placed = self.web.call("POST", "/v1/orders", order, {"Idempotency-Key": f'"order-{number}"'})
        if placed.status != 201:
            raise RuntimeError(f"order {number}: {placed.problem()}")

    def mismatches(self) -> set:
        found, cursor = set(), ""
        while True:
            page = self.qa.call("GET", "/ops/v1/parity/entries?verdict=mismatch&limit=200" + cursor).json
            found |= {(entry["operation"], entry["subject"]) for entry in page["items"]}
            if "next" not in page:
                return found
            cursor = f"&cursor={page['next']}"

    def plant(self) -> None:
        """Towns in capitals, prices with tax in them, tax that is rounded otherwise: people's doing, in one ERP."""
        customers = [one for one in sample_data.CUSTOMERS if one.city.isascii() and one.number != BUYER][:8]
        for one in customers:
            self.processes.bc.user("edit_customer", number=one.number, city=one.city.upper())
        items = [item for item in sample_data.ITEMS if item.number != ROUNDED and any(
            (row.item, row.sales_type, row.code) == (item.number, "group", "VIP") for row in sample_data.PRICES)][:8]
        for item in items:
            now = next(row.unit_price for row in sample_data.PRICES
                       if (row.item, row.sales_type, row.code) == (item.number, "group", "VIP"))
            price = (now * sample_data.Decimal("1.19")).normalize()
            self.processes.bc.user("change_price", item=item.number, price=f"{price:f}",
                                   salesType="CustomerPriceGroup", salesCode="VIP")
        self.processes.bc.user("set_rounding", mode="planted", item=ROUNDED)
        wanted = {("get_customer", one.number) for one in customers} | {("list_prices", item.number) for item in items}
        orders = [str(number) for number in range(700_001, 700_005)]
        for number in orders:
            self.place(number)
        wanted |= {("held_after_place_order", f"web/{number}") for number in orders}
        for one in customers:
            self.read(f"/v1/customers/{one.number}")
        for item in items:
            self.read(f"/v1/prices?sku={item.number}")
        give_up = time.monotonic() + PATIENCE_S
        while not wanted <= self.mismatches():
            if time.monotonic() > give_up:
                raise RuntimeError(f"not found: {sorted(wanted - self.mismatches())}")
            time.sleep(0.5)
        expect(not any(operation == "held_after_follow_order" for operation, _ in self.mismatches()),
               "documents older than the facade are the same in both")


def read_the_files(folder: str) -> None:
    def text_of(name: str) -> str:
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            return file.read()

    for name in ("parity.html", "judged-later.html"):
        page = Page(text_of(name))
        expect(page.faults == [], f"{name} is a sound page: {page.faults[:5]}")
        expect(page.marks > 20, f"{name} marks what differs")
        expect("demo-key" not in page.text, f"{name} holds no key")
    expect("tax, as held" in text_of("judged-later.html"), "the register is in the page")
    rows = list(csv.DictReader(text_of("pairs.csv").splitlines()))
    expect(any(row["operation"] == "held_after_place_order" for row in rows), "what a write left in both is compared")
    expect(all(row["verdict"] == "mismatch" for row in rows), "the CSV has what was asked for")
    cases = ElementTree.fromstring(text_of("parity.xml")).findall(".//testcase")
    expect(any(case.find("failure") is not None for case in cases), "CI sees the mismatches")
    expect(all(case.get("classname", "").startswith("default.orders.") or case.get("classname", "").startswith("orders.")
               for case in cases), "of orders only")
    report = json.loads(text_of("parity.json"))
    expect(report["byVerdict"]["mismatch"] >= 20 and report["fields"], "the JSON counts them")


def main() -> int:
    with open(PAGE, encoding="utf-8") as file:
        blocks = FENCE.findall(file.read())
    with tempfile.TemporaryDirectory(prefix="underpin-parity-docs-") as out:
        site = Site(sys.argv[1], out)
        try:
            for capability in ("customers", "inventory", "pricing", "orders"):
                site.move(capability, "dual_write")
            for capability in ("customers", "inventory", "pricing", "orders"):
                site.move(capability, "shadow_read")
            site.plant()
            exports: list[str] = []
            for number, (kind, text) in enumerate(blocks, 1):
                if kind not in ("sh", "sh refused", "sh restarted"):
                    expect(False, f"block {number} is ```{kind}: `sh`, `sh refused` or `sh restarted`")
                    continue
                if kind == "sh restarted":
                    site.processes.kill("underpin")
                    site.processes.start_facade()
                for old, new in (("$PWD/build", os.path.dirname(site.binary)), ("127.0.0.1:8081", f"127.0.0.1:{site.ports[1]}"),
                                 ("config/parity-rules.json", site.rules),
                                 ("out/data/facade/parity.db", os.path.join(out, "data", "facade", "parity.db")),
                                 ("out/data/parity.key", os.path.join(out, "data", "parity.key"))):
                    text = text.replace(old, new)
                script = "\n".join(["set -euo pipefail", *exports, text])
                done = subprocess.run(["bash", "-c", script], cwd=out, text=True, timeout=120, check=False,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                print(done.stdout[:4000], flush=True)
                expect((done.returncode != 0) == (kind == "sh refused"), f"block {number} ({kind}) ended with {done.returncode}")
                exports += [line for line in text.splitlines() if line.startswith("export ")]
            expect(len(blocks) >= 12, "the page has its commands")
            read_the_files(out)
        finally:
            wrong.extend(site.processes.stop())
            kept = os.environ.get("UNDERPIN_KEEP_PARITY_PAGE")
            if kept and os.path.exists(os.path.join(out, "parity.html")):
                with open(os.path.join(out, "parity.html"), "rb") as page, open(kept, "wb") as copy:
                    copy.write(page.read())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
