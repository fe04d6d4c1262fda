"""The decision alone: no store, no port, no clock.  Each case is a run, an event and its facts, and what comes of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import (
    ChoosePassword,
    ChooseProfile,
    ConfirmPupils,
    GoBack,
    Profile,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
    Validators,
)
from educonnect_flow.engine import _engine as engine
from educonnect_flow.engine._decide import decide
from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._step import NO_FACTS, Decision, Facts
from educonnect_flow.journeys import ACTIVATION
from educonnect_flow.journeys.activation.account import AccountFacts, NewAccount
from educonnect_flow.journeys.activation.run import FINAL, Activation
from educonnect_flow.journeys.activation.table import EVENTS, ROWS
from educonnect_flow.people import MobileKey, Relation, SealedMobile
from educonnect_flow.reasons import Refusal
from educonnect_flow.steps.code import Challenge, IssueFacts, Recipient
from educonnect_flow.steps.identity import ClaimFacts, FoundFacts, ProvedFacts
from educonnect_flow.steps.password import JudgedBy
from educonnect_flow.steps.pupils import PupilsFacts, ShownPupil
from educonnect_flow.testing._clock import START
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    STRANGER,
    WRONG_DATE,
    ZOE,
    World,
    answers,
    claim,
    password,
)

promise = pytest.mark.promise
NOW = START + timedelta(minutes=5)
CODE = "246810"
UNTIL = NOW + timedelta(hours=1)

SENT_TO = Recipient(
    sealed_mobile=SealedMobile("sealed"), mobile_key=MobileKey("key"), masked_mobile="+33 6 •• •• •• 78"
)
SHOWN = tuple(
    ShownPupil(id=one.id, given_name=one.given_name, school=one.school, relation=Relation.IN_CHARGE)
    for one in (LEO, ZOE)
)
COUNTED: dict[str, Any] = {"mobile_keys": (MobileKey("key"),), "prefix": "+33612", "barred": {}, "locks_until": None}
FOUND = FoundFacts(**COUNTED, nonce="n", message="m", recipient=SENT_TO, mobile=MOBILE, candidates=(EMILIE,))
CLAIMED = ClaimFacts(form=(), human=None, found=FOUND)
ISSUE = IssueFacts(**COUNTED, nonce="n", message="m")
CODED = ProvedFacts(**COUNTED, expected=CODE, candidates=(EMILIE,), identifiers=())
PUPILS = PupilsFacts(**COUNTED, pupils=(LEO, ZOE), gone=frozenset())
NEW = NewAccount(guardians=("g1",), gone=frozenset(), stem="e.durand", identifier="e.durand42", active=False)
JUDGED_BY = JudgedBy(mobile=MOBILE, stem="e.durand", breached=False)
READY = AccountFacts(judged_by=JUDGED_BY, new=NEW)


def barred(facts: Any, kind: str) -> Any:
    return evolve(facts, barred={kind: UNTIL})


def run(state: State, **fields: Any) -> Activation:
    """A run in *state*, as the table leads there."""
    given: dict[str, Any] = {}
    if state not in (State.PROFILE, State.SIGN_IN, State.IDENTITY):
        given |= {"sent_to": SENT_TO, "guardians": ("g1",)}
    if state is State.CODE:
        given |= {
            "challenge": Challenge("n", START, START + timedelta(minutes=30)),
            "codes": 1,
            "code_issued_at": START,
        }
    if state in (State.PUPILS, State.PASSWORD):
        given |= {"pupils": SHOWN, "names": ("Durand", "Émilie", "Petit")}
    if state is State.PASSWORD:
        given["confirmed"] = ("leo", "zoe")
    times = {"created_at": START, "seen_at": START, "latest_at": START}
    return Activation(**{"id": "a", "version": 7, "state": state, **times, **given, **fields})


class Case(NamedTuple):
    run: Activation
    event: Event
    facts: Facts
    state: State
    row: str | None
    refusals: tuple[Reason, ...] = ()
    settings: Settings = Settings()
    now: datetime = NOW


S = State
REFUSED_FORM = ClaimFacts(form=(Refusal(Reason.REQUIRED, "mobile"),), human=None, found=None)
UNKNOWN = ClaimFacts(form=(), human=None, found=evolve(FOUND, candidates=()))
TOLD = Settings(tell_unknown_identity=True)
LATER = NOW + timedelta(hours=1)
CASES: dict[str, Case] = {
    "guardian": Case(run(S.PROFILE), ChooseProfile(Profile.GUARDIAN), NO_FACTS, S.SIGN_IN, "profile.guardian"),
    "pupil": Case(run(S.PROFILE), ChooseProfile(Profile.PUPIL), NO_FACTS, S.NOT_ELIGIBLE, "profile.pupil"),
    "start": Case(run(S.SIGN_IN), StartActivation(), NO_FACTS, S.IDENTITY, "sign_in.start"),
    "back to the profile": Case(run(S.SIGN_IN), GoBack(), NO_FACTS, S.PROFILE, "sign_in.back"),
    "claim": Case(run(S.IDENTITY), claim(), CLAIMED, S.CODE, "identity.claim"),
    "a stranger's claim": Case(run(S.IDENTITY), STRANGER, UNKNOWN, S.CODE, "identity.claim"),
    "a claim refused on its form": Case(run(S.IDENTITY), claim(), REFUSED_FORM, S.IDENTITY, "identity.refused", (Reason.REQUIRED,)),
    "a claim too soon": Case(
        run(S.IDENTITY, code_issued_at=NOW, codes=1), claim(), evolve(CLAIMED, found=None), S.IDENTITY, "identity.refused", (Reason.RESEND_TOO_SOON,)
    ),
    "a claim after the last code": Case(
        run(S.IDENTITY, code_issued_at=START, codes=4), claim(), evolve(CLAIMED, found=None), S.IDENTITY, "identity.refused", (Reason.RESENDS_USED,)
    ),
    "a robot": Case(
        run(S.IDENTITY), claim(), evolve(CLAIMED, human=False, found=None), S.IDENTITY, "identity.again", (Reason.HUMAN_CHECK_FAILED,)
    ),
    "a claim beyond a limit": Case(
        run(S.IDENTITY), claim(), evolve(CLAIMED, found=barred(FOUND, "sms_budget")), S.IDENTITY, "identity.refused", (Reason.SMS_BUDGET,)
    ),
    "beyond a limit, a person": Case(
        run(S.IDENTITY), claim(), evolve(CLAIMED, human=True, found=barred(FOUND, "sms_budget")), S.IDENTITY, "identity.again",
        (Reason.SMS_BUDGET,),
    ),
    "a stranger who is told": Case(run(S.IDENTITY), STRANGER, UNKNOWN, S.IDENTITY, "identity.told", (Reason.IDENTITY_UNKNOWN,), TOLD),
    "back to the sign-in": Case(run(S.IDENTITY), GoBack(), NO_FACTS, S.SIGN_IN, "identity.back"),
    "the right code": Case(run(S.CODE), SubmitCode(CODE), CODED, S.PUPILS, "code.right"),
    "a stranger's right code": Case(
        run(S.CODE, sent_to=evolve(SENT_TO, decoy=True), guardians=()), SubmitCode(CODE), evolve(CODED, candidates=()), S.CODE, "code.wrong", (Reason.CODE_WRONG,)
    ),
    "a wrong code": Case(run(S.CODE), SubmitCode("000000"), CODED, S.CODE, "code.wrong", (Reason.CODE_WRONG,)),
    "the last wrong code": Case(
        run(S.CODE, code_failures=4), SubmitCode("000000"), CODED, S.LOCKED, "code.last", (Reason.CODE_WRONG, Reason.LOCKED)
    ),
    "a malformed code": Case(run(S.CODE), SubmitCode("x"), CODED, S.CODE, "code.refused", (Reason.CODE_MALFORMED,)),
    "an expired code": Case(
        run(S.CODE), SubmitCode(CODE), CODED, S.CODE, "code.refused", (Reason.CODE_EXPIRED,), now=START + timedelta(minutes=30)
    ),
    "the right code of a locked mobile": Case(
        run(S.CODE), SubmitCode(CODE), barred(CODED, "mobile_failures"), S.LOCKED, "code.barred", (Reason.LOCKED,)
    ),
    "the right code while all wait": Case(
        run(S.CODE), SubmitCode(CODE), barred(CODED, "source_failures"), S.CODE, "code.held", (Reason.SOURCE_FAILURES,)
    ),
    "the right code of an account": Case(run(S.CODE), SubmitCode(CODE), evolve(CODED, identifiers=("e.durand42",)), S.ALREADY_ACTIVE, "code.active"),
    "the right code without a pupil": Case(
        run(S.CODE), SubmitCode(CODE), evolve(CODED, candidates=(evolve(EMILIE, pupils=()),)), S.REFUSED, "code.no_pupil",
        (Reason.NO_PUPIL,),
    ),
    "another code": Case(run(S.CODE), ResendCode(), ISSUE, S.CODE, "code.resend"),
    "another code too soon": Case(run(S.CODE, code_issued_at=NOW), ResendCode(), ISSUE, S.CODE, "code.resend_refused", (Reason.RESEND_TOO_SOON,)),
    "another code beyond a limit": Case(
        run(S.CODE), ResendCode(), barred(ISSUE, "sms_per_mobile"), S.CODE, "code.resend_refused", (Reason.SMS_PER_MOBILE,)
    ),
    "back from the code": Case(run(S.CODE), GoBack(), NO_FACTS, S.IDENTITY, "code.back"),
    "right dates": Case(run(S.PUPILS), answers(LEO, ZOE), PUPILS, S.PASSWORD, "pupils.right"),
    "a wrong date": Case(run(S.PUPILS), WRONG_DATE, PUPILS, S.PUPILS, "pupils.wrong", (Reason.BIRTH_DATES_WRONG,)),
    "the last wrong date": Case(
        run(S.PUPILS, pupils_failures=4), WRONG_DATE, PUPILS, S.LOCKED, "pupils.last", (Reason.BIRTH_DATES_WRONG, Reason.LOCKED)
    ),
    "no answer": Case(run(S.PUPILS), ConfirmPupils([]), PUPILS, S.PUPILS, "pupils.refused", (Reason.ANSWER_MISSING, Reason.ANSWER_MISSING)),
    "all denied": Case(
        run(S.PUPILS), answers(deny=[LEO, ZOE]), PUPILS, S.REFUSED, "pupils.none", (Reason.NO_PUPIL_CONFIRMED,)
    ),
    "all struck out": Case(
        run(S.PUPILS), answers(LEO, ZOE), evolve(PUPILS, pupils=(), gone=frozenset({"leo", "zoe"})), S.REFUSED, "pupils.gone",
        (Reason.NO_PUPIL,),
    ),
    "one struck out": Case(
        run(S.PUPILS), answers(LEO, ZOE), evolve(PUPILS, pupils=(LEO,), gone=frozenset({"zoe"})), S.PASSWORD, "pupils.right"
    ),
    "right dates of a locked mobile": Case(
        run(S.PUPILS), answers(LEO, ZOE), barred(PUPILS, "mobile_failures"), S.LOCKED, "pupils.barred", (Reason.LOCKED,)
    ),
    "right dates while all wait": Case(
        run(S.PUPILS), answers(LEO, ZOE), barred(PUPILS, "national_failures"), S.PUPILS, "pupils.held", (Reason.SERVICE_FAILURES,)
    ),
    "back from the pupils": Case(run(S.PUPILS), GoBack(), NO_FACTS, S.IDENTITY, "pupils.back"),
    "a password": Case(run(S.PASSWORD), password(), READY, S.ACTIVATED, "password.chosen"),
    "a weak password": Case(
        run(S.PASSWORD), password("Ab1!"), READY, S.PASSWORD, "password.refused", (Reason.PASSWORD_TOO_SHORT,)
    ),
    "a published password": Case(
        run(S.PASSWORD), password(), evolve(READY, judged_by=evolve(JUDGED_BY, breached=True)), S.PASSWORD, "password.refused", (Reason.PASSWORD_BREACHED,)
    ),
    "a malformed password": Case(run(S.PASSWORD), password("x" * 300), AccountFacts(judged_by=None, new=None), S.PASSWORD, "password.refused", (Reason.TOO_LONG,)),
    "a password of an account": Case(
        run(S.PASSWORD), password(), evolve(READY, new=evolve(NEW, active=True)), S.ALREADY_ACTIVE, "password.active"
    ),
    "a password of who was struck out": Case(
        run(S.PASSWORD), password("weak"), evolve(READY, new=evolve(NEW, gone=frozenset({"leo", "zoe"}))), S.REFUSED,
        "password.gone", (Reason.NO_PUPIL,),
    ),
    "back from the password": Case(run(S.PASSWORD), GoBack(), NO_FACTS, S.PUPILS, "password.back"),
    **{
        f"idle in {state.name}": Case(run(state), GoBack(), NO_FACTS, S.EXPIRED, f"{state.value}.idle", (Reason.IDLE,), now=LATER)
        for state in State
        if state not in FINAL
    },
    "too old": Case(
        run(S.CODE, seen_at=START + timedelta(hours=4)), SubmitCode(CODE), NO_FACTS, S.EXPIRED, "code.idle", (Reason.IDLE,),
        now=START + timedelta(hours=4),
    ),
    "too many events": Case(run(S.CODE, events=200), SubmitCode(CODE), NO_FACTS, S.EXPIRED, "code.idle", (Reason.IDLE,)),
}  # fmt: skip


def decided(case: Case) -> Decision[Activation]:
    return decide(ACTIVATION, case.run, case.event, case.facts, case.now, case.settings, Validators())


@promise("F1")
@pytest.mark.parametrize("name", CASES)
def test_what_an_event_comes_to(name: str) -> None:
    case = CASES[name]
    decision = decided(case)
    assert (decision.run.state, decision.row) == (case.state, case.row)
    assert tuple(refusal.reason for refusal in decision.refusals) == case.refusals
    assert decision.accepted is (not case.refusals)
    assert decision.run.version == case.run.version + 1
    assert decision.run.events == case.run.events + 1


def test_a_clock_that_stepped_back_shortens_a_code_and_changes_nothing_else() -> None:
    case = CASES["right dates"]._replace(now=START - timedelta(minutes=1))
    assert decided(case).run.state is S.PASSWORD
    case = CASES["the right code"]._replace(now=START - timedelta(minutes=1))
    assert [refusal.reason for refusal in decided(case).refusals] == [Reason.CODE_EXPIRED]


def test_the_cases_take_every_row() -> None:
    assert {case.row for case in CASES.values()} == {row.name for row in ROWS}


GIVEN: dict[type[Event], Event] = {
    type(event): event
    for event in (
        ChooseProfile(Profile.GUARDIAN), StartActivation(), claim(), SubmitCode(CODE), ResendCode(), answers(LEO, ZOE),
        password(), GoBack(),
    )
}  # fmt: skip


@promise("F5")
@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)
def test_an_event_out_of_its_state_is_a_refusal_that_needs_no_facts(state: State, kind: type[Event]) -> None:
    if any((row.source, row.event) == (state, kind) for row in ROWS):
        return
    before = run(state)
    decision = decide(ACTIVATION, before, GIVEN[kind], NO_FACTS, NOW, Settings(), Validators())
    assert ([refusal.reason for refusal in decision.refusals], decision.row) == ([Reason.NOT_NOW], None)
    assert not decision.audited
    counted = {} if state in FINAL else {"version": 8, "events": 1}
    assert asdict(decision.run, recurse=False) == asdict(before, recurse=False) | counted
    assert (decision.limits, decision.messages, decision.records, decision.denied) == ((), (), (), ())


def test_the_library_alone_lets_time_pass() -> None:
    assert Lapse not in EVENTS


# --- what was decided is decided again -----------------------------------------------------------------------


def told(decision: Decision[Any]) -> dict[str, Any]:
    """All of a decision, for comparison."""
    return {
        name: asdict(value, recurse=False) if hasattr(value, "__attrs_attrs__") else value
        for name, value in vars(decision).items()
    }


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What every decision was made from, and how it came out."""
    found: list[tuple[Any, ...]] = []

    def record(*given: Any) -> Decision[Any]:
        decision = decide(*given)
        found.append((given, told(decision)))
        return decision

    monkeypatch.setattr(engine, "decide", record)
    return found


