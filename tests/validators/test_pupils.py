"""Birth dates: one form, real days, and what costs an attempt."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import ConfirmPupils, Pupil, PupilAnswer, Reason, State
from educonnect_flow._keys import digest
from educonnect_flow.errors import WrongUse
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.pupils import PupilsCheck, check_form, check_pupils
from educonnect_flow.validators.reading import plain, read_date
from tests.world import EMILIE, LEO, ZOE, World, parsed, reasons

promise = pytest.mark.promise


@promise("I5")
@given(hyp.dates(min_value=date(1, 1, 1)))
def test_the_one_form_is_read(day: date) -> None:
    assert read_date(f"{day.day:02}/{day.month:02}/{day.year:04}") == day
    assert read_date(day) == day


@promise("I5", "C10")
@pytest.mark.parametrize(
    "text",
    ["21/09/07", "2010W011", "09/21/2007",
     "31/02/2007", "00/01/2007", "29/02/2007", "21 09", "21/09", "septembre 2007", "21 brumaire 2007", "2007", "①/09/2007",
     "21/09/0000", "21/09/20077", "aa/bb/cccc", "1_/09/2007", "demain"],
)  # fmt: skip
def test_any_other_is_malformed_and_costs_nothing(text: str) -> None:
    assert read_date(text) is None
    world = World()
    event = ConfirmPupils(
        [
            PupilAnswer(pupil_id="leo", confirmed=True, birth_date=text),
            PupilAnswer(pupil_id="zoe", confirmed=True, birth_date="02/02/2002"),
        ]
    )
    out = world.submit(world.at(State.PUPILS), event)
    assert [(r.reason, r.field) for r in out.refusals] == [(Reason.BIRTH_DATE_MALFORMED, "answers[leo]")]
    assert out.view.attempts_left == 5


@promise("I5")
@given(hyp.text(max_size=12) | st.any_text)
def test_no_text_makes_it_crash(text: str) -> None:
    read = read_date(text)
    assert read is None or f"{read.year:04}" in plain(text)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], {("answers[leo]", Reason.ANSWER_MISSING), ("answers[zoe]", Reason.ANSWER_MISSING)}),
        ([("leo", True, None), ("zoe", False, None)], {("answers[leo]", Reason.BIRTH_DATE_MISSING)}),
        ([("leo", True, ""), ("zoe", False, None)], {("answers[leo]", Reason.BIRTH_DATE_MISSING)}),
        ([("leo", True, " "), ("zoe", False, None)], {("answers[leo]", Reason.BIRTH_DATE_MISSING)}),
        ([("leo", False, None), ("leo", True, "x"), ("zoe", False, "x")], {("answers[leo]", Reason.ANSWER_REPEATED)}),
        ([("leo", False, None), ("zoe", False, None), ("ana", True, "x")], {("answers", Reason.PUPIL_NOT_SHOWN)}),
    ],
)
def test_the_form_is_refused_by_field(answers: list[tuple[str, bool, str | None]], expected: set[object]) -> None:
    world = World()
    event = ConfirmPupils([PupilAnswer(pupil_id=p, confirmed=c, birth_date=d) for p, c, d in answers])
    out = world.submit(world.at(State.PUPILS), event)
    assert {(r.field, r.reason) for r in out.refusals} == expected
    assert (out.state, out.view.attempts_left) == (State.PUPILS, 5)


@given(hyp.data())
def test_a_verdict_is_either_of_form_or_of_content(data: hyp.DataObject) -> None:
    given_answers = data.draw(st.answers((LEO, ZOE)))
    check = PupilsCheck(pupils=(LEO, ZOE), answers=given_answers, today=date(2026, 9, 1))
    verdict, form = check_pupils(check), check_form(check)
    if form:
        assert verdict == form
    else:
        right = all(
            read_date(a.birth_date or "") == {"leo": LEO, "zoe": ZOE}[a.pupil_id].birth_date
            for a in given_answers
            if a.confirmed
        )
        assert (verdict is None) is right


def test_a_day_off_is_wrong() -> None:
    world = World()
    event = ConfirmPupils(
        [
            PupilAnswer(pupil_id="leo", confirmed=True, birth_date=LEO.birth_date + timedelta(days=1)),
            PupilAnswer(pupil_id="zoe", confirmed=False),
        ]
    )
    assert reasons(world.submit(world.at(State.PUPILS), event)) == [Reason.BIRTH_DATES_WRONG]


def test_a_moment_is_no_date() -> None:
    with pytest.raises(WrongUse, match="PupilAnswer.birth_date must be date or str or None, not datetime"):
        PupilAnswer(pupil_id="leo", confirmed=True, birth_date=datetime(2007, 9, 21))


@promise("I5")
@pytest.mark.parametrize(
    "born",
    [
        date(2077, 9, 21),
        date(1912, 9, 21),
        date(12, 9, 21),
        date(2026, 9, 2),
        date(1966, 8, 31),
        "21/09/1912",
        "21/09/0012",
    ],
)
def test_a_day_on_which_no_pupil_was_born_is_malformed_and_costs_nothing(born: date | str) -> None:
    world = World()
    event = ConfirmPupils([
        PupilAnswer(pupil_id="leo", confirmed=True, birth_date=born), PupilAnswer(pupil_id="zoe", confirmed=False),
    ])  # fmt: skip
    out = world.submit(world.at(State.PUPILS), event)
    assert [(r.reason, r.field) for r in out.refusals] == [(Reason.BIRTH_DATE_MALFORMED, "answers[leo]")]
    assert out.view.attempts_left == 5


def shown(*pupils: Pupil) -> list[str]:
    """What the page calls *pupils*."""
    guardian = evolve(EMILIE, pupils=pupils)
    return [pupil.label for pupil in World(guardians=[guardian]).at(State.PUPILS).view.pupils]


@pytest.mark.parametrize(
    ("families", "labels"),
    [
        (["Durand"], ["Leo"]),
        (["Durand", "Martin"], ["Leo D.", "Leo M."]),
        (["Martin", "Marchand"], ["Leo Mart.", "Leo Marc."]),
        (["Durand", "DURANDAL"], ["Leo Durand", "Leo DURANDA."]),
        (["Durand", "durand"], ["Leo", "Leo"]),
        (["Durand", "Durand", "Martin"], ["Leo D.", "Leo D.", "Leo M."]),
        ([" Durand", "D'Urville"], ["Leo Dura.", "Leo D'Urv."]),
        (["E\u0301mile", "Zola"], ["Leo É.", "Leo Z."]),
        (["Émile", "Emilien", "Zola"], ["Leo Émile", "Leo Emili.", "Leo Z."]),
    ],
)
def test_pupils_of_one_given_name_are_distinguished_by_the_fewest_letters(
    families: list[str], labels: list[str]
) -> None:
    twins = [evolve(LEO, id=f"p{n}", family_name=name, given_name="Leo") for n, name in enumerate(families)]
    assert shown(*twins, ZOE) == [*labels, "Zoe"]


def test_what_tells_pupils_apart_is_kept_with_the_run() -> None:
    guardian = evolve(
        EMILIE, pupils=(evolve(LEO, id="a", family_name="Durand"), evolve(LEO, id="b", family_name="Martin"))
    )
    world = World(guardians=[guardian])
    out = world.at(State.PUPILS)
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    assert [one.label for one in parsed(loaded.run.body.text, loaded.run.version).pupils] == ["Leo D.", "Leo M."]
