"""Between SQL values, XML text and what NAV accepts in a field."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from common.decimals import parse_decimal, plain
from .errors import NavError
from .schema import Field
from .tables import BLANK_DATE

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}\Z")
_XSD = {"decimal": "decimal", "int": "int", "bool": "boolean", "date": "date"}


def caption(field: Field) -> str:
    """What NAV calls the field in a text: the element's name without its mangling."""
    if not field.column:
        return field.element
    return (field.column.replace("Country_Region", "Country/Region").replace("VAT _", "VAT %")
            .replace("Doc_ ", "Doc. ").replace("No_", "No."))


def from_xml(field: Field, text: str, namespace: str):
    """The SQL value of a request's element. Schema violations and field rules are NavErrors."""
    kind = field.kind
    if kind in ("code", "text"):
        value = text.strip().upper() if kind == "code" else text.rstrip()
        if len(value) > field.size:
            raise NavError("too_long", length=len(value), limit=field.size, field=caption(field), value=value)
        return value
    text = text.strip()
    try:
        if kind == "decimal":
            return parse_decimal(text)
        if kind == "int":
            if not _INTEGER.match(text) or not -2**31 <= int(text) < 2**31:
                raise ValueError("not an int")
            return int(text)
        if kind == "bool":
            return {"true": 1, "1": 1, "false": 0, "0": 0}[text]
        if kind == "date":
            match = _DATE.match(text)
            return date_to_sql(datetime.date(*map(int, match.groups()[:3])))
        if kind == "option":
            return field.options.index(text)
    except (ValueError, KeyError, AttributeError, OverflowError):
        pass
    if kind == "option":
        raise NavError("xml", text=f"The '{namespace}:{field.element}' element is invalid - The value "
                                   f"'{text}' is invalid according to its datatype "
                                   f"'{namespace}:{field.type_name}' - The Enumeration constraint failed.")
    raise NavError("xml", text=f"The '{namespace}:{field.element}' element is invalid - The value '{text}' "
                               f"is invalid according to its datatype "
                               f"'http://www.w3.org/2001/XMLSchema:{_XSD.get(kind, kind)}'.")


def to_xml(field: Field, value) -> str:
    """The text of an answer's element for a SQL value."""
    kind = field.kind
    if kind in ("code", "text"):
        return value
    if kind == "decimal":
        return plain(Decimal(value))
    if kind == "bool":
        return "true" if value else "false"
    if kind == "date":
        return "0001-01-01" if value == BLANK_DATE else value[:10]
    if kind == "datetime":
        return "0001-01-01T00:00:00" if value == BLANK_DATE else value.replace(" ", "T") + "Z"
    if kind == "time":
        return value[11:]
    if kind == "option":
        return field.options[value]
    return str(value)


def equal(field: Field, left, right) -> bool:
    """Whether two SQL values of a field are the same to NAV."""
    if field.kind == "decimal":
        return Decimal(left) == Decimal(right)
    return left == right


def date_to_sql(day: datetime.date) -> str:
    if day <= datetime.date(1753, 1, 1):  # NAV's blank date, and .NET's
        return BLANK_DATE
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d} 00:00:00"


def now_sql() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
