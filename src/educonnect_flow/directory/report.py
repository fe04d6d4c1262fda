"""What an import found, for who can mend it: the school's secretary."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TextIO

from attrs import field, frozen

from educonnect_flow._text import printable

MOST = 10_000
"""Findings of one kind that are kept with their names; all are counted."""


class Kind(Enum):
    """What is wrong: a line's own words, and the sentence that says of all of them what to do."""

    def __init__(self, one: str, all_of_them: str) -> None:
        self.one = one
        self.all_of_them = all_of_them

    NO_MOBILE = (
        "parent sans portable : le demander, et le saisir dans la base élèves",
        "Parents sans portable : {n}. Demandez leur numéro et saisissez-le dans la base élèves.",
    )
    MISPLACED = (
        "portable saisi comme numéro du domicile ou du travail : le saisir comme portable",
        "Portables saisis comme numéro du domicile ou du travail : {n}. Saisissez-les comme portable.",
    )
    LANDLINE = (
        "numéro qui n’est pas un portable : demander un portable",
        "Numéros qui ne sont pas des portables : {n}. Demandez un portable à ces parents.",
    )
    FOREIGN = (
        "numéro étranger : l’activation demande un portable français",
        "Numéros étrangers : {n}. Demandez un portable français à ces parents.",
    )
    NO_PREFIX = (
        "numéro d’outre-mer sans son indicatif (+687…) : l’ajouter",
        "Numéros d’outre-mer sans leur indicatif : {n}. Ajoutez l’indicatif (+508, +681, +687, +689).",
    )
    MALFORMED = (
        "numéro illisible : le vérifier",
        "Numéros illisibles : {n}. Vérifiez-les avec les parents.",
    )
    NO_GIVEN_NAME = (
        "fiche sans prénom : le saisir",
        "Parents sans prénom : {n}. Saisissez leur prénom. S’ils n’en ont pas, ils cochent « Je n’ai qu’un nom ».",
    )
    NAME_UNREADABLE = (
        "nom ou prénom à corriger : signes, civilité ou accents abîmés",
        "Noms ou prénoms à corriger : {n}. Retirez les signes, les chiffres et la civilité ; ressaisissez les accents.",
    )
    PUPILS_OWN_MOBILE = (
        "le portable du responsable est celui d’un élève : le vérifier",
        "Portables qui sont aussi celui d’un élève : {n}. Demandez au parent son propre numéro.",
    )
    PUPIL_AS_GUARDIAN = (
        "l’élève est saisi comme son propre responsable : aucun accès par ce lien",
        "Élèves saisis comme leur propre responsable : {n}. Saisissez leurs parents ; ce lien ne donne aucun accès.",
    )
    CONTRADICTED = (
        "la base dit à la fois que cette personne est responsable et qu’elle ne l’est pas : aucun accès",
        "Liens contradictoires : {n}. Corrigez la responsabilité de ces personnes ; d’ici là, elles n’ont aucun accès.",
    )
    LINK_MALFORMED = (
        "lien sans niveau de responsabilité, ou incomplet : laissé de côté",
        "Liens sans niveau de responsabilité, ou incomplets : {n}. Complétez-les dans la base élèves.",
    )
    RELATION_UNKNOWN = (
        "le fichier ne dit pas ce que la personne est à l’élève : lien refusé",
        "Liens dont le fichier ne dit pas ce qu’ils sont : {n}. Relancez l’import avec --relation, ou complétez-les.",
    )
    LINK_TO_NOBODY = (
        "lien vers une personne ou un élève absent du fichier",
        "Liens vers une personne ou un élève absents du fichier : {n}. Refaites l’export, ou corrigez ces liens.",
    )
    SAME_NUMBER_AND_NAME = (
        "deux fiches avec le même nom et le même numéro : fusionner, ou vérifier",
        "Fiches avec le même nom et le même numéro : {n}. Fusionnez-les, ou vérifiez-les.",
    )
    CONFLICT = (
        "deux fiches différentes sous un même identifiant : aucune n’est prise",
        "Fiches différentes sous un même identifiant : {n}. Refaites l’export ; aucune n’est prise.",
    )
    TWICE = (
        "fiche répétée à l’identique : prise une fois",
        "Fiches répétées à l’identique : {n}. Rien à faire : elles sont prises une fois.",
    )
    NO_LEGAL_REPRESENTATIVE = (
        "élève sans représentant légal : compléter sa fiche",
        "Élèves sans représentant légal : {n}. Complétez leur fiche.",
    )
    HOMONYMS = (
        "deux élèves du même nom : le lien ne dit pas lequel, il est refusé",
        "Élèves du même nom, que les liens ne distinguent pas : {n}. Refaites l’export des responsables avec la date"
        " de naissance des élèves.",
    )
    NO_BIRTH_DATE = (
        "élève sans date de naissance lisible : il ne peut pas être confirmé",
        "Élèves sans date de naissance lisible : {n}. Saisissez-la.",
    )
    BIRTH_DATE_IMPOSSIBLE = (
        "date de naissance impossible pour un élève : la vérifier",
        "Dates de naissance impossibles : {n}. Corrigez-les : ces élèves ne peuvent pas être confirmés.",
    )
    UNKNOWN_SCHOOL = (
        "élève d’une structure absente du fichier, ou sans numéro (UAI) : vérifier son établissement",
        "Élèves d’une structure absente du fichier, ou sans numéro (UAI) : {n}. Vérifiez leur établissement.",
    )
    EXIT_UNREADABLE = (
        "date de sortie illisible : l’élève est laissé de côté",
        "Dates de sortie illisibles : {n}. Corrigez-les ; ces élèves sont laissés de côté.",
    )
    LEFT = (
        "élève parti : laissé de côté",
        "Élèves partis : {n}. Rien à faire, sauf si l’un d’eux est encore là.",
    )
    ENTRY_MALFORMED = (
        "ligne ou fiche illisible : laissée de côté",
        "Lignes ou fiches illisibles : {n}. Corrigez-les, ou refaites l’export.",
    )
    NOT_KEPT = (
        "modification d’une fiche inconnue : importer l’export complet",
        "Modifications de fiches inconnues : {n}. Importez l’export complet.",
    )


