"""Invented exports of schools, of any size, with the quirks of real ones on demand: nobody needs a real file.

Long, for it writes three formats and says what each should come to.

::

    school = made_up(100, uai="0750001A", seed=7)
    directory.replace(read(write_siecle(folder, school)))
    assert school.meant("siecle") == {…}  # by mobile: who should be found there, with which pupils
"""

from __future__ import annotations

import csv
import itertools
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from attrs import Factory, define, evolve, frozen

from educonnect_flow.people import Relation
from educonnect_flow.validators.identity import fold

FAMILY_NAMES = (
    "DURAND", "LEFÈVRE", "D’ALMEIDA", "LE GOFF", "NGUYEN", "BEN AÏSSA", "GARCIA LOPEZ", "MARTIN", "O'BRIEN", "ŒUVRARD",
    "DE LA TOUR", "KOWALSKI", "TRAORÉ", "PETIT-JEAN", "ÇELIK",
)  # fmt: skip
GIVEN_NAMES = (
    "Émilie", "Jean-Noël", "Zoé", "Ali", "Marie Claire", "Loïc", "Anaïs", "Mohamed", "Inès", "Chloë", "Paul", "Noémie",
    "Åsa", "Maëlys", "François",
)  # fmt: skip
SYLLABLES = ("BA", "CO", "DRI", "FLE", "GU", "KER", "LAN", "MO", "NEL", "PRU", "ROS", "TIL", "VAN", "ZA")

LEGAL, IN_CHARGE = Relation.LEGAL_REPRESENTATIVE, Relation.IN_CHARGE


class Quirk(Enum):
    """What real exports do, each on demand."""

    CONTACTS = "persons to contact, who have no access"
    WITHOUT_PUPILS = "guardians of nobody"
    NO_MOBILE = "guardians whose mobile is missing, or an empty element"
    OTHER_NUMBERS = "landlines, foreign and malformed numbers in the place of a mobile; 12 digits"
    OVERSEAS = "mobiles of the overseas territories"
    MISPLACED = "mobiles in the fields for home and work only"
    SEVERAL_NUMBERS = "several mobiles of one guardian (AAF)"
    CAPITALS = "family names without accents, all in capitals"
    SEVERAL_NAMES = "usage names, several given names"
    TWINS = "one guardian under two ids"
    LEFT = "pupils who left, and their links"
    LEAVING = "pupils who will leave, on a day to come"
    HOMONYMS = "two pupils with one name: of one class, or siblings of two families"
    UNDATED = "pupils whose birth date is missing or none"
    LINKS_TO_NOBODY = "links to a person or a pupil who is not in the file"
    REPEATED_LINKS = "the same link twice, with two meanings"
    NOBODY = "pupils without any guardian"
    SPARSE = (
        "elements and attributes left out (civilities, addresses, ids of the class); rows that are too short (ONDE)"
    )
    DRIFT = "other capitals, accents, apostrophes and spaces in the names of columns (ONDE)"
    MIXED_LEVELS = "links that say the level as a newer version does (SIECLE 1.8); several first legal representatives"
    OLD_NAMES = "attributes under their older names (AAF); MLLE"
    OTHER_PROLOG = "no prolog, or that of another encoding (AAF)"


ALL = frozenset(Quirk)
NONE: frozenset[Quirk] = frozenset()


@frozen(kw_only=True)
class MadePupil:
    """A pupil of the school."""

    number: int
    family_name: str
    given_name: str
    born: date | None
    left: date | None = None


@frozen(kw_only=True)
class MadePerson:
    """A guardian, or a contact."""

    number: int
    family_name: str
    given_name: str
    mobile: str | None
    """As the school wrote it."""
    more: tuple[str, ...] = ()
    """Further mobiles, for the format that has them."""
    home: str | None = None
    """In the field for home."""
    usage_name: str | None = None
    other_given_names: tuple[str, ...] = ()


@frozen(kw_only=True)
class MadeLink:
    """What one is to the other; ``None``: a contact."""

    person: int
    pupil: int
    relation: Relation | None


Found = dict[str, set[tuple[str, str, str, tuple[str, ...], frozenset[tuple[str, str, date, Relation]]]]]
"""By mobile: family name, usage name and given name as they are compared, the other given names, and the pupils."""


