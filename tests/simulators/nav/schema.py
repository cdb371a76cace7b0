"""What the services publish, as tables of the simulator's own.

Written from the service descriptions, not read from them: requests are judged by these tables, and a
test compares both, so that neither can drift alone. Order matters: NAV's types are sequences.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

LINE_TYPES = ("_blank_", "G_L_Account", "Item", "Resource", "Fixed_Asset", "Charge_Item")
ORDER_STATUS = ("Open", "Released", "Pending_Approval", "Pending_Prepayment")
BLOCKED = ("_blank_", "Ship", "Invoice", "All")
CONTACT_TYPES = ("Company", "Person")


class Field(NamedTuple):
    element: str
    column: str  # SQL name; "" if the value is computed
    kind: str  # code text decimal int bool date datetime time option
    size: int = 0  # of code and text
    editable: bool = True
    options: tuple = ()
    type_name: str = ""  # of an option, in the service's namespace


class Part(NamedTuple):
    element: str  # of the list in the record
    record: str  # of a row in the list; its type has the same name
    table: str
    fields: tuple


class Page(NamedTuple):
    service: str  # also the element and type of a record
    table: str
    fixed: dict  # columns that the page filters on
    key: tuple  # elements that Read takes, in order
    fields: tuple  # Key first; the part's place is marked by the Part itself
    operations: tuple

    @property
    def namespace(self) -> str:
        return f"urn:microsoft-dynamics-schemas/page/{self.service.lower()}"

    @property
    def part(self) -> Optional[Part]:
        return next((entry for entry in self.fields if isinstance(entry, Part)), None)

    def field(self, element: str) -> Optional[Field]:
        return next((entry for entry in self.fields
                     if isinstance(entry, Field) and entry.element == element), None)


class Codeunit(NamedTuple):
    service: str
    operations: dict  # name -> (parameters, kind of return_value)

    @property
    def namespace(self) -> str:
        return f"urn:microsoft-dynamics-schemas/codeunit/{self.service}"


def _code(element, column, size, editable=True):
    return Field(element, column, "code", size, editable)


def _text(element, column, size, editable=True):
    return Field(element, column, "text", size, editable)


def _decimal(element, column, editable=True):
    return Field(element, column, "decimal", 0, editable)


def _date(element, column, editable=True):
    return Field(element, column, "date", 0, editable)


def _int(element, column, editable=True):
    return Field(element, column, "int", 0, editable)


_KEY = Field("Key", "", "key", 0, True)

_READ = ("Read", "ReadByRecId", "ReadMultiple", "IsUpdated", "GetRecIdFromKey")

_BILL_TO = (
    _text("Bill_to_Name", "Bill-to Name", 100),
    _text("Bill_to_Address", "Bill-to Address", 100),
    _text("Bill_to_Address_2", "Bill-to Address 2", 50),
    _text("Bill_to_City", "Bill-to City", 30),
    _code("Bill_to_Post_Code", "Bill-to Post Code", 20),
    _code("Bill_to_Country_Region_Code", "Bill-to Country_Region Code", 10),
)
_SHIP_TO = (
    _code("Ship_to_Code", "Ship-to Code", 10),
    _text("Ship_to_Name", "Ship-to Name", 100),
    _text("Ship_to_Address", "Ship-to Address", 100),
    _text("Ship_to_Address_2", "Ship-to Address 2", 50),
    _text("Ship_to_City", "Ship-to City", 30),
    _code("Ship_to_Post_Code", "Ship-to Post Code", 20),
    _code("Ship_to_Country_Region_Code", "Ship-to Country_Region Code", 10),
)
_TOTALS = (
    Field("Total_Amount_Excl_VAT", "", "decimal", 0, False),
    Field("Total_VAT_Amount", "", "decimal", 0, False),
    Field("Total_Amount_Incl_VAT", "", "decimal", 0, False),
)


def _read_only(fields):
    return tuple(entry._replace(editable=False) if entry.kind != "key" else entry for entry in fields)


ORDER_LINE = Part("SalesLines", "Sales_Order_Line", "Sales Line", (
    _KEY,
    Field("Type", "Type", "option", 0, True, LINE_TYPES, "Type"),
    _code("No", "No_", 20),
    _text("Description", "Description", 100),
    _code("Location_Code", "Location Code", 10),
    _decimal("Quantity", "Quantity"),
    _code("Unit_of_Measure_Code", "Unit of Measure Code", 10),
    _decimal("Unit_Price", "Unit Price"),
    _decimal("Line_Discount_Amount", "Line Discount Amount"),
    _decimal("Line_Amount", "Line Amount", False),
    _decimal("VAT_Percent", "VAT _", False),
    _decimal("Amount_Including_VAT", "Amount Including VAT", False),
    _decimal("Outstanding_Quantity", "Outstanding Quantity", False),
    _decimal("Quantity_Shipped", "Quantity Shipped", False),
    _decimal("Quantity_Invoiced", "Quantity Invoiced", False),
    _date("Shipment_Date", "Shipment Date"),
    _int("Line_No", "Line No_", False),
    _code("Promotion_Code", "Promotion Code", 20),
    _int("Promotion_Version", "Promotion Version"),
))

_ORDER_HEAD = (
    _code("Sell_to_Customer_No", "Sell-to Customer No_", 20),
    _text("Sell_to_Customer_Name", "Sell-to Customer Name", 100, False),
    _code("External_Document_No", "External Document No_", 35),
    _text("Your_Reference", "Your Reference", 35),
    _text("Payment_Reference", "Payment Reference", 50),
    _date("Order_Date", "Order Date"),
    _date("Posting_Date", "Posting Date"),
    _date("Document_Date", "Document Date"),
    _date("Requested_Delivery_Date", "Requested Delivery Date"),
    _date("Shipment_Date", "Shipment Date"),
    Field("Status", "Status", "option", 0, False, ORDER_STATUS, "Status"),
    _code("Bill_to_Customer_No", "Bill-to Customer No_", 20),
) + _BILL_TO + _SHIP_TO + (
    _code("Currency_Code", "Currency Code", 10),
    _code("Location_Code", "Location Code", 10),
    Field("Prices_Including_VAT", "Prices Including VAT", "bool"),
    _code("Customer_Price_Group", "Customer Price Group", 10, False),
)

SALES_ORDER = Page(
    "SalesOrder", "Sales Header", {"Document Type": 1}, ("No",),
    (_KEY, _code("No", "No_", 20)) + _ORDER_HEAD + (
        Field("Last_Modified_At", "Last Modified At", "datetime", 0, False), ORDER_LINE) + _TOTALS,
    _READ + ("Create", "CreateMultiple", "Update", "UpdateMultiple", "Delete", "Delete_SalesLines"))

CUSTOMER = Page(
    "Customer", "Customer", {}, ("No",), (
        _KEY,
        _code("No", "No_", 20),
        _text("Name", "Name", 100),
        _text("Name_2", "Name 2", 50),
        _text("Address", "Address", 100),
        _text("Address_2", "Address 2", 50),
        _code("Post_Code", "Post Code", 20),
        _text("City", "City", 30),
        _text("County", "County", 30),
        _code("Country_Region_Code", "Country_Region Code", 10),
        _text("Phone_No", "Phone No_", 30),
        _text("E_Mail", "E-Mail", 80),
        _text("Contact", "Contact", 100),
        Field("Contact_Type", "Contact Type", "option", 0, True, CONTACT_TYPES, "Contact_Type"),
        _code("Bill_to_Customer_No", "Bill-to Customer No_", 20),
        _code("Currency_Code", "Currency Code", 10),
        _code("Customer_Price_Group", "Customer Price Group", 10),
        Field("Blocked", "Blocked", "option", 0, True, BLOCKED, "Blocked"),
        _date("Last_Date_Modified", "Last Date Modified", False),
    ), _READ + ("Create", "CreateMultiple", "Update", "UpdateMultiple", "Delete"))

SHIPMENT_LINE = Part("SalesShipmLines", "Posted_Sales_Shpt_Line", "Sales Shipment Line", _read_only((
    _KEY,
    _int("Line_No", "Line No_"),
    Field("Type", "Type", "option", 0, True, LINE_TYPES, "Type"),
    _code("No", "No_", 20),
    _text("Description", "Description", 100),
    _code("Location_Code", "Location Code", 10),
    _decimal("Quantity", "Quantity"),
    _code("Unit_of_Measure_Code", "Unit of Measure Code", 10),
    _decimal("Quantity_Invoiced", "Quantity Invoiced"),
    _date("Shipment_Date", "Shipment Date"),
)))

SHIPMENTS = Page(
    "PostedSalesShipments", "Sales Shipment Header", {}, ("No",), _read_only((
        _KEY,
        _code("No", "No_", 20),
        _code("Sell_to_Customer_No", "Sell-to Customer No_", 20),
        _text("Sell_to_Customer_Name", "Sell-to Customer Name", 100),
        _code("Order_No", "Order No_", 20),
        _code("External_Document_No", "External Document No_", 35),
        _date("Order_Date", "Order Date"),
        _date("Posting_Date", "Posting Date"),
        _date("Document_Date", "Document Date"),
        _date("Shipment_Date", "Shipment Date")) + _SHIP_TO + (
        _code("Location_Code", "Location Code", 10),)) + (SHIPMENT_LINE,), _READ)

INVOICE_LINE = Part("SalesInvLines", "Posted_Sales_Invoice_Line", "Sales Invoice Line", _read_only((
    _KEY,
    _int("Line_No", "Line No_"),
    Field("Type", "Type", "option", 0, True, LINE_TYPES, "Type"),
    _code("No", "No_", 20),
    _text("Description", "Description", 100),
    _code("Location_Code", "Location Code", 10),
    _decimal("Quantity", "Quantity"),
    _code("Unit_of_Measure_Code", "Unit of Measure Code", 10),
    _decimal("Unit_Price", "Unit Price"),
    _decimal("Line_Discount_Amount", "Line Discount Amount"),
    _decimal("Line_Amount", "Line Amount"),
    _decimal("VAT_Percent", "VAT _"),
    _decimal("Amount_Including_VAT", "Amount Including VAT"),
)))

INVOICES = Page(
    "PostedSalesInvoices", "Sales Invoice Header", {}, ("No",), _read_only((
        _KEY,
        _code("No", "No_", 20),
        _code("Sell_to_Customer_No", "Sell-to Customer No_", 20),
        _text("Sell_to_Customer_Name", "Sell-to Customer Name", 100),
        _code("Order_No", "Order No_", 20),
        _code("External_Document_No", "External Document No_", 35),
        _text("Your_Reference", "Your Reference", 35),
        _text("Payment_Reference", "Payment Reference", 50),
        _date("Order_Date", "Order Date"),
        _date("Posting_Date", "Posting Date"),
        _date("Document_Date", "Document Date"),
        _code("Bill_to_Customer_No", "Bill-to Customer No_", 20)) + _BILL_TO + _SHIP_TO + (
        _code("Currency_Code", "Currency Code", 10),
        Field("Prices_Including_VAT", "Prices Including VAT", "bool"))) + (INVOICE_LINE,) + _TOTALS,
    _READ)

ARCHIVE_LINE = Part("SalesLinesArchive", "Sales_Order_Archive_Line", "Sales Line Archive",
                    tuple(entry._replace(editable=False) if entry.kind != "key" else entry
                          for entry in ORDER_LINE.fields))

ARCHIVE = Page(
    "ArchivedSalesOrders", "Sales Header Archive", {"Document Type": 1},
    ("No", "Doc_No_Occurrence", "Version_No"), _read_only((
        _KEY,
        _code("No", "No_", 20),
        _int("Doc_No_Occurrence", "Doc_ No_ Occurrence"),
        _int("Version_No", "Version No_"),
        _date("Date_Archived", "Date Archived"),
        Field("Time_Archived", "Time Archived", "time"),
        _code("Archived_By", "Archived By", 50),
        _text("Archive_Reason", "Archive Reason", 50)) + _ORDER_HEAD) + (ARCHIVE_LINE,) + _TOTALS, _READ)

APPLIES_TO = ("_blank_", "Payment", "Invoice", "Credit_Memo", "Finance_Charge_Memo", "Reminder", "Refund")
_APPLIED = (
    Field("Applies_to_Doc_Type", "Applies-to Doc_ Type", "option", 0, True, APPLIES_TO, "Applies_to_Doc_Type"),
    _code("Applies_to_Doc_No", "Applies-to Doc_ No_", 20),
)

RETURN_LINE = Part("SalesLines", "Sales_Return_Order_Line", "Sales Line", (
    _KEY,
    Field("Type", "Type", "option", 0, True, LINE_TYPES, "Type"),
    _code("No", "No_", 20),
    _text("Description", "Description", 100),
    _code("Return_Reason_Code", "Return Reason Code", 10),
    _code("Location_Code", "Location Code", 10),
    _decimal("Quantity", "Quantity"),
    _code("Unit_of_Measure_Code", "Unit of Measure Code", 10),
    _decimal("Unit_Price", "Unit Price"),
    _decimal("Line_Discount_Amount", "Line Discount Amount"),
    _decimal("Line_Amount", "Line Amount", False),
    _decimal("VAT_Percent", "VAT _", False),
    _decimal("Amount_Including_VAT", "Amount Including VAT", False),
    _decimal("Return_Qty_Received", "Return Qty_ Received", False),
    _decimal("Quantity_Invoiced", "Quantity Invoiced", False),
    _int("Line_No", "Line No_", False),
))

RETURN_ORDER = Page(
    "SalesReturnOrder", "Sales Header", {"Document Type": 5}, ("No",), (
        _KEY,
        _code("No", "No_", 20),
        _code("Sell_to_Customer_No", "Sell-to Customer No_", 20),
        _text("Sell_to_Customer_Name", "Sell-to Customer Name", 100, False),
        _code("External_Document_No", "External Document No_", 35),
        _text("Your_Reference", "Your Reference", 35),
        _date("Order_Date", "Order Date"),
        _date("Posting_Date", "Posting Date"),
        _date("Document_Date", "Document Date"),
        Field("Status", "Status", "option", 0, False, ORDER_STATUS, "Status"),
        _code("Currency_Code", "Currency Code", 10),
        _code("Location_Code", "Location Code", 10),
        Field("Prices_Including_VAT", "Prices Including VAT", "bool")) + _APPLIED + (RETURN_LINE,) + _TOTALS,
    _READ + ("Create", "CreateMultiple", "Update", "UpdateMultiple", "Delete", "Delete_SalesLines"))

CREDIT_MEMO_LINE = Part("SalesCrMemoLines", "Posted_Sales_Cr_Memo_Line", "Sales Cr_Memo Line", _read_only((
    _KEY,
    _int("Line_No", "Line No_"),
    Field("Type", "Type", "option", 0, True, LINE_TYPES, "Type"),
    _code("No", "No_", 20),
    _text("Description", "Description", 100),
    _code("Return_Reason_Code", "Return Reason Code", 10),
    _code("Location_Code", "Location Code", 10),
    _decimal("Quantity", "Quantity"),
    _code("Unit_of_Measure_Code", "Unit of Measure Code", 10),
    _decimal("Unit_Price", "Unit Price"),
    _decimal("Line_Discount_Amount", "Line Discount Amount"),
    _decimal("Line_Amount", "Line Amount"),
    _decimal("VAT_Percent", "VAT _"),
    _decimal("Amount_Including_VAT", "Amount Including VAT"),
)))

CREDIT_MEMOS = Page(
    "PostedSalesCreditMemos", "Sales Cr_Memo Header", {}, ("No",), _read_only((
        _KEY,
        _code("No", "No_", 20),
        _code("Sell_to_Customer_No", "Sell-to Customer No_", 20),
        _text("Sell_to_Customer_Name", "Sell-to Customer Name", 100),
        _code("Return_Order_No", "Return Order No_", 20),
        _code("External_Document_No", "External Document No_", 35),
        _text("Your_Reference", "Your Reference", 35),
        _date("Posting_Date", "Posting Date"),
        _date("Document_Date", "Document Date"),
        _code("Currency_Code", "Currency Code", 10),
        Field("Prices_Including_VAT", "Prices Including VAT", "bool")) + _APPLIED) + (CREDIT_MEMO_LINE,) + _TOTALS,
    _READ)

ENTRY_TYPES = ("Positive_Adjmt", "Negative_Adjmt")

SALES_RELEASE = Codeunit("SalesRelease", {
    "ReleaseOrder": ((_code("orderNo", "No.", 20),), "text"),
    "ReopenOrder": ((_code("orderNo", "No.", 20),), "text"),
})

ITEM_JOURNAL = Codeunit("ItemJournal", {
    "PostItemJournal": ((
        _code("documentNo", "Document No.", 20),
        _code("itemNo", "Item No.", 20),
        _code("locationCode", "Location Code", 10),
        Field("entryType", "Entry Type", "option", 0, True, ENTRY_TYPES, "EntryType"),
        _decimal("quantity", "Quantity"),
        _date("postingDate", "Posting Date"),
        _code("reasonCode", "Reason Code", 10),
    ), "int"),
})

PAGES = {page.service: page for page in (SALES_ORDER, CUSTOMER, SHIPMENTS, INVOICES, ARCHIVE,
                                           RETURN_ORDER, CREDIT_MEMOS)}
CODEUNITS = {unit.service: unit for unit in (SALES_RELEASE, ITEM_JOURNAL)}
