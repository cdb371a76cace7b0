"""SOAP 1.1 as NAV speaks it: document/literal, faults with HTTP 500."""

from __future__ import annotations

from common.faults import Reply
from common.xmltree import Element, XmlError, escape, parse
from .company import Company
from .errors import NavError

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_CONTENT_TYPE = "text/xml; charset=utf-8"
_UNDERSTAND = f"{ENVELOPE} mustUnderstand"


def body_of(data: bytes, namespace: str, action: str | None) -> Element:
    """The one child of the Body; it must be in the service's namespace and agree with the SOAPAction."""
    try:
        root = parse(data)
    except XmlError as error:
        raise NavError("xml", text=str(error)) from None
    if root.name != "Envelope" or root.namespace != ENVELOPE:
        raise NavError("xml", text="The message is no SOAP 1.1 envelope.")
    bodies = [child for child in root.children if child.name == "Body" and child.namespace == ENVELOPE]
    for child in root.children:
        if child.namespace == ENVELOPE and child.name == "Header":
            for header in child.children:
                if header.attributes.get(_UNDERSTAND) == "1":
                    raise NavError("action", text=f"The header '{header.name}' was not understood.")
    if len(bodies) != 1 or len(bodies[0].children) != 1:
        raise NavError("xml", text="The SOAP body must contain exactly one element.")
    request = bodies[0].children[0]
    if request.namespace != namespace:
        raise NavError("xml", text=f"The element '{request.name}' in namespace '{request.namespace}' is unknown: "
                                   f"expected namespace '{namespace}'.")
    if action is None:
        raise NavError("action", text="The SOAPAction header is missing.")
    if action.strip().strip('"') != f"{namespace}:{request.name}":
        raise NavError("action", text=f"The message with Action '{action.strip()[:200]}' cannot be processed at "
                                      f"the receiver, due to a mismatch with '{namespace}:{request.name}'.")
    return request


def answer(content: str) -> Reply:
    text = ('<?xml version="1.0" encoding="utf-8"?>'
            f'<Soap:Envelope xmlns:Soap="{ENVELOPE}"><Soap:Body>{content}</Soap:Body></Soap:Envelope>')
    return Reply(200, text.encode("utf-8"), _CONTENT_TYPE)


def fault(company: Company, error: NavError) -> Reply:
    text = escape(error.text(company.language))
    language = "de-DE" if company.language == "de" else "en-US"
    content = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="urn:microsoft-dynamics-schemas/error">a:{error.code}</faultcode>'
        f'<faultstring xml:lang="{language}">{text}</faultstring>'
        '<detail><string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">'
        f'{text}</string></detail></s:Fault></s:Body></s:Envelope>')
    return Reply(500, content.encode("utf-8"), _CONTENT_TYPE)


_HTML = {401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 415: "Unsupported Media Type",
         429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
         504: "Gateway Timeout"}


def refusal(status: int, retry_after_s: int | None = None) -> Reply:
    """What the web server in front answers: HTML, no SOAP."""
    headers = [] if retry_after_s is None else [("Retry-After", str(retry_after_s))]
    if status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm=""'))
    body = f"<html><head><title>{status} {_HTML[status]}</title></head><body><h1>{_HTML[status]}</h1></body></html>"
    return Reply(status, body.encode("utf-8"), "text/html; charset=us-ascii", tuple(headers))
