"""Names of records that no claim can meet: without a letter, with signs in them, or spoilt on the way."""

from __future__ import annotations

import re
import unicodedata

from educonnect_flow.directory.report import Kind
from educonnect_flow.validators.identity import LONGEST, fold, writable

_APART = re.compile("[ '’-]")
_LETTERS = "[A-Za-zÀ-ÖØ-öø-ÿŒœŸ]+"
_PLAIN = re.compile(rf"{_LETTERS}(?:[ '’-]{_LETTERS})*")
_SIGNS = frozenset(" \u00a0\u202f\u2009\u00ad'’‘ʼ`´′-‐‑‒–—−.,·")
"""Signs that a name may have between its letters."""
_ADDED = re.compile(
    r"(?:(?:MR|MME|MLLE|MELLE|MONSIEUR|MADAME|MADEMOISELLE|M\.)[ .].*|.*[ (-](?:EPSE|VVE|VEUVE)[ .].*"
    r"|INCONNUE?|NEANT|NON RENSEIGNEE?|SANS (?:PRE)?NOM|X{2,})",
)
"""A civility, two names joined by a word that no claim knows, or a word for none."""
_NONE = frozenset({"", "sansprenom", "sp"})
_LATIN = {ord(sign): byte for byte in range(0x80, 0xA0) if (sign := bytes([byte]).decode("cp1252", "ignore"))}
_TWICE_ENCODED = frozenset("ÃÂâÅ")
_LOOK_AGAIN = _TWICE_ENCODED | frozenset("xX")
_WORDS = frozenset(
    {"mr", "mme", "mlle", "melle", "monsieur", "madame", "mademoiselle", "epse", "vve", "veuve", "inconnu", "inconnue",
     "neant", "non", "s", "sans", "sansprenom", "sp"}
)  # fmt: skip
"""Words that are looked at again: see ``_ADDED`` and ``_NONE``."""


def fault_of_names(family: str, usage: str | None, given: str) -> tuple[Kind | None, bool]:
    """What is wrong with the names of a person; and whether they can be claimed nevertheless."""
    if _is_plain(given) and _is_plain(family) and (usage is None or _is_plain(usage)):
        return None, True
    wrong = [_unreadable(name) for name in (family, usage) if name]
    if not wrong or all(wrong):
        return Kind.NAME_UNREADABLE, False
    if not any(c.isalnum() for c in given):  # a parent with one name only claims without a given name
        return Kind.NO_GIVEN_NAME, True
    if fold(given[:LONGEST]) in _NONE:
        return Kind.NO_GIVEN_NAME, False
    if _unreadable(given):
        return Kind.NAME_UNREADABLE, False
    return (Kind.NAME_UNREADABLE if any(wrong) else None), True


def spoilt(family: str, given: str) -> bool:
    """Whether the name of a pupil cannot be read.  No form asks for it."""
    return not (_is_plain(family) and _is_plain(given)) and (_unreadable(family) or _unreadable(given))


def _is_plain(name: str) -> bool:
    """Whether *name* is one at first sight: most are.  Never true for what the full check refuses."""
    return (
        _PLAIN.fullmatch(name) is not None
        and _LOOK_AGAIN.isdisjoint(name)
        and _WORDS.isdisjoint(_APART.split((name if name.isascii() else _bare(name)).lower()))
        and len(name) <= LONGEST
    )


def _unreadable(name: str) -> bool:
    if len(name) > LONGEST or not writable(name):
        return True
    if any(not (c in _SIGNS or unicodedata.category(c)[0] in "LM") for c in name):
        return True
    if _TWICE_ENCODED.intersection(name) and _was_utf_8(name):
        return True
    return _ADDED.fullmatch(_bare(name.upper())) is not None


def _bare(name: str) -> str:
    """*name* without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def _was_utf_8(name: str) -> bool:
    """Whether *name* is UTF-8 that was read as Latin: ``Ã‰milie``."""
    try:
        # cp1252's signs come from the same bytes as the control characters of Latin-1.
        name.translate(_LATIN).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True
