"""The operations of page and codeunit services: a request's element in, an answer's text out."""

from __future__ import annotations

from decimal import Decimal

from common.xmltree import Element, XmlError, escape
from . import customers, ledger, orders, returns
from .company import (Company, decode_key, encode_key, find_by_record_id,
                      record_id, where_text)
from .errors import NavError
from .filters import to_sql as filter_to_sql
from .schema import Codeunit, Field, Page, Part
from .tables import TABLES
from .values import from_xml, to_xml

_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"
_XSI = "http://www.w3.org/2001/XMLSchema-instance "
_KEY = Field("Key", "", "text", 4000)
_RECORD_ID = Field("recId", "", "text", 4000)
_SET_SIZE = Field("setSize", "", "int")


# Reading a request strictly: known elements, each at its place, each at most as often as described.
def _sequence(element: Element, namespace: str, expected: list[tuple]) -> dict:
    """{name: [elements]} of an element's children; expected is [(name, least, most)] in order."""
    found: dict = {}
    position = 0
    for name in element.attributes:
        if not name.startswith(_XSI):
            raise NavError("xml", text=f"The '{name}' attribute is not declared.")
    if element.attributes.get(_NIL) in ("true", "1"):
        raise NavError("xml", text=f"The element '{element.name}' is not nillable.")
    if element.text.strip():
        raise NavError("xml", text=f"The element '{element.name}' cannot contain text.")
    for child in element.children:
        while position < len(expected) and (child.name, child.namespace) != (expected[position][0], namespace):
            position += 1
        if position == len(expected):
            raise NavError("xml", text=f"The element '{element.name}' in namespace '{namespace}' has invalid child "
                                       f"element '{child.name}' in namespace '{child.namespace}'. List of possible "
                                       f"elements expected: '{_remaining(expected, found)}'.")
        name, _, most = expected[position]
        found.setdefault(name, []).append(child)
        if len(found[name]) > most:
            raise NavError("xml", text=f"The element '{element.name}' has more than {most} of '{name}'.")
    for name, least, _ in expected:
        if len(found.get(name, ())) < least:
            raise NavError("xml", text=f"The element '{element.name}' in namespace '{namespace}' has incomplete "
                                       f"content. List of possible elements expected: '{name}'.")
    return found


def _remaining(expected, found) -> str:
    last = max((index for index, entry in enumerate(expected) if entry[0] in found), default=0)
    return ", ".join(entry[0] for entry in expected[last:last + 8])


def _text(element: Element) -> str:
    try:
        if element.attributes.get(_NIL) in ("true", "1"):
            raise XmlError(f"The element '{element.name}' is not nillable.")
        return element.value()
    except XmlError as error:
        raise NavError("xml", text=str(error)) from None


def _value(field: Field, element: Element, namespace: str):
    return from_xml(field if field.kind != "key" else _KEY, _text(element), namespace)


def _record(page: Page, element: Element) -> tuple[dict, list | None]:
    """(values by element, lines or None) of a record in a request."""
    values, lines = {}, None
    found = _sequence(element, page.namespace, [(entry.element, 0, 1) for entry in page.fields])
    for entry in page.fields:
        for child in found.get(entry.element, ()):
            if isinstance(entry, Part):
                lines = _lines(page, entry, child)
            else:
                values[entry.element] = _value(entry, child, page.namespace)
    return values, lines


def _lines(page: Page, part: Part, element: Element) -> list[dict]:
    rows = []
    for child in _sequence(element, page.namespace, [(part.record, 1, 10_000)]).get(part.record, ()):
        found = _sequence(child, page.namespace, [(field.element, 0, 1) for field in part.fields])
        rows.append({field.element: _value(field, found[field.element][0], page.namespace)
                     for field in part.fields if field.element in found})
    return rows


# Writing an answer.
def _fields_text(fields, table: str, row: dict, totals=None) -> list[str]:
    out = []
    for field in fields:
        if isinstance(field, Part):
            continue
        if field.kind == "key":
            value = encode_key(table, row)
        elif not field.column:
            value = to_xml(field, totals[field.element])
        else:
            value = to_xml(field, row[field.column])
        # NAV leaves blank texts out, but writes zeros, false and blank dates.
        if value != "" or field.kind not in ("code", "text"):
            out.append(f"<{field.element}>{escape(value)}</{field.element}>")
    return out


