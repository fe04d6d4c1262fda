"""A flow with everything around it, and how to walk it: what most tests start from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from educonnect_flow import (
    ActivationFlow,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Guardian,
    Outcome,
    Profile,
    Pupil,
    PupilAnswer,
    Reason,
    Relation,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.accounts import KIND, Account, identifiers, of_guardians, of_identifier, read_account
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.engine._run import load
from educonnect_flow.flow import Flow
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.people import E164, MobileKey, SealedMobile
from educonnect_flow.ports import HumanPrompt, Store
from educonnect_flow.records import Body, Lease, Leased, Loaded, StoredRun
from educonnect_flow.sms import RecordingSms
from educonnect_flow.steps.code import Challenge, Recipient
from educonnect_flow.steps.pupils import ShownPupil
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import CheapHasher, FakeClock
from educonnect_flow.testing._clock import START

SECRET = b"a secret key made for the tests!"
PASSWORD = "Vélo-Bleu-31"
MOBILE = E164("+33612345678")
TYPED = "06 12 34 56 78"


def pupil(name: str, born: date, relation: Relation = Relation.LEGAL_REPRESENTATIVE) -> Pupil:
    """An invented pupil whose id is their name in small letters."""
    return Pupil(
        id=name.lower(), family_name="Durand", given_name=name, birth_date=born, school="Lycée Jean Moulin",
        uai="0750001A", relation=relation,
    )  # fmt: skip


LEO = pupil("Leo", date(2007, 9, 21))
ZOE = pupil("Zoe", date(2005, 1, 1), Relation.IN_CHARGE)
EMILIE = Guardian(
    id="g1", family_name="Durand", given_name="Émilie", mobile=MOBILE, usage_name="Petit", pupils=[LEO, ZOE]
)
PAUL = Guardian(id="g2", family_name="Martin", given_name="Paul", mobile="+33623456789")


def claim(family_name: str = "DURAND", given_name: str = "Emilie", mobile: str = TYPED, **more: Any) -> ClaimIdentity:
    """The claim of somebody known."""
    return ClaimIdentity(family_name=family_name, given_name=given_name, mobile=mobile, **more)


STRANGER = claim("Inconnu", "Personne", "06 99 99 99 99")


def answers(*pupils: Pupil, deny: Sequence[Pupil] = ()) -> ConfirmPupils:
    """Right answers for *pupils*, and a denial for those of *deny*."""
    return ConfirmPupils(
        [
            *(PupilAnswer(pupil_id=p.id, confirmed=True, birth_date=p.birth_date) for p in pupils),
            *(PupilAnswer(pupil_id=p.id, confirmed=False) for p in deny),
        ]
    )


WRONG_DATE = ConfirmPupils(
    [
        PupilAnswer(pupil_id="leo", confirmed=True, birth_date=LEO.birth_date),
        PupilAnswer(pupil_id="zoe", confirmed=True, birth_date=date(2001, 2, 3)),
    ]
)


def password(text: str = PASSWORD, confirmation: str | None = None) -> ChoosePassword:
    """The choice of a password, confirmed."""
    return ChoosePassword(password=text, confirmation=text if confirmation is None else confirmation)


def parsed(text: str, version: int = 1, id: str = "a1") -> Activation:
    """The activation that a store keeps as *text*."""
    of = StoredRun(id=id, journey="ACTIVATION", owner="", version=version, wanted=(), body=Body(text))
    found = load(Activation, text, of, version)
    assert isinstance(found, Activation)
    return found


def activation_of(loaded: Loaded) -> Activation:
    """What is kept of an activation."""
    return parsed(loaded.run.body.text, loaded.run.version, loaded.run.id)


def full(name: str = "a1") -> Activation:
    """An activation with something in every field."""
    return Activation(
        id=name,
        version=1,
        state=State.LOCKED,
        created_at=START,
        seen_at=START,
        latest_at=START,
        rotation=2,
        stale_handle_uses=1,
        source="s",
        prompt="prompt",
        sent_to=Recipient(
            sealed_mobile=SealedMobile("sealed"), mobile_key=MobileKey("key"), masked_mobile="+33 6 •• •• •• 78"
        ),
        guardians=("g1", "g2"),
        challenge=Challenge("nonce", START, START + timedelta(hours=1)),
        codes=3,
        code_issued_at=START + timedelta(microseconds=1),
        code_failures=4,
        pupils_failures=1,
        names=("Durand", "Émilie"),
        pupils=(ShownPupil(id="p1", given_name="Léo", school="Lycée", relation=Relation.IN_CHARGE),),
        confirmed=("p1",),
        denied=("p2",),
        identifier="e.durand42",
        until=START + timedelta(hours=1),
        why=Reason.NO_PUPIL,
    )


def account_of(store: Store, identifier: str) -> Account | None:
    """The account of *identifier*."""
    found = store.find((of_identifier(identifier),))
    assert all(record.kind == KIND for record in found)
    return read_account(found[0]) if found else None


def has_account(store: Store, *guardians: str) -> bool:
    """Whether one of *guardians* has an account."""
    return bool(store.find(of_guardians(guardians)))


def issued(store: Store, base: str) -> int:
    """How many identifiers of *base* were given out."""
    limit = identifiers(base)
    return sum(count for _, count in store.tally(limit.kind, limit.key).hits)


def leased(store: Store, now: datetime, until: datetime) -> Leased | None:
    """The message that is due the longest."""
    return store.lease(Lease(now, until))


def later(world: World, event: Any) -> Any:
    """*event*, a minute later: when another code may go out."""
    world.clock.advance(minutes=1)
    return event


def reasons(outcome: Outcome) -> list[Reason]:
    """Why it was refused."""
    return [refusal.reason for refusal in outcome.refusals]


class Questions:
    """A human check that asks for its own number: each prompt serves once."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.asked = 0
        self.answered = 0

    def issue(self) -> HumanPrompt:
        self.asked += 1
        self.open.add(str(self.asked))
        return HumanPrompt(id=str(self.asked), puzzle=f"Tapez {self.asked}")

    def show(self, id: str) -> HumanPrompt | None:
        return HumanPrompt(id=id, puzzle=f"Tapez {id}") if id in self.open else None

    def passes(self, id: str, answer: str) -> bool:
        self.answered += 1
        if id not in self.open:
            return False
        self.open.remove(id)
        return answer == id


