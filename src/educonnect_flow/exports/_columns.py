"""The columns of ONDE and of BE1D before it, by what their headers say.

ONDE renamed and added columns over the years (« enfant » became « élève » in 2018), and what comes out of a spreadsheet
may number them.  So a header is read word by word: « Nom de famille enfant », « Nom de famille élève 2 », « NOM DE
L’ÉLÈVE » are one column.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from attrs import frozen

from educonnect_flow.validators.identity import LONGEST, fold

SEPARATORS = (";", ",", "\t", "|")

_WORD = re.compile(r"[^\W\d_]+|[0-9]+")
_JOINING = frozenset({"de", "d", "du", "des", "l", "la", "le"})
_SAME = {
    "enfant": "eleve", "enfants": "eleve", "eleves": "eleve", "responsables": "responsable", "tel": "telephone",
    "mobile": "portable",
}  # fmt: skip

Words = tuple[str, ...]
Header = Sequence[Words]


@frozen
class Column:
    """One that is looked for."""

    says: str
    """What the error says when it is missing."""
    words: tuple[Words, ...]
    """What its header comes to, in any of the ways in which it was written."""


def _column(says: str, *ways: str) -> Column:
    return Column(says, tuple(tuple(way.split()) for way in ways))


FAMILY = _column("Nom élève", "nom eleve", "nom famille eleve", "nom naissance eleve")
GIVEN = _column("Prénom élève", "prenom eleve")
USAGE = _column("Nom d'usage élève", "nom usage eleve")
BORN = _column("Date naissance", "date naissance", "date naissance eleve")
CHILD_FAMILY, CHILD_BORN = Column("Nom de famille élève", FAMILY.words), Column("Date de naissance élève", BORN.words)

GUARDIAN_FAMILY = _column("Nom responsable", "nom responsable", "nom famille responsable", "nom naissance responsable")
GUARDIAN_GIVEN = _column("Prénom responsable", "prenom responsable")
GUARDIAN_USAGE = _column("Nom usage responsable", "nom usage responsable")
PORTABLE = _column(
    "Téléphone portable", "telephone portable", "telephone portable responsable", "portable", "portable responsable"
)
OTHER_PHONES = (
    _column("Téléphone domicile", "telephone domicile", "telephone domicile responsable"),
    _column("Téléphone travail", "telephone travail", "telephone travail responsable"),
)

PUPILS_NEED = (FAMILY, GIVEN, BORN)
GUARDIANS_NEED = (GUARDIAN_FAMILY, GUARDIAN_GIVEN, PORTABLE, CHILD_FAMILY, GIVEN)


def words_of(cell: str) -> Words:
    """What a header says: without capitals, accents, apostrophes and the small words, its number last."""
    found = [_SAME.get(word, word) for word in map(fold, _WORD.findall(unicodedata.normalize("NFC", cell[:LONGEST])))]
    return tuple(word for word in found if word not in _JOINING)


def _bare(words: Words) -> tuple[Words, str]:
    """The words without the number at their end, and that number."""
    return (words[:-1], words[-1]) if len(words) > 1 and words[-1].isdecimal() else (words, "")


def places(header: Header, column: Column) -> list[tuple[str, int]]:
    """Where the column is: its number, as the header says it, and its place."""
    found = ((_bare(words), place) for place, words in enumerate(header))
    return [(number, place) for (bare, number), place in found if bare in column.words]


def place_of(header: Header, column: Column) -> int | None:
    """The first place of the column."""
    return next((place for _, place in places(header, column)), None)


def missing(header: Header, needed: Sequence[Column]) -> list[str]:
    """What the columns are called that are not there."""
    return [column.says for column in needed if place_of(header, column) is None]


def is_guardians(header: Header) -> bool:
    """Whether it is that of the guardians, with all columns or without one."""
    return any(place_of(header, column) is not None for column in (GUARDIAN_FAMILY, GUARDIAN_GIVEN))


def is_pupils(header: Header) -> bool:
    """Whether it is that of the pupils, with all columns or without one."""
    return not is_guardians(header) and any(place_of(header, column) is not None for column in (FAMILY, GIVEN))


def is_other(header: Header) -> bool:
    """Whether it is that of people who are neither: the teachers, for one."""
    bare = {_bare(words)[0] for words in header}
    return {("nom",), ("prenom",)} <= bare and not is_guardians(header) and not is_pupils(header)


@frozen
class Child:
    """Where a row names one child."""

    family: int
    given: int
    born: int | None


def children(header: Header) -> list[Child] | None:
    """Where a row of the guardians names children; ``None`` when the columns do not go together.

    Those of one child have the same number, or the same rank among the columns of one name: their order is free.
    """
    by_rank: list[Mapping[str, int]] = []
    for column in (CHILD_FAMILY, GIVEN, CHILD_BORN):
        ranks: defaultdict[str, int] = defaultdict(int)
        found: dict[str, int] = {}
        for number, place in places(header, column):
            ranks[number] += 1
            found[f"{number}/{ranks[number]}"] = place
        by_rank.append(found)
    family, given, born = by_rank
    if family.keys() != given.keys() or born.keys() - family.keys():
        return None
    return [Child(family[rank], given[rank], born.get(rank)) for rank in family]
