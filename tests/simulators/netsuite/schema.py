"""What the WSDL says of messages, read from it: requests are held against it, answers are written by it.

A value is a text, or a dict: attributes under "@name", the type under "@xsi" where a field is of an abstract
one, repeated elements as lists.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from common.decimals import parse_decimal
from common.xmltree import Element, escape, escape_attribute

XSD = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_INSTANCE_TYPE = "http://www.w3.org/2001/XMLSchema-instance type"
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


class SaxError(Exception):
    """The message is none that the WSDL describes."""


class Field:
    def __init__(self, name: str, type_name: str, many: bool):
        self.name, self.type, self.many = name, type_name, many


class Type:
    def __init__(self, name: str, prefix: str, abstract: bool):
        self.name, self.prefix, self.abstract = name, prefix, abstract
        self.base = None
        self.own: list = []
        self.attributes: list = []
        self.text = False


class Schema:
    def __init__(self, path: str):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        root = ElementTree.fromstring(self.text)
        self.prefixes = dict(re.findall(r'xmlns:(\w+)="(urn:[^"]+)"', self.text))
        names = {uri: prefix for prefix, uri in self.prefixes.items()}
        self.types: dict = {}
        self.elements: dict = {}
        for schema in root.iter(XSD + "schema"):
            prefix = names[schema.get("targetNamespace")]
            for element in schema.findall(XSD + "element"):
                self.elements[(schema.get("targetNamespace"), element.get("name"))] = _local(element.get("type"))
            for node in schema.findall(XSD + "complexType"):
                self.types[node.get("name")] = _type_of(node, prefix)
        self.operations = [node.get("name") for node in
                           root.find(_WSDL + "portType").findall(_WSDL + "operation")]

    def fields(self, type_name: str) -> list:
        found = self.types[type_name]
        return (self.fields(found.base) if found.base else []) + found.own

    def attributes(self, type_name: str) -> list:
        found = self.types[type_name]
        return (self.attributes(found.base) if found.base else []) + found.attributes

    def is_a(self, type_name: str, base: str) -> bool:
        while type_name is not None:
            if type_name == base:
                return True
            type_name = self.types[type_name].base
        return False

    # Reading.
    def read(self, element: Element) -> dict:
        type_name = self.elements.get((element.namespace, element.name))
        if type_name is None:
            raise SaxError(f"No operation or header {element.name} in {element.namespace}")
        return self._value(element, type_name)

    def _value(self, element: Element, type_name: str):
        if type_name not in self.types:
            return _simple(element, type_name)
        actual = element.attributes.get(_INSTANCE_TYPE, type_name).rpartition(":")[2]
        if actual not in self.types or not self.is_a(actual, type_name):
            raise SaxError(f"org.xml.sax.SAXException: {actual} is no {type_name}")
        if self.types[actual].abstract:
            raise SaxError(f"java.lang.InstantiationException: {actual} is abstract")
        value = {"@xsi": actual}
        for name, text in element.attributes.items():
            if " " in name:
                continue
            if name not in self.attributes(actual):
                raise SaxError(f"org.xml.sax.SAXException: no attribute {name} of {actual}")
            value["@" + name] = text
        if self.types[actual].text:
            value["text"] = element.value()
            return value
        self._read_fields(element, actual, value)
        return value

    def _read_fields(self, element: Element, actual: str, value: dict) -> None:
        fields = self.fields(actual)
        at = 0
        for child in element.children:
            while at < len(fields) and fields[at].name != child.name:
                at += 1
            if at == len(fields):
                raise SaxError(f"org.xml.sax.SAXException: {child.name} is an invalid element name of {actual}, "
                               "or stands in the wrong place")
            owner = self._owner(actual, fields[at])
            if child.namespace != self.prefixes[owner.prefix]:
                raise SaxError(f"org.xml.sax.SAXException: {child.name} is in the namespace {child.namespace}")
            one = self._value(child, fields[at].type)
            if fields[at].many:
                value.setdefault(child.name, []).append(one)
            else:
                value[child.name] = one
                at += 1

    def _owner(self, type_name: str, field: Field) -> Type:
        found = self.types[type_name]
        while field not in found.own:
            found = self.types[found.base]
        return found

    # Writing.
    def write(self, name: str, value: dict) -> str:
        """The global element of messages."""
        return self._element("platformMsgs", name, self.elements[(self.prefixes["platformMsgs"], name)], value,
                             "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in self.prefixes.items()) +
                             ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"')

    def _element(self, prefix: str, name: str, type_name: str, value, more: str = "") -> str:
        tag = f"{prefix}:{name}"
        if type_name not in self.types:
            return f"<{tag}{more}>{escape(value)}</{tag}>"
        actual = value.get("@xsi", type_name)
        known = self.attributes(actual)
        text = f"<{tag}{more}"
        if actual != type_name:
            text += f' xsi:type="{self.types[actual].prefix}:{actual}"'
        for key, content in value.items():
            if key[0] == "@" and key != "@xsi" and content is not None:
                if key[1:] not in known:
                    raise AssertionError(f"{actual} has no attribute {key}")
                text += f' {key[1:]}="{escape_attribute(content)}"'
        text += ">"
        names = {field.name for field in self.fields(actual)}
        unknown = [key for key in value if key[0] not in "@_" and key not in names]
        if unknown:
            raise AssertionError(f"{actual} has no {unknown[0]}")
        for field in self.fields(actual):
            if field.name not in value or value[field.name] is None:
                continue
            owner = self._owner(actual, field).prefix
            for one in value[field.name] if field.many else [value[field.name]]:
                text += self._element(owner, field.name, field.type, one)
        return text + f"</{tag}>"


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _type_of(node, prefix: str) -> Type:
    result = Type(node.get("name"), prefix, node.get("abstract") == "true")
    for extension in node.iter(XSD + "extension"):
        if _local(extension.get("base")) == "string":
            result.text = True
        else:
            result.base = _local(extension.get("base"))
    for element in node.iter(XSD + "element"):
        result.own.append(Field(element.get("name"), _local(element.get("type")),
                                element.get("maxOccurs") == "unbounded"))
    result.attributes = [attribute.get("name") for attribute in node.iter(XSD + "attribute")]
    return result


def _simple(element: Element, type_name: str) -> str:
    text = element.value()
    try:
        if type_name == "double":
            parse_decimal(text)
        elif type_name in ("long", "int"):
            int(text)
        elif type_name == "boolean" and text not in ("true", "false", "1", "0"):
            raise ValueError(text)
        elif type_name == "dateTime" and not _DATE_TIME.match(text):
            raise ValueError(text)
    except ValueError:
        raise SaxError(f"java.lang.NumberFormatException: {element.name} is no {type_name}: {text[:60]}") from None
    return text