@define(kw_only=True)
class MadeSchool:
    """All that an export is written from."""

    uai: str
    name: str | None = None
    """As AAF says it."""
    year: int = Factory(lambda: school_year(date.today()))  # noqa: DTZ011 - a school's day
    """In which the school year began."""
    quirks: frozenset[Quirk] = NONE
    """Those of the files; those of the people are in them already."""
    persons: Sequence[MadePerson] = Factory(list)
    pupils: Sequence[MadePupil] = Factory(list)
    links: Sequence[MadeLink] = Factory(list)

    def meant(
        self, form: str, *, relation: Relation | None = None, first_degree: bool = False, today: date | None = None
    ) -> Found:
        """Who should be found after an import, by mobile.

        :param form: ``siecle``, ``onde`` or ``aaf``, of the *first_degree* or the second.
        :param relation: what the import was told of links that say nothing.
        :param today: the day of the import.
        """
        told = relation
        today = today or date.today()  # noqa: DTZ011 - a school's day
        in_file = [pupil for pupil in self.pupils if form != "onde" or _in_onde(pupil)]
        names = Counter(map(_names, in_file))
        here = {
            pupil.number: pupil
            for pupil in in_file
            if pupil.born is not None
            and not (pupil.left is not None and pupil.left <= today)
            and not (form == "onde" and names[_names(pupil)] > 1)
        }
        access: dict[int, dict[int, Relation]] = {}
        for link in self.links:
            means = _means(link.relation, form, told, first_degree=first_degree)
            if means is not None and link.pupil in here:
                has = access.setdefault(link.person, {})
                has[link.pupil] = LEGAL if LEGAL in {means, has.get(link.pupil)} else means
        united: dict[tuple[str, str, str], tuple[MadePerson, dict[int, Relation]]] = {}
        for person in sorted(self.persons, key=lambda one: one.number):
            for mobile in mobiles(person, form):
                if access.get(person.number):
                    key = (mobile, *_names(person))
                    _, has = united.setdefault(key, (person, {}))
                    for pupil, means in access[person.number].items():
                        has[pupil] = LEGAL if LEGAL in {means, has.get(pupil)} else means
        found: Found = {}
        for (mobile, family, given), (person, has) in united.items():
            shown = frozenset(
                (*_names(here[n]), born, means) for n, means in has.items() if (born := here[n].born) is not None
            )
            usage = person.usage_name if person.usage_name != person.family_name or form != "aaf" else None
            others = person.other_given_names if form == "aaf" else ()
            found.setdefault(mobile, set()).add((family, fold(usage or ""), given, others, shown))
        return found


def school_year(day: date) -> int:
    """The year in which the school year of *day* began."""
    return day.year if day.month > _SUMMER else day.year - 1


_SUMMER = 8


def _in_onde(pupil: MadePupil) -> bool:
    """It knows nobody who left or will."""
    return pupil.left is None


def _names(one: MadePupil | MadePerson) -> tuple[str, str]:
    return fold(one.family_name), fold(one.given_name)


def _means(relation: Relation | None, form: str, told: Relation | None, *, first_degree: bool) -> Relation | None:
    if relation is None:
        return None
    if form == "onde":
        return told
    if form == "aaf":
        return LEGAL if first_degree or relation is LEGAL else told
    return relation


def mobiles(person: MadePerson, form: str) -> list[str]:
    """The numbers of *person* that a directory should find, in E.164."""
    found = []
    for written in (person.mobile, *(person.more if form == "aaf" else ())):
        digits = (written or "").replace(" ", "")
        national = digits.replace("+33", "0", 1) if digits.startswith("+33") else digits
        if (
            len(national) == len("0612345678")
            and national.isdecimal()
            and national[:2] in {"06", "07"}
            and national[:4] != "0692"
        ):
            found.append(f"+33{national[1:]}")
        elif len(digits) == len("+262692000000") and digits.startswith("+262692"):
            found.append(digits)
    return found


