"""Invented exports of schools, of any size, with the quirks of real ones on demand: nobody needs a real file.

::

    school = made_up(100, uai="0750001A", seed=7)
    paths = write_siecle(folder, school)

What was meant stands in ``school.meant``: by mobile, the names of the guardian and the pupils.
"""

from __future__ import annotations

import csv
import itertools
import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from attrs import Factory, define, evolve, frozen

from educonnect_flow.people import Relation

FAMILY_NAMES = (
    "DURAND", "LEFÈVRE", "D’ALMEIDA", "LE GOFF", "NGUYEN", "BEN AÏSSA", "GARCIA LOPEZ", "MARTIN", "O'BRIEN", "ŒUVRARD",
    "DE LA TOUR", "KOWALSKI", "TRAORÉ", "PETIT-JEAN", "ÇELIK",
)  # fmt: skip
GIVEN_NAMES = (
    "Émilie", "Jean-Noël", "Zoé", "Ali", "Marie Claire", "Loïc", "Anaïs", "Mohamed", "Inès", "Chloë", "Paul", "Noémie",
    "Åsa", "Maëlys", "François",
)  # fmt: skip
SYLLABLES = ("BA", "CO", "DRI", "FLE", "GU", "KER", "LAN", "MO", "NEL", "PRU", "ROS", "TIL", "VAN", "ZA")


@frozen(kw_only=True)
class MadePupil:
    """A pupil of the school."""

    number: int
    family_name: str
    given_name: str
    born: date
    left: date | None = None


@frozen(kw_only=True)
class MadePerson:
    """A guardian, or a contact."""

    number: int
    family_name: str
    given_name: str
    mobile: str | None
    """As the school wrote it."""
    usage_name: str | None = None
    other_given_names: tuple[str, ...] = ()


@frozen(kw_only=True)
class MadeLink:
    """What one is to the other; ``None``: a contact."""

    person: int
    pupil: int
    relation: Relation | None


@define(kw_only=True)
class MadeSchool:
    """All that an export is written from."""

    uai: str
    persons: Sequence[MadePerson] = Factory(list)
    pupils: Sequence[MadePupil] = Factory(list)
    links: Sequence[MadeLink] = Factory(list)


def made_up(families: int, *, uai: str = "0750001A", seed: int = 0, quirks: bool = True, first: int = 0) -> MadeSchool:
    """A school of so many families: one or two guardians, one to three pupils, each with a name and number of its own.

    :param quirks: also contacts, guardians without pupils or mobile, landlines, departed pupils.
    :param first: the number of the first family: schools with other numbers share nobody.
    """
    draw = random.Random(f"{seed}/{uai}")  # noqa: S311 - invented people
    persons, pupils, links = [], [], []
    for number in range(first, first + families):
        surname = f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}"
        children = [
            MadePupil(
                number=number * 10 + n,
                family_name=surname,
                given_name=f"{draw.choice(GIVEN_NAMES)}{'' if n == 0 else f'-{GIVEN_NAMES[n]}'}",
                born=date(2005, 1, 1) + timedelta(days=draw.randrange(4_000)),
            )
            for n in range(draw.randint(1, 3))
        ]
        adults = [
            MadePerson(
                number=number * 10 + n,
                family_name=surname if n == 0 else f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}",
                given_name=draw.choice(GIVEN_NAMES),
                usage_name=surname if n == 1 else None,
                mobile=_written(draw, number * 2 + n),
                other_given_names=tuple(draw.sample(GIVEN_NAMES, draw.randint(0, 2))),
            )
            for n in range(draw.randint(1, 2))
        ]
        relation = Relation.LEGAL_REPRESENTATIVE if draw.random() < 0.9 else Relation.IN_CHARGE
        links += [
            MadeLink(person=adult.number, pupil=child.number, relation=relation)
            for adult in adults
            for child in children
        ]
        if quirks:
            chance = draw.random()
            if chance < 0.1:
                adults[0] = evolve(adults[0], mobile=draw.choice([None, "01 40 20 50 50", "06 12", "+44 7911 123456"]))
            elif chance < 0.2:
                children.append(evolve(children[0], number=number * 10 + 8, given_name="Parti", left=date(2020, 1, 1)))
                links.append(MadeLink(person=adults[0].number, pupil=number * 10 + 8, relation=relation))
            elif chance < 0.3:
                contact = MadePerson(
                    number=number * 10 + 9,
                    family_name="CONTACT",
                    given_name="Aline",
                    mobile=_written(draw, 4_000_000 + number),
                )
                adults.append(contact)
                links.append(MadeLink(person=contact.number, pupil=children[0].number, relation=None))
        persons += adults
        pupils += children
    return MadeSchool(uai=uai, persons=persons, pupils=pupils, links=links)


