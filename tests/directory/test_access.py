"""No import gives access that its file denies, even if the file also grants it; and nothing that is read is lost."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as hyp

from educonnect_flow.directory import SqliteDirectory
from educonnect_flow.directory.report import Kind, Passed
from educonnect_flow.exports import FeedExport, Link, Person, Student, read
from educonnect_flow.testing.exports import ALL, Quirk, write_aaf, write_siecle
from tests.directory.test_cases import EXPORTS
from tests.directory.world import (
    ANNE,
    CHARGE,
    FORMS,
    HERS,
    LEGAL,
    LEO,
    MOBILE,
    TODAY,
    UAI,
    SqlDirectory,
    made_up,
    put,
    replaced,
    school_of,
)

pytestmark = pytest.mark.usefixtures("closes_directories")

PEOPLE, PUPILS = 3, 2


def mobile(person: int) -> str:
    return f"+3361234560{person}"


def siecle(folder: Path, links: Sequence[tuple[int, int, Any]]) -> list[Path]:
    """Files with these links, as they are."""
    head = f"<PARAMETRES><UAJ>{UAI}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES><DONNEES>"
    people = "".join(
        f'<PERSONNE PERSONNE_ID="{n}"><NOM>N</NOM><PRENOM>P{"abc"[n]}</PRENOM><TEL_PORTABLE>{mobile(n)}</TEL_PORTABLE></PERSONNE>'
        for n in range(PEOPLE)
    )
    pupils = "".join(
        f'<ELEVE ELEVE_ID="{n}"><NOM>N</NOM><PRENOM>Z{"abc"[n]}</PRENOM><DATE_NAISS>0{n + 1}/03/2012</DATE_NAISS></ELEVE>'
        for n in range(PUPILS)
    )
    said = "".join(
        f"<RESPONSABLE_ELEVE><ELEVE_ID>{pupil}</ELEVE_ID><PERSONNE_ID>{person}</PERSONNE_ID>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in says if value)
        + "</RESPONSABLE_ELEVE>"
        for person, pupil, says in links
    )
    guardians, children = folder / "responsables.xml", folder / "eleves.xml"
    guardians.write_text(f"<BEE_RESPONSABLES>{head}{people}{said}</DONNEES></BEE_RESPONSABLES>", "utf-8")
    children.write_text(f"<BEE_ELEVES>{head}{pupils}</DONNEES></BEE_ELEVES>", "utf-8")
    return [guardians, children]


def found(paths: list[Path], folder: Path) -> set[tuple[int, int]]:
    """Each pair of a person and a pupil to whose data the person has access."""
    directory = SqliteDirectory(folder / "records.db")
    directory.replace(read(paths), today=TODAY)
    access = {
        (person, pupil.birth_date.day - 1)
        for person in range(PEOPLE)
        for one in directory.find(mobile(person))
        for pupil in one.pupils
    }
    directory.close()
    return access


PAIRS = hyp.tuples(hyp.integers(0, PEOPLE - 1), hyp.integers(0, PUPILS - 1))
KINSHIP = hyp.sampled_from(["10", "20", "37", "90", "70", "1", "2", "7", "07", "", "x"])


def siecle_grants(says: Any) -> bool:
    niveau, legal = (dict(says)[name] for name in ("NIVEAU_RESPONSABILITE", "RESP_LEGAL"))
    return niveau in {"1", "2"} or (not niveau and legal in {"1", "2"})


def siecle_denies(says: Any) -> bool:
    code, niveau, legal = (dict(says)[name] for name in ("CODE_PARENTE", "NIVEAU_RESPONSABILITE", "RESP_LEGAL"))
    itself = code.lstrip("0") in {"7", "70"}
    return itself or niveau == "3" or (legal == "0" and niveau in {"", "1"})


@settings(max_examples=60, deadline=None)
@given(
    hyp.lists(
        hyp.tuples(
            PAIRS, KINSHIP, hyp.sampled_from(["1", "2", "3", "", "7"]), hyp.sampled_from(["1", "2", "0", "", "9"])
        ),
        max_size=8,
    )
)
def test_no_link_of_siecle_gives_what_another_denies(drawn: list[Any]) -> None:
    links = [
        (*pair, [("CODE_PARENTE", code), ("NIVEAU_RESPONSABILITE", niveau), ("RESP_LEGAL", legal)])
        for pair, code, niveau, legal in drawn
    ]
    granted = {(person, pupil) for person, pupil, says in links if siecle_grants(says)}
    denied = {(person, pupil) for person, pupil, says in links if siecle_denies(says)}
    with tempfile.TemporaryDirectory() as name:
        assert found(siecle(Path(name), links), Path(name)) == granted - denied


def aaf(folder: Path, six: dict[int, list[str] | None], older: dict[int, list[str]]) -> list[Path]:
    """The base of the second degree, with these relations of each pupil."""
    paths = []
    for path in sorted((EXPORTS / "aaf-00-base").iterdir()):
        head, rest = path.read_text("utf-8").split("<addRequest>", 1)
        entry, foot = f"<addRequest>{rest}".rsplit("</addRequest>", 1)
        entry += "</addRequest>"
        if "_PersRelEleve_" in path.name:
            people = (
                entry.replace("11<", f"1{n}<").replace("Odile", f"P{'abc'[n]}").replace("+33 6 12 34 56 01", mobile(n))
                for n in range(PEOPLE)
            )
            entry = "".join(people)
        elif "_Eleve_" in path.name:
            pupils = []
            for n in range(PUPILS):
                parts, values = six.get(n), "".join(f"<value>{one}</value>" for one in six.get(n) or ())
                said = "" if parts is None else f'<attr name="ENTElevePersRelEleve">{values or "<value/>"}</attr>'
                old = "".join(f"<value>{one}</value>" for one in older.get(n, ())) or "<value/>"
                said += f'<attr name="ENTEleveAutoriteParentale">{old}</attr>'
                start, end = entry.split('<attr name="ENTElevePersRelEleve"><value>11$10$1$1$1$1</value></attr>')
                one = f"{start}{said}{end}".replace("21<", f"2{n}<").replace("14/03", f"0{n + 1}/03")
                pupils.append(one.replace("Tristan", f"Z{'abc'[n]}"))
            entry = "".join(pupils)
        paths.append(folder / path.name)
        paths[-1].write_text(f"{head}{entry}{foot}", "utf-8")
    return paths


LEGALS = hyp.sampled_from(["0", "1", "2", "3", "", "9"])
SIX = hyp.lists(hyp.tuples(hyp.integers(0, PEOPLE - 1), KINSHIP, LEGALS, hyp.booleans()), max_size=4)
OLDER = hyp.lists(hyp.tuples(hyp.integers(0, PEOPLE - 1), KINSHIP), max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    hyp.dictionaries(hyp.integers(0, PUPILS - 1), hyp.none() | SIX),
    hyp.dictionaries(hyp.integers(0, PUPILS - 1), OLDER),
)
def test_no_relation_of_an_aaf_gives_what_another_denies(six: dict[int, Any], older: dict[int, Any]) -> None:
    granted: set[tuple[int, int]] = set()
    denied: set[tuple[int, int]] = set()
    for pupil in range(PUPILS):
        if six.get(pupil) is None:
            for person, code in older.get(pupil, ()):
                (denied if code.lstrip("0") in {"7", "70"} else granted).add((person, pupil))
        for person, code, legal, whole in six.get(pupil) or ():
            itself = code.lstrip("0") in {"7", "70"}
            if not whole:
                continue
            if legal in {"0", "3"} or itself:
                denied.add((person, pupil))
            elif legal == "1" or (legal == "2" and code.lstrip("0").isdecimal()):
                granted.add((person, pupil))
    parts = {
        pupil: None
        if some is None
        else [f"1{p}${code}$1${legal}$1{'$1' if whole else ''}" for p, code, legal, whole in some]
        for pupil, some in six.items()
    }
    old = {pupil: [f"1{p}${code}" for p, code in some] for pupil, some in older.items()}
    with tempfile.TemporaryDirectory() as name:
        assert found(aaf(Path(name), parts, old), Path(name)) == granted - denied


def test_a_delta_that_takes_the_six_parts_away_leaves_no_access_to_the_older_attribute(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    school = school_of(quirks=frozenset({Quirk.OLDER_LINKS}))
    replaced(directory, write_aaf(tmp_path, school), uai=None)
    (path,) = write_aaf(tmp_path, evolve(school, links=[]), day="20261124", before=[school])
    head, rest = path.read_bytes().split(b'<modification name="ENTEleveAutoriteParentale"')
    path.write_bytes(head + rest.split(b"</modification>\n", 1)[1])  # the older attribute stays as it was
    assert directory.find(MOBILE)
    replaced(directory, [path], uai=None)
    assert directory.find(MOBILE) == ()


def test_a_link_that_is_malformed_takes_nothing_from_another(tmp_path: Path, directory: SqlDirectory) -> None:
    report = put(directory, tmp_path, school_of(links=[HERS, evolve(HERS, malformed=True)]))
    assert [pupil.relation for pupil in directory.find(MOBILE)[0].pupils] == [LEGAL]
    assert report.counts == {Kind.LINK_MALFORMED: 1}


def test_a_contact_who_is_a_representative_too_has_no_access_and_is_reported(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    report = put(directory, tmp_path, school_of(links=[HERS, evolve(HERS, relation=None)]))
    assert directory.find(MOBILE) == ()
    assert report.counts == {Kind.CONTRADICTED: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}
    assert [one.who for one in report.findings if one.kind is Kind.CONTRADICTED] == ["LE GOFF Anne"]


def test_the_mobile_of_any_pupil_is_noticed(tmp_path: Path, directory: SqlDirectory) -> None:
    zoe = evolve(LEO, number=2, given_name="Zoé", mobile="0612345678")
    report = put(directory, tmp_path, school_of(pupils=[LEO, zoe], links=[HERS]))
    assert [one.who for one in report.findings if one.kind is Kind.PUPILS_OWN_MOBILE] == ["LE GOFF Anne"]
    assert directory.find(MOBILE)


# --- nothing is lost -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=8, deadline=None)
@given(
    families=hyp.integers(1, 25), seed=hyp.integers(0, 10**6),
    quirks=hyp.one_of(hyp.just(ALL), hyp.frozensets(hyp.sampled_from(Quirk))),
)  # fmt: skip
def test_everything_that_is_read_is_in_the_directory_or_in_the_report(
    form: str, families: int, seed: int, quirks: frozenset[Quirk]
) -> None:
    school = made_up(families, seed=seed, quirks=quirks)
    with tempfile.TemporaryDirectory() as folder:
        directory = SqliteDirectory(Path(folder) / "records.db")
        paths = FORMS[form](Path(folder), school)
        report = replaced(directory, paths, relation=None if seed % 3 == 0 else CHARGE)
        export = read(paths, uai=UAI)
        if not isinstance(export, FeedExport):
            seen = Counter(type(item) for _, item in export.items())
            assert (
                report.read
                == Counter({"persons": seen[Person], "pupils": seen[Student], "links": seen[Link]}) - Counter()
            )
        passed = {
            "persons": report.passed[Passed.PERSON_WITHOUT_ACCESS],
            "pupils": report.passed[Passed.PUPIL_WITHOUT_GUARDIAN] + report.passed[Passed.OTHER_SCHOOL],
            "links": sum(report.passed[one] for one in (Passed.CONTACT, Passed.LINK_OF_NO_USE, Passed.REPEATED_LINK)),
        }
        for what in ("persons", "pupils", "links"):
            assert report.read[what] == report.placed[what] + report.reported[what] + passed[what], what
        with closing(directory._connected()) as db:
            rows = db.execute(
                "SELECT (SELECT count(DISTINCT person) FROM guardian), (SELECT count(*) FROM pupil),"
                " (SELECT count(*) FROM relation)"
            ).fetchone()
        assert rows == tuple(report.placed[what] for what in ("persons", "pupils", "links"))
        findings = report.counts.total()
        assert sum(report.reported.values()) <= findings
        directory.close()


def test_of_a_feed_everything_is_counted_too(tmp_path: Path, directory: SqlDirectory) -> None:
    school, other = made_up(10), made_up(5, uai="0690002B", first=100)
    paths = write_aaf(tmp_path, school, other)
    report = replaced(directory, paths)
    both = (school, other)
    assert report.read["persons"] == sum(len({one.number for one in some.persons}) for some in both)
    assert report.read["pupils"] == sum(len(some.pupils) for some in both)
    assert report.passed[Passed.OTHER_SCHOOL] == sum(pupil.known for pupil in other.pupils)


def test_a_person_under_one_id_twice_is_imported_once_if_alike_and_else_left_out(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    paul = evolve(ANNE, number=2, given_name="Paul", mobile="07 80 00 00 01")
    for again, counts, names in (
        (evolve(ANNE, again="Anne"), {Kind.TWICE: 1}, ["Anne"]),
        (evolve(ANNE, again="Autre"), {Kind.CONFLICT: 2}, []),
    ):
        school = school_of(persons=[again, paul], links=[HERS, evolve(HERS, person=2)])
        report = put(directory, tmp_path, school)
        assert report.counts == counts
        assert [one.given_name for one in directory.find(MOBILE)] == names
        assert directory.find("+33780000001")
    # Two numbers are a difference, too.
    paths = write_siecle(
        tmp_path, school_of(persons=[evolve(ANNE, again="Anne"), paul], links=[HERS, evolve(HERS, person=2)])
    )
    paths[0].write_bytes(paths[0].read_bytes().replace(b"06 12 34 56 78", b"06 12 34 56 79", 1))
    report = replaced(directory, paths)
    assert report.counts == {Kind.CONFLICT: 2}
    assert directory.find(MOBILE) == directory.find("+33612345679") == ()


def test_a_pupil_under_one_id_twice_is_imported_once_if_alike_and_else_left_out(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    zoe = evolve(LEO, number=2, given_name="Zoé")
    for again, counts, names in (
        (LEO, {Kind.TWICE: 1}, ["Léo", "Zoé"]),
        (evolve(LEO, born=date_of(2011)), {Kind.CONFLICT: 2}, ["Zoé"]),
    ):
        report = put(directory, tmp_path, school_of(pupils=[LEO, again, zoe], links=[HERS, evolve(HERS, pupil=2)]))
        assert report.counts == counts
        assert [pupil.given_name for pupil in directory.find(MOBILE)[0].pupils] == names


def date_of(year: int) -> Any:
    return TODAY.replace(year=year)


def test_entries_of_an_aaf_under_one_id_are_imported_once_if_alike_and_else_left_out(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    for new, counts, names in (
        (b"", {Kind.TWICE: 1}, ["Anne"]),
        (b"x", {Kind.CONFLICT: 2, Kind.LINK_TO_NOBODY: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}, []),
    ):
        paths = write_aaf(tmp_path, school_of())
        content = paths[1].read_bytes()
        entry = content[content.index(b"<addRequest>") : content.index(b"</ficAlim")]
        paths[1].write_bytes(content.replace(entry, entry + entry.replace(b"Anne", b"Anne" + new)))
        report = replaced(directory, paths)
        assert report.counts == counts
        assert [one.given_name for one in directory.find(MOBILE)] == names


def test_two_structures_with_one_number_are_one_school(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_aaf(tmp_path, school_of())
    content = paths[0].read_bytes()
    entry = content[content.index(b"<addRequest>") : content.index(b"</ficAlim")]
    paths[0].write_bytes(content.replace(entry, entry + entry.replace(b"<id>7", b"<id>9")))
    report = replaced(directory, paths)
    assert (report.uais, report.counts, len(directory.find(MOBILE))) == ((UAI,), {}, 1)


@pytest.mark.parametrize(
    ("file", "old", "new", "kinds"),
    [
        (0, b' PERSONNE_ID="1"', b"", {Kind.ENTRY_MALFORMED, Kind.LINK_TO_NOBODY}),
        (0, b"<PRENOM>Anne", b"<PRENOM>An<b>n</b>e", {Kind.ENTRY_MALFORMED, Kind.LINK_TO_NOBODY}),
        (0, b"<PRENOM>Anne", b"<PRENOM>Paul</PRENOM><PRENOM>Anne", {Kind.ENTRY_MALFORMED, Kind.LINK_TO_NOBODY}),
        (0, b"<PERSONNE_ID>1", b"<PERSONNE_ID> ", {Kind.ENTRY_MALFORMED}),
        (0, b"NIVEAU_RESPONSABILITE>1", b"NIVEAU_RESPONSABILITE>7", {Kind.LINK_MALFORMED}),
        (0, b"<NIVEAU_RESPONSABILITE>1", b"<RESP_LEGAL>0</RESP_LEGAL><NIVEAU_RESPONSABILITE>1", {Kind.CONTRADICTED}),
        (1, b' ELEVE_ID="1"', b"", {Kind.ENTRY_MALFORMED, Kind.LINK_TO_NOBODY}),
        (1, b"<DATE_NAISS>", b"<DATE_SORTIE>bient\xf4t</DATE_SORTIE><DATE_NAISS>", {Kind.EXIT_UNREADABLE}),
        (1, b"2012</DATE_NAISS>", b"2112</DATE_NAISS>", {Kind.BIRTH_DATE_IMPOSSIBLE}),
        (1, b"2012</DATE_NAISS>", b"1975</DATE_NAISS>", {Kind.BIRTH_DATE_IMPOSSIBLE}),
    ],
)  # fmt: skip
def test_one_bad_entry_costs_itself_and_is_reported_with_its_line(
    tmp_path: Path, directory: SqlDirectory, file: int, old: bytes, new: bytes, kinds: set[Kind]
) -> None:
    paul, zoe = (
        evolve(ANNE, number=2, given_name="Paul", mobile="07 80 00 00 01"),
        evolve(LEO, number=2, given_name="Zoé"),
    )
    links = [HERS, evolve(HERS, person=2, pupil=2)]
    paths = write_siecle(tmp_path, school_of(persons=[ANNE, paul], pupils=[LEO, zoe], links=links))
    content = paths[file].read_bytes()
    assert old in content
    paths[file].write_bytes(content.replace(old, new, 1))
    report = replaced(directory, paths)
    assert report.counts.keys() - {Kind.NO_LEGAL_REPRESENTATIVE} == kinds
    assert all(one.line for one in report.findings)
    assert directory.find(MOBILE) == ()
    assert [pupil.given_name for pupil in directory.find("+33780000001")[0].pupils] == ["Zoé"]


def test_one_bad_entry_of_an_aaf_costs_itself(tmp_path: Path, directory: SqlDirectory) -> None:
    paul, zoe = (
        evolve(ANNE, number=2, given_name="Paul", mobile="07 80 00 00 01"),
        evolve(LEO, number=2, given_name="Zoé"),
    )
    school = school_of(persons=[ANNE, paul], pupils=[LEO, zoe], links=[HERS, evolve(HERS, person=2, pupil=2)])
    for file, old, new in (
        (1, b"<id>p1</id>", b"<id/>"),
        (1, b"<value>Anne", b"<value>An&unknown;ne"),
        (2, b"<value>p1$10$1$1$1$0", b"<value>$10$1$1$1$0"),
        (2, b"<value>p1$10$1$1$1$0", b"<value>p1$10$1$8$1$0"),
        (2, b"<value>p1$10$1$1$1$0", b"<value>p1$$1$2$1$0"),
    ):
        paths = write_aaf(tmp_path, school)
        content = paths[file].read_bytes()
        assert old in content
        paths[file].write_bytes(content.replace(old, new, 1))
        report = replaced(directory, paths, relation=None)
        assert report.counts
        assert all(one.line for one in report.findings)
        assert directory.find(MOBILE) == ()
        assert directory.find("+33780000001")


def test_an_entity_of_html_is_the_letter_that_it_names(tmp_path: Path, directory: SqlDirectory) -> None:
    helene = school_of(persons=[evolve(ANNE, given_name="Hélène")], quirks=frozenset({Quirk.ENTITIES}))
    paths = write_aaf(tmp_path, helene)
    assert b"H&eacute;l&#232;ne" in paths[1].read_bytes()
    assert replaced(directory, paths).counts == {}
    assert directory.find(MOBILE)[0].given_name == "Hélène"
