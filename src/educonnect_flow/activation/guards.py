"""The questions that the table asks.  Each returns a bool; those that ask a validator note why not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from educonnect_flow.activation.budgets import HELD, REASONS
from educonnect_flow.activation.events import (
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    Profile,
    ResendCode,
    SubmitCode,
)
from educonnect_flow.activation.facts import (
    ClaimFacts,
    CodeFacts,
    CountedFacts,
    FoundFacts,
    IssueFacts,
    JudgedBy,
    PasswordFacts,
    PupilsFacts,
)
from educonnect_flow.activation.snapshot import Activation, CodeRun
from educonnect_flow.engine.step import Attempt, Facts
from educonnect_flow.people import Guardian, PupilAnswer
from educonnect_flow.reasons import Reason, Refusal, refusals_of, until
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators
from educonnect_flow.validators.code import CodeCheck
from educonnect_flow.validators.identity import IdentityCheck
from educonnect_flow.validators.password import PasswordCheck, check_texts, normalise
from educonnect_flow.validators.pupils import PupilsCheck, check_form

# A refusal for any other reason costs an attempt: whatever a host's validator adds fails closed.
_FREE_CODE = frozenset({Reason.CODE_MALFORMED, Reason.CODE_EXPIRED})


Claiming = Attempt[CodeRun, ClaimIdentity, ClaimFacts]
Coded = Attempt[CodeRun, SubmitCode, CodeFacts]
Answering = Attempt[Activation, ConfirmPupils, PupilsFacts]
Choosing = Attempt[Activation, ChoosePassword, PasswordFacts]


def is_guardian(attempt: Attempt[Activation, ChooseProfile, Facts]) -> bool:
    """« Responsable d'élève »"""
    return attempt.event.profile is Profile.GUARDIAN


# --- the claim -------------------------------------------------------------------------------------


def claim_holds(attempt: Claiming) -> bool:
    """The form is right, the human check passed, the mobile may receive a code now, and somebody may be told of it."""
    return not attempt.verdict("claim", _claim)


def _claim(attempt: Claiming) -> tuple[Refusal, ...]:
    facts = attempt.facts
    if facts.form:
        return facts.form
    waiting = code_due(attempt.run, attempt.settings, attempt.now)
    if waiting:
        return waiting
    if facts.human is False:
        return (Refusal(Reason.HUMAN_CHECK_FAILED, "human_check"),)
    assert facts.found is not None  # what is refused so far is all that is refused without looking
    barred = _barred(facts.found, attempt.now)
    if barred:
        return barred
    if attempt.settings.tell_unknown_identity and not matching(attempt.event, facts.found, attempt.validators):
        return (Refusal(Reason.IDENTITY_UNKNOWN),)
    return ()


def identity_refused(attempt: Claiming) -> bool:
    """The claim failed because nobody is called so, and the host wants that told."""
    return any(refusal.reason is Reason.IDENTITY_UNKNOWN for refusal in attempt.verdict("claim", _claim))


def prompt_spent(attempt: Claiming) -> bool:
    """The human check was answered, rightly or not: its prompt will not serve again."""
    return attempt.facts.human is not None


# Whom a stranger is compared with: as long to compare as somebody.
_NOBODY = Guardian(id="", family_name="Personne", given_name="Aucune", mobile="")


def matching(event: ClaimIdentity, found: FoundFacts, validators: Validators) -> tuple[str, ...]:
    """Ids of the records that are the person claimed.  Takes the same steps when there is no record."""
    ids = []
    for guardian in found.candidates or (_NOBODY,):
        record = IdentityCheck(
            family_name=event.family_name, given_name=event.given_name, mobile=found.mobile, guardian=guardian
        )
        if not refusals_of(validators.identity(record)) and guardian is not _NOBODY:
            ids.append(guardian.id)
    return tuple(dict.fromkeys(ids))


# --- codes -----------------------------------------------------------------------------------------


def code_may_go(attempt: Attempt[CodeRun, ResendCode, IssueFacts]) -> bool:
    """A new code may be issued: not too soon, not too many, and the budgets hold."""
    return not attempt.verdict("resend", _resend)


def _resend(attempt: Attempt[CodeRun, ResendCode, IssueFacts]) -> tuple[Refusal, ...]:
    return code_due(attempt.run, attempt.settings, attempt.now) or _barred(attempt.facts, attempt.now)


def code_due(run: CodeRun, settings: Settings, now: datetime) -> tuple[Refusal, ...]:
    """Whether this activation may have another code: why not, or nothing."""
    if run.code_at is None:
        return ()
    if run.codes > settings.resends:
        return (Refusal(Reason.RESENDS_USED),)
    due = run.code_at + settings.resend_after
    return (until(Reason.RESEND_TOO_SOON, due, now),) if now < due else ()


def _barred(facts: CountedFacts, now: datetime) -> tuple[Refusal, ...]:
    if not facts.barred:
        return ()
    return tuple(
        until(reason, facts.barred[kind], now, "mobile" if kind == "mobile_failures" else None)
        for kind, reason in REASONS.items()
        if kind in facts.barred
    )


def mobile_barred(attempt: Attempt[Any, Any, CountedFacts]) -> bool:
    """Too many failures with this mobile, here or elsewhere: beats even the right code (CVE-2026-16103)."""
    return "mobile_failures" in attempt.facts.barred


