"""A copy of the sample site's configuration on other ports, for tests that run beside each other."""

from __future__ import annotations

import os
import re
import secrets
import shutil

GATE = '"enforced": true'
GUARDS = re.compile(r'^  "guards": \{\n.*?\n  \},\n', re.MULTILINE | re.DOTALL)


def make_key(data: str) -> str:
    """The key that kept answers are sealed with, in `data`: made once, its owner's only; answers its path."""
    path = os.path.join(data, "parity.key")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path  # With the data of an earlier run.
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return path


def copied_site(config: str, folder: str, ports: tuple[int, int]) -> str:
    """Copies the configuration and its rule file into `folder`; answers the copy's path."""
    os.makedirs(folder, exist_ok=True)
    here = os.path.dirname(os.path.abspath(config))
    for name in os.listdir(here):
        if name.endswith(".json"):
            shutil.copy(os.path.join(here, name), os.path.join(folder, name))
    copy = os.path.join(folder, os.path.basename(config))
    with open(copy, encoding="utf-8") as file:
        text = file.read()
    for standard, port in zip(("8080", "8081"), ports):
        if text.count(f'"port": {standard}') != 1:
            raise ValueError(f"{config} does not name port {standard} exactly once")
        text = text.replace(f'"port": {standard}', f'"port": {port}')
    with open(copy, "w", encoding="utf-8") as file:
        file.write(text)
    return copy


def without_gate(text: str) -> str:
    """The configuration's text with a gate that is shown and refuses nothing."""
    if text.count(GATE) != 1:
        raise ValueError("the configuration does not say exactly once that its gate is enforced")
    return text.replace(GATE, '"enforced": false')


def without_guards(text: str) -> str:
    """The configuration's text with no guard on."""
    text, found = GUARDS.subn("", text)
    if found != 1:
        raise ValueError("the configuration does not name its guards exactly once")
    return text
