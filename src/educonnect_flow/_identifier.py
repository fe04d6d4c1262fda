"""Identifiers ``p.nomXX``: unique, not to be guessed as a sequence, and as cheap for the last homonym as for the first.

Source: the guide (« Identifiant au format p.nomXX »); how homonyms are told apart is assumed.
"""

from __future__ import annotations

import re

LONGEST = 40
"""Letters of the family name in an identifier, at most."""

_OTHER = re.compile(r"[^a-z]+")


def base(given_name: str, family_name: str) -> str:
    """``e.durand``: initial, dot, family name; a–z only after transliteration, never empty (``x`` stands in)."""
    initial = _letters(given_name)[:1] or "x"
    return f"{initial}.{_letters(family_name)[:LONGEST] or 'x'}"


def _letters(name: str) -> str:
    from anyascii import anyascii  # here, for only the last page needs it

    return _OTHER.sub("", anyascii(name[:100]).lower())


def width(issued: int) -> int:
    """How many digits the next identifier of a base has: two, and more before half of them are given out.

    So at most every second draw meets one that is taken, however many there are.
    """
    digits = 2
    while issued * 2 >= 10**digits:
        digits += 1
    return digits
