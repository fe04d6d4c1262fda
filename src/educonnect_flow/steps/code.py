"""The code by SMS: sent to a number, typed by the parent, and right or wrong.

The code itself is nowhere at rest: it is derived from the nonce of its challenge when it is needed.  A **decoy** is
sent to nobody and no code opens it; all else is the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, Self

from attrs import field, frozen

from educonnect_flow.engine.event import Event
from educonnect_flow.engine.outside import Loading, Outside
from educonnect_flow.engine.run import TIME, Codec, saved
from educonnect_flow.engine.step import Attempt
from educonnect_flow.letters import CodeLetter
from educonnect_flow.machinery.secrecy import Confidential, amended, hidden
from educonnect_flow.machinery.table import gated
from educonnect_flow.outcome import View
from educonnect_flow.people import E164, MobileKey, SealedMobile
from educonnect_flow.prompt import HumanPrompt
from educonnect_flow.reasons import Reason, Refusal, refusals_of, until
from educonnect_flow.records import Outgoing
from educonnect_flow.settings import Settings
from educonnect_flow.steps.limits import (
    CountedFacts,
    LimitedRun,
    count_failure,
    failure_limits,
    limits_reached,
    load_counted,
    message_limits,
)
from educonnect_flow.typed import of
from educonnect_flow.validators.code import CodeCheck
from educonnect_flow.validators.mobile import mask

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
    """The number that codes are sent to."""

    sealed_mobile: SealedMobile = field(repr=False)
    mobile_key: MobileKey = field(repr=False)
    """What failures and messages are counted under."""
    masked_mobile: str
    """``+33 6 •• •• •• 78``"""
    decoy: bool = False
    """Whether nobody is behind it: no message leaves, and no code opens."""


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
    """The code that opens; ``None`` when none does."""
    codes: int = 0
    """How many codes were issued."""
    code_at: datetime | None = saved(None, TIME)
    """When the last of them was issued."""
    code_failures: int = 0

    @property
    def recipient(self) -> Recipient:
        """``sent_to``, in a state that no run reaches without one."""
        assert self.sent_to is not None
        return self.sent_to

    @property
    def counted_under(self) -> str | None:
        """Keyed hash of the number."""
        return self.sent_to.mobile_key if self.sent_to is not None else None

    def held(self, now: datetime) -> Self:
        """The code loses what the clock took back; one that was issued in what is now the future has expired."""
        challenge = self.challenge
        if challenge is None:
            return self
        expires_at = now if now < challenge.issued_at else challenge.expires_at - (self.latest_at - now)
        return amended(self, {"challenge": challenge._replace(expires_at=expires_at)})

    def newly_expired(self, now: datetime) -> bool:
        """Whether the code has expired since the run was last looked at."""
        challenge = self.challenge
        return challenge is not None and self.latest_at < challenge.expires_at <= now


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class IssueFacts(CountedFacts):
    """For ``ResendCode``: what one more code is made of."""

    nonce: str
    message: str
    """Id of the message to write, should one be."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class FirstCodeFacts(IssueFacts):
    """For an event that names the number a first code goes to."""

    recipient: Recipient


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CodeFacts(CountedFacts):
    """For ``SubmitCode``."""

    expected: str
    """The code that opens."""


def mobile_of(outside: Outside, run: CodeRun) -> E164:
    """The number that the run's codes go to."""
    return outside.mobile_of(run.id, run.recipient.sealed_mobile)


def recipient_of(outside: Outside, run: str, mobile: E164, *, decoy: bool = False) -> Recipient:
    """Where the codes of *run* (its id) go, as it is kept."""
    return Recipient(
        decoy=decoy,
        sealed_mobile=SealedMobile(outside.keys.seal(mobile, run)),
        mobile_key=outside.keys_of(mobile)[0],
        masked_mobile=mask(mobile),
    )


async def load_first_code(loading: Loading[CodeRun, Any], mobile: E164, *, decoy: bool = False) -> FirstCodeFacts:
    """For an event that names *mobile*.

    :param decoy: whether nobody is behind it.
    """
    nonce, message = loading.memo.draw(loading.outside.keys)
    recipient = recipient_of(loading.outside, loading.run.id, mobile, decoy=decoy)
    return FirstCodeFacts(**load_counted(loading, mobile), nonce=nonce, message=message, recipient=recipient)


async def load_resend(loading: Loading[CodeRun, ResendCode]) -> IssueFacts:
    """For ``ResendCode``."""
    nonce, message = loading.memo.draw(loading.outside.keys)
    mobile = mobile_of(loading.outside, loading.run)
    return IssueFacts(**load_counted(loading, mobile, loading.run.recipient.mobile_key), nonce=nonce, message=message)


def expected_code(outside: Outside, run: CodeRun, mobile: E164) -> str:
    """The code that opens *run*."""
    assert run.challenge is not None  # CODE is never without one
    return outside.code_of(run.journey, run.id, run.challenge.nonce, mobile)


async def load_code(loading: Loading[CodeRun, SubmitCode]) -> CodeFacts:
    """For ``SubmitCode``."""
    outside, run = loading.outside, loading.run
    mobile = mobile_of(outside, run)
    return CodeFacts(
        **load_counted(loading, mobile, run.recipient.mobile_key), expected=expected_code(outside, run, mobile)
    )


