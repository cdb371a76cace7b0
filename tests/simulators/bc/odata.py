"""The part of OData V4 that is served, read strictly: URLs, query options, $filter; and JSON texts.

Anything not understood is refused, and so is what lax servers let pass: a raw `+` in a query string, a
literal of another type than its property, a query option named twice.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Callable, NamedTuple, Optional
from urllib.parse import quote, unquote

import schema
from errors import ApiError, bad_query, bad_request

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})\Z")
MAX_FILTER_DEPTH = 30
MAX_PAGE = 20000

_escape = json.encoder.encode_basestring


# ---------------------------------------------------------------------------------------- JSON
def decimal_text(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def dumps(value) -> str:
    """JSON with decimals written digit by digit. A list or object that has its text already (Raw) is
    passed through."""
    if isinstance(value, str):
        return value if type(value) is Raw else _escape(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{_escape(k)}:{dumps(v)}" for k, v in value.items()]) + "}"
    return "[" + ",".join([dumps(v) for v in value]) + "]"


class Raw(str):
    """JSON text."""


def _no_constant(text):
    raise ValueError(f"{text} is no JSON number")


def _object(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a property is given twice")
    return result


def _number(text):
    mantissa, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent[:6])) > 30:
        raise ValueError(f"the number {text[:40]} is out of range")
    if len(mantissa) > 60:
        raise ValueError(f"the number {text[:40]}… is too long")
    return Decimal(text)


def loads(body: bytes):
    """The JSON object in `body`; every number a Decimal."""
    try:
        text = body.decode("utf-8")
        depth = 0
        if len(text) > 64:
            depth = max_depth(text)
        if depth > 20:
            raise ValueError("nested too deeply")
        value = json.loads(text, parse_float=_number, parse_int=_number,
                           parse_constant=_no_constant, object_pairs_hook=_object)
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise bad_request("bad_json", detail=str(error).rstrip(".")) from None
    if not isinstance(value, dict):
        raise bad_request("bad_body")
    return value


def max_depth(text: str) -> int:
    """Deepest nesting of brackets outside strings."""
    depth = deepest = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest


# ---------------------------------------------------------------------------------------- values
def parse_datetime(text: str):
    """(UTC text with milliseconds, whether finer digits were cut off), or None."""
    match = DATETIME.match(text)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    digits = (fraction or ".")[1:].ljust(3, "0")
    try:
        moment = datetime.datetime.fromisoformat(f"{day}T{clock if len(clock) > 5 else clock + ':00'}")
        if zone != "Z":
            sign = -1 if zone[0] == "+" else 1
            moment += sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f".{digits[:3]}Z", bool(digits[3:].strip("0"))


def is_date(text: str) -> bool:
    if not DATE.match(text):
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def in_range(value: Decimal) -> bool:
    """decimal(38,20), of which the server computes with 28 digits."""
    _, digits, exponent = value.normalize().as_tuple()
    return (value == 0 or
            (len(digits) + exponent <= 18 and -exponent <= 20 and len(digits) <= 28))


def wrong(prop):
    return bad_request("wrong_type", name=prop.name, type=prop.edm().removeprefix("Edm."))


def read_value(prop, value):
    """A JSON value as the property keeps it. ApiError when type, length or value do not fit."""
    kind = prop.kind
    if kind in ("text", "code", "guid", "date", "time", "enum"):
        if not isinstance(value, str):
            raise wrong(prop)
        if kind == "code":
            value = value.strip(" ").upper()
        if kind in ("text", "code"):
            if "\x00" in value:
                raise wrong(prop)
            if prop.length and len(value) > prop.length:
                raise ApiError(400, "Application_StringExceededLength", "too_long", name=prop.name,
                               length=len(value), max=prop.length)
        elif kind == "guid":
            if not GUID.match(value):
                raise wrong(prop)
            value = value.lower()
        elif kind == "date":
            if not is_date(value):
                raise wrong(prop)
        elif kind == "time":
            moment = parse_datetime(value)
            if moment is None:
                raise wrong(prop)
            value = moment[0]
        return value
    if kind == "bool":
        if not isinstance(value, bool):
            raise wrong(prop)
        return value
    if not isinstance(value, Decimal):
        raise wrong(prop)
    if kind == "int":
        if value != value.to_integral_value() or abs(value) > 2**31 - 1:
            raise wrong(prop)
        return int(value)
    if not in_range(value):
        raise wrong(prop)
    return value


def read_body(body: dict, type_name: str, properties: dict, creating: bool, also=()) -> dict:
    """The properties of a request body, checked against the type. `also`: names left alone."""
    values = {}
    for name, value in body.items():
        if name in also:
            continue
        if name.startswith("@odata."):
            continue
        prop = properties.get(name)
        if prop is None:
            raise bad_request("unknown_property", name=name, type=type_name)
        if prop.access == "r":
            raise bad_request("read_only", name=name)
        values[name] = read_value(prop, value)
        if prop.kind == "enum" and values[name] not in schema.ENUMS[prop.enum]:
            raise wrong(prop)
        if prop.access == "c" and not creating:
            raise ApiError(400, "Application_DialogException", "fixed_value", name=name)
    return values


# ---------------------------------------------------------------------------------------- URLs
class Segment(NamedTuple):
    name: str
    key: Optional[str]  # as written, without brackets


_SEGMENT = re.compile(r"(\$?[A-Za-z_][\w.]*)(?:\((.*)\))?\Z", re.S)


def parse_path(raw: str) -> list:
    segments = []
    for part in raw.strip("/").split("/"):
        match = _SEGMENT.match(unquote(part))
        if not match:
            raise ApiError(404, "BadRequest_NotFound", "no_segment", name=unquote(part)[:80])
        segments.append(Segment(match.group(1), match.group(2)))
    return segments


def read_key(entity_type, text: str):
    """The key value in brackets, of the type that the entity's key has."""
    prop = entity_type.properties[entity_type.key]
    if prop.kind == "guid":
        if GUID.match(text):
            return text.lower()
    elif len(text) >= 2 and text[0] == text[-1] == "'" and not re.search(r"(?<!')'(?:'')*(?!')",
                                                                         text[1:-1]):
        value = text[1:-1].replace("''", "'")
        return value.strip(" ").upper() if prop.kind == "code" else value
    raise bad_request("bad_key", value=text[:80])


