"""What a row changes.  Each notes it on the attempt; nothing is done before the commit."""

from __future__ import annotations

from typing import Any

from educonnect_flow import accounts
from educonnect_flow.accounts import Account
from educonnect_flow.activation.budgets import failure_limits, identifiers, message_limits
from educonnect_flow.activation.events import ResendCode
from educonnect_flow.activation.facts import CountedFacts, FoundFacts, IssueFacts, ReadyFacts, pupils_of
from educonnect_flow.activation.guards import (
    Answering,
    Choosing,
    Claiming,
    Coded,
    answers,
    code_right,
    matching,
    password_holds,
    pupils_right,
)
from educonnect_flow.activation.snapshot import Challenge, Claim, CodeRun, ShownPupil
from educonnect_flow.engine.step import Attempt, Draft
from educonnect_flow.letters import CodeLetter
from educonnect_flow.machinery.table import gated
from educonnect_flow.reasons import Reason, Refusal, until
from educonnect_flow.records import Outgoing


def ask_prompt(attempt: Attempt[Any, Any, Any]) -> None:
    """The identity page is shown: it needs a prompt that nobody answered yet."""
    attempt.prompt = True


def drop_prompt(attempt: Attempt[Any, Any, Any]) -> None:
    """The identity page is left."""
    attempt.changes["prompt"] = None


def take_claim(attempt: Claiming) -> None:
    """Somebody says who they are.  The same is noted for a stranger."""
    found = _found(attempt)
    attempt.changes["claim"] = Claim(
        mobile=found.sealed,
        mobile_key=found.mobile_keys[0],
        masked=found.masked,
        guardians=matching(attempt.event, found, attempt.validators),
    )
    attempt.changes["prompt"] = None


def _found(attempt: Claiming) -> FoundFacts:
    found = attempt.facts.found
    assert found is not None  # the claim holds, so it was looked for
    return found


def issue_first_code(attempt: Claiming) -> None:
    """A code for the claim that was just taken."""
    _issue(attempt, attempt.changes["claim"], _found(attempt))


def issue_next_code(attempt: Attempt[CodeRun, ResendCode, IssueFacts]) -> None:
    """Another code for the same claim."""
    assert attempt.run.claim is not None  # a code follows a claim
    _issue(attempt, attempt.run.claim, attempt.facts)


def _issue(attempt: Attempt[Any, Any, Any], claim: Claim, facts: IssueFacts) -> None:
    """A new code, which is the only one from now on, counted against every limit; its message waits in the outbox."""
    a, settings, now = attempt.run, attempt.settings, attempt.now
    expires_at = now + settings.code_ttl
    attempt.changes |= {
        "challenge": Challenge(facts.nonce, now, expires_at),
        "codes": a.codes + 1,
        "code_at": now,
    }
    attempt.void = a.codes > 0  # before the first, no message waits
    attempt.messages.append(
        Outgoing(
            id=facts.message,
            run=a.id,
            journey=a.journey,
            owner=a.owner,
            created_at=now,
            due_at=now,
            expires_at=expires_at,
            decoy=not claim.guardians,
            body=CodeLetter(facts.nonce, claim.mobile).dump(),
        )
    )
    attempt.limits += failure_limits(attempt, facts, adds=0)
    attempt.limits += message_limits(attempt, facts)


def count_identity_failure(attempt: Claiming) -> None:
    """A wrong name is a failure of the mobile, where it is told."""
    attempt.limits += failure_limits(attempt, _found(attempt), adds=1)


def count_code_failure(attempt: Coded) -> None:
    """A wrong code: one attempt less, here and for the mobile."""
    failures = attempt.run.code_failures + 1
    attempt.changes["code_failures"] = failures
    attempt.limits += failure_limits(attempt, attempt.facts, adds=1)
    _say_left(attempt, Reason.CODE_WRONG, attempt.settings.code_failures - failures)


def count_pupils_failure(attempt: Answering) -> None:
    """A wrong birth date: one attempt less, here and for the mobile."""
    failures = attempt.run.pupils_failures + 1
    attempt.changes["pupils_failures"] = failures
    attempt.limits += failure_limits(attempt, attempt.facts, adds=1)
    _say_left(attempt, Reason.BIRTH_DATES_WRONG, attempt.settings.pupils_failures - failures)


def _say_left(attempt: Attempt[Any, Any, Any], reason: Reason, left: int) -> None:
    attempt.refusals = [
        Refusal(refusal.reason, refusal.field, {**refusal.params, "attempts_left": left})
        if refusal.reason is reason
        else refusal
        for refusal in attempt.refusals
    ]


