"""What an import found, for who can mend it: the school's secretary."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import TextIO

from attrs import field, frozen

from educonnect_flow._text import printable

MOST = 10_000
"""Findings of one kind that are kept with their names; all are counted."""


class Kind(Enum):
    """What is wrong, with what to do."""

    NO_MOBILE = "parent sans portable : le demander, et le saisir dans la base élèves"
    MISPLACED = "portable saisi comme numéro du domicile ou du travail : le saisir comme portable"
    LANDLINE = "numéro qui n’est pas un portable : demander un portable"
    FOREIGN = "numéro étranger : l’activation demande un portable français"
    NO_PREFIX = "numéro d’outre-mer sans son indicatif (+262…) : l’ajouter"
    MALFORMED = "numéro illisible : le vérifier"
    SAME_NUMBER_AND_NAME = "deux fiches avec le même nom et le même numéro : fusionner, ou vérifier"
    NO_LEGAL_REPRESENTATIVE = "élève sans représentant légal : compléter sa fiche"
    LINK_TO_NOBODY = "lien vers une personne ou un élève absent du fichier"
    HOMONYMS = "deux élèves du même nom : le lien ne dit pas lequel, il est refusé"
    RELATION_UNKNOWN = "le fichier ne dit pas ce que la personne est à l’élève : lien refusé"
    NO_BIRTH_DATE = "élève sans date de naissance lisible : il ne peut pas être confirmé"
    NOT_KEPT = "modification d’une fiche inconnue : importer l’export complet"
    LEFT = "élève parti : laissé de côté"


NAMELESS = frozenset({Kind.LINK_TO_NOBODY, Kind.NOT_KEPT, Kind.LEFT})
"""Kinds that nobody needs a name for."""

HEADER = ("constat", "qui", "établissement", "fichier", "ligne")


@frozen
class Finding:
    """One of them."""

    kind: Kind
    who: str = field(default="", repr=False)
    """The name that the secretary looks for; empty where none is needed."""
    uai: str = ""
    """The school's number; empty when it is nobody's."""
    file: str = ""
    line: int | None = None
    """Where in the file."""


class Report:
    """Counts, and the findings with their names."""

    def __init__(self) -> None:
        self.uais: tuple[str, ...] = ()
        """The numbers of the schools whose records were replaced."""
        self.guardians = 0
        """Who can be found by a mobile now."""
        self.pupils = 0
        """Who have one of them at least."""
        self.counts: Counter[Kind] = Counter()
        self.findings: list[Finding] = []

    def __repr__(self) -> str:
        return (
            f"Report({', '.join(self.uais)}: {self.guardians} guardians, {self.pupils} pupils,"
            f" {self.counts.total()} findings)"
        )

    def add(self, kind: Kind, who: str = "", uai: str = "", file: str = "", line: int | None = None) -> None:
        """Note one finding."""
        self.counts[kind] += 1
        if self.counts[kind] <= MOST:
            self.findings.append(Finding(kind, "" if kind in NAMELESS else who, uai, file, line))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells of ``HEADER``, in the order of the kinds, then of the files; without control characters."""
        order = list(Kind)
        for one in sorted(self.findings, key=lambda one: (order.index(one.kind), one.uai, one.file, one.line or 0)):
            line = "" if one.line is None else str(one.line)
            yield one.kind.value, *map(printable, (one.who, one.uai, one.file)), line

    def write_csv(self, file: TextIO) -> None:
        """As CSV with a header, for a spreadsheet: no cell begins like a formula."""
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for row in self.rows():
            writer.writerow(f"'{cell}" if _begins_a_formula(cell) else cell for cell in row)


def _begins_a_formula(cell: str) -> bool:
    """Whether a spreadsheet may take *cell* for one: the full-width signs too."""
    return unicodedata.normalize("NFKC", cell[:1])[:1] in tuple("=+-@")
