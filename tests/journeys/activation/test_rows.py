"""Rows of the table where several could be taken, or where nothing else looks: each by what a parent sees of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import evolve

from educonnect_flow import GoBack, Guardian, Outcome, Reason, Settings, State, SubmitCode
from educonnect_flow._keys import digest
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import UnknownHandle
from educonnect_flow.ports import HumanPrompt
from tests.world import EMILIE, LEO, MOBILE, WRONG_DATE, ZOE, Questions, World, activation_of, answers, claim, reasons

promise = pytest.mark.promise
OPEN = [State.PROFILE, State.SIGN_IN, State.IDENTITY, State.CODE, State.PUPILS, State.PASSWORD]


def row(world: World, out: Outcome) -> str | None:
    """The name of the row taken last."""
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    return world.store.trail(activation_of(loaded).id)[-1].row


@promise("F5")
@pytest.mark.parametrize("state", OPEN)
def test_a_parent_who_is_idle_for_an_hour_starts_again(state: State) -> None:
    acts: list[Callable[[World, Outcome], Outcome]] = [
        lambda w, o: w.submit(o, GoBack()), lambda w, o: w.flow.resume(o.handle),
    ]  # fmt: skip
    for act in acts:
        world = World()
        out = world.at(state)
        world.clock.advance(minutes=59, seconds=59)
        assert world.flow.resume(out.handle).state is state
        world.clock.advance(seconds=1)
        after = act(world, out)
        assert after.state is State.EXPIRED
        assert row(world, after) == f"{state.value}.idle"
        assert world.flow.resume(out.handle).state is State.EXPIRED
    submitted = World()
    out = submitted.at(state)
    submitted.clock.advance(hours=1)
    after = submitted.submit(out, GoBack())
    assert (after.accepted, reasons(after)) == (False, [Reason.IDLE])


class ShowsAnything(Questions):
    """A check that shows a prompt again even when it is spent."""

    def show(self, id: str) -> HumanPrompt | None:
        return HumanPrompt(id=id, puzzle="?")


def test_a_spent_prompt_is_replaced_even_if_it_could_be_shown() -> None:
    world = World(human_check=ShowsAnything())
    out = world.at(State.IDENTITY)
    wrong = world.submit(out, claim(human_check="7"))
    assert (wrong.view.prompt.id, row(world, wrong)) == ("2", "identity.again")
    told = World(human_check=ShowsAnything(), settings=Settings(tell_unknown_identity=True))
    out = told.submit(told.at(State.IDENTITY), claim("Autre", human_check="1"))
    assert (reasons(out), out.view.prompt.id) == ([Reason.IDENTITY_UNKNOWN], "2")
    assert row(told, out) == "identity.told"
    assert told.flow.budget("mobile_failures", mobile=MOBILE).used == 1


@promise("F4")
def test_a_parent_who_has_an_account_gets_a_new_handle_with_the_code_too() -> None:
    world = World()
    out = world.at(State.CODE)
    code = world.code()
    world.at(State.ACTIVATED)
    after = world.submit(out, SubmitCode(code))
    assert after.state is State.ALREADY_ACTIVE
    assert after.handle != out.handle
    with pytest.raises(UnknownHandle):
        world.flow.resume(out.handle)


def test_an_account_comes_before_a_missing_pupil() -> None:
    """A parent whose children have left since has an account all the same."""
    world = World()
    world.at(State.ACTIVATED)
    left = World(world.store, clock=world.clock, directory=StaticDirectory([evolve(EMILIE, pupils=[])]))
    out = left.at(State.CODE)
    assert left.submit(out, SubmitCode(left.code())).state is State.ALREADY_ACTIVE


@promise("C12")
@pytest.mark.parametrize("state", [State.CODE, State.PUPILS])
def test_a_locked_mobile_comes_before_what_is_held_off(state: State) -> None:
    world = World(settings=Settings(mobile_failures=2, prefix_failures=2))
    out = world.at(state)
    other = world.at(State.CODE) if state is State.PUPILS else out
    code = world.code()
    failing = World(world.store, clock=world.clock, settings=world.settings)
    there = other if state is State.PUPILS else failing.at(State.CODE)
    for _ in range(2):
        there = failing.submit(there, SubmitCode("999999" if code != "999999" else "999998"))
    event: Any = SubmitCode(code) if state is State.CODE else answers(LEO, ZOE)
    after = world.submit(out, event)
    assert (after.state, reasons(after)) == (State.LOCKED, [Reason.LOCKED])


def test_what_is_held_off_comes_before_a_denial() -> None:
    neighbour = Guardian(
        id="n", family_name="Petit", given_name="Luc", mobile="+33612000000",
        pupils=[evolve(LEO, id="other", birth_date=date(2008, 1, 1))],
    )  # fmt: skip
    world = World(guardians=[EMILIE, neighbour], settings=Settings(prefix_failures=1))
    out = world.at(State.PUPILS)
    there = world.at(State.CODE, claim("Petit", "Luc", neighbour.mobile))
    world.submit(there, SubmitCode(world.wrong()))
    held = world.submit(out, answers(deny=[LEO, ZOE]))
    assert (held.state, held.accepted, reasons(held)) == (State.PUPILS, False, [Reason.SERVICE_FAILURES])


@promise("F6")
@pytest.mark.parametrize(
    ("state", "event"),
    [(State.CODE, lambda w: SubmitCode(w.wrong())), (State.PUPILS, lambda w: WRONG_DATE)],
)
def test_the_last_failure_is_a_refusal(state: State, event: Callable[[World], Any]) -> None:
    world = World()
    out = world.at(state)
    for _ in range(5):
        out = world.submit(out, event(world))
        assert not out.accepted
    assert out.state is State.LOCKED
