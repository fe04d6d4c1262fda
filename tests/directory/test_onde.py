"""The files of ONDE as they were written over the years, and as spreadsheets leave them."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow.directory import SqliteDirectory
from educonnect_flow.directory.report import Kind, Report
from educonnect_flow.exports import ExportError, SchoolExport, read
from educonnect_flow.exports import _columns as columns
from educonnect_flow.exports._columns import BORN, CHILD_FAMILY, GIVEN, PORTABLE, words_of
from educonnect_flow.exports._onde import link_key
from educonnect_flow.testing.exports import Quirk, write_onde
from tests.directory.world import LEGAL, LEO, MOBILE, TODAY, UAI, SqlDirectory, replaced, school_of

pytestmark = pytest.mark.usefixtures("closes_directories")

PUPILS = "Nom élève;Prénom élève;Date naissance\nLE GOFF;Léo;04/03/2012\n"
HEAD = "Nom responsable;Prénom responsable;Téléphone portable"
ANNE = "LE GOFF;Anne;06 12 34 56 78"


def files(folder: Path, guardians: str, pupils: str = PUPILS, encoding: str = "cp1252") -> list[Path]:
    paths = [folder / "CSVExtraction-responsables.csv", folder / "CSVExtraction-eleves.csv"]
    for path, text in zip(paths, (guardians, pupils), strict=True):
        path.write_bytes(text.encode(encoding))
    return paths


def names(directory: SqlDirectory, mobile: str = MOBILE) -> list[str]:
    return [pupil.given_name for one in directory.find(mobile) for pupil in one.pupils]


def taken(paths: list[Path], directory: SqlDirectory) -> Report:
    return directory.replace(read(paths, uai=UAI), relation=LEGAL, today=TODAY)


CHILD = "LE GOFF;Léo"
HEADS = {
    "enfant": "Nom de famille enfant;Prénom enfant",
    "élève": "Nom de famille élève;Prénom élève",
    "Elève": "Nom de famille Elève;Prénom Elève",
    "de l'élève": "Nom de l'élève;Prénom de l’élève",
    "numbered": "Nom de famille élève 1;Prénom élève 1",
    "set together": "Nom de famille élève1;Prénom élève1",
    "by a library": "Nom de famille élève.1;Prénom élève.1",
    "capitals": "NOM DE FAMILLE ELEVE;PRENOM ELEVE",
    "of birth": "Nom de naissance élève;Prénom élève",
    "underlined": "nom_famille_eleve;prenom_eleve",
}


@pytest.mark.parametrize("head", HEADS)
def test_a_child_is_found_by_either_word_numbered_or_not(tmp_path: Path, head: str) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    report = taken(files(tmp_path, f"{HEAD};{HEADS[head]}\n{ANNE};{CHILD}\n"), directory)
    assert (names(directory), report.counts) == (["Léo"], {})
    directory.close()


TWO = "Nom élève;Prénom élève;Date naissance\nLE GOFF;Léo;04/03/2012\nPETIT;Zoé;05/03/2012\nLE GOFF;Zoé;06/03/2012\n"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Nom de famille élève;Prénom élève;Nom de famille élève;Prénom élève", "LE GOFF;Léo;PETIT;Zoé"),
        ("Prénom élève;Nom de famille élève;Prénom élève;Nom de famille élève", "Léo;LE GOFF;Zoé;PETIT"),
        ("Nom de famille élève;Nom de famille élève;Prénom élève;Prénom élève", "LE GOFF;PETIT;Léo;Zoé"),
        ("Prénom élève 2;Nom de famille élève 1;Nom de famille élève 2;Prénom élève 1", "Zoé;LE GOFF;PETIT;Léo"),
        ("Nom de famille élève;Nom de famille élève.1;Prénom élève;Prénom élève.1", "LE GOFF;PETIT;Léo;Zoé"),
        ("Classes élèves;Prénom enfant;PCS;Nom de famille enfant;Classes;Prénom enfant;Nom de famille enfant", "CP;Léo;;LE GOFF;CM;Zoé;PETIT"),
    ],
)  # fmt: skip
def test_the_columns_of_one_child_belong_together_in_any_order(tmp_path: Path, head: str, row: str) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    report = taken(files(tmp_path, f"{HEAD};{head}\n{ANNE};{row}\n", TWO), directory)
    assert sorted((pupil.family_name, pupil.given_name) for pupil in directory.find(MOBILE)[0].pupils) == [
        ("LE GOFF", "Léo"), ("PETIT", "Zoé"),
    ]  # fmt: skip
    assert report.counts == {Kind.NO_LEGAL_REPRESENTATIVE: 1}  # the other Zoé
    directory.close()


SEPARATED: dict[str, Callable[[str], str]] = {
    "commas": lambda text: text.replace(";", ","),
    "tabs": lambda text: text.replace(";", "\t"),
    "bars": lambda text: text.replace(";", "|"),
    "said": lambda text: f"sep=;\n{text}",
    "a title": lambda text: f"Export du 23/11/2026\n\n{text}",
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "short rows": lambda text: text.replace("\n", ";PCS;INE\n", 1),
    "no last end": lambda text: text.rstrip("\n"),
    "a foot": lambda text: f"{text}Nombre de lignes : 1\n",
    "a foot of cells": lambda text: f"{text}Total;1;;;\n",
    "a foot of dates": lambda text: f"{text}Édité le 23/11/2026\n",
}


@pytest.mark.parametrize("separated", SEPARATED)
def test_what_a_spreadsheet_makes_of_a_file_is_read(tmp_path: Path, separated: str) -> None:
    change, directory = SEPARATED[separated], SqliteDirectory(tmp_path / "records.db")
    text = f"{HEAD};{HEADS['élève']}\n{ANNE};{CHILD}\n"
    report = taken(files(tmp_path, change(text), change(PUPILS)), directory)
    assert (names(directory), report.counts) == (["Léo"], {})
    directory.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-15"])
def test_every_encoding_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    text = f"{HEAD};{HEADS['élève']}\n{ANNE};{CHILD}\n"
    assert taken(files(tmp_path, text, encoding=encoding), directory).counts == {}
    assert names(directory) == ["Léo"]
    directory.close()


def test_utf_16_in_the_order_of_other_machines_is_read_too(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = files(tmp_path, f"{HEAD};{HEADS['élève']}\n{ANNE};{CHILD}\n", encoding="utf-16-be")
    for path in paths:
        path.write_bytes(codecs.BOM_UTF16_BE + path.read_bytes())
    taken(paths, directory)
    assert names(directory) == ["Léo"]


BAD_ROWS = {
    "a mark that is not closed": '"PETIT;Paul;07 80 00 00 01;LE GOFF;Léo',
    "a mark within a cell that has marks": '"PE"TIT";Paul;07 80 00 00 01;LE GOFF;Léo',
    "more cells than columns": "PETIT;Paul;07 80 00 00 01;LE GOFF;Léo;one;more",
    "a byte that is no letter": "PETIT;Pa\x81ul;07 80 00 00 01;LE GOFF;Léo",
    "a null": "PE\x00TIT;Paul;07 80 00 00 01;LE GOFF;Léo",
    "a child of nulls": "PETIT;Paul;07 80 00 00 01;LE GOFF;L\x00o",
}


@pytest.mark.parametrize("bad", BAD_ROWS)
@pytest.mark.parametrize("quoted", [False, True])
def test_a_bad_row_costs_itself_alone(tmp_path: Path, bad: str, quoted: bool) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    good = '"LE GOFF";"Anne";"06 12 34 56 78";"LE GOFF";"Léo"' if quoted else f"{ANNE};{CHILD}"
    text = f"{HEAD};{HEADS['élève']}\n{BAD_ROWS[bad]}\n{good}\n"
    paths = files(tmp_path, text, encoding="latin-1")
    report = taken(paths, directory)
    assert [(one.kind, one.line, one.uai) for one in report.findings] == [(Kind.ENTRY_MALFORMED, 2, UAI)]
    assert names(directory) == ["Léo"]
    assert names(directory, "+33780000001") == []
    directory.close()


def test_a_bad_row_of_the_pupils_costs_itself_alone(tmp_path: Path, directory: SqlDirectory) -> None:
    text = f"{HEAD};{HEADS['élève']}\n{ANNE};{CHILD}\n"
    report = taken(files(tmp_path, text, f"{PUPILS}PE\x81TIT;Zoé;05/03/2012\n", encoding="latin-1"), directory)
    assert [(one.kind, one.line) for one in report.findings] == [(Kind.ENTRY_MALFORMED, 3)]
    assert names(directory) == ["Léo"]


def test_an_address_goes_over_lines_and_a_mark_within_a_cell_is_a_letter(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    text = f'{HEAD};Adresse;{HEADS["élève"]}\n{ANNE};"1 rue ""Bel Air""\n\nBât. B\n;";{CHILD}\nPETIT;Paul;07 80 00 00 01;1 rue "Bel Air";{CHILD}\n'
    assert taken(files(tmp_path, text), directory).counts == {}
    assert names(directory) == names(directory, "+33780000001") == ["Léo"]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    export = read(write_onde(tmp_path, school_of()), uai=UAI)
    (tmp_path / "CSVExtraction-eleves.csv").write_bytes(b"a;b;c\n")
    assert isinstance(export, SchoolExport)
    with pytest.raises(ExportError, match="no longer one of ONDE"):
        list(export.items())


# --- homonyms ------------------------------------------------------------------------------------------

LEOS = "Nom élève;Prénom élève;Date naissance\nLE GOFF;Léo;04/03/2012\nLE GOFF;LEO;05/03/2014\n"
DATED = f"{HEAD};{HEADS['élève']};Date de naissance élève"


@pytest.mark.parametrize(
    ("date", "pupils", "found", "counts"),
    [
        ("04/03/2012", PUPILS, ["Léo"], {}),
        ("2012-03-04", PUPILS, ["Léo"], {}),
        ("", PUPILS, ["Léo"], {}),
        ("hier", PUPILS, ["Léo"], {}),
        ("05/03/2012", PUPILS, [], {Kind.LINK_TO_NOBODY: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}),
        ("04/03/2012", PUPILS.replace("04/03/2012", ""), [], {Kind.NO_BIRTH_DATE: 1}),
        ("05/03/2014", LEOS, ["LEO"], {Kind.NO_LEGAL_REPRESENTATIVE: 1}),
        ("05/03/2015", LEOS, [], {Kind.LINK_TO_NOBODY: 1, Kind.NO_LEGAL_REPRESENTATIVE: 2}),
        ("", LEOS, [], {Kind.HOMONYMS: 2}),
        ("04/03/2012", LEOS.replace("05/03/2014", "04/03/2012"), [], {Kind.HOMONYMS: 2}),
        ("", LEOS.replace("05/03/2014", "04/03/2012"), [], {Kind.HOMONYMS: 2}),
        ("", LEOS.replace("05/03/2014", ""), [], {Kind.NO_BIRTH_DATE: 1, Kind.HOMONYMS: 1}),
        ("04/03/2012", LEOS.replace("05/03/2014", ""), ["Léo"], {Kind.NO_BIRTH_DATE: 1}),
    ],
)
def test_a_birth_date_says_which_pupil_is_meant(
    tmp_path: Path, directory: SqlDirectory, date: str, pupils: str, found: list[str], counts: dict[Kind, int]
) -> None:
    report = taken(files(tmp_path, f"{DATED}\n{ANNE};{CHILD};{date}\n", pupils), directory)
    assert (names(directory), report.counts) == (found, counts)


def test_a_link_without_a_date_beside_one_with_a_date(tmp_path: Path, directory: SqlDirectory) -> None:
    paul = "LE GOFF;Paul;07 80 00 00 01"
    report = taken(files(tmp_path, f"{DATED}\n{ANNE};{CHILD};04/03/2012\n{paul};{CHILD};\n", LEOS), directory)
    assert report.counts == {Kind.HOMONYMS: 1}  # the other one: Paul's link may mean him
    assert (names(directory), names(directory, "+33780000001")) == (["Léo"], [])
    three = f"{DATED}\n{ANNE};{CHILD};04/03/2012\n{ANNE};{CHILD};05/03/2014\n{paul};{CHILD};\n"
    report = taken(files(tmp_path, three, LEOS), directory)
    assert report.counts == {Kind.HOMONYMS: 1, Kind.SAME_NUMBER_AND_NAME: 1}
    assert [one.who for one in report.findings if one.kind is Kind.HOMONYMS] == ["LE GOFF Paul"]
    assert names(directory, "+33780000001") == []


def test_the_id_of_a_pupil_stays_when_the_files_get_dates(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_onde(tmp_path, school_of()), relation=LEGAL)
    before = directory.find(MOBILE)
    replaced(directory, write_onde(tmp_path, school_of(quirks=frozenset({Quirk.NEW_COLUMNS}))), relation=LEGAL)
    assert directory.find(MOBILE) == before
    assert before[0].pupils[0].id == f"{UAI}:{link_key(LEO.family_name, LEO.given_name)}"


def test_a_date_of_some_children_only_is_refused(tmp_path: Path) -> None:
    head = f"{HEAD};{HEADS['élève']};Date de naissance élève 1"
    with pytest.raises(ExportError, match="line 1: not every child has a column for each name"):
        taken(files(tmp_path, f"{head}\n{ANNE};{CHILD};\n"), SqliteDirectory(tmp_path / "records.db"))


# --- files beside the wanted ones ------------------------------------------------------------------------

BESIDE = {
    "CSVExtraction-enseignants.csv": b"Civilit\xe9;Nom;Pr\xe9nom\nMME;BASTIDE;Rose\n",
    "CSVExtraction-classes.csv": b"Classe;Niveau\nCP A;CP\n",
    "enseignants.csv": b"Nom,Pr\xe9nom,T\xe9l\xe9phone portable\nBASTIDE,Rose,\n",
    ".DS_Store": b"\x00\x00\x00\x01Bud1",
    "._CSVExtraction-eleves.csv": b"\x00\x05\x16\x07",
    "ficAlimMENESR.dtd": b"<!ELEMENT ficAlimMENESR ANY>",
    "LISEZMOI.txt": b"rien",
    "sts_emp.xml": b"<?xml version='1.0'?><STS_EDT></STS_EDT>",
    "Communs.xml": b"<?xml version='1.0'?><BEE_COMMUNS VERSION='1'/>",
}


def test_files_beside_the_wanted_ones_are_skipped_and_named(tmp_path: Path, directory: SqlDirectory) -> None:
    for name, content in BESIDE.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "__MACOSX").mkdir()
    write_onde(tmp_path, school_of())
    report = replaced(directory, sorted(path for path in tmp_path.iterdir() if ".db" not in path.name))
    assert {name for name, _ in report.skipped} == {*BESIDE, "__MACOSX"}
    assert all(what for _, what in report.skipped)
    assert names(directory) == ["Léo"]


def test_only_such_files_are_no_export(tmp_path: Path) -> None:
    for name, content in BESIDE.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ExportError, match="no file of families is among them: .*enseignants.csv"):
        read(tmp_path.iterdir())
    with pytest.raises(ExportError, match="no file is given"):
        read([])


@given(hyp.text())
def test_any_header_is_read(cell: str) -> None:
    words = words_of(cell)
    assert all(words)
    assert columns.missing([words], [PORTABLE, GIVEN, BORN, CHILD_FAMILY])
