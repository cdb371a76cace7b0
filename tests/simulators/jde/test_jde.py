"""The simulated JD Edwards, through its database and its batch jobs."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
import time
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.faults import FaultTable  # noqa: E402
from jde import orders, returns, stock  # noqa: E402
from jde.database import Refused, Store, day_of, julian, scaled  # noqa: E402
from jde.seed import seed  # noqa: E402
from jde.ube import Ube  # noqa: E402


class JdeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.store = Store(os.path.join(cls.folder.name, "jde.db"), "Europe/Berlin")
        seed(cls.store)

    @classmethod
    def tearDownClass(cls):
        cls.store.close()
        cls.folder.cleanup()

    def setUp(self):
        self.faults = FaultTable()
        self.ube = Ube(self.store, self.faults)

    _last = 0

    def record(self, reference: str, purpose: str = "00", document: int = 0, lines=((1, "1000", "3", "60"),), **more):
        JdeTest._last += 1
        number = JdeTest._last
        customer = next(row["ABAN8"] for row in self.store.select("F0101") if row["ABALKY"] == "C10001")
        with self.store.transaction():
            self.store.insert("F47011", {
                "SYEKCO": "00001", "SYEDOC": number, "SYEDCT": "UP", "SYEDSP": "N", "SYTPUR": purpose,
                "SYKCOO": "00001", "SYDOCO": document, "SYDCTO": "SO", "SYMCU": "EAST", "SYAN8": customer,
                "SYEDDL": len(lines), "SYTRDJ": 126328, "SYDRQJ": 126330, "SYVR01": reference, "SYHOLD": "UP",
                "SYCRCD": "EUR", "SYUSER": "TEST", **more})
            for place, item, quantity, amount in lines:
                self.store.insert("F47012", {
                    "SZEKCO": "00001", "SZEDOC": number, "SZEDCT": "UP", "SZEDLN": place * 1000, "SZEDSP": "N",
                    "SZLNID": place * 1000, "SZLITM": item, "SZMCU": "EAST", "SZUOM": "EA",
                    "SZUORG": scaled(quantity, 2), "SZLPRC": 200000, "SZUPRC": 200000, "SZAEXP": scaled(amount, 2)})
        return number

    def processed(self, number: int) -> str:
        return self.store.get("F47011", {"SYEKCO": "00001", "SYEDOC": number, "SYEDCT": "UP"})["SYEDSP"]

    def orders_of(self, reference: str) -> list[dict]:
        return self.store.select("F4201", {"SHVR01": reference})

    def test_dates_are_cyyddd(self):
        self.assertEqual(julian(datetime.date(2026, 11, 24)), 126328)
        self.assertEqual(day_of(126328), datetime.date(2026, 11, 24))
        self.assertEqual(day_of(99365), datetime.date(1999, 12, 31))
        self.assertIsNone(day_of(0))

    def test_texts_are_padded_and_units_right_justified(self):
        row = self.store.db.execute("SELECT MCMCU, MCDL01 FROM F0006 WHERE MCMCU LIKE '%WEST'").fetchone()
        self.assertEqual(row[0], "        WEST")
        self.assertEqual(len(row[1]), 30)

    def test_a_record_makes_an_order_on_hold_and_is_marked(self):
        number = self.record("T/1")
        self.ube.run_once()
        self.assertEqual(self.processed(number), "Y")
        header, = self.orders_of("T/1")
        self.assertEqual(header["SHHOLD"], "UP")
        line, = orders.lines_of(self.store, header)
        self.assertEqual((line["SDUORG"], line["SDAEXP"], line["SDLTTR"]), (300, 6000, "520"))
        with self.assertRaises(Refused):
            orders.ship(self.store, header, False, "TEST")

    def test_what_is_refused_keeps_its_mark_and_has_a_message(self):
        number = self.record("T/2", lines=((1, "NONE", "1", "20"),))
        self.ube.run_once()
        self.ube.run_once()
        self.assertEqual(self.processed(number), "N")
        self.assertEqual(self.orders_of("T/2"), [])
        message, = self.store.select("F01131V", {"WVKEY": f"00001|{number}|UP"})
        self.assertEqual((message["WVDTAI"], message["WVLINE"]), ("0267", 1000))

    def test_what_remains_of_a_line_is_a_line_of_its_own(self):
        self.record("T/3", SYHOLD="")
        self.ube.run_once()
        header, = self.orders_of("T/3")
        with self.store.transaction():
            orders.ship(self.store, header, True, "TEST")
        lines = orders.lines_of(self.store, header)
        self.assertEqual([(line["SDLNID"], line["SDUORG"], line["SDSOQS"], line["SDAEXP"]) for line in lines],
                         [(1000, 100, 100, 2000), (1010, 200, 200, 4000)])
        self.record("T/3", "04", header["SHDOCO"], ((1, "1000", "5", "100"),))
        self.ube.run_once()
        lines = orders.lines_of(self.store, header)
        self.assertEqual([(line["SDUORG"], line["SDAEXP"]) for line in lines], [(100, 2000), (400, 8000)])
        below = self.record("T/3", "04", header["SHDOCO"], ((1, "1000", "0.5", "10"),))
        self.ube.run_once()
        self.assertEqual(self.processed(below), "N")

    def test_an_invoiced_order_leaves_for_the_history(self):
        self.record("T/4", SYHOLD="")
        self.ube.run_once()
        header, = self.orders_of("T/4")
        with self.store.transaction():
            orders.ship(self.store, header, False, "TEST")
            orders.invoice(self.store, header, "TEST")
        self.assertEqual(orders.lines_of(self.store, header), [])
        line, = self.store.select("F42119", orders.key_of(header, "SD"))
        self.assertEqual((line["SDLTTR"], line["SDNXTR"], line["SDDCT"]), ("620", "999", "RI"))

    def test_an_open_line_is_a_commitment_until_it_ships(self):
        def committed():
            return stock.primary(self.store, 61_009, "EAST")["LIPCOM"]
        before = committed()
        self.record("T/5", lines=((1, "1009", "4", "80"),))
        self.ube.run_once()
        self.assertEqual(committed() - before, 400)
        header, = self.orders_of("T/5")
        self.record("T/5", "01", header["SHDOCO"], ())
        self.ube.run_once()
        self.assertEqual(committed(), before)
        self.assertEqual({line["SDLTTR"] for line in orders.lines_of(self.store, header)}, {"980"})

    def test_faults_leave_a_record_to_a_later_run_or_unmarked_or_half(self):
        self.faults.add({"operation": "R40211.00", "kind": "late_commit", "delay_ms": 30})
        late = self.record("T/6")
        self.ube.run_once()
        self.assertEqual((self.processed(late), self.ube.pending()), ("N", 1))
        until = time.monotonic() + 10
        while self.processed(late) == "N" and time.monotonic() < until:
            self.ube.run_once()
        self.assertEqual((self.processed(late), len(self.orders_of("T/6"))), ("Y", 1))

        self.faults.add({"operation": "R40211.00", "kind": "504_after_commit"})
        unmarked = self.record("T/7")
        self.ube.run_once()
        self.ube.run_once()
        self.assertEqual((self.processed(unmarked), len(self.orders_of("T/7"))), ("N", 1))

        self.faults.add({"operation": "R40211.00", "kind": "500"})
        half = self.record("T/8", lines=((1, "1000", "1", "20"), (2, "1001", "1", "20")))
        self.ube.run_once()
        header, = self.orders_of("T/8")
        self.assertEqual((self.processed(half), len(orders.lines_of(self.store, header))), ("N", 1))
        while self.processed(half) == "N" and time.monotonic() < until:
            self.ube.run_once()
        self.assertEqual((self.processed(half), len(orders.lines_of(self.store, header))), ("Y", 2))

        self.faults.add({"operation": "R40211.00", "kind": "duplicate"})
        self.record("T/9")
        self.ube.run_once()
        self.assertEqual(len(self.orders_of("T/9")), 2)

    def test_the_next_run_takes_again_what_has_no_mark(self):
        self.faults.add({"operation": "R40211.00", "kind": "504_after_commit"})
        self.record("T/10")
        self.record("T/11", lines=((1, "NONE", "1", "20"),))
        self.ube.run_once()
        self.assertEqual((len(self.orders_of("T/10")), len(self.orders_of("T/11"))), (1, 0))
        with self.store.transaction():
            self.store.update("F47012", {"SZLITM": "NONE"}, {"SZLITM": "1000"})
        self.ube.rerun()
        self.assertEqual((len(self.orders_of("T/10")), len(self.orders_of("T/11"))), (2, 1))

    def test_what_comes_back_is_below_zero_and_refers_to_its_order(self):
        self.record("T/12", SYHOLD="")
        self.ube.run_once()
        sold, = self.orders_of("T/12")
        with self.store.transaction():
            orders.ship(self.store, sold, False, "TEST")
            invoice = orders.invoice(self.store, sold, "TEST")
        on_hand = stock.primary(self.store, 61_000, "EAST")["LIPQOH"]
        for reference, reason, line in (("T/12#1", "DAM", 1000), ("T/12#2", "ZZZ", 1000), ("T/12#3", "DAM", 3000)):
            number = self.record(reference, SYDCTO="CO", SYHOLD="")
            with self.store.transaction():
                self.store.update("F47012", {"SZEDOC": number}, {
                    "SZLNTY": "C", "SZRCD": reason, "SZOKCO": "00001", "SZOORN": f"{sold['SHDOCO']:08}",
                    "SZOCTO": "SO", "SZOGNO": line})
        self.ube.run_once()
        self.assertEqual((self.orders_of("T/12#2"), self.orders_of("T/12#3")), ([], []))
        header, = self.orders_of("T/12#1")
        line, = orders.lines_of(self.store, header)
        self.assertEqual((line["SDUORG"], line["SDAEXP"], line["SDRCD"]), (-300, -6000, "DAM"))
        with self.store.transaction():
            returns.credit(self.store, header, "TEST")
        self.assertEqual(stock.primary(self.store, 61_000, "EAST")["LIPQOH"], on_hand + 300)
        told, = [row for row in returns.books(self.store) if row["reference"] == "T/12#1"]
        self.assertEqual((told["lines"][0]["invoice"], told["lines"][0]["last"]), (f"RI-{invoice}", "620"))

    def test_stock_is_that_of_the_sample_data_and_moves_with_its_ledger(self):
        rows = self.store.select("F41021", {"LIITM": 61_050, "LIMCU": "CENTRAL"})
        self.assertEqual([row["LILOTS"] for row in rows], ["", "Q"])
        before = stock.primary(self.store, 61_020, "WEST")["LIPQOH"]
        with self.store.transaction():
            self.store.insert("F4111Z1", {
                "SZEDUS": "TEST", "SZEDBT": "1", "SZEDTN": "MV-1", "SZEDLN": 1000, "SZEDSP": "N", "SZLITM": "1020",
                "SZMCU": "WEST", "SZDCT": "IA", "SZTRQT": -150, "SZTREX": "MV-1"})
        self.ube.run_once()
        self.assertEqual(stock.primary(self.store, 61_020, "WEST")["LIPQOH"], before - 150)
        entry, = self.store.select("F4111", {"ILTREX": "MV-1"})
        self.assertEqual((entry["ILTRQT"], entry["ILUSER"]), (-150, "TEST"))

    def test_quantities_are_exact_or_refused(self):
        self.assertEqual(scaled(Decimal("2.5"), 2), 250)
        with self.assertRaises(ValueError):
            scaled(Decimal("2.555"), 2)


if __name__ == "__main__":
    unittest.main()
