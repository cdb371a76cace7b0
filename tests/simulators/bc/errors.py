"""Errors as Business Central words them: a code to decide by, a text for people in their language."""

from __future__ import annotations

import uuid

TEXTS = {
    # key: (English, German)
    "bad_json": ("The request body is not valid JSON: {detail}.",
                 "Der Anforderungstext ist kein gültiges JSON: {detail}."),
    "bad_body": ("The request body must be a JSON object.",
                 "Der Anforderungstext muss ein JSON-Objekt sein."),
    "unknown_property": ("The property '{name}' does not exist on type 'Microsoft.NAV.{type}'.",
                         "Die Eigenschaft '{name}' ist im Typ 'Microsoft.NAV.{type}' nicht vorhanden."),
    "read_only": ("Control '{name}' is read-only.", "Steuerelement '{name}' ist schreibgeschützt."),
    "wrong_type": ("Cannot convert the value of property '{name}' to the expected Edm type '{type}'.",
                   "Der Wert der Eigenschaft '{name}' kann nicht in den Typ '{type}' umgewandelt werden."),
    "too_long": ("The length of the string is {length}, but it must be less than or equal to {max} "
                 "characters. Field: {name}.",
                 "Die Länge der Zeichenfolge ist {length}, darf aber höchstens {max} Zeichen betragen. "
                 "Feld: {name}."),
    "bad_value": ("The value '{value}' is not allowed for '{name}'.",
                  "Der Wert '{value}' ist für '{name}' nicht zulässig."),
    "required": ("'{name}' must have a value.", "'{name}' muss einen Wert haben."),
    "bad_query": ("The query specified in the URI is not valid. {detail}",
                  "Die im URI angegebene Abfrage ist ungültig. {detail}"),
    "bad_key": ("The key '{value}' is not a valid identifier.",
                "Der Schlüssel '{value}' ist kein gültiger Bezeichner."),
    "media_type": ("The media type '{value}' is not supported.",
                   "Der Medientyp '{value}' wird nicht unterstützt."),
    "no_if_match": ("The request requires the header If-Match.",
                    "Die Anforderung benötigt den Header If-Match."),
    "changed": ("Another user has already changed the record.",
                "Ein anderer Benutzer hat den Datensatz bereits geändert."),
    "not_found": ("The requested resource does not exist.",
                  "Die angeforderte Ressource ist nicht vorhanden."),
    "no_segment": ("Resource not found for the segment '{name}'.",
                   "Für das Segment '{name}' wurde keine Ressource gefunden."),
    "method": ("The method {method} is not allowed for '{name}'.",
               "Die Methode {method} ist für '{name}' nicht zulässig."),
    "unauthorized": ("The server has rejected the client credentials.",
                     "Der Server hat die Anmeldedaten zurückgewiesen."),
    "record_missing": ("The {table} does not exist. Identification fields and values: {name}='{value}'.",
                       "{table} ist nicht vorhanden. Identifizierte Felder und Werte: {name}='{value}'."),
    "same_key": ("The record in table {table} already exists. Identification fields and values: "
                 "{value}.",
                 "Der Datensatz in Tabelle {table} ist bereits vorhanden. Identifizierte Felder und "
                 "Werte: {value}."),
    "blocked": ("You cannot create this type of document when Customer {number} is blocked with "
                "type {blocked}.",
                "Sie können diese Belegart nicht erstellen, wenn Debitor {number} mit Art {blocked} "
                "gesperrt ist."),
    "item_blocked": ("Item {number} is blocked.", "Artikel {number} ist gesperrt."),
    "released": ("Status must be equal to 'Open' in Sales Header: No.={number}. Current value is "
                 "'Released'.",
                 "Status muss 'Offen' sein in Verkaufskopf: Nr.={number}. Der aktuelle Wert ist "
                 "'Freigegeben'."),
    "nothing_to_release": ("There is nothing to release for the document of type Order with the "
                           "number {number}.",
                           "Es gibt nichts freizugeben für den Auftrag mit der Nummer {number}."),
    "below_shipped": ("Quantity must not be less than Quantity Shipped ({shipped}) in Sales Line "
                      "{sequence}.",
                      "Menge darf nicht kleiner sein als die gelieferte Menge ({shipped}) in "
                      "Verkaufszeile {sequence}."),
    "line_shipped": ("You cannot delete Sales Line {sequence} because it has been shipped.",
                     "Verkaufszeile {sequence} kann nicht gelöscht werden, da sie geliefert wurde."),
    "shipped_not_invoiced": ("You cannot delete the order {number} because it is shipped and not "
                             "yet invoiced.",
                             "Der Auftrag {number} kann nicht gelöscht werden, da er geliefert und "
                             "noch nicht fakturiert ist."),
    "fixed_value": ("The value for \"{name}\" cannot be modified.",
                    "Der Wert für \"{name}\" kann nicht geändert werden."),
    "reprice": ("You cannot change {name} because the order {number} has lines.",
                "{name} kann nicht geändert werden, da der Auftrag {number} Zeilen hat."),
    "no_match": ("The values of {name} do not match to a specific {table}.",
                 "Die Werte von {name} passen nicht zu genau einem {table}."),
    "need_document": ("You must specify an Id or a Document Id to get the lines.",
                      "Sie müssen eine Id oder eine Document Id angeben, um die Zeilen abzurufen."),
    "open_orders": ("You cannot delete Customer {number} because there is at least one outstanding "
                    "order.",
                    "Debitor {number} kann nicht gelöscht werden, da es mindestens einen offenen "
                    "Auftrag gibt."),
    "control_total": ("Price list batch {batch}: {name} is {given}, but the rows received give "
                      "{counted}.",
                      "Preislistenstapel {batch}: {name} ist {given}, die empfangenen Zeilen ergeben "
                      "aber {counted}."),
    "full_deletions": ("Price list batch {batch}: a full list has no deletions.",
                       "Preislistenstapel {batch}: eine volle Liste hat keine Löschungen."),
    "no_price": ("Item {number} has no price in currency {currency}.",
                 "Artikel {number} hat keinen Preis in Währung {currency}."),
    "too_large": ("The request is too large: at most {max} {name}.",
                  "Die Anforderung ist zu groß: höchstens {max} {name}."),
    "too_many": ("Too many requests reached. Actual ({actual}). Maximum ({max}).",
                 "Zu viele Anforderungen. Aktuell ({actual}). Maximum ({max})."),
    "unavailable": ("The service is temporarily unavailable.",
                    "Der Dienst ist vorübergehend nicht verfügbar."),
    "timeout": ("The gateway did not receive a response in time.",
                "Das Gateway hat nicht rechtzeitig eine Antwort erhalten."),
    "internal": ("An unexpected error occurred.", "Es ist ein unerwarteter Fehler aufgetreten."),
}


