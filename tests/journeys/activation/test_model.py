"""Any event, with right and wrong data, in any order: the flow against a small model of the guide."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as hyp
import pytest
from hypothesis import event as hypothesis_event
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from educonnect_flow import (
    ChooseProfile,
    ConfirmPupils,
    GoBack,
    Outcome,
    Profile,
    Reason,
    ResendCode,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.journeys.activation.run import FINAL
from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.password import PasswordCheck, check_password, normalise
from educonnect_flow.validators.pupils import PupilsCheck, check_form, check_pupils
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    PASSWORD,
    PAUL,
    STRANGER,
    WRONG_DATE,
    ZOE,
    World,
    answers,
    claim,
    has_account,
    password,
    reasons,
)

promise = pytest.mark.promise

CLAIMS = {
    "parent": claim(),
    "childless": claim("Martin", "Paul", PAUL.mobile),
    "stranger": STRANGER,
    "wrong name": claim("Durand", "Camille"),
    "malformed": claim(mobile="0140205050"),
}


class Journey(RuleBasedStateMachine):
    """One parent with one browser; the model is what the guide says, in a few variables."""

    def store(self) -> Store:
        """Where the flow under test keeps everything."""
        return MemoryStore()

    @initialize()
    def begin(self) -> None:
        """The first page; the model's expectations beside it."""
        self.world = World(self.store())
        self.out = self.world.flow.start()
        self.state = State.PROFILE
        self.who = ""
        self.code_until: Any = None
        self.code_issued_at: Any = None
        self.codes = 0
        self.failures = self.date_failures = 0
        self.total_failures = 0
        self.requests: list[tuple[Outcome, Any, str, Outcome]] = []
        self.seen = self.world.clock.now
        self.passed: list[str] = []

    @property
    def now(self) -> Any:
        """The time."""
        return self.world.clock.now

    def submit(self, event: Any) -> Outcome:
        """Send *event* under a new request id, and again: the same answer."""
        before, name = self.out, f"request-{len(self.requests)}"
        self.out = self.world.submit(before, event, name)
        if reasons(self.out) != [Reason.NOT_NOW]:
            self.requests.append((before, event, name, self.out))
            self.seen = self.now
            assert self.world.submit(before, event, name) == self.out
        return self.out

    def idle(self) -> bool:
        """Whether time has ended the activation: then that is what the answer says."""
        return self.state not in FINAL and self.now - self.seen >= self.world.settings.idle_for

    def expect(self, event: Any, accepts: State | tuple[State, ...]) -> bool:
        """Send *event*; True when the model must say what came of it, False when it was too late or not now."""
        states = accepts if isinstance(accepts, tuple) else (accepts,)
        if self.idle():
            self.submit(event)
            assert reasons(self.out) == [Reason.IDLE]
            self.state = State.EXPIRED
            return False
        view = self.out.view
        self.submit(event)
        if self.state not in states:
            assert reasons(self.out) == [Reason.NOT_NOW]
            assert self.out.view == view
            return False
        return True

    def may_have_code(self) -> bool:
        """Whether another code may go out now."""
        s = self.world.settings
        return self.code_issued_at is None or (
            self.codes <= s.resends and self.now >= self.code_issued_at + s.resend_after
        )

    def issued(self) -> None:
        """A code went out."""
        self.codes += 1
        self.code_issued_at, self.code_until = self.now, self.now + self.world.settings.code_ttl

    @rule(profile=hyp.sampled_from(Profile))
    def choose_profile(self, profile: Profile) -> None:
        """The first page."""
        if profile is Profile.PUPIL and self.state is State.PROFILE and len(self.requests) < 3:
            return  # it ends the run; not at once
        if self.expect(ChooseProfile(profile), State.PROFILE):
            self.state = State.SIGN_IN if profile is Profile.GUARDIAN else State.NOT_ELIGIBLE

    @rule()
    def start(self) -> None:
        """« Je n'ai pas de compte »"""
        if self.expect(StartActivation(), State.SIGN_IN):
            self.state = State.IDENTITY

    @rule(who=hyp.sampled_from(["parent", "parent", "parent", *CLAIMS]))
    def identify(self, who: str) -> None:
        """The identity form."""
        allowed = self.may_have_code()
        if self.expect(CLAIMS[who], State.IDENTITY):
            if who == "malformed":
                assert reasons(self.out) == [Reason.MOBILE_KIND]
            elif allowed:
                self.state, self.who, self.passed = State.CODE, who, ["claim"]
                self.issued()
            else:
                assert reasons(self.out)[0] in {Reason.RESEND_TOO_SOON, Reason.RESENDS_USED}

    @rule()
    def resend(self) -> None:
        """« Renvoyer le SMS »"""
        allowed = self.may_have_code()
        if self.expect(ResendCode(), State.CODE):
            assert self.out.accepted is allowed
            if allowed:
                self.issued()

    @rule(right=hyp.booleans(), malformed=st.malformed_codes() | hyp.none())
    def enter_code(self, right: bool, malformed: str | None) -> None:
        """The code: right (where there is one), wrong or malformed."""
        self.world.flow.deliver()
        known = self.who in {"parent", "childless"} and bool(self.world.sms.sent)
        code = self.world.codes()[-1] if right and known else self.world.wrong()
        text = malformed if malformed is not None and not right else code
        if not self.expect(SubmitCode(text), State.CODE):
            return
        if text is not code:
            assert reasons(self.out) == [Reason.CODE_MALFORMED]
        elif self.now >= self.code_until:
            assert reasons(self.out) == [Reason.CODE_EXPIRED]
        elif right and known:
            self.state = State.PUPILS if self.who == "parent" else State.REFUSED
            self.passed.append("code")
        else:
            self.failures += 1
            self.fail(self.failures)

    def fail(self, failures: int) -> None:
        """A failure that counts."""
        self.total_failures += 1
        assert not self.out.accepted
        if failures == 5:
            self.state = State.LOCKED

    @rule(data=hyp.data(), right=hyp.booleans())
    def confirm(self, data: hyp.DataObject, right: bool) -> None:
        """The pupils' page."""
        event = answers(LEO, ZOE) if right else ConfirmPupils(data.draw(st.answers((LEO, ZOE))))
        if not self.expect(event, State.PUPILS):
            return
        check = PupilsCheck(pupils=(LEO, ZOE), answers=event.answers, today=self.world.clock().date())
        if check_form(check):
            assert self.out.view.attempts_left == 5 - self.date_failures
        elif check_pupils(check) is not None:
            self.date_failures += 1
            self.fail(self.date_failures)
        elif any(answer.confirmed for answer in event.answers):
            self.state = State.PASSWORD
            self.passed.append("pupils")
        else:
            self.state = State.REFUSED

    @rule(text=st.passwords() | st.any_text, same=hyp.sampled_from([True, True, True, False]))
    def choose_password(self, text: str, same: bool) -> None:
        """The last page."""
        event = password(text, text if same else text + "x")
        if not self.expect(event, State.PASSWORD):
            return
        whole = text and not any("\ud800" <= c <= "\udfff" for c in text)
        good = whole and not check_password(
            PasswordCheck(
                password=normalise(event.password), confirmation=normalise(event.confirmation),
                names=("Durand", "Émilie", "Petit"), mobile=MOBILE, identifier="e.durand", settings=self.world.settings,
            )
        )  # fmt: skip
        assert self.out.accepted is bool(good)
        if good:
            self.state = State.ACTIVATED
            self.passed.append("password")

    @rule(times=hyp.integers(1, 5), dates=hyp.booleans())
    def guess(self, times: int, dates: bool) -> None:
        """Several wrong answers in a row."""
        for _ in range(times):
            if dates and self.state is State.PUPILS and self.expect(WRONG_DATE, State.PUPILS):
                self.date_failures += 1
                self.fail(self.date_failures)
            elif self.state is State.CODE:
                self.enter_code(False, None)

    @rule(times=hyp.integers(1, 6))
    def go_on(self, times: int) -> None:
        """What a parent does who makes no mistake, for a few pages: so that runs get far."""
        for _ in range(times):
            state = State.EXPIRED if self.idle() else self.state
            if state is State.PROFILE:
                self.choose_profile(Profile.GUARDIAN)
            elif state is State.SIGN_IN:
                self.start()
            elif state is State.IDENTITY:
                self.identify("parent")
            elif state is State.CODE:
                self.enter_code(True, None)
            elif state is State.PUPILS:
                self.confirm(None, True)
            elif state is State.PASSWORD:
                self.choose_password(PASSWORD, True)

    @rule()
    def back(self) -> None:
        """« Précédent »"""
        where = {
            State.SIGN_IN: State.PROFILE,
            State.IDENTITY: State.SIGN_IN,
            State.CODE: State.IDENTITY,
            State.PUPILS: State.IDENTITY,
            State.PASSWORD: State.PUPILS,
        }
        if self.expect(GoBack(), tuple(where)):
            if self.state is State.PASSWORD:
                self.passed.remove("pupils")
            self.state = where[self.state]

    @rule(minutes=hyp.sampled_from([1, 1, 1, 1, 1, 2, 3, 5, 5, 29, 30, 61]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.world.clock.advance(minutes=minutes)

    @precondition(lambda self: self.requests)
    @rule(data=hyp.data())
    def repeat(self, data: hyp.DataObject) -> None:
        """A past request comes again: the answer of then, and nothing moves."""
        before, event, name, answer = data.draw(hyp.sampled_from(self.requests))
        if before.handle == self.out.handle:
            assert self.world.submit(before, event, name) == answer

    @invariant()
    def they_agree(self) -> None:
        """The flow stands where the model stands, and shows it again."""
        if not self.idle():  # else resume would end it; here the next event shall
            seen = self.world.flow.resume(self.out.handle)
            assert seen.state is self.state
            assert seen.view == self.out.view

    @invariant()
    def nobody_gets_in_by_another_way(self) -> None:
        """An account is there exactly when all four steps stand since the last claim."""
        made = has_account(self.world.store, EMILIE.id)
        assert made is (self.state is State.ACTIVATED)
        if made:
            assert self.passed == ["claim", "code", "pupils", "password"]
            assert self.who == "parent"

    @invariant()
    def strangers_get_no_message(self) -> None:
        """Messages go to known mobiles only, one per code at the most."""
        assert {message.to for message in self.world.sms.sent} <= {MOBILE, PAUL.mobile}
        assert len(self.world.sms.sent) <= self.codes

    def teardown(self) -> None:
        """How far the run came, for ``--hypothesis-show-statistics``."""
        if hasattr(self, "state"):
            hypothesis_event(f"ended in {self.state.name}")


class JourneyOnSqlite(Journey):
    """The same over a file."""

    def store(self) -> Store:
        """A file of its own for each run."""
        self.folder = Path(tempfile.mkdtemp())
        return SqliteStore(self.folder / "activations.db")

    def teardown(self) -> None:
        """The file goes with the run."""
        super().teardown()
        if hasattr(self, "world"):
            self.world.store.close()
            shutil.rmtree(self.folder)


@promise("F1", "C10", "R7")
class TestJourney(Journey.TestCase):  # type: ignore[misc, valid-type]  # made by Hypothesis
    """In memory."""

    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@promise("F1", "C10", "R7")
class TestJourneyOnSqlite(JourneyOnSqlite.TestCase):  # type: ignore[misc, valid-type]  # likewise
    """In a file."""

    settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
