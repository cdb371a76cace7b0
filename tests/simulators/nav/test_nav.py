"""What the simulated NAV accepts, refuses and answers, asked over its socket."""

from __future__ import annotations

import http.client
import os
import sqlite3
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from nav.client_for_tests import HttpError, NavTest, order_line  # noqa: E402
from nav.schema import CODEUNITS, PAGES, Part  # noqa: E402


class Orders(NavTest):
    def test_an_order_is_created_with_lines_and_priced_from_the_sales_prices(self):
        order = self.nav.create_order((("1000", "2", "EAST"), ("1002", "12", "WEST")), reference="web/77")
        self.assertRegex(order["No"], r"SO-2\d{5}\Z")
        self.assertEqual(order["External_Document_No"], "WEB/77")
        self.assertEqual(order["Status"], "Open")
        first, second = order["SalesLines"]
        self.assertEqual((first["Line_No"], first["Unit_Price"], first["Line_Amount"]), ("10000", "4.6", "9.2"))
        # 34.95 less 20 % for resellers from ten pieces
        self.assertEqual((second["Line_No"], second["Unit_Price"], second["Line_Amount"]),
                         ("20000", "27.96", "335.52"))
        self.assertEqual(second["Amount_Including_VAT"], "399.27")
        self.assertEqual(order["Total_Amount_Excl_VAT"], "344.72")
        self.assertEqual(order["Total_Amount_Incl_VAT"], "410.22")
        self.assertEqual(self.nav.read_order(order["No"]), order)

    def test_a_header_is_created_first_and_filled_by_update(self):
        empty = self.nav.record("SalesOrder", "Create", "<SalesOrder/>")
        order = self.nav.update_order(
            empty["Key"], "<Sell_to_Customer_No>C10001</Sell_to_Customer_No><Ship_to_City>Ulm</Ship_to_City>",
            order_line(Type="Item", No="1001", Location_Code="EAST", Quantity="3", Unit_Price="10.005",
                       Line_Discount_Amount="0.50", Promotion_Code="advent", Promotion_Version="3"))
        self.assertEqual(order["Ship_to_City"], "Ulm")
        self.assertEqual(order["Bill_to_Name"], "Hannes Fischer")
        line = order["SalesLines"][0]
        self.assertEqual((line["Unit_Price"], line["Line_Discount_Amount"], line["Line_Amount"]),
                         ("10.005", "0.5", "29.52"))
        self.assertEqual((line["Promotion_Code"], line["Promotion_Version"]), ("ADVENT", "3"))
        self.assertNotEqual(order["Key"], empty["Key"])

    def test_a_header_without_customer_takes_no_lines(self):
        empty = self.nav.record("SalesOrder", "Create", "<SalesOrder/>")
        self.refused("NavTestFieldException", self.nav.update_order, empty["Key"],
                     lines=order_line(Type="Item", No="1001", Quantity="1"))
        self.assertNotIn("SalesLines", self.nav.read_order(empty["No"]))

    def test_a_key_is_stale_after_any_change(self):
        order = self.nav.create_order()
        self.nav.update_order(order["Key"], "<Your_Reference>first</Your_Reference>")
        fault = self.refused("ServiceBrokerException", self.nav.update_order, order["Key"],
                             "<Your_Reference>second</Your_Reference>")
        self.assertIn("hat den Datensatz geändert", fault.text)
        self.assertEqual(self.nav.read_order(order["No"])["Your_Reference"], "first")
        updated = self.nav.call("SalesOrder", "IsUpdated", f"<Key>{order['Key']}</Key>")
        self.assertEqual(updated[0].text, "true")

    def test_an_update_that_changes_nothing_keeps_the_key_even_of_a_released_order(self):
        order = self.nav.create_order()
        self.nav.release(order["No"])
        order = self.nav.read_order(order["No"])
        same = self.nav.update_order(order["Key"], "<Status>Released</Status>"
                                     "<Total_VAT_Amount>1.75</Total_VAT_Amount>")
        self.assertEqual(same, order)

    def test_lines_are_changed_added_and_removed_by_key(self):
        order = self.nav.create_order((("1000", "2", "EAST"), ("1001", "1", "EAST")))
        first, second = order["SalesLines"]
        order = self.nav.update_order(order["Key"], lines=(
            order_line(Key=first["Key"], Quantity="5", Unit_Price="4.00") +
            order_line(Type="Item", No="1003", Location_Code="WEST", Quantity="1", Unit_Price="1")))
        self.assertEqual([(line["No"], line["Quantity"], line["Line_No"]) for line in order["SalesLines"]],
                         [("1000", "5", "10000"), ("1001", "1", "20000"), ("1003", "1", "30000")])
        self.refused("ServiceBrokerException", self.nav.update_order, order["Key"],
                     lines=order_line(Key=first["Key"], Quantity="6"))
        removed = self.nav.call("SalesOrder", "Delete_SalesLines",
                                f"<SalesLines_Key>{second['Key']}</SalesLines_Key>")
        self.assertEqual(removed[0].text, "true")
        now = self.nav.read_order(order["No"])
        self.assertEqual([line["No"] for line in now["SalesLines"]], ["1000", "1003"])
        self.assertNotEqual(now["Key"], order["Key"])

    def test_a_changed_quantity_looks_the_price_up_again_and_keeps_the_discount_percentage(self):
        order = self.nav.create_order()
        line = order["SalesLines"][0]
        order = self.nav.update_order(order["Key"], lines=order_line(Key=line["Key"], Unit_Price="50",
                                                                     Line_Discount_Amount="10"))
        self.assertEqual(order["SalesLines"][0]["Line_Amount"], "90")
        order = self.nav.update_order(order["Key"], lines=order_line(Key=order["SalesLines"][0]["Key"], Quantity="4"))
        line = order["SalesLines"][0]
        self.assertEqual((line["Unit_Price"], line["Line_Discount_Amount"]), ("4.6", "1.84"))

    def test_a_price_in_the_request_stays_even_if_it_is_the_price_of_before(self):
        order = self.nav.create_order()
        line = order["SalesLines"][0]
        order = self.nav.update_order(order["Key"], lines=order_line(Key=line["Key"], Unit_Price="50",
                                                                     Line_Discount_Amount="10"))
        order = self.nav.update_order(order["Key"], lines=order_line(
            Key=order["SalesLines"][0]["Key"], Quantity="4", Unit_Price="50", Line_Discount_Amount="10"))
        line = order["SalesLines"][0]
        self.assertEqual((line["Unit_Price"], line["Line_Discount_Amount"], line["Line_Amount"]), ("50", "10", "190"))

    def test_released_orders_are_reopened_before_they_change(self):
        order = self.nav.create_order()
        self.assertEqual(self.nav.release(order["No"]), "Released")
        self.assertEqual(self.nav.release(order["No"]), "Released")
        released = self.nav.read_order(order["No"])
        self.assertEqual(released["Status"], "Released")
        self.assertNotEqual(released["Key"], order["Key"])
        fault = self.refused("NavTestFieldException", self.nav.update_order, released["Key"],
                             "<Your_Reference>x</Your_Reference>")
        self.assertRegex(fault.text, "Status muss .*Open.* sein")
        self.assertEqual(self.nav.reopen(order["No"]), "Open")
        self.nav.update_order(self.nav.read_order(order["No"])["Key"], "<Your_Reference>x</Your_Reference>")

    def test_an_empty_order_is_not_released(self):
        order = self.nav.create_order(())
        self.refused("NavNCLDialogException", self.nav.release, order["No"])
        self.refused("NavCSideRecordNotFoundException", self.nav.release, "SO-999999")

    def test_repeated_external_document_numbers_make_two_orders(self):
        first = self.nav.create_order(reference="TWICE/1")
        second = self.nav.create_order(reference="TWICE/1")
        self.assertNotEqual(first["No"], second["No"])
        found = self.nav.read_multiple("SalesOrder", [("External_Document_No", "TWICE/1")])
        self.assertEqual([row["No"] for row in found], [first["No"], second["No"]])

    def test_what_nav_does_not_know_or_take_is_refused_and_leaves_nothing(self):
        before = len(self.nav.state("orders"))
        relation = "NavCSideValidateTableRelationException"
        fault = self.refused(relation, self.nav.create_order, (("9999", "1", "EAST"),))
        self.assertIn("9999", fault.text)
        self.refused(relation, self.nav.create_order, customer="C1")
        self.refused(relation, self.nav.create_order, (("1000", "1", "MOON"),))
        self.refused("NavNCLStringLengthExceededException", self.nav.create_order, reference="W" * 36)
        self.refused("NavNCLDialogException", self.nav.create_order, (("1000", "-1", "EAST"),))
        self.refused("NavNCLDialogException", self.nav.record, "SalesOrder", "Create",
                     "<SalesOrder><No>SO-1</No></SalesOrder>")
        self.refused("ServiceBrokerException", self.nav.record, "SalesOrder", "Create",
                     "<SalesOrder><Status>Released</Status></SalesOrder>")
        self.assertEqual(len(self.nav.state("orders")), before)

    def test_a_multiple_creation_is_one_unit(self):
        before = len(self.nav.state("orders"))
        good = "<SalesOrder><Sell_to_Customer_No>C10003</Sell_to_Customer_No></SalesOrder>"
        bad = "<SalesOrder><Sell_to_Customer_No>NOBODY</Sell_to_Customer_No></SalesOrder>"
        self.refused("NavCSideValidateTableRelationException", self.nav.call, "SalesOrder", "CreateMultiple",
                     f"<SalesOrder_List>{good}{bad}</SalesOrder_List>")
        self.assertEqual(len(self.nav.state("orders")), before)
        made = self.nav.call("SalesOrder", "CreateMultiple", f"<SalesOrder_List>{good}{good}</SalesOrder_List>")
        self.assertEqual(len(made[0]), 2)

    def test_a_deleted_order_lies_in_the_archive(self):
        order = self.nav.create_order(reference="GONE/1")
        self.nav.call("SalesOrder", "Delete", f"<Key>{order['Key']}</Key>")
        self.assertIsNone(self.nav.read_order(order["No"]))
        self.refused("NavCSideRecordNotFoundException", self.nav.update_order, order["Key"],
                     "<Your_Reference>x</Your_Reference>")
        archived, = self.nav.read_multiple("ArchivedSalesOrders", [("External_Document_No", "GONE/1")])
        self.assertEqual((archived["No"], archived["Version_No"]), (order["No"], "1"))
        self.assertEqual(archived["SalesLinesArchive"][0]["Quantity"], "2")
        read = self.nav.record("ArchivedSalesOrders", "Read", f"<No>{order['No']}</No><Doc_No_Occurrence>1"
                               "</Doc_No_Occurrence><Version_No>1</Version_No>")
        self.assertEqual(read["Total_Amount_Incl_VAT"], order["Total_Amount_Incl_VAT"])

    def test_charges_are_ledger_account_lines_and_remarks_have_no_type(self):
        order = self.nav.create_order()
        order = self.nav.update_order(order["Key"], lines=(
            order_line(Type="G_L_Account", No="8510", Quantity="1", Unit_Price="4.95") +
            order_line(Type="_blank_", Description="Please ring twice")))
        charge, remark = order["SalesLines"][1:]
        self.assertEqual((charge["Line_Amount"], charge["Amount_Including_VAT"]), ("4.95", "5.89"))
        self.assertEqual((remark["Type"], remark["Description"]), ("_blank_", "Please ring twice"))

    def test_local_currency_is_kept_as_blank(self):
        made = self.nav.record("SalesOrder", "Create", "<SalesOrder><Sell_to_Customer_No>C10001</Sell_to_Customer_No>"
                               "<Currency_Code>EUR</Currency_Code></SalesOrder>")
        self.assertNotIn("Currency_Code", made)
        self.refused("NavCSideValidateTableRelationException", self.nav.record, "SalesOrder", "Create",
                     "<SalesOrder><Currency_Code>QQQ</Currency_Code></SalesOrder>")

    def test_amounts_keep_all_their_digits(self):
        order = self.nav.create_order(price="12345678901234567.89")
        self.assertEqual(order["SalesLines"][0]["Unit_Price"], "12345678901234567.89")
        self.assertEqual(order["SalesLines"][0]["Line_Amount"], "24691357802469135.78")


