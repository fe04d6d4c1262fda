"""What an invented export is written from, and what it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from enum import Enum

from attrs import Factory, define, frozen

from educonnect_flow.people import Relation
from educonnect_flow.validators.identity import fold

LEGAL, IN_CHARGE = Relation.LEGAL_REPRESENTATIVE, Relation.IN_CHARGE


class Quirk(Enum):
    """What real exports do, each on demand."""

    CONTACTS = "persons to contact, who have no access"
    WITHOUT_PUPILS = "guardians without any pupil"
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
    LOCAL_NUMBERS = "mobiles of the overseas territories as they are dialled there, or under the prefix of the mainland"
    BAD_NAMES = "guardians without a given name, with a civility, or with spoilt letters in the name"
    PUPIL_AS_GUARDIAN = "pupils who are entered as their own guardian"
    OWN_MOBILE = "guardians whose mobile is the pupil's own (SIECLE)"
    MALFORMED_LINKS = "links that do not say their level (SIECLE), or have not all their parts (AAF)"
    IMPOSSIBLE_DATES = "pupils who are born on a day to come"
    UNKNOWN_SCHOOL = "pupils of a structure without a number, or that is in no file (AAF)"
    LEFT_CLASS = "pupils who left a class, and are in another one (AAF, first degree)"
    OLD_KINSHIP = "kinship as it was coded until 2018, beside which 2 is the second legal representative (AAF)"
    OLDER_LINKS = "the older attribute beside the six parts, and what it says is not so (AAF, second degree)"
    REPEATED_PERSONS = "persons who are there twice under one id, alike or not (SIECLE)"
    ENTITIES = "letters as entities of HTML that the file does not declare (AAF)"
    WINDOWS = "letters of Windows in a file of ISO-8859 (SIECLE)"
    LONG_YEAR = "a school year with both its years, a school's number in small letters (SIECLE)"
    BESIDE = "files beside the wanted ones: nomenclature, structures, teachers; a Mac's folder in a zip"
    NEW_COLUMNS = "« élève » for « enfant », the classes first, and the birth date with the child (ONDE)"
    NUMBERED = "columns with numbers (ONDE)"
    COMMAS = "cells separated by commas (ONDE)"
    FOOTER = "a line at the foot that counts the others (ONDE)"
    TWO_LINES = "an address on two lines (ONDE)"


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
    mobile: str | None = None
    """The pupil's own."""
    known: bool = True
    """Of a structure that the export holds."""


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
    claimable: bool = True
    """A claim can match these names."""
    again: str = ""
    """The given name under which the same id is there once more."""


@frozen(kw_only=True)
class MadeLink:
    """What one is to the other; ``None``: a contact."""

    person: int
    pupil: int
    relation: Relation | None
    kinship: str = "10"
    """As it is coded since 2018."""
    malformed: bool = False
    """It does not say its level."""


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
        :param relation: what the import assumes of links that state no relation.
        :param today: the day of the import.
        """
        assumed = relation
        today = today or date.today()  # noqa: DTZ011 - a school's day
        in_file = [pupil for pupil in self.pupils if form != "onde" or in_onde(pupil)]
        dated = Quirk.NEW_COLUMNS in self.quirks
        names = Counter(self._named(pupil, dated=dated) for pupil in in_file)
        here = {
            pupil.number: pupil
            for pupil in in_file
            if pupil.born is not None
            and pupil.born <= today
            and not (pupil.left is not None and pupil.left <= today)
            and not (form == "onde" and names[self._named(pupil, dated=dated)] > 1)
            and (pupil.known or form != "aaf")
        }
        access: dict[int, dict[int, Relation]] = {}
        denied = {(link.person, link.pupil) for link in self.links if _denies(link, form, first_degree=first_degree)}
        for link in self.links:
            means = _means(link, form, assumed, first_degree=first_degree)
            if means is not None and link.pupil in here and (link.person, link.pupil) not in denied:
                has = access.setdefault(link.person, {})
                has[link.pupil] = LEGAL if LEGAL in {means, has.get(link.pupil)} else means
        united: dict[tuple[str, str, str], tuple[MadePerson, dict[int, Relation]]] = {}
        for person in sorted(self.persons, key=lambda one: one.number):
            for mobile in mobiles(person, form):
                taken = person.claimable and (form != "siecle" or person.again in {"", person.given_name})
                if access.get(person.number) and taken:
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

    @staticmethod
    def _named(pupil: MadePupil, *, dated: bool) -> tuple[str, str, date | None]:
        """What ONDE finds a pupil by."""
        return (*_names(pupil), pupil.born if dated else None)


def school_year(day: date) -> int:
    """The year in which the school year of *day* began."""
    return day.year if day.month > _SUMMER else day.year - 1


_SUMMER = 8


def in_onde(pupil: MadePupil) -> bool:
    """It has no pupil who left or will leave."""
    return pupil.left is None


def _names(one: MadePupil | MadePerson) -> tuple[str, str]:
    return fold(one.family_name), fold(one.given_name)


def _denies(link: MadeLink, form: str, *, first_degree: bool) -> bool:
    """Whether a file of *form* says by this link that there is no access."""
    said = form == "siecle" or (form == "aaf" and not first_degree)
    return not link.malformed and form != "onde" and ((link.relation is None and said) or link.kinship == SELF)


def _means(link: MadeLink, form: str, assumed: Relation | None, *, first_degree: bool) -> Relation | None:
    if link.relation is None or link.malformed or link.kinship == SELF:
        return None
    if form == "onde":
        return assumed
    return LEGAL if form == "aaf" and first_degree else link.relation


SELF = "70"
"""The kinship of a pupil to oneself."""
OLD_KINSHIP = {"10": "2", "20": "1", SELF: "7"}
"""As it was coded until 2018."""

_DIALLED = {"639": "262", "690": "590", "692": "262", "694": "594", "696": "596"}


def mobiles(person: MadePerson, form: str) -> list[str]:
    """The numbers of *person* that a directory should find, in E.164."""
    found = []
    for written in (person.mobile, *(person.more if form == "aaf" else ())):
        digits = (written or "").replace(" ", "")
        national = digits.removeprefix("+33").removeprefix("0033").removeprefix("0")
        if len(national) == len("612345678") and national.isdecimal():
            if national[:3] in _DIALLED:
                found.append(f"+{_DIALLED[national[:3]]}{national}")
            elif national[0] in "67":
                found.append(f"+33{national}")
        elif len(digits) == len("+262692000000") and digits.startswith("+262"):
            found.append(digits)
        elif len(digits) == len("0262692000000") and digits.startswith("0262692"):
            found.append(f"+{digits[1:]}")
    return found
