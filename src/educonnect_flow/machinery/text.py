"""JSON as stores keep it, and text of others as a terminal and a spreadsheet may have it."""

from __future__ import annotations

import json

encode = json.JSONEncoder(separators=(",", ":")).encode
"""A value as compact JSON.  Made once: ``json.dumps`` with separators makes an encoder for each call."""


def printable(text: str) -> str:
    """*text* without what steers a terminal, hides or reorders what is read (control and format characters, halves of
    characters, ends of lines): white space becomes a plain space, the rest is dropped.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
