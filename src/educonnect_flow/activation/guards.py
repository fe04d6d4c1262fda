"""The questions that the table asks.  Each returns a bool; those that ask a validator note why not."""

from __future__ import annotations

from datetime import datetime

from educonnect_flow.activation.attempt import Attempt, Facts
from educonnect_flow.activation.budgets import HELD, REASONS
from educonnect_flow.activation.events import Profile
from educonnect_flow.activation.snapshot import Activation
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


def is_guardian(attempt: Attempt) -> bool:
    """« Responsable d'élève »"""
    return attempt.event.profile is Profile.GUARDIAN


# --- the claim -------------------------------------------------------------------------------------


def claim_holds(attempt: Attempt) -> bool:
    """The form is right, the human check passed, the mobile may receive a code now, and somebody may be told of it."""
    return not attempt.verdict("claim", _claim)


def _claim(attempt: Attempt) -> tuple[Refusal, ...]:
    facts = attempt.facts
    if facts.form:
        return facts.form
    waiting = code_due(attempt.activation, attempt.settings, attempt.now)
    if waiting:
        return waiting
    if facts.human is False:
        return (Refusal(Reason.HUMAN_CHECK_FAILED, "human_check"),)
    barred = _barred(attempt)
    if barred:
        return barred
    if attempt.settings.tell_unknown_identity and not matching(attempt):
        return (Refusal(Reason.IDENTITY_UNKNOWN),)
    return ()


def identity_refused(attempt: Attempt) -> bool:
    """The claim failed because nobody is called so, and the host wants that told."""
    return any(refusal.reason is Reason.IDENTITY_UNKNOWN for refusal in attempt.verdict("claim", _claim))


def prompt_spent(attempt: Attempt) -> bool:
    """The human check was answered, rightly or not: its prompt will not serve again."""
    return attempt.facts.human is not None


# Whom a stranger is compared with: as long to compare as somebody.
_NOBODY = Guardian(id="", family_name="Personne", given_name="Aucune", mobile="")


def matching(attempt: Attempt) -> tuple[str, ...]:
    """Ids of the records that are the person claimed.  Takes the same steps when there is no record."""
    event, facts = attempt.event, attempt.facts
    check = attempt.validators.identity
    found = []
    for guardian in facts.candidates or (_NOBODY,):
        record = IdentityCheck(
            family_name=event.family_name, given_name=event.given_name, mobile=facts.mobile, guardian=guardian
        )
        if not refusals_of(check(record)) and guardian is not _NOBODY:
            found.append(guardian.id)
    return tuple(dict.fromkeys(found))


# --- codes -----------------------------------------------------------------------------------------


def code_may_go(attempt: Attempt) -> bool:
    """A new code may be issued: not too soon, not too many, and the budgets hold."""
    return not attempt.verdict("resend", _resend)


def _resend(attempt: Attempt) -> tuple[Refusal, ...]:
    return code_due(attempt.activation, attempt.settings, attempt.now) or _barred(attempt)


def code_due(activation: Activation, settings: Settings, now: datetime) -> tuple[Refusal, ...]:
    """Whether this activation may have another code: why not, or nothing."""
    if activation.code_at is None:
        return ()
    if activation.codes > settings.resends:
        return (Refusal(Reason.RESENDS_USED),)
    due = activation.code_at + settings.resend_after
    return (until(Reason.RESEND_TOO_SOON, due, now),) if now < due else ()


def _barred(attempt: Attempt) -> tuple[Refusal, ...]:
    barred = attempt.facts.barred
    return tuple(
        until(reason, barred[kind], attempt.now, "mobile" if kind == "mobile_failures" else None)
        for kind, reason in REASONS.items()
        if kind in barred
    )


def mobile_barred(attempt: Attempt) -> bool:
    """Too many failures with this mobile, here or elsewhere: beats even the right code (CVE-2026-16103)."""
    return "mobile_failures" in attempt.facts.barred


def held_off(attempt: Attempt) -> bool:
    """Too many failures around, not by this parent alone: no attempt is looked at for now, right or wrong."""
    return bool(attempt.verdict("held", _held))


def _held(attempt: Attempt) -> tuple[Refusal, ...]:
    barred = attempt.facts.barred
    return tuple(until(REASONS[kind], barred[kind], attempt.now) for kind in HELD if kind in barred)[:1]


