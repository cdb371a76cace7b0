"""The SQL tables, named and typed as NAV keeps them, in SQLite.

Decimals are text with 20 decimals (SQLite's own numbers would turn them into binary floating point),
options are integers, there are no NULLs, a blank date is 1753-01-01 00:00:00. Every table has the
column "timestamp", the row version.
"""

from __future__ import annotations

BLANK_DATE = "1753-01-01 00:00:00"

_TYPES = {"int": ("INTEGER", 0), "bool": ("SMALLINT", 0), "dec": ("VARCHAR(42)", "0." + "0" * 20),
          "date": ("TIMESTAMP", BLANK_DATE)}


def _columns(text: str) -> dict:
    """'No_:20, Quantity:dec' -> {column: (SQL type, blank value)}"""
    columns = {}
    for entry in text.replace("\n", " ").split(","):
        name, _, kind = entry.strip().rpartition(":")
        columns[name] = (f"VARCHAR({kind})", "") if kind.isdigit() else _TYPES[kind]
    return columns


_ADDRESSES = """
    Bill-to Customer No_:20, Bill-to Name:100, Bill-to Address:100, Bill-to Address 2:50, Bill-to City:30,
    Bill-to Post Code:20, Bill-to Country_Region Code:10,
    Ship-to Code:10, Ship-to Name:100, Ship-to Address:100, Ship-to Address 2:50, Ship-to City:30,
    Ship-to Post Code:20, Ship-to Country_Region Code:10"""

_SALES_HEADER = """Document Type:int, No_:20, Sell-to Customer No_:20, Sell-to Customer Name:100,""" + _ADDRESSES + """,
    External Document No_:35, Your Reference:35, Payment Reference:50, Order Date:date, Posting Date:date,
    Document Date:date, Requested Delivery Date:date, Shipment Date:date, Status:int, Currency Code:10,
    Location Code:10, Prices Including VAT:bool, Customer Price Group:10, Last Shipping No_:20,
    Last Posting No_:20, Last Modified At:date, Applies-to Doc_ Type:int, Applies-to Doc_ No_:20"""

_SALES_LINE = """Document Type:int, Document No_:20, Line No_:int, Sell-to Customer No_:20, Type:int, No_:20,
    Variant Code:10, Description:100, Location Code:10, Unit of Measure Code:10, Quantity:dec,
    Outstanding Quantity:dec, Qty_ to Ship:dec, Quantity Shipped:dec, Qty_ Shipped Not Invoiced:dec,
    Quantity Invoiced:dec, Unit Price:dec, Line Discount _:dec, Line Discount Amount:dec, Line Amount:dec,
    VAT _:dec, Amount:dec, Amount Including VAT:dec, Shipment Date:date, Promotion Code:20,
    Promotion Version:int, Return Reason Code:10, Return Qty_ Received:dec"""

