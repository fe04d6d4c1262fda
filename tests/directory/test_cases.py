"""The exports of ``exports/``, each as its README says. The README gives the right result, and the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from attrs import frozen

from educonnect_flow.__main__ import main
from educonnect_flow.directory import SqliteDirectory
from educonnect_flow.directory.report import Kind
from educonnect_flow.exports import ExportError, read
from tests.directory.world import CHARGE, LEGAL, TODAY, UAI

pytestmark = pytest.mark.usefixtures("closes_directories")

EXPORTS = Path(__file__).parent / "exports"
ODILE, ROSE, PAUL = "+33612345601", "+33612345602", "+33612345605"


@frozen
class Right:
    """What comes of an export."""

    found: dict[str, Any]
    """By mobile, what the guardian is to the one pupil."""
    counts: Mapping[Kind, int] = MappingProxyType({})
    skipped: tuple[str, ...] = ()


ONE = Right({ODILE: LEGAL})
RIGHT = {
    "siecle-00-base": ONE,
    "siecle-01-eleve-lui-meme": Right({}, {Kind.PUPIL_AS_GUARDIAN: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}),
    "siecle-02-lien-sans-niveau": Right({ODILE: LEGAL}, {Kind.LINK_MALFORMED: 1}),
    "siecle-03-personne-en-double": Right({ODILE: LEGAL}, {Kind.TWICE: 1}),
    "siecle-04-prenom-point": Right({"+33612345604": LEGAL}, {Kind.NO_GIVEN_NAME: 1}),
    "siecle-06-zip-macos": ONE,
    "siecle-08-dossier-entier": Right({ODILE: LEGAL}, skipped=("Nomenclature.xml", "Structures.xml")),
    "siecle-15-uaj-minuscule": ONE,
    "siecle-17-accepte-sms-0": ONE,
    "siecle-20-telephone-0033": ONE,
    "siecle-23-portable-de-l-eleve": Right({ODILE: LEGAL}, {Kind.PUPILS_OWN_MOBILE: 1}),
    "siecle-24-annee-suivante": ONE,
    "onde-00-base": ONE,
    "onde-01-colonnes-eleve": ONE,
    "onde-03-date-de-naissance": ONE,
    "onde-06-adresse-sur-deux-lignes": ONE,
    "onde-09-dossier-entier": Right({ODILE: LEGAL}, skipped=("CSVExtraction-enseignants.csv",)),
    "onde-10-pied": ONE,
    "onde-15-entete-depuis-2021": ONE,
    "onde-16-homonymes-dates": Right({ODILE: LEGAL, ROSE: LEGAL}),
    "aaf-00-base": ONE,
    "aaf-01-autorite-contredite": Right({}, {Kind.NO_LEGAL_REPRESENTATIVE: 1}),
    "aaf-02-legal-2-et-autorite": ONE,
    "aaf-03-legal-2-codes-recents": Right({ODILE: CHARGE}, {Kind.NO_LEGAL_REPRESENTATIVE: 1}),
    "aaf-04-cinq-parties": Right({ODILE: LEGAL}, {Kind.LINK_MALFORMED: 1}),
    "aaf-05-structure-sans-uai": ONE,
    "aaf-08-eleve-lui-meme": Right({}, {Kind.PUPIL_AS_GUARDIAN: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}),
    "aaf-10-1d-base": ONE,
    "aaf-12-1d-parti": Right({}, {Kind.LEFT: 1}),
    "aaf-13-1d-sortie-nue": ONE,
    "aaf-19-pupille-d-une-structure-inconnue": Right({}, {Kind.UNKNOWN_SCHOOL: 1}),
    "aaf-21-legal-2-codes-anciens": Right({ODILE: LEGAL, PAUL: LEGAL}),
}
REFUSED = {
    "onde-08-sans-colonne-portable": "without the column « Téléphone portable »",
    "aaf-14-delta-sans-jour": "no day that can be read",
}


def files(case: str) -> list[Path]:
    return sorted((EXPORTS / case).iterdir())


def test_every_export_is_tried() -> None:
    assert {folder.name for folder in EXPORTS.iterdir() if folder.is_dir()} == RIGHT.keys() | REFUSED.keys()


@pytest.mark.parametrize("case", RIGHT)
def test_an_export_comes_out_as_it_should(tmp_path: Path, case: str) -> None:
    right, directory = RIGHT[case], SqliteDirectory(tmp_path / "records.db")
    report = directory.replace(
        read(files(case), uai=UAI if case.startswith("onde") else None),
        relation=LEGAL if case.startswith("onde") else None,
        today=TODAY,
    )
    every = [directory.find(f"+336123456{n:02}") for n in range(10)]
    assert {one.mobile: pupil.relation for found in every for one in found for pupil in one.pupils} == right.found
    assert report.counts == Counter(right.counts)
    assert all(found.line for found in report.findings)
    assert tuple(name for name, _ in report.skipped) == right.skipped
    assert report.guardians == len(right.found)
    directory.close()


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_malformed_as_a_whole_is_refused(tmp_path: Path, case: str) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    directory.replace(read(files("aaf-00-base")), today=TODAY)
    with pytest.raises(ExportError, match=REFUSED[case]):
        directory.replace(read(files(case), uai=UAI), today=TODAY)
    assert [one.given_name for one in directory.find(ODILE)] == ["Odile"]
    directory.close()


def test_the_command_takes_a_day_and_says_first_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = ["--into", str(tmp_path / "records.db")]
    for case, day, status in (
        ("siecle-24-annee-suivante", "2027-06-01", 0),
        ("siecle-24-annee-suivante", "2027-11-01", 1),
        ("siecle-02-lien-sans-niveau", "2026-11-23", 0),
    ):
        capsys.readouterr()
        assert main(["import-records", *map(str, files(case)), *into, "--today", day]) == status
    shown = capsys.readouterr().out
    assert shown.startswith("Liens sans niveau de responsabilité, ou incomplets : 1. Complétez-les")
    assert "LEMOINE Paul" in shown
    capsys.readouterr()
    assert main(["import-records", *map(str, files("siecle-08-dossier-entier")), *into, "--today", "2026-11-23"]) == 0
    assert "Skipped: Structures.xml (SIECLE: BEE_STRUCTURES)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["import-records", "x", *into, "--today", "tomorrow"])


def test_a_pupil_who_left_a_class_is_still_at_the_school(tmp_path: Path) -> None:
    """Beside the two of the README: what else the attribute may say."""
    base = EXPORTS / "aaf-12-1d-parti"
    empty, left = b'"ENTPersonClasses"><value/>', b"5$15/11/2026$77"
    for classes, exits, counts in (
        (empty, left, {Kind.LEFT: 1}),
        (empty, b"15/11/2026", {Kind.LEFT: 1}),
        (empty, b"5$15/12/2026$77", {}),
        (empty, b"6$15/11/2026$77", {}),
        (empty, b"5$soon$77", {Kind.EXIT_UNREADABLE: 1}),
        (b'"ENTPersonClasses"><value>5$CP$A$77$CP A</value>', left, {Kind.LEFT: 1}),
        (b'"ENTPersonClasses"><value>6$CP$A$78$CP A</value>', left, {Kind.LEFT: 1}),
        (b'"ENTPersonClasses"><value>5$CP$A$78$CP A</value>', left, {}),
        (b'"ENTPersonClasses"><value>77</value>', left, {Kind.LEFT: 1}),
    ):
        folder = tmp_path / str(abs(hash((classes, exits))))
        folder.mkdir()
        for path in base.iterdir():
            content = path.read_bytes().replace(empty, classes).replace(left, exits)
            (folder / path.name).write_bytes(content)
        directory = SqliteDirectory(folder / "records.db")
        report = directory.replace(read(sorted(folder.glob("*.xml"))), today=TODAY)
        assert report.counts == counts, (classes, exits)
        assert len(directory.find(ODILE)) == (not counts)
        directory.close()
    again = [
        path.read_bytes().replace(empty, b'"ENTPersonClasses"><value>5$CP$A$77$CP A</value>') for path in base.iterdir()
    ]
    for path, content in zip(base.iterdir(), again, strict=True):
        (tmp_path / path.name).write_bytes(content.replace(b"5$01/09/2026$77", b"5$20/11/2026$77"))
    directory = SqliteDirectory(tmp_path / "records.db")
    assert directory.replace(read(sorted(tmp_path.glob("*.xml"))), today=TODAY).counts == {}  # back in that class
    directory.close()


@pytest.mark.parametrize(
    ("value", "left"), [("15/11/2026", 1), ("5$15/11/2026", 1), ("6$15/11/2026", 0), ("15/12/2026", 0)]
)
def test_the_school_is_left_by_its_own_attribute(tmp_path: Path, value: str, left: int) -> None:
    attribute = f'<attr name="ENTEleveDateSortieStructRattach"><value>{value}</value></attr></attributes>'.encode()
    for path in (EXPORTS / "aaf-13-1d-sortie-nue").iterdir():
        content = path.read_bytes()
        spoilt = content.replace(b"</attributes>", attribute) if "_Eleve_" in path.name else content
        (tmp_path / path.name).write_bytes(spoilt)
    directory = SqliteDirectory(tmp_path / "records.db")
    assert directory.replace(read(sorted(tmp_path.glob("*.xml"))), today=TODAY).counts[Kind.LEFT] == left
    directory.close()
