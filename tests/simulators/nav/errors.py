"""Faults as NAV words them: an exception name that no language changes, and a localised text."""

from __future__ import annotations

_TYPES = "Microsoft.Dynamics.Nav.Types.Exceptions."
_BROKER = "Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException"
_XML = "System.Xml.Schema.XmlSchemaValidationException"

# kind -> (exception, German, English). Names of tables and fields are passed as pairs and chosen by language.
_CATALOGUE = {
    "stale": (_BROKER,
              "Ein anderer Benutzer hat den Datensatz geändert: „{table}“ „{where}“",
              "Other user has modified \"{table}\" \"{where}\""),
    "bad_key": (_BROKER, "Der Schlüssel „{key}“ ist ungültig.", "The key \"{key}\" is not valid."),
    "not_found": (_TYPES + "NavCSideRecordNotFoundException",
                  "{table} ist nicht vorhanden. Identifizierte Felder und Werte: {where}",
                  "The {table} does not exist. Identification fields and values: {where}"),
    "duplicate": (_TYPES + "NavCSideDuplicateKeyException",
                  "{table} ist bereits vorhanden. Identifizierte Felder und Werte: {where}",
                  "The {table} already exists. Identification fields and values: {where}"),
    "relation": (_TYPES + "NavCSideValidateTableRelationException",
                 "Das Feld {field} der Tabelle {table} enthält einen Wert ({value}), der in der "
                 "verbundenen Tabelle ({related}) nicht gefunden werden kann.",
                 "The field {field} of table {table} contains a value ({value}) that cannot be found "
                 "in the related table ({related})."),
    "too_long": (_TYPES + "NavNCLStringLengthExceededException",
                 "Die Länge der Zeichenfolge beträgt {length}, darf aber höchstens {limit} Zeichen "
                 "betragen. Feld: {field}. Wert: {value}",
                 "The length of the string is {length}, but it must be less than or equal to {limit} "
                 "characters. Field: {field}. Value: {value}"),
    "evaluate": (_TYPES + "NavNCLEvaluateException",
                 "Der Wert „{value}“ kann nicht in den Typ {kind} umgewandelt werden. Feld: {field}",
                 "The value \"{value}\" cannot be evaluated into type {kind}. Field: {field}"),
    "status_open": (_TYPES + "NavTestFieldException",
                    "Status muss gleich „Open“ sein in Verkaufskopf: Belegart=Auftrag,Nr.={number}. "
                    "Der aktuelle Wert ist „{status}“.",
                    "Status must be equal to 'Open'  in Sales Header: Document Type=Order, No.={number}. "
                    "Current value is '{status}'."),
    "must_have_value": (_TYPES + "NavTestFieldException",
                        "{field} muss einen Wert haben in {table}: {where}. Der Wert darf nicht null oder leer sein.",
                        "{field} must have a value in {table}: {where}. It cannot be zero or empty."),
    "field_value": (_TYPES + "NavTestFieldException",
                    "{field} muss {rule} sein in {table}: {where}. Der aktuelle Wert ist „{value}“.",
                    "{field} must be {rule} in {table}: {where}. Current value is '{value}'."),
    "read_only": (_BROKER, "Das Feld {field} kann nicht geändert werden: es ist schreibgeschützt.",
                  "The field {field} cannot be changed: it is read-only."),
    "manual_number": (_TYPES + "NavNCLDialogException",
                      "Sie können Nummern nicht manuell eingeben. Aktivieren Sie „Manuelle Nr.“ in der "
                      "Nummernserie {series}, wenn Sie Nummern manuell eingeben möchten.",
                      "You may not enter numbers manually. If you want to enter numbers manually, please "
                      "activate Manual Nos. in No. Series {series}."),
    "blocked": (_TYPES + "NavNCLDialogException",
                "Sie können diese Belegart nicht erstellen, wenn Debitor {number} mit der Art {blocked} gesperrt ist.",
                "You cannot create this type of document when Customer {number} is blocked with type {blocked}."),
    "nothing_to_release": (_TYPES + "NavNCLDialogException",
                           "Der Beleg {number} enthält nichts zum Freigeben.",
                           "There is nothing to release for the document of type Order with the number {number}."),
    "below_shipped": (_TYPES + "NavNCLDialogException",
                      "Menge darf nicht kleiner als {shipped} (bereits geliefert) sein in Verkaufszeile {line}.",
                      "Quantity must not be less than {shipped} (already shipped) in Sales Line {line}."),
    "line_shipped": (_TYPES + "NavTestFieldException",
                     "Menge geliefert muss gleich „0“ sein in Verkaufszeile: Belegart=Auftrag,Belegnr.={number},"
                     "Zeilennr.={line}. Der aktuelle Wert ist „{shipped}“.",
                     "Quantity Shipped must be equal to '0'  in Sales Line: Document Type=Order, "
                     "Document No.={number}, Line No.={line}. Current value is '{shipped}'."),
    "not_invoiced": (_TYPES + "NavNCLDialogException",
                     "Der Auftrag {number} kann nicht gelöscht werden: Zeile {line} enthält gelieferte, nicht "
                     "fakturierte Mengen ({quantity}).",
                     "You cannot delete order {number}: line {line} has quantities that are shipped but not "
                     "invoiced ({quantity})."),
    "has_lines": (_TYPES + "NavNCLDialogException",
                  "{field} kann nicht geändert werden, weil der Auftrag {number} bereits Zeilen enthält.",
                  "You cannot change {field} because order {number} has lines."),
    "customer_in_use": (_TYPES + "NavNCLDialogException",
                        "Debitor {number} kann nicht gelöscht werden, weil dafür Belege vorhanden sind.",
                        "You cannot delete Customer {number} because there are documents for it."),
    "no_stock": (_TYPES + "NavNCLDialogException",
                 "Der Lagerbestand von Artikel {item} in {location} reicht nicht aus ({on_hand}).",
                 "You have insufficient quantity of Item {item} on inventory in {location} ({on_hand})."),
    "not_positive": (_TYPES + "NavNCLDialogException", "{field} muss größer als null sein.",
                     "{field} must be greater than zero."),
    "negative": (_TYPES + "NavNCLDialogException", "{field} darf nicht negativ sein.",
                 "{field} must not be negative."),
    "percent": (_TYPES + "NavNCLDialogException",
                "Zeilenrabatt % muss zwischen 0 und 100 liegen in Verkaufszeile {line}.",
                "Line Discount % must be between 0 and 100 in Sales Line {line}."),
    "filter": (_TYPES + "NavFilterException",
               "Der Filter „{criteria}“ ist für das Feld {field} nicht gültig.",
               "The filter \"{criteria}\" is not valid for the {field} field."),
    "company": (_TYPES + "NavCompanyNotFoundException", "Der Mandant „{company}“ ist nicht vorhanden.",
                "The company \"{company}\" does not exist."),
    # The framework below NAV speaks English whatever the language of the service.
    "xml": (_XML, "{text}", "{text}"),
    "method": (_BROKER, "Die Methode „{method}“ wurde nicht gefunden.", "Method \"{method}\" was not found."),
    "action": ("ActionNotSupported", "{text}", "{text}"),
    "internal": (_BROKER, "Interner Fehler: {text}", "Internal error: {text}"),
}