# table -> (columns, primary key, further indexes)
TABLES = {
    "Item": (_columns("""No_:20, Description:100, Base Unit of Measure:10, Unit Price:dec, GTIN:14,
        VAT _:dec, Blocked:bool, Last Date Modified:date, Gen_ Prod_ Posting Group:20"""), ["No_"], []),
    "Item Unit of Measure": (_columns("Item No_:20, Code:10, Qty_ per Unit of Measure:dec"),
                             ["Item No_", "Code"], []),
    "Location": (_columns("Code:10, Name:100, City:30"), ["Code"], []),
    "Currency": (_columns("Code:10, Description:30"), ["Code"], []),
    "Country_Region": (_columns("Code:10, Name:50"), ["Code"], []),
    "Customer Price Group": (_columns("Code:10, Description:50"), ["Code"], []),
    "G_L Account": (_columns("No_:20, Name:100, VAT _:dec, Blocked:bool"), ["No_"], []),
    "Item Charge": (_columns("No_:20, Description:100, VAT _:dec"), ["No_"], []),
    "Resource": (_columns("No_:20, Name:100, VAT _:dec"), ["No_"], []),
    "Fixed Asset": (_columns("No_:20, Description:100, VAT _:dec"), ["No_"], []),
    "Customer": (_columns("""No_:20, Name:100, Name 2:50, Address:100, Address 2:50, City:30, Post Code:20,
        County:30, Country_Region Code:10, Phone No_:30, E-Mail:80, Contact:100, Contact Type:int,
        Bill-to Customer No_:20, Currency Code:10, Customer Price Group:10, Customer Disc_ Group:20,
        Blocked:int, Last Date Modified:date"""), ["No_"], [["E-Mail"]]),
    "Sales Header": (_columns(_SALES_HEADER), ["Document Type", "No_"],
                     [["External Document No_"], ["Sell-to Customer No_"]]),
    "Sales Line": (_columns(_SALES_LINE), ["Document Type", "Document No_", "Line No_"],
                   [["No_", "Location Code"]]),
    "Sales Header Archive": (
        _columns(_SALES_HEADER + """, Doc_ No_ Occurrence:int, Version No_:int, Archived By:50,
            Date Archived:date, Time Archived:date, Archive Reason:50"""),
        ["Document Type", "No_", "Doc_ No_ Occurrence", "Version No_"], [["External Document No_"]]),
    "Sales Line Archive": (
        _columns(_SALES_LINE + ", Doc_ No_ Occurrence:int, Version No_:int"),
        ["Document Type", "Document No_", "Doc_ No_ Occurrence", "Version No_", "Line No_"], []),
    "Sales Shipment Header": (
        _columns("""No_:20, Sell-to Customer No_:20, Sell-to Customer Name:100,""" + _ADDRESSES + """,
            Order No_:20, External Document No_:35, Your Reference:35, Order Date:date, Posting Date:date,
            Document Date:date, Shipment Date:date, Location Code:10"""),
        ["No_"], [["Order No_"], ["External Document No_"]]),
    "Sales Shipment Line": (
        _columns("""Document No_:20, Line No_:int, Sell-to Customer No_:20, Type:int, No_:20,
            Description:100, Location Code:10, Unit of Measure Code:10, Quantity:dec, Unit Price:dec,
            Quantity Invoiced:dec, Shipment Date:date, Order No_:20, Order Line No_:int"""),
        ["Document No_", "Line No_"], [["Order No_", "Order Line No_"]]),
    "Sales Invoice Header": (
        _columns("""No_:20, Sell-to Customer No_:20, Sell-to Customer Name:100,""" + _ADDRESSES + """,
            Order No_:20, External Document No_:35, Your Reference:35, Payment Reference:50,
            Order Date:date, Posting Date:date, Document Date:date, Currency Code:10,
            Prices Including VAT:bool"""),
        ["No_"], [["Order No_"], ["External Document No_"]]),
    "Sales Invoice Line": (
        _columns("""Document No_:20, Line No_:int, Sell-to Customer No_:20, Type:int, No_:20,
            Description:100, Location Code:10, Unit of Measure Code:10, Quantity:dec, Unit Price:dec,
            Line Discount Amount:dec, Line Amount:dec, VAT _:dec, Amount:dec, Amount Including VAT:dec,
            Order No_:20, Order Line No_:int"""),
        ["Document No_", "Line No_"], [["Order No_"]]),
    "Sales Cr_Memo Header": (
        _columns("""No_:20, Sell-to Customer No_:20, Sell-to Customer Name:100,""" + _ADDRESSES + """,
            Return Order No_:20, External Document No_:35, Your Reference:35, Posting Date:date,
            Document Date:date, Currency Code:10, Prices Including VAT:bool, Applies-to Doc_ Type:int,
            Applies-to Doc_ No_:20"""),
        ["No_"], [["Return Order No_"], ["External Document No_"]]),
    "Sales Cr_Memo Line": (
        _columns("""Document No_:20, Line No_:int, Sell-to Customer No_:20, Type:int, No_:20,
            Description:100, Return Reason Code:10, Location Code:10, Unit of Measure Code:10, Quantity:dec,
            Unit Price:dec, Line Discount Amount:dec, Line Amount:dec, VAT _:dec, Amount:dec,
            Amount Including VAT:dec"""),
        ["Document No_", "Line No_"], []),
    "Return Reason": (_columns("Code:10, Description:50"), ["Code"], []),
    "Item Ledger Entry": (
        _columns("""Entry No_:int, Item No_:20, Posting Date:date, Entry Type:int, Source No_:20,
            Document No_:20, Document Type:int, Document Line No_:int, External Document No_:35,
            Order No_:20, Description:100, Location Code:10, Variant Code:10, Quantity:dec,
            Remaining Quantity:dec, Open:bool, Reason Code:10"""),
        ["Entry No_"], [["Item No_", "Location Code", "Open"], ["Document No_"]]),
    "Value Entry": (
        _columns("""Entry No_:int, Item No_:20, Posting Date:date, Item Ledger Entry Type:int, Document No_:20,
            Location Code:10, Item Ledger Entry No_:int, Item Ledger Entry Quantity:dec, User ID:50"""),
        ["Entry No_"], [["Item Ledger Entry No_"]]),
    "Reservation Entry": (
        _columns("""Entry No_:int, Positive:bool, Item No_:20, Location Code:10, Quantity (Base):dec,
            Reservation Status:int, Creation Date:date, Source Type:int, Source Subtype:int, Source ID:20,
            Source Ref_ No_:int, Shipment Date:date"""),
        ["Entry No_", "Positive"], [["Source ID", "Source Ref_ No_"], ["Item No_", "Location Code"]]),
    "Sales Price": (
        _columns("""Item No_:20, Sales Type:int, Sales Code:20, Starting Date:date, Currency Code:10,
            Variant Code:10, Unit of Measure Code:10, Minimum Quantity:dec, Unit Price:dec,
            Ending Date:date, Price Includes VAT:bool, Price Zone:32"""),
        ["Item No_", "Sales Type", "Sales Code", "Starting Date", "Currency Code", "Variant Code",
         "Unit of Measure Code", "Minimum Quantity"], []),
    "G_L Entry": (
        _columns("""Entry No_:int, G_L Account No_:20, Posting Date:date, Document Type:int, Document No_:20,
            Description:100, Amount:dec, Debit Amount:dec, Credit Amount:dec, VAT Amount:dec, User ID:50,
            Source Code:10, Gen_ Posting Type:int, Gen_ Prod_ Posting Group:20, VAT Prod_ Posting Group:20,
            External Document No_:35, Source Type:int, Source No_:20, Dimension Set ID:int,
            Transaction No_:int"""),
        ["Entry No_"], [["Posting Date"], ["Document No_"]]),
    "VAT Entry": (
        _columns("""Entry No_:int, Posting Date:date, Document No_:20, Document Type:int, Type:int, Base:dec,
            Amount:dec, VAT Prod_ Posting Group:20, Source Code:10, User ID:50, External Document No_:35,
            Bill-to_Pay-to No_:20, Transaction No_:int"""),
        ["Entry No_"], [["Posting Date"], ["Document No_"]]),
    "No_ Series Line": (_columns("Series Code:10, Prefix:10, Digits:int, Last No_ Used:int, Manual Nos_:bool"),
                        ["Series Code"], []),
}


