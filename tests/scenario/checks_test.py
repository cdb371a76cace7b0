"""The checks of the drive must be able to fail: each kind of damage is found, and nothing else."""

from __future__ import annotations

import os
import sys
import unittest
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "simulators")]

from drive import checks  # noqa: E402
from drive.book import Book, Line, Order, StockBounds  # noqa: E402
from drive.erps import Document, DocumentLine  # noqa: E402
from drive.planted import MissingCustomer, Rounding, StockDrift  # noqa: E402


class Erp:
    def __init__(self, *documents):
        self._documents = {document.number: document for document in documents}

    def documents(self):
        return self._documents


class Ops:
    def get(self, _path):
        return {"documents": [{"home": "legacy"}]}


def line(quantity=2, shipped=0, price="5.90", net="11.80", sku="1000", location="EAST"):
    return DocumentLine(sku, location, Decimal(quantity), Decimal(shipped), Decimal(price), Decimal(net))


def document(number="SO-1", **values):
    given = {"open": True, "released": True, "lines": [line()], "gross": Decimal("14.04"), **values}
    return Document(number, "WEB/1", "C10000", **given)


def mirror(number="S-C1", **values):
    return document(number, **{"released": False, "gross": None, **values})


class Checks(unittest.TestCase):
    def setUp(self):
        self.book = Book()
        self.order = Order("web", "1", "C10000", [Line(1, "1000", "EAST", 2, "5.90")])
        self.order.acknowledged = True
        self.book.add(self.order)

    def check(self, nav=(), bc=()):
        return checks.check_orders(self.book, Erp(*nav), Erp(*bc), Ops())

    def test_a_home_and_its_inert_mirror_are_as_they_should_be(self):
        result = self.check([document()], [mirror()])
        self.assertEqual((result.findings, result.orders_in_legacy, result.orders_in_cloud), ([], 1, 0))

    def test_an_order_in_no_erp_is_lost(self):
        self.assertEqual(self.check().lost, 1)

    def test_an_order_that_was_never_acknowledged_is_not_looked_for(self):
        self.order.acknowledged = False
        self.assertEqual(self.check().findings, [])

    def test_two_documents_in_one_erp_are_a_duplicate(self):
        self.assertEqual(self.check([document(), document("SO-2")]).duplicated, 1)

    def test_a_released_mirror_is_a_duplicate(self):
        result = self.check([document()], [mirror(released=True)])
        self.assertEqual(result.duplicated, 1)

    def test_a_line_shipped_by_both_is_executed_twice(self):
        shipped = {"1000": Decimal(2)}
        result = self.check([document(shipped=shipped)], [mirror(shipped=shipped)])
        self.assertEqual(result.executed_twice, 1)

    def test_more_shipped_than_ordered_is_executed_twice(self):
        self.assertEqual(self.check([document(shipped={"1000": Decimal(3)})]).executed_twice, 1)

    def test_an_acknowledged_change_that_is_not_in_the_home_is_lost(self):
        self.order.lines[1].quantity = Decimal(3)
        self.assertEqual(self.check([document()]).lost, 1)

    def test_a_line_that_nobody_ordered_is_found(self):
        self.assertEqual(self.check([document(lines=[line(), line(sku="1001")])]).lost, 1)

    def test_a_cancelled_order_that_is_still_open_is_lost(self):
        self.order.cancelled = True
        self.assertEqual(self.check([document()]).lost, 1)

    def test_a_mirror_that_demands_what_has_left_is_found(self):
        home = document(lines=[line(shipped=2)], shipped={"1000": Decimal(2)})
        self.assertEqual(self.check([home], [mirror()]).diverged, 1)

    def test_a_mirror_that_is_withdrawn_with_its_home_is_right(self):
        home = document(open=False, invoiced=True, shipped={"1000": Decimal(2)})
        self.assertEqual(self.check([home], [mirror(open=False, cancelled=True)]).findings, [])

    def test_a_total_beyond_the_tolerance_differs_and_one_within_it_does_not(self):
        self.assertEqual(self.check([document(gross=Decimal("14.10"))]).totals_differing, 1)
        self.assertEqual(self.check([document(gross=Decimal("14.09"))]).totals_differing, 0)


