"""An activation in each state, with handles that a later version of the library still knows."""

from __future__ import annotations

import hmac
from datetime import timedelta
from unittest import mock

from educonnect_flow import (
    ChooseProfile,
    ClaimIdentity,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    ResendCode,
    State,
    SubmitCode,
)
from educonnect_flow.ports import Store
from tests.world import EMILIE, LEO, STRANGER, WRONG_DATE, ZOE, Questions, World, answers, claim, password

ALONE = Guardian(id="g3", family_name="Seule", given_name="Ève", mobile="+33633333333")
CROWD = [
    Guardian(id=f"c{n}", family_name="Dupont", given_name="Anne", mobile=f"+3364444444{n}", pupils=[LEO, ZOE])
    for n in range(10)
]


def crowd(n: int) -> ClaimIdentity:
    """The claim of the *n*-th of ten homonyms."""
    return claim("Dupont", "Anne", f"06 44 44 44 4{n}")


def make_world(store: Store) -> World:
    """The world of the stored activations, then and later."""
    return World(store, guardians=[EMILIE, ALONE, *CROWD], human_check=None)


def walk_everywhere(store: Store) -> dict[str, Outcome]:
    """Walk activations to every state; by name, the last outcome of each."""
    world = make_world(store)
    count = iter(range(1_000))

    def token(size: int = 16) -> str:  # known handles and ids, in place of random ones
        return hmac.digest(b"stored", str(next(count)).encode(), "sha256").hex()[: 2 * size]

    ends: dict[str, Outcome] = {}
    with mock.patch("secrets.token_urlsafe", token):
        for n, state in enumerate((State.PROFILE, State.SIGN_IN, State.IDENTITY, State.CODE, State.PUPILS)):
            ends[state.value] = world.at(state, crowd(n))
        ends["password"] = world.at(State.PASSWORD, crowd(5))
        weak = world.submit(ends["password"], password("weak"), "weak password")
        ends["password"] = weak
        chosen = world.at(State.PASSWORD, crowd(6))
        ends["activated"] = world.submit(chosen, password(), "chosen")
        again = world.at(State.CODE, crowd(6))
        ends["already_active"] = world.submit(again, SubmitCode(world.code()))
        pupil = world.submit(world.flow.start(), ChooseProfile(Profile.PUPIL))
        ends["not_eligible"] = pupil
        alone = world.at(State.CODE, claim("Seule", "Eve", "06 33 33 33 33"))
        ends["refused"] = world.submit(alone, SubmitCode(world.code()))
        locked = world.at(State.CODE, crowd(7))
        wrong = world.wrong()
        for _ in range(5):
            locked = world.submit(locked, SubmitCode(wrong))
        ends["locked"] = locked
        ends["stranger"] = world.at(State.CODE, STRANGER)
        failed = world.at(State.PUPILS, crowd(8))
        failed = world.submit(failed, WRONG_DATE, "wrong dates")
        ends["wrong dates"] = failed
        resent = world.at(State.CODE, crowd(9))
        world.clock.advance(timedelta(minutes=1))
        resent = world.submit(resent, ResendCode(), "resend")
        ends["resent"] = resent
        asked = World(store, clock=world.clock, human_check=Questions()).at(State.IDENTITY)
        ends["asked"] = asked
        back = world.at(State.PASSWORD, claim())
        ends["back"] = world.submit(back, GoBack())
        denied = world.at(State.PUPILS, claim())
        ends["none confirmed"] = world.submit(denied, answers(deny=(LEO, ZOE)))
    return ends
