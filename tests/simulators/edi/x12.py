"""X12 as this partner writes and reads it: written for the simulator, sharing no code with any adapter."""

from __future__ import annotations

import datetime


class X12Error(Exception):
    """The envelope is wrong: control number of the interchange, TA1 note code."""


class Wire:
    def __init__(self, element: str = "*", component: str = ">", terminator: str = "~", line_break: str = "\n"):
        self.element, self.component, self.terminator, self.line_break = element, component, terminator, line_break

    def segment(self, *elements) -> str:
        texts = ["" if one is None else str(one) for one in elements]
        while texts and not texts[-1]:
            texts.pop()
        return self.element.join(texts) + self.terminator + self.line_break

    def interchange(self, control: int, sender: str, receiver: str, groups: list, now: datetime.datetime,
                    se_wrong_by: int = 0, usage: str = "P") -> str:
        """`groups`: [(functional id, [(set id, [[tag, element, ...], ...]), ...])]."""
        e = self.element
        text = e.join(["ISA", "00", " " * 10, "00", " " * 10, "ZZ", sender.ljust(15), "ZZ", receiver.ljust(15),
                       now.strftime("%y%m%d"), now.strftime("%H%M"), "U", "00401", f"{control:09d}", "0", usage,
                       self.component]) + self.terminator + self.line_break
        for number, (functional, sets) in enumerate(groups, 1):
            group = control * 10 + number
            text += self.segment("GS", functional, sender, receiver, now.strftime("%Y%m%d"), now.strftime("%H%M"),
                                 group, "X", "004010")
            for place, (name, segments) in enumerate(sets, 1):
                text += self.segment("ST", name, f"{place:04d}")
                for one in segments:
                    text += self.segment(*one)
                text += self.segment("SE", len(segments) + 2 + se_wrong_by, f"{place:04d}")
            text += self.segment("GE", len(sets), group)
        return text + self.segment("IEA", len(groups), f"{control:09d}")


def read(text: str) -> dict:
    """One interchange: {control, sender, groups: [{id, control, sets: [{id, control, segments, wrong}]}]}."""
    if not text.startswith("ISA") or len(text) < 106:
        raise X12Error("no ISA of 106 characters")
    element, terminator = text[3], text[105]
    segments = [one.strip("\r\n") for one in text.split(terminator)]
    segments = [one.split(element) for one in segments if one]
    isa = segments[0]
    found = {"control": int(isa[13]), "sender": isa[6].strip(), "receiver": isa[8].strip(), "groups": []}
    group = one = None
    for segment in segments[1:]:
        tag = segment[0]
        if tag == "GS":
            group = {"id": segment[1], "control": segment[6], "sets": []}
            found["groups"].append(group)
        elif tag == "ST":
            one = {"id": segment[1], "control": segment[2], "segments": [], "wrong": ""}
            group["sets"].append(one)
        elif tag == "SE":
            if int(segment[1]) != len(one["segments"]) + 2 or segment[2] != one["control"]:
                one["wrong"] = "4"
            one = None
        elif tag == "GE":
            if int(segment[1]) != len(group["sets"]) or segment[2] != group["control"]:
                raise X12Error("GE does not fit its group")
            group = None
        elif tag == "IEA":
            if int(segment[1]) != len(found["groups"]) or int(segment[2]) != found["control"]:
                raise X12Error("IEA does not fit its interchange")
            return found
        elif one is not None:
            one["segments"].append(segment)
        elif tag != "TA1":
            raise X12Error(f"{tag} stands outside a set")
    raise X12Error("there is no IEA")


def value(segment: list, element: int) -> str:
    return segment[element] if element < len(segment) else ""


def pair(segment: list, first: int, qualifier: str) -> str:
    """What a qualifier says, among pairs from `first` on."""
    for place in range(first, len(segment) - 1, 2):
        if segment[place] == qualifier:
            return segment[place + 1]
    return ""
