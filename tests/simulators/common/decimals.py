"""Exact decimal text. No binary floating point anywhere."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext

# Products of two 38-digit numbers must not be rounded behind our back.
EXACT = Context(prec=120, rounding=ROUND_HALF_UP)

ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}

_XSD_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z")
_CENT = Decimal("0.01")


def parse_decimal(text: str, max_integer_digits: int = 18, max_scale: int = 20) -> Decimal:
    """The number written in `text` (xsd:decimal: no exponent). ValueError if it is none or too long."""
    text = text.strip()
    if len(text) > 80 or not _XSD_DECIMAL.match(text):
        raise ValueError(f"not a decimal: {text[:80]!r}")
    whole, _, fraction = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > max_integer_digits or len(fraction.rstrip("0")) > max_scale:
        raise ValueError(f"decimal out of range: {text}")
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Shortest text without exponent: 3, 17.99, 0."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def at_least(value: Decimal, scale: int) -> str:
    """Text without exponent and with at least `scale` decimals: 5.90, 5.905."""
    whole, _, fraction = plain(value).partition(".")
    return whole + "." + fraction.ljust(scale, "0") if scale else plain(value)


def fixed(value: Decimal, scale: int) -> str:
    """Text with exactly `scale` decimals; digits beyond them are rounded half up."""
    with localcontext(EXACT):
        quantized = value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    text = format(quantized, "f")
    return text[1:] if text.startswith("-") and not quantized else text


def multiply(left: Decimal, right: Decimal) -> Decimal:
    return EXACT.multiply(left, right)


def divide(left: Decimal, right: Decimal, scale: int = 30) -> Decimal:
    with localcontext(EXACT):
        return (left / right).quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def total(values) -> Decimal:
    result = Decimal(0)
    for value in values:
        result = EXACT.add(result, value)
    return result


def cents(value: Decimal, rounding: str = "half_up") -> Decimal:
    """`value` rounded to 0.01, by default half up (away from zero)."""
    with localcontext(EXACT):
        return value.quantize(_CENT, rounding=ROUNDINGS[rounding])