# --- guards ----------------------------------------------------------------------------------------

Coded = Attempt[CodeRun, SubmitCode, CodeFacts]

# A refusal for any other reason costs an attempt: whatever a host's validator adds fails closed.
_FREE = frozenset({Reason.CODE_MALFORMED, Reason.CODE_EXPIRED})


def code_may_go(attempt: Attempt[CodeRun, Any, Any]) -> bool:
    """A code may be issued: not too soon, not too many, and the limits hold.  For ``IssueFacts``."""
    return not attempt.verdict("code_may_go", _may_go)


def _may_go(attempt: Attempt[CodeRun, Any, Any]) -> tuple[Refusal, ...]:
    return code_due(attempt.run, attempt.settings, attempt.now) or limits_reached(attempt.facts, attempt.now)


def code_due(run: CodeRun, settings: Settings, now: datetime) -> tuple[Refusal, ...]:
    """Whether *run* may have another code: why not, or nothing."""
    if run.code_at is None:
        return ()
    if run.codes > settings.resends:
        return (Refusal(Reason.RESENDS_USED),)
    due = run.code_at + settings.resend_after
    return (until(Reason.RESEND_TOO_SOON, due, now),) if now < due else ()


def code_right(attempt: Coded) -> bool:
    """The validator lets the code through, and the run is no decoy."""
    return not attempt.verdict("code", _code)


def _code(attempt: Coded) -> tuple[Refusal, ...]:
    challenge = attempt.run.challenge
    assert challenge is not None  # CODE is never without one
    refusals = refusals_of(
        attempt.validators.code(
            CodeCheck(
                given=attempt.event.code,
                expected=attempt.facts.expected,
                expires_at=challenge.expires_at,
                now=attempt.now,
                settings=attempt.settings,
            )
        )
    )
    if not refusals and attempt.run.recipient.decoy:
        return (Refusal(Reason.CODE_WRONG, "code"),)  # not even by chance
    return refusals


def code_wrong(attempt: Coded) -> bool:
    """The code was refused for a reason that costs an attempt."""
    refusals = attempt.verdict("code", _code)
    return bool(refusals) and not _FREE.issuperset(refusal.reason for refusal in refusals)


def last_code(attempt: Coded) -> bool:
    """This failure uses the last attempt of the run."""
    return attempt.run.code_failures + 1 >= attempt.settings.code_failures


# --- effects ---------------------------------------------------------------------------------------


def send_first_code(attempt: Attempt[CodeRun, Any, FirstCodeFacts]) -> None:
    """A code for the number that the event names."""
    issue(attempt, attempt.facts.recipient, attempt.facts)


def issue_next_code(attempt: Attempt[CodeRun, ResendCode, IssueFacts]) -> None:
    """Another code for the same number."""
    issue(attempt, attempt.run.recipient, attempt.facts)


def issue(attempt: Attempt[Any, Any, Any], sent_to: Recipient, facts: IssueFacts) -> None:
    """A new code, which is the only one from now on, counted against every limit; its message waits in the outbox."""
    run, now = attempt.run, attempt.now
    expires_at = now + attempt.settings.code_ttl
    attempt.changes |= {
        "sent_to": sent_to,
        "challenge": Challenge(facts.nonce, now, expires_at),
        "codes": run.codes + 1,
        "code_at": now,
    }
    attempt.void = run.codes > 0  # before the first, no message waits
    attempt.messages.append(
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
    attempt.limits += failure_limits(attempt, facts, adds=0)
    attempt.limits += message_limits(attempt, facts)


def count_code_failure(attempt: Coded) -> None:
    """A wrong code: one attempt less, here and for the mobile."""
    failures = attempt.run.code_failures + 1
    attempt.changes["code_failures"] = failures
    count_failure(attempt, attempt.facts, Reason.CODE_WRONG, attempt.settings.code_failures - failures)


@gated(code_right)
def accept_code(attempt: Coded) -> None:
    """The code is used up, and whoever used it gets a new handle (ASVS 5.0, 7.2.4)."""
    attempt.changes |= {"challenge": None, "rotation": attempt.run.rotation + 1}
    attempt.void = True
    attempt.rotate = True
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)


def drop_code(attempt: Attempt[Any, Any, Any]) -> None:
    """Back to the page before: the number and its code are dropped.  Counters stay."""
    attempt.changes |= {"sent_to": None, "challenge": None}
    attempt.void = True


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class CodeView(View):
    """``CODE``"""

    masked_mobile: str
    attempts_left: int
    expires_at: datetime
    resend_at: datetime
    """From when a new code may be asked for."""
    resends_left: int


def show_code(run: CodeRun, settings: Settings, prompt: HumanPrompt | None) -> CodeView:  # noqa: ARG001 - as all
    """The page of the code."""
    assert run.challenge is not None  # CODE is never without one
    assert run.code_at is not None
    return CodeView(
        run.recipient.masked_mobile,
        settings.code_failures - run.code_failures,
        run.challenge.expires_at,
        run.code_at + settings.resend_after,
        max(0, 1 + settings.resends - run.codes),
    )
