"""How the facts of each event of the activation are loaded: the only place that calls a port before its decision.

The same calls are made for a known parent and for a stranger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from educonnect_flow import accounts, identifier
from educonnect_flow.activation.budgets import identifiers, prefix_of
from educonnect_flow.activation.events import (
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    GoBack,
    ResendCode,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.activation.facts import (
    ClaimFacts,
    CodeFacts,
    FoundFacts,
    IssueFacts,
    JudgedBy,
    PasswordFacts,
    PupilsFacts,
    ReadyFacts,
    pupils_of,
)
from educonnect_flow.activation.form import read_form
from educonnect_flow.activation.guards import code_due, password_check, password_refusals
from educonnect_flow.activation.snapshot import Activation, Challenge, Claim, CodeRun
from educonnect_flow.activation.states import State
from educonnect_flow.engine.event import Event
from educonnect_flow.engine.journey import Load, Meter
from educonnect_flow.engine.outside import Loading, Outside
from educonnect_flow.errors import WrongUse
from educonnect_flow.machinery import tally
from educonnect_flow.machinery.secrecy import Hidden
from educonnect_flow.machinery.tally import micros
from educonnect_flow.people import E164, Guardian, MobileKey, SealedMobile
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators.mobile import mask
from educonnect_flow.validators.password import PasswordReport, assess, check_texts, normalise


class _Counted(TypedDict):
    mobile_keys: tuple[MobileKey, ...]
    prefix: str
    barred: Mapping[str, datetime]


def _counted(loading: Loading[Any, Any], mobile: E164, claim: Claim | None = None) -> _Counted:
    """The fields of ``CountedFacts``.

    :param claim: what *mobile* was unsealed of; under a single key its hash is that of the mobile.
    """
    keys = loading.outside.keys
    return {
        "mobile_keys": (claim.mobile_key,) if claim is not None and keys.single else loading.outside.keys_of(mobile),
        "prefix": prefix_of(mobile),
        "barred": loading.memo.barred,
    }


async def load_claim(loading: Loading[CodeRun, ClaimIdentity]) -> ClaimFacts:
    """For ``ClaimIdentity``."""
    outside, run, event, memo = loading.outside, loading.run, loading.event, loading.memo
    prompt, check = run.prompt, outside.human_check
    number, form = read_form(event, check is not None, outside.settings, outside.validators)
    if check is not None and prompt is None:  # the check came in while this parent was on the page
        form = tuple(dict.fromkeys((*form, Refusal(Reason.HUMAN_CHECK_REQUIRED, "human_check"))))
    if form or code_due(run, outside.settings, loading.now):
        return ClaimFacts(form=form, human=None, found=None)
    human = None
    if check is not None:
        assert prompt is not None  # the form is refused without both
        assert event.human_check is not None
        # Once per request: a prompt serves once, and another's is not this answer's.
        human = await memo.once(outside, "human_check.passes", check.passes, prompt, event.human_check) is True
        if not human:
            return ClaimFacts(form=(), human=False, found=None)
    assert number is not None  # the form is right
    assert number.number is not None
    mobile = number.number
    nonce, message = memo.draw(outside.keys)
    found = FoundFacts(
        **_counted(loading, mobile),
        nonce=nonce,
        message=message,
        mobile=mobile,
        sealed=SealedMobile(outside.keys.seal(mobile, run.id)),
        masked=mask(mobile),
        candidates=await _find(outside, mobile),
    )
    return ClaimFacts(form=(), human=human, found=found)


async def _find(outside: Outside, mobile: E164) -> tuple[Guardian, ...]:
    found: Any = await outside.ask("directory.find", outside.directory.find, mobile)
    if not isinstance(found, tuple | list | Sequence) or not all(isinstance(one, Guardian) for one in found):
        raise WrongUse("directory.find must return a sequence of Guardian")
    return tuple(found)


async def _matched(outside: Outside, claim: Claim, mobile: E164) -> tuple[Guardian, ...]:
    return tuple([guardian for guardian in await _find(outside, mobile) if guardian.id in claim.guardians])


def _claimed(run: CodeRun) -> Claim:
    assert run.claim is not None  # no state after IDENTITY is without one
    return run.claim


async def load_code(loading: Loading[CodeRun, SubmitCode]) -> CodeFacts:
    """For ``SubmitCode``."""
    outside, run = loading.outside, loading.run
    claim, challenge = _claimed(run), run.challenge
    assert isinstance(challenge, Challenge)  # CODE is never without one
    mobile = outside.mobile_of(run.id, claim.mobile)
    return CodeFacts(
        **_counted(loading, mobile, claim),
        expected=outside.code_of(run.journey, run.id, challenge.nonce, mobile),
        candidates=await _matched(outside, claim, mobile),
        identifiers=tuple([record.key for record in loading.records if record.kind == accounts.KIND]),
    )


async def load_resend(loading: Loading[CodeRun, ResendCode]) -> IssueFacts:
    """For ``ResendCode``."""
    outside, run = loading.outside, loading.run
    nonce, message = loading.memo.draw(outside.keys)
    claim = _claimed(run)
    mobile = outside.mobile_of(run.id, claim.mobile)
    return IssueFacts(**_counted(loading, mobile, claim), nonce=nonce, message=message)


async def _load_pupils(loading: Loading[Activation, ConfirmPupils]) -> PupilsFacts:
    outside, run = loading.outside, loading.run
    claim = _claimed(run)
    mobile = outside.mobile_of(run.id, claim.mobile)
    known = pupils_of(await _matched(outside, claim, mobile))
    shown = [pupil.id for pupil in run.pupils]
    return PupilsFacts(
        **_counted(loading, mobile, claim),
        pupils=tuple(known[pupil] for pupil in shown if pupil in known),
        gone=frozenset(pupil for pupil in shown if pupil not in known),
    )


async def _load_password(loading: Loading[Activation, ChoosePassword]) -> PasswordFacts:
    outside, run, event = loading.outside, loading.run, loading.event
    if check_texts(event.password, event.confirmation, outside.settings.password_max):
        return PasswordFacts(ready=None)
    judged_by = await _judged_by(loading, event.password)
    base = judged_by.base
    guardians = await _matched(outside, _claimed(run), judged_by.mobile)
    known = pupils_of(guardians)
    counted = identifiers(base)
    issued = tally.used(
        await outside.stored(outside.store.tally, counted.kind, counted.key), counted, micros(loading.now)
    )
    # Whether another account has one of the guardians, or only the identifier that was drawn.
    conflicts = loading.memo.conflicts
    drawn = str(sum(conflict.name is None for conflict in conflicts))
    ready = ReadyFacts(
        mobile=judged_by.mobile,
        base=base,
        breached=judged_by.breached,
        guardians=tuple(dict.fromkeys(guardian.id for guardian in guardians)),
        gone=frozenset(pupil for pupil in run.confirmed or () if pupil not in known),
        identifier=base + outside.keys.digits("identifier", identifier.width(issued), run.id, base, drawn),
        active=any(conflict.name is not None for conflict in conflicts),
    )
    return PasswordFacts(ready=ready)


async def _judged_by(loading: Loading[Activation, Any], password: str, *, listed: bool = True) -> JudgedBy:
    """What *password* is judged by, beside itself.

    :param password: of at most ``password_max`` characters.
    :param listed: whether the host's list of published passwords is asked.
    """
    outside, run = loading.outside, loading.run
    family_name, given_name = run.names[:2]
    breached, breaches = False, outside.breaches
    if breaches is not None and listed:
        breached = bool(await loading.memo.once(outside, "breaches.holds", breaches.holds, normalise(password)))
    return JudgedBy(
        mobile=outside.mobile_of(run.id, _claimed(run).mobile),
        base=identifier.base(given_name, family_name),
        breached=breached,
    )


async def _assess(loading: Loading[Activation, Any], password: str) -> PasswordReport:
    """The criteria that *password* meets, and its strength; nothing is stored, and nothing counts."""
    outside, run, settings = loading.outside, loading.run, loading.outside.settings
    text = Hidden(password[: settings.password_max])
    formal = check_texts(password, password, settings.password_max)
    # What is refused on its form is not looked up, as in a submit.
    judged_by = await _judged_by(loading, text, listed=not formal)
    check = password_check(run, judged_by, text, text, settings)
    refusals = password_refusals(run, judged_by, password, password, settings, outside.validators)
    return await outside.call(assess, check, refusals)


def accepted_password(event: ChoosePassword, settings: Settings) -> str | None:
    """The password of *event* as it is hashed when it is accepted; ``None`` when it would be refused on its form."""
    if check_texts(event.password, event.confirmation, settings.password_max):
        return None
    text = normalise(event.password)
    return text if text == normalise(event.confirmation) else None


FACTS: dict[type[Event], Load | None] = {
    ChooseProfile: None,
    StartActivation: None,
    ClaimIdentity: load_claim,
    SubmitCode: load_code,
    ResendCode: load_resend,
    ConfirmPupils: _load_pupils,
    ChoosePassword: _load_password,
    GoBack: None,
}
"""How the facts of each event are loaded; ``None``: it needs none."""

METERS: dict[State, Meter] = {State.PASSWORD: _assess}
