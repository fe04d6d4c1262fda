"""« Identifiant oublié »: a second journey over the same engine and the same stores."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow import (
    ActivationFlow,
    ChooseProfile,
    ClaimIdentity,
    GoBack,
    Outcome,
    Profile,
    Reason,
    ResendCode,
    Settings,
    SubmitCode,
)
from educonnect_flow import State as Activation
from educonnect_flow._keys import digest
from educonnect_flow.audit import replay
from educonnect_flow.errors import UnknownHandle, WrongUse
from educonnect_flow.flow import Flow
from educonnect_flow.journeys import ACTIVATION, FORGOTTEN_IDENTIFIER
from educonnect_flow.journeys.forgotten_identifier.run import State
from educonnect_flow.ports import Store
from educonnect_flow.records import AuditEntry
from tests.world import EMILIE, MOBILE, STRANGER, Questions, World, claim, later, reasons

promise = pytest.mark.promise


@pytest.fixture
def world(store: Store) -> World:
    """A world with all journeys, on each store in turn."""
    return World(store, kind=Flow)


def at_code(world: World, who: ClaimIdentity | None = None, source: str | None = None) -> Outcome:
    """A new run, in ``CODE``."""
    world.flow.deliver()  # what other runs left
    out = world.flow.start(FORGOTTEN_IDENTIFIER, source=source)
    assert (out.journey, out.state) == ("FORGOTTEN_IDENTIFIER", State.IDENTITY)
    return world.submit(out, who or claim())


def walk(world: World) -> None:
    """The whole of it: an activation, and its identifier found again."""
    identifier = world.at(Activation.ACTIVATED).view.identifier
    world.clock.advance(hours=1)
    out = at_code(world)
    assert out.state is State.CODE
    assert out.view.masked_mobile.endswith("78")
    out = world.submit(out, SubmitCode(world.code()))
    assert (out.accepted, out.state, out.view.identifiers) == (True, State.SHOWN, (identifier,))
    assert out.permitted == ()
    assert world.flow.resume(out.handle).view == out.view


def test_a_parent_reads_the_identifier_again(world: World) -> None:
    walk(world)


def test_who_has_no_account_is_told_so_after_the_code(world: World) -> None:
    out = at_code(world)
    out = world.submit(out, SubmitCode(world.code()))
    assert (out.accepted, out.state) == (True, State.NOT_ACTIVATED)


def test_two_guardians_of_one_name_and_number_have_their_identifiers_shown(store: Store) -> None:
    first, second = evolve(EMILIE, id="g1"), evolve(EMILIE, id="g2")
    names = []
    for guardian in (first, second):
        one = World(store, guardians=[guardian])
        names.append(one.at(Activation.ACTIVATED).view.identifier)
    world = World(store, guardians=[first, second], kind=Flow)
    world.clock.advance(hours=1)
    out = at_code(world)
    out = world.submit(out, SubmitCode(world.code()))
    assert out.view.identifiers == tuple(sorted(names))


@promise("E1", "E2")
def test_a_stranger_sees_what_a_known_parent_sees(world: World) -> None:
    world.at(Activation.ACTIVATED)
    seen = []
    for who in (claim(), STRANGER):
        world.clock.advance(hours=25)
        out = at_code(world, evolve(who, mobile=claim().mobile))
        pages = [out]
        for event in (SubmitCode("x"), SubmitCode(world.wrong()), later(world, ResendCode())):
            out = world.submit(out, event)
            pages.append(out)
        times = {"expires_at", "resend_at"}
        seen.append([
            (page.state, page.accepted, reasons(page), {name: value for name, value in vars(page.view).items() if name not in times})
            for page in pages
        ])  # fmt: skip
    assert seen[0] == seen[1]


def test_no_code_opens_for_a_stranger(world: World) -> None:
    out = at_code(world, STRANGER)
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    kept = json.loads(loaded.run.body.text)
    ports = world.flow._engine.ports
    mobile = ports.mobile_of(loaded.run.id, kept["sent_to"][0])
    code = ports.code_of("FORGOTTEN_IDENTIFIER", loaded.run.id, kept["challenge"][0], mobile)
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_WRONG]


@promise("C11")
def test_a_code_of_one_journey_is_none_of_another(world: World) -> None:
    ports = world.flow._engine.ports
    codes = {
        ports.code_of(name, "run", ports.keys.marked("n"), MOBILE) for name in ("ACTIVATION", "FORGOTTEN_IDENTIFIER")
    }
    assert len(codes) == 2


def test_wrong_codes_end_it_and_a_step_back_gives_none_back(world: World) -> None:
    out = at_code(world)
    for left in (4, 3):
        out = world.submit(out, SubmitCode(world.wrong()))
        assert out.view.attempts_left == left
    out = world.submit(out, GoBack())
    assert out.state is State.IDENTITY
    out = later(world, claim()) and world.submit(out, claim())
    assert (out.state, out.view.attempts_left) == (State.CODE, 3)
    for _ in range(3):
        out = world.submit(out, SubmitCode(world.wrong()))
    assert (out.state, reasons(out)) == (State.LOCKED, [Reason.CODE_WRONG, Reason.LOCKED])
    assert (out.view.until, out.view.restart) == (None, True)


def test_a_run_that_is_left_alone_expires(world: World) -> None:
    for out in (world.flow.start(FORGOTTEN_IDENTIFIER), at_code(world)):
        world.clock.advance(timedelta(hours=1))
        again = world.flow.resume(out.handle)
        assert (again.journey, again.state) == ("FORGOTTEN_IDENTIFIER", State.EXPIRED)


def test_a_human_check_and_a_name_that_is_said_to_be_unknown(store: Store) -> None:
    questions = Questions()
    world = World(store, kind=Flow, human_check=questions, settings=Settings(tell_unknown_identity=True))
    out = world.flow.start(FORGOTTEN_IDENTIFIER)
    assert out.view.prompt is not None
    out = world.submit(out, claim(human_check="no"))
    assert reasons(out) == [Reason.HUMAN_CHECK_FAILED]
    out = world.submit(out, evolve(STRANGER, human_check=str(questions.asked)))
    assert (out.state, reasons(out)) == (State.IDENTITY, [Reason.IDENTITY_UNKNOWN])
    assert world.flow.resume(out.handle).view.prompt is not None


def test_its_limits_are_those_of_the_activation(store: Store) -> None:
    world = World(store, kind=Flow, settings=Settings(mobile_failures=2, source_failures=1))
    out = at_code(world, source="here")
    out = world.submit(out, SubmitCode(world.wrong()))
    assert reasons(world.submit(out, SubmitCode(world.code()))) == [Reason.SOURCE_FAILURES]
    activation = world.at(Activation.CODE)
    activation = world.submit(activation, SubmitCode(world.wrong()))
    other = at_code(world)
    assert reasons(other) == [Reason.MOBILE_LOCKED]
    locked = world.submit(activation, SubmitCode(world.wrong()))
    assert locked.state is Activation.LOCKED


@promise("R7")
def test_requests_are_repeated_and_the_trail_leads_to_the_state(world: World) -> None:
    world.at(Activation.ACTIVATED)
    out = at_code(world)
    event = SubmitCode(world.code())
    shown = world.submit(out, event, "the request")
    assert world.submit(out, event, "the request") == shown
    loaded = world.store.load(digest(shown.handle))
    assert loaded is not None
    trail = world.store.trail(loaded.run.id)
    assert replay(trail) is State.SHOWN
    assert {entry.journey for entry in trail} == {"FORGOTTEN_IDENTIFIER"}
    with pytest.raises(ValueError, match="an entry of FORGOTTEN_IDENTIFIER among the entries of a run of ACTIVATION"):
        replay(trail, ACTIVATION)
    with pytest.raises(ValueError, match="no journey 'ELSEWHERE'"):
        replay([evolve(trail[0], journey="ELSEWHERE")])


def test_an_event_of_another_journey_is_out_of_its_state(world: World) -> None:
    out = at_code(world)
    assert reasons(world.submit(out, ChooseProfile(Profile.GUARDIAN))) == [Reason.NOT_NOW]


def test_a_flow_without_the_journey_knows_no_such_run(store: Store) -> None:
    out = at_code(World(store, kind=Flow))
    alone = World(store)
    with pytest.raises(UnknownHandle, match="this flow does not have the journey of this run"):
        alone.flow.resume(out.handle)
    with pytest.raises(UnknownHandle):
        alone.submit(out, ResendCode())
    with pytest.raises(WrongUse, match="does not have the journey FORGOTTEN_IDENTIFIER"):
        alone.flow.start(FORGOTTEN_IDENTIFIER)


@pytest.mark.parametrize("journey", [None, "ACTIVATION", "203.0.113.7", ACTIVATION.run])
def test_what_starts_is_a_journey(journey: Any) -> None:
    for kind in (Flow, ActivationFlow):
        with pytest.raises(WrongUse, match="start takes a Journey"):
            World(kind=kind).flow.start(journey)


@pytest.mark.parametrize("journeys", [(), ("ACTIVATION",), (ACTIVATION, None), (ACTIVATION, evolve(ACTIVATION))])
def test_a_flow_has_journeys_of_different_names(journeys: Any) -> None:
    with pytest.raises(WrongUse):
        World(kind=Flow, journeys=journeys)


def test_the_activation_alone_takes_no_journeys() -> None:
    with pytest.raises(WrongUse, match="journeys of this flow are fixed"):
        World(journeys=[ACTIVATION])


# --- the first event with the start ------------------------------------------------------------------


def test_the_first_event_comes_with_the_start_in_one_commit(store: Store) -> None:
    calls: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(store, name)

    world = World(Counted(), kind=Flow)
    calls.clear()
    out = world.flow.start(event=ChooseProfile(Profile.GUARDIAN))
    assert (out.state, out.accepted, calls) == (Activation.SIGN_IN, True, ["commit"])
    calls.clear()
    out = world.flow.start(FORGOTTEN_IDENTIFIER, event=claim())
    assert (out.state, out.accepted, calls) == (State.CODE, True, ["commit"])
    assert world.flow.deliver() == 1
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    assert [entry.event for entry in store.trail(loaded.run.id)] == ["Start", "ClaimIdentity"]
    assert replay(store.trail(loaded.run.id)) is State.CODE
    assert world.submit(out, SubmitCode(world.code())).state is State.NOT_ACTIVATED


def test_a_first_event_that_is_refused_begins_the_run_all_the_same(world: World) -> None:
    for event, why in ((SubmitCode("123456"), Reason.NOT_NOW), (claim(mobile="1"), Reason.MOBILE_INVALID)):
        out = world.flow.start(FORGOTTEN_IDENTIFIER, event=event)
        assert (out.state, reasons(out)) == (State.IDENTITY, [why])
        assert world.submit(out, later(world, claim())).state is State.CODE
    with pytest.raises(WrongUse, match="accepts one of its events"):
        world.flow.start(FORGOTTEN_IDENTIFIER, event=ChooseProfile(Profile.GUARDIAN))
    out = world.flow.start(event=ChooseProfile(Profile.PUPIL))
    assert (out.state, out.accepted) == (Activation.NOT_ELIGIBLE, True)


def test_a_first_event_beyond_a_limit_is_refused_and_begins_the_run(store: Store) -> None:
    world = World(store, kind=Flow, settings=Settings(sms_per_mobile=1))
    assert world.flow.start(FORGOTTEN_IDENTIFIER, event=claim()).state is State.CODE
    out = world.flow.start(FORGOTTEN_IDENTIFIER, event=claim())
    assert (out.state, reasons(out)) == (State.IDENTITY, [Reason.SMS_PER_MOBILE])


def test_the_observer_hears_of_a_first_event_that_is_not_kept() -> None:
    heard: list[AuditEntry] = []
    world = World(kind=Flow, observer=heard.append)
    world.flow.start(FORGOTTEN_IDENTIFIER, event=SubmitCode("123456"))
    assert [(entry.event, entry.reasons) for entry in heard] == [("Start", ()), ("SubmitCode", ("not_now",))]
