"""AAF: what digital workspaces receive, complete or as deltas, in numbered parts: ``…_Delta_20261123_Eleve_0000.xml``.

Both degrees; the names of their attributes differ.  A file holds several schools where the academy sends several.  A
delta says what changed since the export before it, so the requests are kept apart from what they come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum

from attrs import frozen

from educonnect_flow.exports._aaf_names import Part, named
from educonnect_flow.exports._fields import day, uai_of
from educonnect_flow.exports._items import Entry, ExportError, Link, Person, School, Student, Why
from educonnect_flow.exports._kinship import is_the_pupil, meaning_of_two
from educonnect_flow.exports._source import Source
from educonnect_flow.exports._xml import Element, SpoiltError, elements, text_of
from educonnect_flow.people import Relation

ROOT = "ficAlimMENESR"

Attributes = Mapping[str, Sequence[str]]

_LINK_PARTS = 6
_LEGAL, _SECOND, _CONTACT = "1", "2", frozenset("03")

_MOBILE = ("mobile", "ENTPersonMobileSMS", "ENTPersRelEleveTelMobile")
_OTHER_PHONES = ("homePhone", "telephoneNumber", "ENTPersonTelPerso", "ENTPersRelEleveTelPro")
_FAMILY, _USAGE, _GIVEN = ("ENTPersonNomPatro",), ("sn", "ENTPersonNom"), ("givenName", "ENTPersonPrenom")
_OTHERS, _BORN = "ENTPersonAutresPrenoms", ("ENTPersonDateNaissance",)
_LEFT_SCHOOL = "ENTEleveDateSortieStructRattach"
_LEFT_CLASS, _JOINED_CLASS, _CLASSES = (
    "ENTEleveDateSortieClasses", "ENTEleveDateEntreeClasses", ("ENTPersonClasses", "ENTEleveClasses")
)  # fmt: skip
_SCHOOL = ("ENTPersonStructRattach",)
_UAI, _SCHOOL_NAME = ("ENTStructureUAI", "ENTEtablissementUAI"), ("ENTStructureNomCourant",)
_SIX_PARTS, _OLDER_LINKS = "ENTElevePersRelEleve", "ENTEleveAutoriteParentale"

READ = frozenset(
    (*_MOBILE, *_OTHER_PHONES, *_FAMILY, *_USAGE, *_GIVEN, _OTHERS, *_BORN, _LEFT_SCHOOL, _LEFT_CLASS, _JOINED_CLASS,
     *_CLASSES, *_SCHOOL, *_UAI, *_SCHOOL_NAME, _SIX_PARTS, _OLDER_LINKS)
)  # fmt: skip
"""The attributes that are read; all others are left in the file."""


class Operation(Enum):
    """What a request does."""

    ADD = "addRequest"
    MODIFY = "modifyRequest"
    DELETE = "deleteRequest"


@frozen(slots=False)
class Request:
    """One entry of a file."""

    part: Part
    operation: Operation
    id: str
    """Empty when it has none."""
    attributes: Attributes
    """Of a modification only those that change: each is then as it is here."""
    spoilt: bool
    """Something in it cannot be read: the present content of the entry is unknown."""
    file: str
    line: int


def requests(source: Source) -> Iterator[Request]:
    """The entries of one file, with what is read of them.

    :raises ExportError: when it is malformed, or a complete export holds anything but additions.
    """
    name = named(source)
    for element in elements(source, ROOT, *(operation.value for operation in Operation)):
        operation = Operation(element.tag)
        if operation is not Operation.ADD and not name.delta:
            raise ExportError("a delta under the name of a complete export", source.name, element.sourceline)
        identity = (element.findtext("identifier/id") or "").strip()
        try:
            attributes, spoilt = _attributes(element), not identity
        except SpoiltError:
            attributes, spoilt = {}, True
        yield Request(name.part, operation, identity, attributes, spoilt, source.name, element.sourceline)


def _attributes(element: Element) -> Attributes:
    found: dict[str, list[str]] = {}
    for attribute in element.iter("attr", "modification"):
        name = attribute.get("name")
        if name in READ:
            # What else a modification may be is in no file that was seen: it is not guessed.
            if attribute.get("operation", "replace") != "replace":
                raise SpoiltError
            found.setdefault(name, []).extend(filter(None, map(text_of, attribute)))
    return found


def entries(part: Part, identity: str, found: Attributes, line: int) -> Iterator[Entry]:
    """What a guardian or a pupil comes to."""
    if part is Part.GUARDIANS:
        yield _person(identity, found, line)
        return
    school = _first(found, _SCHOOL)
    left, on_a_day = _left(found, school)
    yield Student(
        id=identity,
        family_name=_first(found, _FAMILY) or _first(found, _USAGE),
        given_name=_first(found, _GIVEN),
        usage_name=_first(found, _USAGE) or None,
        birth_date=day(_first(found, _BORN)),
        left=left,
        left_on_a_day=on_a_day,
        phones=_mobiles(found),
        school=school or None,
        line=line,
    )
    # The older attribute counts only where there are none of the six parts: a delta may have emptied them.
    if _SIX_PARTS in found:
        for value in found[_SIX_PARTS]:
            yield _link(identity, value, line)
    else:
        for value in found.get(_OLDER_LINKS, ()):
            yield _older_link(identity, value, line)


def school(found: Attributes) -> School | None:
    """What a school comes to; ``None`` when it has no regular number: services of the State have none."""
    uai = uai_of(_first(found, _UAI))
    return None if uai is None else School(uai=uai, name=_first(found, _SCHOOL_NAME) or None)


def _left(found: Attributes, school: str) -> tuple[date | None, bool]:
    """The day on which a pupil left the school, if one is said; and whether it can be read.

    Who left a class left the school only when there is no class since.  A value is a bare day, or
    ``structure$day$class``.
    """
    exits = [_Exit(value) for value in found.get(_LEFT_SCHOOL, ())]
    out = [one for one in exits if one.school in {"", school}]
    if not out:
        classes = [_Exit(value) for value in found.get(_LEFT_CLASS, ())]
        out = [one for one in classes if one.school in {"", school}]
        joined = _latest(one for one in map(_Exit, found.get(_JOINED_CLASS, ())) if one.day is not None)
        left = _latest(out)
        if any(_goes_on(value, school, left, joined) for name in _CLASSES for value in found.get(name, ())):
            return None, True
    days = [one.day for one in out]
    known = [one for one in days if one is not None]
    return max(known, default=None), len(known) == len(days)


class _Exit:
    """``15/11/2026``, or ``structure$15/11/2026$class``."""

    def __init__(self, value: str) -> None:
        parts = [part.strip() for part in value.split("$")]
        bare = len(parts) == 1
        self.school = "" if bare else parts[0]
        self.day = day(parts[0] if bare else parts[1])
        self.group = "" if bare else "$".join(parts[2:])


def _latest(entries: Iterable[_Exit]) -> dict[str, date]:
    """By class, its latest day; a day that cannot be read is later than all others."""
    days: dict[str, date] = {}
    for one in entries:
        if one.group:
            days[one.group] = max(days.get(one.group, date.min), one.day or date.max)
    return days


def _goes_on(value: str, school: str, left: Mapping[str, date], joined: Mapping[str, date]) -> bool:
    """Whether the pupil is still in the class *value*, ``structure$…``, of the school.

    :param left: by class, the latest day on which the pupil left it.
    :param joined: by class, the latest day on which the pupil joined it.
    """
    parts = [part.strip() for part in value.split("$")]
    if len(parts) > 1 and parts[0] != school:
        return False
    out = max((left[part] for part in parts if part in left), default=None)
    return out is None or any(joined[part] > out for part in parts if part in joined)


def _mobiles(found: Attributes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phone for name in _MOBILE for phone in found.get(name, ())))


def _person(identity: str, found: Attributes, line: int) -> Person:
    birth, usage = _first(found, _FAMILY), _first(found, _USAGE)
    phones = _mobiles(found)
    return Person(
        id=identity,
        family_name=birth or usage,
        usage_name=usage if birth and usage != birth else None,
        given_name=_first(found, _GIVEN),
        other_given_names=tuple(found.get(_OTHERS, ())),
        phones=phones,
        elsewhere=() if phones else tuple(phone for name in _OTHER_PHONES for phone in found.get(name, ())),
        line=line,
    )


def _link(pupil: str, value: str, line: int) -> Link:
    """Six parts: guardian, kinship, payer, legal, contact, payment."""
    parts = [part.strip() for part in value.split("$")]
    if len(parts) != _LINK_PARTS or not parts[0]:
        return Link(person=parts[0], pupil=pupil, relation=None, why=Why.LINK_MALFORMED, line=line)
    person, kinship, _, legal, *_ = parts
    relation: Relation | None = None
    why: Why | None = None
    if legal in _CONTACT:
        pass
    elif is_the_pupil(kinship):
        why = Why.PUPIL_AS_GUARDIAN
    elif legal in {_LEGAL, _SECOND}:
        relation = Relation.LEGAL_REPRESENTATIVE if legal == _LEGAL else meaning_of_two(kinship)
        why = None if relation is not None else Why.RELATION_UNKNOWN
    else:
        why = Why.LINK_MALFORMED
    return Link(person=person, pupil=pupil, relation=relation, why=why, line=line)


def _older_link(pupil: str, value: str, line: int) -> Link:
    """``guardian``, or ``guardian$kinship``."""
    person, *kinship = [part.strip() for part in value.split("$")]
    why = None
    if not person or len(kinship) > 1:
        why = Why.LINK_MALFORMED
    elif is_the_pupil("".join(kinship)):
        why = Why.PUPIL_AS_GUARDIAN
    return Link(person=person, pupil=pupil, relation=Relation.LEGAL_REPRESENTATIVE, why=why, line=line)


def _first(found: Attributes, names: Sequence[str]) -> str:
    for name in names:
        values = found.get(name)
        if values:
            return values[0]
    return ""