def parse_query(raw: str) -> dict:
    """Query options by name. Blanks must have been sent as %20: a `+` is a plus and no option has one."""
    options = {}
    if not raw:
        return options
    for pair in raw.split("&"):
        name, equals, value = pair.partition("=")
        if "+" in pair:
            raise bad_query("Syntax error: character '+' is not valid; a blank is %20, a plus %2B.")
        try:
            name, value = unquote(name, errors="strict"), unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise bad_query("The query is not valid UTF-8.") from None
        if not equals or not name:
            raise bad_query(f"The query option '{name}' has no value.")
        if name in options:
            raise bad_query(f"Query option '{name}' was specified more than once.")
        options[name] = value
    return options


class Query(NamedTuple):
    where: Optional[Callable]  # row -> bool
    equals: dict  # property -> value, of the filter's top-level conjunction
    select: Optional[list]
    expand: dict  # navigation name -> Query
    order: list  # of (property, descending)
    top: Optional[int]
    skip: int
    count: bool
    token: Optional[list]


_LIST_OPTIONS = {"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$skiptoken"}
_ONE_OPTIONS = {"$select", "$expand"}


def read_query(entity_type, options: dict, types: dict, many: bool, depth=0) -> Query:
    for name in options:
        if name not in (_LIST_OPTIONS if many else _ONE_OPTIONS) and name not in ("tenant",
                                                                                 "schemaversion"):
            raise bad_query(f"The query option '{name}' is not supported.")
    where, equals = None, {}
    if "$filter" in options:
        where, equals = parse_filter(options["$filter"], entity_type)
    select = None
    if options.get("$select", "*") != "*":
        select = [_property(entity_type, n.strip(), entity_type.collections)
                  for n in options["$select"].split(",")]
    expand = {}
    for item in split_outside(options.get("$expand", ""), ","):
        name, nested = item.strip(), ""
        if "(" in name:
            name, _, nested = name.partition("(")
            if not nested.endswith(")"):
                raise bad_query("Syntax error in $expand: ')' expected.")
            nested = nested[:-1]
        navigation = entity_type.navigations.get(name)
        if navigation is None or depth > 1:
            raise bad_query(f"Could not find a property named '{name}' on type "
                            f"'Microsoft.NAV.{entity_type.name}'.")
        inner = {}
        for option in split_outside(nested, ";"):
            key, equals_sign, value = option.strip().partition("=")
            if not equals_sign or key in inner or key == "$skiptoken":
                raise bad_query(f"Syntax error in $expand: '{option}'.")
            inner[key] = value
        expand[name] = read_query(types[navigation.target], inner, types, navigation.many, depth + 1)
    order = []
    for item in options.get("$orderby", "").split(",") if "$orderby" in options else []:
        words = item.split()
        if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise bad_query(f"Syntax error in $orderby: '{item}'.")
        order.append((_property(entity_type, words[0]), words[-1] == "desc"))
    if options.get("$count", "false") not in ("true", "false"):
        raise bad_query("$count must be true or false.")
    token = read_token(options["$skiptoken"]) if "$skiptoken" in options else None
    return Query(where, equals, select, expand, order, _whole(options, "$top"),
                 _whole(options, "$skip") or 0, options.get("$count") == "true", token)