def pick(world: World, out: Any, number: int) -> Any:
    """One of the events that a parent may well submit there."""
    right: dict[State, list[Any]] = {
        State.PROFILE: [ChooseProfile(Profile.GUARDIAN)],
        State.SIGN_IN: [StartActivation()],
        State.IDENTITY: [claim(), STRANGER, claim("", "", "")],
        State.CODE: [SubmitCode("000000"), SubmitCode("x"), ResendCode()],
        State.PUPILS: [answers(LEO, ZOE), answers(LEO, deny=[ZOE]), WRONG_DATE, ConfirmPupils([])],
        State.PASSWORD: [
            password("weak"),
            password("x" * 300),
            password(),
            ChoosePassword(password="", confirmation=""),
        ],
    }
    choices = [*right.get(out.state, []), GoBack(), ResendCode()]
    if out.state is State.CODE and world.codes():
        choices += [SubmitCode(world.codes()[-1])] * 4
    return choices[number % len(choices)]


def test_a_recorded_decision_replayed_is_the_same(recorded: list[tuple[Any, ...]]) -> None:
    @given(hyp.lists(hyp.integers(0, 200), max_size=30))
    def walk(numbers: list[int]) -> None:
        recorded.clear()
        world = World()
        out = world.flow.start()
        for n, number in enumerate(numbers):
            world.clock.advance(seconds=number % 90, minutes=61 if number == 200 else 0)
            out = world.submit(out, pick(world, out, number), f"r{n}" if number % 3 else None)
            world.flow.deliver()
        assert len(recorded) >= len(numbers)
        for given_then, came_out in recorded:
            assert told(decide(*given_then)) == came_out

    walk()