def made_up(
    families: int,
    *,
    uai: str = "0750001A",
    seed: int = 0,
    quirks: Iterable[Quirk] = ALL,
    first: int = 0,
    today: date | None = None,
) -> MadeSchool:
    """A school of so many families: one or two guardians, one to three pupils, each with a name and number of its own.

    :param quirks: of whom every tenth family has one or another.
    :param first: the number of the first family: schools with other numbers share nobody.
    :param today: who left has left by then, and the school year is its.
    """
    draw = random.Random(f"{seed}/{uai}")  # noqa: S311 - invented people
    wanted, today = frozenset(quirks), today or date.today()  # noqa: DTZ011 - a school's day
    school = MadeSchool(uai=uai, name="COLLÈGE D’ICI", year=school_year(today), quirks=wanted)
    persons, pupils, links = [], [], []
    for number in range(first, first + families):
        family = _family(draw, number, wanted)
        if wanted:
            _spoil(draw, number, family, wanted, today)
        persons += family.persons
        pupils += family.pupils
        links += family.links
    return evolve(school, persons=persons, pupils=pupils, links=links)


@define
class _Family:
    persons: list[MadePerson]
    pupils: list[MadePupil]
    links: list[MadeLink]


def _family(draw: random.Random, number: int, quirks: frozenset[Quirk]) -> _Family:
    surname = f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}"
    pupils = [
        MadePupil(
            number=number * 10 + n,
            family_name=surname,
            given_name=f"{draw.choice(GIVEN_NAMES)}{'' if n == 0 else f'-{GIVEN_NAMES[n]}'}",
            born=date(2005, 1, 1) + timedelta(days=draw.randrange(4_000)),
        )
        for n in range(draw.choices((1, 2, 3), (75, 20, 5))[0])
    ]
    persons = [
        MadePerson(
            number=number * 10 + n,
            family_name=surname if n == 0 else f"{draw.choice(FAMILY_NAMES)} {_syllables(number)}",
            given_name=draw.choice(GIVEN_NAMES),
            usage_name=surname if n == 1 and Quirk.SEVERAL_NAMES in quirks else None,
            mobile=_written(draw, number * 2 + n),
            other_given_names=tuple(draw.sample(GIVEN_NAMES, draw.randint(0, 2)))
            if Quirk.SEVERAL_NAMES in quirks
            else (),
        )
        for n in range(draw.choices((1, 2), (25, 75))[0])
    ]
    relation = LEGAL if draw.random() < 0.9 else IN_CHARGE
    links = [MadeLink(person=a.number, pupil=c.number, relation=relation) for a in persons for c in pupils]
    return _Family(persons, pupils, links)


@define(kw_only=True)
class _Change:
    """What a quirk does to a family: to its first guardian and first pupil, and whom it adds."""

    adult: dict[str, Any] = Factory(dict)
    child: dict[str, Any] = Factory(dict)
    person: dict[str, Any] | None = None
    """Another person like the first."""
    pupil: dict[str, Any] | None = None
    links: Sequence[tuple[int, int, Relation | None]] = ()
    """Person and pupil by their place in the family: 0 is the first, 8 the one that is added, 9 is nobody."""


_NO_MOBILES = (
    "01 40 20 50 50", "06 12", "+44 7911 123456", "+336123456789", "0692 12 34 56", "0612345678 maman",
)  # fmt: skip
_ADDED, _NOBODY = 8, 9


def _overseas(number: int) -> str:
    digits = f"{number % 1_000_000:06}"
    return f"+262 692 {digits[:2]} {digits[2:4]} {digits[4:]}"


@frozen
class _Case:
    draw: random.Random
    number: int
    adult: MadePerson
    child: MadePupil
    today: date