def _property(entity_type, name, also=()):
    if name not in entity_type.properties and name not in also:
        raise bad_query(f"Could not find a property named '{name}' on type "
                        f"'Microsoft.NAV.{entity_type.name}'.")
    return name


def _whole(options, name):
    if name not in options:
        return None
    if not re.fullmatch(r"\d{1,9}", options[name]):
        raise bad_query(f"{name} must be a non-negative integer.")
    return int(options[name])


def split_outside(text: str, separator: str) -> list:
    """Parts between separators that stand outside brackets and quotes; none for a blank text."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, c in enumerate(text):
        if c == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if text.strip():
        parts.append(text[start:])
    return parts


def make_token(values: list) -> str:
    text = dumps([["d", decimal_text(v)] if isinstance(v, Decimal) else ["v", v] for v in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(text: str) -> list:
    try:
        pairs = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return [Decimal(v) if kind == "d" else v for kind, v in pairs]
    except (ValueError, TypeError, InvalidOperation):
        raise bad_query("$skiptoken is not valid.") from None


def next_link(base: str, options: dict, token: list, top_left: Optional[int]) -> str:
    kept = {k: v for k, v in options.items() if k not in ("$skip", "$skiptoken", "$top")}
    if top_left is not None:
        kept["$top"] = str(top_left)
    kept["$skiptoken"] = make_token(token)
    return base + "?" + "&".join(f"{quote(k, safe='$')}={quote(v, safe='')}" for k, v in kept.items())


# ---------------------------------------------------------------------------------------- $filter
_TOKEN = re.compile(r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
  | (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-]))
  | (?P<datetime>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))
  | (?P<date>\d{4}-\d\d-\d\d(?![\w-]))
  | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct>[(),])
)""", re.X)

_COMPARE = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
}
# A literal finer than the stored milliseconds: compare with its floor instead.
_FINER = {"gt": "gt", "ge": "gt", "lt": "le", "le": "le"}
_FUNCTIONS = {
    "contains": lambda a, b: b in a, "startswith": lambda a, b: a.startswith(b),
    "endswith": lambda a, b: a.endswith(b),
}


