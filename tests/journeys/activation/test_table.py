"""The table, exhaustively: every pair, every row by a real run, and no way round the four steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow import (
    ChooseProfile,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.engine._event import Lapse
from educonnect_flow.engine._step import StepContext
from educonnect_flow.engine._table import Row
from educonnect_flow.journeys.activation.run import FINAL
from educonnect_flow.journeys.activation.table import EVENTS, ROWS, TABLE
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    PAUL,
    STRANGER,
    WRONG_DATE,
    ZOE,
    Questions,
    World,
    activation_of,
    answers,
    claim,
    later,
    password,
    reasons,
)

promise = pytest.mark.promise
JourneyRow = Row[State, StepContext[Any, Any, Any]]


def path_to(state: State) -> list[JourneyRow]:
    """The fewest accepted rows from ``PROFILE`` to *state*, out of the table."""
    front: deque[tuple[State, list[JourneyRow]]] = deque([(TABLE.initial, [])])
    seen = {TABLE.initial}
    while front:
        here, path = front.popleft()
        if here is state:
            return path
        for row in ROWS:
            if row.source is here and row.accepted and row.dest not in seen:
                seen.add(row.dest)
                front.append((row.dest, [*path, row]))
    raise AssertionError(f"no path to {state}")


def expire(world: World, out: Outcome) -> Any:
    world.clock.advance(world.settings.idle_for)
    return GoBack()


def fail_codes(world: World, out: Outcome, times: int) -> Any:
    for _ in range(times):
        out = world.submit(out, SubmitCode(world.wrong()))
    return SubmitCode(world.wrong())


def fail_dates(world: World, out: Outcome, times: int) -> Any:
    for _ in range(times):
        out = world.submit(out, WRONG_DATE)
    return WRONG_DATE


def bar_mobile(world: World, event: Callable[[], Any]) -> Any:
    """Failures elsewhere lock the mobile."""
    made = event()
    other = World(world.store, clock=world.clock, settings=world.settings)
    there = other.at(State.CODE)
    for _ in range(world.settings.mobile_failures):
        there = other.submit(there, SubmitCode(other.wrong()))
    return made


def activate_elsewhere(world: World, event: Callable[[], Any]) -> Any:
    made = event()
    World(world.store, clock=world.clock, settings=world.settings).at(State.ACTIVATED)
    return made


class Changing:
    """A directory whose records of Émilie change."""

    def __init__(self) -> None:
        self.guardian: Guardian | None = EMILIE

    def find(self, mobile: str) -> list[Guardian]:
        return [self.guardian] if self.guardian is not None and mobile == MOBILE else []


def strike_out(world: World, event: Any) -> Any:
    directory: Any = world.flow._engine.ports.directory
    directory.guardian = evolve(EMILIE, pupils=())
    return event


# How to make each row the one that is taken, its source state being reached.
RECIPES: dict[str, Callable[[World, Outcome], Any]] = {
    "profile.guardian": lambda w, o: ChooseProfile(Profile.GUARDIAN),
    "profile.pupil": lambda w, o: ChooseProfile(Profile.PUPIL),
    "sign_in.start": lambda w, o: StartActivation(),
    "sign_in.back": lambda w, o: GoBack(),
    "identity.claim": lambda w, o: claim(),
    "identity.told": lambda w, o: STRANGER,
    "identity.again": lambda w, o: claim(human_check="not the number"),
    "identity.refused": lambda w, o: claim(mobile="1"),
    "identity.back": lambda w, o: GoBack(),
    "code.barred": lambda w, o: bar_mobile(w, lambda: SubmitCode(w.code())),
    "code.held": lambda w, o: bar_mobile(w, lambda: SubmitCode(w.code())),
    "code.active": lambda w, o: activate_elsewhere(w, lambda: SubmitCode(w.code())),
    "code.no_pupil": lambda w, o: SubmitCode(w.code()),
    "code.right": lambda w, o: SubmitCode(w.code()),
    "code.last": lambda w, o: fail_codes(w, o, 4),
    "code.wrong": lambda w, o: fail_codes(w, o, 0),
    "code.refused": lambda w, o: SubmitCode("1"),
    "code.resend_refused": lambda w, o: ResendCode(),
    "code.resend": lambda w, o: later(w, ResendCode()),
    "code.back": lambda w, o: GoBack(),
    "pupils.barred": lambda w, o: bar_mobile(w, lambda: answers(LEO, ZOE)),
    "pupils.held": lambda w, o: bar_mobile(w, lambda: answers(LEO, ZOE)),
    "pupils.gone": lambda w, o: strike_out(w, answers(LEO, ZOE)),
    "pupils.none": lambda w, o: answers(deny=[LEO, ZOE]),
    "pupils.right": lambda w, o: answers(LEO, ZOE),
    "pupils.last": lambda w, o: fail_dates(w, o, 4),
    "pupils.wrong": lambda w, o: fail_dates(w, o, 0),
    "pupils.refused": lambda w, o: answers(LEO),
    "pupils.back": lambda w, o: GoBack(),
    "password.active": lambda w, o: activate_elsewhere(w, password),
    "password.gone": lambda w, o: strike_out(w, password()),
    "password.chosen": lambda w, o: password(),
    "password.refused": lambda w, o: password("x"),
    "password.back": lambda w, o: GoBack(),
} | {row.name: expire for row in ROWS if row.event is Lapse}

SPECIAL: dict[str, dict[str, Any]] = {
    "identity.told": {"settings": Settings(tell_unknown_identity=True)},
    "identity.again": {"human_check": Questions()},
    "pupils.gone": {"directory": Changing()},
    "password.gone": {"directory": Changing()},
    "code.barred": {"settings": Settings(mobile_failures=3)},
    "pupils.barred": {"settings": Settings(mobile_failures=3)},
    "code.held": {"settings": Settings(mobile_failures=4, prefix_failures=3)},
    "pupils.held": {"settings": Settings(mobile_failures=4, national_failures=3)},
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_taken_by_a_real_run(row: JourneyRow, worlds: Callable[..., World]) -> None:
    world = worlds(**deepcopy(SPECIAL.get(row.name, {})))
    out = world.flow.start()
    identity = ""
    for step in [*path_to(row.source), row]:
        event = RECIPES[step.name](world, out)
        if row.name == "code.no_pupil" and step.name == "identity.claim":
            event = claim("Martin", "Paul", PAUL.mobile)
        out = world.submit(out, event)
        assert out.state is step.dest, (step.name, reasons(out))
        assert out.accepted is step.accepted
        assert bool(out.refusals) is not step.accepted
    identity = activation_id(world, out)
    entry = world.store.trail(identity)[-1]
    assert (entry.row, entry.source, entry.dest) == (row.name, row.source.value, row.dest.value)
    assert entry.reasons == tuple(reason.value for reason in reasons(out))


def activation_id(world: World, out: Outcome) -> str:
    from educonnect_flow._keys import digest

    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    return activation_of(loaded).id


@promise("F1")
def test_every_pair_is_a_row_or_a_refusal() -> None:
    taken = {(row.source, row.event) for row in ROWS}
    for state in State:
        for event in EVENTS:
            assert TABLE.accepts(state, event) is ((state, event) in taken)


@promise("F5")
def test_no_row_leaves_a_final_state() -> None:
    assert {row.source for row in ROWS} == set(State) - FINAL


STEPS = ["identity.claim", "code.right", "pupils.right", "password.chosen"]


def reachable(rows: list[JourneyRow]) -> set[State]:
    """The states that *rows* lead to from the first."""
    found = {TABLE.initial}
    while more := {row.dest for row in rows if row.source in found} - found:
        found |= more
    return found


@promise("F1")
@pytest.mark.parametrize("missing", STEPS)
def test_without_any_of_the_four_steps_there_is_no_account(missing: str) -> None:
    assert State.ACTIVATED in reachable(list(ROWS))
    assert State.ACTIVATED not in reachable([row for row in ROWS if row.name != missing])


@promise("F1")
def test_all_four_steps_are_passed_in_order_since_the_last_claim() -> None:
    """Every path, however long: the walk is over (state, how many of the steps stand)."""
    start = (TABLE.initial, 0)
    seen, front = {start}, [start]
    while front:
        state, standing = front.pop()
        for row in ROWS:
            if row.source is not state:
                continue
            after = standing
            if row.name in STEPS:
                place = STEPS.index(row.name)
                assert standing >= place, f"{row.name} taken with {standing} steps standing"
                after = place + 1
            elif row.event is GoBack:  # a step back undoes the steps of the pages behind it
                after = {State.PUPILS: 2, State.IDENTITY: 0}.get(row.dest, standing)
            if row.dest is State.ACTIVATED:
                assert after == 4
            if (row.dest, after) not in seen:
                seen.add((row.dest, after))
                front.append((row.dest, after))
    assert (State.ACTIVATED, 4) in seen


def test_the_effects_of_the_steps_leave_what_the_next_ones_need() -> None:
    """What a step back says it undoes is gone from the snapshot."""
    from educonnect_flow._keys import digest

    world = World()
    out = world.at(State.PASSWORD)
    loaded = None
    for state, gone in ((State.PUPILS, ["confirmed"]), (State.IDENTITY, ["sent_to", "challenge", "confirmed"])):
        out = world.submit(out, GoBack())
        loaded = world.store.load(digest(out.handle))
        assert loaded is not None
        assert activation_of(loaded).state is state
        assert [getattr(activation_of(loaded), name) for name in gone] == [None] * len(gone)
    assert loaded is not None
    assert (activation_of(loaded).names, activation_of(loaded).pupils) == ((), ())
    assert activation_of(loaded).codes == 1  # counters stay


def test_a_row_that_changes_nothing_and_stays_refuses() -> None:
    idle = [row for row in ROWS if row.source is row.dest and not row.do]
    assert len(idle) == 7
    assert not any(row.accepted for row in idle)
