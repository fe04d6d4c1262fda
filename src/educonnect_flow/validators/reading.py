"""What a parent typed or pasted, read once for all validators and all hosts: digits, and what is set around them.

Invisible characters are dropped, separators become spaces, and digits of any script become those of ASCII.  Nothing but
a digit is ever made into a digit.  Callers bound the length before.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from educonnect_flow._secrecy import Hidden

LONGEST_CODE = 1_000
"""Characters of a pasted code, at most: a whole message has some 150."""
LONGEST_DATE = 40
"""Characters of a date, at most."""

_DROPPED = frozenset({"Cf", "Mn", "Me", "Cs", "Co", "Cn"})
"""Categories of invisible characters: marks of direction, joiners, variation selectors."""
_SPACES = frozenset({"Zs", "Zl", "Zp", "Cc"})
_LIKE = {chr(point + 0xFEE0): chr(point) for point in range(0x21, 0x7F) if not chr(point).isalnum()} | {
    "\u2044": "/", "\u2215": "/", "\u00b7": ".", "\u2027": ".",
}  # fmt: skip
"""Signs in the width of East Asian letters, and other strokes and dots, as ASCII has them."""


def plain(text: str) -> Hidden:
    """*text* with ASCII digits, plain spaces and hyphens, and nothing invisible; letters stay as they are."""
    if text.isascii() and text.isprintable():
        return Hidden(text)
    return Hidden("".join(map(_plain, text)))


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in _DROPPED:
        return ""
    if category in _SPACES:
        return " "
    if category == "Pd" or character == "\u2212":  # the sign of minus
        return "-"
    return _LIKE.get(character, character)


_SCHEME = re.compile(r"\s*tel:\s*", re.IGNORECASE)


def read_number(text: str) -> Hidden:
    """*text* as a number is written: without ``tel:`` before it and space around it.

    :param text: of bounded length.
    """
    return Hidden(_SCHEME.sub("", plain(text), count=1).strip() if "tel:" in text.lower() else plain(text).strip())


_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[ .-]+(?=[0-9])")


def read_code(text: str, length: int) -> Hidden | None:
    """The one run of *length* digits in what was pasted; ``None`` when there is none, or when there are two codes.

    Digits in groups (``123 456``, ``123-456``) are one run, unless a run of the right length is there without that.
    """
    if len(text) > LONGEST_CODE:
        return None
    read, run = plain(text), re.compile(f"(?<![0-9])[0-9]{{{length}}}(?![0-9])")
    found = set(map(Hidden, run.findall(read) or run.findall(_BETWEEN_DIGITS.sub("", read))))
    return found.pop() if len(found) == 1 else None


_MONTHS = (
    ("janvier", "janv", "jan", "january"), ("fevrier", "fevr", "fev", "february", "feb"), ("mars", "mar", "march"),
    ("avril", "avr", "april", "apr"), ("mai", "may"), ("juin", "june", "jun"),
    ("juillet", "juil", "jul", "july"), ("aout", "aou", "august", "aug"), ("septembre", "sept", "sep", "september"),
    ("octobre", "oct", "october"), ("novembre", "nov", "november"), ("decembre", "dec", "december"),
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAYS = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
_ISO = re.compile(r"([0-9]{4}) ?[/-] ?([0-9]{1,2}) ?[/-] ?([0-9]{1,2})\Z")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?: ?[/.-] ?| )([0-9]{1,2})(?: ?[/.-] ?| )([0-9]{4})\Z|([0-9]{2})([0-9]{2})([0-9]{4})\Z"
)
_NAMED = re.compile(rf"(?:le )?(?:(?:{_WEEKDAYS}),? )?([0-9]{{1,2}})(?:er)?[ -]([a-z]+)\.?[ -]([0-9]{{4}})\Z")


def read_date(value: date | str) -> date | None:
    """*value* as a real day: day, month, year in any usual writing, or ISO; ``None`` when it is no such text.

    ``1/9/2012``, ``01-09-2012``, ``01.09.2012``, ``01092012``, ``1er septembre 2012``, ``2012-09-01``.  The month never
    comes before the day, and a year has four digits.
    """
    if isinstance(value, date):
        return value
    if len(value) > LONGEST_DATE:
        return None
    text = Hidden(" ".join(unicodedata.normalize("NFD", plain(value).casefold()).translate(_UNACCENTED).split()))
    year, month, day = _parts(_ISO, text) or (_parts(_DAY_FIRST, text) or _parts(_NAMED, text) or [""] * 3)[::-1]
    month = str(_MONTH_OF.get(month, month))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _parts(pattern: re.Pattern[str], text: str) -> list[str]:
    """The three parts of *text*, or nothing; no match object is kept, for its repr shows the text."""
    return [part for part in (pattern.match(text) or _NOTHING).groups() if part]


_NOTHING: re.Match[str] = re.compile("").match("")  # type: ignore[assignment]  # it matches
_UNACCENTED = dict.fromkeys(range(0x300, 0x370))
"""The accents of French, once they are apart from their letters."""