def blank_row(table: str) -> dict:
    return {name: blank for name, (_, blank) in TABLES[table][0].items()}


def create_statements(company: str):
    """The statements that make an empty database, in order."""
    for table, (columns, key, indexes) in TABLES.items():
        name = f'"{company}${table}"'
        body = ['"timestamp" BIGINT NOT NULL']
        body += [f'"{column}" {kind} NOT NULL' for column, (kind, _) in columns.items()]
        body.append("PRIMARY KEY (" + ", ".join(f'"{column}"' for column in key) + ")")
        yield f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(body)})"
        yield f'CREATE INDEX IF NOT EXISTS "{company}${table}$timestamp" ON {name} ("timestamp")'
        for number, index in enumerate(indexes, 1):
            listed = ", ".join(f'"{column}"' for column in index)
            yield f'CREATE INDEX IF NOT EXISTS "{company}${table}${number}" ON {name} ({listed})'
    # What SQL Server and the job scheduler keep by themselves; no part of NAV's tables.
    yield "CREATE TABLE IF NOT EXISTS \"$server$state\" (name VARCHAR(40) PRIMARY KEY, value TEXT NOT NULL)"
    yield ("CREATE TABLE IF NOT EXISTS \"$server$exported prices\" "
           "(row_key TEXT PRIMARY KEY, fields TEXT NOT NULL)")