class Reading(NavTest):
    def test_filters_and_bookmarks_page_through_all_orders(self):
        every = [row["No"] for row in self.nav.read_multiple("SalesOrder")]
        self.assertEqual(len(every), 160)
        seen, bookmark = [], ""
        while True:
            page = self.nav.read_multiple("SalesOrder", size=70, bookmark=bookmark)
            if not page:
                break
            seen += [row["No"] for row in page]
            bookmark = page[-1]["Key"]
        self.assertEqual(seen, every)
        backwards = self.nav.read_multiple("SalesOrder", size=-3)
        self.assertEqual([row["No"] for row in backwards], every[:-4:-1])

    def test_filter_expressions(self):
        def numbers(*filters):
            return [row["No"] for row in self.nav.read_multiple("SalesOrder", filters)]
        self.assertEqual(numbers(("No", "SO-100041|so-100043")), ["SO-100041", "SO-100043"])
        self.assertEqual(numbers(("No", "SO-100041..SO-100043")), ["SO-100041", "SO-100042", "SO-100043"])
        self.assertEqual(numbers(("No", "..SO-100041")), ["SO-100041"])
        self.assertEqual(numbers(("No", "SO-10004?&<>SO-100045&>SO-100044")),
                         ["SO-100046", "SO-100047", "SO-100048", "SO-100049"])
        self.assertEqual(len(numbers(("Status", "Released"))) + len(numbers(("Status", "<>Released"))), 160)
        blank = numbers(("External_Document_No", "''"))
        self.assertTrue(0 < len(blank) < 160)
        self.assertEqual(len(blank) + len(numbers(("External_Document_No", "<>''"))), 160)
        self.assertEqual(numbers(("Order_Date", "2026-11-01..2026-11-30")),
                         numbers(("Order_Date", "01.11.26..30.11.2026")))
        self.refused("NavFilterException", numbers, ("Order_Date", "soon"))
        names = self.nav.read_multiple("Customer", [("Name", "@*MÜLLER*")])
        self.assertTrue(names)
        self.assertTrue(all("Müller" in row["Name"] for row in names))
        self.assertEqual(self.nav.read_multiple("Customer", [("E_Mail", "c10007@example.com")])[0]["No"], "C10007")

    def test_record_ids_lead_back_to_records(self):
        order = self.nav.read_order("SO-100050")
        found = self.nav.call("SalesOrder", "GetRecIdFromKey", f"<Key>{order['Key']}</Key>")[0].text
        self.assertEqual(found, "Sales Header: Order,SO-100050")
        self.assertEqual(self.nav.record("SalesOrder", "ReadByRecId", f"<recId>{found}</recId>"), order)

    def test_unknown_records_are_empty_results(self):
        self.assertIsNone(self.nav.read_order("SO-1"))
        self.assertEqual(self.nav.read_multiple("SalesOrder", [("No", "SO-1")]), [])


