"""SIECLE: ``ResponsablesAvecAdresses.xml`` and ``ElevesSansAdresses.xml``, of 2009 (1.8, 2.0) to today (2.1, 4.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from educonnect_flow.exports._fields import day, moment, uai_of, year_of
from educonnect_flow.exports._items import ExportError, Item, LeftOut, Link, Person, School, Student, Why
from educonnect_flow.exports._kinship import is_the_pupil
from educonnect_flow.exports._source import Source
from educonnect_flow.exports._xml import Element, SpoiltError, children, elements
from educonnect_flow.people import Relation

GUARDIANS, PUPILS = "BEE_RESPONSABLES", "BEE_ELEVES"

_PARAMETERS = frozenset({"UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT", "HORODATAGE"})
_OTHER_PHONES = ("TEL_PERSONNEL", "TEL_PROFESSIONNEL")
_NAMES = ("NOM_DE_FAMILLE", "NOM", "NOM_USAGE", "PRENOM")
_PERSON = frozenset({*_NAMES, "PRENOM2", "PRENOM3", "TEL_PORTABLE", *_OTHER_PHONES})
_PUPIL = frozenset({*_NAMES, "DATE_NAISS", "DATE_SORTIE", "TEL_PORTABLE"})
_LINK = frozenset({"PERSONNE_ID", "ELEVE_ID", "CODE_PARENTE", "NIVEAU_RESPONSABILITE", "RESP_LEGAL"})

_NIVEAU = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.IN_CHARGE, "3": None}
_RESP_LEGAL = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.LEGAL_REPRESENTATIVE, "0": None}
_CONTRADICTIONS = {("1", "0"), ("3", "1"), ("3", "2")}
"""A legal representative by one, and not by the other: no access."""

_Reader = Callable[[Element], Item]


def guardians(source: Source) -> Iterator[Item]:
    """The persons and their links."""
    read: dict[str, _Reader] = {"PERSONNE": _person, "RESPONSABLE_ELEVE": _link, "PARAMETRES": partial(_school, source)}
    return _items(source, GUARDIANS, read, "ADRESSE")


def pupils(source: Source) -> Iterator[Item]:
    """The pupils, those who left among them."""
    return _items(
        source, PUPILS, {"ELEVE": _pupil, "PARAMETRES": partial(_school, source)}, "ADRESSE", "STRUCTURES_ELEVE"
    )


def _items(source: Source, root: str, read: dict[str, _Reader], *dropped: str) -> Iterator[Item]:
    """What *read* makes of the elements that it names; what it cannot read is left out alone."""
    for element in elements(source, root, *read, *dropped):
        if (reader := read.get(element.tag)) is not None:
            try:
                yield reader(element)
            except SpoiltError:
                yield LeftOut(why=Why.ENTRY_MALFORMED, line=element.sourceline)


def _school(source: Source, element: Element) -> School:
    """Whose file it is.

    :raises ExportError: when it does not say: then the file is malformed as a whole.
    """
    try:
        found = children(element, _PARAMETERS)
    except SpoiltError:
        found = {}
    uai, stated = uai_of(found.get("UAJ", "")), found.get("ANNEE_SCOLAIRE", "")
    if uai is None:
        raise ExportError("PARAMETRES has no UAJ that is the number of a school", source.name, element.sourceline)
    year = year_of(stated)
    if stated and year is None:
        raise ExportError("PARAMETRES has an ANNEE_SCOLAIRE that is no school year", source.name, element.sourceline)
    exported = moment(found.get("HORODATAGE", "")) or moment(found.get("DATE_EXPORT", ""))
    return School(uai=uai, year=year, exported=exported)


def _family_name(found: dict[str, str]) -> str:
    return found.get("NOM_DE_FAMILLE") or found.get("NOM", "")  # NOM: before the summer of 2016


def _pupil(element: Element) -> Student:
    found = children(element, _PUPIL)
    left, own = found.get("DATE_SORTIE", ""), found.get("TEL_PORTABLE")
    return Student(
        id=_id(element.get("ELEVE_ID", "").strip()),
        family_name=_family_name(found),
        given_name=found.get("PRENOM", ""),
        usage_name=found.get("NOM_USAGE"),
        birth_date=day(found.get("DATE_NAISS", "")),
        left=day(left) if left else None,
        left_on_a_day=not left or day(left) is not None,
        phones=(own,) if own else (),
        line=element.sourceline,
    )


def _person(element: Element) -> Person:
    found = children(element, _PERSON)
    mobile = found.get("TEL_PORTABLE")
    return Person(
        id=_id(element.get("PERSONNE_ID", "").strip()),
        family_name=_family_name(found),
        given_name=found.get("PRENOM", ""),
        usage_name=found.get("NOM_USAGE"),
        other_given_names=tuple(found[name] for name in ("PRENOM2", "PRENOM3") if name in found),
        phones=(mobile,) if mobile else (),
        elsewhere=() if mobile else tuple(found[name] for name in _OTHER_PHONES if name in found),
        line=element.sourceline,
    )


def _link(element: Element) -> Link:
    found = children(element, _LINK)
    relation, why = _relation(found.get("NIVEAU_RESPONSABILITE"), found.get("RESP_LEGAL"))
    if is_the_pupil(found.get("CODE_PARENTE", "")) and (relation is not None or why is not None):
        why = Why.PUPIL_AS_GUARDIAN
    return Link(
        person=_id(found.get("PERSONNE_ID")),
        pupil=_id(found.get("ELEVE_ID")),
        relation=relation,
        why=why,
        line=element.sourceline,
    )


def _relation(niveau: str | None, legal: str | None) -> tuple[Relation | None, Why | None]:
    """What a link comes to.  By link and not by version: files of version 1.8 hold both."""
    if niveau is None:
        return (_RESP_LEGAL[legal], None) if legal in _RESP_LEGAL else (None, Why.LINK_MALFORMED)
    if niveau not in _NIVEAU:
        return None, Why.LINK_MALFORMED
    if (niveau, legal) in _CONTRADICTIONS:
        return None, Why.CONTRADICTED
    return _NIVEAU[niveau], None


def _id(value: str | None) -> str:
    if not value:
        raise SpoiltError
    return value
