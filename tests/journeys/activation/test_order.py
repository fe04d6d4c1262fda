"""The order of the steps: nothing skipped, nothing replayed, nothing kept that Back undoes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow import (
    ChoosePassword,
    ChooseProfile,
    ConfirmPupils,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    PupilAnswer,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow._keys import digest
from educonnect_flow.errors import RequestReused, UnknownHandle
from educonnect_flow.journeys.activation.run import FINAL
from educonnect_flow.journeys.activation.table import EVENTS, TABLE
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    PAUL,
    STRANGER,
    WRONG_DATE,
    ZOE,
    World,
    account_of,
    activation_of,
    answers,
    claim,
    has_account,
    password,
    reasons,
)

promise = pytest.mark.promise

GIVEN = [
    ChooseProfile(Profile.GUARDIAN),
    StartActivation(),
    claim(),
    SubmitCode("000000"),
    ResendCode(),
    answers(LEO, ZOE),
    password(),
    GoBack(),
]


def end_in(world: World, state: State) -> Outcome:
    """A new activation in the final *state*."""
    if state is State.NOT_ELIGIBLE:
        return world.submit(world.at(State.PROFILE), ChooseProfile(Profile.PUPIL))
    if state is State.EXPIRED:
        out = world.at(State.CODE)
        world.clock.advance(world.settings.idle_for)
        return world.submit(out, GoBack())
    if state is State.LOCKED:
        out = world.at(State.CODE)
        for _ in range(5):
            out = world.submit(out, SubmitCode(world.wrong()))
        return out
    if state is State.REFUSED:
        return world.submit(world.at(State.PUPILS), answers(deny=[LEO, ZOE]))
    out = world.at(State.ACTIVATED)
    if state is State.ALREADY_ACTIVE:
        world.clock.advance(hours=2)
        out = world.at(State.CODE)
        out = world.submit(out, SubmitCode(world.code()))
    return out


@promise("F1")
@pytest.mark.parametrize("state", [state for state in State if state not in FINAL])
def test_an_event_without_a_row_changes_nothing(world: World, state: State) -> None:
    out = world.at(state)
    for event in GIVEN:
        if type(event) not in out.permitted:
            after = world.submit(out, event, "a request")
            assert (after.state, after.accepted, reasons(after)) == (state, False, [Reason.NOT_NOW])
            assert after.view == out.view
    assert world.flow.resume(out.handle).view == out.view


@promise("F1")
def test_permitted_is_what_the_table_has() -> None:
    for state in State:
        world = World()
        out = end_in(world, state) if state in FINAL else world.at(state)
        assert out.state is state
        assert out.permitted == tuple(e for e in EVENTS if TABLE.accepts(state, e))


@promise("F2")
def test_replaying_any_past_step_changes_nothing(world: World) -> None:
    out = world.flow.start()
    steps: list[Callable[[], object]] = [
        lambda: ChooseProfile(Profile.GUARDIAN),
        StartActivation,
        claim,
        lambda: SubmitCode(world.code()),
        lambda: answers(LEO, ZOE),
        password,
    ]
    past: list[tuple[str, object, Outcome]] = []
    for n, step in enumerate(steps):
        event = step()
        before, out = out, world.submit(out, event, f"request-{n}")
        past.append((before.handle, event, out))
        for m, (_, event, answer) in enumerate(past):
            again = world.submit(out, event, f"request-{m}")
            assert (again.state, again.accepted, again.refusals, again.view) == (
                answer.state, answer.accepted, answer.refusals, answer.view,
            )  # fmt: skip
            late = world.submit(out, event)  # without an id it is a new request, and too late
            assert (late.accepted, late.state) == (False, out.state)
        assert world.flow.resume(out.handle).view == out.view
    assert out.state is State.ACTIVATED
    assert len(world.sms.sent) == 1


@promise("F3")
def test_another_mobile_drops_the_code_and_what_it_opened(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    out = world.submit(out, GoBack())
    world.clock.advance(minutes=1)
    out = world.submit(out, claim("Martin", "Paul", PAUL.mobile))
    assert out.view.masked_mobile == "+33 6 •• •• •• 89"
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_WRONG]
    world.flow.deliver()
    assert world.sms.sent[-1].to == PAUL.mobile


@promise("F3")
def test_back_from_the_pupils_needs_a_new_code(world: World) -> None:
    out = world.submit(world.at(State.PUPILS), GoBack())
    assert out.state is State.IDENTITY
    world.clock.advance(minutes=1)
    out = world.submit(out, claim())
    assert out.state is State.CODE
    assert world.submit(out, SubmitCode(world.code())).state is State.PUPILS


def test_back_goes_one_page_back_and_undoes_it(world: World) -> None:
    out = world.submit(world.at(State.PASSWORD), GoBack())
    assert out.state is State.PUPILS
    assert reasons(world.submit(out, password())) == [Reason.NOT_NOW]
    out = world.submit(out, GoBack())
    assert out.state is State.IDENTITY
    out = world.submit(out, GoBack())
    assert out.state is State.SIGN_IN
    out = world.submit(out, GoBack())
    assert out.state is State.PROFILE


@promise("F4")
def test_the_handle_is_long_and_changes_with_the_accepted_code(world: World) -> None:
    out = world.at(State.CODE)
    assert len(out.handle) == 43  # 256 bits in base64
    assert len({world.flow.start().handle for _ in range(100)}) == 100
    after = world.submit(out, SubmitCode(world.code()), "the request")
    assert after.handle != out.handle
    for old in (
        lambda: world.submit(out, answers(LEO, ZOE)),
        lambda: world.submit(out, answers(LEO, ZOE), "another"),
        lambda: world.flow.resume(out.handle),
        lambda: world.flow.assess_password(out.handle, "x"),
    ):
        with pytest.raises(UnknownHandle):
            old()
    assert world.flow.resume(after.handle).state is State.PUPILS


@promise("F4")
def test_a_second_accepted_code_changes_it_again(world: World) -> None:
    first = world.at(State.PUPILS)
    world.clock.advance(minutes=1)
    out = world.submit(world.submit(first, GoBack()), claim())
    assert out.handle == first.handle
    assert world.submit(out, SubmitCode(world.code())).handle != first.handle


@promise("F5")
@pytest.mark.parametrize("state", [state for state in State if state in FINAL])
def test_a_final_state_absorbs_every_event(world: World, state: State) -> None:
    out = end_in(world, state)
    assert out.state is state
    assert out.permitted == ()
    for event in GIVEN:
        after = world.submit(out, event)
        assert (after.state, reasons(after), after.view) == (state, [Reason.NOT_NOW], out.view)
    world.clock.advance(hours=2)
    assert world.flow.resume(out.handle).state is state


@promise("F6")
def test_wrong_dates_are_limited_and_never_say_whose(world: World) -> None:
    out = world.at(State.PUPILS)
    one = WRONG_DATE
    both = ConfirmPupils([PupilAnswer(pupil_id=p, confirmed=True, birth_date="01/02/2003") for p in ("leo", "zoe")])
    first, second = world.submit(out, one), world.submit(out, both)
    assert [r.reason for r in first.refusals] == [Reason.BIRTH_DATES_WRONG]
    assert (first.refusals[0].field, second.refusals[0].field) == ("answers", "answers")
    assert (first.view.attempts_left, second.view.attempts_left) == (4, 3)
    for _ in range(3):
        out = world.submit(out, one)
    assert out.state is State.LOCKED
    assert reasons(world.submit(out, answers(LEO, ZOE))) == [Reason.NOT_NOW]


@promise("F6")
def test_wrong_dates_count_for_the_mobile_too(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(mobile_failures=6))
    out = world.at(State.PUPILS)
    for _ in range(5):
        out = world.submit(out, WRONG_DATE)
    other = world.at(State.CODE)
    other = world.submit(other, SubmitCode(world.wrong()))
    assert world.submit(other, SubmitCode(world.code())).state is State.LOCKED


@promise("F6")
def test_wrong_dates_are_limited_over_activations_too(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(mobile_failures=3))
    first, second = world.at(State.PUPILS), world.at(State.PUPILS)
    for _ in range(3):
        first = world.submit(first, WRONG_DATE)
    out = world.submit(second, answers(LEO, ZOE))
    assert (out.state, reasons(out)) == (State.LOCKED, [Reason.LOCKED])


@promise("F7")
@pytest.mark.parametrize(("leo", "zoe"), list(itertools.product(["confirm", "deny", "leave"], repeat=2)))
def test_every_pupil_is_answered_and_one_at_least_is_confirmed(world: World, leo: str, zoe: str) -> None:
    given = [
        PupilAnswer(pupil_id=p.id, confirmed=what == "confirm", birth_date=p.birth_date if what == "confirm" else None)
        for p, what in ((LEO, leo), (ZOE, zoe))
        if what != "leave"
    ]
    out = world.submit(world.at(State.PUPILS), ConfirmPupils(given))
    if "leave" in (leo, zoe):
        assert (out.state, set(reasons(out))) == (State.PUPILS, {Reason.ANSWER_MISSING})
        assert {r.field for r in out.refusals} == {
            f"answers[{p.id}]" for p, what in ((LEO, leo), (ZOE, zoe)) if what == "leave"
        }
        assert out.view.attempts_left == 5
    elif "confirm" in (leo, zoe):
        assert (out.state, out.refusals) == (State.PASSWORD, ())
        done = world.submit(out, password())
        confirmed = tuple(p.id for p, what in ((LEO, leo), (ZOE, zoe)) if what == "confirm")
        assert tuple(p.id for p in done.view.pupils) == confirmed
        account = account_of(world.store, done.view.identifier)
        assert account is not None
        assert account.confirmed == confirmed
        assert set(account.denied) == {"leo", "zoe"} - set(confirmed)
    else:
        assert (out.state, reasons(out)) == (State.REFUSED, [Reason.NO_PUPIL_CONFIRMED])
        assert out.view.reason is Reason.NO_PUPIL_CONFIRMED


@promise("F7")
def test_a_guardian_without_pupils_is_refused_after_the_code(world: World) -> None:
    out = world.at(State.CODE, claim("Martin", "Paul", PAUL.mobile))
    before = out.handle
    out = world.submit(out, SubmitCode(world.code()))
    assert (out.state, reasons(out)) == (State.REFUSED, [Reason.NO_PUPIL])
    assert out.handle != before


@promise("F7")
def test_a_pupil_struck_out_meanwhile_is_neither_asked_nor_confirmed() -> None:
    class Changing:
        guardian = EMILIE

        def find(self, mobile: str) -> list[Guardian]:
            return [self.guardian] if mobile == MOBILE else []

    directory = Changing()
    world = World(directory=directory)
    out = world.at(State.PUPILS)
    directory.guardian = Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile=MOBILE, pupils=[LEO])
    out = world.submit(out, answers(LEO, ZOE))
    assert out.state is State.PASSWORD
    assert [p.id for p in world.submit(out, password()).view.pupils] == ["leo"]

    again = World(directory=directory)
    directory.guardian = EMILIE
    out = again.at(State.PUPILS)
    directory.guardian = Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile=MOBILE)
    out = again.submit(out, answers(LEO, ZOE))
    assert (out.state, reasons(out)) == (State.REFUSED, [Reason.NO_PUPIL])


class Records:
    """A directory that can be changed."""

    def __init__(self) -> None:
        self.guardians: list[Guardian] = [EMILIE]

    def find(self, mobile: str) -> list[Guardian]:
        return [guardian for guardian in self.guardians if guardian.mobile == mobile]


STRUCK_OUT: dict[str, Callable[[], list[Guardian]]] = {
    "the guardian": list,
    "the number": lambda: [evolve(EMILIE, mobile="+33611111111")],
    "every pupil": lambda: [evolve(EMILIE, pupils=())],
    "the person": lambda: [evolve(EMILIE, id="g9")],
}


@promise("F7")
@pytest.mark.parametrize("what", STRUCK_OUT)
def test_who_was_struck_out_gets_no_account_however_long_weak_passwords_kept_the_run_alive(
    what: str, worlds: Callable[..., World]
) -> None:
    world = worlds(directory=(records := Records()))
    out = world.at(State.PASSWORD)
    records.guardians = STRUCK_OUT[what]()
    for _ in range(3):
        world.clock.advance(minutes=59)
        # A password that is refused on its form asks no port and keeps the run where it is.
        out = world.submit(out, password("a" * 300))
        assert (out.state, reasons(out)) == (State.PASSWORD, [Reason.TOO_LONG])
    out = world.submit(out, password())
    assert (out.state, reasons(out)) == (State.REFUSED, [Reason.NO_PUPIL])
    assert not has_account(world.store, "g1", "g9")


@promise("F7")
def test_a_pupil_struck_out_before_the_password_is_not_confirmed(worlds: Callable[..., World]) -> None:
    world = worlds(directory=(records := Records()))
    out = world.at(State.PASSWORD)
    records.guardians = [evolve(EMILIE, pupils=[ZOE])]
    out = world.submit(out, password())
    assert [pupil.id for pupil in out.view.pupils] == ["zoe"]
    account = account_of(world.store, out.view.identifier)
    assert account is not None
    assert account.confirmed == ("zoe",)


@promise("F8")
def test_other_bodies_under_a_used_request_id_are_events_too(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(events_per_run=20))
    out = world.submit(world.at(State.PASSWORD), password("weak"), "one")
    reused = 0
    while out.state is State.PASSWORD:
        try:
            out = world.submit(out, password(f"weak{reused}"), "one")
        except RequestReused:
            reused += 1
    assert (out.state, reused) == (State.EXPIRED, 14)
    assert world.flow.resume(out.handle).state is State.EXPIRED


@promise("F8")
def test_of_many_other_bodies_at_once_each_is_counted_and_none_fails(worlds: Callable[..., World]) -> None:
    """As a double click does, after going back in the browser and typing something else."""
    world = worlds()
    out = world.submit(world.at(State.PASSWORD), password("weak"), "one")

    def other(n: int) -> None:
        with pytest.raises(RequestReused):
            world.submit(out, password(f"weak{n}"), "one")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(other, range(16)))
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    assert activation_of(loaded).events == 6 + 16


@promise("F7", "R1")
def test_a_record_struck_out_before_the_password_is_not_bound_to_the_account(worlds: Callable[..., World]) -> None:
    world = worlds(directory=(records := Records()))
    other = evolve(EMILIE, id="g7", pupils=[ZOE])
    records.guardians = [EMILIE, other]
    out = world.at(State.PASSWORD)
    records.guardians = [EMILIE]
    account = account_of(world.store, world.submit(out, password()).view.identifier)
    assert account is not None
    assert account.guardians == ("g1",)
    assert not has_account(world.store, "g7")


# Submits that are refused, accepted, or out of their state: each is activity, and none keeps a run alive for ever.
ENDLESS: dict[State, Callable[[], Any]] = {
    State.PROFILE: GoBack,
    State.SIGN_IN: ResendCode,
    State.IDENTITY: lambda: claim("", "", ""),
    State.CODE: lambda: SubmitCode("x"),
    State.PUPILS: lambda: ConfirmPupils([]),
    State.PASSWORD: lambda: password("weak"),
}


@promise("F8")
@pytest.mark.parametrize("state", ENDLESS, ids=lambda state: state.name)
def test_a_run_ends_when_it_has_been_open_for_too_long_in_every_state(state: State, world: World) -> None:
    out, began = world.at(state), world.clock()
    while out.state is state:
        world.clock.advance(minutes=10)
        out = world.submit(out, ENDLESS[state]())
    assert (out.state, reasons(out)) == (State.EXPIRED, [Reason.IDLE])
    assert world.clock() - began <= world.settings.run_for


@promise("F8")
def test_a_run_is_open_for_run_for_and_not_a_second_longer(world: World) -> None:
    out, began = world.at(State.CODE), world.clock()
    while world.clock() < began + timedelta(hours=3, minutes=50):
        world.clock.advance(minutes=10)
        out = world.submit(out, SubmitCode("x"))
    world.clock.advance(minutes=10, seconds=-1)
    assert world.submit(out, SubmitCode("x")).state is State.CODE
    world.clock.advance(seconds=1)
    out = world.submit(out, SubmitCode("x"))
    assert (out.state, reasons(out)) == (State.EXPIRED, [Reason.IDLE])


@promise("F8")
@pytest.mark.parametrize("state", ENDLESS, ids=lambda state: state.name)
def test_a_run_ends_after_a_number_of_events_in_every_state(state: State, worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(events_per_run=20))
    out = world.at(state)
    submits = {State.PROFILE: 0, State.SIGN_IN: 1, State.IDENTITY: 2, State.CODE: 3, State.PUPILS: 4, State.PASSWORD: 5}
    for _ in range(20 - submits[state]):
        out = world.submit(out, ENDLESS[state]())
        assert out.state is state
    out = world.submit(out, ENDLESS[state]())
    assert (out.state, reasons(out)) == (State.EXPIRED, [Reason.IDLE])
    again = world.submit(out, ENDLESS[state]())  # a final state counts nothing more
    assert (again.state, reasons(again)) == (State.EXPIRED, [Reason.NOT_NOW])


def test_two_records_of_one_person_are_one_account(world: World) -> None:
    first = Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile=MOBILE, pupils=[LEO])
    second = Guardian(id="g7", family_name="DURAND", given_name="EMILIE", mobile=MOBILE, pupils=[ZOE, LEO])
    both = World(world.store, guardians=[first, second])
    out = both.at(State.PUPILS)
    assert [p.id for p in out.view.pupils] == ["leo", "zoe"]
    out = both.at(State.ACTIVATED)
    account = account_of(both.store, out.view.identifier)
    assert account is not None
    assert account.guardians == ("g1", "g7")
    other = World(world.store, guardians=[second])
    out = other.at(State.CODE)
    assert other.submit(out, SubmitCode(other.code())).state is State.ALREADY_ACTIVE


def test_guardians_who_share_a_mobile_are_distinguished_by_name(world: World) -> None:
    other = Guardian(id="g8", family_name="Durand", given_name="Paul", mobile=MOBILE, pupils=[LEO])
    both = World(world.store, guardians=[EMILIE, other])
    assert [p.id for p in both.at(State.PUPILS, claim(given_name="Paul")).view.pupils] == ["leo"]
    assert [p.id for p in both.at(State.PUPILS).view.pupils] == ["leo", "zoe"]


@pytest.mark.parametrize("minutes", [59, 60])
def test_idle_is_counted_from_the_last_submit(world: World, minutes: int) -> None:
    out = world.at(State.CODE)
    world.clock.advance(minutes=50)
    out = world.submit(out, SubmitCode("malformed"))
    world.clock.advance(minutes=minutes)
    seen = world.flow.resume(out.handle) if minutes == 60 else None
    out = world.submit(out, GoBack())
    if minutes == 59:
        assert out.state is State.IDENTITY
    else:
        assert seen is not None
        assert seen.state is State.EXPIRED
        assert out.state is State.EXPIRED


def test_resume_does_not_count_as_activity(world: World) -> None:
    out = world.at(State.CODE)
    world.clock.advance(minutes=59)
    assert world.flow.resume(out.handle).state is State.CODE
    world.clock.advance(minutes=1)
    out = world.submit(out, GoBack(), "late")
    assert (out.state, out.accepted, reasons(out)) == (State.EXPIRED, False, [Reason.IDLE])
    assert world.submit(out, GoBack(), "late") == out


def test_an_account_made_meanwhile_by_another_activation_is_not_doubled(world: World) -> None:
    first, second = world.at(State.PASSWORD), None
    second = world.at(State.PASSWORD)
    assert world.submit(first, password()).state is State.ACTIVATED
    out = world.submit(second, password())
    assert (out.state, out.accepted) == (State.ALREADY_ACTIVE, True)


def test_the_unknown_may_be_told_when_the_host_wants_it(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(tell_unknown_identity=True, mobile_failures=2))
    out = world.at(State.IDENTITY)
    for _ in range(2):
        out = world.submit(out, STRANGER)
        assert (out.state, reasons(out)) == (State.IDENTITY, [Reason.IDENTITY_UNKNOWN])
    assert reasons(world.submit(out, STRANGER)) == [Reason.MOBILE_LOCKED]
    assert world.submit(out, claim()).state is State.CODE


def test_the_profile_of_a_pupil_ends_at_once(world: World) -> None:
    out = world.submit(world.flow.start(), ChooseProfile(Profile.PUPIL))
    assert (out.state, out.accepted, out.permitted) == (State.NOT_ELIGIBLE, True, ())


def test_a_password_is_not_asked_twice_of_who_has_an_account(world: World) -> None:
    world.at(State.ACTIVATED)
    world.clock.advance(minutes=1)
    out = world.at(State.CODE)
    out = world.submit(out, SubmitCode(world.code()))
    assert (out.state, out.accepted) == (State.ALREADY_ACTIVE, True)
    assert ChoosePassword not in out.permitted