def record_text(company: Company, page: Page, row: dict, namespace: bool = False) -> str:
    part = page.part
    attribute = f' xmlns="{page.namespace}"' if namespace else ""
    if part is None:
        return f"<{page.service}{attribute}>{''.join(_fields_text(page.fields, page.table, row))}</{page.service}>"
    lines = _part_rows(company, page, row)
    at = page.fields.index(part)
    net, vat, gross = orders.totals(lines) if page.field("Total_VAT_Amount") else (None, None, None)
    totals = {"Total_Amount_Excl_VAT": net, "Total_VAT_Amount": vat, "Total_Amount_Incl_VAT": gross}
    out = _fields_text(page.fields[:at], page.table, row)
    if lines:
        out.append(f"<{part.element}>")
        for line in lines:
            out.append(f"<{part.record}>{''.join(_fields_text(part.fields, part.table, line))}</{part.record}>")
        out.append(f"</{part.element}>")
    out += _fields_text(page.fields[at + 1:], page.table, row, totals)
    return f"<{page.service}{attribute}>{''.join(out)}</{page.service}>"


def _part_rows(company: Company, page: Page, row: dict) -> list[dict]:
    links = {"Document No_": row["No_"], **{column: row[column] for column in TABLES[page.part.table][1]
                                            if column in row and column != "Line No_"}}
    where = " AND ".join(f'"{column}" = ?' for column in links)
    return company.store.select(page.part.table, where, tuple(links.values()))


def _result(page: Page, operation: str, content: str) -> str:
    return f'<{operation}_Result xmlns="{page.namespace}">{content}</{operation}_Result>'


# The operations.
def call_page(company: Company, page: Page, request: Element, user: str) -> str:
    operation = request.name
    if operation not in page.operations:
        raise NavError("method", method=operation)
    with company.store.transaction() if operation not in _READING else company.store.reading():
        return _OPERATIONS[operation](company, page, request, user)


def _read(company, page, request, _user):
    found = _sequence(request, page.namespace, [(element, 1, 1) for element in page.key])
    key = [_value(page.field(element), found[element][0], page.namespace) for element in page.key]
    row = company.store.get(page.table, *page.fixed.values(), *key)
    return _result(page, "Read", record_text(company, page, row) if row else "")


def _read_by_rec_id(company, page, request, _user):
    found = _sequence(request, page.namespace, [("recId", 1, 1)])
    row = find_by_record_id(company, page.table, _value(_RECORD_ID, found["recId"][0], page.namespace))
    return _result(page, "ReadByRecId", record_text(company, page, row) if row else "")


def _read_multiple(company, page, request, _user):
    found = _sequence(request, page.namespace,
                      [("filter", 1, 1000), ("bookmarkKey", 0, 1), ("setSize", 1, 1)])
    conditions = [f'"{column}" = ?' for column in page.fixed]
    parameters = list(page.fixed.values())
    for element in found["filter"]:
        parts = _sequence(element, page.namespace, [("Field", 1, 1), ("Criteria", 1, 1)])
        name = _text(parts["Field"][0]).strip()
        field = page.field(name)
        if field is None or field.kind == "key" or not field.column:
            raise NavError("xml", text=f"The '{page.namespace}:Field' element is invalid - The value '{name[:60]}' "
                                       f"is invalid according to its datatype '{page.namespace}:{page.service}_Fields' "
                                       "- The Enumeration constraint failed.")
        condition, values = filter_to_sql(field, _text(parts["Criteria"][0]))
        conditions.append(condition)
        parameters += values
    size = _value(_SET_SIZE, found["setSize"][0], page.namespace)
    key_columns = TABLES[page.table][1]
    bookmark = _text(found["bookmarkKey"][0]).strip() if "bookmarkKey" in found else ""
    if bookmark:
        place, _ = decode_key(bookmark, page.table)
        columns = ", ".join(f'"{column}"' for column in key_columns)
        conditions.append(f"({columns}) {'>' if size >= 0 else '<'} ({', '.join('?' * len(place))})")
        parameters += place
    direction = " DESC" if size < 0 else ""
    order = ", ".join(f'"{column}"{direction}' for column in key_columns)
    if size:
        order += f" LIMIT {abs(size)}"
    rows = company.store.select(page.table, " AND ".join(conditions) or "1", parameters, order)
    if not rows:
        return _result(page, "ReadMultiple", "")
    listed = "".join(record_text(company, page, row) for row in rows)
    return _result(page, "ReadMultiple", f"<ReadMultiple_Result>{listed}</ReadMultiple_Result>")


def _is_updated(company, page, request, _user):
    row_key, version = _key_of(page, request)
    row = company.store.get(page.table, *row_key)
    if row is None:
        raise NavError("not_found", table=page.table, where=where_text(page.table, row_key))
    changed = "true" if row["timestamp"] != version else "false"
    return _result(page, "IsUpdated", f"<IsUpdated_Result>{changed}</IsUpdated_Result>")