def held_off(attempt: Attempt[Any, Any, CountedFacts]) -> bool:
    """Too many failures around, not by this parent alone: no attempt is looked at for now, right or wrong."""
    return bool(attempt.verdict("held", _held))


def _held(attempt: Attempt[Any, Any, CountedFacts]) -> tuple[Refusal, ...]:
    barred = attempt.facts.barred
    if not barred:
        return ()
    return tuple(until(REASONS[kind], barred[kind], attempt.now) for kind in HELD if kind in barred)[:1]


def code_right(attempt: Coded) -> bool:
    """The validator lets the code through, and there is somebody behind it."""
    return not attempt.verdict("code", _code)


def _code(attempt: Coded) -> tuple[Refusal, ...]:
    challenge, claim = attempt.run.challenge, attempt.run.claim
    assert challenge is not None and claim is not None  # CODE is only reached with both
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
    if not refusals and not claim.guardians:
        return (Refusal(Reason.CODE_WRONG, "code"),)  # no code opens for a stranger, not even by chance
    return refusals


def code_wrong(attempt: Coded) -> bool:
    """The code was refused for a reason that costs an attempt."""
    refusals = attempt.verdict("code", _code)
    return bool(refusals) and not _FREE_CODE.issuperset(refusal.reason for refusal in refusals)


def last_code(attempt: Coded) -> bool:
    """This failure uses the last attempt of the activation."""
    return attempt.run.code_failures + 1 >= attempt.settings.code_failures


def has_account(attempt: Coded) -> bool:
    """One of the guardian's records has an account already."""
    return bool(attempt.facts.identifiers)


def has_no_pupil(attempt: Coded) -> bool:
    """The schools know no pupil of this guardian."""
    return not any(guardian.pupils for guardian in attempt.facts.candidates)


# --- pupils ----------------------------------------------------------------------------------------


def pupils_right(attempt: Answering) -> bool:
    """Every pupil is answered and every date is right."""
    return not attempt.verdict("pupils", _pupils)


def _pupils(attempt: Answering) -> tuple[Refusal, ...]:
    # The form is judged here, whatever the validator: what comes after relies on it.
    check = _pupils_check(attempt)
    return check_form(check) or refusals_of(attempt.validators.pupils(check))


def _pupils_check(attempt: Answering) -> PupilsCheck:
    return PupilsCheck(pupils=attempt.facts.pupils, answers=answers(attempt))


def answers(attempt: Answering) -> tuple[PupilAnswer, ...]:
    """The answers, without those for a pupil that the page showed and the schools have since struck out."""
    gone = attempt.facts.gone
    return tuple(answer for answer in attempt.event.answers if answer.pupil_id not in gone)


def none_confirmed(attempt: Answering) -> bool:
    """Every pupil is denied."""
    return not any(answer.confirmed for answer in answers(attempt))


def pupils_wrong(attempt: Answering) -> bool:
    """The answers are well formed, and refused."""
    return bool(attempt.verdict("pupils", _pupils)) and not check_form(_pupils_check(attempt))


def last_pupils(attempt: Answering) -> bool:
    """This failure uses the last attempt of the activation."""
    return attempt.run.pupils_failures + 1 >= attempt.settings.pupils_failures


def all_gone(attempt: Answering) -> bool:
    """The schools have struck out every pupil that the page shows."""
    return attempt.facts.gone.issuperset(pupil.id for pupil in attempt.run.pupils)


# --- password --------------------------------------------------------------------------------------


def none_left(attempt: Choosing) -> bool:
    """The schools have struck out every pupil that was confirmed."""
    ready, confirmed = attempt.facts.ready, attempt.run.confirmed
    assert confirmed is not None  # PASSWORD comes after the pupils
    return ready is not None and ready.gone.issuperset(confirmed)


def password_holds(attempt: Choosing) -> bool:
    """The validator lets the password through."""
    return not attempt.verdict("password", _password)


def _password(attempt: Choosing) -> tuple[Refusal, ...]:
    event = attempt.event
    return password_refusals(
        attempt.run,
        attempt.facts.ready,
        event.password,
        event.confirmation,
        attempt.settings,
        attempt.validators,
    )


def found_account(attempt: Choosing) -> bool:
    """The store found an account of one of the guardians when it was to make another."""
    return attempt.facts.ready is not None and attempt.facts.ready.active


def password_refusals(
    activation: Activation,
    judged_by: JudgedBy | None,
    password: str,
    confirmation: str,
    settings: Settings,
    validators: Validators,
) -> tuple[Refusal, ...]:
    """Why *password* would be refused.  The submit and the meter both ask here, so that they agree.

    :param judged_by: may be ``None`` for one that is refused on its form.
    """
    formal = check_texts(password, confirmation, settings.password_max)
    if formal:
        return formal
    assert judged_by is not None  # it is loaded for every password of a right form
    check = password_check(activation, judged_by, password, confirmation, settings)
    return refusals_of(validators.password(check))


def password_check(
    activation: Activation, judged_by: JudgedBy, password: str, confirmation: str, settings: Settings
) -> PasswordCheck:
    """What a validator sees of *password*, which has at most ``password_max`` characters."""
    return PasswordCheck(
        password=normalise(password),
        confirmation=normalise(confirmation),
        names=activation.names,
        mobile=judged_by.mobile,
        identifier=judged_by.base,
        settings=settings,
        breached=judged_by.breached,
    )