_CHANGES: dict[Quirk, Callable[[_Case], _Change]] = {
    Quirk.CONTACTS: lambda c: _Change(
        person={"family_name": "CONTACT", "mobile": _written(c.draw, 4_000_000 + c.number)}, links=[(_ADDED, 0, None)]
    ),
    Quirk.WITHOUT_PUPILS: lambda c: _Change(
        person={"given_name": "Seul", "mobile": _written(c.draw, 4_000_000 + c.number)}
    ),
    Quirk.NO_MOBILE: lambda c: _Change(adult={"mobile": c.draw.choice([None, ""])}),
    Quirk.OTHER_NUMBERS: lambda c: _Change(adult={"mobile": c.draw.choice(_NO_MOBILES)}),
    Quirk.OVERSEAS: lambda c: _Change(adult={"mobile": _overseas(c.number)}),
    Quirk.MISPLACED: lambda c: _Change(adult={"mobile": None, "home": c.adult.mobile}),
    Quirk.SEVERAL_NUMBERS: lambda c: _Change(
        adult={"more": ("01 40 20 50 50", _written(c.draw, 4_000_000 + c.number))}
    ),
    Quirk.CAPITALS: lambda c: _Change(adult={"family_name": _unaccented(c.adult.family_name)}),
    Quirk.TWINS: lambda c: _Change(
        person={"given_name": c.adult.given_name.upper(), "family_name": _unaccented(c.adult.family_name)},
        links=[(_ADDED, 0, LEGAL)],
    ),
    Quirk.LEFT: lambda c: _Change(
        pupil={"given_name": "Parti", "left": c.today - timedelta(days=c.draw.randrange(300))},
        links=[(0, _ADDED, LEGAL)],
    ),
    Quirk.LEAVING: lambda c: _Change(
        pupil={"given_name": "Parti", "left": c.today + timedelta(days=1 + c.draw.randrange(300))},
        links=[(0, _ADDED, LEGAL)],
    ),
    Quirk.HOMONYMS: lambda c: _Change(
        pupil={"given_name": c.child.given_name.upper(), "born": date(2010, 1, 1)}, links=[(0, _ADDED, LEGAL)]
    ),
    Quirk.UNDATED: lambda _: _Change(child={"born": None}),
    Quirk.LINKS_TO_NOBODY: lambda _: _Change(links=[(_NOBODY, 0, LEGAL), (0, _NOBODY, LEGAL)]),
    Quirk.REPEATED_LINKS: lambda _: _Change(links=[(0, 0, None), (0, 0, LEGAL)]),
    Quirk.NOBODY: lambda _: _Change(pupil={"given_name": "Isolé"}),
}
"""What those of the people do; the others are in how a file is written."""


def _spoil(draw: random.Random, number: int, family: _Family, quirks: frozenset[Quirk], today: date) -> None:
    """One quirk or another, for most families."""
    quirk = draw.choice((*sorted(quirks & _CHANGES.keys(), key=lambda one: one.name), None))
    if quirk is None:
        return
    adult, child = family.persons[0], family.pupils[0]
    change = _CHANGES[quirk](_Case(draw, number, adult, child, today))
    family.persons[0], family.pupils[0] = evolve(adult, **change.adult), evolve(child, **change.child)
    if change.person is not None:
        family.persons.append(evolve(adult, number=number * 10 + _ADDED, **change.person))
    if change.pupil is not None:
        family.pupils.append(evolve(child, number=number * 10 + _ADDED, **change.pupil))
    family.links += [
        MadeLink(person=number * 10 + a, pupil=number * 10 + b, relation=relation) for a, b, relation in change.links
    ]


def _syllables(number: int) -> str:
    """A name of its own for each number."""
    found = []
    while True:
        number, place = divmod(number, len(SYLLABLES))
        found.append(SYLLABLES[place])
        if not number:
            return "".join(found)


def _unaccented(name: str) -> str:
    return name.translate(str.maketrans("ÈÏÉÇ’", "EIEC'")).replace("Œ", "OE")


def _written(draw: random.Random, number: int) -> str:
    digits = f"{600_000_000 + number * 7 % 99_999_999:09}"
    pairs = " ".join(digits[n : n + 2] for n in range(1, 9, 2))
    return draw.choice([f"+33{digits}", f"0{digits}", f"+33 {digits[0]} {pairs}", f"0{digits[0]} {pairs}"])


# --- SIECLE --------------------------------------------------------------------------------------------


def write_siecle(
    folder: Path,
    school: MadeSchool,
    *,
    version: str = "2.1",
    encoding: str = "ISO-8859-15",
    zipped: bool = False,
    addresses: bool = False,
) -> list[Path]:
    """``ResponsablesAvecAdresses.xml``, of version 1.8 or 2.1, and ``ElevesSansAdresses.xml``.

    :param addresses: ``ElevesAvecAdresses.xml`` instead of the latter.
    """
    guardians = folder / "ResponsablesAvecAdresses.xml"
    pupils = folder / ("ElevesAvecAdresses.xml" if addresses else "ElevesSansAdresses.xml")
    _write(guardians, _siecle_guardians(school, version, encoding), encoding)
    _write(pupils, _siecle_pupils(school, encoding, addresses=addresses), encoding)
    return [_zip(path) if zipped else path for path in (guardians, pupils)]


