"""Values as the exports write them."""

from __future__ import annotations

import re
from datetime import date

_FRENCH = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_UAI = re.compile(r"[0-9]{7}[A-Z]")


def day(text: str) -> date | None:
    """``21/09/2007`` or ``2007-09-21``; ``None`` for anything else."""
    found = _FRENCH.fullmatch(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_uai(text: str) -> bool:
    """Whether *text* is written like the number of a school."""
    return bool(_UAI.fullmatch(text))
