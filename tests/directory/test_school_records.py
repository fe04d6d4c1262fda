"""From a school's export to a directory: what was meant is what is found, and nothing is ever half there."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as hyp

import educonnect_flow.directory
from educonnect_flow import (
    ActivationFlow,
    ChooseProfile,
    ConfirmPupils,
    Guardian,
    Profile,
    PupilAnswer,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.__main__ import main
from educonnect_flow._text import printable
from educonnect_flow.directory import AsyncPostgresDirectory, PostgresDirectory, SqliteDirectory
from educonnect_flow.directory import _placing as placing
from educonnect_flow.directory import _records as importing
from educonnect_flow.directory._work import Work
from educonnect_flow.directory.report import Kind, Passed, Report
from educonnect_flow.exports import ExportError, read
from educonnect_flow.exports import _source as source
from educonnect_flow.ports import Directory
from educonnect_flow.reasons import refusals_of
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import CheapHasher, DirectoryContract, as_sync
from educonnect_flow.testing.exports import (
    ALL,
    MadeLink,
    MadePerson,
    MadeSchool,
    Quirk,
    mobiles,
    write_aaf,
    write_onde,
    write_siecle,
)
from educonnect_flow.validators.identity import IdentityCheck, check_identity
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
    found_in,
    made_up,
    meant,
    put,
    replaced,
    school_of,
    this_year,
)  # fmt: skip
from tests.postgres import Server
from tests.world import SECRET, claim, password

# --- round trip ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=10)
@given(
    families=hyp.integers(0, 25), seed=hyp.integers(0, 10**6), first=hyp.integers(0, 10**5),
    quirks=hyp.one_of(hyp.just(ALL), hyp.frozensets(hyp.sampled_from(Quirk))),
)  # fmt: skip
def test_what_was_meant_is_what_is_found(
    form: str, families: int, seed: int, first: int, quirks: frozenset[Quirk]
) -> None:
    school = made_up(families, seed=seed, first=first, quirks=quirks)
    with tempfile.TemporaryDirectory() as folder:
        directory = SqliteDirectory(Path(folder) / "records.db")
        report = replaced(directory, FORMS[form](Path(folder), school))
        expected = meant(school, form)
        assert found_in(directory, school) == expected
        assert report.guardians <= sum(map(len, expected.values()))
        directory.close()


@pytest.mark.parametrize("quirk", Quirk)
def test_every_quirk_is_in_the_files(tmp_path: Path, quirk: Quirk) -> None:
    def written(quirks: frozenset[Quirk]) -> dict[str, bytes]:
        school = made_up(30, quirks=quirks)
        paths = [
            *write_siecle(tmp_path, school, version="1.8"),
            *write_onde(tmp_path, school),
            *write_aaf(tmp_path, school),
        ]
        return {path.name: path.read_bytes() for path in paths}

    assert written(frozenset({quirk})) != written(frozenset())


def test_the_generator_gives_the_same_for_the_same_seed() -> None:
    assert made_up(30, seed=3) == made_up(30, seed=3)
    assert made_up(30, seed=3) != made_up(30, seed=4)
    plain = made_up(30, seed=3, quirks=())
    assert all(mobiles(person, "siecle") for person in plain.persons)
    assert all(pupil.left is None for pupil in plain.pupils)


def test_large_files_go_in_batches(tmp_path: Path, directory: SqlDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("educonnect_flow.directory._staging.BATCH", 7)
    school = made_up(40)
    replaced(directory, write_siecle(tmp_path, school))
    assert found_in(directory, school) == meant(school, "siecle")


def test_several_numbers_and_those_of_overseas_all_find(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_aaf(tmp_path, school_of())
    more = b"<value>0612345678</value><value>+262 692 12 34 56</value><value>01 40 20 50 50</value></attr>\n"
    told = paths[1].read_bytes()
    at = told.index(b"</attr>", told.index(b'name="mobile"'))
    paths[1].write_bytes(told[:at] + more + told[at + len(b"</attr>\n") :])
    report = replaced(directory, paths)
    assert [directory.find(mobile)[0].given_name for mobile in (MOBILE, "+262692123456")] == ["Anne", "Anne"]
    assert directory.find(MOBILE)[0].id == directory.find("+262692123456")[0].id
    assert report.counts == {}


def test_the_only_school_of_an_aaf_need_not_be_said(tmp_path: Path, directory: SqlDirectory) -> None:
    assert directory.replace(read(write_aaf(tmp_path, school_of()))).uais == (UAI,)


def test_a_comment_within_a_name_is_no_part_of_it(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_siecle(tmp_path, school_of())
    paths[0].write_bytes(paths[0].read_bytes().replace(b">Anne<", b">An<!-- > -->n<?x y?>e<"))
    replaced(directory, paths)
    assert [anne.given_name for anne in directory.find(MOBILE)] == ["Anne"]


def test_blank_lines_of_onde_are_nobody(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_onde(tmp_path, school_of())
    for path in paths:
        path.write_bytes(path.read_bytes() + b"\n;;;;\n")
    assert replaced(directory, paths).guardians == 1


def test_progress_adds_up_to_the_size(tmp_path: Path, directory: SqlDirectory) -> None:
    reported: list[int] = []
    export = read(write_siecle(tmp_path, made_up(400), zipped=True), progress=reported.append)
    directory.replace(export, today=TODAY)
    assert sum(reported) == export.size + export.placing > 100_000
    assert len(reported) > 5


# --- who is who ----------------------------------------------------------------------------------------


def test_one_parent_of_two_schools_is_one_guardian(tmp_path: Path, directory: SqlDirectory) -> None:
    other = school_of("0690002B", persons=[evolve(ANNE, number=77, family_name="Le Goff", mobile="+33612345678")],
                      pupils=[evolve(LEO, number=5, given_name="Zoé")],
                      links=[MadeLink(person=77, pupil=5, relation=CHARGE)])  # fmt: skip
    put(directory, tmp_path, school_of(persons=[evolve(ANNE, usage_name="PETIT")]))
    put(directory, tmp_path, other)
    (anne,) = directory.find(MOBILE)
    assert (anne.family_name, anne.usage_name) == ("LE GOFF", "PETIT")  # the usage name, which one of them knows
    assert [(p.given_name, p.uai, p.relation) for p in anne.pupils] == [
        ("Zoé", "0690002B", CHARGE), ("Léo", UAI, LEGAL),
    ]  # fmt: skip


@pytest.mark.parametrize("other", [{"given_name": "Annie"}, {"family_name": "LE GOF"}, {"mobile": "06 12 34 56 79"}])
def test_who_differs_in_anything_stays_two(tmp_path: Path, directory: SqlDirectory, other: Any) -> None:
    put(directory, tmp_path, school_of())
    put(directory, tmp_path, school_of("0690002B", persons=[evolve(ANNE, **other)]))
    found = {guardian.id for mobile in (MOBILE, "+33612345679") for guardian in directory.find(mobile)}
    assert len(found) == 2


def test_a_new_number_at_the_same_school_keeps_the_guardian(tmp_path: Path, directory: SqlDirectory) -> None:
    put(directory, tmp_path, school_of())
    (before,) = directory.find(MOBILE)
    put(directory, tmp_path, school_of(persons=[evolve(ANNE, mobile="07 80 00 00 01")]))
    (after,) = directory.find("+33780000001")
    assert after.id == before.id
    assert directory.find(MOBILE) == ()


def test_an_id_of_the_school_given_to_somebody_else_does_not_carry_the_account(
    tmp_path: Path, directory: SqlDirectory
) -> None:
    put(directory, tmp_path, school_of())
    (before,) = directory.find(MOBILE)
    put(directory, tmp_path, school_of(persons=[evolve(ANNE, given_name="Paul", mobile="07 80 00 00 01")]))
    (after,) = directory.find("+33780000001")
    assert after.id != before.id


def test_who_is_long_gone_can_be_forgotten(tmp_path: Path, directory: SqlDirectory) -> None:
    paul = school_of("0690002B", persons=[evolve(ANNE, given_name="Paul", mobile="07 80 00 00 01")])
    put(directory, tmp_path, school_of(), today=date(2026, 9, 1))
    put(directory, tmp_path, paul, today=date(2026, 9, 1))
    ids = [directory.find(mobile)[0].id for mobile in (MOBILE, "+33780000001")]
    gone = school_of(pupils=[evolve(LEO, left=date(2026, 9, 1))])
    put(directory, tmp_path, gone, today=date(2026, 10, 1))
    assert directory.forget(date(2026, 9, 1)) == 0
    assert directory.forget(date(2026, 9, 2)) == 2  # Anne's; Paul is still at his school
    for school in (school_of(), paul):
        put(directory, tmp_path, school)
    assert [
        directory.find(mobile)[0].id == before for mobile, before in zip((MOBILE, "+33780000001"), ids, strict=True)
    ] == [False, True]


def test_a_line_of_onde_is_nobodys_id(tmp_path: Path, directory: SqlDirectory) -> None:
    # Two of one name, with a number each: in the next export they stand the other way round.
    two = [ANNE, evolve(ANNE, number=2, mobile="07 80 00 00 01")]
    both = [HERS, evolve(HERS, person=2)]
    replaced(directory, write_onde(tmp_path, school_of(persons=two, links=both)))
    before = [directory.find(mobile)[0].id for mobile in (MOBILE, "+33780000001")]
    replaced(directory, write_onde(tmp_path, school_of(persons=two[::-1], links=both)))
    assert [directory.find(mobile)[0].id for mobile in (MOBILE, "+33780000001")] == before


def test_who_was_two_stays_two_when_the_numbers_come_to_agree(tmp_path: Path, directory: SqlDirectory) -> None:
    # Either may have an account already: the flow takes both together, and neither account is lost.
    put(directory, tmp_path, school_of())
    put(directory, tmp_path, school_of("0690002B", persons=[evolve(ANNE, mobile="07 80 00 00 01")]))
    before = {directory.find(mobile)[0].id for mobile in (MOBILE, "+33780000001")}
    put(directory, tmp_path, school_of("0690002B"))
    assert {guardian.id for guardian in directory.find(MOBILE)} == before


def test_a_pupil_who_changes_school_keeps_the_parents_account(tmp_path: Path, directory: SqlDirectory) -> None:
    put(directory, tmp_path, school_of())
    (before,) = directory.find(MOBILE)
    put(directory, tmp_path, school_of(pupils=[evolve(LEO, left=date(2026, 9, 1))]))
    assert directory.find(MOBILE) == ()
    put(directory, tmp_path, school_of("0690002B", persons=[evolve(ANNE, number=9)], links=[evolve(HERS, person=9)]))
    (after,) = directory.find(MOBILE)
    assert (after.id, [pupil.uai for pupil in after.pupils]) == (before.id, ["0690002B"])


def test_who_leaves_in_the_future_is_still_here(tmp_path: Path, directory: SqlDirectory) -> None:
    report = put(directory, tmp_path, school_of(pupils=[evolve(LEO, left=date(2026, 11, 24))]))
    assert (report.guardians, report.pupils, report.counts[Kind.LEFT]) == (1, 1, 0)
    report = put(directory, tmp_path, school_of(pupils=[evolve(LEO, left=TODAY)]))
    assert (report.guardians, report.pupils, report.counts[Kind.LEFT]) == (0, 0, 1)


def test_two_records_of_one_name_and_number_are_one_and_reported(tmp_path: Path, directory: SqlDirectory) -> None:
    twin = evolve(ANNE, number=2, given_name="ANNE")
    zoe = evolve(LEO, number=2, given_name="Zoé")
    school = school_of(
        persons=[ANNE, twin], pupils=[LEO, zoe], links=[HERS, MadeLink(person=2, pupil=2, relation=LEGAL)]
    )
    report = put(directory, tmp_path, school)
    (anne,) = directory.find(MOBILE)
    assert [pupil.given_name for pupil in anne.pupils] == ["Léo", "Zoé"]
    assert [found.who for found in report.findings] == ["LE GOFF ANNE"]
    assert report.counts == {Kind.SAME_NUMBER_AND_NAME: 1}


def test_two_records_that_had_a_number_each_keep_their_ids(tmp_path: Path, directory: SqlDirectory) -> None:
    # Either may have an account: both are shown to the flow, which takes them together.
    twin, both = evolve(ANNE, number=2, mobile="07 80 00 00 01"), [HERS, evolve(HERS, person=2)]
    put(directory, tmp_path, school_of(persons=[ANNE, twin], links=both))
    before = {directory.find(mobile)[0].id for mobile in (MOBILE, "+33780000001")}
    report = put(directory, tmp_path, school_of(persons=[ANNE, evolve(twin, mobile=ANNE.mobile)], links=both))
    assert report.counts == {Kind.SAME_NUMBER_AND_NAME: 1}
    assert {guardian.id for guardian in directory.find(MOBILE)} == before


def test_two_links_of_one_pair_give_the_larger_access_once(tmp_path: Path, directory: SqlDirectory) -> None:
    report = put(directory, tmp_path, school_of(links=[evolve(HERS, relation=CHARGE), HERS]))
    (anne,) = directory.find(MOBILE)
    assert [pupil.relation for pupil in anne.pupils] == [LEGAL]
    assert report.passed == {Passed.REPEATED_LINK: 1}


def test_homonyms_of_onde_are_refused_and_reported(tmp_path: Path, directory: SqlDirectory) -> None:
    school = school_of(pupils=[LEO, evolve(LEO, number=2, given_name="LEO", born=date(2014, 1, 1))])
    report = replaced(directory, write_onde(tmp_path, school))
    assert report.counts == {Kind.HOMONYMS: 2}
    assert directory.find(MOBILE) == ()


def test_a_relation_that_no_file_says_must_be_said(tmp_path: Path, directory: SqlDirectory) -> None:
    report = replaced(directory, write_onde(tmp_path, school_of()), relation=None)
    assert report.counts == {Kind.RELATION_UNKNOWN: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1}
    assert directory.find(MOBILE) == ()


def test_an_aaf_gives_all_its_schools_or_the_one_that_is_asked_for(tmp_path: Path, directory: SqlDirectory) -> None:
    other = made_up(12, uai="0690002B", first=100, quirks=())
    school = made_up(12, quirks=())
    paths = write_aaf(tmp_path, school, other)
    with pytest.raises(ExportError, match="no school 0750009Z"):
        directory.replace(read(paths, uai="0750009Z"), today=TODAY)
    with pytest.raises(ExportError, match="one name for 2 schools"):
        directory.replace(read(paths, name="Lycée"), today=TODAY)
    assert replaced(directory, paths, uai=None).uais == ("0690002B", UAI)
    with pytest.raises(ExportError, match=f"{UAI}: this export has 0 guardians"):
        replaced(directory, paths, uai="0690002B")
    assert found_in(directory, school, other) == meant(school, "aaf") | meant(other, "aaf")
    mobile = next(iter(meant(other, "aaf")))
    assert {p.school for g in directory.find(mobile) for p in g.pupils} == {"COLLÈGE D’ICI"}
    directory.replace(read(paths, uai="0690002B", name="Lycée"), today=TODAY, anyway=True)
    assert {p.school for g in directory.find(mobile) for p in g.pupils} == {"Lycée"}
    assert replaced(directory, paths, uai="0690002B").uais == ("0690002B",)
    assert found_in(directory, school, other) == meant(other, "aaf")  # whoever is no more of the feed is gone


def test_staff_and_subjects_of_an_aaf_are_left_alone(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_aaf(tmp_path, school_of())
    others = [tmp_path / f"ENT_TEST_Complet_20261123_{part}_0000.xml" for part in ("PersEducNat", "MatiereEducNat")]
    for path in others:
        path.write_text("not even XML", "utf-8")
    assert replaced(directory, [*paths, *others]).guardians == 1


def test_a_parent_of_two_schools_of_one_feed_is_one(tmp_path: Path, directory: SqlDirectory) -> None:
    other = school_of(
        "0690002B", persons=[], pupils=[evolve(LEO, number=2, given_name="Zoé")], links=[evolve(HERS, pupil=2)]
    )
    replaced(directory, write_aaf(tmp_path, school_of(), other), uai=None)
    (anne,) = directory.find(MOBILE)
    assert [(pupil.given_name, pupil.uai) for pupil in anne.pupils] == [("Zoé", "0690002B"), ("Léo", UAI)]


# --- deltas --------------------------------------------------------------------------------------------


def feed_of(
    folder: Path, *schools: MadeSchool, day: str = "20261123", before: list[MadeSchool] | None = None
) -> list[Path]:
    """A complete export, or the delta from *before*."""
    (folder / day).mkdir(exist_ok=True)
    return write_aaf(folder / day, *schools, day=day, before=before)


@settings(max_examples=15)
@given(
    sizes=hyp.lists(hyp.integers(0, 12), min_size=2, max_size=4),
    seed=hyp.integers(0, 10**6),
    quirks=hyp.frozensets(hyp.sampled_from(Quirk)),
)
def test_a_complete_export_and_its_deltas_come_to_the_last_complete_one(
    sizes: list[int], seed: int, quirks: frozenset[Quirk]
) -> None:
    days = [
        [
            made_up(size, seed=seed + n // 2, quirks=quirks, first=n),
            made_up(3, uai="0690002B", first=100, seed=seed + n),
        ]
        for n, size in enumerate(sizes)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, whole = SqliteDirectory(folder / "ours.db"), SqliteDirectory(folder / "whole.db")
        for n, schools in enumerate(days):
            before = days[n - 1] if n else None
            paths = feed_of(folder, *schools, day=f"202611{n + 1:02}", before=before)
            if paths:  # nothing changed
                replaced(ours, paths, uai=None, anyway=True)
        reports = [replaced(whole, feed_of(folder, *days[-1], day="20261130"), uai=None)]
        everybody = list(itertools.chain.from_iterable(days))
        assert found_in(ours, *everybody) == found_in(whole, *everybody)
        assert found_in(whole, *days[-1]) == {k: v for school in days[-1] for k, v in meant(school, "aaf").items()}
        # …and a delta that changes nothing says what the complete one did.
        again = feed_of(folder, *days[-1], day="20261129", before=[])
        again = [path.rename(path.with_name(path.name.replace("Complet", "Delta"))) for path in again]
        reports.append(replaced(ours, again, uai=None, anyway=True))
        assert reports[0].counts == reports[1].counts
        ours.close()
        whole.close()


def changed(**changes: Any) -> MadeSchool:
    return school_of(persons=[evolve(ANNE, **changes)])


def test_a_delta_changes_adds_and_removes(tmp_path: Path, directory: SqlDirectory) -> None:
    zoe = evolve(LEO, number=2, given_name="Zoé")
    with_zoe = school_of(pupils=[LEO, zoe], links=[HERS, evolve(HERS, pupil=2)])
    replaced(directory, feed_of(tmp_path, school_of()), uai=None)
    (before,) = directory.find(MOBILE)
    replaced(directory, feed_of(tmp_path, with_zoe, day="20261124", before=[school_of()]), uai=None)
    (anne,) = directory.find(MOBILE)
    assert [pupil.given_name for pupil in anne.pupils] == ["Léo", "Zoé"]
    moved = evolve(with_zoe, persons=[evolve(ANNE, mobile="07 80 00 00 01")])
    replaced(directory, feed_of(tmp_path, moved, day="20261125", before=[with_zoe]), uai=None)
    assert directory.find(MOBILE) == ()
    (anne,) = directory.find("+33780000001")
    assert anne.id == before.id
    replaced(directory, feed_of(tmp_path, evolve(moved, pupils=[zoe]), day="20261126", before=[moved]), uai=None)
    (anne,) = directory.find("+33780000001")
    assert [pupil.given_name for pupil in anne.pupils] == ["Zoé"]


def test_a_delta_twice_is_the_same_as_once(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, feed_of(tmp_path, school_of()), uai=None)
    delta = feed_of(tmp_path, changed(mobile="07 80 00 00 01"), day="20261124", before=[school_of()])
    for _ in range(2):
        report = replaced(directory, delta, uai=None)
        assert (report.guardians, report.counts) == (1, {})
    assert [anne.given_name for anne in directory.find("+33780000001")] == ["Anne"]


def test_a_delta_of_the_school_that_was_chosen_stays_with_it(tmp_path: Path, directory: SqlDirectory) -> None:
    other = made_up(3, uai="0690002B", first=100, quirks=())
    replaced(directory, feed_of(tmp_path, school_of(), other), uai=UAI)
    delta = feed_of(tmp_path, changed(mobile="07 80 00 00 01"), other, day="20261124", before=[school_of(), other])
    with pytest.raises(ExportError, match="the complete export was imported for 0750001A"):
        replaced(directory, delta, uai="0690002B")
    assert replaced(directory, delta, uai=None).uais == (UAI,)
    assert found_in(directory, other) == {}


def test_a_delta_without_what_it_changes_is_refused_or_reported(tmp_path: Path, directory: SqlDirectory) -> None:
    delta = feed_of(tmp_path, changed(mobile="07 80 00 00 01"), day="20261124", before=[school_of()])
    with pytest.raises(ExportError, match="no complete export was imported"):
        replaced(directory, delta, uai=None)
    replaced(directory, feed_of(tmp_path, school_of(), day="20261125"), uai=None)
    with pytest.raises(ExportError, match="older than what is in place, of 20261125"):
        replaced(directory, delta, uai=None)
    strange = feed_of(tmp_path, changed(number=5, usage_name="X"), day="20261126", before=[changed(number=5)])
    report = replaced(directory, strange, uai=None)
    ((kind, who, file),) = [(found.kind, found.who, found.file) for found in report.findings]
    assert (kind, who, file) == (Kind.NOT_KEPT, "", "ENT_TEST_Delta_20261126_PersRelEleve_0000.xml")
    assert directory.find(MOBILE)


def test_a_modification_that_is_no_replacement_removes_the_entry(tmp_path: Path, directory: SqlDirectory) -> None:
    replaced(directory, feed_of(tmp_path, school_of()), uai=None)
    (path,) = feed_of(tmp_path, changed(usage_name="PETIT"), day="20261124", before=[school_of()])
    path.write_bytes(path.read_bytes().replace(b'operation="replace"', b'operation="add"'))
    report = replaced(directory, [path], uai=None)
    assert [(found.file, found.line) for found in report.findings if found.kind is Kind.ENTRY_MALFORMED] == [
        (path.name, 5)
    ]
    assert directory.find(MOBILE) == ()


def test_the_school_has_the_name_that_parents_know(tmp_path: Path, directory: SqlDirectory) -> None:
    directory.replace(read(write_siecle(tmp_path, school_of()), name="Lycée Jean Moulin"), today=TODAY)
    assert directory.find(MOBILE)[0].pupils[0].school == "Lycée Jean Moulin"


# --- the report ----------------------------------------------------------------------------------------


def test_the_report_says_what_a_secretary_can_mend(tmp_path: Path, directory: SqlDirectory) -> None:
    persons = [
        evolve(ANNE, number=1, mobile=None), evolve(ANNE, number=2, given_name="Bea", mobile="01 40 20 50 50"),
        evolve(ANNE, number=3, given_name="Cleo", mobile="06 12"), evolve(ANNE, number=4, given_name="Dana", mobile="06" * 30),
        evolve(ANNE, number=5, family_name="=CMD()", given_name="Eve", mobile="+44 7911 123456"), evolve(ANNE, number=6, given_name="Fay"),
        evolve(ANNE, number=7, given_name="Gia", mobile="75 12 34"), evolve(ANNE, number=8, given_name="Hélène", mobile="", home="06 12 34 56 78"),
    ]  # fmt: skip
    pupils = [
        LEO,
        evolve(LEO, number=2, given_name="Seul"),
        evolve(LEO, number=3, given_name="Parti", left=date(2020, 1, 1)),
    ]
    links = [evolve(HERS, person=n) for n in (1, 2, 3, 4, 5, 7, 8)] + [
        evolve(HERS, person=99),
        evolve(HERS, pupil=98),
        evolve(HERS, person=6, pupil=3),
    ]
    report = put(directory, tmp_path, school_of(persons=persons, pupils=pupils, links=links))
    assert report.counts == {
        Kind.NO_MOBILE: 1, Kind.LANDLINE: 1, Kind.MALFORMED: 2, Kind.FOREIGN: 1, Kind.NO_PREFIX: 1, Kind.MISPLACED: 1, Kind.NO_LEGAL_REPRESENTATIVE: 1, Kind.LINK_TO_NOBODY: 2, Kind.LEFT: 1, Kind.NAME_UNREADABLE: 1,
    }  # fmt: skip
    by_kind = {kind: sorted(found.who for found in report.findings if found.kind is kind) for kind in Kind}
    assert by_kind[Kind.NO_MOBILE] == ["LE GOFF Anne"]
    assert by_kind[Kind.LANDLINE] == ["LE GOFF Bea"]
    assert by_kind[Kind.MALFORMED] == ["LE GOFF Cleo", "LE GOFF Dana"]
    assert by_kind[Kind.FOREIGN] == by_kind[Kind.NAME_UNREADABLE] == ["=CMD() Eve"]
    assert by_kind[Kind.NO_PREFIX] == ["LE GOFF Gia"]
    assert by_kind[Kind.MISPLACED] == ["LE GOFF Hélène"]
    assert by_kind[Kind.NO_LEGAL_REPRESENTATIVE] == ["LE GOFF Seul"]
    assert by_kind[Kind.LINK_TO_NOBODY] == ["", ""]
    assert by_kind[Kind.LEFT] == [""]
    assert all(found.line and found.uai in {UAI, ""} for found in report.findings)
    assert {found.file for found in report.findings} == {"ResponsablesAvecAdresses.xml", "ElevesSansAdresses.xml"}
    assert "LE GOFF" not in repr(report) + repr(report.findings)
    written = io.StringIO()
    report.write_csv(written)
    rows = list(csv.reader(io.StringIO(written.getvalue()), delimiter=";"))
    assert rows[0] == ["constat", "qui", "établissement", "fichier", "ligne"]
    assert len(rows) == 1 + report.counts.total()
    assert "'=CMD() Eve" in [row[1] for row in rows]  # no formula for a spreadsheet


def test_a_birth_date_that_cannot_be_read_is_reported(tmp_path: Path, directory: SqlDirectory) -> None:
    paths = write_siecle(tmp_path, school_of())
    paths[1].write_bytes(paths[1].read_bytes().replace(b"04/03/2012", b"31/02/2012"))
    report = replaced(directory, paths)
    assert (report.counts[Kind.NO_BIRTH_DATE], report.guardians) == (1, 0)


def test_a_report_keeps_a_bounded_number_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("educonnect_flow.directory.report.MOST", 3)
    report = Report()
    for n in range(5):
        report.add(Kind.NO_MOBILE, f"P{n}")
    assert (report.counts[Kind.NO_MOBILE], len(report.findings)) == (5, 3)


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path, directory: SqlDirectory) -> None:
    school = made_up(50)
    paths = write_siecle(tmp_path, school)
    dry = replaced(directory, paths, dry_run=True)
    assert found_in(directory, school) == {}
    wet = replaced(directory, paths)
    assert (dry.guardians, dry.pupils, dry.counts, dry.findings) == (
        wet.guardians,
        wet.pupils,
        wet.counts,
        wet.findings,
    )


def test_the_command_imports_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school = made_up(60, seed=4)
    files, into, report = write_onde(tmp_path, school), tmp_path / "records.db", tmp_path / "report.csv"
    said = [*map(str, files), "--into", str(into), "--uai", UAI, "--school", "École [bold]Ferry"]
    assert main(["import-records", *said, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "Dry run: nothing was changed." in out
    assert not into.exists()
    assert "ce que la" in out
    assert main(["import-records", *said, "--relation", "in_charge", "--csv", str(report)]) == 0
    out = capsys.readouterr().out
    directory = SqliteDirectory(into)
    found = found_in(directory, school)
    assert found == meant(school, "onde latin")
    assert f"{len(found)} guardians can activate" in out
    assert {p.school for m in found for g in directory.find(m) for p in g.pupils} == {"École [bold]Ferry"}
    directory.close()
    assert report.stat().st_mode & 0o077 == 0
    assert "parent sans portable" in report.read_text("utf-8-sig")
    files[0].write_bytes(b"")
    assert main(["import-records", *said]) == 1
    assert "nothing was imported: CSVExtraction-responsables.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "into", ["nowhere/records.db", "postgresql://nobody@/nothing?host=/nowhere", "host=/nowhere user=nobody"]
)
def test_the_command_says_what_it_cannot_reach(tmp_path: Path, capsys: pytest.CaptureFixture[str], into: str) -> None:
    files = write_siecle(tmp_path, this_year())
    where = into if "host" in into else str(tmp_path / into)
    assert main(["import-records", *map(str, files), "--into", where]) == 1
    assert "nothing was imported" in capsys.readouterr().err
    report = str(tmp_path / "nowhere" / "report.csv")
    assert main(["import-records", *map(str, files), "--into", str(tmp_path / "r.db"), "--csv", report]) == 1
    assert not (tmp_path / "r.db").exists()


def test_the_command_says_which_extra_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "educonnect_flow.importing", None)
    assert main(["import-records", "x", "--into", str(tmp_path / "r.db")]) == 1
    assert "needs the extra 'records'" in capsys.readouterr().err


def test_a_report_over_an_older_one_is_its_owners_only(tmp_path: Path) -> None:
    files, report = write_siecle(tmp_path, this_year()), tmp_path / "report.csv"
    report.write_text("older, and longer than what comes " * 100, "utf-8")
    report.chmod(0o644)
    assert main(["import-records", *map(str, files), "--into", str(tmp_path / "r.db"), "--csv", str(report)]) == 0
    assert report.stat().st_mode & 0o077 == 0
    assert report.read_text("utf-8-sig").strip() == "constat;qui;établissement;fichier;ligne"


STEERING = [
    "\x1b]2;title\x07",
    "\x1b[2J",
    "\x1b[8m",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\x00",
    "\x7f",
    "\x08",
]
"""What moves a terminal's cursor, hides or reorders text, or ends a line."""


