"""The record layouts of the interface, and fixed-width files of them: text lines or EBCDIC records.

Written from the layout tables, on its own: nothing is shared with an adapter.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

RECORD_LENGTH = 400

# (name, width, kind, places); T text, N digits with a sign in front, Z zoned, D CYYMMDD
ADDRESS = [("KIND", 1, "T", 0), ("ADRID", 20, "T", 0), ("NAME", 35, "T", 0), ("ADR1", 35, "T", 0),
           ("ADR2", 35, "T", 0), ("CITY", 25, "T", 0), ("ZIP", 10, "T", 0), ("REGION", 3, "T", 0),
           ("CTRY", 2, "T", 0)]


def t(name, width):
    return (name, width, "T", 0)


def n(name, width):
    return (name, width, "N", 0)


def d(name):
    return (name, 7, "D", 0)


def qty(name):
    return (name, 11, "Z", 3)


def amount(name):
    return (name, 13, "Z", 2)


def price(name):
    return (name, 13, "Z", 4)


HEADER = [t("FILE", 3), n("RUN", 9), d("HDATE"), n("HTIME", 6)]
TRAILER = [n("COUNT", 9), ("HASH1", 15, "Z", 4), ("HASH2", 15, "Z", 4)]

CUSTOMER = [t("ACT", 1), n("SEQ", 9), t("NUM", 20), t("NAME", 50), t("KIND", 1), t("HASADR", 1),
            t("ADNAME", 35), t("ADR1", 35), t("ADR2", 35), t("CITY", 25), t("ZIP", 10), t("REGION", 3),
            t("CTRY", 2), t("EMAIL", 80), t("PHONE", 20), t("CUR", 3), t("GROUP", 10), t("BLOCK", 1),
            d("CHGD"), n("CHGT", 6), n("VERS", 9)]
LEVEL = [t("SKU", 20), t("WHS", 10), t("UOM", 3), qty("ONHAND"), qty("ALLOC")]

RECORDS = {
    "ORD": {
        "OHA": [t("ACT", 1), n("SEQ", 9), t("REF", 35), t("ORDNO", 10), t("HOLD", 1), t("CHG", 4), t("CUST", 20),
                t("CUSREF", 35), d("ODATE"), d("RDATE"), t("CUR", 3), t("TAXINC", 1), amount("NET"),
                t("REASON", 30)],
        "OAD": [n("SEQ", 9), *ADDRESS],
        "OLN": [n("SEQ", 9), n("LINE", 4), t("CHG", 5), t("SKU", 20), t("DESC", 50), t("WHS", 10), t("UOM", 3),
                qty("QTY"), qty("CANC"), price("PRICE"), amount("ADJ"), t("PROMO", 20), d("RDATE")],
        "OCH": [n("SEQ", 9), t("KIND", 10), t("CODE", 20), amount("AMOUNT")],
        "OPY": [n("SEQ", 9), t("ID", 50), t("METHOD", 20), t("PROVID", 20), amount("AMOUNT")],
    },
    "CUO": {"CUS": CUSTOMER},
    "CUS": {"CUS": CUSTOMER},
    "ADJ": {"ADJ": [n("SEQ", 9), t("MOVE", 20), t("SKU", 20), t("WHS", 10), t("UOM", 3), qty("QTY"),
                    t("REASON", 30)]},
    "RET": {
        "RHD": [n("SEQ", 9), t("REF", 35), t("RREF", 58), t("ORDNO", 10), t("CUST", 20), t("CUR", 3), d("RDATE"),
                t("INVNO", 10)],
        "RLN": [n("SEQ", 9), n("LINE", 4), t("SKU", 20), t("UOM", 3), qty("QTY"), t("REASON", 4), t("WHS", 10),
                price("PRICE"), amount("DISC")],
    },
    "STS": {
        "ANS": [n("SEQ", 9), t("KIND", 3), t("REF", 58), t("RESULT", 1), t("DOC", 10), t("REASON", 4),
                t("TEXT", 60), n("LINE", 4)],
        "SHD": [t("ORDNO", 10), t("REF", 35), t("STATUS", 1), t("HOLD", 1), t("CUST", 20), t("CUSREF", 35),
                d("ODATE"), d("RDATE"), t("CUR", 3), t("TAXINC", 1), d("CHGD"), n("CHGT", 6), n("VERS", 9),
                n("NLINES", 4), amount("NET"), amount("CHARGE"), amount("TAX"), amount("TOTAL")],
        "SAD": [t("ORDNO", 10), *ADDRESS],
        "SLN": [t("ORDNO", 10), n("LINE", 4), t("SKU", 20), t("DESC", 50), t("WHS", 10), t("UOM", 3), qty("QTY"),
                qty("CANC"), qty("SHIP"), qty("INV"), price("PRICE"), amount("ADJ"), t("PROMO", 20),
                amount("NET"), amount("TAX"), t("TAXC", 6), ("TAXR", 5, "Z", 4), d("RDATE")],
        "SSH": [t("ORDNO", 10), t("SHIPNO", 10), d("SDATE"), n("LINE", 4), t("SKU", 20), qty("QTY")],
        "SIV": [t("ORDNO", 10), t("INVNO", 10), d("IDATE"), amount("AMOUNT")],
        "SCH": [t("ORDNO", 10), t("KIND", 10), t("CODE", 20), amount("AMOUNT")],
        "SPY": [t("ORDNO", 10), t("ID", 50), t("METHOD", 20), t("PROVID", 20), amount("AMOUNT")],
        "SRH": [t("RETNO", 10), t("ORDNO", 10), t("RREF", 58), t("STATUS", 1), d("RDATE"), t("INVNO", 10),
                n("NLINES", 4)],
        "SRL": [t("RETNO", 10), n("LINE", 4), t("SKU", 20), qty("QTY"), t("REASON", 4)],
    },
    "STK": {"STK": LEVEL},
    "DLT": {"MOV": [n("ENTRY", 10), t("SKU", 20), t("WHS", 10), t("UOM", 3), t("DOC", 20), qty("QTY"), d("MDATE"),
                    n("MTIME", 6), t("USER", 10)],
            "STK": LEVEL},
    "PRC": {"PRC": [t("SKU", 20), t("TYPE", 1), t("CODE", 20), d("FROM"), d("TO"), t("UOM", 3), t("CUR", 3),
                    qty("MINQ"), price("PRICE"), t("TAXINC", 1)]},
}
# What the trailer's totals add up.
TOTALS = {"ORD": [("OLN", "QTY"), ("OHA", "NET")], "ADJ": [("ADJ", "QTY")], "RET": [("RLN", "QTY")],
          "STS": [("SLN", "QTY"), ("SHD", "TOTAL")], "STK": [("STK", "ONHAND")],
          "DLT": [("MOV", "QTY"), ("STK", "ONHAND")], "PRC": [("PRC", "PRICE")], "CUO": [], "CUS": []}

_PLUS = "{ABCDEFGHI"
_MINUS = "}JKLMNOPQR"


class LayoutError(ValueError):
    pass


class Wire:
    """How bytes are written: `page` is a Python codec; EBCDIC pages have records without line ends."""

    def __init__(self, page: str = "latin-1", packed: bool = False):
        self.page = page
        self.ebcdic = " ".encode(page) != b" "
        self.packed = packed
        if packed and not self.ebcdic:
            raise ValueError("packed numbers need an EBCDIC code page")

    # ---- writing

    def field(self, value, width: int, kind: str, places: int) -> bytes:
        if kind == "T":
            raw = (value or "").encode(self.page)
            if len(raw) > width:
                raise LayoutError(f"{value!r} has more than {width} characters")
            return raw.ljust(width, " ".encode(self.page))
        if kind == "D":
            digits = f"{value.year - 1900:03d}{value.month:02d}{value.day:02d}" if value else "0" * 7
            return digits.encode(self.page)
        number = int((Decimal(value or 0)).scaleb(places))
        digits = str(abs(number))
        if kind == "N":
            text = ("-" if number < 0 else "") + digits.rjust(width - (number < 0), "0")
            if len(text) > width:
                raise LayoutError(f"{value} has more than {width} digits")
            return text.encode(self.page)
        if self.packed:
            if len(digits) > 2 * width - 1:
                raise LayoutError(f"{value} has too many digits")
            return bytes.fromhex(digits.rjust(2 * width - 1, "0") + ("d" if number < 0 else "c"))
        if len(digits) > width:
            raise LayoutError(f"{value} has more than {width} digits")
        digits = digits.rjust(width, "0")
        if self.ebcdic:
            zones = bytearray(0xF0 | int(one) for one in digits)
            if number < 0:
                zones[-1] = 0xD0 | (zones[-1] & 15)
            return bytes(zones)
        last = (_MINUS if number < 0 else _PLUS)[int(digits[-1])]
        return (digits[:-1] + last).encode(self.page)

    def record(self, tag: str, fields, values: dict) -> bytes:
        unknown = set(values) - {name for name, *_ in fields}
        if unknown:
            raise LayoutError(f"{tag} has no field {sorted(unknown)[0]}")
        raw = tag.encode(self.page) + b"".join(
            self.field(values.get(name), width, kind, places) for name, width, kind, places in fields)
        if self.ebcdic:
            return raw.ljust(RECORD_LENGTH, " ".encode(self.page))
        return raw.rstrip(b" ") + b"\r\n"

    def file(self, kind: str, run: int, made: datetime.datetime, rows, count_off: int = 0,
             hash_off: int = 0) -> bytes:
        """`rows`: (tag, values). The offsets make a trailer that does not match."""
        parts = [self.record("HDR", HEADER, {"FILE": kind, "RUN": run, "HDATE": made.date(),
                                             "HTIME": int(made.strftime("%H%M%S"))})]
        sums = [Decimal(0), Decimal(0)]
        count = 0
        for tag, values in rows:
            parts.append(self.record(tag, RECORDS[kind][tag], values))
            count += 1
            for place, (of, name) in enumerate(TOTALS[kind]):
                if tag == of:
                    sums[place] += Decimal(values.get(name) or 0)
        digits = 29 if self.packed else 15
        hashes = [_last_digits(one + hash_off, digits) for one in sums]
        parts.append(self.record("TRL", TRAILER, {"COUNT": count + count_off, "HASH1": hashes[0],
                                                  "HASH2": hashes[1]}))
        return b"".join(parts)

    # ---- reading

    def value(self, raw: bytes, kind: str, places: int):
        if kind == "T":
            return raw.decode(self.page).rstrip(" ")
        if kind == "Z" and self.packed:
            digits = raw.hex()
            return Decimal(digits[:-1]).scaleb(-places) * (-1 if digits[-1] == "d" else 1)
        if kind == "Z" and self.ebcdic:
            digits = "".join(str(one & 15) for one in raw)
            return Decimal(digits or 0).scaleb(-places) * (-1 if raw and raw[-1] >> 4 == 0xD else 1)
        text = raw.decode(self.page).strip(" ")
        if kind == "D":
            if not text or set(text) == {"0"}:
                return None
            return datetime.date(1900 + int(text[:3]), int(text[3:5]), int(text[5:7]))
        if not text:
            return Decimal(0)
        if kind == "N":
            return Decimal(text)
        sign = 1
        if text[-1] in _PLUS:
            text = text[:-1] + str(_PLUS.index(text[-1]))
        elif text[-1] in _MINUS:
            sign, text = -1, text[:-1] + str(_MINUS.index(text[-1]))
        return sign * Decimal(text).scaleb(-places)

    def read(self, kind: str, content: bytes):
        """(header, [(tag, values)]); LayoutError when the trailer does not confirm it."""
        if self.ebcdic:
            lines = [content[at:at + RECORD_LENGTH] for at in range(0, len(content), RECORD_LENGTH)]
        else:
            lines = [line.rstrip(b"\r") for line in content.split(b"\n") if line.strip()]
        rows = []
        for line in lines:
            tag = line[:3].decode(self.page)
            fields = HEADER if tag == "HDR" else TRAILER if tag == "TRL" else RECORDS[kind].get(tag)
            if fields is None:
                raise LayoutError(f"no record begins with {tag!r}")
            rows.append((tag, self._values(line, fields)))
        if not rows or rows[0][0] != "HDR" or rows[-1][0] != "TRL":
            raise LayoutError("header or trailer is missing")
        header, body, trailer = rows[0][1], rows[1:-1], rows[-1][1]
        if header["FILE"] != kind or trailer["COUNT"] != len(body):
            raise LayoutError("the trailer's count is wrong")
        for place, (of, name) in enumerate(TOTALS[kind]):
            total = sum((values[name] for tag, values in body if tag == of), Decimal(0))
            if trailer[f"HASH{place + 1}"] != _last_digits(total, 29 if self.packed else 15):
                raise LayoutError("a hash total is wrong")
        return header, body

    def _values(self, line: bytes, fields) -> dict:
        values, at = {}, 3
        for name, width, kind, places in fields:
            values[name] = self.value(line[at:at + width], kind, places)
            at += width
        return values


def _last_digits(total: Decimal, digits: int) -> Decimal:
    scaled = int(total.scaleb(4))
    rest = abs(scaled) % 10 ** digits
    return Decimal(-rest if scaled < 0 else rest).scaleb(-4)