def code_right(attempt: Attempt) -> bool:
    """The validator lets the code through, and there is somebody behind it."""
    return not attempt.verdict("code", _code)


def _code(attempt: Attempt) -> tuple[Refusal, ...]:
    challenge, claim = attempt.activation.challenge, attempt.activation.claim
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


def code_wrong(attempt: Attempt) -> bool:
    """The code was refused for a reason that costs an attempt."""
    refusals = attempt.verdict("code", _code)
    return bool(refusals) and not _FREE_CODE.issuperset(refusal.reason for refusal in refusals)


def last_code(attempt: Attempt) -> bool:
    """This failure uses the last attempt of the activation."""
    return attempt.activation.code_failures + 1 >= attempt.settings.code_failures


def has_account(attempt: Attempt) -> bool:
    """One of the guardian's records has an account already."""
    return attempt.facts.active


def has_no_pupil(attempt: Attempt) -> bool:
    """The schools know no pupil of this guardian."""
    return not any(guardian.pupils for guardian in attempt.facts.candidates)


# --- pupils ----------------------------------------------------------------------------------------


def pupils_right(attempt: Attempt) -> bool:
    """Every pupil is answered and every date is right."""
    return not attempt.verdict("pupils", _pupils)


def _pupils(attempt: Attempt) -> tuple[Refusal, ...]:
    # The form is judged here, whatever the validator: what comes after relies on it.
    check = _pupils_check(attempt)
    return check_form(check) or refusals_of(attempt.validators.pupils(check))


def _pupils_check(attempt: Attempt) -> PupilsCheck:
    return PupilsCheck(pupils=attempt.facts.pupils, answers=answers(attempt))


def answers(attempt: Attempt) -> tuple[PupilAnswer, ...]:
    """The answers, without those for a pupil that the page showed and the schools have since struck out."""
    gone = attempt.facts.gone
    return tuple(answer for answer in attempt.event.answers if answer.pupil_id not in gone)


def none_confirmed(attempt: Attempt) -> bool:
    """Every pupil is denied."""
    return not any(answer.confirmed for answer in answers(attempt))


def pupils_wrong(attempt: Attempt) -> bool:
    """The answers are well formed, and refused."""
    return bool(attempt.verdict("pupils", _pupils)) and not check_form(_pupils_check(attempt))


def last_pupils(attempt: Attempt) -> bool:
    """This failure uses the last attempt of the activation."""
    return attempt.activation.pupils_failures + 1 >= attempt.settings.pupils_failures


def all_gone(attempt: Attempt) -> bool:
    """The schools have struck out every pupil that was confirmed, or that the page shows to be confirmed."""
    a = attempt.activation
    asked = a.confirmed if a.confirmed is not None else [pupil.id for pupil in a.pupils]
    return attempt.facts.gone.issuperset(asked)


# --- password --------------------------------------------------------------------------------------


def password_holds(attempt: Attempt) -> bool:
    """The validator lets the password through."""
    return not attempt.verdict("password", _password)


def _password(attempt: Attempt) -> tuple[Refusal, ...]:
    event = attempt.event
    return password_refusals(
        attempt.activation, attempt.facts, event.password, event.confirmation, attempt.settings, attempt.validators
    )


def password_refusals(
    activation: Activation,
    facts: Facts,
    password: str,
    confirmation: str,
    settings: Settings,
    validators: Validators,
) -> tuple[Refusal, ...]:
    """Why *password* would be refused.  The submit and the meter both ask here, so that they agree."""
    formal = check_texts(password, confirmation, settings.password_max)
    if formal:
        return formal
    check = password_check(activation, facts, password, confirmation, settings)
    return refusals_of(validators.password(check))


def password_check(
    activation: Activation, facts: Facts, password: str, confirmation: str, settings: Settings
) -> PasswordCheck:
    """What a validator sees of *password*, which has at most ``password_max`` characters."""
    return PasswordCheck(
        password=normalise(password),
        confirmation=normalise(confirmation),
        names=activation.names,
        mobile=facts.mobile,
        identifier=facts.base,
        settings=settings,
        breached=facts.breached,
    )