class Bounds(unittest.TestCase):
    def test_a_promise_is_bounded_by_stock_less_acknowledged_demand(self):
        bounds = StockBounds()
        bounds.start({("1000", "EAST"): Decimal(10)})
        bounds.less(("1000", "EAST"), 4, at=1.0)
        bounds.more(("1000", "EAST"), 2, at=3.0)
        self.assertEqual(bounds.bound(("1000", "EAST"), sent=0.5, received=0.6), 10)
        self.assertEqual(bounds.bound(("1000", "EAST"), sent=2.0, received=2.1), 6)
        self.assertEqual(bounds.bound(("1000", "EAST"), sent=2.0, received=3.1), 8)
        self.assertIsNone(bounds.bound(("9999", "EAST"), 0, 0))


class StockErp:
    def __init__(self, movements: dict, quantity: int):
        self._movements, self._quantity = movements, Decimal(quantity)

    def movements(self) -> dict:
        return self._movements

    def stock(self) -> dict:
        return {("1009", "EAST"): self._quantity}


class Adjustments(unittest.TestCase):
    """Begun at second 1, answered at second 2, posted by the cloud alone."""

    def found(self, alone_since: float) -> list[str]:
        book = Book()
        key = ("1009", "EAST")
        book.adjustments["M1"] = (key, Decimal(1), 1.0, 2.0)
        return checks.check_stock(book, StockErp({}, 10), StockErp({"M1": [(key, Decimal(1))]}, 11), alone_since)

    def test_one_answered_while_both_were_written_must_be_in_both(self):
        self.assertEqual(len(self.found(3.0)), 2)

    def test_one_that_the_change_of_stage_overtook_may_be_in_the_cloud_alone(self):
        self.assertEqual(self.found(1.5), [])


class Explained(unittest.TestCase):
    @staticmethod
    def entry(capability, subject, *differences):
        return {"capability": capability, "subject": subject, "differences": [
            {"path": path, "kind": kind, "verdict": "mismatch", "primary": one, "secondary": two}
            for path, kind, one, two in differences]}

    def test_rounding_explains_cents_of_its_orders_and_nothing_else(self):
        planted = Rounding("rounding", "orders", {"web/1"})
        cent = ("/totals/tax", "value", '"5.23"', '"5.22"')
        self.assertTrue(planted.explains(self.entry("orders", "web/1", cent)))
        self.assertFalse(planted.explains(self.entry("orders", "web/2", cent)))
        self.assertFalse(planted.explains(self.entry("orders", "web/1", cent,
                                                     ("/lines/1/outstanding", "value", '"2"', '"1"'))))
        self.assertFalse(planted.explains(self.entry("orders", "web/1",
                                                     ("/totals/tax", "value", '"5.23"', '"4.22"'))))

    def test_a_missing_customer_explains_only_its_absence(self):
        planted = MissingCustomer("missing customer", "customers", {"C10118"})
        self.assertTrue(planted.explains(self.entry(
            "customers", "C10118", ("", "outcome", '"answered"', '"not_found: no customer"'))))
        self.assertFalse(planted.explains(self.entry("customers", "C10118",
                                                     ("/phone", "value", '"1"', '"2"'))))

    def test_a_stock_drift_explains_exactly_its_quantity(self):
        planted = StockDrift("stock drift", "inventory", {"1059@WEST"})
        self.assertTrue(planted.explains(self.entry(
            "inventory", "1059@WEST", ("/onHand", "value", '"300"', '"293"'))))
        self.assertFalse(planted.explains(self.entry(
            "inventory", "1059@WEST", ("/onHand", "value", '"300"', '"290"'))))
        self.assertFalse(planted.explains(self.entry(
            "inventory", "1059@WEST", ("/reserved", "value", '"3"', '"2"'))))


if __name__ == "__main__":
    unittest.main()
