"""An older export, one of far fewer guardians, or a delta out of its order replaces nothing by mistake."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from attrs import evolve

from educonnect_flow.__main__ import main
from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.directory._staging import digest
from educonnect_flow.exports import ExportError
from educonnect_flow.exports._fields import moment
from educonnect_flow.testing.exports import write_aaf, write_onde, write_siecle
from tests.directory.world import (
    ANNE,
    CHARGE,
    HERS,
    LEGAL,
    LEO,
    MOBILE,
    TODAY,
    SqlDirectory,
    made_up,
    put,
    replaced,
    school_of,
)
from tests.postgres import Server

pytestmark = pytest.mark.usefixtures("closes_directories")

PAUL = school_of(persons=[evolve(ANNE, given_name="Paul")])


def name(directory: SqlDirectory) -> list[str]:
    return [one.given_name for one in directory.find(MOBILE)]


def test_an_older_export_of_siecle_is_refused_unless_it_is_meant(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_siecle(tmp_path, school_of(), exported="20/11/2026"))
    replaced(directory, write_siecle(tmp_path, school_of(), exported="20/11/2026"))  # the same one again
    older = write_siecle(tmp_path, PAUL, exported="01/09/2026")
    with pytest.raises(
        ExportError, match="0750001A: this export is of 2026-09-01.*, older than the one in place, of 2026-11-20.*--yes"
    ):
        replaced(directory, older)
    assert name(directory) == ["Anne"]
    dry = replaced(directory, older, dry_run=True)
    assert ["older than the one in place" in doubt for doubt in dry.doubts] == [True]
    assert replaced(directory, older, anyway=True).doubts == dry.doubts
    assert name(directory) == ["Paul"]
    replaced(directory, write_siecle(tmp_path, school_of(), exported="02/09/2026"))
    assert name(directory) == ["Anne"]


def test_the_older_of_two_files_counts(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_siecle(tmp_path, school_of(), exported="20/11/2026"))
    (tmp_path / "old").mkdir()
    guardians, _ = write_siecle(tmp_path / "old", PAUL, exported="01/09/2026")
    _, pupils = write_siecle(tmp_path, PAUL, exported="23/11/2026")
    with pytest.raises(ExportError, match="older than the one in place"):
        replaced(directory, [guardians, pupils])


def test_of_one_day_the_time_is_compared_and_a_file_without_one_is_asked_about(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    paths = write_siecle(tmp_path, school_of())
    replaced(directory, paths)
    for old, new, said in (
        (b"08:00:00", b"07:59:59", "older"),
        (b"08:00:00", b"", None),
        (b"HORODATAGE", b"X", None),
        (b"HORODATAGE", b"X", None),
    ):
        for path in write_siecle(tmp_path, PAUL):
            path.write_bytes(path.read_bytes().replace(old, new))
        if said:
            with pytest.raises(ExportError, match=said):
                replaced(directory, paths)
        else:
            replaced(directory, paths)
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"DATE_EXPORT", b"Y"))
    with pytest.raises(ExportError, match="does not say its day, and the one in place is of 2026-11-23"):
        replaced(directory, paths)


@pytest.mark.parametrize(
    ("text", "said"),
    [("20/11/2026 09:30:00", "2026-11-20T09:30:00"), ("2026-11-20T09:30", "2026-11-20T09:30:00"), ("1/9/2026", "2026-09-01"),
     ("20/11/2026 25:00:00", "2026-11-20"), ("31/02/2026", ""), ("", ""), ("hier", "")],
)  # fmt: skip
def test_a_moment_is_read_as_it_is_compared(text: str, said: str) -> None:
    assert moment(text) == said


def test_onde_says_no_day_and_replaces(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_siecle(tmp_path, school_of()))
    replaced(directory, write_onde(tmp_path, PAUL))
    assert name(directory) == ["Paul"]


def test_far_fewer_guardians_than_in_place_are_asked_about(tmp_path: Path, directory: SqlDirectory) -> None:
    whole = made_up(20, quirks=())
    put(directory, tmp_path, whole)
    half = evolve(whole, links=[link for link in whole.links if link.person < 100])
    put(directory, tmp_path, half)
    few = evolve(whole, links=whole.links[:1])
    with pytest.raises(ExportError, match=r"0750001A: this export has 1 guardians with access, and \d+ are in place"):
        put(directory, tmp_path, few)
    assert put(directory, tmp_path, few, dry_run=True).doubts
    assert put(directory, tmp_path, few, anyway=True).guardians == 1


def test_the_command_replaces_them_with_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = ["--into", str(tmp_path / "records.db"), "--today", str(TODAY)]
    files = write_siecle(tmp_path, school_of(), exported="20/11/2026")
    assert main(["import-records", *map(str, files), *into]) == 0
    files = write_siecle(tmp_path, PAUL, exported="19/11/2026")
    assert main(["import-records", *map(str, files), *into]) == 1
    assert "--yes" in capsys.readouterr().err
    assert main(["import-records", *map(str, files), *into, "--dry-run"]) == 0
    assert "To replace them nevertheless takes --yes: 0750001A: this export is of 2026-11-19" in capsys.readouterr().out
    assert main(["import-records", *map(str, files), *into, "--yes"]) == 0


# --- feeds ---------------------------------------------------------------------------------------------


def test_an_older_complete_export_of_a_feed_is_asked_about(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_aaf(tmp_path, school_of(), day="20261120"), uai=None)
    for day, said in (("20261119", "older than the one in place"), ("", "does not say its day")):
        (tmp_path / f"x{day}").mkdir()
        with pytest.raises(ExportError, match=said):
            replaced(directory, write_aaf(tmp_path / f"x{day}", PAUL, day=day), uai=None)
    assert name(directory) == ["Anne"]
    (tmp_path / "later").mkdir()
    replaced(directory, write_aaf(tmp_path / "later", PAUL, day="20261121"), uai=None)
    assert name(directory) == ["Paul"]


def test_a_name_without_a_kind_is_a_complete_export(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_aaf(tmp_path, school_of(), day="")
    paths = [path.rename(path.with_name(path.name.replace("_Complet", ""))) for path in paths]
    assert replaced(directory, paths, uai=None).guardians == 1


def test_a_feed_without_one_regular_school_is_refused(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_aaf(tmp_path, school_of())
    paths[0].write_bytes(paths[0].read_bytes().replace(b"0750001A", b"075001AB"))
    with pytest.raises(ExportError, match="none of its schools has a number"):
        replaced(directory, paths, uai=None)


@pytest.mark.parametrize("day", ["", "202611241", "2026112", "20261301", "20260230", "24112026", "20261124_20261125"])
def test_a_delta_needs_a_day_that_can_be_read(tmp_path: Path, directory: SqlDirectory, day: str) -> None:
    replaced(directory, write_aaf(tmp_path, school_of()), uai=None)
    zoe = evolve(LEO, number=2, given_name="Zoé")
    delta = write_aaf(
        tmp_path,
        school_of(pupils=[zoe], links=[evolve(HERS, pupil=2)]),
        day=day,
        before=[school_of(persons=[], pupils=[], links=[])],
    )
    with pytest.raises(ExportError, match="no day that can be read"):
        replaced(directory, delta, uai=None)
    assert [pupil.given_name for pupil in directory.find(MOBILE)[0].pupils] == ["Léo"]


def test_a_missing_delta_is_noticed_where_the_feed_numbers_them(tmp_path: Path, directory: SqlDirectory) -> None:
    usage = [school_of(persons=[evolve(ANNE, usage_name=f"PETIT {n}")]) for n in "ABCDE"]
    replaced(directory, write_aaf(tmp_path, usage[0], number=6), uai=None)

    def delta(n: int, number: int | None) -> list[Path]:
        return write_aaf(tmp_path, usage[n], day=f"2026112{3 + n}", number=number, before=[usage[n - 1]])

    replaced(directory, delta(1, 7), uai=None)
    with pytest.raises(ExportError, match="the number 9, and the last one in place has 7: import those in between"):
        replaced(directory, delta(3, 9), uai=None)
    with pytest.raises(ExportError, match="the number 6, and the last one in place has 7"):
        replaced(directory, delta(3, 6), uai=None)
    replaced(directory, delta(1, 7), uai=None)  # again
    replaced(directory, delta(2, 8), uai=None)
    replaced(directory, delta(3, None), uai=None)  # nothing can be said
    replaced(directory, delta(4, 20), uai=None)
    assert directory.find(MOBILE)[0].usage_name == "PETIT E"


# --- versions of links ---------------------------------------------------------------------------------


def links(directory: SqlDirectory) -> dict[str, Any]:
    return {pupil.given_name: pupil.link for one in directory.find(MOBILE) for pupil in one.pupils}


def test_a_link_has_another_version_when_it_comes_back_or_says_something_else(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    zoe, to_zoe = evolve(LEO, number=2, given_name="Zoé"), evolve(HERS, pupil=2)
    both = school_of(pupils=[LEO, zoe], links=[HERS, to_zoe])
    put(directory, tmp_path, both)
    first = links(directory)
    assert first.keys() == {"Léo", "Zoé"}
    assert all(first.values())
    other_id = evolve(ANNE, number=9)
    put(directory, tmp_path, evolve(both, persons=[other_id], links=[evolve(one, person=9) for one in both.links]))
    assert links(directory) == first  # the school's id of the guardian is not the guardian
    put(directory, tmp_path, evolve(both, links=[HERS]))
    assert links(directory) == {"Léo": first["Léo"]}
    put(directory, tmp_path, both)
    back = links(directory)
    assert back["Léo"] == first["Léo"]
    assert back["Zoé"] != first["Zoé"]
    seen = {back["Léo"]}
    for relation in (CHARGE, LEGAL, CHARGE):
        put(directory, tmp_path, evolve(both, links=[evolve(HERS, relation=relation), to_zoe]))
        assert links(directory)["Zoé"] == back["Zoé"]
        seen.add(links(directory)["Léo"])
    assert len(seen) == 4
    (anne,) = directory.find(MOBILE)
    assert directory.guardians([anne.id]) == (anne,)


def test_a_pupil_who_comes_to_another_school_and_back_has_other_links(tmp_path: Path, directory: SqlDirectory) -> None:
    put(directory, tmp_path, school_of())
    before = links(directory)
    put(directory, tmp_path, school_of(pupils=[evolve(LEO, left=TODAY)]))
    put(directory, tmp_path, school_of("0690002B"))
    there = {(pupil.id, pupil.link) for pupil in directory.find(MOBILE)[0].pupils}
    put(directory, tmp_path, school_of("0690002B", pupils=[evolve(LEO, left=TODAY)]))
    put(directory, tmp_path, school_of())
    after = links(directory)
    assert before["Léo"] != after["Léo"]
    assert {uai.split(":")[0] for uai, _ in there} == {"0690002B"}


def test_a_guardian_of_several_numbers_is_there_once_for_each(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, write_aaf(tmp_path, school_of(persons=[evolve(ANNE, more=("07 80 00 00 01",))])))
    (anne,) = directory.find(MOBILE)
    found = directory.guardians([anne.id])
    assert [one.mobile for one in found] == [MOBILE, "+33780000001"]
    assert {one.pupils for one in found} == {anne.pupils}


def test_of_two_records_of_one_guardian_that_of_the_representative_counts(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    for first, second in ((LEGAL, CHARGE), (CHARGE, LEGAL)):
        twins = [ANNE, evolve(ANNE, number=2)]
        both = [evolve(HERS, relation=first), evolve(HERS, person=2, relation=second)]
        put(directory, tmp_path, school_of(persons=twins, links=both))
        assert [pupil.relation for one in directory.find(MOBILE) for pupil in one.pupils] == [LEGAL]


# --- what version 0.1 wrote ------------------------------------------------------------------------------

OLD = (
    "CREATE TABLE {s}school (uai text PRIMARY KEY, name text NOT NULL, source text NOT NULL)",
    (
        "CREATE TABLE {s}guardian (uai text, person text, guardian text NOT NULL, family text NOT NULL,"
        " given text NOT NULL, usage text, others text, PRIMARY KEY (uai, person))"
    ),
    "CREATE TABLE {s}mobile (mobile text, uai text, person text, PRIMARY KEY (mobile, uai, person))",
    "CREATE INDEX mobile_uai ON {s}mobile (uai)",
    (
        "CREATE TABLE {s}pupil (uai text, id text, family text NOT NULL, given text NOT NULL,"
        " birth text NOT NULL, PRIMARY KEY (uai, id))"
    ),
    "CREATE TABLE {s}relation (uai text, person text, pupil text, relation text NOT NULL, PRIMARY KEY (uai, person, pupil))",
    "CREATE TABLE {s}known (key text PRIMARY KEY, guardian text NOT NULL, seen text NOT NULL)",
    (
        "CREATE TABLE {s}known_person (source text, person text, names text NOT NULL,"
        " guardian text NOT NULL, seen text NOT NULL, PRIMARY KEY (source, person))"
    ),
    "CREATE TABLE {s}feed (name text PRIMARY KEY, uai text, day text NOT NULL)",
    (
        "CREATE TABLE {s}kept (feed text, part text, id text, body text NOT NULL, file text NOT NULL,"
        " line int NOT NULL, PRIMARY KEY (feed, part, id))"
    ),
    "INSERT INTO {s}school VALUES ('0750001A', 'Lycée', '0750001A')",
    "INSERT INTO {s}guardian VALUES ('0750001A', '1', 'g1', 'LE GOFF', 'Anne', NULL, NULL)",
    "INSERT INTO {s}mobile VALUES ('+33612345678', '0750001A', '1')",
    "INSERT INTO {s}pupil VALUES ('0750001A', '0750001A:1', 'LE GOFF', 'Léo', '2012-03-04')",
    "INSERT INTO {s}relation VALUES ('0750001A', '1', '0750001A:1', 'legal_representative')",
    f"INSERT INTO {{s}}known_person VALUES ('0750001A', '1', '{digest('legoff' + chr(31) + 'anne')}', 'g1', '2026-11-01')",
    "INSERT INTO {s}feed VALUES ('ENT_TEST', NULL, '20261101')",
)


@pytest.fixture(params=["sqlite", "postgres"])
def brought_up(request: pytest.FixtureRequest, tmp_path: Path, schema: str) -> Any:
    """A directory over the tables of version 0.1."""
    made: SqlDirectory
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "records.db")) as db, db:
            for statement in OLD:
                db.execute(statement.format(s=""))
        made = SqliteDirectory(tmp_path / "records.db")
    else:
        server: Server = request.getfixturevalue("server")
        with psycopg.connect(server.dsn) as connection:
            connection.execute(f"CREATE SCHEMA records_{schema}".encode())
            for statement in OLD:
                connection.execute(statement.format(s=f"records_{schema}.").encode())
        made = PostgresDirectory(server.dsn, schema=f"records_{schema}")
    yield made
    made.close()


def test_what_version_0_1_wrote_is_brought_up(tmp_path: Path, brought_up: SqlDirectory) -> None:
    (anne,) = brought_up.find(MOBILE)
    assert brought_up.guardians(["g1"]) == (anne,)
    assert [(pupil.id, pupil.link) for pupil in anne.pupils] == [("0750001A:1", "0")]
    put(brought_up, tmp_path, school_of())
    assert [(one.id, pupil.link) for one in brought_up.find(MOBILE) for pupil in one.pupils] == [("g1", "0")]
    put(brought_up, tmp_path, school_of(pupils=[evolve(LEO, left=TODAY)]))
    put(brought_up, tmp_path, school_of())
    assert links(brought_up)["Léo"] != "0"
    # Opening it again changes nothing, and waits for no other process.
    again: SqlDirectory
    if isinstance(brought_up, SqliteDirectory):
        again = SqliteDirectory(brought_up._path)
    else:
        again = PostgresDirectory(brought_up._conninfo, schema=brought_up._schema)
    assert again.find(MOBILE) == brought_up.find(MOBILE)
    again.close()


def test_a_delta_goes_on_where_version_0_1_was(tmp_path: Path, brought_up: SqlDirectory) -> None:
    delta = write_aaf(tmp_path, school_of(), day="20261102", number=3, before=[])
    assert replaced(brought_up, delta, uai=None).guardians == 1
    assert [pupil.given_name for pupil in brought_up.find(MOBILE)[0].pupils] == ["Léo"]