def _syllables(number: int) -> str:
    """A name of its own for each number."""
    found = []
    while True:
        number, place = divmod(number, len(SYLLABLES))
        found.append(SYLLABLES[place])
        if not number:
            return "".join(found)


def _written(draw: random.Random, number: int) -> str:
    digits = f"{600_000_000 + number * 7 % 99_999_999:09}"
    pairs = " ".join(digits[n : n + 2] for n in range(1, 9, 2))
    return draw.choice([f"+33{digits}", f"0{digits}", f"+33 {digits[0]} {pairs}", f"0{digits[0]} {pairs}"])


# --- SIECLE --------------------------------------------------------------------------------------------


def write_siecle(
    folder: Path, school: MadeSchool, *, version: str = "2.1", encoding: str = "ISO-8859-15", zipped: bool = False
) -> list[Path]:
    """``ResponsablesAvecAdresses.xml`` and ``ElevesSansAdresses.xml``, of version 1.8 or 2.1."""
    guardians = folder / "ResponsablesAvecAdresses.xml"
    pupils = folder / "ElevesSansAdresses.xml"
    _write(guardians, _siecle_guardians(school, version, encoding), encoding)
    _write(pupils, _siecle_pupils(school, encoding), encoding)
    return [_zip(path) if zipped else path for path in (guardians, pupils)]


def _head(root: str, version: str, encoding: str, school: MadeSchool) -> str:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<{root} VERSION="{version}">\n<PARAMETRES>\n<UAJ>{school.uai}</UAJ>\n'
        "<ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>\n<DATE_EXPORT>23/11/2026</DATE_EXPORT>\n</PARAMETRES>\n<DONNEES>\n"
    )


def _element(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value)}</{name}>\n" if value else ""


def _siecle_guardians(school: MadeSchool, version: str, encoding: str) -> Iterator[str]:
    old = version == "1.8"
    yield _head("BEE_RESPONSABLES", version, encoding, school)
    yield "<ADRESSES>\n"
    for person in school.persons:
        yield f'<ADRESSE ADRESSE_ID="{person.number}"><CODE_POSTAL>75000</CODE_POSTAL></ADRESSE>\n'
    yield "</ADRESSES>\n<PERSONNES>\n"
    for person in school.persons:
        yield f'<PERSONNE PERSONNE_ID="{person.number}">\n<LC_CIVILITE>MME</LC_CIVILITE>\n'
        yield _element("NOM" if old else "NOM_DE_FAMILLE", person.family_name)
        yield _element("NOM_USAGE", person.usage_name) + _element("PRENOM", person.given_name)
        yield _element("TEL_PORTABLE", person.mobile) or "<TEL_PORTABLE/>\n"
        yield "</PERSONNE>\n"
    yield "</PERSONNES>\n<RESPONSABLES>\n"
    for link in school.links:
        yield f"<RESPONSABLE_ELEVE>\n<ELEVE_ID>{link.pupil}</ELEVE_ID>\n<PERSONNE_ID>{link.person}</PERSONNE_ID>\n"
        level = {Relation.LEGAL_REPRESENTATIVE: "1", Relation.IN_CHARGE: "2", None: "3"}[link.relation]
        if (
            old and link.relation is not Relation.IN_CHARGE
        ):  # an old file cannot say it; some links carry the new element
            yield f"<RESP_LEGAL>{'0' if link.relation is None else '1'}</RESP_LEGAL>\n"
        else:
            yield f"<NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE>\n"
        yield "</RESPONSABLE_ELEVE>\n"
    yield "</RESPONSABLES>\n</DONNEES>\n</BEE_RESPONSABLES>\n"


