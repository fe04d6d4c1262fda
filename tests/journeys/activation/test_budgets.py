"""Budgets: by mobile, by source, by range of numbers and national; each refuses, says when, and fails closed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from educonnect_flow import (
    AsyncActivationFlow,
    ChooseProfile,
    Guardian,
    Outcome,
    Profile,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import WrongUse
from educonnect_flow.people import E164
from educonnect_flow.sms import RecordingSms
from educonnect_flow.steps.limits import prefix_of, shards
from tests.world import LEO, MOBILE, SECRET, STRANGER, ZOE, World, answers, claim, later, reasons

promise = pytest.mark.promise
Worlds = Callable[..., World]
FAMILY = [
    Guardian(id=f"b{n}", family_name="Durand", given_name="Émilie", mobile=mobile, pupils=[LEO, ZOE])
    for n, mobile in enumerate(["+33612000001", "+33612000002", "+33612000003", "+33613000001", "+262692000001"])
]


def at_code(world: World, n: int, source: str | None = None) -> Outcome:
    """The *n*-th of the family claims; where that leads."""
    out = world.flow.start(source=source)
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim(mobile=FAMILY[n].mobile)):
        out = world.submit(out, event)
    return out


def fail(world: World, out: Outcome, times: int) -> Outcome:
    """Wrong codes."""
    wrong = world.wrong()
    for _ in range(times):
        out = world.submit(out, SubmitCode(wrong))
    return out


# --- messages --------------------------------------------------------------------------------------


@promise("I3")
def test_messages_are_counted_per_source_where_the_host_names_one(worlds: Worlds) -> None:
    world = worlds(guardians=FAMILY, settings=Settings(sms_per_source=2))
    assert at_code(world, 0, "203.0.113.7").accepted
    assert at_code(world, 1, "203.0.113.7").accepted
    third = at_code(world, 2, "203.0.113.7")
    assert (third.state, reasons(third)) == (State.IDENTITY, [Reason.SMS_PER_SOURCE])
    assert third.refusals[0].params["at"] == world.clock() + timedelta(hours=24)
    assert at_code(world, 2, "203.0.113.8").accepted
    assert at_code(world, 3).accepted
    world.clock.advance(hours=24)
    assert at_code(world, 2, "203.0.113.7").accepted


@promise("I3")
def test_messages_are_counted_per_range_of_numbers(worlds: Worlds) -> None:
    world = worlds(guardians=FAMILY, settings=Settings(sms_per_prefix=2))
    out = at_code(world, 0)
    assert at_code(world, 1).accepted
    third = at_code(world, 2)
    assert (third.state, reasons(third)) == (State.IDENTITY, [Reason.SMS_PER_PREFIX])
    assert third.refusals[0].params["at"] == world.clock() + timedelta(hours=24)
    assert reasons(world.submit(out, later(world, ResendCode()))) == [Reason.SMS_PER_PREFIX]
    assert at_code(world, 3).accepted
    assert at_code(world, 4).accepted


@promise("I3")
@pytest.mark.parametrize(
    ("setting", "reason"),
    [("sms_per_source", Reason.SMS_PER_SOURCE), ("sms_per_prefix", Reason.SMS_PER_PREFIX),
     ("sms_budget", Reason.SMS_BUDGET), ("sms_per_mobile", Reason.SMS_PER_MOBILE)],
)  # fmt: skip
@pytest.mark.parametrize("cap", [0, 3])
def test_every_budget_of_messages_fails_closed_under_any_parallelism(
    worlds: Worlds, setting: str, reason: Reason, cap: int
) -> None:
    world = worlds(guardians=FAMILY, settings=Settings(**{setting: cap}))  # type: ignore[arg-type]  # a name of the parameters
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda _: at_code(world, 0, "203.0.113.7"), range(12)))
    assert Counter(out.state for out in outcomes) == Counter({State.CODE: cap, State.IDENTITY: 12 - cap})
    assert {why for out in outcomes for why in reasons(out)} == {reason}
    world.flow.deliver()
    assert len(world.sms.sent) == cap
    assert all(
        "demain" in out.refusals[0].message() or "h" in out.refusals[0].message() for out in outcomes if out.refusals
    )


def _used(world: World, setting: str) -> int:
    key = {"source": "203.0.113.7"} if "source" in setting else {"mobile": FAMILY[0].mobile}
    return world.flow.budget(setting, **key).used


@promise("I3", "E1", "E2")
@pytest.mark.parametrize("setting", ["sms_per_source", "sms_per_prefix", "sms_budget", "sms_per_mobile"])
def test_a_stranger_spends_every_budget_like_a_known_parent(worlds: Worlds, setting: str) -> None:
    said = []
    for who in (claim(mobile=FAMILY[0].mobile), claim("Inconnu", "Personne", FAMILY[0].mobile)):
        world = World(guardians=FAMILY, settings=Settings(**{setting: 1}))  # type: ignore[arg-type]  # a name of the parameters
        out = world.flow.start(source="203.0.113.7")
        for _ in range(2):
            out = world.flow.start(source="203.0.113.7")
            for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), who):
                out = world.submit(out, event)
        said.append((out.state, out.refusals, out.view, _used(world, setting)))
    assert said[0] == said[1]


@promise("I3")
def test_a_large_national_budget_is_counted_in_parts_and_never_exceeded(worlds: Worlds) -> None:
    assert [shards(cap) for cap in (0, 1, 1_999, 2_000, 100_000)] == [1, 1, 1, 2, 16]
    world = worlds(settings=Settings(sms_budget=2_000, sms_per_mobile=9_999, sms_per_prefix=None))
    used = []
    for _ in range(12):
        world.at(State.CODE)
        used.append(world.flow.budget("sms_budget").used)
    assert used == list(range(1, 13))
    parts = [world.store.tally("sms_budget", f"national/{n}") for n in range(3)]
    assert [bool(part.hits) for part in parts] == [True, True, False]
    assert world.flow.budget("sms_budget").cap == 2_000


# --- failures --------------------------------------------------------------------------------------


@promise("C1")
@pytest.mark.parametrize(
    ("setting", "reason"),
    [("source_failures", Reason.SOURCE_FAILURES), ("prefix_failures", Reason.SERVICE_FAILURES),
     ("national_failures", Reason.SERVICE_FAILURES)],
)  # fmt: skip
def test_failures_around_hold_attempts_off_and_lock_no_activation(worlds: Worlds, setting: str, reason: Reason) -> None:
    world = worlds(guardians=FAMILY, settings=Settings(**{setting: 3}))  # type: ignore[arg-type]  # a name of the parameters
    mine = at_code(world, 0, "203.0.113.7")
    world.flow.deliver()
    code = world.codes()[-1]
    other = fail(world, at_code(world, 1, "203.0.113.7"), 3)
    assert (other.state, reasons(other)) == (State.CODE, [Reason.CODE_WRONG])
    for guess in (code, world.wrong()):
        held = world.submit(mine, SubmitCode(guess))
        assert (held.state, reasons(held)) == (State.CODE, [reason])
        assert held.refusals[0].params["at"] == world.clock() + timedelta(hours=24)
        assert held.view.attempts_left == 5
    refused = at_code(world, 2, "203.0.113.7")
    assert (refused.state, reasons(refused)) == (State.IDENTITY, [reason])
    budget = world.flow.budget(setting, source="203.0.113.7", prefix="+33612" if "prefix" in setting else None)
    if "prefix" in setting:
        budget = world.flow.budget(setting, prefix="+33612")
    assert (budget.used, budget.cap, budget.barred_until) == (3, 3, world.clock() + timedelta(hours=24))


@promise("C1")
def test_a_held_attempt_passes_after_the_window_has_ended(worlds: Worlds) -> None:
    world = worlds(guardians=FAMILY, settings=Settings(source_failures=1, failures_window=timedelta(minutes=10)))
    mine = at_code(world, 0, "203.0.113.7")
    world.flow.deliver()
    code = world.codes()[-1]
    fail(world, at_code(world, 1, "203.0.113.7"), 1)
    assert reasons(world.submit(mine, SubmitCode(code))) == [Reason.SOURCE_FAILURES]
    world.clock.advance(minutes=10)
    pupils = world.submit(mine, SubmitCode(code))
    assert pupils.state is State.PUPILS
    fail(world, at_code(world, 1, "203.0.113.7"), 1)
    held = world.submit(pupils, answers(LEO, ZOE))
    assert (held.state, reasons(held)) == (State.PUPILS, [Reason.SOURCE_FAILURES])
    world.clock.advance(minutes=10)
    assert world.submit(pupils, answers(LEO, ZOE)).state is State.PASSWORD


@promise("C4")
def test_twenty_new_activations_give_no_more_than_ten_guesses(worlds: Worlds) -> None:
    world = worlds(settings=Settings(sms_per_mobile=99))
    evaluated = 0
    for _ in range(20):
        for who in (claim(), STRANGER):
            out = world.flow.start()
            for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), who):
                out = world.submit(out, event)
            while out.state is State.CODE:
                out = world.submit(out, SubmitCode(world.wrong()))
                evaluated += Reason.CODE_WRONG in reasons(out)
    assert evaluated == 20  # ten for each of the two mobiles


# --- what a host reads -----------------------------------------------------------------------------


def test_a_host_reads_every_counter(worlds: Worlds) -> None:
    world = worlds(settings=Settings(national_failures=50, prefix_failures=40))
    out = world.flow.start(source="203.0.113.7")
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
        out = world.submit(out, event)
    fail(world, out, 2)
    read: dict[str, dict[str, Any]] = {
        "mobile_failures": {"mobile": MOBILE},
        "source_failures": {"source": "203.0.113.7"},
        "prefix_failures": {"prefix": "+33612"},
        "national_failures": {},
        "sms_per_mobile": {"mobile": MOBILE},
        "sms_per_source": {"source": "203.0.113.7"},
        "sms_per_prefix": {"prefix": "+33612"},
        "sms_budget": {},
    }
    budgets = {kind: world.flow.budget(kind, **keys) for kind, keys in read.items()}
    assert {kind: one.used for kind, one in budgets.items()} == {
        kind: 2 if kind.endswith("failures") else 1 for kind in read
    }
    assert all(one.barred_until is None for one in budgets.values())
    assert {kind: one.cap for kind, one in budgets.items()} == {kind: getattr(world.settings, kind) for kind in read}
    assert world.flow.budget("prefix_failures", mobile=MOBILE).used == 2
    world.clock.advance(hours=25)  # above a cap of 64, hits share slots of a 64th of the window
    assert all(world.flow.budget(kind, **keys).used == 0 for kind, keys in read.items())
    assert world.flow.budget("prefix_failures", mobile=MOBILE).used == 0
    with pytest.raises(WrongUse, match="no budget 'nothing'"):
        world.flow.budget("nothing")
    for kind in ("sms_per_mobile", "source_failures", "sms_per_prefix", "prefix_failures"):
        with pytest.raises(WrongUse, match="say which"):
            world.flow.budget(kind)


def test_without_a_bound_nothing_is_counted() -> None:
    budget = World(settings=Settings(sms_budget=None)).flow.budget("sms_budget")
    assert (budget.used, budget.cap, budget.barred_until) == (0, None, None)


def test_the_awaited_flow_reads_them_too() -> None:
    world = World()
    world.at(State.CODE)
    flow = AsyncActivationFlow(
        directory=StaticDirectory([]), store=world.store, sms=RecordingSms(), secret_key=SECRET, clock=world.clock
    )
    assert asyncio.run(flow.budget("sms_per_prefix", mobile=MOBILE)).used == 1


@pytest.mark.parametrize(
    ("mobile", "prefix"), [("+33612345678", "+33612"), ("+262692123456", "+262692"), ("+508551234", "+508551")]
)
def test_a_prefix_is_the_territory_and_three_digits(mobile: str, prefix: str) -> None:
    assert prefix_of(E164(mobile)) == prefix


@pytest.mark.parametrize("name", ["source_failures", "sms_per_prefix", "sms_budget", "national_failures"])
def test_a_negative_budget_makes_no_sense(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(**{name: -1})  # type: ignore[arg-type]  # a name of the parameters
