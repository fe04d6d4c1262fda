"""What an import found, for who can mend it: the school's secretary."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import TextIO

from attrs import field, frozen

MOST = 10_000
"""Findings of one kind that are kept with their names; all are counted."""


class Kind(Enum):
    """What is wrong, with what to do."""

    NO_MOBILE = "parent sans portable : le demander, et le saisir dans la base élèves"
    LANDLINE = "numéro qui n’est pas un portable : demander un portable"
    MALFORMED = "numéro illisible : le vérifier"
    SAME_NUMBER_AND_NAME = "deux fiches avec le même nom et le même numéro : fusionner, ou vérifier"
    NO_LEGAL_REPRESENTATIVE = "élève sans représentant légal : compléter sa fiche"
    LINK_TO_NOBODY = "lien vers une personne ou un élève absent du fichier"
    HOMONYMS = "deux élèves du même nom : le lien ne dit pas lequel, il est refusé"
    RELATION_UNKNOWN = "le fichier ne dit pas ce que la personne est à l’élève : lien refusé"
    NO_BIRTH_DATE = "élève sans date de naissance lisible : il ne peut pas être confirmé"
    LEFT = "élève parti : laissé de côté"


NAMELESS = frozenset({Kind.LINK_TO_NOBODY, Kind.LEFT})
"""Kinds that nobody needs a name for."""


@frozen
class Finding:
    """One of them."""

    kind: Kind
    who: str = field(default="", repr=False)
    """The name that the secretary looks for; empty where none is needed."""
    line: int | None = None
    """Where in the file."""


class Report:
    """Counts, and the findings with their names."""

    def __init__(self, uai: str) -> None:
        self.uai = uai
        self.guardians = 0
        """Who can be found by a mobile now."""
        self.pupils = 0
        """Who have one of them at least."""
        self.counts: Counter[Kind] = Counter()
        self.findings: list[Finding] = []

    def __repr__(self) -> str:
        return f"Report({self.uai}: {self.guardians} guardians, {self.pupils} pupils, {self.counts.total()} findings)"

    def add(self, kind: Kind, who: str = "", line: int | None = None) -> None:
        """Note one finding."""
        self.counts[kind] += 1
        if self.counts[kind] <= MOST:
            self.findings.append(Finding(kind, "" if kind in NAMELESS else who, line))

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Kind, who and line, in the order of the kinds."""
        order = list(Kind)
        for found in sorted(self.findings, key=lambda one: order.index(one.kind)):
            yield found.kind.value, found.who, "" if found.line is None else str(found.line)

    def write_csv(self, file: TextIO) -> None:
        """As CSV with a header, for a spreadsheet: no cell begins like a formula."""
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("constat", "qui", "ligne"))
        for row in self.rows():
            writer.writerow("'" + cell if cell[:1] in tuple("=+-@\t\r") else cell for cell in row)