def _head(root: str, version: str, encoding: str, school: MadeSchool) -> str:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<{root} VERSION="{version}">\n<PARAMETRES>\n<UAJ>{school.uai}</UAJ>\n'
        f"<ANNEE_SCOLAIRE>{school.year}</ANNEE_SCOLAIRE>\n<DATE_EXPORT>23/11/{school.year}</DATE_EXPORT>\n"
        f"<HORODATAGE>23/11/{school.year} 08:00:00</HORODATAGE>\n</PARAMETRES>\n<DONNEES>\n"
    )


def _element(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value)}</{name}>\n" if value else ""


def _addresses(numbers: Iterable[int]) -> Iterator[str]:
    yield "<ADRESSES>\n"
    for number in numbers:
        yield (
            f'<ADRESSE ADRESSE_ID="{number}">\n<LIGNE1_ADRESSE>{number} RUE DES ÉCOLES</LIGNE1_ADRESSE>\n<LIGNE2_ADRESSE/>\n'
            "<LIGNE3_ADRESSE/>\n<LIGNE4_ADRESSE/>\n<CODE_POSTAL>75000</CODE_POSTAL>\n<LL_PAYS>FRANCE</LL_PAYS>\n"
            "<CODE_DEPARTEMENT>075</CODE_DEPARTEMENT>\n<LIBELLE_POSTAL>PARIS</LIBELLE_POSTAL>\n</ADRESSE>\n"
        )
    yield "</ADRESSES>\n"


def _siecle_guardians(school: MadeSchool, version: str, encoding: str) -> Iterator[str]:
    old, sparse = version == "1.8", Quirk.SPARSE in school.quirks
    yield _head("BEE_RESPONSABLES", version, encoding, school)
    yield from _addresses(person.number for person in school.persons)
    yield "<PERSONNES>\n"
    for person in school.persons:
        yield f'<PERSONNE PERSONNE_ID="{person.number}">\n'
        if not sparse or person.number % 3:
            civility = "MLLE" if Quirk.OLD_NAMES in school.quirks and person.number % 5 == 0 else "MME"
            yield _element("LC_CIVILITE", civility) + _element("LL_CIVILITE", "MADAME")
        yield _element("NOM" if old else "NOM_DE_FAMILLE", person.family_name)
        yield _element("NOM_USAGE", person.usage_name) + _element("PRENOM", person.given_name)
        yield _element("TEL_PERSONNEL", person.home) or "<TEL_PERSONNEL/>\n"
        # An empty element, or none: both are a missing number.
        yield _element("TEL_PORTABLE", person.mobile) or ("" if person.mobile is None else "<TEL_PORTABLE/>\n")
        if not sparse or person.number % 4:
            yield "<TEL_PROFESSIONNEL/>\n<MEL>personne@exemple.invalid</MEL>\n<ACCEPTE_SMS>1</ACCEPTE_SMS>\n"
            yield _element("ADRESSE_ID", str(person.number)) + "<CODE_PROFESSION>99</CODE_PROFESSION>\n"
            yield "<COMMUNICATION_ADRESSE>1</COMMUNICATION_ADRESSE>\n"
        yield "</PERSONNE>\n"
    yield "</PERSONNES>\n<RESPONSABLES>\n"
    for number, link in enumerate(school.links):
        yield f"<RESPONSABLE_ELEVE>\n<ELEVE_ID>{link.pupil}</ELEVE_ID>\n<PERSONNE_ID>{link.person}</PERSONNE_ID>\n"
        # An old file cannot say who is in charge; of some it does, as a newer one.
        if old and link.relation is not IN_CHARGE and not (Quirk.MIXED_LEVELS in school.quirks and number % 7 == 0):
            second = "1" if Quirk.MIXED_LEVELS in school.quirks or link.person % 10 == 0 else "2"
            yield f"<CODE_PARENTE>2</CODE_PARENTE>\n<RESP_LEGAL>{'0' if link.relation is None else second}</RESP_LEGAL>\n"
            yield "<RESP_FINANCIER>1</RESP_FINANCIER>\n<PERS_CONTACT>1</PERS_CONTACT>\n<PERS_PAIEMENT>0</PERS_PAIEMENT>\n"
        else:
            level = {LEGAL: "1", IN_CHARGE: "2", None: "3"}[link.relation]
            yield f"<CODE_PARENTE>10</CODE_PARENTE>\n<NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE>\n"
            yield "<PAIE_FRAIS_SCOLAIRES>1</PAIE_FRAIS_SCOLAIRES>\n<HEBERGE_ELEVE>true</HEBERGE_ELEVE>\n"
            yield "<PERCOIT_LES_AIDES>false</PERCOIT_LES_AIDES>\n<A_CONTACTER_EN_PRIORITE>true</A_CONTACTER_EN_PRIORITE>\n"
        yield "</RESPONSABLE_ELEVE>\n"
    yield "</RESPONSABLES>\n</DONNEES>\n</BEE_RESPONSABLES>\n"


