"""Files of an AAF, made up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from educonnect_flow.testing.exports._made import (
    IN_CHARGE,
    LEGAL,
    OLD_KINSHIP,
    MadeLink,
    MadePerson,
    MadePupil,
    MadeSchool,
    Quirk,
)  # fmt: skip
from educonnect_flow.testing.exports._writing import french, write

_HEAD = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n<ficAlimMENESR>\n'


def write_aaf(
    folder: Path,
    *schools: MadeSchool,
    first_degree: bool = False,
    parts: int = 1,
    feed: str = "ENT_TEST",
    day: str = "20261123",
    number: int | None = None,
    before: Sequence[MadeSchool] | None = None,
) -> list[Path]:
    """``…_EtabEducNat_0000.xml``, ``…_PersRelEleve_0000.xml``, ``…_Eleve_0000.xml`` and their further *parts*.

    :param schools: one or several; their numbers (of persons, of pupils) must not be the same.
    :param day: in the name, between the kind and the part; empty: the name does not say it.
    :param number: which of the feed's exports it is; in the name after the day.
    :param before: what the export before this one held: then a delta from it to *schools* is written.
    """
    words = (feed, "Complet" if before is None else "Delta", day, "" if number is None else f"{number:04}")
    stem = "_".join(filter(None, words))
    quirks = frozenset().union(*(school.quirks for school in schools))
    now, then = (_aaf_entries(some, first_degree=first_degree) for some in (schools, before or ()))
    paths = []
    for part in ("EtabEducNat", "PersRelEleve", "Eleve"):
        entries = list(_requests(now[part], then[part]))
        if before is not None and not entries:
            continue
        size = -(-max(1, len(entries)) // parts)
        for n in range(parts if part != "EtabEducNat" else 1):
            paths.append(folder / f"{stem}_{part}_{n:04}.xml")
            prolog = (
                ("", '<?xml version="1.0" encoding="ISO-8859-15"?>\n')[n % 2] if Quirk.OTHER_PROLOG in quirks else None
            )
            chosen = entries[n * size : (n + 1) * size] if part != "EtabEducNat" else entries
            if Quirk.ENTITIES in quirks:
                chosen = [entry.replace("&#233;", "&eacute;").replace("&#201;", "&Eacute;") for entry in chosen]
            write(paths[-1], _aaf(prolog, chosen))
    return paths


def _aaf(prolog: str | None, entries: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n' if prolog is None else prolog
    yield _HEAD + '<!-- versionAF="AAF-VE1806" -->\n'
    yield from entries
    yield "</ficAlimMENESR>\n"


Attributes = dict[str, Sequence[str]]


def _aaf_entries(schools: Sequence[MadeSchool], *, first_degree: bool) -> dict[str, dict[str, Attributes]]:
    found: dict[str, dict[str, Attributes]] = {"EtabEducNat": {}, "PersRelEleve": {}, "Eleve": {}}
    for school in schools:
        old = Quirk.OLD_NAMES in school.quirks
        identity = f"7{school.uai[:7]}"
        found["EtabEducNat"][identity] = {
            "ENTStructureJointure": [identity],
            "ENTEtablissementUAI" if old else "ENTStructureUAI": [school.uai],
            "ENTStructureNomCourant": [school.name] if school.name else [],
        }
        links: dict[int, list[MadeLink]] = {}
        for link in school.links:
            links.setdefault(link.pupil, []).append(link)
        if Quirk.UNKNOWN_SCHOOL in school.quirks:  # a service of the State: it has no number of a school
            found["EtabEducNat"][f"8{school.uai[:7]}"] = {"ENTStructureUAI": [], "ENTStructureNomCourant": ["SERVICE"]}
        for person in school.persons:
            found["PersRelEleve"][f"p{person.number}"] = _aaf_person(person, school, first_degree=first_degree)
        for pupil in school.pupils:
            has = links.get(pupil.number, [])
            found["Eleve"][f"e{pupil.number}"] = _aaf_pupil(
                pupil, identity, has, school.quirks, first_degree=first_degree
            )
    return found


def _requests(now: dict[str, Attributes], then: dict[str, Attributes]) -> Iterator[str]:
    for identity, attributes in now.items():
        if identity not in then:
            yield _request("addRequest", identity, "attributes", "attr", attributes)
        elif attributes != then[identity]:
            changed = {name: attributes.get(name, ()) for name in (*attributes, *then[identity])}
            changed = {name: values for name, values in changed.items() if values != then[identity].get(name)}
            yield _request("modifyRequest", identity, "modifications", "modification", changed)
    for identity in then:
        if identity not in now:
            yield _request("deleteRequest", identity, "", "", {})


def _request(kind: str, identity: str, group: str, element: str, attributes: Attributes) -> str:
    replaces = ' operation="replace"' if element == "modification" else ""
    lines = "".join(
        f"<{element} name={quoteattr(name)}{replaces}>{''.join(f'<value>{_referred(value)}</value>' for value in values) or '<value/>'}</{element}>\n"
        for name, values in attributes.items()
    )
    return (
        f'<{kind}>\n<operationalAttributes><attr name="categoriePersonne"><value>x</value></attr></operationalAttributes>\n'
        f"<identifier><id>{identity}</id></identifier>\n"
        + (f"<{group}>\n{lines}</{group}>\n" if group else "")
        + f"</{kind}>\n"
    )


def _referred(text: str) -> str:
    return escape(text, {"'": "&apos;"}).encode("ascii", "xmlcharrefreplace").decode()


def _aaf_person(person: MadePerson, school: MadeSchool, *, first_degree: bool) -> Attributes:
    usage = person.usage_name or person.family_name
    names: Attributes = (
        {"ENTPersonNom": [usage], "ENTPersonPrenom": [person.given_name], "ENTPersonCivilite": ["Mme"]}
        if first_degree
        else {"sn": [usage], "givenName": [person.given_name], "personalTitle": []}
    )
    numbers = [number for number in (person.mobile, *person.more) if number]
    phones: Attributes = {"ENTPersRelEleveTelMobile" if first_degree else "mobile": numbers}
    if not first_degree and person.number % 6 == 0 and Quirk.SEVERAL_NUMBERS in school.quirks:
        phones = {"mobile": [], "ENTPersonMobileSMS": numbers}
    home = {"ENTPersonTelPerso" if first_degree else "homePhone": [person.home or "+33 1 40 20 50 50"]}
    more: Attributes = {
        "ENTPersonJointure": [f"p{person.number}"], "ENTPersonDateNaissance": [],
        "ENTPersonNomPatro": [person.family_name], "ENTPersonAutresPrenoms": list(person.other_given_names),
        "ENTPersonAdresse": ["1 RUE DES ÉCOLES"], "ENTPersonCodePostal": ["75000"], "ENTPersonVille": ["PARIS"],
    }  # fmt: skip
    return {**names, **more, **phones, **home}


def _aaf_pupil(
    pupil: MadePupil, identity: str, links: Sequence[MadeLink], quirks: frozenset[Quirk], *, first_degree: bool
) -> Attributes:
    if not pupil.known:
        identity = f"8{identity[1:]}" if pupil.number % 20 else "99"
    attributes: Attributes = {
        "ENTPersonJointure": [f"e{pupil.number}"],
        "ENTEleveINE": [f"{pupil.number:09}AA"],
        "ENTPersonNom" if first_degree else "sn": [pupil.family_name],
        "ENTPersonNomPatro": [pupil.family_name],
        "ENTPersonPrenom" if first_degree else "givenName": [pupil.given_name],
        "ENTPersonDateNaissance": [french(pupil.born)],
        "ENTPersonStructRattach": [identity],
    }
    if pupil.left:
        attributes["ENTEleveDateSortieStructRattach"] = [f"{pupil.left:%d/%m/%Y}"]
    if first_degree:
        said = [link for link in links if link.relation is not None]
        attributes["ENTEleveAutoriteParentale"] = [
            f"p{link.person}${link.kinship}{'$1$1' if link.malformed else ''}" for link in said
        ]
        if Quirk.LEFT_CLASS in quirks and pupil.number % 3 == 0:
            attributes["ENTPersonClasses"] = [f"{identity}$CP$A$78$CP B"]
            attributes["ENTEleveDateSortieClasses"] = [
                f"{identity}$01/10/2026$77" if pupil.number % 2 else "01/10/2026"
            ]
    else:
        parts = [_six_parts(link, quirks) for link in links]
        attributes["ENTElevePersRelEleve"] = parts
        if Quirk.OLDER_LINKS in quirks and parts:
            attributes["ENTEleveAutoriteParentale"] = [f"p{link.person}" for link in links]
    return attributes


def _six_parts(link: MadeLink, quirks: frozenset[Quirk]) -> str:
    legal, kinship = {LEGAL: "1", IN_CHARGE: "2", None: "0"}[link.relation], link.kinship
    if Quirk.OLD_KINSHIP in quirks and link.relation is not IN_CHARGE:
        kinship = OLD_KINSHIP[kinship]
        legal = "2" if legal == "1" and link.person % 2 else legal
    return f"p{link.person}${kinship}$1${legal}" + ("" if link.malformed else "$1$0")
