"""NAV filter expressions ("SO-1*|SO-2*", "1..9", "<>''", "@müller") as SQL conditions.

    |  or      &  and      ..  range, open at either end      <> < <= > >= =  comparisons
    *  any text      ?  any character      @  ignore case      '…'  text taken literally

Dates are written 2026-11-24 or, as the German service does, 24.11.26 or 24.11.2026.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from common.decimals import parse_decimal
from .database import Store
from .errors import NavError
from .schema import Field
from .values import caption, date_to_sql

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([|&])|(\.\.)|(<>|<=|>=|<|>|=)|([^|&']+?(?=\.\.|[|&'<>=]|\Z))")
_DATE = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{2}|\d{4}))\Z")
_TRUE, _FALSE = ("true", "1", "ja", "yes"), ("false", "0", "nein", "no")
_SQL_OPERATOR = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def install(store: Store) -> None:
    """Gives SQLite the comparisons that it lacks: decimals kept as text, and case of any language."""
    store.create_function("nav_compare", 2, _compare)
    store.create_function("nav_like", 3, _like)


def _compare(left, right) -> int:
    left, right = Decimal(left), Decimal(right)
    return (left > right) - (left < right)


def _like(text: str, pattern: str, ignore_case: int) -> int:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return int(re.fullmatch(pattern, text, flags) is not None)


def to_sql(field: Field, criteria: str) -> tuple[str, list]:
    """(condition, parameters) for one filter. An empty criteria filters nothing."""
    if not criteria.strip():
        return "1", []
    if len(criteria) > 4000:
        raise NavError("filter", criteria=criteria[:40], field=caption(field))
    try:
        return _Parser(field, criteria).parse()
    except (ValueError, IndexError):
        raise NavError("filter", criteria=criteria[:80], field=caption(field)) from None


class _Parser:
    def __init__(self, field: Field, criteria: str):
        self._field = field
        self._column = '"' + field.column + '"'
        self._parameters: list = []
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(criteria):
            match = _TOKEN.match(criteria, position)
            if match is None:
                raise ValueError("cannot be read")
            position = match.end()
            quoted, logic, span, operator, plain = match.groups()
            if quoted is not None:
                self._tokens.append(("quoted", quoted.replace("''", "'")))
            elif plain is not None:
                if plain.strip():
                    self._tokens.append(("plain", plain.strip()))
            else:
                self._tokens.append(("mark", logic or span or operator))
        self._at = 0

    def parse(self) -> tuple[str, list]:
        condition = self._either()
        if self._at != len(self._tokens):
            raise ValueError("something is left over")
        return condition, self._parameters

    def _next(self, *marks: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in [("mark", mark) for mark in marks]:
            self._at += 1
            return True
        return False

    def _either(self) -> str:
        parts = [self._both()]
        while self._next("|"):
            parts.append(self._both())
        return "(" + " OR ".join(parts) + ")"

    def _both(self) -> str:
        parts = [self._single()]
        while self._next("&"):
            parts.append(self._single())
        return "(" + " AND ".join(parts) + ")"

    def _single(self) -> str:
        kind, text = self._tokens[self._at]
        if kind == "mark" and text in _SQL_OPERATOR:
            self._at += 1
            operand_kind, operand = self._tokens[self._at]
            if operand_kind == "mark":
                raise ValueError("a value is missing")
            self._at += 1
            if operand_kind == "plain" and text in ("=", "<>") and self._wild(operand):
                return self._match(operand, text == "<>")
            return self._comparison(_SQL_OPERATOR[text], operand)
        if kind == "mark" and text == "..":
            self._at += 1
            return self._comparison("<=", self._operand())
        value = self._operand()
        if self._next(".."):
            low = self._comparison(">=", value)
            if self._at < len(self._tokens) and self._tokens[self._at][0] != "mark":
                return "(" + low + " AND " + self._comparison("<=", self._operand()) + ")"
            return low
        if kind == "plain" and self._wild(value):
            return self._match(value, False)
        return self._comparison("=", value)

    def _operand(self) -> str:
        kind, text = self._tokens[self._at]
        if kind == "mark":
            raise ValueError("a value is missing")
        self._at += 1
        return text

    def _wild(self, text: str) -> bool:
        return self._field.kind in ("code", "text") and (text.startswith("@") or "*" in text or "?" in text)

    def _match(self, text: str, negate: bool) -> str:
        ignore_case = text.startswith("@")
        body = text[1:] if ignore_case else text
        if self._field.kind == "code":
            body = body.upper()
        pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in body)
        self._parameters += [pattern, int(ignore_case)]
        return f"nav_like({self._column}, ?, ?) = {int(not negate)}"

    def _comparison(self, operator: str, text: str) -> str:
        kind = self._field.kind
        if kind == "decimal":
            self._parameters.append(str(parse_decimal(text.replace(",", "."))))
            return f"nav_compare({self._column}, ?) {operator} 0"
        self._parameters.append(self._value(kind, text))
        return f"{self._column} {operator} ?"

    def _value(self, kind: str, text: str):
        if kind == "code":
            return text.strip().upper()
        if kind == "text":
            return text
        if kind == "int":
            return int(text)
        if kind == "bool":
            if text.lower() not in _TRUE + _FALSE:
                raise ValueError("not a boolean")
            return int(text.lower() in _TRUE)
        if kind == "option":
            if text in ("", " ") and "_blank_" in self._field.options:
                return self._field.options.index("_blank_")
            if text.isdigit() and int(text) < len(self._field.options):
                return int(text)
            wanted = text.replace(" ", "_").lower()
            return [option.lower() for option in self._field.options].index(wanted)
        if kind == "datetime":
            moment = text.replace("T", " ").rstrip("Z")
            datetime.datetime.strptime(moment, "%Y-%m-%d %H:%M:%S")
            return moment
        if text == "":
            return date_to_sql(datetime.date(1, 1, 1))
        match = _DATE.match(text)
        if match is None:
            raise ValueError("not a date")
        year, month, day, german_day, german_month, german_year = match.groups()
        if year:
            return date_to_sql(datetime.date(int(year), int(month), int(day)))
        full = int(german_year) + (2000 if len(german_year) == 2 else 0)
        return date_to_sql(datetime.date(full, int(german_month), int(german_day)))