# Captions, German. English is the name itself.
_GERMAN = {
    "Sales Header": "Verkaufskopf", "Sales Line": "Verkaufszeile", "Customer": "Debitor", "Item": "Artikel",
    "Location": "Lagerort", "G/L Account": "Sachkonto", "Item Charge": "Artikelzu-/-abschlag",
    "Resource": "Ressource", "Fixed Asset": "Anlage", "Currency": "Währung", "Country/Region": "Land/Region",
    "Customer Price Group": "Debitorenpreisgruppe", "Item Unit of Measure": "Artikeleinheit",
    "Item Journal Line": "Artikel Buch.-Blattzeile", "Sales Shipment Header": "Verkaufslieferkopf",
    "Sales Invoice Header": "Verkaufsrechnungskopf", "Sales Header Archive": "Verkaufskopfarchiv",
    "Item Ledger Entry": "Artikelposten", "Return Reason": "Reklamationsgrund", "Sales Price": "VK-Preis",
    "No.": "Nr.", "Quantity": "Menge", "Sell-to Customer No.": "Verk. an Deb.-Nr.",
    "Bill-to Customer No.": "Rech. an Deb.-Nr.", "Location Code": "Lagerortcode",
    "Currency Code": "Währungscode", "Unit of Measure Code": "Einheitencode", "Type": "Art",
    "Country/Region Code": "Länder-/Regionscode", "Unit Price": "VK-Preis", "Blocked": "Gesperrt",
    "Line No.": "Zeilennr.", "Name": "Name", "Document No.": "Belegnr.", "Item No.": "Artikelnr.",
    "Line Discount Amount": "Zeilenrabattbetrag",
}


class NavError(Exception):
    """Something NAV refuses. `kind` names the entry of the catalogue."""

    def __init__(self, kind: str, **values):
        super().__init__(kind)
        self.kind = kind
        self.values = values

    @property
    def code(self) -> str:
        """The name of the exception as the fault code carries it."""
        return _CATALOGUE[self.kind][0]

    def text(self, language: str) -> str:
        _, german, english = _CATALOGUE[self.kind]
        if language != "de":
            return english.format(**self.values)
        localized = {name: _GERMAN.get(value, value) if name in ("table", "field", "related") else value
                     for name, value in self.values.items()}
        return german.format(**localized)
