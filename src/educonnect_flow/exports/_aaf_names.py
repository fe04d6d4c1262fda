"""What the name of a file of an AAF says: ``ENT_0750001A_Delta_20261123_Eleve_0000.xml``."""

from __future__ import annotations

import re
from enum import Enum

from attrs import frozen

from educonnect_flow.exports._fields import basic_day
from educonnect_flow.exports._items import ExportError
from educonnect_flow.exports._source import Source

_PART = re.compile(r"(?P<head>.*)_(?P<part>Eleve|PersRelEleve|EtabEducNat)_[0-9]{1,6}\.xml", re.IGNORECASE)
_OTHER = re.compile(r".*_(PersEducNat|MefEducNat|MatiereEducNat)_[0-9]{1,6}\.xml", re.IGNORECASE)
"""Staff, curricula and subjects, which come with the rest."""
_COMPLETE, _DELTA = frozenset({"complet", "complete"}), "delta"
_NUMBER = re.compile(r"[0-9]{1,6}")


class Part(Enum):
    """What a file is about."""

    SCHOOLS = "EtabEducNat"
    GUARDIANS = "PersRelEleve"
    PUPILS = "Eleve"


@frozen(slots=False)
class Named:
    """What the name of a file says."""

    part: Part
    feed: str
    """Whose exports follow each other: what the name begins with."""
    delta: bool
    day: str
    """``yyyymmdd``; empty when the name does not say it."""
    number: int | None = None
    """Which of the feed's exports it is, where the feed numbers them: between the day and the part."""


def is_other(source: Source) -> bool:
    """Whether the file is of an AAF, and says nothing of families."""
    return _OTHER.fullmatch(source.name) is not None


def named(source: Source) -> Named:
    """What the name of the file says.

    :raises ExportError: when it does not say which part it is; of a delta, when it does not say the day.
    """
    found = _PART.fullmatch(source.name)
    if found is None:
        raise ExportError("an AAF whose name does not say which part it is", source.name)
    part = next(part for part in Part if part.value.lower() == found["part"].lower())
    words = found["head"].split("_")
    kinds = [n for n, word in enumerate(words) if word.lower() in {*_COMPLETE, _DELTA}]
    if not kinds:
        if _DELTA in found["head"].lower():
            raise ExportError("a delta whose name does not say so in a word of its own (_Delta_)", source.name)
        return Named(part, found["head"], delta=False, day="")
    if len({words[n].lower() == _DELTA for n in kinds}) > 1:
        raise ExportError("its name says that it is complete, and that it is a delta", source.name)
    delta, rest = words[kinds[0]].lower() == _DELTA, words[kinds[0] + 1 :]
    days = [word for word in rest if basic_day(word) is not None]
    if delta and len(days) != 1:
        raise ExportError(
            "a delta whose name has no day that can be read, of eight digits (…_Delta_20261123_…): "
            "without it, the export that it follows is unknown",
            source.name,
        )
    numbers = [int(word) for word in rest if _NUMBER.fullmatch(word)]
    return Named(
        part,
        "_".join(words[: kinds[0]]),
        delta=delta,
        day=days[0] if len(days) == 1 else "",
        number=numbers[0] if len(numbers) == 1 else None,
    )
