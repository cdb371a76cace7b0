"""What is served: entity types, their properties and navigations, as tables, and their CSDL.

Property names and types of the v2.0 types follow Microsoft's API reference (v2.0); which of them are
read-only and how long they are follows the pages and tables of the base application. The types of
the custom pages follow cloud-adapters/business_central/SITE_API.md.

A property is written `name:kind[(length)][!flag]`; kinds: guid text code date time decimal int bool
enum; flags: `r` read-only, `c` settable when created only. Text keeps what was sent; code is kept in
upper case without blanks around it.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

EDM = {"guid": "Guid", "text": "String", "code": "String", "date": "Date", "time": "DateTimeOffset",
       "decimal": "Decimal", "int": "Int32", "bool": "Boolean"}

ENUMS = {
    "salesOrderEntityBufferStatus": ["Draft", "In Review", "Open"],
    "invoiceLineAggLineType": ["Comment", "Account", "Item", "Resource", "Fixed Asset", "Charge"],
    "salesLineType": [" ", "G/L Account", "Item", "Resource", "Fixed Asset", "Charge Item"],
    "invoiceEntityAggregateStatus": [" ", "Draft", "In Review", "Open", "Paid", "Canceled",
                                     "Corrective"],
    "salesCrMemoEntityBufferStatus": [" ", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective"],
    "contactType": ["Company", "Person"],
    "customerBlocked": [" ", "Ship", "Invoice", "All"],
    "itemType": ["Inventory", "Service", "Non-Inventory"],
    "salesPriceType": ["Customer", "CustomerPriceGroup", "AllCustomers"],
    "priceListMode": ["full", "delta"],
    "journalEntryType": ["Positive", "Negative"],
    "ledgerEntryType": ["Positive", "Negative", "Sale", "Purchase"],
    "genJournalDocumentType": [" ", "Payment", "Invoice", "Credit Memo", "Finance Charge Memo", "Reminder",
                               "Refund"],
    "archiveReason": ["Deleted", "Completed"],
}


class Property(NamedTuple):
    name: str
    kind: str  # one of EDM, or "enum"
    length: int  # of text and code, 0 otherwise
    access: str  # "" settable, "r" read-only, "c" settable when created
    enum: str  # the enumeration's name

    def edm(self):
        return f"Microsoft.NAV.{self.enum}" if self.kind == "enum" else f"Edm.{EDM[self.kind]}"


class Navigation(NamedTuple):
    name: str
    target: str  # entity set
    many: bool
    local: str  # property of this type whose value is looked up …
    remote: str  # … in this property of the target


class EntityType:
    """One entity set: its type, key, properties, navigations and allowed methods."""

    def __init__(self, set_name, name, text, key="id", navigations=(), methods="GET", order=None,
                 collections=()):
        self.set_name, self.name, self.key, self.methods = set_name, name, key, methods.split()
        self.properties = {p.name: p for p in map(_property, text.split())}
        self.navigations = {n.name: n for n in navigations}
        self.order = order or key  # property that lists are sorted by when nothing is asked
        self.collections = dict(collections)  # name -> properties of a complex type


def _property(text):
    match = re.fullmatch(r"(\w+):(\w+?)(?:\((\w+)\))?(?:!(\w))?", text)
    name, kind, inner, access = match.groups()
    if kind == "enum":
        assert inner in ENUMS, text
        return Property(name, kind, 0, access or "", inner)
    assert kind in EDM, text
    return Property(name, kind, int(inner or 0), access or "", "")


def properties(text):
    return {p.name: p for p in map(_property, text.split())}


def _address(prefix, access=""):
    flag = f"!{access}" if access else ""
    return (f" {prefix}AddressLine1:text(100){flag} {prefix}AddressLine2:text(50){flag}"
            f" {prefix}City:text(30){flag} {prefix}Country:code(10){flag}"
            f" {prefix}State:text(30){flag} {prefix}PostCode:code(20){flag}")


_LINE_AMOUNTS = """
    discountAppliedBeforeTax:bool!r amountExcludingTax:decimal!r taxCode:code(20)
    taxPercent:decimal!r totalTaxAmount:decimal!r amountIncludingTax:decimal!r
    invoiceDiscountAllocation:decimal!r netAmount:decimal!r netTaxAmount:decimal!r
    netAmountIncludingTax:decimal!r shipmentDate:date"""

_LINE_HEAD = """
    id:guid!r documentId:guid!c sequence:int!c itemId:guid!c accountId:guid!c
    lineType:enum(invoiceLineAggLineType)!c lineObjectNumber:code(20)!c description:text(100)
    description2:text(50) unitOfMeasureId:guid unitOfMeasureCode:code(10) quantity:decimal
    unitPrice:decimal discountAmount:decimal discountPercent:decimal"""

V2 = [
    EntityType("companies", "company", """
        id:guid!r systemVersion:text(250)!r timestamp:int!r name:text(30)!r displayName:text(250)!r
        businessProfileId:text(250)!r systemCreatedAt:time!r systemCreatedBy:guid!r
        systemModifiedAt:time!r systemModifiedBy:guid!r"""),
    EntityType("customers", "customer", """
        id:guid!r number:code(20)!c displayName:text(100) type:enum(contactType)
        addressLine1:text(100) addressLine2:text(50) city:text(30) state:text(30) country:code(10)
        postalCode:code(20) phoneNumber:text(30) email:text(80) website:text(80)
        salespersonCode:code(20) balanceDue:decimal!r creditLimit:decimal taxLiable:bool
        taxAreaId:guid taxAreaDisplayName:text(100)!r taxRegistrationNumber:text(20)
        currencyId:guid currencyCode:code(10) paymentTermsId:guid shipmentMethodId:guid
        paymentMethodId:guid blocked:enum(customerBlocked) lastModifiedDateTime:time!r""",
               methods="GET POST PATCH DELETE", order="number",
               navigations=[Navigation("currency", "currencies", False, "currencyId", "id")]),
    EntityType("items", "item", """
        id:guid!r number:code(20)!r displayName:text(100)!r displayName2:text(50)!r
        type:enum(itemType)!r itemCategoryId:guid!r itemCategoryCode:code(20)!r blocked:bool!r
        gtin:code(14)!r inventory:decimal!r unitPrice:decimal!r priceIncludesTax:bool!r
        unitCost:decimal!r taxGroupId:guid!r taxGroupCode:code(20)!r baseUnitOfMeasureId:guid!r
        baseUnitOfMeasureCode:code(10)!r generalProductPostingGroupId:guid!r
        generalProductPostingGroupCode:code(20)!r inventoryPostingGroupId:guid!r
        inventoryPostingGroupCode:code(20)!r lastModifiedDateTime:time!r""", order="number",
               navigations=[Navigation("unitOfMeasure", "unitsOfMeasure", False,
                                       "baseUnitOfMeasureId", "id")]),
    EntityType("locations", "location", """
        id:guid!r code:code(10)!r displayName:text(100)!r contact:text(100)!r
        addressLine1:text(100)!r addressLine2:text(50)!r city:text(30)!r state:text(30)!r
        country:code(10)!r postalCode:code(20)!r phoneNumber:text(30)!r email:text(80)!r
        website:text(80)!r lastModifiedDateTime:time!r""", order="code"),
    EntityType("currencies", "currency", """
        id:guid!r code:code(10)!r displayName:text(30)!r symbol:text(10)!r
        amountDecimalPlaces:text(5)!r amountRoundingPrecision:decimal!r
        lastModifiedDateTime:time!r""", order="code"),
    EntityType("unitsOfMeasure", "unitOfMeasure", """
        id:guid!r code:code(10)!r displayName:text(50)!r internationalStandardCode:code(10)!r
        symbol:text(10)!r lastModifiedDateTime:time!r""", order="code"),
    EntityType("salesOrders", "salesOrder", """
        id:guid!r number:code(20)!c externalDocumentNumber:code(35) orderDate:date postingDate:date
        customerId:guid customerNumber:code(20) customerName:text(100)!r billToName:text(100)!r
        billToCustomerId:guid billToCustomerNumber:code(20) shipToName:text(100)
        shipToContact:text(100)""" + _address("sellTo") + _address("billTo", "r")
               + _address("shipTo") + """
        shortcutDimension1Code:code(20) shortcutDimension2Code:code(20) currencyId:guid
        currencyCode:code(10) pricesIncludeTax:bool!r paymentTermsId:guid shipmentMethodId:guid
        salesperson:code(20) partialShipping:bool requestedDeliveryDate:date discountAmount:decimal
        discountAppliedBeforeTax:bool!r totalAmountExcludingTax:decimal!r totalTaxAmount:decimal!r
        totalAmountIncludingTax:decimal!r fullyShipped:bool!r
        status:enum(salesOrderEntityBufferStatus)!r lastModifiedDateTime:time!r
        phoneNumber:text(30) email:text(80)""", methods="GET POST PATCH DELETE", order="number",
               navigations=[
                   Navigation("salesOrderLines", "salesOrderLines", True, "id", "documentId"),
                   Navigation("customer", "customers", False, "customerId", "id"),
                   Navigation("currency", "currencies", False, "currencyId", "id")]),
    EntityType("salesOrderLines", "salesOrderLine", _LINE_HEAD + _LINE_AMOUNTS + """
        shippedQuantity:decimal!r invoicedQuantity:decimal!r invoiceQuantity:decimal
        shipQuantity:decimal itemVariantId:guid locationId:guid""",
               methods="GET POST PATCH DELETE", order="sequence",
               navigations=[
                   Navigation("salesOrder", "salesOrders", False, "documentId", "id"),
                   Navigation("item", "items", False, "itemId", "id"),
                   Navigation("unitOfMeasure", "unitsOfMeasure", False, "unitOfMeasureId", "id"),
                   Navigation("location", "locations", False, "locationId", "id")]),
    EntityType("salesShipments", "salesShipment", """
        id:guid!r number:code(20)!r externalDocumentNumber:code(35)!r invoiceDate:date!r
        postingDate:date!r dueDate:date!r customerPurchaseOrderReference:text(35)!r
        customerId:guid!r customerNumber:code(20)!r customerName:text(100)!r
        billToCustomerId:guid!r billToName:text(100)!r billToCustomerNumber:code(20)!r
        shipToName:text(100)!r shipToContact:text(100)!r""" + _address("sellTo", "r")
               + _address("billTo", "r") + _address("shipTo", "r") + """
        currencyCode:code(10)!r orderNumber:code(20)!r paymentTermsCode:code(10)!r
        shipmentMethodCode:code(10)!r salesperson:code(20)!r pricesIncludeTax:bool!r
        lastModifiedDateTime:time!r phoneNumber:text(30)!r email:text(80)!r""", order="number",
               navigations=[
                   Navigation("salesShipmentLines", "salesShipmentLines", True, "id", "documentId"),
                   Navigation("customer", "customers", False, "customerId", "id")]),
    EntityType("salesShipmentLines", "salesShipmentLine", """
        id:guid!r documentId:guid!r documentNo:code(20)!r sequence:int!r
        lineType:enum(salesLineType)!r lineObjectNumber:code(20)!r description:text(100)!r
        description2:text(50)!r unitOfMeasureCode:code(10)!r unitPrice:decimal!r
        quantity:decimal!r discountPercent:decimal!r taxPercent:decimal!r shipmentDate:date!r""",
               order="sequence",
               navigations=[Navigation("salesShipment", "salesShipments", False, "documentId",
                                       "id")]),
    EntityType("salesInvoices", "salesInvoice", """
        id:guid!r number:code(20)!r externalDocumentNumber:code(35)!r invoiceDate:date!r
        postingDate:date!r dueDate:date!r promisedPayDate:date!r
        customerPurchaseOrderReference:text(35)!r customerId:guid!r customerNumber:code(20)!r
        customerName:text(100)!r billToName:text(100)!r billToCustomerId:guid!r
        billToCustomerNumber:code(20)!r shipToName:text(100)!r shipToContact:text(100)!r"""
               + _address("sellTo", "r") + _address("billTo", "r") + _address("shipTo", "r") + """
        currencyId:guid!r shortcutDimension1Code:code(20)!r shortcutDimension2Code:code(20)!r
        currencyCode:code(10)!r orderId:guid!r orderNumber:code(20)!r paymentTermsId:guid!r
        shipmentMethodId:guid!r salesperson:code(20)!r disputeStatusId:guid!r
        disputeStatus:code(10)!r pricesIncludeTax:bool!r remainingAmount:decimal!r
        discountAmount:decimal!r discountAppliedBeforeTax:bool!r totalAmountExcludingTax:decimal!r
        totalTaxAmount:decimal!r totalAmountIncludingTax:decimal!r
        status:enum(invoiceEntityAggregateStatus)!r lastModifiedDateTime:time!r
        phoneNumber:text(30)!r email:text(80)!r""", order="number",
               navigations=[
                   Navigation("salesInvoiceLines", "salesInvoiceLines", True, "id", "documentId"),
                   Navigation("customer", "customers", False, "customerId", "id"),
                   Navigation("currency", "currencies", False, "currencyId", "id")]),
    EntityType("salesInvoiceLines", "salesInvoiceLine", _LINE_HEAD + _LINE_AMOUNTS + """
        itemVariantId:guid locationId:guid""", order="sequence",
               navigations=[
                   Navigation("salesInvoice", "salesInvoices", False, "documentId", "id"),
                   Navigation("item", "items", False, "itemId", "id"),
                   Navigation("unitOfMeasure", "unitsOfMeasure", False, "unitOfMeasureId", "id"),
                   Navigation("location", "locations", False, "locationId", "id")]),
    EntityType("customerReturnReasons", "customerReturnReason", """
        id:guid!r code:code(10)!r displayName:text(100)!r lastModifiedDateTime:time!r""", order="code"),
    EntityType("salesCreditMemos", "salesCreditMemo", """
        id:guid!r number:code(20)!c externalDocumentNumber:code(35) creditMemoDate:date postingDate:date
        dueDate:date customerId:guid customerNumber:code(20) customerName:text(100)!r
        billToName:text(100)!r billToCustomerId:guid billToCustomerNumber:code(20)"""
               + _address("sellTo") + _address("billTo", "r") + """
        shortcutDimension1Code:code(20) shortcutDimension2Code:code(20) currencyId:guid
        currencyCode:code(10) paymentTermsId:guid shipmentMethodId:guid salesperson:code(20)
        pricesIncludeTax:bool!r discountAmount:decimal discountAppliedBeforeTax:bool!r
        totalAmountExcludingTax:decimal!r totalTaxAmount:decimal!r totalAmountIncludingTax:decimal!r
        status:enum(salesCrMemoEntityBufferStatus)!r lastModifiedDateTime:time!r invoiceId:guid
        invoiceNumber:code(20) phoneNumber:text(30) email:text(80) customerReturnReasonId:guid""",
               methods="GET POST DELETE", order="number",
               navigations=[
                   Navigation("salesCreditMemoLines", "salesCreditMemoLines", True, "id", "documentId"),
                   Navigation("customer", "customers", False, "customerId", "id"),
                   Navigation("customerReturnReason", "customerReturnReasons", False,
                              "customerReturnReasonId", "id")]),
    EntityType("salesCreditMemoLines", "salesCreditMemoLine", _LINE_HEAD + _LINE_AMOUNTS + """
        itemVariantId:guid locationId:guid""", order="sequence",
               navigations=[
                   Navigation("salesCreditMemo", "salesCreditMemos", False, "documentId", "id"),
                   Navigation("item", "items", False, "itemId", "id"),
                   Navigation("location", "locations", False, "locationId", "id")]),
    EntityType("generalLedgerEntries", "generalLedgerEntry", """
        id:guid!r entryNumber:int!r postingDate:date!r documentNumber:code(20)!r
        documentType:enum(genJournalDocumentType)!r accountId:guid!r accountNumber:code(20)!r
        description:text(100)!r debitAmount:decimal!r creditAmount:decimal!r
        additionalCurrencyDebitAmount:decimal!r additionalCurrencyCreditAmount:decimal!r
        lastModifiedDateTime:time!r""", order="entryNumber"),
]

_PRICE_KEY = """
    itemNumber:code(20)!c salesType:enum(salesPriceType)!c salesCode:code(20)!c
    minimumQuantity:decimal!c startingDate:date!c currencyCode:code(10)!c
    unitOfMeasureCode:code(10)!c zone:text(50)!c"""
PRICE_KEY = properties(_PRICE_KEY)
_PRICE_VALUES = " unitPrice:decimal endingDate:date priceIncludesTax:bool"
PRICE_ROW = properties(_PRICE_KEY + _PRICE_VALUES)
ARCHIVE_LINE = properties("""
    sequence:int lineType:enum(invoiceLineAggLineType) lineObjectNumber:code(20)
    unitOfMeasureCode:code(10) locationCode:code(10) quantity:decimal shippedQuantity:decimal
    invoicedQuantity:decimal unitPrice:decimal discountAmount:decimal netAmount:decimal""")
QUOTE_DISCOUNT = properties("code:text(50) version:text(50) amount:decimal reason:text(50)")
QUOTE_LINE_INPUT = properties("itemNumber:code(20) quantity:decimal unitOfMeasureCode:code(10)")
QUOTE_LINE = properties("""
    sequence:int itemNumber:code(20) unitOfMeasureCode:code(10) quantity:decimal listPrice:decimal
    unitPrice:decimal netAmount:decimal""")

SITE = [
    EntityType("salesOrderReleases", "salesOrderRelease", """
        id:guid!r orderId:guid orderNumber:code(20)!r status:enum(salesOrderEntityBufferStatus)!r
        releasedAt:time!r""", methods="POST"),
    EntityType("salesOrderReopens", "salesOrderReopen", """
        id:guid!r orderId:guid orderNumber:code(20)!r status:enum(salesOrderEntityBufferStatus)!r
        reopenedAt:time!r""", methods="POST"),
    EntityType("orderArchive", "orderArchiveEntry", """
        id:guid!r orderId:guid!r orderNumber:code(20)!r externalDocumentNumber:code(35)!r
        customerNumber:code(20)!r currencyCode:code(10)!r orderDate:date!r archivedAt:time!r
        reason:enum(archiveReason)!r""", order="archivedAt",
               collections=[("lines", ("orderArchiveLine", ARCHIVE_LINE))]),
    EntityType("salesLinePromotions", "salesLinePromotion", """
        id:guid!r orderId:guid!c orderNumber:code(20)!r lineSequence:int!c
        promotionCode:text(50)!c promotionVersion:text(50) amount:decimal description:text(100)
        lastModifiedDateTime:time!r""", methods="GET POST DELETE"),
    EntityType("stockLevels", "stockLevel", """
        id:guid!r itemNumber:code(20)!r locationCode:code(10)!r unitOfMeasureCode:code(10)!r
        inventory:decimal!r outstandingSalesQuantity:decimal!r reservedQuantity:decimal!r
        lastModifiedDateTime:time!r""", order="itemNumber"),
    EntityType("itemJournalPostings", "itemJournalPosting", """
        id:guid!r entryNumber:int!r documentNumber:code(20) itemNumber:code(20)
        locationCode:code(10) entryType:enum(journalEntryType) quantity:decimal postingDate:date
        reasonCode:code(10) postedAt:time!r""", methods="POST"),
    EntityType("itemLedgerEntries", "itemLedgerEntry", """
        id:guid!r entryNumber:int!r itemNumber:code(20)!r locationCode:code(10)!r
        entryType:enum(ledgerEntryType)!r quantity:decimal!r documentNumber:code(20)!r
        postingDate:date!r reasonCode:code(10)!r systemModifiedAt:time!r""", order="entryNumber"),
    EntityType("salesPrices", "salesPrice", "id:guid!r" + _PRICE_KEY + _PRICE_VALUES + """
        lastModifiedDateTime:time!r""", methods="GET POST PATCH DELETE", order="itemNumber"),
    EntityType("priceListBatches", "priceListBatch", """
        batchId:text(50) mode:enum(priceListMode) rowCount:int hashTotal:decimal accepted:bool!r
        deletedCount:int!r listRowCount:int!r listHashTotal:decimal!r appliedAt:time!r""",
               key="batchId", methods="GET POST", order="appliedAt",
               collections=[("rows", ("priceListRow", PRICE_ROW)),
                            ("deletions", ("priceListKey", PRICE_KEY))]),
    EntityType("customerPriceGroups", "customerPriceGroup",
               "id:guid!r code:code(10)!r description:text(50)!r", order="code"),
    EntityType("customerPricing", "customerPricingEntry", """
        customerNumber:code(20)!r priceGroup:code(10) lastModifiedDateTime:time!r""",
               key="customerNumber", methods="GET PATCH"),
    EntityType("priceQuotes", "priceQuote", """
        id:guid!r customerNumber:code(20) currencyCode:code(10) at:time netAmount:decimal!r""",
               methods="POST", collections=[("lines", ("priceQuoteLine", QUOTE_LINE))]),
]

BY_SET = {t.set_name: t for t in V2 + SITE}
assert len(BY_SET) == len(V2) + len(SITE)


def _csdl_property(prop):
    length = f' MaxLength="{prop.length}"' if prop.length else ""
    scale = ' Scale="Variable"' if prop.kind == "decimal" else ""
    return f'<Property Name="{prop.name}" Type="{prop.edm()}"{length}{scale}/>'


def _complex(name, props, extra=""):
    return (f'<ComplexType Name="{name}">' + "".join(map(_csdl_property, props.values())) + extra
            + "</ComplexType>")


def csdl(types):
    """The $metadata document that describes exactly `types` and what they refer to."""
    served = {t.set_name: t for t in types}
    parts, enums, sets = [], set(), []
    for t in types:
        parts.append(f'<EntityType Name="{t.name}"><Key><PropertyRef Name="{t.key}"/></Key>')
        parts.extend(map(_csdl_property, t.properties.values()))
        for name, (type_name, _) in t.collections.items():
            parts.append(f'<Property Name="{name}" Type="Collection(Microsoft.NAV.{type_name})"/>')
        bindings = []
        navigations = list(t.navigations.values())
        if t.set_name == "companies":
            navigations = [Navigation(s, s, True, "", "") for s in served if s != "companies"]
        for n in navigations:
            target = f"Microsoft.NAV.{served[n.target].name}"
            target = f"Collection({target})" if n.many else target
            parts.append(f'<NavigationProperty Name="{n.name}" Type="{target}"/>')
            bindings.append(f'<NavigationPropertyBinding Path="{n.name}" Target="{n.target}"/>')
        parts.append("</EntityType>")
        for name, (type_name, props) in t.collections.items():
            extra = ""
            if type_name == "priceQuoteLine":
                parts.append(_complex("priceQuoteDiscount", QUOTE_DISCOUNT))
                extra = ('<Property Name="discounts" '
                         'Type="Collection(Microsoft.NAV.priceQuoteDiscount)"/>')
            parts.append(_complex(type_name, props, extra))
            enums.update(p.enum for p in props.values() if p.enum)
        enums.update(p.enum for p in t.properties.values() if p.enum)
        sets.append(f'<EntitySet Name="{t.set_name}" EntityType="Microsoft.NAV.{t.name}">'
                    + "".join(bindings) + "</EntitySet>")
    for name in sorted(enums):
        members = "".join(f'<Member Name={quoteattr(_enum_member(v))} Value="{i}"/>'
                          for i, v in enumerate(ENUMS[name]))
        parts.append(f'<EnumType Name="{name}">{members}</EnumType>')
    return ('<?xml version="1.0" encoding="utf-8"?>'
            '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">'
            '<edmx:DataServices><Schema Namespace="Microsoft.NAV" '
            'xmlns="http://docs.oasis-open.org/odata/ns/edm">' + "".join(parts)
            + '<EntityContainer Name="NAV">' + "".join(sets)
            + "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>")


def _enum_member(text):
    """An enumeration value as an XML name: characters that a name lacks become _xHHHH_."""
    return "".join(c if c.isalnum() else f"_x{ord(c):04X}_" for c in text)
