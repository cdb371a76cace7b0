"""How SuiteTalk says no: a status inside HTTP 200, or a SOAP fault."""

from __future__ import annotations


class Refused(Exception):
    """isSuccess="false" with one statusDetail, inside HTTP 200."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code, self.message = code, message


class SoapFault(Exception):
    """`name` is the element of the detail, of platformFaults; empty: there is none."""

    def __init__(self, name: str, code: str, message: str):
        super().__init__(message)
        self.name, self.code, self.message = name, code, message


def bad_reference(field: str, key: str) -> Refused:
    return Refused("INVALID_KEY_OR_REF", f"Invalid {field} reference key {key}.")


def not_there(kind: str, key: str) -> Refused:
    return Refused("RCRD_DSNT_EXIST", f"That record does not exist. path: {kind} {key}")