def _siecle_pupils(school: MadeSchool, encoding: str, *, addresses: bool) -> Iterator[str]:
    sparse = Quirk.SPARSE in school.quirks
    yield _head("BEE_ELEVES", "4.0", encoding, school)
    if addresses:
        yield from _addresses(pupil.number for pupil in school.pupils)
    yield "<ELEVES>\n"
    for pupil in school.pupils:
        yield f'<ELEVE ELEVE_ID="{pupil.number}"'
        yield ">\n" if sparse and pupil.number % 3 else f' ELENOET="{pupil.number % 10_000}">\n'
        yield _element("ID_NATIONAL", f"{pupil.number:09}AA") + _element("NOM_DE_FAMILLE", pupil.family_name)
        yield _element("PRENOM", pupil.given_name) + _element("PRENOM2", "Camille" if pupil.number % 2 else None)
        yield _element("DATE_NAISS", _french(pupil.born))
        if not sparse or pupil.number % 4:
            yield "<CODE_SEXE>1</CODE_SEXE>\n<CODE_PAYS>100</CODE_PAYS>\n<DOUBLEMENT>0</DOUBLEMENT>\n<CODE_REGIME>2</CODE_REGIME>\n"
            yield f"<DATE_ENTREE>01/09/{school.year}</DATE_ENTREE>\n<VILLE_NAISS/>\n<ADHESION_TRANSPORT>false</ADHESION_TRANSPORT>\n"
        if pupil.left:
            yield f"<DATE_SORTIE>{pupil.left:%d/%m/%Y}</DATE_SORTIE>\n<CODE_MOTIF_SORTIE>110</CODE_MOTIF_SORTIE>\n"
        yield "<SCOLARITE_AN_DERNIER>\n<CODE_STRUCTURE>6A</CODE_STRUCTURE>\n<CODE_RNE>0759999Z</CODE_RNE>\n</SCOLARITE_AN_DERNIER>\n"
        yield "</ELEVE>\n"
    yield "</ELEVES>\n<STRUCTURES>\n"
    for pupil in school.pupils:
        yield f'<STRUCTURES_ELEVE ELEVE_ID="{pupil.number}">\n<STRUCTURE>\n<CODE_STRUCTURE>6A</CODE_STRUCTURE>\n'
        yield "<TYPE_STRUCTURE>D</TYPE_STRUCTURE>\n</STRUCTURE>\n</STRUCTURES_ELEVE>\n"
    yield "</STRUCTURES>\n</DONNEES>\n</BEE_ELEVES>\n"