def _get_rec_id(company, page, request, _user):
    row_key, _ = _key_of(page, request)
    row = dict(zip(TABLES[page.table][1], row_key))
    return _result(page, "GetRecIdFromKey",
                   f"<GetRecIdFromKey_Result>{escape(record_id(page.table, row))}</GetRecIdFromKey_Result>")


def _key_of(page, request):
    found = _sequence(request, page.namespace, [("Key", 1, 1)])
    return decode_key(_text(found["Key"][0]), page.table)


def _create(company, page, request, _user):
    found = _sequence(request, page.namespace, [(page.service, 1, 1)])
    return _result(page, "Create", _one(company, page, found[page.service][0], "Create"))


def _update(company, page, request, _user):
    found = _sequence(request, page.namespace, [(page.service, 1, 1)])
    return _result(page, "Update", _one(company, page, found[page.service][0], "Update"))


def _one(company, page, element, action):
    values, lines = _record(page, element)
    if page.service == "Customer":
        row = (customers.create if action == "Create" else customers.update)(company, values)
    elif page.service == "SalesReturnOrder":
        row = (returns.create if action == "Create" else returns.update)(company, values, lines)
    else:
        row = (orders.create if action == "Create" else orders.update)(company, values, lines)
    return record_text(company, page, row)


def _multiple(action):
    def run(company, page, request, _user):
        list_name = page.service + "_List"
        found = _sequence(request, page.namespace, [(list_name, 1, 1)])
        rows = _sequence(found[list_name][0], page.namespace, [(page.service, 1, 10_000)])[page.service]
        listed = "".join(_one(company, page, element, action) for element in rows)
        return _result(page, action + "Multiple", f"<{list_name}>{listed}</{list_name}>")
    return run


def _delete(company, page, request, user):
    found = _sequence(request, page.namespace, [("Key", 1, 1)])
    key = _text(found["Key"][0])
    if page.service == "Customer":
        customers.delete(company, key)
    elif page.service == "SalesReturnOrder":
        returns.delete(company, key)
    else:
        orders.delete(company, key, user, "Web service")
    return _result(page, "Delete", "<Delete_Result>true</Delete_Result>")


def _delete_lines(company, page, request, _user):
    found = _sequence(request, page.namespace, [("SalesLines_Key", 1, 1)])
    (returns if page.service == "SalesReturnOrder" else orders).delete_line(
        company, _text(found["SalesLines_Key"][0]))
    return _result(page, "Delete_SalesLines", "<Delete_SalesLines_Result>true</Delete_SalesLines_Result>")


_READING = ("Read", "ReadByRecId", "ReadMultiple", "IsUpdated", "GetRecIdFromKey")
_OPERATIONS = {
    "Read": _read, "ReadByRecId": _read_by_rec_id, "ReadMultiple": _read_multiple, "IsUpdated": _is_updated,
    "GetRecIdFromKey": _get_rec_id, "Create": _create, "CreateMultiple": _multiple("Create"),
    "Update": _update, "UpdateMultiple": _multiple("Update"), "Delete": _delete,
    "Delete_SalesLines": _delete_lines,
}


def call_codeunit(company: Company, unit: Codeunit, request: Element, user: str) -> str:
    if request.name not in unit.operations:
        raise NavError("method", method=request.name)
    fields, _ = unit.operations[request.name]
    found = _sequence(request, unit.namespace, [(field.element, 1, 1) for field in fields])
    values = {field.element: _value(field, found[field.element][0], unit.namespace) for field in fields}
    with company.store.transaction():
        if request.name == "ReleaseOrder":
            result = orders.release(company, values["orderNo"])
        elif request.name == "ReopenOrder":
            result = orders.reopen(company, values["orderNo"])
        else:
            result = str(ledger.post_journal_line(
                company, values["documentNo"], values["itemNo"], values["locationCode"],
                values["entryType"] == 0, Decimal(values["quantity"]), values["postingDate"],
                values["reasonCode"], "CRONUS\\" + user.upper()))
    return (f'<{request.name}_Result xmlns="{unit.namespace}"><return_value>{escape(result)}</return_value>'
            f"</{request.name}_Result>")


def bump_named_records(company: Company, request: Element) -> None:
    """Another user changes, right now, each record whose Key is in the request."""
    keys = []

    def collect(element):
        if element.name in ("Key", "SalesLines_Key") and element.text:
            keys.append(element.text)
        for child in element.children:
            collect(child)

    collect(request)
    with company.store.transaction():
        for key in keys:
            for table in ("Sales Header", "Sales Line", "Customer"):
                try:
                    values, _ = decode_key(key, table)
                except NavError:
                    continue
                row = company.store.get(table, *values)
                if row is not None:
                    company.store.modify(table, row)
