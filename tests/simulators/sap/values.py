"""Internal and external forms: conversion exits, dates, quantities, amounts."""

from __future__ import annotations

import datetime
import zoneinfo
from decimal import Decimal

from common.decimals import fixed, parse_decimal

ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
NO_DATE = "00000000"
LAST_DAY = "99991231"


def now() -> datetime.datetime:
    """The server's local time."""
    return datetime.datetime.now(ZONE)


def alpha(text: str, width: int) -> str:
    """ALPHA=ALPHA inwards: digits are filled with zeros, anything else is left as it is."""
    text = text.strip()
    return text.zfill(width) if text.isdigit() else text


def external(text: str) -> str:
    """ALPHA=ALPHA outwards."""
    text = text.strip()
    return (text.lstrip("0") or "0") if text.isdigit() else text


def date_of(text: str) -> str:
    """DATS from what a caller may send: 20261124 or 2026-11-24."""
    digits = text.strip().replace("-", "")
    if digits in ("", NO_DATE):
        return NO_DATE
    datetime.datetime.strptime(digits, "%Y%m%d")
    return digits


def soap_date(dats: str) -> str:
    return f"{dats[:4]}-{dats[4:6]}-{dats[6:8]}"


def number(text: str) -> Decimal:
    text = text.strip()
    if text.endswith("-"):
        text = "-" + text[:-1]
    return parse_decimal(text) if text else Decimal(0)


def quantity(value: Decimal) -> str:
    return fixed(value, 3)


def amount(value: Decimal) -> str:
    return fixed(value, 2)


def bapi_amount(value: Decimal) -> str:
    """DEC 23.4, as BAPIs tell amounts."""
    return fixed(value, 4)


def short(text: str) -> str:
    """A blank is how a table says nothing."""
    return text.strip()
