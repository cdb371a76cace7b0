"""The simulated iSeries by itself: layouts, the batch job, what it tells."""

import datetime
import os
import sys
import tempfile
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.faults import FaultTable  # noqa: E402
from iseries.books import Books, Refused  # noqa: E402
from iseries.job import Job  # noqa: E402
from iseries.layouts import LayoutError, RECORDS, TOTALS, Wire  # noqa: E402

NOW = datetime.datetime(2026, 11, 28, 23, 5, 9)


class Layouts(unittest.TestCase):
    def test_zoned_numbers_carry_their_sign_in_the_last_digit(self):
        wire = Wire()
        self.assertEqual(wire.field(Decimal("-12.50"), 7, "Z", 2), b"000125}")
        self.assertEqual(wire.field(Decimal("12.53"), 7, "Z", 2), b"000125C")
        self.assertEqual(wire.value(b"000125}", "Z", 2), Decimal("-12.50"))
        self.assertEqual(wire.value(b"       ", "Z", 2), 0)

    def test_ebcdic_signs_and_packed_digits(self):
        self.assertEqual(Wire("cp037").field(Decimal("-1.5"), 3, "Z", 1), b"\xf0\xf1\xd5")
        self.assertEqual(Wire("cp037").value(b"\xf0\xf1\xd5", "Z", 1), Decimal("-1.5"))
        self.assertEqual(Wire("cp037", True).field(Decimal("-1.5"), 3, "Z", 1), b"\x00\x01\x5d")
        self.assertEqual(Wire("cp037", True).value(b"\x00\x01\x5d", "Z", 1), Decimal("-1.5"))
        with self.assertRaises(ValueError):
            Wire("latin-1", True)

    def test_days_have_a_century(self):
        wire = Wire()
        self.assertEqual(wire.field(datetime.date(2026, 11, 24), 7, "D", 0), b"1261124")
        self.assertEqual(wire.value(b"1261124", "D", 0), datetime.date(2026, 11, 24))
        self.assertIsNone(wire.value(b"0000000", "D", 0))

    def test_what_is_too_long_is_no_record(self):
        for value, kind in (("x" * 4, "T"), (Decimal(1234), "Z"), (Decimal(-123), "N")):
            with self.assertRaises(LayoutError):
                Wire().field(value, 3, kind, 0)

    def test_every_kind_comes_back_as_it_was_written(self):
        for wire in (Wire(), Wire("cp273"), Wire("cp500", True)):
            for kind, records in RECORDS.items():
                rows = [(tag, {name: Decimal(2) for name, _, how, _ in fields if how in "NZ"})
                        for tag, fields in records.items()]
                header, body = wire.read(kind, wire.file(kind, 7, NOW, rows))
                self.assertEqual(header["RUN"], 7)
                self.assertEqual([tag for tag, _ in body], [tag for tag, _ in rows])
            self.assertIn(kind, TOTALS)

    def test_a_trailer_that_does_not_match_is_found(self):
        row = ("STK", {"SKU": "1", "WHS": "EAST", "ONHAND": Decimal(3)})
        for off in ((1, 0), (0, 1)):
            with self.assertRaises(LayoutError):
                Wire().read("STK", Wire().file("STK", 1, NOW, [row], *off))