def lock(attempt: Attempt[Any, Any, CountedFacts]) -> None:
    """Too many failures: over, and until when."""
    barred = attempt.facts.barred.get("mobile_failures")
    at = barred or attempt.now + attempt.settings.lock_for
    attempt.changes["until"] = at
    attempt.void = True
    attempt.refusals.append(until(Reason.LOCKED, at, attempt.now))


@gated(code_right)
def accept_code(attempt: Coded) -> None:
    """The code is used up, and whoever used it gets a new handle (ASVS 5.0, 7.2.4)."""
    attempt.changes |= {"challenge": None, "rotation": attempt.run.rotation + 1}
    attempt.void = True
    attempt.rotate = True
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)


@gated(code_right)
def show_pupils(attempt: Coded) -> None:
    """All pupils of all matching records, each once; and the guardian's names, which no password may be made of."""
    guardian = attempt.facts.candidates[0]
    attempt.changes["names"] = (guardian.family_name, guardian.given_name, guardian.usage_name or "")
    attempt.changes["pupils"] = tuple(
        ShownPupil(id=pupil.id, given_name=pupil.given_name, school=pupil.school, relation=pupil.relation)
        for pupil in pupils_of(attempt.facts.candidates).values()
    )


def refuse_no_pupil(attempt: Attempt[Any, Any, Any]) -> None:
    """Nothing to confirm: the school must look."""
    _refuse(attempt, Reason.NO_PUPIL)


def refuse_none_confirmed(attempt: Answering) -> None:
    """All denied: the school must look."""
    attempt.denied = tuple(pupil.id for pupil in attempt.facts.pupils)
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)
    _refuse(attempt, Reason.NO_PUPIL_CONFIRMED)


def _refuse(attempt: Attempt[Any, Any, Any], reason: Reason) -> None:
    attempt.changes["why"] = reason
    attempt.refusals.append(Refusal(reason))


@gated(pupils_right)
def record_pupils(attempt: Answering) -> None:
    """Who is confirmed; the others are left out, and recorded for the school."""
    confirmed = {answer.pupil_id for answer in answers(attempt) if answer.confirmed}
    shown = tuple(pupil.id for pupil in attempt.facts.pupils)
    attempt.changes["confirmed"] = tuple(pupil for pupil in shown if pupil in confirmed)
    attempt.changes["denied"] = attempt.denied = tuple(pupil for pupil in shown if pupil not in confirmed)
    attempt.limits += failure_limits(attempt, attempt.facts, adds=0)


def keep_known_pupils(attempt: Choosing) -> None:
    """Who was struck out since the pupils' page is not confirmed."""
    a = attempt.run
    assert a.confirmed is not None  # PASSWORD comes after the pupils
    attempt.changes["confirmed"] = tuple(pupil for pupil in a.confirmed if pupil not in _ready(attempt).gone)


def _ready(attempt: Choosing) -> ReadyFacts:
    ready = attempt.facts.ready
    assert ready is not None  # the password holds, so it was looked for
    return ready


@gated(password_holds)
def create_account(attempt: Choosing) -> None:
    """The end: an identifier, and an account.  The password is hashed outside."""
    a, facts = attempt.run, _ready(attempt)
    attempt.changes["identifier"] = facts.identifier
    account = Account(
        identifier=facts.identifier,
        guardians=facts.guardians,
        confirmed=attempt.changes["confirmed"],
        denied=a.denied,
        password_hash="",
        created_at=attempt.now,
        run=a.id,
    )
    attempt.records.append(
        Draft(
            kind=accounts.KIND,
            key=account.identifier,
            owner=account.identifier,
            version=1,
            body=account.body(),
            hashed=accounts.HASH,
            unique=account.unique(),
        )
    )
    attempt.limits.append(identifiers(facts.base))


def undo_claim(attempt: Attempt[Any, Any, Any]) -> None:
    """Back to the identity page: the claim and its code are dropped.  Counters stay."""
    attempt.changes |= {"claim": None, "challenge": None}
    attempt.void = True


def undo_code(attempt: Attempt[Any, Any, Any]) -> None:
    """Back to the identity page: what the code opened is dropped."""
    attempt.changes |= {"names": (), "pupils": (), "confirmed": None, "denied": ()}


def undo_pupils(attempt: Attempt[Any, Any, Any]) -> None:
    """Back to the pupils' page: they must be confirmed again."""
    attempt.changes |= {"confirmed": None, "denied": ()}


def lapse(attempt: Attempt[Any, Any, Any]) -> None:
    """Idle or open for too long, or after too many events."""
    attempt.changes["prompt"] = None
    attempt.refusals.append(Refusal(Reason.IDLE))