NAMELESS = frozenset({Kind.LINK_TO_NOBODY, Kind.NOT_KEPT, Kind.LEFT, Kind.ENTRY_MALFORMED, Kind.TWICE})
"""Kinds that nobody needs a name for."""

HEADER = ("constat", "qui", "établissement", "fichier", "ligne")


class Passed(Enum):
    """What enters neither the directory nor a finding, and needs no action."""

    PERSON_WITHOUT_ACCESS = "Personnes sans accès (à contacter seulement, ou sans élève présent)"
    PUPIL_WITHOUT_GUARDIAN = "Élèves dont aucun responsable ne peut activer de compte"
    OTHER_SCHOOL = "Élèves d’un autre établissement que celui qui est demandé"
    CONTACT = "Liens de personnes à contacter"
    LINK_OF_NO_USE = "Liens d’une personne ou d’un élève qui n’est pas repris"
    REPEATED_LINK = "Liens répétés"


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
        self.skipped: Sequence[tuple[str, str]] = ()
        """Files beside the wanted ones, and what each is."""
        self.doubts: list[str] = []
        """Why the import would be refused without ``anyway``; of a dry run and of one that was done anyway."""
        self.read: Counter[str] = Counter()
        """How many ``persons``, ``pupils`` and ``links`` were read."""
        self.placed: Counter[str] = Counter()
        """How many of these are in the directory."""
        self.reported: Counter[str] = Counter()
        """How many of these are left out with a finding."""
        self.passed: Counter[Passed] = Counter()
        """How many are left out without one."""

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

    def summary(self) -> list[str]:
        """What to do, in one sentence for each kind, in the order of the kinds."""
        return [kind.all_of_them.format(n=self.counts[kind]) for kind in Kind if self.counts[kind]]

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells of ``HEADER``, in the order of the kinds, then of the files; without control characters."""
        order = {kind: number for number, kind in enumerate(Kind)}
        for one in sorted(self.findings, key=lambda one: (order[one.kind], one.uai, one.file, one.line or 0)):
            line = "" if one.line is None else str(one.line)
            yield one.kind.one, *map(printable, (one.who, one.uai, one.file)), line

    def write_csv(self, file: TextIO) -> None:
        """As CSV with a header, for a spreadsheet: no cell begins like a formula."""
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for row in self.rows():
            writer.writerow(f"'{cell}" if _begins_a_formula(cell) else cell for cell in row)


def _begins_a_formula(cell: str) -> bool:
    """Whether a spreadsheet may take *cell* for one: the full-width signs too."""
    return unicodedata.normalize("NFKC", cell[:1])[:1] in tuple("=+-@")
