"""Messages as BAPIs return them: a class, a number, and a text in the language of the logon."""

from __future__ import annotations

# (class, number) -> (German, English)
_TEXTS = {
    ("V1", "042"): ("Beleg &1 wird gerade durch &2 bearbeitet", "Sales document &1 is currently being processed by &2"),
    ("V1", "261"): ("Auftragsart &1 ist nicht vorgesehen", "Sales document type &1 is not defined"),
    ("V1", "302"): ("Vertriebsbeleg &1 ist nicht vorhanden oder archiviert", "Sales document &1 is not in the database or has been archived"),
    ("V1", "311"): ("Standardauftrag &1 wurde gesichert", "Standard order &1 has been saved"),
    ("V1", "331"): ("Kunde &1 ist für Aufträge gesperrt", "Customer &1 is blocked for orders"),
    ("V1", "382"): ("Material &1 ist nicht vorhanden", "Material &1 is not defined"),
    ("V1", "384"): ("Verkaufsmengeneinheit &1 ist zum Material &2 nicht vorgesehen", "Sales unit &1 is not defined for item &2"),
    ("V1", "497"): ("Menge kann nicht kleiner als die gelieferte Menge &1 werden", "The quantity may not be less than the delivered quantity &1"),
    ("V1", "555"): ("Position &1 ist nicht vorhanden", "Item &1 does not exist"),
    ("V1", "556"): ("Position &1 ist bereits vorhanden", "Item &1 exists already"),
    ("V1", "596"): ("Beleg &1 ist erledigt", "Document &1 is completed"),
    ("V1", "604"): ("Absagegrund &1 ist nicht vorgesehen", "Reason for rejection &1 is not defined"),
    ("V1", "605"): ("Liefersperre &1 ist nicht vorgesehen", "Delivery block &1 is not defined"),
    ("V1", "606"): ("Auftragsgrund &1 ist nicht vorgesehen", "Order reason &1 is not defined"),
    ("V4", "219"): ("Vertriebsbeleg &1 wurde nicht geändert", "Sales document &1 was not changed"),
    ("V4", "233"): ("Auftragskopf wurde erfolgreich bearbeitet", "ORDER_HEADER_IN has been processed successfully"),
    ("VP", "204"): ("Kunde &1 ist im Vertriebsbereich &2 nicht vorhanden", "Customer &1 is not defined in sales area &2"),
    ("VP", "205"): ("Partnerrolle &1 ist nicht vorgesehen", "Partner function &1 is not defined"),
    ("M7", "001"): ("Werk &1, Lagerort &2 sind für Material &3 nicht vorgesehen", "Plant &1, storage location &2 are not maintained for material &3"),
    ("M7", "021"): ("Bestand nicht verfügbar: Fehlmenge &1 von Material &2", "Deficit of unrestricted-use stock: &1 of material &2"),
    ("M7", "130"): ("Bewegungsart &1 ist nicht vorgesehen", "Movement type &1 is not defined"),
    ("VK", "010"): ("Konditionsart &1 ist nicht vorgesehen", "Condition type &1 is not defined"),
    ("00", "055"): ("Bitte alle Mussfelder füllen: &1", "Required entry not made: &1"),
    ("00", "065"): ("Ungültiger Wert &1", "Invalid value &1"),
}


class SapError(Exception):
    """A message of type E: the function has done nothing."""

    def __init__(self, kind: str, number: str, *variables: str, field: str = "", row: int = 0):
        super().__init__(f"{kind} {number} {variables}")
        self.kind, self.number, self.variables, self.field, self.row = kind, number, variables, field, row

    def returned(self, language: str) -> dict:
        return message("E", self.kind, self.number, *self.variables, language=language, field=self.field, row=self.row)


def message(severity: str, kind: str, number: str, *variables: str, language: str, field: str = "", row: int = 0) -> dict:
    """A row of BAPIRET2."""
    text = _TEXTS[kind, number][0 if language == "D" else 1]
    for index in range(4):
        value = variables[index] if index < len(variables) else ""
        text = text.replace(f"&{index + 1}", value)
    filled = {f"MESSAGE_V{index + 1}": (variables[index] if index < len(variables) else "")[:50] for index in range(4)}
    return {"TYPE": severity, "ID": kind, "NUMBER": number, "MESSAGE": text[:220], "LOG_NO": "", "LOG_MSG_NO": "000000",
            **filled, "PARAMETER": "", "ROW": row, "FIELD": field, "SYSTEM": "ECCCLNT100"}
