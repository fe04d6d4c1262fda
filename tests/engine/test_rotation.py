"""The host's secret key may be changed: nothing that stands is lost, and no counter starts anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from educonnect_flow import (
    ChooseProfile,
    GoBack,
    Profile,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow._keys import Keys
from educonnect_flow.errors import RequestReused, StoreUnavailable, UnknownHandle, WrongKey, WrongUse
from educonnect_flow.ports import Store
from educonnect_flow.testing import FaultyStore
from tests.world import LEO, MOBILE, SECRET, ZOE, World, answers, claim, later, password, reasons

promise = pytest.mark.promise
NEW = b"another secret key for the tests"


@pytest.fixture
def pair(store: Store) -> Callable[..., tuple[World, World]]:
    """The host before and after: the same store and clock, the new key in front of the old one."""

    def make(**given: Any) -> tuple[World, World]:
        before = World(store, **given)
        after = World(store, clock=before.clock, secret_key=[NEW, SECRET], **given)
        return before, after

    return make


Pair = Callable[..., tuple[World, World]]


def test_every_step_goes_on_after_the_change(pair: Pair) -> None:
    before, after = pair()
    for state in (State.PROFILE, State.SIGN_IN, State.IDENTITY, State.CODE, State.PUPILS, State.PASSWORD):
        out = before.at(state)
        assert after.flow.resume(out.handle).view == before.flow.resume(out.handle).view
        if state is State.CODE:
            code = before.code()
            assert after.submit(out, SubmitCode(code)).state is State.PUPILS
        if state is State.PUPILS:
            assert after.submit(out, answers(LEO, ZOE)).state is State.PASSWORD
        if state is State.PASSWORD:
            assert after.submit(out, password()).state is State.ACTIVATED


def test_a_message_that_waits_goes_out_with_the_code_that_opens(pair: Pair) -> None:
    before, after = pair()
    out = before.at(State.CODE)
    code = after.code()
    assert before.submit(out, SubmitCode(code)).state is State.PUPILS
    # and one of the new key cannot be read by a process that has only the old one
    fresh = after.at(State.CODE)
    with pytest.raises(StoreUnavailable):
        before.submit(fresh, SubmitCode("123456"))
    assert before.flow.hand_over(1).retried == 1  # it waits for a relay that can


def test_a_code_of_the_new_key_is_not_judged_without_it(pair: Pair) -> None:
    before, after = pair()
    out = before.at(State.CODE)
    out = after.submit(out, later(after, ResendCode()))
    with pytest.raises(WrongKey, match="cannot be decrypted with this secret_key"):
        before.submit(out, SubmitCode("123456"))
    assert after.submit(out, SubmitCode(after.code())).state is State.PUPILS


@promise("R7", "F4")
def test_a_request_of_before_is_answered_alike_after(pair: Pair) -> None:
    before, after = pair()
    out = before.at(State.CODE)
    code = before.code()
    done = before.submit(out, SubmitCode(code), "the request")
    assert after.submit(out, SubmitCode(code), "the request") == done
    assert after.submit(done, SubmitCode(code), "the request") == done
    with pytest.raises(RequestReused):
        after.submit(done, GoBack(), "the request")
    last = before.submit(done, answers(LEO, ZOE), "pupils")
    end = before.submit(last, password(), "password")
    assert after.submit(last, password(), "password") == end
    with pytest.raises(RequestReused):
        after.submit(last, password("Another-Vélo-32"), "password")


@promise("R7", "F4")
def test_a_handle_of_the_new_key_is_found_again_too(pair: Pair) -> None:
    _, after = pair()
    out = after.at(State.CODE)
    code = after.code()
    done = after.submit(out, SubmitCode(code), "the request")
    assert after.submit(out, SubmitCode(code), "the request") == done


@promise("C3", "C4")
def test_no_counter_starts_anew(pair: Pair) -> None:
    before, after = pair(settings=Settings(mobile_failures=4, sms_per_mobile=9))
    out = before.at(State.CODE)
    wrong = before.wrong()
    for _ in range(3):
        before.submit(out, SubmitCode(wrong))
    second = after.at(State.CODE)
    for _ in range(2):
        second = after.submit(second, SubmitCode(wrong))
    assert (second.state, reasons(second)) == (State.LOCKED, [Reason.LOCKED])
    third = before.flow.start()  # a process that still has only the old key sees what was counted by the new one
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
        third = before.submit(third, event)
    assert reasons(third) == [Reason.MOBILE_LOCKED]
    assert after.flow.budget("mobile_failures", mobile=MOBILE).barred_until is not None


@promise("C13")
def test_messages_and_sources_are_counted_on(pair: Pair) -> None:
    before, after = pair(settings=Settings(sms_per_mobile=2, sms_per_source=9))
    before.at(State.CODE)
    out = after.at(State.CODE)
    assert reasons(after.submit(out, later(after, ResendCode()))) == [Reason.SMS_PER_MOBILE]
    before, after = pair(settings=Settings(sms_per_mobile=9, sms_per_source=2))
    before.clock.advance(hours=26)
    for n, world in enumerate((before, after, after, before)):
        out = world.flow.start(source="203.0.113.7")
        for event in (ChooseProfile(Profile.GUARDIAN), StartActivation(), claim()):
            out = world.submit(out, event)
        assert out.accepted is (n < 2)
    assert before.flow.budget("sms_per_source", source="203.0.113.7").used == 2


@promise("R7")
@pytest.mark.parametrize("right", [False, True])
def test_a_request_that_commits_between_two_readings_is_found(pair: Pair, right: bool) -> None:
    """Two keys are two readings: when the same request comes in between, both see one moment."""
    _, after = pair()
    out = after.at(State.CODE)
    event = SubmitCode(after.code() if right else after.wrong())
    first: list[Any] = []

    class Meanwhile(FaultyStore):
        def _pass_on(self, name: str, method: Any, *args: Any) -> Any:
            result = super()._pass_on(name, method, *args)
            if name == "load" and not first:
                first.append(after.submit(out, event, "the request"))
            return result

    twin = World(Meanwhile(after.store), clock=after.clock, secret_key=[NEW, SECRET])
    assert twin.submit(out, event, "the request") == first[0]


def test_once_all_that_it_made_is_over_the_old_key_may_go(pair: Pair) -> None:
    before, after = pair()
    old = before.at(State.CODE)
    after.clock.advance(timedelta(days=2))
    after.flow.purge()
    alone = World(after.store, clock=after.clock, secret_key=NEW)
    with pytest.raises(UnknownHandle):
        alone.flow.resume(old.handle)
    assert alone.at(State.ACTIVATED).state is State.ACTIVATED


@pytest.mark.parametrize("key", [[], (), [SECRET, b"short"], [SECRET, "text" * 8], {SECRET}, None, "text" * 8])
def test_what_is_no_key_is_a_wrong_use(key: Any) -> None:
    with pytest.raises(WrongUse):
        Keys(key)


def test_a_mark_says_nothing_of_the_key() -> None:
    keys = Keys([NEW, SECRET])
    assert keys.marked("x") == Keys(NEW).marked("x")
    assert keys.marked("x") != Keys(SECRET).marked("x")
    assert repr(keys) == "Keys(…)"
    with pytest.raises(ValueError, match="none of these"):
        keys.token_of("nobody.x", "purpose")
    assert keys.token_of("unmarked", "purpose") == Keys(SECRET).token("purpose")
