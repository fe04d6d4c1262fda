"""Any text, any size, any type in any field: a refusal or a documented error, nothing moves, nothing leaks."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import (
    ActivationFlow,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Guardian,
    Pupil,
    PupilAnswer,
    Reason,
    Refusal,
    Relation,
    Settings,
    State,
    SubmitCode,
    Validators,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.engine._event import Lapse
from educonnect_flow.errors import ActivationError, UnknownHandle, WrongUse
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import strategies as st
from tests.world import EMILIE, LEO, SECRET, Questions, World, claim, password, reasons

promise = pytest.mark.promise

ANYTHING: Any = (
    hyp.none() | hyp.booleans() | hyp.integers() | hyp.floats() | hyp.binary(max_size=9) | hyp.text("éèàçµ☃", max_size=9)
    | hyp.lists(hyp.integers(), max_size=3) | hyp.dates() | hyp.datetimes() | hyp.dictionaries(hyp.text(max_size=3), hyp.none(), max_size=2)
)  # fmt: skip
MAKERS: list[Callable[[Any], Any]] = [
    lambda x: ChooseProfile(x),
    lambda x: ClaimIdentity(family_name=x, given_name="Emilie", mobile="06"),
    lambda x: ClaimIdentity(family_name="Durand", given_name=x, mobile="06"),
    lambda x: ClaimIdentity(family_name="Durand", given_name="Emilie", mobile=x),
    lambda x: ClaimIdentity(family_name="Durand", given_name="Emilie", mobile="06", human_check=x),
    lambda x: SubmitCode(x),
    lambda x: ConfirmPupils(x),
    lambda x: ConfirmPupils([x]),
    lambda x: PupilAnswer(pupil_id=x, confirmed=True),
    lambda x: PupilAnswer(pupil_id="leo", confirmed=x),
    lambda x: PupilAnswer(pupil_id="leo", confirmed=True, birth_date=x),
    lambda x: ChoosePassword(password=x, confirmation=""),
    lambda x: ChoosePassword(password="", confirmation=x),
    lambda x: Guardian(id=x, family_name="D", given_name="E", mobile="06"),
    lambda x: Guardian(id="g", family_name="D", given_name="E", mobile="06", pupils=x),
    lambda x: Pupil(
        id="p", family_name="D", given_name="E", birth_date=x, school="S", uai="0", relation=Relation.IN_CHARGE
    ),
    lambda x: Settings(code_failures=x),
    lambda x: Settings(code_ttl=x),
]


@pytest.mark.parametrize("number", range(len(MAKERS)))
@given(value=ANYTHING)
def test_a_wrong_type_is_said_at_once_and_not_shown(number: int, value: Any) -> None:
    try:
        made = MAKERS[number](value)
    except WrongUse as error:
        assert "must be" in str(error) or "must hold" in str(error)
        if isinstance(value, str | bytes) and len(value) > 3:
            assert str(value) not in str(error)
    except ValueError:
        assert number >= len(MAKERS) - 2  # Settings with values that make no sense
    else:
        assert made is not None


@given(handle=ANYTHING, event=ANYTHING)
def test_any_handle_and_any_event(handle: Any, event: Any) -> None:
    world = World()
    with pytest.raises(WrongUse):
        world.flow.submit(world.flow.start().handle, event)
    error = UnknownHandle if isinstance(handle, str) else WrongUse
    for call in (
        world.flow.resume,
        lambda h: world.flow.submit(h, SubmitCode("1")),
        lambda h: world.flow.assess_password(h, ""),
    ):
        with pytest.raises(error):
            call(handle)


def test_the_librarys_own_event_is_not_a_hosts() -> None:
    world = World()
    out = world.flow.start()
    for event in (Lapse(), SubmitCode, object()):
        with pytest.raises(WrongUse, match="submit takes an event"):
            world.submit(out, event)


@promise("C10")
@given(family=st.any_text, given_name=st.any_text, mobile=st.any_text)
def test_any_text_in_the_identity_form(family: str, given_name: str, mobile: str) -> None:
    world = World()
    for who in (
        claim(family, "Emilie"),
        claim("Durand", given_name),
        claim(mobile=mobile),
        claim(family, given_name, mobile),
    ):
        out = world.at(State.IDENTITY)
        after = world.submit(out, who, "request \ud800")
        assert after.state in {State.CODE, State.IDENTITY}
        assert after.accepted is (not after.refusals)
        assert all(refusal.message() for refusal in after.refusals)


@given(text=st.any_text, pupil=st.any_text, request_id=st.any_text.filter(bool))
def test_any_text_on_the_later_pages(text: str, pupil: str, request_id: str) -> None:
    pages: list[tuple[State, Any]] = [
        (State.CODE, SubmitCode(text)),
        (State.PUPILS, ConfirmPupils([PupilAnswer(pupil_id=pupil, confirmed=True, birth_date=text)])),
        (State.PASSWORD, password(text)),
        (State.PASSWORD, password("Vélo-Bleu-31", text)),
    ]
    for state, event in pages:
        world = World()
        out = world.at(state)
        after = world.submit(out, event, request_id)
        assert after == world.submit(out, event, request_id)
        assert after.state in {state, State.PUPILS, State.ACTIVATED}
        if not after.accepted:
            assert after.refusals
            shown = [str(value) for refusal in after.refusals for value in refusal.params.values()]
            assert len(text) < 12 or not any(text in value for value in shown)


@promise("I1")
@given(hyp.text("0123456789+ ()-./", min_size=1, max_size=40))
def test_any_row_of_digits_is_read_or_refused(mobile: str) -> None:
    world = World()
    out = world.submit(world.at(State.IDENTITY), claim(mobile=mobile))
    assert out.state in {State.CODE, State.IDENTITY}


@pytest.mark.parametrize("mobile", ["338156086905603228", "0" * 40, "+" * 40, "+33" + "6" * 30])
def test_numbers_that_a_parser_gives_up_on(mobile: str) -> None:
    world = World()
    out = world.submit(world.at(State.IDENTITY), claim(mobile=mobile))
    assert out.state is State.IDENTITY


def test_more_answers_than_a_family_has_are_not_looked_at() -> None:
    world = World()
    event = ConfirmPupils([PupilAnswer(pupil_id=str(n), confirmed=True, birth_date="x") for n in range(1_001)])
    out = world.submit(world.at(State.PUPILS), event)
    assert [(r.reason, r.field) for r in out.refusals] == [(Reason.PUPIL_NOT_SHOWN, "answers")]


def test_the_form_of_the_answers_is_judged_whatever_the_validator() -> None:
    world = World(validators=Validators(pupils=lambda check: None))
    out = world.at(State.PUPILS)
    assert reasons(world.submit(out, ConfirmPupils([]))) == [Reason.ANSWER_MISSING] * 2


@pytest.mark.parametrize("limit", ["x", -1, 1.5, None, True])
def test_a_limit_is_a_whole_number(limit: Any) -> None:
    flow = World().flow
    for call in (flow.deliver, flow.purge):
        with pytest.raises(WrongUse, match="limit"):
            call(limit)


@pytest.mark.parametrize("param", [date(2007, 9, 21), {"a": 1}, (1, 2), None, 1.5])
def test_params_are_text_numbers_and_times(param: Any) -> None:
    with pytest.raises(WrongUse, match="params"):
        Refusal(Reason.HOST_RULE, None, {"text": param})


def test_a_clock_that_tells_no_time_is_a_wrong_use() -> None:
    world = World()
    world.clock.now = None  # type: ignore[assignment]  # a clock that gives no time
    with pytest.raises(WrongUse, match="clock"):
        world.flow.start()


HUGE = "9" * 10_000_000
PAGES: list[tuple[State, Any, Reason]] = [
    (State.IDENTITY, claim(family_name=HUGE), Reason.TOO_LONG),
    (State.IDENTITY, claim(given_name="e\u0301" * 5_000_000), Reason.TOO_LONG),
    (State.IDENTITY, claim(mobile=HUGE), Reason.TOO_LONG),
    (State.CODE, SubmitCode(HUGE), Reason.CODE_MALFORMED),
    (State.PUPILS, ConfirmPupils([PupilAnswer(pupil_id="leo", confirmed=True, birth_date=HUGE)] ), Reason.BIRTH_DATE_MALFORMED),
    (State.PUPILS, ConfirmPupils([PupilAnswer(pupil_id=HUGE, confirmed=True, birth_date=LEO.birth_date)]), Reason.PUPIL_NOT_SHOWN),
    (State.PASSWORD, password(HUGE), Reason.TOO_LONG),
]  # fmt: skip


@promise("P1")
@pytest.mark.parametrize(("state", "event", "reason"), PAGES)
def test_ten_megabytes_in_a_field_cost_milliseconds(state: State, event: Any, reason: Reason) -> None:
    """As a ratio: with a request id, no more than a few hashes of the same ten megabytes."""
    world = World()
    out = world.at(state)
    start = time.perf_counter()
    for _ in range(3):
        hashlib.sha256(HUGE.encode()).digest()
    control = time.perf_counter() - start
    start = time.perf_counter()
    after = world.submit(out, event, "one")
    taken = time.perf_counter() - start
    assert reason in reasons(after)
    assert after.state is state
    assert taken < control * 6
    assert len(repr(after)) < 3000


def test_a_huge_handle_is_simply_unknown() -> None:
    with pytest.raises(UnknownHandle):
        World().flow.resume(HUGE)


def test_a_huge_answer_to_the_human_check_is_too_long() -> None:
    world = World(human_check=Questions())
    out = world.submit(world.at(State.IDENTITY), claim(human_check=HUGE))
    assert [(r.reason, r.field) for r in out.refusals] == [(Reason.TOO_LONG, "human_check")]


def test_every_field_of_the_form_is_judged_at_once() -> None:
    world = World()
    out = world.submit(world.at(State.IDENTITY), claim(" ", "E\x00", "abc"))
    assert [(r.field, r.reason) for r in out.refusals] == [
        ("family_name", Reason.REQUIRED),
        ("given_name", Reason.CHARACTERS),
        ("mobile", Reason.MOBILE_CHARACTERS),
    ]


@pytest.mark.parametrize("verdict", ["no", True, {"a": 1}, ["no"], 0])
def test_a_validator_that_returns_something_else_is_a_wrong_use(verdict: Any) -> None:
    world = World(validators=Validators(code=lambda check: verdict))
    with pytest.raises(WrongUse, match="a validator returns"):
        world.submit(world.at(State.CODE), SubmitCode("123456"))


def test_a_refusal_of_a_hosts_validator_costs_an_attempt() -> None:
    """Whatever a host adds fails closed."""
    world = World(validators=Validators(code=lambda check: [Refusal(Reason.HOST_RULE, "code", {"text": "Non."})]))
    out = world.submit(world.at(State.CODE), SubmitCode("123456"))
    assert out.refusals[0].message() == "Non."
    assert out.view.attempts_left == 4


def test_a_lax_mobile_validator_still_needs_a_number() -> None:
    world = World(validators=Validators(mobile=lambda check: None))
    out = world.at(State.IDENTITY)
    assert reasons(world.submit(out, claim(mobile="abc"))) == [Reason.MOBILE_INVALID]
    assert world.submit(out, claim(mobile="01 40 20 50 50")).state is State.CODE


def test_validators_compose() -> None:
    from educonnect_flow.validators import all_of, check_password, first_of

    def no_space(check: Any) -> Refusal | None:
        return Refusal(Reason.HOST_RULE, "password", {"text": "Pas d'espace."}) if " " in check.password else None

    both = World(validators=Validators(password=all_of(no_space, check_password)))
    first = World(validators=Validators(password=first_of(no_space, check_password)))
    event = password("un vélo")
    assert len(reasons(both.submit(both.at(State.PASSWORD), event))) > 1
    assert reasons(first.submit(first.at(State.PASSWORD), event)) == [Reason.HOST_RULE]
    assert first.submit(first.at(State.PASSWORD), password()).state in {State.ACTIVATED, State.ALREADY_ACTIVE}


def test_a_foreign_store_that_breaks_is_unavailable() -> None:
    from educonnect_flow.errors import StoreUnavailable
    from educonnect_flow.stores import MemoryStore
    from educonnect_flow.testing import FaultyStore

    for error in (OSError, KeyError, RuntimeError):
        world = World(FaultyStore(MemoryStore(), 1, error=error))
        with pytest.raises(StoreUnavailable) as caught:
            world.flow.start()
        assert isinstance(caught.value, ActivationError)
        assert isinstance(caught.value.__cause__, error)


def test_a_port_that_waits_belongs_to_the_other_flow() -> None:
    import asyncio

    class Slow:
        async def find(self, mobile: str) -> list[Guardian]:
            await asyncio.sleep(0)
            return []

        async def send(self, message: object) -> None:
            await asyncio.sleep(0)

    world = World(directory=Slow())
    out = world.at(State.IDENTITY)
    with pytest.raises(WrongUse, match="AsyncActivationFlow"):
        world.submit(out, claim())
    world = World(sms=Slow())
    world.submit(world.at(State.IDENTITY), claim())
    with pytest.raises(WrongUse, match="AsyncActivationFlow"):
        world.flow.deliver()


def test_a_birth_date_is_a_day() -> None:
    assert PupilAnswer(pupil_id="leo", confirmed=True, birth_date=date(2007, 9, 21)).birth_date == date(2007, 9, 21)


@pytest.mark.parametrize(
    "ports",
    [
        {"directory": {}},
        {"directory": lambda mobile: []},
        {"store": MemoryStore},
        {"sms": print},
        {"human_check": object()},
        {"password_hasher": "argon2"},
        {"settings": {}},
        {"validators": {}},
    ],
)
def test_a_port_of_a_wrong_kind_is_said_when_the_flow_is_made(ports: dict[str, Any]) -> None:
    given_ports = {
        "directory": StaticDirectory([]), "store": MemoryStore(), "sms": RecordingSms(), "secret_key": SECRET, **ports
    }  # fmt: skip
    with pytest.raises(WrongUse, match=next(iter(ports))):
        ActivationFlow(**given_ports)


def test_a_validator_is_something_to_call() -> None:
    with pytest.raises(WrongUse, match="Validators.password must be callable, not NoneType"):
        Validators(password=None)  # type: ignore[arg-type]  # None on purpose


@pytest.mark.parametrize("found", [None, {}, ["somebody"], 7])
def test_a_directory_that_returns_something_else_is_a_wrong_use(found: Any) -> None:
    class Odd:
        def find(self, mobile: str) -> Any:
            return found

    world = World(directory=Odd())
    with pytest.raises(WrongUse, match="sequence of Guardian"):
        world.submit(world.at(State.IDENTITY), claim())


def test_a_human_check_that_issues_something_else_is_a_wrong_use() -> None:
    class Odd(Questions):
        def issue(self) -> Any:
            return "prompt"

    with pytest.raises(WrongUse, match="HumanPrompt"):
        World(human_check=Odd()).at(State.IDENTITY)


def test_transitions_logs_nothing_of_a_parents_run(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    World().at(State.CODE)
    assert [record for record in caplog.records if record.name.startswith("transitions")] == []


def test_a_subclass_of_a_type_is_of_it_but_for_those_that_mean_something_else() -> None:
    class Name(str):
        __slots__ = ()

    assert evolve(EMILIE, family_name=Name("Durand")).family_name == "Durand"
    with pytest.raises(WrongUse):
        evolve(LEO, birth_date=datetime(2007, 9, 21, tzinfo=UTC))