class Protocol(NavTest):
    options = ("--language", "en")

    def post(self, body: str, action="urn:microsoft-dynamics-schemas/page/salesorder:Read", **headers):
        sent = self.nav.headers(action)
        sent.update(headers)
        status, answer, _ = self.nav.http("POST", self.nav.path("SalesOrder"), body.encode(),
                                          {name: value for name, value in sent.items() if value is not None})
        return self.nav.read_answer(status, answer)

    def envelope(self, content: str) -> str:
        return ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' + content +
                "</e:Body></e:Envelope>")

    def test_wrong_credentials_are_401(self):
        for authorization in (None, "Basic bmF2LXVzZXI6d3Jvbmc="):
            with self.assertRaises(HttpError) as caught:
                self.post(self.envelope(""), Authorization=authorization)
            self.assertEqual(caught.exception.status, 401)

    def test_a_request_must_be_as_described(self):
        namespace = 'xmlns="urn:microsoft-dynamics-schemas/page/salesorder"'
        read = f"<Read {namespace}><No>SO-100050</No></Read>"
        self.assertEqual(self.post(self.envelope(read)).tag, "Read_Result")
        xml = "XmlSchemaValidationException"
        self.refused(xml, self.post, self.envelope(f"<Read {namespace}/>"))
        self.refused(xml, self.post, self.envelope(f"<Read {namespace}><No>1</No><No>2</No></Read>"))
        self.refused(xml, self.post, self.envelope(f"<Read {namespace}><Number>1</Number></Read>"))
        self.refused(xml, self.post, self.envelope("<Read xmlns='urn:other'><No>1</No></Read>"))
        self.refused(xml, self.post, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + self.envelope(read))
        self.refused(xml, self.post, self.envelope(read)[:-3])
        self.refused(xml, self.post, "<a>" * 100 + "</a>" * 100)
        self.refused("ActionNotSupported", self.post, self.envelope(read), SOAPAction=None)
        self.refused("ActionNotSupported", self.post, self.envelope(read), action="urn:other:Read")
        with self.assertRaises(HttpError):
            self.post(self.envelope(read), **{"Content-Type": "application/json"})

    def test_elements_are_known_ordered_and_typed(self):
        xml = "XmlSchemaValidationException"
        for content in ("<Colour>red</Colour>",
                        "<External_Document_No>A</External_Document_No><Sell_to_Customer_No>C10001</Sell_to_Customer_No>",
                        "<Order_Date>24.11.2026</Order_Date>",
                        "<Order_Date>2026-02-30</Order_Date>",
                        "<Prices_Including_VAT>maybe</Prices_Including_VAT>",
                        "<SalesLines><Sales_Order_Line><Quantity>1e3</Quantity></Sales_Order_Line></SalesLines>",
                        "<SalesLines><Sales_Order_Line><Type>Thing</Type></Sales_Order_Line></SalesLines>",
                        "<SalesLines/>",
                        '<No xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'):
            with self.subTest(content):
                self.refused(xml, self.nav.call, "SalesOrder", "Create", f"<SalesOrder>{content}</SalesOrder>")

    def test_unknown_operations_services_and_companies_are_refused(self):
        self.refused("ServiceBrokerException", self.nav.call, "SalesOrder", "Post")
        self.refused("ServiceBrokerException", self.nav.call, "PostedSalesShipments", "Create")
        for path, status in (("/DynamicsNAV90/WS/CRONUS/Page/Vendor", 404), ("/Other/WS/CRONUS/Page/Customer", 404)):
            self.assertEqual(self.nav.http("POST", path, b"", self.nav.headers("x"))[0], status)
        with self.assertRaises(Exception) as caught:
            self.nav.read_answer(*self.nav.http("POST", "/DynamicsNAV90/WS/Other/Page/Customer", b"",
                                                self.nav.headers("x"))[:2])
        self.assertEqual(caught.exception.code, "NavCompanyNotFoundException")

    def test_faults_are_english_when_the_service_is(self):
        fault = self.refused("NavCSideValidateTableRelationException", self.nav.create_order, customer="C1")
        self.assertIn("cannot be found in the related table (Customer)", fault.text)

    def test_one_connection_serves_many_requests(self):
        namespace = self.nav.namespace("Customer")
        connection = http.client.HTTPConnection("127.0.0.1", self.nav.port, timeout=30)
        for number in ("C10001", "C10002", "C10003"):
            connection.request("POST", self.nav.path("Customer"), self.envelope(
                f'<Read xmlns="{namespace}"><No>{number}</No></Read>'), self.nav.headers(namespace + ":Read"))
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            self.assertIn(number.encode(), response.read())
        connection.close()

    def test_descriptions_say_what_the_simulator_checks(self):
        xsd = "{http://www.w3.org/2001/XMLSchema}"
        status, answer, _ = self.nav.http("GET", "/DynamicsNAV90/WS/CRONUS/Services", headers=self.nav.headers(""))
        self.assertEqual(status, 200)
        for service in [*PAGES, *CODEUNITS]:
            self.assertIn(self.nav.path(service).encode(), answer)
            status, text, _ = self.nav.http("GET", self.nav.path(service) + "?wsdl", headers=self.nav.headers(""))
            self.assertEqual(status, 200)
            root = ElementTree.fromstring(text)
            self.assertEqual(root.get("targetNamespace"), self.nav.namespace(service))
            address = next(root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")).get("location")
            self.assertEqual(address, f"http://127.0.0.1:{self.nav.port}{self.nav.path(service)}")
            operations = [entry.get("name") for entry in
                          root.find("{http://schemas.xmlsoap.org/wsdl/}portType")]
            types = {entry.get("name"): [(e.get("name"), e.get("type").partition(":")[2])
                                         for e in entry.iter(xsd + "element")]
                     for entry in root.iter(xsd + "complexType") if entry.get("name")}
            options = {entry.get("name"): [e.get("value") for e in entry.iter(xsd + "enumeration")]
                       for entry in root.iter(xsd + "simpleType")}
            if service in CODEUNITS:
                self.assertEqual(operations, list(CODEUNITS[service].operations))
                requests = {entry.get("name"): [(e.get("name"), e.get("type").partition(":")[2])
                                                for e in entry.iter(xsd + "element") if e is not entry]
                            for entry in root.iter(xsd + "element")}
                for name, (fields, _) in CODEUNITS[service].operations.items():
                    self.assertEqual(requests[name], [(field.element, _xsd_type(field)) for field in fields])
                continue
            page = PAGES[service]
            self.assertEqual(operations, list(page.operations))
            self.assertEqual(types[service], [(entry.element, _xsd_type(entry)) for entry in page.fields])
            self.assertEqual(types[page.service + "_List"], [(page.service, page.service)])
            for field in page.fields:
                if getattr(field, "kind", "") == "option":
                    self.assertEqual(options[field.type_name], list(field.options))
            if page.part:
                self.assertEqual(types[page.part.record],
                                 [(field.element, _xsd_type(field)) for field in page.part.fields])


def _xsd_type(entry) -> str:
    if isinstance(entry, Part):
        return entry.record + "_List"
    return {"code": "string", "text": "string", "key": "string", "bool": "boolean", "datetime": "dateTime",
            "option": entry.type_name}.get(entry.kind, entry.kind)


class Customers(NavTest):
    def test_customers_are_created_under_given_and_minted_numbers(self):
        given = self.nav.record("Customer", "Create", "<Customer><No>c20001</No><Name>Ada Löwe</Name>"
                                "<E_Mail>Ada@example.com</E_Mail><Contact_Type>Person</Contact_Type></Customer>")
        self.assertEqual((given["No"], given["E_Mail"], given["Contact_Type"]), ("C20001", "Ada@example.com", "Person"))
        minted = self.nav.record("Customer", "Create", "<Customer><Name>Bo</Name></Customer>")
        self.assertRegex(minted["No"], r"K\d{5}\Z")
        fault = self.refused("NavCSideDuplicateKeyException", self.nav.record, "Customer", "Create",
                             "<Customer><No>C20001</No></Customer>")
        self.assertIn("ist bereits vorhanden", fault.text)

    def test_customers_are_updated_under_their_key(self):
        customer = self.nav.record("Customer", "Read", "<No>C10011</No>")
        changed = self.nav.record("Customer", "Update", f"<Customer><Key>{customer['Key']}</Key><City>Bonn</City></Customer>")
        self.assertEqual(changed["City"], "Bonn")
        self.refused("ServiceBrokerException", self.nav.record, "Customer", "Update",
                     f"<Customer><Key>{customer['Key']}</Key><City>Trier</City></Customer>")
        self.refused("NavCSideValidateTableRelationException", self.nav.record, "Customer", "Update",
                     f"<Customer><Key>{changed['Key']}</Key><Country_Region_Code>ZZ</Country_Region_Code></Customer>")

    def test_a_customer_with_documents_is_not_deleted_and_one_without_is(self):
        order = self.nav.create_order(customer="C10012")
        customer = self.nav.record("Customer", "Read", f"<No>{order['Sell_to_Customer_No']}</No>")
        self.refused("NavNCLDialogException", self.nav.call, "Customer", "Delete", f"<Key>{customer['Key']}</Key>")
        lonely = self.nav.record("Customer", "Create", "<Customer><Name>Nobody</Name></Customer>")
        self.nav.call("Customer", "Delete", f"<Key>{lonely['Key']}</Key>")
        self.assertEqual(len(self.nav.call("Customer", "Read", f"<No>{lonely['No']}</No>")), 0)

    def test_a_blocked_customer_gets_no_new_order(self):
        self.nav.user("block_customer", number="C10020", blocked="All")
        fault = self.refused("NavNCLDialogException", self.nav.create_order, customer="C10020")
        self.assertIn("gesperrt", fault.text)
        self.nav.user("block_customer", number="C10020", blocked="_blank_")
        self.nav.create_order(customer="C10020")


class Tables(NavTest):
    def rows(self, sql: str, *parameters):
        db = sqlite3.connect(f"file:{self.nav.data}/nav.db?mode=ro", uri=True)
        try:
            return db.execute(sql, parameters).fetchall()
        finally:
            db.close()

    def test_tables_hold_text_decimals_blank_dates_and_no_nulls(self):
        order = self.nav.create_order(reference="SQL/1")
        row, = self.rows('SELECT "Requested Delivery Date", "Status", typeof("Status"), "timestamp" FROM '
                         '"CRONUS$Sales Header" WHERE "External Document No_" = ?', "SQL/1")
        self.assertEqual(row[:3], ("1753-01-01 00:00:00", 0, "integer"))
        line, = self.rows('SELECT "Outstanding Quantity", "Unit Price", typeof("Quantity") FROM "CRONUS$Sales Line" '
                          'WHERE "Document No_" = ?', order["No"])
        self.assertEqual(line, ("2." + "0" * 20, "4.60" + "0" * 18, "text"))
        for (table,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'CRONUS$%'"):
            for column in self.rows(f'PRAGMA table_info("{table}")'):
                self.assertEqual(column[3], 1, f"{table}.{column[1]} may be NULL")

    def test_the_row_version_grows_over_the_whole_database(self):
        order = self.nav.create_order()
        before, = self.rows('SELECT "timestamp" FROM "CRONUS$Sales Header" WHERE "No_" = ?', order["No"])
        customer = self.nav.record("Customer", "Read", "<No>C10030</No>")
        self.nav.record("Customer", "Update", f"<Customer><Key>{customer['Key']}</Key><City>Aalen</City></Customer>")
        after, = self.rows('SELECT "timestamp" FROM "CRONUS$Customer" WHERE "No_" = ?', "C10030")
        self.assertGreater(after, before)

    def test_a_released_line_is_reserved_and_a_reopened_one_is_not(self):
        sql = ('SELECT "Quantity (Base)", "Source Type" FROM "CRONUS$Reservation Entry" WHERE "Entry No_" IN '
               '(SELECT "Entry No_" FROM "CRONUS$Reservation Entry" WHERE "Source ID" = ?) ORDER BY "Positive"')
        order = self.nav.create_order()
        self.assertEqual(self.rows(sql, order["No"]), [])
        self.nav.release(order["No"])
        zeros = "0" * 20
        self.assertEqual(self.rows(sql, order["No"]), [(f"-2.{zeros}", 37), (f"2.{zeros}", 32)])
        self.nav.reopen(order["No"])
        self.assertEqual(self.rows(sql, order["No"]), [])


if __name__ == "__main__":
    unittest.main()