class _Filter:
    def __init__(self, text, entity_type):
        self.type, self.tokens, at = entity_type, [], 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise bad_query(f"Syntax error at position {at} in '{text[:200]}'.")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        if not self.tokens:
            raise bad_query("$filter is blank.")
        self.at, self.equals = 0, {}

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind=None, value=None):
        token = self.peek()
        if (kind and token[0] != kind) or (value and token[1] != value):
            raise bad_query(f"Syntax error in $filter: '{value or kind}' expected, "
                            f"'{token[1]}' found.")
        self.at += 1
        return token[1]

    def whole(self):
        result = self.either(0, True)
        self.take("end")
        return result

    def either(self, depth, top):
        if depth > MAX_FILTER_DEPTH:
            raise bad_query("$filter is nested too deeply.")
        begin = dict(self.equals)
        parts = [self.both(depth, top)]
        while self.peek() == ("word", "or"):
            self.take()
            parts.append(self.both(depth, False))
        if len(parts) == 1:
            return parts[0]
        self.equals = begin
        return lambda row: any(part(row) for part in parts)

    def both(self, depth, top):
        parts = [self.one(depth, top)]
        while self.peek() == ("word", "and"):
            self.take()
            parts.append(self.one(depth, top))
        if len(parts) == 1:
            return parts[0]
        return lambda row: all(part(row) for part in parts)

    def one(self, depth, top):
        kind, word = self.peek()
        if (kind, word) == ("punct", "("):
            self.take()
            inner = self.either(depth + 1, top)
            self.take("punct", ")")
            return inner
        if (kind, word) == ("word", "not"):
            self.take()
            if depth > MAX_FILTER_DEPTH:
                raise bad_query("$filter is nested too deeply.")
            inner = self.one(depth + 1, False)
            return lambda row: not inner(row)
        name = self.take("word")
        lowered = name == "tolower"
        if lowered:
            name = self.lowered()
        elif self.peek() == ("punct", "("):
            return self.function(name)
        prop = self.type.properties.get(_property(self.type, name))
        operator = self.take("word")
        if operator not in _COMPARE:
            raise bad_query(f"Syntax error in $filter: '{operator}' is not an operator.")
        kind, text = self.peek()
        self.take()
        value, finer = self.literal(prop, kind, text)
        if finer:
            if operator in ("eq", "ne"):
                return lambda row: operator == "ne"
            operator = _FINER[operator]
        if prop.kind in ("bool", "guid", "enum") and operator not in ("eq", "ne"):
            raise bad_query(f"The operator '{operator}' is not defined for '{name}'.")
        compare = _COMPARE[operator]
        if lowered:
            if prop.kind != "text":
                raise bad_query(f"'tolower' is not defined for '{name}'.")
            return lambda row: compare(row[name].lower(), value)
        if top and operator == "eq":
            self.equals.setdefault(name, value)
        return lambda row: compare(row[name], value)

    def lowered(self):
        """The property in `tolower(property)`; the word is taken already."""
        self.take("punct", "(")
        name = self.take("word")
        self.take("punct", ")")
        return name

    def function(self, name):
        if name not in _FUNCTIONS:
            raise bad_query(f"An unknown function with name '{name}' was found.")
        self.take("punct", "(")
        word = self.take("word")
        lowered = word == "tolower"
        prop = self.type.properties[_property(self.type, self.lowered() if lowered else word)]
        if prop.kind not in ("text", "code"):
            raise bad_query(f"'{name}' is not defined for '{prop.name}'.")
        self.take("punct", ",")
        text = self.take("string")[1:-1].replace("''", "'")
        self.take("punct", ")")
        if prop.kind == "code":
            text = text.upper()
        test, field = _FUNCTIONS[name], prop.name
        if lowered:
            return lambda row: test(row[field].lower(), text)
        return lambda row: test(row[field], text)

    def literal(self, prop, kind, text):
        wanted = {"text": "string", "code": "string", "enum": "string", "decimal": "number",
                  "int": "number", "time": "datetime"}.get(prop.kind, prop.kind)
        if prop.kind == "bool" and kind == "word" and text in ("true", "false"):
            return text == "true", False
        if kind != wanted:
            raise bad_query(f"A binary operator with incompatible types was detected: '{prop.name}' "
                            f"is {prop.edm()}, '{text[:80]}' is not.")
        if kind == "string":
            value = text[1:-1].replace("''", "'")
            if prop.kind == "code":
                value = value.strip(" ").upper()
            if prop.kind == "enum" and value not in schema.ENUMS[prop.enum]:
                raise bad_query(f"'{value}' is not a value of {prop.edm()}.")
            return value, False
        if kind == "number":
            if len(text) > 60:
                raise bad_query(f"The number '{text[:40]}…' is too long.")
            return Decimal(text), False
        if kind == "guid":
            return text.lower(), False
        if kind == "datetime":
            moment = parse_datetime(text)
            if moment is None:
                raise bad_query(f"'{text}' is not a valid date-time.")
            return moment
        if not is_date(text):
            raise bad_query(f"'{text}' is not a valid date.")
        return text, False


def parse_filter(text, entity_type):
    parsed = _Filter(text, entity_type)
    where = parsed.whole()
    return where, parsed.equals
