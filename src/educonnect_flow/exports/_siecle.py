"""SIECLE: ``ResponsablesAvecAdresses.xml`` and ``ElevesSansAdresses.xml``, of 2009 (1.8, 2.0) to today (2.1, 4.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from educonnect_flow.exports._fields import day, is_uai
from educonnect_flow.exports._items import ExportError, Item, Link, Person, School, Student
from educonnect_flow.exports._source import Source
from educonnect_flow.exports._xml import Element, children, elements
from educonnect_flow.people import Relation

GUARDIANS, PUPILS = "BEE_RESPONSABLES", "BEE_ELEVES"

_OTHER_PHONES = ("TEL_PERSONNEL", "TEL_PROFESSIONNEL")
_YEAR = re.compile(r"20[0-9]{2}")

_NIVEAU = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.IN_CHARGE, "3": None}
_RESP_LEGAL = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.LEGAL_REPRESENTATIVE, "0": None}


def guardians(source: Source) -> Iterator[Item]:
    """The persons and their links."""
    for element in elements(source, GUARDIANS, "PARAMETRES", "ADRESSE", "PERSONNE", "RESPONSABLE_ELEVE"):
        tag = element.tag
        if tag == "PERSONNE":
            yield _person(source, element)
        elif tag == "RESPONSABLE_ELEVE":
            yield _link(source, element)
        elif tag == "PARAMETRES":
            yield _school(source, element)


def pupils(source: Source) -> Iterator[Item]:
    """The pupils, those who left among them."""
    for element in elements(source, PUPILS, "PARAMETRES", "ADRESSE", "ELEVE", "STRUCTURES_ELEVE"):
        tag = element.tag
        if tag == "ELEVE" and (identity := element.get("ELEVE_ID")) is not None:
            found = children(source, element)
            yield Student(
                id=_id(source, element, identity),
                family_name=_family_name(found),
                given_name=found.get("PRENOM", ""),
                usage_name=found.get("NOM_USAGE"),
                birth_date=day(found.get("DATE_NAISS", "")),
                left=day(found.get("DATE_SORTIE", "")),
                line=element.sourceline,
            )
        elif tag == "PARAMETRES":
            yield _school(source, element)


def _family_name(found: dict[str, str]) -> str:
    return found.get("NOM_DE_FAMILLE") or found.get("NOM", "")  # NOM: before the summer of 2016


def _school(source: Source, element: Element) -> School:
    found = children(source, element)
    uai, year = found.get("UAJ", ""), found.get("ANNEE_SCOLAIRE", "")
    if not is_uai(uai):
        raise ExportError("PARAMETRES has no UAJ that is the number of a school", source.name, element.sourceline)
    return School(uai=uai, year=int(year) if _YEAR.fullmatch(year) else None)


def _person(source: Source, element: Element) -> Person:
    found = children(source, element)
    mobile = found.get("TEL_PORTABLE")
    return Person(
        id=_id(source, element, element.get("PERSONNE_ID")),
        family_name=_family_name(found),
        given_name=found.get("PRENOM", ""),
        usage_name=found.get("NOM_USAGE"),
        other_given_names=tuple(found[name] for name in ("PRENOM2", "PRENOM3") if name in found),
        phones=(mobile,) if mobile else (),
        elsewhere=() if mobile else tuple(found[name] for name in _OTHER_PHONES if name in found),
        line=element.sourceline,
    )


def _link(source: Source, element: Element) -> Link:
    found = children(source, element)
    # By link and not by version: files of version 1.8 hold both.
    niveau, legal = found.get("NIVEAU_RESPONSABILITE"), found.get("RESP_LEGAL")
    if niveau in _NIVEAU:
        relation = _NIVEAU[niveau]
    elif not niveau and legal in _RESP_LEGAL:
        relation = _RESP_LEGAL[legal]
    else:
        raise ExportError("RESPONSABLE_ELEVE says no level of responsibility", source.name, element.sourceline)
    return Link(
        person=_id(source, element, found.get("PERSONNE_ID")),
        pupil=_id(source, element, found.get("ELEVE_ID")),
        relation=relation,
        line=element.sourceline,
    )


def _id(source: Source, element: Element, value: str | None) -> str:
    if not value:
        raise ExportError(f"{element.tag} without an id", source.name, element.sourceline)
    return value