def _siecle_pupils(school: MadeSchool, encoding: str) -> Iterator[str]:
    yield _head("BEE_ELEVES", "4.0", encoding, school) + "<ELEVES>\n"
    for pupil in school.pupils:
        yield f'<ELEVE ELEVE_ID="{pupil.number}">\n' + _element("NOM_DE_FAMILLE", pupil.family_name)
        yield _element("PRENOM", pupil.given_name) + _element("DATE_NAISS", f"{pupil.born:%d/%m/%Y}")
        if pupil.left:
            yield f"<DATE_SORTIE>{pupil.left:%d/%m/%Y}</DATE_SORTIE>\n<CODE_MOTIF_SORTIE>110</CODE_MOTIF_SORTIE>\n"
        yield "<SCOLARITE_AN_DERNIER><CODE_RNE>0759999Z</CODE_RNE></SCOLARITE_AN_DERNIER>\n</ELEVE>\n"
    yield "</ELEVES>\n<STRUCTURES>\n"
    for pupil in school.pupils:
        yield f'<STRUCTURES_ELEVE ELEVE_ID="{pupil.number}"><STRUCTURE/></STRUCTURES_ELEVE>\n'
    yield "</STRUCTURES>\n</DONNEES>\n</BEE_ELEVES>\n"


# --- ONDE ----------------------------------------------------------------------------------------------

_CHILD = ("Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants")


def write_onde(folder: Path, school: MadeSchool, *, old: bool = False, encoding: str = "ISO-8859-15") -> list[Path]:
    """``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, of ONDE or of BE1D before it.

    Departed pupils and contacts are not in them: the format knows neither.
    """
    pupils, guardians = folder / "CSVExtraction-eleves.csv", folder / "CSVExtraction-responsables.csv"
    here = {pupil.number: pupil for pupil in school.pupils if pupil.left is None}
    children: dict[int, list[MadePupil]] = {}
    for link in school.links:
        if link.relation is not None and link.pupil in here:
            children.setdefault(link.person, []).append(here[link.pupil])
    if old:
        head = ["Nom Elève", "Nom d'usage Elève", "Prénom Elève", "Date naissance", "Sexe", " Cycle", "Niveau"]
        phones = ["Téléphone domicile", "Téléphone travail", "Numéro de poste", "Téléphone portable"]
    else:
        head = ["Nom élève", "Nom d'usage élève", "Prénom élève", "Date naissance", "Sexe", "INE", "Niveau"]
        phones = ["Téléphone domicile", "Téléphone travail", "Téléphone portable"]
    rows: list[list[str]] = [head]
    for pupil in here.values():
        born = f"{pupil.born:%d/%m/%Y}" if old else pupil.born.isoformat()
        rows.append([pupil.family_name, "", pupil.given_name, born, "F"])  # shorter than the header, as rows are
    _write_csv(pupils, rows, encoding, quoted=old)
    most = max(map(len, children.values()), default=1)
    start = ["Civilité Responsable", "Nom usage responsable", "Nom responsable", "Prénom responsable", "Courriel"]
    rows = [[*start, *phones, *(_CHILD * most)]]
    for person in school.persons:
        if person.number in children:
            told = itertools.chain.from_iterable(
                ["", c.family_name, c.given_name, "CP"] for c in children[person.number]
            )
            empty = [""] * (len(phones) - 1)
            rows.append(
                [
                    "Mme",
                    person.usage_name or "",
                    person.family_name,
                    person.given_name,
                    "",
                    *empty,
                    person.mobile or "",
                    *told,
                ]
            )
    _write_csv(guardians, rows, encoding, quoted=old)
    return [guardians, pupils]


def _write_csv(path: Path, rows: Iterable[Sequence[str]], encoding: str, *, quoted: bool) -> None:
    def encodable(cell: str) -> str:
        try:
            cell.encode(encoding)
        except UnicodeEncodeError:
            return cell.replace("’", "'")
        return cell

    with path.open("w", encoding=encoding, newline="") as file:
        writer: Any
        if quoted:
            writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        else:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerows(map(encodable, row) for row in rows)


# --- AAF -----------------------------------------------------------------------------------------------