class Counting(CheapHasher):
    """Counts what is hashed and what is verified."""

    def __init__(self) -> None:
        self.hashed = self.verified = 0

    def hash(self, text: str) -> str:
        self.hashed += 1
        return super().hash(text)

    def verify(self, hash: str, text: str) -> bool:
        self.verified += 1
        return CheapHasher().verify(hash, text)


class World:
    """One flow over one store, with a clock that stands still and a gateway that remembers."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        guardians: Sequence[Guardian] = (EMILIE, PAUL),
        settings: Settings | None = None,
        clock: FakeClock | None = None,
        kind: type[Flow[Any]] = ActivationFlow,
        **ports: Any,
    ) -> None:
        self.store = store if store is not None else MemoryStore()
        self.clock = clock if clock is not None else FakeClock()
        self.sms = RecordingSms()
        self.settings = settings or Settings()
        given = {
            "directory": StaticDirectory(guardians), "sms": self.sms, "secret_key": SECRET,
            "password_hasher": CheapHasher(), **ports,
        }  # fmt: skip
        self.flow: Flow[Outcome] = kind(store=self.store, clock=self.clock, settings=self.settings, **given)

    def code(self) -> str:
        """The code of the newest message, once the relay has handed it over."""
        self.flow.deliver()
        return self.codes()[-1]

    def codes(self) -> list[str]:
        """Every code that went out."""
        return [re.findall(r"#(\d+)$", message.text)[0] for message in self.sms.sent]

    def wrong(self) -> str:
        """A well-formed code that never went out."""
        self.flow.deliver()
        return next(f"{n:06}" for n in range(1000) if f"{n:06}" not in self.codes())

    def at(self, state: State, who: ClaimIdentity | None = None, pupils: Sequence[Pupil] = (LEO, ZOE)) -> Outcome:
        """A new activation, walked by the shortest way to *state* (an open one, or ``ACTIVATED``)."""
        out = self.flow.start()
        steps: list[tuple[State, Callable[[], Any]]] = [
            (State.PROFILE, lambda: ChooseProfile(Profile.GUARDIAN)),
            (State.SIGN_IN, StartActivation),
            (State.IDENTITY, lambda: who or claim()),
            (State.CODE, lambda: SubmitCode(self.code())),
            (State.PUPILS, lambda: answers(*pupils)),
            (State.PASSWORD, password),
        ]
        for here, event in steps:
            if state is here:
                break
            assert out.state is here, out
            if here is State.IDENTITY:
                self.flow.deliver()  # what other activations left, so that the next message is this one's
            out = self.flow.submit(out.handle, event())
        assert out.state is state, out
        return out

    def submit(self, out: Outcome, event: Any, request_id: str | None = None) -> Outcome:
        """:meth:`ActivationFlow.submit` with the outcome's handle."""
        return self.flow.submit(out.handle, event, request_id=request_id)
