"""The code by SMS: sent to a number, typed by the parent, then checked.

Long because all of the step is here, from its events to its view.

The code itself is nowhere at rest: it is derived from the nonce of its challenge when it is needed.  A **decoy** is
never sent and no code is right for it; all else is the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, Self

from attrs import field, frozen

from educonnect_flow._letters import CodeLetter
from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import Confidential, hidden, replace_fields
from educonnect_flow._typed import of
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._ports import LoadContext, Ports
from educonnect_flow.engine._run import TIME, Codec, saved
from educonnect_flow.engine._step import StepContext
from educonnect_flow.engine._table import gated
from educonnect_flow.outcome import View
from educonnect_flow.people import E164, MobileKey, SealedMobile
from educonnect_flow.reasons import Reason, Refusal, refusals_of, until
from educonnect_flow.records import Outgoing
from educonnect_flow.settings import Settings
from educonnect_flow.steps.limits import (
    Counted,
    CountedFacts,
    LimitedRun,
    count_failure,
    failure_limits,
    limits_reached,
    load_counted,
    load_last,
    message_limits,
)
from educonnect_flow.validators.code import CodeCheck
from educonnect_flow.validators.mobile import mask
from educonnect_flow.validators.reading import LONGEST_CODE, plain, read_code

# --- events ----------------------------------------------------------------------------------------


@frozen(slots=False)
class SubmitCode(Event):
    """The code received by SMS, as typed."""

    code: str = field(converter=hidden, validator=of(str), repr=False)


class ResendCode(Event):
    """« Renvoyer le SMS »"""

    __slots__ = ()


# --- run data --------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class Recipient(Confidential):
    """The number to which codes are sent."""

    sealed_mobile: SealedMobile = field(repr=False)
    mobile_key: MobileKey = field(repr=False)
    """The key under which failures and messages are counted."""
    masked_mobile: str
    """``+33 6 •• •• •• 78``"""
    decoy: bool = False
    """Whether it is a decoy: no message is sent, and no code is right."""


class Challenge(NamedTuple):
    """A code that was issued."""

    nonce: str
    issued_at: datetime
    expires_at: datetime


_RECIPIENT = Codec(
    lambda it: [it.sealed_mobile, it.mobile_key, it.masked_mobile, it.decoy],
    lambda it: Recipient(sealed_mobile=it[0], mobile_key=it[1], masked_mobile=it[2], decoy=it[3]),
)
_CHALLENGE = Codec(
    lambda it: [it.nonce, it.issued_at.isoformat(), it.expires_at.isoformat()],
    lambda it: Challenge(it[0], datetime.fromisoformat(it[1]), datetime.fromisoformat(it[2])),
)


@frozen(kw_only=True, slots=False)
class CodeRun(LimitedRun):
    """A run with a code by SMS."""

    sent_to: Recipient | None = saved(None, _RECIPIENT)
    challenge: Challenge | None = saved(None, _CHALLENGE)
    """The valid code; ``None`` when there is none."""
    codes: int = 0
    """How many codes were issued."""
    code_issued_at: datetime | None = saved(None, TIME)
    """When the last code was issued; aware, UTC."""
    code_failures: int = 0

    @property
    def recipient(self) -> Recipient:
        """``sent_to``, in a state in which every run has one."""
        assert self.sent_to is not None
        return self.sent_to

    @property
    def counted_under(self) -> str | None:
        """Keyed hash of the number."""
        return self.sent_to.mobile_key if self.sent_to is not None else None

    def after_clock_step(self, now: datetime) -> Self:
        """The code's life is shortened by the clock step; a code that was issued after *now* has expired."""
        challenge = self.challenge
        if challenge is None:
            return self
        expires_at = now if now < challenge.issued_at else challenge.expires_at - (self.latest_at - now)
        return replace_fields(self, {"challenge": challenge._replace(expires_at=expires_at)})

    def newly_expired(self, now: datetime) -> bool:
        """Whether the code has expired since the run was last looked at."""
        challenge = self.challenge
        return challenge is not None and self.latest_at < challenge.expires_at <= now


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class IssueFacts(CountedFacts):
    """For ``ResendCode``: what a new code needs."""

    nonce: str
    message: str
    """Id of the message, if one is written."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class FirstCodeFacts(IssueFacts):
    """For an event that names the number of a first code."""

    recipient: Recipient


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CodeFacts(CountedFacts):
    """For ``SubmitCode``."""

    expected: str
    """The right code."""


def mobile_of(ports: Ports, run: CodeRun) -> E164:
    """The number of the run's codes."""
    return ports.mobile_of(run.id, run.recipient.sealed_mobile)


