"""Identifiers ``p.nomXX``: unique, not guessable as a sequence, and as cheap for the last homonym as for the first.

Source: the guide (« Identifiant au format p.nomXX »); the digits for homonyms are assumed.
"""

from __future__ import annotations

import re

LONGEST = 40
"""Maximum number of letters of the family name in an identifier."""

_OTHER = re.compile(r"[^a-z]+")


def base(given_name: str, family_name: str) -> str:
    """``e.durand``: initial, dot, family name; transliterated to a–z, never empty (``x`` instead)."""
    initial = _letters(given_name)[:1] or "x"
    return f"{initial}.{_letters(family_name)[:LONGEST] or 'x'}"


def _letters(name: str) -> str:
    from anyascii import anyascii  # imported here: only the last page needs it

    return _OTHER.sub("", anyascii(name[:100]).lower())


def width(issued: int) -> int:
    """The number of digits of the next identifier: two; one more as soon as half of the numbers are used.

    So a random draw collides at most every second time.

    :param issued: how many identifiers with the same letters exist.
    """
    digits = 2
    while issued * 2 >= 10**digits:
        digits += 1
    return digits
