"""What breaks real cutovers, as the simulated SAP does it."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from sap.client_for_tests import Fault, HttpError, Sap, flags, new_order, placed  # noqa: E402
from sap.sessions import Sessions  # noqa: E402


class SapTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.idocs = os.path.join(cls._folder.name, "idocs")
        cls.sap = Sap(os.path.join(cls._folder.name, "data"), "--language", "E", "--idoc-folder", cls.idocs)

    @classmethod
    def tearDownClass(cls):
        cls.sap.stop()
        cls._folder.cleanup()

    def tearDown(self):
        self.sap.control("DELETE", "faults")

    def rows(self, sql, *parameters):
        with sqlite3.connect(os.path.join(self.sap.data, "sap.db")) as database:
            return database.execute(sql, parameters).fetchall()

    def refused(self, message, function="BAPI_SALESORDER_CREATEFROMDAT2", **parameters):
        answer = self.sap.call(function, **parameters)
        returned = [row for row in answer["RETURN"] if row["TYPE"] == "E"]
        self.assertEqual([(row["ID"], row["NUMBER"]) for row in returned], [message])

    def change(self, document, session=None, **parameters):
        session = session or self.sap.session()
        parameters.setdefault("ORDER_HEADER_IN", {"DLV_BLOCK": ""})
        parameters.setdefault("ORDER_HEADER_INX", {"UPDATEFLAG": "U"})
        answer = session.call("BAPI_SALESORDER_CHANGE", SALESDOCUMENT=document, **parameters)
        errors = [row for row in answer["RETURN"] if row["TYPE"] == "E"]
        if not errors:
            session.commit()
        return errors

    def detail(self, document):
        view = {name: "X" for name in ("HEADER", "ITEM", "BUSINESS", "SDCOND", "STATUS_H", "SDSCHEDULE")}
        return self.sap.call("BAPISDORDER_GETDETAILEDLIST", I_BAPI_VIEW=view, SALES_DOCUMENTS=[{"VBELN": document}])


class UnitsOfWork(SapTest):
    def test_a_commit_whose_session_was_lost_says_that_all_is_well(self):
        document = placed(self.sap)
        self.sap.control("POST", "end_sessions", {"after": "BAPI_SALESORDER_CHANGE"})
        before = self.rows("SELECT LIFSK FROM VBAK WHERE VBELN = ?", document)
        self.assertEqual(self.change(document, ORDER_HEADER_IN={"DLV_BLOCK": "01"},
                                     ORDER_HEADER_INX={"UPDATEFLAG": "U", "DLV_BLOCK": "X"}), [])
        self.assertEqual(self.rows("SELECT LIFSK FROM VBAK WHERE VBELN = ?", document), before)
        self.assertEqual(self.change(document, ORDER_HEADER_IN={"DLV_BLOCK": "01"},
                                     ORDER_HEADER_INX={"UPDATEFLAG": "U", "DLV_BLOCK": "X"}), [])
        self.assertNotEqual(self.rows("SELECT LIFSK FROM VBAK WHERE VBELN = ?", document), before)

    def test_what_is_not_committed_in_its_own_session_is_nothing(self):
        answer = self.sap.call("BAPI_SALESORDER_CREATEFROMDAT2", **new_order())
        self.sap.call("BAPI_TRANSACTION_COMMIT", WAIT="X")  # Another session: no error, and no order.
        self.assertEqual(self.rows("SELECT * FROM VBAK WHERE VBELN = ?", answer["SALESDOCUMENT"]), [])
        self.assertEqual(len(self.rows("SELECT * FROM VBAK WHERE VBELN = ?", placed(self.sap))), 1)

    def test_a_rollback_leaves_nothing_but_a_gap_in_the_numbers(self):
        session = self.sap.session()
        first = session.call("BAPI_SALESORDER_CREATEFROMDAT2", **new_order())["SALESDOCUMENT"]
        session.call("BAPI_TRANSACTION_ROLLBACK")
        session.commit()
        self.assertEqual(self.rows("SELECT * FROM VBAK WHERE VBELN = ?", first), [])
        self.assertGreater(placed(self.sap), first)

    def test_a_document_is_locked_until_its_session_ends(self):
        document = placed(self.sap)
        session = self.sap.session()
        header = {"ORDER_HEADER_IN": {"DLV_BLOCK": ""}, "ORDER_HEADER_INX": {"UPDATEFLAG": "U", "DLV_BLOCK": "X"}}
        session.call("BAPI_SALESORDER_CHANGE", SALESDOCUMENT=document, **header)
        locked = self.change(document, **header)
        self.assertEqual((locked[0]["ID"], locked[0]["NUMBER"]), ("V1", "042"))
        self.assertIn("being processed by", locked[0]["MESSAGE"])
        self.sap.control("POST", "end_sessions", {})
        self.assertEqual(self.change(document, **header), [])
        self.sap.users("open_dialog", document=document, user="MUELLER")
        self.assertIn("MUELLER", self.change(document, **header)[0]["MESSAGE"])
        self.sap.users("open_dialog", document=document, user="")

    def test_a_session_that_nobody_uses_ends(self):
        sessions = Sessions(idle_s=0)
        one = sessions.open("A", True)
        one.pending.append(lambda: None)
        self.assertEqual(sessions.enqueue(sessions.open("B", True), "1"), "")
        self.assertIsNone(sessions.find(one.identifier))
        self.assertEqual((one.ended, one.pending), (True, []))

    def test_a_commit_may_come_late_and_a_rollback_before_it_takes_it_away(self):
        self.sap.control("POST", "faults", {"operation": "BAPI_TRANSACTION_COMMIT", "kind": "late_commit", "delay_ms": 100})
        session = self.sap.session()
        document = session.call("BAPI_SALESORDER_CREATEFROMDAT2", **new_order())["SALESDOCUMENT"]
        with self.assertRaises(HttpError):
            session.commit()
        session.call("BAPI_TRANSACTION_ROLLBACK", end=True)
        while self.sap.control("GET", "faults")["late_commits_pending"]:
            time.sleep(0.01)
        self.assertEqual(self.rows("SELECT * FROM VBAK WHERE VBELN = ?", document), [])


class InternalForms(SapTest):
    def test_only_internal_forms_are_known(self):
        item = new_order()["ORDER_ITEMS_IN"][0]
        self.refused(("V1", "382"), **new_order(ORDER_ITEMS_IN=[{**item, "MATERIAL": "1000"}]))
        self.refused(("V1", "384"), **new_order(ORDER_ITEMS_IN=[{**item, "SALES_UNIT": "PC"}]))
        header = new_order()["ORDER_HEADER_IN"]
        self.refused(("V1", "261"), **new_order(ORDER_HEADER_IN={**header, "DOC_TYPE": "OR"}))
        self.refused(("VP", "205"), **new_order(ORDER_PARTNERS=[{"PARTN_ROLE": "SP", "PARTN_NUMB": "C10001"}]))

    def test_a_document_is_read_by_its_key_with_zeros(self):
        document = placed(self.sap)
        self.assertEqual(self.detail(document.lstrip("0"))["ORDER_HEADERS_OUT"], "")
        self.assertEqual(self.detail(document)["ORDER_HEADERS_OUT"][0]["DOC_NUMBER"], document)

    def test_the_reference_has_35_characters_in_vbkd_and_20_in_vbak(self):
        header = {**new_order()["ORDER_HEADER_IN"], "PURCH_NO_C": "X" * 34 + "Y"}
        document = placed(self.sap, ORDER_HEADER_IN=header)
        self.assertEqual(self.rows("SELECT BSTNK FROM VBAK WHERE VBELN = ?", document), [("X" * 20,)])
        self.assertEqual(self.rows("SELECT BSTKD FROM VBKD WHERE VBELN = ?", document), [("X" * 34 + "Y",)])

    def test_what_is_initial_is_a_blank(self):
        document = placed(self.sap)
        self.assertEqual(self.rows("SELECT FAKSK, AEDAT FROM VBAK WHERE VBELN = ?", document), [(" ", "00000000")])


class Flags(SapTest):
    def test_a_field_without_its_flag_is_overlooked(self):
        header = {name: "X" for name in new_order()["ORDER_HEADER_IN"] if name != "DLV_BLOCK"}
        document = placed(self.sap, ORDER_HEADER_INX=header)
        self.assertEqual(self.sap.order(document)["block"], "")
        self.assertEqual(self.change(document, ORDER_HEADER_IN={"DLV_BLOCK": "Z1"}), [])
        self.assertEqual(self.sap.order(document)["block"], "", "it answered that all is well")

    def test_without_cond_handl_a_condition_is_added_once_more(self):
        document = placed(self.sap)
        discount = {"ITM_NUMBER": "000010", "COND_ST_NO": "310", "COND_COUNT": "01", "COND_TYPE": "RB00", "COND_VALUE": "5"}
        sent = {"CONDITIONS_IN": [discount],
                "CONDITIONS_INX": [flags(discount, "ITM_NUMBER", "COND_ST_NO", "COND_COUNT", "COND_TYPE")]}
        for _ in range(2):
            self.assertEqual(self.change(document, **sent), [])
        self.assertEqual(self.sap.order(document)["items"][0]["net"], "50.00")
        self.assertEqual(self.change(document, LOGIC_SWITCH={"COND_HANDL": "X"}, **sent), [])
        self.assertEqual(self.sap.order(document)["items"][0]["net"], "50.00")

    def test_a_rate_is_rounded_to_two_decimals_without_a_word(self):
        price = {**new_order()["ORDER_CONDITIONS_IN"][0], "COND_VALUE": "0.125"}
        document = placed(self.sap, ORDER_CONDITIONS_IN=[price])
        self.assertEqual(self.sap.order(document)["items"][0]["net"], "0.39")


class Logistics(SapTest):
    def test_a_blocked_order_is_demand_and_is_not_delivered(self):
        document = placed(self.sap)
        self.assertEqual(self.rows("SELECT OMENG FROM VBBE WHERE VBELN = ?", document), [("3.000",)])
        self.assertEqual(self.sap.users("deliver", document=document), {"deliveries": []})
        self.sap.users("set_block", document=document, block="")
        self.assertEqual(len(self.sap.users("deliver", document=document)["deliveries"]), 1)
        self.assertEqual(self.rows("SELECT OMENG FROM VBBE WHERE VBELN = ?", document), [])
        self.sap.users("invoice", document=document)
        self.assertEqual(self.rows("SELECT GBSTK FROM VBUK WHERE VBELN = ?", document), [("C",)])

    def test_less_than_was_delivered_is_refused(self):
        header = {**new_order()["ORDER_HEADER_IN"], "DLV_BLOCK": ""}
        document = placed(self.sap, ORDER_HEADER_IN=header)
        self.sap.users("deliver", document=document)
        line = {"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": "2"}
        refused = self.change(document, SCHEDULE_LINES=[line], SCHEDULE_LINESX=[flags(line, "ITM_NUMBER", "SCHED_LINE")])
        self.assertEqual((refused[0]["ID"], refused[0]["NUMBER"]), ("V1", "497"))

    def test_a_goods_movement_cannot_take_what_is_not_there(self):
        item = {"MATERIAL": "000000000000001001", "PLANT": "1000", "STGE_LOC": "0001", "MOVE_TYPE": "551",
                "ENTRY_QNT": "99999", "ENTRY_UOM": "ST"}
        self.refused(("M7", "021"), "BAPI_GOODSMVT_CREATE", GOODSMVT_HEADER={"HEADER_TXT": "MV-1"}, GOODSMVT_ITEM=[item])

    def test_a_simulation_counts_in_thousandths_and_makes_nothing(self):
        before = self.rows("SELECT COUNT(*) FROM VBAK")
        header = {"DOC_TYPE": "TA", "SALES_ORG": "1000", "DISTR_CHAN": "10", "DIVISION": "00"}
        item = {"ITM_NUMBER": "000010", "MATERIAL": "000000000000001001", "REQ_QTY": "2000", "SALES_UNIT": "ST"}
        answer = self.sap.call("BAPI_SALESORDER_SIMULATE", ORDER_HEADER_IN=header, ORDER_ITEMS_IN=[item],
                               ORDER_PARTNERS=[{"PARTN_ROLE": "AG", "PARTN_NUMB": "C10000"}])
        self.assertEqual(answer["ORDER_ITEMS_OUT"][0]["NET_VALUE1"], "36.8000")
        self.assertEqual(self.rows("SELECT COUNT(*) FROM VBAK"), before)


class Idocs(SapTest):
    def drop(self, name, *segments):
        control = list(" " * 524)
        for at, text in ((0, "EDI_DC40"), (39, "DEBMAS06"), (99, "DEBMAS"), (434, name)):
            control[at:at + len(text)] = text
        lines = ["".join(control)]
        for segment, fields in segments:
            data = list(" " * 900)
            for at, text in fields:
                data[at:at + len(text)] = text
            lines.append(segment.ljust(63) + "".join(data).rstrip())
        with open(os.path.join(self.idocs, name + ".tmp"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.rename(os.path.join(self.idocs, name + ".tmp"), os.path.join(self.idocs, name))
        end = time.monotonic() + 60
        while True:
            found = self.rows("SELECT STATUS FROM EDIDC WHERE ARCKEY = ?", name)
            if found:
                return found[0][0]
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_a_customer_arrives_by_file_and_a_slash_changes_nothing(self):
        self.assertEqual(self.drop("one", ("E2KNA1M005", [(3, "K1"), (153, "DE"), (179, "Anna"), (321, "Berlin")])), "53")
        self.assertEqual(self.drop("two", ("E2KNA1M005", [(3, "K1"), (153, "/"), (179, "Anne"), (321, "/")])), "53")
        self.assertEqual(self.rows("SELECT NAME1, ORT01, LAND1 FROM KNA1 WHERE KUNNR = 'K1'"), [("Anne", "Berlin", "DE")])

    def test_what_is_wrong_is_status_51_with_its_text(self):
        self.assertEqual(self.drop("three", ("E2KNA1M005", [(3, "K2")])), "51")
        text = self.rows("SELECT s.STATXT FROM EDIDS s JOIN EDIDC c ON c.DOCNUM = s.DOCNUM WHERE c.ARCKEY = 'three'")
        self.assertIn("is missing", text[0][0])


class Protocol(SapTest):
    def test_an_unknown_function_is_a_fault_and_a_wrong_password_no_envelope(self):
        with self.assertRaises(Fault):
            self.sap.call("BAPI_NO_SUCH_THING")
        status, _, _ = self.sap.http("POST", "/sap/bc/soap/rfc?sap-client=100", b"<a/>", {"Authorization": "Basic eDp5"})
        self.assertEqual(status, 401)

    def test_the_interface_of_a_function_is_told(self):
        names = [row["PARAMETER"] for row in self.sap.call("RFC_GET_FUNCTION_INTERFACE",
                                                           FUNCNAME="BAPI_TRANSACTION_COMMIT")["PARAMS"]]
        self.assertEqual(names, ["WAIT", "RETURN"])


if __name__ == "__main__":
    unittest.main()