class TheJob(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out, self.inbound, self.prices = (os.path.join(self.folder.name, name) for name in ("o", "i", "p"))
        for name in (self.out, self.inbound, self.prices):
            os.makedirs(name)
        self.books = Books(lambda: NOW)
        self.faults = FaultTable()
        self.wire = Wire()
        self.job = Job(self.books, self.faults, self.wire, self.out, self.inbound, self.prices, False)
        self.job.tell()
        self.sent = 0

    def tearDown(self):
        self.folder.cleanup()

    def send(self, kind, *rows):
        self.sent += 1
        with open(os.path.join(self.out, f"{kind}{self.sent:09d}.DAT"), "wb") as file:
            file.write(self.wire.file(kind, self.sent, NOW, rows))
        self.job.run()

    def told(self, kind="STS"):
        newest = sorted(name for name in os.listdir(self.inbound) if name.startswith(kind))[-1]
        with open(os.path.join(self.inbound, newest), "rb") as file:
            return self.wire.read(kind, file.read())[1]

    def answers(self):
        return [values for tag, values in self.told() if tag == "ANS"]

    def order(self, seq=1, reference="WEB/1", sku="1000"):
        return [("OHA", {"ACT": "A", "SEQ": seq, "REF": reference, "HOLD": "Y", "CUST": "C10001", "CUR": "EUR"}),
                ("OLN", {"SEQ": seq, "LINE": 1, "CHG": "N", "SKU": sku, "WHS": "EAST", "UOM": "PCS",
                         "QTY": Decimal(3), "PRICE": Decimal(20), "ADJ": Decimal(-5)})]

    def action(self, action, seq, reference="WEB/1", **more):
        return [("OHA", {"ACT": action, "SEQ": seq, "REF": reference, **more})]

    def held(self, reference="WEB/1"):
        return [order for order in self.books.orders.values() if order["REF"] == reference]

    def test_an_order_is_posted_on_hold_and_told_with_its_totals(self):
        self.send("ORD", *self.order())
        head = next(values for tag, values in self.told() if tag == "SHD")
        self.assertEqual((head["STATUS"], head["HOLD"], head["NLINES"]), ("O", "Y", 1))
        self.assertEqual((head["NET"], head["TAX"], head["TOTAL"]),
                         (Decimal("55.00"), Decimal("10.45"), Decimal("65.45")))
        self.assertEqual(self.answers()[0]["RESULT"], "A")
        level = [values for tag, values in self.told("DLT") if tag == "STK"]
        self.assertEqual(level[0]["ALLOC"], 3)

    def test_a_number_is_posted_once(self):
        self.send("ORD", *self.order())
        self.send("ORD", *self.order())
        self.assertEqual(len(self.held()), 1)
        self.assertEqual(self.answers()[0]["RESULT"], "A")
        self.send("ORD", *self.order(1, "WEB/OTHER"))
        self.assertEqual(self.answers()[0]["REASON"], "SEQN")

    def test_refusals_have_a_reason_and_a_line(self):
        self.send("ORD", *self.order(sku="NONE"))
        self.assertEqual((self.answers()[0]["RESULT"], self.answers()[0]["REASON"], self.answers()[0]["LINE"]),
                         ("R", "ITEM", 1))
        self.assertEqual(self.held(), [])

    def test_a_change_is_absolute_and_puts_the_order_on_hold(self):
        self.send("ORD", *self.order())
        self.send("ORD", *self.action("R", 2))
        self.assertEqual(self.held()[0]["HOLD"], "N")
        self.send("ORD", *self.action("C", 3, CHG="R", CUSREF="new"),
                  ("OLN", {"SEQ": 3, "LINE": 1, "CHG": "Q", "QTY": Decimal(4)}))
        order = self.held()[0]
        self.assertEqual((order["HOLD"], order["CUSREF"], order["lines"][1]["QTY"]), ("Y", "new", 4))
        self.assertEqual(order["lines"][1]["PRICE"], 20, "what CHG does not name stays")

    def test_what_has_shipped_cannot_be_taken_back(self):
        self.send("ORD", *self.order())
        self.send("ORD", *self.action("R", 2))
        number = self.held()[0]["ORDNO"]
        self.books.ship(number, False)
        self.send("ORD", *self.action("X", 3))
        self.assertEqual(self.answers()[0]["REASON"], "SHIP")
        self.send("ORD", *self.action("C", 4), ("OLN", {"SEQ": 4, "LINE": 1, "CHG": "Q", "QTY": Decimal(1)}))
        self.assertEqual(self.answers()[0]["REASON"], "SHIP")
        self.books.invoice(number)
        self.assertEqual(self.held()[0]["STATUS"], "I")
        self.assertEqual(self.held()[0]["invoices"][0]["AMOUNT"], Decimal("65.45"))

    def test_an_order_on_hold_is_not_shipped(self):
        self.send("ORD", *self.order())
        with self.assertRaises(ValueError):
            self.books.ship(self.held()[0]["ORDNO"], False)

    def test_faults(self):
        for kind, posted in (("503", 0), ("drop", 1), ("504_after_commit", 1), ("drop_after_commit", 1),
                             ("duplicate", 2)):
            with self.subTest(kind):
                reference = "WEB/" + kind
                self.faults.add({"operation": "ORD.A", "kind": kind})
                self.send("ORD", *self.order(50 + len(reference), reference))
                self.assertEqual(len(self.held(reference)), posted)
                if kind == "503":
                    self.assertEqual(self.answers()[0]["RESULT"], "L")

    def test_a_file_that_its_trailer_does_not_confirm_posts_nothing(self):
        with open(os.path.join(self.out, "ORD000000099.DAT"), "wb") as file:
            file.write(self.wire.file("ORD", 99, NOW, self.order(), 1))
        self.job.run()
        self.assertEqual(self.held(), [])
        self.assertEqual(self.job.refused_files[0]["file"], "ORD000000099.DAT")

    def test_adjustments_and_customers(self):
        self.send("ADJ", ("ADJ", {"SEQ": 1, "MOVE": "MV-1", "SKU": "1000", "WHS": "EAST", "QTY": Decimal("-2.5")}))
        self.assertEqual(self.books.movements[-1]["QTY"], Decimal("-2.5"))
        self.assertEqual(self.answers()[0]["DOC"], str(self.books.movements[-1]["ENTRY"]))
        self.send("CUO", ("CUS", {"ACT": "A", "SEQ": 2, "NUM": "X1", "NAME": "Ada", "KIND": "P"}))
        self.assertEqual(self.books.customers["X1"]["NAME"], "Ada")
        self.send("CUO", ("CUS", {"ACT": "A", "SEQ": 3, "NUM": "X1", "NAME": "Eve", "KIND": "P"}))
        self.assertEqual(self.answers()[0]["REASON"], "DUPL")

    def test_a_blocked_customer_gets_no_order(self):
        self.books.customers["C10001"]["BLOCK"] = "A"
        with self.assertRaises(Refused):
            self.books.create_order({"CUST": "C10001"}, [])


if __name__ == "__main__":
    unittest.main()