def write_aaf(
    folder: Path, school: MadeSchool, *, first_degree: bool = False, version: str = "AAF-VE1806", parts: int = 1
) -> list[Path]:
    """``…_EtabEducNat_0000.xml``, ``…_PersRelEleve_0000.xml``, ``…_Eleve_0000.xml`` and their further *parts*."""
    stem = f"ENT_{school.uai}_Complet_20261123"
    links: dict[int, list[MadeLink]] = {}
    for link in school.links:
        links.setdefault(link.pupil, []).append(link)
    paths = [folder / f"{stem}_EtabEducNat_0000.xml"]
    _write(paths[0], _aaf(version, [_entry("77", {"ENTStructureJointure": ["77"], "ENTStructureUAI": [school.uai]})]))
    for name, people, entry in (
        ("PersRelEleve", school.persons, lambda person: _aaf_person(person, first_degree=first_degree)),
        (
            "Eleve",
            school.pupils,
            lambda pupil: _aaf_pupil(pupil, links.get(pupil.number, []), first_degree=first_degree),
        ),
    ):
        size = -(-max(1, len(people)) // parts)
        for part in range(parts):
            paths.append(folder / f"{stem}_{name}_{part:04}.xml")
            _write(paths[-1], _aaf(version, map(entry, people[part * size : (part + 1) * size])))
    return paths


def _aaf(version: str, entries: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n'
    yield f'<ficAlimMENESR>\n<!-- versionAF="{version}" -->\n'
    yield from entries
    yield "</ficAlimMENESR>\n"


def _entry(identity: str, attributes: dict[str, Sequence[str]]) -> str:
    told = "".join(
        f"<attr name={quoteattr(name)}>{''.join(f'<value>{_referred(value)}</value>' for value in values) or '<value/>'}</attr>\n"
        for name, values in attributes.items()
    )
    return (
        '<addRequest>\n<operationalAttributes><attr name="categoriePersonne"><value>x</value></attr></operationalAttributes>\n'
        f"<identifier><id>{identity}</id></identifier>\n<attributes>\n{told}</attributes>\n</addRequest>\n"
    )


def _referred(text: str) -> str:
    return escape(text, {"'": "&apos;"}).encode("ascii", "xmlcharrefreplace").decode()


def _aaf_person(person: MadePerson, *, first_degree: bool) -> str:
    usage = person.usage_name or person.family_name
    names: dict[str, Sequence[str]] = (
        {"ENTPersonNom": [usage], "ENTPersonPrenom": [person.given_name]}
        if first_degree
        else {"sn": [usage], "givenName": [person.given_name], "personalTitle": []}
    )
    phone = {"ENTPersRelEleveTelMobile" if first_degree else "mobile": [person.mobile] if person.mobile else []}
    more = {"ENTPersonNomPatro": [person.family_name], "ENTPersonAutresPrenoms": list(person.other_given_names)}
    return _entry(f"p{person.number}", {**names, **more, **phone, "homePhone": ["+33 1 40 20 50 50"]})


def _aaf_pupil(pupil: MadePupil, links: Sequence[MadeLink], *, first_degree: bool) -> str:
    attributes: dict[str, Any] = {
        "ENTPersonNom" if first_degree else "sn": [pupil.family_name],
        "ENTPersonPrenom" if first_degree else "givenName": [pupil.given_name],
        "ENTPersonDateNaissance": [f"{pupil.born:%d/%m/%Y}"],
        "ENTPersonStructRattach": ["77"],
    }
    if pupil.left:
        attributes["ENTEleveDateSortieStructRattach"] = [f"{pupil.left:%d/%m/%Y}"]
    if first_degree:
        attributes["ENTEleveAutoriteParentale"] = [f"p{link.person}$10" for link in links if link.relation is not None]
    else:
        legal = {Relation.LEGAL_REPRESENTATIVE: "1", Relation.IN_CHARGE: "2", None: "0"}
        attributes["ENTElevePersRelEleve"] = [f"p{link.person}$10$1${legal[link.relation]}$1$0" for link in links]
    return _entry(f"e{pupil.number}", attributes)


def _write(path: Path, pieces: Iterable[str], encoding: str = "UTF-8") -> None:
    with path.open("w", encoding=encoding, errors="xmlcharrefreplace", newline="") as file:
        file.writelines(pieces)


def _zip(path: Path) -> Path:
    packed = path.with_name(f"ExportXML_{path.stem}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
    path.unlink()
    return packed
