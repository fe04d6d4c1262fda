"""Values as the exports write them."""

from __future__ import annotations

import re
from datetime import date, time

_FRENCH = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?:[ T].*)?")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T].*)?")
_BASIC = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME = re.compile(r".*[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?.*")
_UAI = re.compile(r"[0-9]{7}[A-Z]")
_YEARS = re.compile(r"(20[0-9]{2})(?:\s*[-/]\s*((?:20)?[0-9]{2}))?")

_WINDOWS = {
    point: character
    for point in range(0x80, 0xA0)
    if (character := bytes([point]).decode("cp1252", "replace")) != "\ufffd"
}
"""What Windows has where ISO-8859 has control characters: a file that says ISO-8859 often holds it."""


def day(text: str) -> date | None:
    """``21/09/2007``, ``1/9/2007`` or ``2007-09-21``, also with a time after it; ``None`` for anything else."""
    try:
        if found := _FRENCH.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    return None


def basic_day(text: str) -> date | None:
    """``20070921``; ``None`` for anything else."""
    found = _BASIC.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def moment(text: str) -> str:
    """A day and a time, as they are compared: ``2007-09-21T09:30:00``, or ``2007-09-21``; empty if *text* is none."""
    found = day(text)
    if found is None:
        return ""
    at = _TIME.fullmatch(text)
    try:
        return f"{found}T{time(int(at[1]), int(at[2]), int(at[3] or 0))}" if at else f"{found}"
    except ValueError:
        return f"{found}"


def uai_of(text: str) -> str | None:
    """The number of a school, in capitals; ``None`` when *text* is not written like one."""
    number = text.strip().upper()
    return number if _UAI.fullmatch(number) else None


def year_of(text: str) -> int | None:
    """The year in which a school year begins: ``2026``, ``2026-2027``, ``2026/27``; ``None`` for anything else."""
    found = _YEARS.fullmatch(text.strip())
    if found is None or (found[2] and int(found[2]) % 100 != (int(found[1]) + 1) % 100):
        return None
    return int(found[1])


def read_text(text: str) -> str:
    """*text* without the spaces around it, with the letters of Windows in the place of control characters."""
    text = text.strip()
    return text if text.isascii() else text.translate(_WINDOWS)
