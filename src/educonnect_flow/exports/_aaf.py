"""AAF: what digital workspaces receive, complete or as deltas, in numbered parts: ``…_Delta_20261123_Eleve_0000.xml``.

Both degrees; the names of their attributes differ.  A file holds several schools where the academy sends several.  A
delta says what changed since the export before it, so the requests are kept apart from what they come to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from attrs import frozen

from educonnect_flow.exports._fields import day, is_uai
from educonnect_flow.exports._items import Entry, ExportError, Link, Person, School, Student
from educonnect_flow.exports._source import Source
from educonnect_flow.exports._xml import Element, elements, whole
from educonnect_flow.people import Relation

ROOT = "ficAlimMENESR"

Attributes = Mapping[str, Sequence[str]]

_NAME = re.compile(
    r"(?P<feed>.*?)(?:_(?P<kind>Complet|Delta)_(?P<day>[0-9]{8}))?_(?P<part>Eleve|PersRelEleve|EtabEducNat)_[0-9]{4}\.xml",
    re.IGNORECASE,
)
_OTHER = re.compile(r".*_(PersEducNat|MefEducNat|MatiereEducNat)_[0-9]{4}\.xml", re.IGNORECASE)
"""Staff, curricula and subjects, which come with the rest."""
_LINK_PARTS = 6

_MOBILE = ("mobile", "ENTPersonMobileSMS", "ENTPersRelEleveTelMobile")
_OTHER_PHONES = ("homePhone", "telephoneNumber", "ENTPersonTelPerso", "ENTPersRelEleveTelPro")
_FAMILY, _USAGE, _GIVEN = ("ENTPersonNomPatro",), ("sn", "ENTPersonNom"), ("givenName", "ENTPersonPrenom")
_OTHERS, _BORN = "ENTPersonAutresPrenoms", ("ENTPersonDateNaissance",)
_LEFT = ("ENTEleveDateSortieStructRattach", "ENTEleveDateSortieClasses")
_SCHOOL = ("ENTPersonStructRattach",)
_UAI, _SCHOOL_NAME = ("ENTStructureUAI", "ENTEtablissementUAI"), ("ENTStructureNomCourant",)
_SECOND_DEGREE_LINKS, _FIRST_DEGREE_LINKS = "ENTElevePersRelEleve", "ENTEleveAutoriteParentale"

READ = frozenset(
    (*_MOBILE, *_OTHER_PHONES, *_FAMILY, *_USAGE, *_GIVEN, _OTHERS, *_BORN, *_LEFT, *_SCHOOL, *_UAI, *_SCHOOL_NAME,
     _SECOND_DEGREE_LINKS, _FIRST_DEGREE_LINKS)
)  # fmt: skip
"""The attributes that are read; all others are left in the file."""


class Part(Enum):
    """What a file is about."""

    SCHOOLS = "EtabEducNat"
    GUARDIANS = "PersRelEleve"
    PUPILS = "Eleve"


class Operation(Enum):
    """What a request does."""

    ADD = "addRequest"
    MODIFY = "modifyRequest"
    DELETE = "deleteRequest"


@frozen(slots=False)
class Named:
    """What the name of a file says."""

    part: Part
    feed: str
    """Whose exports follow each other: what the name begins with."""
    delta: bool
    day: str
    """``yyyymmdd``; empty when the name does not say it."""


@frozen(slots=False)
class Request:
    """One entry of a file."""

    part: Part
    operation: Operation
    id: str
    attributes: Attributes
    """Of a modification only those that change: each is then as it is here."""
    file: str
    line: int


def is_other(source: Source) -> bool:
    """Whether the file is of an AAF, and says nothing of families."""
    return _OTHER.fullmatch(source.name) is not None


def named(source: Source) -> Named:
    """What the name of the file says.

    :raises ExportError: when it does not say which part it is.
    """
    found = _NAME.fullmatch(source.name)
    if found is None:
        raise ExportError("an AAF whose name does not say which part it is", source.name)
    part = next(part for part in Part if part.value.lower() == found["part"].lower())
    return Named(part, found["feed"], (found["kind"] or "").lower() == "delta", found["day"] or "")


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
        if not identity:
            raise ExportError(f"{element.tag} without an id", source.name, element.sourceline)
        attributes = _attributes(source, element)
        yield Request(name.part, operation, identity, attributes, source.name, element.sourceline)


def _attributes(source: Source, element: Element) -> Attributes:
    found = {}
    for attribute in element.iter("attr", "modification"):
        name = attribute.get("name")
        if name in READ:
            # What else a modification may be is in no file that was seen: it is told, not guessed.
            if attribute.get("operation", "replace") != "replace":
                raise ExportError("a modification that is no replacement", source.name, attribute.sourceline)
            texts = ((child, child.text.strip()) for child in attribute if child.text)
            found[name] = [whole(source, child, text) for child, text in texts if text]
    return found


def entries(part: Part, identity: str, found: Attributes, file: str, line: int) -> Iterator[Entry]:
    """What a guardian or a pupil comes to."""
    if part is Part.GUARDIANS:
        yield _person(identity, found, line)
    else:
        left = _first(found, _LEFT)
        yield Student(
            id=identity,
            family_name=_first(found, _FAMILY) or _first(found, _USAGE),
            given_name=_first(found, _GIVEN),
            usage_name=_first(found, _USAGE) or None,
            birth_date=day(_first(found, _BORN)),
            left=day(left) if left else None,
            school=_first(found, _SCHOOL) or None,
            line=line,
        )
        for value in found.get(_SECOND_DEGREE_LINKS, ()):
            yield _link(identity, value, file, line)
        for value in found.get(_FIRST_DEGREE_LINKS, ()):
            yield Link(person=value.split("$")[0], pupil=identity, relation=Relation.LEGAL_REPRESENTATIVE, line=line)


def school(found: Attributes, file: str, line: int) -> School:
    """What a school comes to.

    :raises ExportError: when it has no number.
    """
    uai = _first(found, _UAI)
    if not is_uai(uai):
        raise ExportError("a school without its number", file, line)
    return School(uai=uai, name=_first(found, _SCHOOL_NAME) or None)


def _person(identity: str, found: Attributes, line: int) -> Person:
    birth, usage = _first(found, _FAMILY), _first(found, _USAGE)
    phones = tuple(dict.fromkeys(phone for name in _MOBILE for phone in found.get(name, ())))
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


def _link(pupil: str, value: str, file: str, line: int) -> Link:
    """Six parts: guardian, kinship, payer, legal, contact, payment.

    Legal 1 is a legal representative in every version; 2 is the second one in the first, and a person in charge for
    others: it is told apart by nobody who does not know, so it is unknown.
    """
    parts = value.split("$")
    if len(parts) != _LINK_PARTS:
        raise ExportError("ENTElevePersRelEleve has not six parts", file, line)
    legal = parts[3]
    relation = Relation.LEGAL_REPRESENTATIVE if legal == "1" else None
    return Link(person=parts[0], pupil=pupil, relation=relation, unknown=legal == "2", line=line)


def _first(found: Attributes, names: Sequence[str]) -> str:
    for name in names:
        values = found.get(name)
        if values:
            return values[0]
    return ""
