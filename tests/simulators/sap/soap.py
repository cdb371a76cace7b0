"""Function modules over SOAP 1.1 as /sap/bc/soap/rfc has them: parameters without namespace, rows as <item>."""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape as _escape

from common.faults import Reply

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
FUNCTIONS = "urn:sap-com:document:sap:rfc:functions"
_CONTENT_TYPE = "text/xml; charset=utf-8"
_MAX_DEPTH, _MAX_ELEMENTS = 16, 200_000


class SoapError(Exception):
    """Becomes a SOAP fault."""


class Element:
    __slots__ = ("namespace", "name", "children", "text")

    def __init__(self, namespace: str, name: str):
        self.namespace, self.name, self.children, self.text = namespace, name, [], ""


def parse(data: bytes) -> Element:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    stack, roots, count = [], [], [0]

    def start(tag, _attributes):
        count[0] += 1
        if count[0] > _MAX_ELEMENTS or len(stack) >= _MAX_DEPTH:
            raise SoapError("the message is too deep or has too many elements")
        namespace, _, name = tag.rpartition(" ")
        element = Element(namespace, name)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def text(data):
        stack[-1].text += data

    def refuse(*_arguments):
        raise SoapError("a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise SoapError(f"malformed XML: {error}") from None
    return roots[0]


def request_of(data: bytes) -> tuple[str, dict]:
    """(function, parameters): texts, structures as dictionaries, tables as lists of rows."""
    root = parse(data)
    if root.name != "Envelope" or root.namespace != ENVELOPE:
        raise SoapError("the message is no SOAP 1.1 envelope")
    bodies = [child for child in root.children if child.name == "Body" and child.namespace == ENVELOPE]
    if len(bodies) != 1 or len(bodies[0].children) != 1:
        raise SoapError("the body must contain one function")
    function = bodies[0].children[0]
    if function.namespace != FUNCTIONS:
        raise SoapError(f"namespace {function.namespace} is unknown")
    parameters: dict = {}
    for child in function.children:
        if child.name in parameters:
            raise SoapError(f"parameter {child.name} is there twice")
        parameters[child.name] = _value(child)
    return function.name, parameters


def _value(element: Element):
    if not element.children:
        return element.text
    if all(child.name == "item" for child in element.children):
        return [{field.name: field.text for field in row.children} for row in element.children]
    return {field.name: field.text for field in element.children}


def escape(text: str) -> str:
    return _escape("".join(c if c in "\t\n\r" or c >= " " else "\ufffd" for c in text), {"\r": "&#13;"})


def answer(function: str, exports: dict, cookies: tuple = ()) -> Reply:
    parts = []
    for name, value in exports.items():
        if isinstance(value, list):
            rows = "".join(f"<item>{_fields(row)}</item>" for row in value)
            parts.append(f"<{name}>{rows}</{name}>")
        elif isinstance(value, dict):
            parts.append(f"<{name}>{_fields(value)}</{name}>")
        else:
            parts.append(f"<{name}>{escape(str(value))}</{name}>")
    text = (f'<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="{ENVELOPE}"><SOAP-ENV:Body>'
            f'<rfc:{function}.Response xmlns:rfc="{FUNCTIONS}">{"".join(parts)}</rfc:{function}.Response>'
            "</SOAP-ENV:Body></SOAP-ENV:Envelope>")
    return Reply(200, text.encode("utf-8"), _CONTENT_TYPE, cookies)


def _fields(row: dict) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in row.items())


def fault(text: str) -> Reply:
    content = (f'<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="{ENVELOPE}"><SOAP-ENV:Body>'
               f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>{escape(text)}</faultstring>"
               "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>")
    return Reply(500, content.encode("utf-8"), _CONTENT_TYPE)


_TITLES = {401: "Logon failed", 404: "Service cannot be reached", 405: "Method not allowed", 429: "Too many requests",
           500: "Runtime error", 503: "Service unavailable", 504: "Gateway timeout"}


def refusal(status: int, retry_after_s: int | None = None) -> Reply:
    """What the dispatcher in front answers: HTML, no SOAP."""
    headers = [] if retry_after_s is None else [("Retry-After", str(retry_after_s))]
    if status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="SAP"'))
    body = f"<html><head><title>{_TITLES[status]}</title></head><body><h1>{status} {_TITLES[status]}</h1></body></html>"
    return Reply(status, body.encode("utf-8"), "text/html; charset=utf-8", tuple(headers))