def nothing_steers(text: str) -> None:
    assert [c for c in text if c != "\n" and not c.isprintable()] == []


@given(hyp.text() | hyp.lists(hyp.sampled_from([*STEERING, "é", " ", "\t", "\n"])).map("".join))
def test_printable_text_steers_nothing_and_keeps_what_is_read(text: str) -> None:
    shown = printable(text)
    nothing_steers(shown)
    assert "\n" not in shown
    assert printable(shown) == shown
    kept = [c for c in text if unicodedata.category(c)[0] not in "CZ"]
    assert [c for c in shown if not c.isspace()] == kept


@pytest.mark.parametrize("steering", STEERING, ids=ascii)
@pytest.mark.parametrize("form", ["siecle", "onde", "aaf"])
def test_no_control_character_of_a_file_reaches_a_terminal_or_the_report(
    form: str, steering: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if form == "onde":
        steering = steering if steering.isascii() and "\x00" not in steering else "\x9b31m"  # such a file is Latin-1
    elif not all(c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" for c in steering):
        steering = "\u202e"  # XML has no such character
    school = made_up(60, seed=4)
    spoilt = evolve(school, persons=[evolve(one, family_name=f"=A{steering}B") for one in school.persons])
    write: Any = {"siecle": write_siecle, "onde": write_onde, "aaf": write_aaf}[form]
    files = write(tmp_path, spoilt)
    into, report = tmp_path / "records.db", tmp_path / "report.csv"
    said = [*map(str, files), "--into", str(into), "--school", f"École {steering}"]
    said += ["--uai", UAI, "--relation", "in_charge"] if form == "onde" else []
    for more in (["--dry-run"], ["--csv", str(report)]):
        assert main(["import-records", *said, *more]) == 0
        shown = capsys.readouterr()
        nothing_steers(shown.out + shown.err)
    text = report.read_text("utf-8-sig")
    nothing_steers(text)
    assert "'=A" in text
    # A file's own name, in an error.
    named = files[0].rename(tmp_path / f"a{steering.replace(chr(0), '')}b.csv")
    named.write_bytes(b"nothing")
    assert main(["import-records", str(named), "--into", str(into)]) == 1
    shown = capsys.readouterr()
    assert "nothing was imported" in shown.err
    nothing_steers(shown.out + shown.err)
    # The name of a place, in an error of the system's.
    place = tmp_path / f"no{steering.replace(chr(0), '')}folder" / "records.db"
    assert main(["import-records", *map(str, files[1:]), str(named), "--into", str(place)]) == 1
    nothing_steers("".join(capsys.readouterr()))
    place.parent.mkdir()
    (place.parent / "not a database").write_bytes(b"x" * 4_000)
    for into_file in (place.parent / "not a database", place.parent / "x" / "records.db"):
        assert (
            main(
                [
                    "import-records",
                    *map(str, write(tmp_path, school)),
                    *said[len(files) + 2 :],
                    "--into",
                    str(into_file),
                ]
            )
            == 1
        )
        shown = capsys.readouterr()
        assert "nothing was imported" in shown.err
        nothing_steers(shown.out + shown.err)


def test_no_control_character_of_a_place_reaches_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_siecle(tmp_path, this_year())
    into = "host=/no\x1b[2J\x1b]2;title\x07where user=nobody"  # libpq quotes it as it is
    assert main(["import-records", *map(str, files), "--into", into]) == 1
    shown = capsys.readouterr()
    assert "nothing was imported" in shown.err
    assert "where" in shown.err
    nothing_steers(shown.out + shown.err)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠x", "\t=1", "\x00=1", "\u200b@x"])
def test_no_cell_begins_a_formula(cell: str) -> None:
    report, file = Report(), io.StringIO()
    report.add(Kind.NO_MOBILE, cell)
    report.write_csv(file)
    assert file.getvalue().splitlines()[1].split(";")[1][0] in "' "


PLACES: dict[str, Callable[[Path, list[Path]], tuple[str, str | None]]] = {
    "--csv is an input": lambda folder, files: ("r.db", str(files[0])),
    "--csv is an input by another path": lambda folder, files: ("r.db", str(folder / "." / "x" / ".." / files[1].name)),
    "--csv is a hard link to an input": lambda folder, files: ("r.db", linked(folder / "l.csv", files[0], hard=True)),
    "--csv is a symbolic link": lambda folder, files: ("r.db", linked(folder / "l.csv", folder / "old.csv")),
    "--csv is --into": lambda folder, files: ("r.db", str(folder / "r.db")),
    "--csv is --into by another path": lambda folder, files: ("r.db", str(folder / "x" / ".." / "r.db")),
    "--csv is the log of --into": lambda folder, files: ("r.db", str(folder / "r.db-wal")),
    "--csv is the log of what --into leads to": lambda folder, files: (
        Path(linked(folder / "l.db", folder / "r.db", content=None)).name,
        str(folder / "r.db-wal"),
    ),
    "--csv is a pipe": lambda folder, files: ("r.db", pipe(folder / "p")),
    "--csv is a folder": lambda folder, files: ("r.db", str(folder / "x")),
    "--into is an input": lambda folder, files: (files[0].name, None),
    "the log of --into is an input": lambda folder, files: (beside(folder, files, "-journal"), None),
    "the write-ahead log of --into is an input": lambda folder, files: (beside(folder, files, "-wal"), None),
    "--into is a pipe": lambda folder, files: (Path(pipe(folder / "p")).name, None),
    "--into is a folder": lambda folder, files: ("x", None),
}


def linked(link: Path, target: Path, *, hard: bool = False, content: str | None = "an older report") -> str:
    if hard:
        link.hardlink_to(target)
    else:
        if content is not None:
            target.write_text(content, "utf-8")
        link.symlink_to(target)
    return str(link)


def beside(folder: Path, files: list[Path], end: str) -> str:
    """The name of a database whose log is the first of *files*."""
    files[0] = files[0].rename(folder / f"x.db{end}")
    return "x.db"


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return str(path)


@pytest.mark.parametrize("there", [False, True], ids=["a first import", "a later one"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_written_is_nothing_that_is_read(
    place: str, there: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").mkdir()
    files = write_siecle(tmp_path, this_year())
    if there:
        assert main(["import-records", *map(str, files), "--into", str(tmp_path / "r.db")]) == 0
    into, report = PLACES[place](tmp_path, files)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    said = [*map(str, files), "--into", str(tmp_path / into), *(["--csv", report] if report else [])]
    assert main(["import-records", *said]) == 1
    assert "nothing was imported: " in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_no_text_of_a_command_or_a_file_is_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school = made_up(60, seed=4)
    files = write_onde(
        tmp_path, evolve(school, persons=[evolve(one, family_name="[/x]:bomb:") for one in school.persons])
    )
    assert main(["import-records", *map(str, files), "--into", str(tmp_path / "r.db"), "--uai", "[/x]"]) == 0
    shown = capsys.readouterr().out
    assert "École ou établissement [/x]" in shown
    assert "[/x]:bomb:" in shown


@pytest.mark.parametrize("special", ["pipe", "device", "folder"])
def test_only_a_regular_file_is_read(special: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_siecle(tmp_path, this_year())
    place = {"pipe": pipe(tmp_path / "p"), "device": "/dev/zero", "folder": str(tmp_path)}[special]
    for given_files in ([place], [str(files[0]), place]):
        assert main(["import-records", *given_files, "--into", str(tmp_path / "r.db")]) == 1
        assert "no regular file" in capsys.readouterr().err


def test_an_import_that_fails_leaves_the_older_report(tmp_path: Path) -> None:
    files, report = write_siecle(tmp_path, this_year()), tmp_path / "report.csv"
    report.write_text("older", "utf-8")
    files[1].write_bytes(b"nothing")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert main(["import-records", *map(str, files), "--into", str(tmp_path / "r.db"), "--csv", str(report)]) == 1
    assert report.read_text("utf-8") == "older"
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("r.db")) == names


# --- files that are not what they should be --------------------------------------------------------------

Spoil = Callable[[list[Path]], list[Path]]


def edited(number: int, change: Callable[[bytes], bytes]) -> Spoil:
    """One of the files, changed."""

    def spoil(paths: list[Path]) -> list[Path]:
        paths[number].write_bytes(change(paths[number].read_bytes()))
        return paths

    return spoil


def both(change: Callable[[bytes], bytes]) -> Spoil:
    """Both files, changed alike."""
    return lambda paths: edited(1, change)(edited(0, change)(paths))


def zipped(*contents: bytes, name: str = "x.xml") -> Spoil:
    """A zip in the place of the first file."""

    def spoil(paths: list[Path]) -> list[Path]:
        with zipfile.ZipFile(paths[0], "w", zipfile.ZIP_DEFLATED) as archive:
            for n, content in enumerate(contents):
                archive.writestr(f"{n}{name}", content)
        return paths

    return spoil


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


def with_bomb(content: bytes) -> bytes:
    head, rest = content.split(b"\n", 1)
    return head + BOMB + rest


@pytest.mark.parametrize(
    ("form", "spoil", "said"),
    [
        ("siecle", edited(0, lambda c: c[: len(c) // 2]), r"line \d+"),
        ("siecle", edited(1, lambda c: c[:-20]), r"line \d+"),
        ("siecle", edited(0, lambda c: c.replace(b"ISO-8859-15", b"UTF-8").replace(b"LE GOFF", b"LE GOFF\xe9")), r"line \d+"),
        ("siecle", edited(0, lambda c: c.replace(b"0750001A", b"0690002B")), "of the school 0690002B"),
        ("siecle", edited(0, lambda c: c.replace(b"0750001A", b"Paris")), r"line \d+: PARAMETRES has no UAJ"),
        ("siecle", edited(0, lambda c: c.replace(b"PARAMETRES", b"PARAMETRE")), "no PARAMETRES"),
        ("siecle", edited(1, lambda c: c.replace(b"PARAMETRES", b"PARAMETRE")), "no PARAMETRES"),
        ("siecle", edited(1, lambda c: c.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2025")), "of the school year 2025, the other file of 2026"),
        ("siecle", both(lambda c: c.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2025")), "of the school year 2025-2026"),
        ("siecle", lambda paths: [*paths, shutil.copy(paths[1], paths[1].with_name("ElevesAvecAdresses.xml"))], "ElevesSansAdresses.xml: a second file of the pupils"),
        ("aaf", lambda paths: [*paths[:-1], paths[-1].rename(paths[-1].with_name("ENT_TEST_Complet_20261124_Eleve_0002.xml"))], "files of 2 exports"),
        ("siecle", edited(0, with_bomb), "declares entities"),
        ("aaf", edited(1, with_bomb), "line 1"),
        ("siecle", edited(0, lambda c: c.replace(b"BEE_RESPONSABLES", b"X BEE_RESPONSABLES=''").replace(b"</X BEE_RESPONSABLES=''", b"</X")), "."),
        ("siecle", edited(0, lambda c: b"<!-- <BEE_RESPONSABLES > -->" + b"<X><PERSONNE/></X>"), "its root is X"),
        ("siecle", edited(0, lambda c: b"<!-- <BEE_RESPONSABLES > --><X/>"), "its root is X"),
        ("siecle", edited(0, lambda c: b""), "neither SIECLE"),
        ("siecle", edited(0, lambda c: b";\r;\xff" * 500), "neither SIECLE"),
        ("siecle", edited(0, lambda c: b"a;b;c\n1;2;3\n"), "neither SIECLE"),
        ("siecle", lambda paths: paths[:1], "the file of the pupils is missing"),
        ("siecle", lambda paths: [*paths, paths[0].with_name("none.xml")], "cannot be read"),
        ("siecle", zipped(b"<BEE_RESPONSABLES/>", b"<BEE_ELEVES/>"), "a zip with 2 files"),
        ("siecle", zipped(b"<BEE_RESPONSABLES>" + b" " * (30 << 20)), "unpacks to more"),
        ("siecle", edited(0, lambda c: b"PK\x03\x04" + c + b"PK\x05\x06" + b"\0" * 18), "cannot be|zip"),
        ("siecle", edited(0, lambda c: c.replace(b"<PERSONNES>", b"<PERSONNES>" + (b"<!--" + b" " * (1 << 20) + b"-->") * 18)), "16 MiB without"),
        ("aaf", edited(0, lambda c: c.replace(b"0750001A", b"")), "no school 0750001A in it"),
        ("aaf", edited(1, lambda c: c.replace(b"addRequest", b"modifyRequest")), r"line \d+: a delta under the name"),
        ("aaf", lambda paths: [*paths[:-1], paths[-1].rename(paths[-1].with_name("other.xml"))], "which part it is"),
        ("aaf", lambda paths: paths[1:], "the file of EtabEducNat is missing"),
        ("onde", edited(0, lambda c: c.replace(b"Nom responsable", b"Nom")), "line 1: a file of ONDE without the column « Nom responsable »"),
        ("onde", edited(1, lambda c: c + b";" * 200_000), "a line without an end"),
        ("onde", edited(1, lambda c: c.replace(b"Date naissance", b"Age").replace(b";", b",")), r"without the column « Date naissance » \(cells separated by « , »"),
        ("onde", edited(0, lambda c: c.replace(b"famille enfant", b"x")), "without the column « Nom de famille élève »"),
        ("onde", edited(0, lambda c: c.replace("Prénom enfant".encode(), "Prénom enfant;Prénom enfant".encode())), "not every child has a column for each name"),
        ("siecle", edited(0, lambda c: c.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2026-2028")), "no school year"),
        ("siecle", edited(0, lambda c: c.replace(b"<UAJ>", b"<UAJ>0750001A</UAJ><UAJ>x")), "no UAJ"),
        ("siecle", edited(0, lambda c: c.replace(b"Nouvelle", b"Nouv&egrave;lle")), r"line \d+"),
        ("aaf", lambda paths: [path.rename(path.with_name(path.name.replace("Complet", "Complet_Delta"))) for path in paths], "complete, and that it is a delta"),
        ("aaf", lambda paths: [path.rename(path.with_name(path.name.replace("_Complet_", "Deltas"))) for path in paths], "does not say so in a word of its own"),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_and_changes_nothing(tmp_path: Path, form: str, spoil: Spoil, said: str) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    put(directory, tmp_path, school_of())
    before = directory.find(MOBILE)
    school = school_of(persons=[evolve(ANNE, given_name="Nouvelle")])
    folder = tmp_path / "new"
    folder.mkdir()
    paths = FORMS[form](folder, school)
    with pytest.raises(ExportError, match=said) as told:
        replaced(directory, spoil(paths))
    assert "Nouvelle" not in str(told.value)
    assert directory.find(MOBILE) == before
    directory.close()


def test_a_bad_file_changes_nothing_in_either_database(tmp_path: Path, directory: SqlDirectory) -> None:
    put(directory, tmp_path, school_of())
    before = directory.find(MOBILE)
    paths = write_siecle(tmp_path, school_of(persons=[evolve(ANNE, given_name="Nouvelle")]))
    content = paths[1].read_bytes()
    for spoilt in (content[:-20], content.replace(b"</DONNEES>", b"</DONNEE>")):
        paths[1].write_bytes(spoilt)
        with pytest.raises(ExportError):
            replaced(directory, paths)
        assert directory.find(MOBILE) == before


def test_onde_without_a_school_and_files_of_two_formats(tmp_path: Path) -> None:
    onde = write_onde(tmp_path, school_of())
    with pytest.raises(ExportError, match="say its number"):
        read(onde)
    with pytest.raises(ExportError, match="files of 2 formats"):
        read([*onde, *write_siecle(tmp_path, school_of())])
    export = read(write_siecle(tmp_path, school_of()))
    with pytest.raises(ExportError, match="no file says"):
        export.uai  # noqa: B018 - a property


def test_a_file_that_says_it_is_smaller_than_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 300_000)
    monkeypatch.setattr(source, "LARGEST", 100_000)
    with pytest.raises(ExportError, match="larger than it says"):
        list(source.Source(path).chunks())


def test_a_zip_that_is_broken_inside(tmp_path: Path) -> None:
    (path, *_) = write_siecle(tmp_path, made_up(300), zipped=True)
    content = bytearray(path.read_bytes())
    content[3_000:3_100] = b"\xff" * 100
    path.write_bytes(content)
    with pytest.raises(ExportError, match="cannot be unpacked"):
        list(source.Source(path).chunks())


@settings(max_examples=40)
@given(data=hyp.data(), form=hyp.sampled_from(sorted(FORMS)))
def test_whatever_is_changed_in_a_file_is_taken_or_told(data: hyp.DataObject, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = FORMS[form](Path(folder), made_up(3, seed=1))
        path = data.draw(hyp.sampled_from(paths))
        content = bytearray(path.read_bytes())
        at = data.draw(hyp.integers(0, len(content) - 1))
        content[at : at + data.draw(hyp.integers(0, 30))] = data.draw(hyp.binary(max_size=30))
        path.write_bytes(content)
        directory = SqliteDirectory(Path(folder) / "records.db")
        try:
            replaced(directory, paths)
        except ExportError as error:
            assert "DE LA TOUR" not in str(error)
        directory.close()


# --- all of it, or nothing -----------------------------------------------------------------------------

IMPORTS = """
import sys
from datetime import date
from pathlib import Path
from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.exports import read
where, schema, *folders = sys.argv[1:]
directory = PostgresDirectory(where, schema=schema) if schema else SqliteDirectory(where)
print("at work", flush=True)
while True:
    for folder in folders:
        directory.replace(read(sorted(Path(folder).glob("*.xml"))), today=date(2026, 11, 23))
"""


def two_versions(tmp_path: Path, form: str = "siecle") -> tuple[list[MadeSchool], list[Path]]:
    schools = [made_up(families, seed=families, quirks=()) for families in (120, 80)]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, school in zip(folders, schools, strict=True):
        folder.mkdir()
        FORMS[form](folder, school)
    return schools, folders


@pytest.mark.ci
@pytest.mark.parametrize("form", ["siecle", "aaf first degree"])
def test_an_import_killed_at_any_moment_leaves_one_version_whole(
    tmp_path: Path, directory: SqlDirectory, form: str
) -> None:
    schools, folders = two_versions(tmp_path, form)
    versions = [meant(school, form) for school in schools]
    where = (
        [str(directory._path), ""]
        if isinstance(directory, SqliteDirectory)
        else [directory._conninfo, directory._schema]
    )
    draw, seen = random.Random(5), []  # noqa: S311 - a moment
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", IMPORTS, *where, *map(str, folders)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.random() * 0.3)
            process.send_signal(signal.SIGKILL)
        # A server ends the statement of a client that was killed: it may commit between two look-ups.
        found: Any = None
        again = found_in(directory, *schools)
        while found != again:
            found, again = again, found_in(directory, *schools)
        if found:  # the first may be killed before anything is there
            seen.append(versions.index(found))
            if form.startswith("aaf"):  # what a delta is applied to is of the same version
                delta = write_aaf(tmp_path, before=[MadeSchool(uai="0000000Z")])
                assert replaced(directory, delta, uai=None).counts == {}
                assert found_in(directory, *schools) == found
    assert set(seen) == {0, 1}


def counted(directory: SqlDirectory) -> int:
    """How many rows somebody else sees, in one statement."""
    if isinstance(directory, SqliteDirectory):
        with closing(sqlite3.connect(directory._path)) as rows:
            return int(rows.execute("SELECT count(*) FROM mobile").fetchone()[0])
    with psycopg.connect(directory._conninfo) as connection:
        found = connection.execute(f"SELECT count(*) FROM {directory._schema}.mobile".encode()).fetchone()
    return int(found[0]) if found else -1


def test_of_two_imports_at_once_one_wins_whole_and_nobody_sees_half(tmp_path: Path, directory: SqlDirectory) -> None:
    schools, folders = two_versions(tmp_path)
    versions = [meant(school, "siecle") for school in schools]
    assert len(versions[0]) != len(versions[1])
    everybody = MadeSchool(uai=UAI, persons=[*schools[0].persons, *schools[1].persons])
    stop, sizes = threading.Event(), set()

    def look() -> None:
        while not stop.is_set():
            sizes.add(counted(directory))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(2):
                list(
                    pool.map(lambda folder: directory.replace(read(sorted(folder.glob("*.xml"))), today=TODAY), folders)
                )
                assert found_in(directory, everybody) in versions
    finally:
        stop.set()
        watching.join()
    assert sizes <= {0, *map(len, versions)}
    assert sizes - {0}


def test_a_new_parent_in_two_schools_imported_at_once_is_one(
    tmp_path: Path, directory: SqlDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = school_of("0690002B", persons=[evolve(ANNE, number=7)], links=[evolve(HERS, person=7)])
    at_once, most = [], []
    place = importing._place

    def placed(work: Work) -> None:
        at_once.append(id(work))
        most.append(len(at_once))
        time.sleep(0.1)
        place(work)
        at_once.remove(id(work))

    monkeypatch.setattr(importing, "_place", placed)
    paths = []
    for school in (school_of(), other):
        (tmp_path / school.uai).mkdir()
        paths.append((write_siecle(tmp_path / school.uai, school), school.uai))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: replaced(directory, one[0], uai=one[1]), paths))
    assert max(most) == 1  # one at a time, or each would draw an id for her
    (anne,) = directory.find(MOBILE)
    assert {pupil.uai for pupil in anne.pupils} == {UAI, "0690002B"}


def test_a_reader_in_the_middle_of_an_import_sees_the_old_records(
    tmp_path: Path, directory: SqlDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(directory, tmp_path, school_of())
    before, seen = directory.find(MOBILE), []
    write = placing.write

    def placed(work: Work) -> None:  # after the old records are gone, and the new ones are there
        write(work)
        seen.append(directory.find(MOBILE))

    monkeypatch.setattr(placing, "write", placed)
    put(directory, tmp_path, school_of(persons=[evolve(ANNE, usage_name="PETIT")]))
    assert seen
    assert set(seen) == {before}
    assert directory.find(MOBILE) != before


# --- all the way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_from_the_file_to_an_activated_account(tmp_path: Path, directory: SqlDirectory, form: str) -> None:
    person = MadePerson(number=1, family_name="D’ALMEIDA LOPEZ", given_name="Émilie", mobile="06 12 34 56 78")
    replaced(directory, FORMS[form](tmp_path, school_of(persons=[person])), relation=LEGAL)
    sms = RecordingSms()
    flow = ActivationFlow(
        directory=directory, store=MemoryStore(), sms=sms, secret_key=SECRET, password_hasher=CheapHasher()
    )
    out = flow.start()
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim("d'almeida lopez", "emilie")):
        out = flow.submit(out.handle, event)
    assert flow.deliver() == 1
    out = flow.submit(out.handle, SubmitCode(sms.sent[0].text[-6:]))
    assert out.state is State.PUPILS
    (leo,) = out.view.pupils
    out = flow.submit(
        out.handle, ConfirmPupils([PupilAnswer(pupil_id=leo.id, confirmed=True, birth_date=date(2012, 3, 4))])
    )
    out = flow.submit(out.handle, password())
    assert out.state is State.ACTIVATED


def rows_of(contract: DirectoryContract) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the contract's guardians."""
    found: dict[str, list[tuple[Any, ...]]] = {"school": [], "guardian": [], "mobile": [], "pupil": [], "relation": []}
    for g in contract.guardians:
        others = json.dumps(g.other_given_names)
        for uai in {p.uai for p in g.pupils} or {UAI}:
            found["guardian"].append((uai, g.id, g.id, g.family_name, g.given_name, g.usage_name, others))
            found["mobile"].append((g.mobile, uai, g.id))
        for p in g.pupils:
            found["school"].append((p.uai, p.school, p.uai, ""))
            found["pupil"].append((p.uai, p.id, p.family_name, p.given_name, str(p.birth_date)))
            found["relation"].append((p.uai, g.id, p.id, p.relation.value, p.link or ""))
    return {table: list(dict.fromkeys(rows)) for table, rows in found.items()}


class TestSqliteDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Iterator[Directory]:
        made = SqliteDirectory(tmp_path / "records.db")
        with closing(sqlite3.connect(tmp_path / "records.db")) as db, db:
            for table, rows in rows_of(self).items():
                for row in rows:
                    db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        assert repr(made) == "SqliteDirectory('records.db')"
        yield made
        made.close()


class TestPostgresDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self, server: Server, schema: str) -> Iterator[Directory]:
        made = PostgresDirectory(server.dsn, schema=f"records_{schema}")
        filled(server, f"records_{schema}", self)
        assert repr(made) == f"PostgresDirectory(schema='records_{schema}')"
        yield made
        made.close()


class TestAsyncPostgresDirectory(DirectoryContract):
    @pytest.fixture
    def directory(self, server: Server, schema: str) -> Iterator[Directory]:
        PostgresDirectory(server.dsn, schema=f"records_{schema}").close()
        filled(server, f"records_{schema}", self)
        made = AsyncPostgresDirectory(server.dsn, schema=f"records_{schema}")
        assert repr(made) == f"AsyncPostgresDirectory(schema='records_{schema}')"
        with as_sync(made) as directory:
            yield directory
            directory.close()


def filled(server: Server, schema: str, contract: DirectoryContract) -> None:
    with psycopg.connect(server.dsn) as db:
        for table, rows in rows_of(contract).items():
            for row in rows:
                db.execute(f"INSERT INTO {schema}.{table} VALUES ({', '.join(['%s'] * len(row))})".encode(), row)


def test_there_is_no_other_directory() -> None:
    with pytest.raises(AttributeError, match="no attribute 'LdapDirectory'"):
        educonnect_flow.directory.LdapDirectory  # noqa: B018 - asked for


def test_a_schema_is_a_plain_name() -> None:
    with pytest.raises(ValueError, match="plain lower-case name"):
        PostgresDirectory("", schema="a; b")


def test_the_command_imports_into_postgres(tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_siecle(tmp_path, this_year())
    into = f"postgresql://postgres@/postgres?host={server.root}"
    assert main(["import-records", *map(str, files), "--into", into]) == 0
    directory = PostgresDirectory(server.dsn)
    assert [guardian.given_name for guardian in directory.find(MOBILE)] == ["Anne"]
    directory.close()
    assert "1 guardians can activate" in capsys.readouterr().out


def test_a_file_that_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.Error):
        SqliteDirectory(tmp_path / "f")


def test_an_import_that_fails_in_the_middle_is_taken_back(
    tmp_path: Path, directory: SqlDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(directory, tmp_path, school_of())
    before = directory.find(MOBILE)

    def broken(*_: Any) -> Any:
        raise RuntimeError("in the middle")

    write = placing.write
    monkeypatch.setattr(placing, "write", lambda work: (write(work), broken()))
    with pytest.raises(RuntimeError, match="in the middle"):
        put(directory, tmp_path, school_of(persons=[evolve(ANNE, given_name="Paul")]))
    assert directory.find(MOBILE) == before


# --- names as the records have them ----------------------------------------------------------------------

CASES = json.loads((Path(__file__).parent / "names.json").read_text("utf-8"))


@pytest.mark.promise("I4")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_table_of_names(case: dict[str, Any]) -> None:
    family, given, usage, *others = case["record"]
    record = Guardian(
        id="g", family_name=family, given_name=given, usage_name=usage or None, mobile=MOBILE, other_given_names=others
    )
    typed_family, typed_given = case["typed"]
    check = IdentityCheck(family_name=typed_family, given_name=typed_given, mobile=MOBILE, guardian=record)
    assert (not refusals_of(check_identity(check))) is case["same"]