async def load_first_code(loading: LoadContext[CodeRun, Any], mobile: E164, *, decoy: bool = False) -> FirstCodeFacts:
    """The facts of an event that names *mobile*.

    :param decoy: whether the run becomes a decoy.
    """
    keys, counted = loading.ports.keys, load_counted(loading, mobile)
    nonce, message = loading.retry.draw(keys)
    recipient = Recipient(
        sealed_mobile=SealedMobile(keys.seal(mobile, loading.run.id)),
        mobile_key=counted["mobile_keys"][0],
        masked_mobile=mask(mobile),
        decoy=decoy,
    )
    return FirstCodeFacts(**counted, nonce=nonce, message=message, recipient=recipient)


async def load_resend(loading: LoadContext[CodeRun, ResendCode]) -> IssueFacts:
    """For ``ResendCode``."""
    nonce, message = loading.retry.draw(loading.ports.keys)
    mobile = mobile_of(loading.ports, loading.run)
    return IssueFacts(**load_counted(loading, mobile, loading.run.recipient.mobile_key), nonce=nonce, message=message)


def expected_code(ports: Ports, run: CodeRun, mobile: E164) -> str:
    """The right code of *run*."""
    assert run.challenge is not None  # CODE is never without one
    return ports.code_of(run.journey, run.id, run.challenge.nonce, mobile)


async def load_code_counted(loading: LoadContext[CodeRun, SubmitCode], mobile: E164) -> Counted:
    """What a wrong code is counted by."""
    counted = load_counted(loading, mobile, loading.run.recipient.mobile_key)
    return await load_last(loading, counted, loading.ports.settings.code_failures - loading.run.code_failures)


async def load_code(loading: LoadContext[CodeRun, SubmitCode]) -> CodeFacts:
    """For ``SubmitCode``."""
    ports, run = loading.ports, loading.run
    mobile = mobile_of(ports, run)
    return CodeFacts(**await load_code_counted(loading, mobile), expected=expected_code(ports, run, mobile))


# --- guards ----------------------------------------------------------------------------------------

Coded = StepContext[CodeRun, SubmitCode, CodeFacts]

# A refusal for any other reason costs an attempt, the reasons of a host's validator included.
_FREE = frozenset({Reason.CODE_MALFORMED, Reason.CODE_EXPIRED})


def code_may_go(context: StepContext[CodeRun, Any, Any]) -> bool:
    """A code may be issued: not too soon, not too many, and no limit is reached.  For ``IssueFacts``."""
    return not context.verdict("code_may_go", _may_go)


def _may_go(context: StepContext[CodeRun, Any, Any]) -> tuple[Refusal, ...]:
    return code_due(context.run, context.settings, context.now) or limits_reached(context.facts, context.now)


def code_due(run: CodeRun, settings: Settings, now: datetime) -> tuple[Refusal, ...]:
    """Why *run* may not have another code; empty when it may."""
    if run.code_issued_at is None:
        return ()
    if run.codes > settings.resends:
        return (Refusal(Reason.RESENDS_USED),)
    due = run.code_issued_at + settings.resend_after
    return (until(Reason.RESEND_TOO_SOON, due, now),) if now < due else ()


def code_right(context: Coded) -> bool:
    """The validator accepts the code, and the run is no decoy."""
    return not context.verdict("code", _code)


