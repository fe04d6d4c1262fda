"""JSON as stores keep it, and text of others as a terminal and a spreadsheet may have it."""

from __future__ import annotations

import json
from json.encoder import c_make_encoder, encode_basestring_ascii  # type: ignore[attr-defined]  # there is one in CPython
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_parts: Any = (
    # As JSONEncoder makes it for each call; made once, for that takes longer than most of our values do.
    c_make_encoder(None, _ENCODER.default, encode_basestring_ascii, None, ":", ",", False, False, True)
    if c_make_encoder is not None
    else lambda value, _: _ENCODER.iterencode(value)
)


def encode(value: Any) -> str:
    """*value* as compact JSON in ASCII."""
    return "".join(_parts(value, 0))


def printable(text: str) -> str:
    """*text* without what steers a terminal, hides or reorders what is read (control and format characters, halves of
    characters, ends of lines): white space becomes a plain space, the rest is dropped.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
