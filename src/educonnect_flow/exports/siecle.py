"""SIECLE: ``ResponsablesAvecAdresses.xml`` and ``ElevesSansAdresses.xml``, of 2009 (1.8, 2.0) to today (2.1, 4.0)."""

from __future__ import annotations

from collections.abc import Iterator

from educonnect_flow.exports.fields import day, is_uai
from educonnect_flow.exports.items import ExportError, Item, Link, Person, School, Student
from educonnect_flow.exports.source import Source
from educonnect_flow.exports.xml import Element, elements, text
from educonnect_flow.people import Relation

GUARDIANS, PUPILS = "BEE_RESPONSABLES", "BEE_ELEVES"

_NIVEAU = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.IN_CHARGE, "3": None}
_RESP_LEGAL = {"1": Relation.LEGAL_REPRESENTATIVE, "2": Relation.LEGAL_REPRESENTATIVE, "0": None}


def guardians(source: Source) -> Iterator[Item]:
    """The persons and their links."""
    for element in elements(source, GUARDIANS, "PARAMETRES", "ADRESSE", "PERSONNE", "RESPONSABLE_ELEVE"):
        if element.tag == "PERSONNE":
            yield _person(source, element)
        elif element.tag == "RESPONSABLE_ELEVE":
            yield _link(source, element)
        elif element.tag == "PARAMETRES":
            yield _school(source, element)


def pupils(source: Source) -> Iterator[Item]:
    """The pupils, those who left among them."""
    for element in elements(source, PUPILS, "PARAMETRES", "ADRESSE", "ELEVE", "STRUCTURES_ELEVE"):
        if element.tag == "ELEVE" and element.get("ELEVE_ID") is not None:
            yield Student(
                id=_id(source, element, element.get("ELEVE_ID")),
                family_name=text(element, "NOM_DE_FAMILLE") or text(element, "NOM"),
                given_name=text(element, "PRENOM"),
                usage_name=text(element, "NOM_USAGE") or None,
                birth_date=day(text(element, "DATE_NAISS")),
                left=day(text(element, "DATE_SORTIE")),
                line=element.sourceline,
            )
        elif element.tag == "PARAMETRES":
            yield _school(source, element)


def _school(source: Source, element: Element) -> School:
    uai = text(element, "UAJ")
    if not is_uai(uai):
        raise ExportError("PARAMETRES has no UAJ that is the number of a school", source.name, element.sourceline)
    return School(uai=uai)


def _person(source: Source, element: Element) -> Person:
    return Person(
        id=_id(source, element, element.get("PERSONNE_ID")),
        family_name=text(element, "NOM_DE_FAMILLE") or text(element, "NOM"),  # NOM: before the summer of 2016
        given_name=text(element, "PRENOM"),
        usage_name=text(element, "NOM_USAGE") or None,
        phones=tuple(filter(None, (text(element, "TEL_PORTABLE"),))),
        line=element.sourceline,
    )


def _link(source: Source, element: Element) -> Link:
    # By link and not by version: files of version 1.8 hold both.
    niveau, legal = text(element, "NIVEAU_RESPONSABILITE"), text(element, "RESP_LEGAL")
    if niveau in _NIVEAU:
        relation = _NIVEAU[niveau]
    elif not niveau and legal in _RESP_LEGAL:
        relation = _RESP_LEGAL[legal]
    else:
        raise ExportError("RESPONSABLE_ELEVE says no level of responsibility", source.name, element.sourceline)
    return Link(
        person=_id(source, element, text(element, "PERSONNE_ID")),
        pupil=_id(source, element, text(element, "ELEVE_ID")),
        relation=relation,
        line=element.sourceline,
    )


def _id(source: Source, element: Element, value: str | None) -> str:
    if not value:
        raise ExportError(f"{element.tag} without an id", source.name, element.sourceline)
    return value
