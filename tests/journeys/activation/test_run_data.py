"""What a snapshot keeps and drops, step by step, and what each page is given: looked at in the store itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from educonnect_flow import ChooseProfile, GoBack, Profile, Settings, StartActivation, State, SubmitCode
from educonnect_flow._keys import digest
from educonnect_flow.journeys.activation import views
from educonnect_flow.journeys.activation.run import Activation
from tests.stored.walks import walk_everywhere
from tests.world import LEO, MOBILE, ZOE, Questions, World, activation_of, answers, claim, later

promise = pytest.mark.promise


def kept(world: World, handle: str) -> Activation:
    loaded = world.store.load(digest(handle))
    assert loaded is not None
    return activation_of(loaded)


@promise("F3")
@pytest.mark.parametrize("state", [State.CODE, State.PUPILS])
def test_a_step_back_to_the_identity_leaves_nothing_of_the_claim(state: State) -> None:
    world = World()
    out = world.submit(world.at(state), GoBack())
    if state is State.PUPILS:  # and what was answered meanwhile
        out = world.submit(out, later(world, claim()))
        out = world.submit(out, SubmitCode(world.code()))
        out = world.submit(out, answers(LEO, deny=[ZOE]))
        assert kept(world, out.handle).denied == ("zoe",)
        out = world.submit(out, GoBack())
        assert (kept(world, out.handle).confirmed, kept(world, out.handle).denied) == (None, ())
        out = world.submit(out, GoBack())
    a = kept(world, out.handle)
    assert (a.state, a.sent_to, a.guardians, a.challenge, a.names, a.pupils, a.confirmed, a.denied) == (
        State.IDENTITY, None, (), None, (), (), None, (),
    )  # fmt: skip


def test_what_is_idle_forgets_its_prompt() -> None:
    world = World(human_check=Questions())
    out = world.at(State.IDENTITY)
    assert kept(world, out.handle).prompt == "1"
    world.clock.advance(hours=1)
    assert world.flow.resume(out.handle).state is State.EXPIRED
    assert kept(world, out.handle).prompt is None


@promise("C4")
def test_a_denial_is_no_failure() -> None:
    world = World()
    out = world.submit(world.at(State.PUPILS), answers(deny=[LEO, ZOE]))
    assert out.state is State.REFUSED
    assert world.flow.budget("mobile_failures", mobile=MOBILE).used == 0


def test_each_budget_is_read_over_its_own_window() -> None:
    hours: dict[str, Any] = {
        "failures_window": timedelta(hours=2),
        "sms_window": timedelta(hours=5),
        "lock_for": timedelta(hours=1),
    }
    world = World(settings=Settings(mobile_failures=1, source_failures=1, sms_per_mobile=1, sms_per_source=1, **hours))
    out = world.flow.start(source="here")
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
        out = world.submit(out, event)
    world.submit(out, SubmitCode(world.wrong()))
    begun = world.clock()

    def until(kind: str) -> timedelta | None:
        keys = {"mobile": MOBILE} if "mobile" in kind else {"source": "here"}
        barred = world.flow.budget(kind, **keys).barred_until
        return None if barred is None else barred - begun

    assert {kind: until(kind) for kind in ("mobile_failures", "source_failures", "sms_per_mobile", "sms_per_source")} == {
        "mobile_failures": timedelta(hours=1), "source_failures": timedelta(hours=2),
        "sms_per_mobile": timedelta(hours=5), "sms_per_source": timedelta(hours=5),
    }  # fmt: skip


def test_every_state_has_a_view_of_its_own_class() -> None:
    world = World()
    shown = {out.state: type(out.view).__name__ for out in walk_everywhere(world.store).values()}
    assert set(shown) == set(State) - {State.EXPIRED}
    assert len(set(shown.values())) == len(shown)
    assert all(hasattr(views, name) for name in shown.values())
