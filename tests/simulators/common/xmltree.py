"""A small XML reader for bytes from outside: no document type, no entities, bounded size and depth."""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape as _escape

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 200_000


class XmlError(Exception):
    pass


class Element:
    __slots__ = ("namespace", "name", "attributes", "children", "text")

    def __init__(self, namespace: str, name: str, attributes: dict):
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def value(self) -> str:
        """Text of an element without children; XmlError otherwise."""
        if self.children:
            raise XmlError(f"The element '{self.name}' cannot contain child element "
                           f"'{self.children[0].name}' because the parent element's content model is text only.")
        return self.text


def parse(data: bytes) -> Element:
    if len(data) > MAX_BYTES:
        raise XmlError("The message is too large.")
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    stack: list[Element] = []
    roots: list[Element] = []
    count = 0

    def start(tag, attributes):
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS or len(stack) >= MAX_DEPTH:
            raise XmlError("The message is nested too deeply or has too many elements.")
        namespace, _, name = tag.rpartition(" ")
        element = Element(namespace, name, attributes)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(_tag):
        element = stack.pop()
        if element.children and element.text.strip():
            raise XmlError(f"The element '{element.name}' cannot contain text.")

    def text(data):
        stack[-1].text += data

    def refuse(*_arguments):
        raise XmlError("For security reasons DTD is prohibited in this XML document.")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise XmlError(f"The XML is malformed: {error}") from None
    return roots[0]


def escape(text: str) -> str:
    """Text for an element's content; what XML 1.0 cannot carry becomes U+FFFD."""
    if not text.isprintable():
        text = "".join(c if c in "\t\n\r" or (c >= " " and c not in "￾￿") else "�" for c in text)
    return _escape(text, {"\r": "&#13;"})


def escape_attribute(text: str) -> str:
    return escape(text).replace('"', "&quot;")
