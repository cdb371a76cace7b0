import datetime
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from batch import codec  # noqa: E402
from batch.job import Job  # noqa: E402
from common.faults import FaultTable  # noqa: E402
from edi.books import Books  # noqa: E402

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)


def order(run, reference="WEB/1", sku="1000", quantity="0000000300{", count=2, total="00000000000300{"):
    head = f"ORD{run:09d}{reference:<22}{'C10000':<17}2026112420261201EUR{'':<30}{'':<163}{'':<163}\n"
    line = f"LIN00001{sku:<48}{'':<80}EA {'EAST':<10}20261201{quantity}0000000200000000000000{{\n"
    return f"HDR{run:09d}20261124\n{head}{line}TRL{count:09d}{total}\n"


class JobTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.outbound, self.inbound = (os.path.join(self.folder.name, name) for name in ("out", "in"))
        os.makedirs(self.outbound)
        os.makedirs(self.inbound)
        self.job = Job(Books(lambda: NOW), FaultTable(), self.outbound, self.inbound)
        self.job.tell()
        self.taken = set(os.listdir(self.inbound))

    def send(self, name, text):
        with open(os.path.join(self.outbound, name), "w", encoding="utf-8") as file:
            file.write(text)
        self.job.run()
        found = {}
        for name_ in sorted(set(os.listdir(self.inbound)) - self.taken):
            self.taken.add(name_)
            with open(os.path.join(self.inbound, name_), encoding="iso-8859-1") as file:
                found[name_[:6]] = file.read()
        return found

    def test_an_order_is_answered_and_takes_stock(self):
        told = self.send("ORD000000007.txt", order(7))
        self.assertIn("LIN00001", told["BK1STA"])
        self.assertEqual(told["BK1STA"].splitlines()[1][46:48], "OK")
        self.assertIn("L;1000;EAST;EA;", told["BK7DLT"])
        self.assertEqual([one["reference"] for one in self.job.books.orders.values()][-1], "WEB/1")

    def test_what_the_desk_refuses_is_said_with_its_reason(self):
        told = self.send("ORD000000007.txt", order(7, sku="NONE"))
        self.assertEqual(told["BK1STA"].splitlines()[1][46:54], "NOIR    ")

    def test_a_file_that_is_not_as_it_should_be_is_not_taken(self):
        for wrong in (order(8, count=3), order(8, total="00000000000400{"), order(8)[:-20], order(9)):
            self.assertEqual(self.send("ORD000000008.txt", wrong), {})
        self.assertEqual(len(self.job.refused_files), 4)

    def test_a_number_is_carried_out_once(self):
        before = len(self.job.books.orders)
        self.send("ORD000000007.txt", order(7))
        again = self.send("ORD000000007.txt", order(7))
        self.assertIn("BK1STA", again)
        self.assertEqual(len(self.job.books.orders), before + 1)

    def test_overpunched_numbers_go_both_ways(self):
        for value in ("-12.5", "0", "7.001"):
            written = codec._write_number(codec.Decimal(value), 11, 13)
            self.assertEqual(codec.Decimal(codec._read_number(written, 13)), codec.Decimal(value))


if __name__ == "__main__":
    unittest.main()