def _code(context: Coded) -> tuple[Refusal, ...]:
    challenge = context.run.challenge
    assert challenge is not None  # CODE is never without one
    refusals = refusals_of(
        context.validators.code(
            CodeCheck(
                given=read_code(context.event.code, context.settings.code_length)
                or plain(context.event.code[:LONGEST_CODE]),
                expected=context.facts.expected,
                expires_at=challenge.expires_at,
                now=context.now,
                settings=context.settings,
            )
        )
    )
    if not refusals and context.run.recipient.decoy:
        return (Refusal(Reason.CODE_WRONG, "code"),)  # even when it equals the derived code by chance
    return refusals


def code_wrong(context: Coded) -> bool:
    """The code was refused for a reason that costs an attempt."""
    refusals = context.verdict("code", _code)
    return bool(refusals) and not _FREE.issuperset(refusal.reason for refusal in refusals)


def last_code(context: Coded) -> bool:
    """This failure uses the last attempt of the run."""
    return context.run.code_failures + 1 >= context.settings.code_failures


# --- effects ---------------------------------------------------------------------------------------


def send_first_code(context: StepContext[CodeRun, Any, FirstCodeFacts]) -> None:
    """Issue a code for the number that the event names."""
    issue(context, context.facts.recipient, context.facts)


def issue_next_code(context: StepContext[CodeRun, ResendCode, IssueFacts]) -> None:
    """Issue another code for the same number."""
    issue(context, context.run.recipient, context.facts)


def issue(context: StepContext[Any, Any, Any], sent_to: Recipient, facts: IssueFacts) -> None:
    """Issue a code that replaces the former one: count it against every limit, put its message into the outbox."""
    run, now = context.run, context.now
    expires_at = now + context.settings.code_ttl
    context.changes |= {
        "sent_to": sent_to,
        "challenge": Challenge(facts.nonce, now, expires_at),
        "codes": run.codes + 1,
        "code_issued_at": now,
    }
    context.cancel_messages = run.codes > 0  # before the first code no message waits
    context.messages.append(
        Outgoing(
            id=facts.message,
            run=run.id,
            journey=run.journey,
            owner=run.owner,
            created_at=now,
            due_at=now,
            expires_at=expires_at,
            decoy=sent_to.decoy,
            body=CodeLetter(facts.nonce, sent_to.sealed_mobile).dump(),
        )
    )
    context.limits += failure_limits(context, facts, adds=0)
    context.limits += message_limits(context, facts)


def count_code_failure(context: Coded) -> None:
    """Count a wrong code, in the run and for the mobile."""
    failures = context.run.code_failures + 1
    context.changes["code_failures"] = failures
    count_failure(context, context.facts, Reason.CODE_WRONG, context.settings.code_failures - failures)


@gated(code_right)
def accept_code(context: Coded) -> None:
    """The code is used: the run gets a new handle (ASVS 5.0, 7.2.4)."""
    context.changes |= {"challenge": None, "rotation": context.run.rotation + 1}
    context.cancel_messages = True
    context.rotate = True
    context.limits += failure_limits(context, context.facts, adds=0)


def drop_code(context: StepContext[Any, Any, Any]) -> None:
    """Back to the previous page: the number and its code are dropped.  Counters stay."""
    context.changes |= {"sent_to": None, "challenge": None}
    context.cancel_messages = True


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class CodeView(View):
    """``CODE``"""

    masked_mobile: str
    attempts_left: int
    expires_at: datetime
    resend_at: datetime
    """From when a new code may be requested."""
    resends_left: int


def show_code(run: CodeRun, settings: Settings, prompt: HumanPrompt | None) -> CodeView:  # noqa: ARG001 - the signature of Show
    """The page of the code."""
    assert run.challenge is not None  # CODE is never without one
    assert run.code_issued_at is not None
    return CodeView(
        run.recipient.masked_mobile,
        settings.code_failures - run.code_failures,
        run.challenge.expires_at,
        run.code_issued_at + settings.resend_after,
        max(0, 1 + settings.resends - run.codes),
    )
