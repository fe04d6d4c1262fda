"""AAF: what digital workspaces receive, complete, in numbered parts: ``…_Eleve_0000.xml``, ``…_PersRelEleve_0000.xml``.

Both degrees; the names of their attributes differ.  A file holds several schools where the academy sends several.
"""

from __future__ import annotations

from collections.abc import Iterator

from educonnect_flow.exports.fields import day, is_uai
from educonnect_flow.exports.items import ExportError, Item, Link, Person, School, Student
from educonnect_flow.exports.source import Source
from educonnect_flow.exports.xml import Element, elements
from educonnect_flow.people import Relation

ROOT = "ficAlimMENESR"

Attributes = dict[str, list[str]]

_LINK_PARTS = 6


def entries(source: Source) -> Iterator[tuple[str, Attributes, int]]:
    """Each ``addRequest``: its id, its attributes, its line.

    :raises ExportError: for a ``modifyRequest`` or ``deleteRequest``: only complete exports are read.
    """
    for element in elements(source, ROOT, "addRequest", "modifyRequest", "deleteRequest"):
        if element.tag != "addRequest":
            raise ExportError("a delta; import the complete export", source.name, element.sourceline)
        identity = (element.findtext("identifier/id") or "").strip()
        if not identity:
            raise ExportError("an addRequest without an id", source.name, element.sourceline)
        yield identity, _attributes(element), element.sourceline


def _attributes(element: Element) -> Attributes:
    return {
        attr.get("name", ""): [value.text.strip() for value in attr.iter("value") if value.text and value.text.strip()]
        for attr in element.iter("attr")
    }


def guardians(source: Source) -> Iterator[Item]:
    """``PersRelEleve``: the persons.  What they are to pupils stands with the pupils."""
    for identity, found, line in entries(source):
        birth, usage = _first(found, "ENTPersonNomPatro"), _first(found, "sn", "ENTPersonNom")
        yield Person(
            id=identity,
            family_name=birth or usage,
            usage_name=usage if birth and usage != birth else None,
            given_name=_first(found, "givenName", "ENTPersonPrenom"),
            other_given_names=tuple(found.get("ENTPersonAutresPrenoms", ())),
            phones=tuple(
                dict.fromkeys(
                    phone
                    for name in ("mobile", "ENTPersonMobileSMS", "ENTPersRelEleveTelMobile")
                    for phone in found.get(name, ())
                )
            ),
            line=line,
        )


def pupils(source: Source) -> Iterator[Item]:
    """``Eleve``: the pupils and their links; their school is named by an id of ``EtabEducNat``."""
    for identity, found, line in entries(source):
        left = _first(found, "ENTEleveDateSortieStructRattach", "ENTEleveDateSortieClasses")
        yield Student(
            id=identity,
            family_name=_first(found, "ENTPersonNomPatro") or _first(found, "sn", "ENTPersonNom"),
            given_name=_first(found, "givenName", "ENTPersonPrenom"),
            usage_name=_first(found, "sn", "ENTPersonNom") or None,
            birth_date=day(_first(found, "ENTPersonDateNaissance")),
            left=day(left) if left else None,
            school=_first(found, "ENTPersonStructRattach") or None,
            line=line,
        )
        for value in found.get("ENTElevePersRelEleve", ()):
            yield _link(source, identity, value, line)
        for value in found.get("ENTEleveAutoriteParentale", ()):
            yield Link(person=value.split("$")[0], pupil=identity, relation=Relation.LEGAL_REPRESENTATIVE, line=line)


def schools(source: Source) -> Iterator[tuple[str, School]]:
    """``EtabEducNat``: each school by its id in the other files."""
    for identity, found, line in entries(source):
        uai = _first(found, "ENTStructureUAI", "ENTEtablissementUAI")
        if not is_uai(uai):
            raise ExportError("a school without its number", source.name, line)
        yield identity, School(uai=uai, name=_first(found, "ENTStructureNomCourant") or None)


def _link(source: Source, pupil: str, value: str, line: int) -> Link:
    """Six parts: guardian, kinship, payer, legal, contact, payment.

    Legal 1 is a legal representative in every version; 2 is the second one in the first, and a person in charge for
    others: it is told apart by nobody who does not know, so it is unknown.
    """
    parts = value.split("$")
    if len(parts) != _LINK_PARTS:
        raise ExportError("ENTElevePersRelEleve has not six parts", source.name, line)
    legal = parts[3]
    relation = Relation.LEGAL_REPRESENTATIVE if legal == "1" else None
    return Link(person=parts[0], pupil=pupil, relation=relation, unknown=legal == "2", line=line)


def _first(found: Attributes, *names: str) -> str:
    for name in names:
        if found.get(name):
            return found[name][0]
    return ""
