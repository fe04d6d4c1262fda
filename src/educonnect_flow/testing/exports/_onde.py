"""Files of ONDE and BE1D, made up."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from educonnect_flow.testing.exports._made import SELF, MadePupil, MadeSchool, Quirk, in_onde
from educonnect_flow.testing.exports._writing import french

_CHILD = ("Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants")
_NEW_CHILD = ("Classes élèves", "Nom d'usage élève", "Nom de famille élève", "Prénom élève", "Date de naissance élève")


def write_onde(folder: Path, school: MadeSchool, *, old: bool = False, encoding: str = "ISO-8859-15") -> list[Path]:
    """``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, of ONDE or of BE1D before it.

    Departed pupils and contacts are not in them: the format knows neither.
    """
    pupils, guardians = folder / "CSVExtraction-eleves.csv", folder / "CSVExtraction-responsables.csv"
    here = {pupil.number: pupil for pupil in school.pupils if in_onde(pupil)}
    children: dict[int, list[MadePupil]] = {}
    for link in school.links:
        if link.relation is not None and link.pupil in here and link.kinship != SELF and not link.malformed:
            children.setdefault(link.person, []).append(here[link.pupil])
    if old:
        head = ["Nom Elève", "Nom d'usage Elève", "Prénom Elève", "Date naissance", "Sexe", " Cycle", "Niveau"]
        phones = ["Téléphone domicile", "Téléphone travail", "Numéro de poste", "Téléphone portable"]
    else:
        head = ["Nom élève", "Nom d'usage élève", "Prénom élève", "Date naissance", "Sexe", "INE", "Niveau"]
        phones = ["Téléphone domicile", "Téléphone travail", "Téléphone portable"]
    short, new = Quirk.SPARSE in school.quirks, Quirk.NEW_COLUMNS in school.quirks
    separator = "," if Quirk.COMMAS in school.quirks else ";"
    rows: list[list[str]] = [_drifted(head, school)]
    for pupil in here.values():
        born = french(pupil.born) if old or pupil.born is None else pupil.born.isoformat()
        rows.append([pupil.family_name, "", pupil.given_name, born, "F", *([] if short else ["", "CM2"])])
    rows += [[f"Nombre d'élèves : {len(here)}"]] if Quirk.FOOTER in school.quirks else []
    _write_csv(pupils, rows, encoding, separator, quoted=old)
    most = max(map(len, children.values()), default=1)
    start = [
        "Civilité Responsable",
        "Nom usage responsable",
        "Nom responsable",
        "Prénom responsable",
        "Adresse responsable",
    ]
    columns = _NEW_CHILD if new else _CHILD
    numbers = [f" {n + 1}" if Quirk.NUMBERED in school.quirks else "" for n in range(most)]
    rows = [_drifted([*start, *phones, *(f"{name}{number}" for number in numbers for name in columns)], school)]
    for person in school.persons:
        if person.number in children or (Quirk.WITHOUT_PUPILS in school.quirks and person.given_name == "Seul"):
            has = children.get(person.number, ())
            named = [_new_child(c) if new else ["", c.family_name, c.given_name, "CP"] for c in has]
            if not short:
                named += [[""] * len(columns)] * (most - len(named))
            address = "1 rue des Écoles\nBâtiment B" if Quirk.TWO_LINES in school.quirks else ""
            row = [_civility(person.number), person.usage_name or "", person.family_name, person.given_name, address]
            row += [person.home or "", *[""] * (len(phones) - 2), person.mobile or ""]
            rows.append([*row, *itertools.chain.from_iterable(named)])
    rows += [[f"Nombre de responsables : {len(rows) - 1}"]] if Quirk.FOOTER in school.quirks else []
    _write_csv(guardians, rows, encoding, separator, quoted=old)
    if Quirk.BESIDE not in school.quirks:
        return [guardians, pupils]
    teachers = folder / "CSVExtraction-enseignants.csv"
    _write_csv(teachers, [["Civilité", "Nom", "Prénom"], ["MME", "BASTIDE", "Rose"]], encoding, separator, quoted=old)
    return [guardians, pupils, teachers]


def _new_child(pupil: MadePupil) -> list[str]:
    return ["CP", "", pupil.family_name, pupil.given_name, french(pupil.born) if pupil.born else ""]


def _civility(number: int) -> str:
    """Both ways in which the files write it."""
    return "Mme" if number % 2 else "MME"


def _drifted(header: list[str], school: MadeSchool) -> list[str]:
    if Quirk.DRIFT not in school.quirks:
        return header
    return [name.upper().replace("'", "’").replace("É", "E") + " " for name in header]


def _write_csv(path: Path, rows: Iterable[Sequence[str]], encoding: str, separator: str, *, quoted: bool) -> None:
    def encodable(cell: str) -> str:
        try:
            cell.encode(encoding)
        except UnicodeEncodeError:
            return cell.replace("’", "'")
        return cell

    with path.open("w", encoding=encoding, newline="") as file:
        writer: Any
        if quoted:
            writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        else:
            writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        writer.writerows(map(encodable, row) for row in rows)
