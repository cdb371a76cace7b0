"""Stonebridge's file layouts, as its own programmers have them: fixed columns with overpunched signs, and CSV."""

from __future__ import annotations

from decimal import Decimal

from common.decimals import plain

_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"


class FileError(Exception):
    """The file is not what it should be: it is not taken."""


def _address(name: str) -> list:
    return [(f"{name}_name", 35), (f"{name}_street", 35), (f"{name}_more", 35), (f"{name}_city", 30),
            (f"{name}_region", 10), (f"{name}_zip", 15), (f"{name}_country", 3)]


# (name, width, places): a negative number of places is text, of overpunched fields it is 10 higher.
_OVER = 10
_LINE = [("line", 5, 0), ("item", 48), ("text", 80), ("unit", 3), ("warehouse", 10), ("requested", 8),
         ("quantity", 11, _OVER + 3), ("price", 13, 4), ("discount", 11, _OVER + 2)]
_CALL = [("write", 9, 0), ("order", 12), ("reference", 22)]
RECORDS = {
    "HDR": [("run", 9, 0), ("date", 8)],
    "ORD": [("write", 9, 0), ("reference", 22), ("customer", 17), ("date", 8), ("requested", 8), ("currency", 3),
            ("customer_po", 30), *_address("ship"), *_address("bill")],
    "CHG": [("kind", 2), ("amount", 11, _OVER + 2), ("text", 80)],
    "LIN": _LINE,
    "CHA": [*_CALL, ("customer_po", 30), ("requested", 8), *_address("ship")],
    "CLN": [("line", 5, 0), ("item", 48), ("quantity", 11, _OVER + 3), ("price", 13, 4), ("discount", 11, _OVER + 2),
            ("requested", 8)],
    "CAN": _CALL, "REL": _CALL, "HLD": _CALL,
    "CUS": [("action", 1), ("number", 20), ("name", 60), ("kind", 1), ("to", 60), ("street", 60), ("more", 60), ("city", 40),
            ("zip", 15), ("region", 10), ("country", 3), ("email", 80), ("phone", 30), ("currency", 3),
            ("price_group", 10), ("block", 1)],
    "STA": [("write", 9, 0), ("reference", 22), ("order", 12), ("verdict", 2), ("code", 6), ("reason", 80), ("state", 1),
            ("customer", 17), ("customer_po", 30), ("date", 8), ("requested", 8), ("currency", 3),
            ("net", 13, _OVER + 2), ("charges", 13, _OVER + 2), ("tax", 13, _OVER + 2), ("total", 13, _OVER + 2)],
}
_STATUS_LINE = [*_LINE, ("net", 13, _OVER + 2), ("tax", 13, _OVER + 2)]


def _read_number(text: str, places: int) -> str:
    sign = 1
    if places >= _OVER:
        places -= _OVER
        last = text[-1]
        if last in _POSITIVE or last in _NEGATIVE:
            sign = 1 if last in _POSITIVE else -1
            text = text[:-1] + str((_POSITIVE if sign > 0 else _NEGATIVE).index(last))
    if not text.isdigit():
        raise FileError(f"{text!r} is no number")
    return plain(Decimal(int(text) * sign).scaleb(-places))


def _write_number(value: Decimal, width: int, places: int) -> str:
    over = places >= _OVER
    places -= _OVER if over else 0
    scaled = value.scaleb(places)
    if scaled != int(scaled):
        raise FileError(f"{value} has more than {places} places")
    digits = str(abs(int(scaled))).rjust(width, "0")
    if len(digits) > width or (value < 0 and not over):
        raise FileError(f"{value} does not fit")
    if over and value < 0:
        digits = digits[:-1] + _NEGATIVE[int(digits[-1])]
    elif over:
        digits = digits[:-1] + _POSITIVE[int(digits[-1])]
    return digits


def read_fixed(text: str) -> list:
    """[(tag, {field: text})]; the trailer has been held against the records."""
    if not text.endswith("\n"):
        raise FileError("the last line has no end")
    found, total = [], 0
    lines = text.split("\n")[:-1]
    if not lines or lines[0][:3] != "HDR" or lines[-1][:3] != "TRL":
        raise FileError("header or trailer is missing")
    for line in lines[:-1]:
        tag, at, values = line[:3], 3, {}
        for name, width, *kind in RECORDS[tag]:
            piece = line[at:at + width].strip()
            at += width
            values[name] = _read_number(piece, kind[0]) if kind and piece else piece
            if name in ("date", "requested") and piece == "00000000":
                values[name] = ""
        found.append((tag, values))
    if int(lines[-1][3:12]) != len(lines) - 2:
        raise FileError(f"the trailer says {lines[-1][3:12]} records, there are {len(lines) - 2}")
    total = sum((Decimal(values["quantity"]) for tag, values in found if "quantity" in values), Decimal(0))
    sums = [Decimal(_read_number(lines[-1][at:at + 15], _OVER + 3)) for at in range(12, len(lines[-1].rstrip()), 15)]
    if sum(sums, Decimal(0)) != total:
        raise FileError(f"the trailer says a sum of {sums}, it is {total}")
    return found


def write_fixed(run: int, records: list) -> str:
    """[(tag, {field: text or number})], with header and trailer."""
    lines = [f"HDR{run:09d}"]
    total = Decimal(0)
    for tag, values in records:
        line = tag
        for name, width, *kind in _STATUS_LINE if tag == "LIN" else RECORDS[tag]:
            value = values.get(name)
            if kind and value not in (None, ""):
                line += _write_number(Decimal(value), width, kind[0])
            else:
                line += str(value or "")[:width].ljust(width)
        lines.append(line)
        total += Decimal(values["quantity"]) if tag == "LIN" else 0
    lines.append(f"TRL{len(records):09d}" + _write_number(total, 15, _OVER + 3))
    return "".join(line + "\n" for line in lines)


def comma(value: Decimal) -> str:
    return plain(value).replace(".", ",")


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(one in text for one in ';"') else text


def write_csv(rows: list) -> str:
    return "".join(";".join(_cell(str(one)) for one in row) + "\n" for row in rows)


def read_csv(text: str) -> list:
    """Rows as {column: text}."""
    import csv
    return list(csv.DictReader(text.splitlines(), delimiter=";"))
