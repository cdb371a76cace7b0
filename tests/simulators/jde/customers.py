"""The address book: F0101 with its addresses, phones and mail, and the customer master F03012."""

from __future__ import annotations

from .database import Refused, Store


def compressed(name: str) -> str:
    return name.upper().replace(" ", "")[:40]


def write(store: Store, number: int, fields: dict, master: dict, user: str) -> int:
    """Adds (number 0) or overwrites one customer. `fields`: AB/AL/WP/EA columns without prefix."""
    upmj, upmt = store.stamp()
    taken = [row["ABAN8"] for row in store.select("F0101", {"ABALKY": fields["ALKY"]})]
    if number == 0:
        if taken:
            raise Refused("0104", f"Long address number {fields['ALKY']} is taken")
        number = store.next_number("01")
    if master.get("CPGP") and store.get("F40942", {"CKCPGP": master["CPGP"]}) is None:
        raise Refused("0103", f"Price group {master['CPGP']} is not known")
    row = {"ABAN8": number, "ABALKY": fields["ALKY"], "ABALPH": fields["ALPH"], "ABDC": compressed(fields["ALPH"]),
           "ABAT1": fields["AT1"], "ABMCU": "1", "ABUSER": user, "ABUPMJ": upmj, "ABUPMT": upmt}
    for table, key, content in (
            ("F0101", {"ABAN8": number}, row),
            ("F0116", {"ALAN8": number, "ALEFTB": 0},
             {**{"AL" + name: fields.get(name, "") for name in ("ADD1", "ADD2", "ADDZ", "CTY1", "ADDS", "CTR")},
              "ALUPMJ": upmj, "ALUPMT": upmt}),
            ("F0115", {"WPAN8": number, "WPIDLN": 0, "WPRCK7": 1, "WPCNLN": 0},
             {"WPPH1": fields.get("PH1", ""), "WPUPMJ": upmj, "WPUPMT": upmt}),
            ("F01151", {"EAAN8": number, "EAIDLN": 0, "EARCK7": 1},
             {"EAETP": "E", "EAEMAL": fields.get("EMAL", ""), "EAUPMJ": upmj, "EAUPMT": upmt}),
            ("F03012", {"AIAN8": number, "AICO": "00000"},
             {"AICRCD": master.get("CRCD", "EUR"), "AICPGP": master.get("CPGP", ""), "AITXA1": "DE19",
              "AIHDAR": master.get("HDAR", ""), "AIUPMJ": upmj, "AIUPMT": upmt})):
        if not store.update(table, key, content):
            store.insert(table, {**key, **content})
    return number


def change_mail(store: Store, long_number: str, mail: str) -> None:
    """Another program than that of the address book: it stamps F01151 alone."""
    rows = store.select("F0101", {"ABALKY": long_number})
    if not rows:
        raise Refused("0102", f"Address {long_number} not found")
    upmj, upmt = store.stamp()
    store.update("F01151", {"EAAN8": rows[0]["ABAN8"], "EAIDLN": 0, "EARCK7": 1},
                 {"EAEMAL": mail, "EAUPMJ": upmj, "EAUPMT": upmt})


def block(store: Store, long_number: str, code: str) -> None:
    rows = store.select("F0101", {"ABALKY": long_number})
    if not rows:
        raise Refused("0102", f"Address {long_number} not found")
    upmj, upmt = store.stamp()
    store.update("F03012", {"AIAN8": rows[0]["ABAN8"], "AICO": "00000"},
                 {"AIHDAR": code, "AIUPMJ": upmj, "AIUPMT": upmt})