def _french(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else "31/02/2012"


# --- ONDE ----------------------------------------------------------------------------------------------

_CHILD = ("Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants")


def write_onde(folder: Path, school: MadeSchool, *, old: bool = False, encoding: str = "ISO-8859-15") -> list[Path]:
    """``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, of ONDE or of BE1D before it.

    Departed pupils and contacts are not in them: the format knows neither.
    """
    pupils, guardians = folder / "CSVExtraction-eleves.csv", folder / "CSVExtraction-responsables.csv"
    here = {pupil.number: pupil for pupil in school.pupils if _in_onde(pupil)}
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
    short = Quirk.SPARSE in school.quirks
    rows: list[list[str]] = [_drifted(head, school)]
    for pupil in here.values():
        born = _french(pupil.born) if old or pupil.born is None else pupil.born.isoformat()
        rows.append([pupil.family_name, "", pupil.given_name, born, "F", *([] if short else ["", "CM2"])])
    _write_csv(pupils, rows, encoding, quoted=old)
    most = max(map(len, children.values()), default=1)
    start = ["Civilité Responsable", "Nom usage responsable", "Nom responsable", "Prénom responsable", "Courriel"]
    rows = [_drifted([*start, *phones, *(_CHILD * most)], school)]
    for person in school.persons:
        if person.number in children or (Quirk.WITHOUT_PUPILS in school.quirks and person.family_name != "CONTACT"):
            named = [["", c.family_name, c.given_name, "CP"] for c in children.get(person.number, ())]
            if not short:
                named += [[""] * len(_CHILD)] * (most - len(named))
            row = [_civility(person.number), person.usage_name or "", person.family_name, person.given_name, ""]
            row += [person.home or "", *[""] * (len(phones) - 2), person.mobile or ""]
            rows.append([*row, *itertools.chain.from_iterable(named)])
    _write_csv(guardians, rows, encoding, quoted=old)
    return [guardians, pupils]


def _civility(number: int) -> str:
    """Both ways in which the files write it."""
    return "Mme" if number % 2 else "MME"


def _drifted(header: list[str], school: MadeSchool) -> list[str]:
    if Quirk.DRIFT not in school.quirks:
        return header
    return [name.upper().replace("'", "’").replace("É", "E") + " " for name in header]


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

_HEAD = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n<ficAlimMENESR>\n'


def write_aaf(
    folder: Path,
    *schools: MadeSchool,
    first_degree: bool = False,
    parts: int = 1,
    feed: str = "ENT_TEST",
    day: str = "20261123",
    before: Sequence[MadeSchool] | None = None,
) -> list[Path]:
    """``…_EtabEducNat_0000.xml``, ``…_PersRelEleve_0000.xml``, ``…_Eleve_0000.xml`` and their further *parts*.

    :param schools: one or several; their numbers (of persons, of pupils) must not be the same.
    :param before: what the export before this one held: then a delta from it to *schools* is written.
    """
    stem = f"{feed}_{'Complet' if before is None else 'Delta'}_{day}"
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
            _write(paths[-1], _aaf(prolog, chosen))
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
        for person in school.persons:
            found["PersRelEleve"][f"p{person.number}"] = _aaf_person(person, school, first_degree=first_degree)
        for pupil in school.pupils:
            has = links.get(pupil.number, [])
            found["Eleve"][f"e{pupil.number}"] = _aaf_pupil(pupil, identity, has, first_degree=first_degree)
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
    told = "".join(
        f"<{element} name={quoteattr(name)}{replaces}>{''.join(f'<value>{_referred(value)}</value>' for value in values) or '<value/>'}</{element}>\n"
        for name, values in attributes.items()
    )
    return (
        f'<{kind}>\n<operationalAttributes><attr name="categoriePersonne"><value>x</value></attr></operationalAttributes>\n'
        f"<identifier><id>{identity}</id></identifier>\n"
        + (f"<{group}>\n{told}</{group}>\n" if group else "")
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


def _aaf_pupil(pupil: MadePupil, identity: str, links: Sequence[MadeLink], *, first_degree: bool) -> Attributes:
    attributes: Attributes = {
        "ENTPersonJointure": [f"e{pupil.number}"],
        "ENTEleveINE": [f"{pupil.number:09}AA"],
        "ENTPersonNom" if first_degree else "sn": [pupil.family_name],
        "ENTPersonNomPatro": [pupil.family_name],
        "ENTPersonPrenom" if first_degree else "givenName": [pupil.given_name],
        "ENTPersonDateNaissance": [_french(pupil.born)],
        "ENTPersonStructRattach": [identity],
    }
    if pupil.left:
        attributes["ENTEleveDateSortieStructRattach"] = [f"{pupil.left:%d/%m/%Y}"]
    if first_degree:
        attributes["ENTEleveAutoriteParentale"] = [f"p{link.person}$10" for link in links if link.relation is not None]
    else:
        legal = {LEGAL: "1", IN_CHARGE: "2", None: "0"}
        told = [f"p{link.person}$10$1${legal[link.relation]}$1$0" for link in links]
        attributes["ENTElevePersRelEleve"] = told
    return attributes


def _write(path: Path, pieces: Iterable[str], encoding: str = "UTF-8") -> None:
    with path.open("w", encoding=encoding, errors="xmlcharrefreplace", newline="") as file:
        file.writelines(pieces)


def _zip(path: Path) -> Path:
    packed = path.with_name(f"ExportXML_{path.stem}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
    path.unlink()
    return packed
