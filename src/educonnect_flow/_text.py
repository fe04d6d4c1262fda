"""JSON for stores, and foreign text made safe for a terminal or a spreadsheet."""

from __future__ import annotations

import json
from json.encoder import c_make_encoder, encode_basestring_ascii  # type: ignore[attr-defined]  # there is one in CPython
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_parts: Any = (
    # JSONEncoder makes it for each call, which takes longer than encoding most of our values: here it is made once.
    c_make_encoder(None, _ENCODER.default, encode_basestring_ascii, None, ":", ",", False, False, True)
    if c_make_encoder is not None
    else lambda value, _: _ENCODER.iterencode(value)
)


def encode(value: Any) -> str:
    """*value* as compact JSON in ASCII."""
    return "".join(_parts(value, 0))


def printable(text: str) -> str:
    """*text* without characters that control a terminal, or hide or reorder text (control and format characters, lone
    surrogates, line ends): white space becomes a plain space, the others are removed.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