class ApiError(Exception):
    """An answer other than success: HTTP status, error code, text key and its values."""

    def __init__(self, status, code, key, headers=None, **values):
        super().__init__(f"{status} {code}: {TEXTS[key][0].format_map(values)}")
        self.status, self.code, self.key, self.values = status, code, key, values
        self.headers = headers or {}
        self.where = ""  # prefix that says which row of a list is meant

    def body(self, language):
        text = TEXTS[self.key][1 if language == "de" else 0].format_map(self.values)
        prefix = f"{self.where}: " if self.where else ""
        return {"error": {"code": self.code,
                          "message": f"{prefix}{text}  CorrelationId:  {uuid.uuid4()}."}}


def bad_request(key, **values):
    return ApiError(400, "BadRequest", key, **values)


def bad_query(detail):
    return ApiError(400, "BadRequest", "bad_query", detail=detail)


def dialog(key, **values):
    return ApiError(400, "Application_DialogException", key, **values)


def invalid(name, value):
    return ApiError(400, "Application_FieldValidationException", "bad_value", name=name, value=value)


def required(name):
    return ApiError(400, "Application_FieldValidationException", "required", name=name)


def record_missing(table, name, value):
    return ApiError(400, "Internal_RecordNotFound", "record_missing", table=table, name=name,
                    value=value)


def same_key(table, value):
    return ApiError(400, "Internal_EntityWithSameKeyExists", "same_key", table=table, value=value)


def not_found():
    return ApiError(404, "BadRequest_ResourceNotFound", "not_found")


def no_segment(name):
    return ApiError(404, "BadRequest_NotFound", "no_segment", name=name)


def method_not_allowed(method, name, allow):
    return ApiError(405, "BadRequest_MethodNotAllowed", "method", headers={"Allow": allow},
                    method=method, name=name)


def language_of(accept_language):
    """The first language of an Accept-Language header that the server knows: "de", else "en"."""
    for part in (accept_language or "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in ("de", "en"):
            return tag
    return "en"
