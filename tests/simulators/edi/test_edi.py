import datetime
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from common.faults import FaultTable  # noqa: E402
from edi import x12  # noqa: E402
from edi.books import Books  # noqa: E402
from edi.gateway import Gateway  # noqa: E402
from edi.x12 import Wire  # noqa: E402

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)


def order(reference="WEB/1", sku="1000", quantity="3"):
    return [["BEG", "00", "BK", reference, None, "20261124"], ["CUR", "BY", "EUR"], ["N1", "BY", None, "92", "C10000"],
            ["PO1", 1, quantity, "EA", "20", "PE", "VP", sku], ["REF", "WS", "EAST"], ["CTT", 1]]


def change(purpose, kind, reference="WEB/1", number=7, lines=()):
    return [["BCH", purpose, kind, reference, None, number]] + [
        ["POC", line, "CA", quantity, None, "EA", price, "PE", "VP", "1000"] for line, quantity, price in lines]


class GatewayTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.outbound, self.inbound = (os.path.join(self.folder.name, name) for name in ("out", "in"))
        os.makedirs(self.outbound)
        os.makedirs(self.inbound)
        self.faults = FaultTable()
        self.books = Books(lambda: NOW)
        self.gateway = Gateway(self.books, self.faults, Wire(), self.outbound, self.inbound, False, False)
        self.gateway.tell()
        self.taken = set(os.listdir(self.inbound))
        self.control = 0

    def send(self, group, name, segments, control=None):
        self.control += 1
        text = Wire().interchange(control or self.control, "RETAILER", "LAKESHORE", [(group, [(name, segments)])], NOW)
        with open(os.path.join(self.outbound, f"U{self.control:09d}.x12"), "w", encoding="utf-8") as file:
            file.write(text)
        self.gateway.run()
        return self.told()

    def told(self):
        """Every set that was written since: {id: [segments]}."""
        found = {}
        for name in sorted(set(os.listdir(self.inbound)) - self.taken):
            self.taken.add(name)
            with open(os.path.join(self.inbound, name), encoding="utf-8") as file:
                for group in x12.read(file.read())["groups"]:
                    for one in group["sets"]:
                        self.assertEqual(one["wrong"], "")
                        found.setdefault(one["id"], []).append(one["segments"])
        return found

    def test_an_order_is_acknowledged_answered_and_counts_as_demand(self):
        told = self.send("PO", "850", order())
        self.assertEqual(told["997"][0][-1], ["AK9", "A", "1", "1", "1"])
        self.assertEqual(told["855"][0][0][:4], ["BAK", "00", "AD", "WEB/1"])
        self.assertIn(["AMT", "TT", "71.4"], told["855"][0])
        self.assertEqual(len(told["846"]), 1)

    def test_an_order_comes_once_under_its_number_and_its_interchange_once(self):
        self.send("PO", "850", order())
        again = self.send("PO", "850", order(), control=1)
        self.assertEqual(again["855"][0][0][2], "AD")
        second = self.send("PO", "850", order())
        self.assertEqual(second["855"][0][0][2], "RJ")
        self.assertEqual(len([one for one in self.books.orders.values() if one["reference"] == "WEB/1"]), 1)

    def test_changes_hold_the_order_and_carry_their_number(self):
        self.send("PO", "850", order())
        self.assertIn(["REF", "ACC", "R"], self.send("PC", "860", change("04", "RL"))["865"][0])
        told = self.send("PC", "860", change("04", "BK", lines=[(1, "5", "20")]))["865"][0]
        self.assertEqual(told[0][5], "7")
        self.assertIn(["REF", "ACC", "H"], told)
        self.assertIn(["REF", "ACC", "X"], self.send("PC", "860", change("01", "BK"))["865"][0])

    def test_what_is_refused_says_why(self):
        told = self.send("PO", "850", order(sku="NONE"))["855"][0]
        self.assertEqual(told[0][2], "RJ")
        self.assertEqual(told[-1], ["MSG", "item NONE is not known"])
        refused = self.send("PO", "850", order("WEB/2", quantity="999"))
        self.assertNotIn("855", refused)
        self.assertIn(["AK5", "R", "5"], refused["997"][0])

    def test_what_its_people_do_is_told(self):
        self.send("PO", "850", order())
        self.send("PC", "860", change("04", "RL"))
        number = self.books.find("WEB/1", "")["number"]
        self.books.ship(number, True)
        self.gateway.tell()
        told = self.told()
        self.assertEqual([row for row in told["856"][0] if row[0] == "SN1"], [["SN1", "", "1", "EA"]])
        self.assertEqual(len(told["947"]), 1)
        self.books.ship(number, False)
        self.books.invoice(number)
        self.gateway.tell()
        self.assertIn(["TDS", "7140"], self.told()["810"][0])

    def test_a_gateway_that_ended_takes_the_file_again_and_does_nothing_twice(self):
        for kind in ("drop", "504_after_commit"):
            self.faults.add({"operation": "850", "kind": kind})
            told = self.send("PO", "850", order("WEB/" + kind))
            self.assertEqual(len(told["855"]), 1, kind)
            self.assertEqual(len([one for one in self.books.orders.values() if one["reference"] == "WEB/" + kind]), 1)

    def test_the_catalog_has_every_price(self):
        self.gateway.catalog()
        catalog = self.told()["832"][0]
        self.assertEqual(len([row for row in catalog if row[0] == "LIN"]), 60)
        self.assertIn(["CTP", "", "CAT", "5.9", "0", "EA"], catalog)

    def test_traps_are_written_as_asked(self):
        name = self.gateway.write([("PR", [("855", [["BAK", "00", "AD", "X"]])])], "wrong_count")
        with open(os.path.join(self.inbound, name), encoding="utf-8") as file:
            self.assertEqual(x12.read(file.read())["groups"][0]["sets"][0]["wrong"], "4")
        self.assertTrue(self.gateway.write([("PR", [("855", [["BAK"]])])], "half_written").endswith(".part"))


if __name__ == "__main__":
    unittest.main()
