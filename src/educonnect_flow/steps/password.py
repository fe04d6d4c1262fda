"""The password: typed twice, checked, and assessed while the parent types."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from educonnect_flow import _identifier as identifier
from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import Hidden, hidden
from educonnect_flow._typed import of
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._run import TEXTS, saved
from educonnect_flow.engine._step import Facts, StepContext
from educonnect_flow.engine._table import gated
from educonnect_flow.outcome import View
from educonnect_flow.people import E164
from educonnect_flow.reasons import Refusal, refusals_of
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import CodeRun, code_right, mobile_of
from educonnect_flow.steps.identity import Proving
from educonnect_flow.validators import Validators
from educonnect_flow.validators.password import (
    Criterion,
    PasswordCheck,
    PasswordReport,
    assess,
    check_texts,
    empty_criteria,
    normalise,
)

# --- events ----------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class ChoosePassword(Event):
    """The password and its confirmation, exactly as typed."""

    password: str = field(converter=hidden, validator=of(str), repr=False)
    confirmation: str = field(converter=hidden, validator=of(str), repr=False)


# --- run data --------------------------------------------------------------------------------------


@frozen(kw_only=True, slots=False)
class PasswordRun(CodeRun):
    """A run that ends with a password."""

    names: tuple[str, ...] = saved((), TEXTS, repr=False)
    """The guardian's family, given and usage name, stored when the code is accepted; no password may contain them."""


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class JudgedBy(Facts):
    """What a password is checked against."""

    mobile: E164
    stem: str
    """The future identifier without its digits."""
    breached: bool
    """Whether the password is on the host's list of published passwords."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class PasswordFacts(Facts):
    """For ``ChoosePassword``."""

    judged_by: JudgedBy | None
    """``None`` when nothing was looked up, because the password's length or characters are refused."""


def refused_on_its_form(event: ChoosePassword, settings: Settings) -> bool:
    """Whether *event* is refused for its length or characters."""
    return bool(check_texts(event.password, event.confirmation, settings.password_max))


async def load_judged_by(loading: LoadContext[PasswordRun, Any], password: str, *, listed: bool = True) -> JudgedBy:
    """What *password* is checked against.

    :param password: of at most ``password_max`` characters.
    :param listed: whether the host's list of published passwords is asked.
    """
    ports, run = loading.ports, loading.run
    family_name, given_name = run.names[:2]
    breached, breaches = False, ports.breaches
    if breaches is not None and listed:
        breached = bool(await loading.retry.once(ports, "breaches.holds", breaches.holds, normalise(password)))
    return JudgedBy(mobile=mobile_of(ports, run), stem=identifier.base(given_name, family_name), breached=breached)


async def assess_password(loading: LoadContext[PasswordRun, Any], password: str) -> PasswordReport:
    """The meter: the criteria that *password* meets, and its strength.  Nothing is stored or counted."""
    ports, run, settings = loading.ports, loading.run, loading.ports.settings
    text = Hidden(password[: settings.password_max])
    formal = check_texts(password, password, settings.password_max)
    # As in a submit, nothing is looked up for a password of a wrong length or with wrong characters.
    judged_by = await load_judged_by(loading, text, listed=not formal)
    check = _check(run, judged_by, text, text, settings)
    refusals = _refusals(run, judged_by, password, password, settings, ports.validators)
    return await ports.call(assess, check, refusals)


def accepted_password(event: ChoosePassword, settings: Settings) -> str | None:
    """The password of *event* in the form that is hashed; ``None`` when its length or characters are refused."""
    if refused_on_its_form(event, settings):
        return None
    text = normalise(event.password)
    return text if text == normalise(event.confirmation) else None


# --- guards ----------------------------------------------------------------------------------------

Choosing = StepContext[PasswordRun, ChoosePassword, PasswordFacts]


def password_holds(context: Choosing) -> bool:
    """The validator accepts the password."""
    return not context.verdict("password", _password)


def _password(context: Choosing) -> tuple[Refusal, ...]:
    event, judged_by = context.event, context.facts.judged_by
    return _refusals(context.run, judged_by, event.password, event.confirmation, context.settings, context.validators)


def _refusals(
    run: PasswordRun,
    judged_by: JudgedBy | None,
    password: str,
    confirmation: str,
    settings: Settings,
    validators: Validators,
) -> tuple[Refusal, ...]:
    """Why *password* would be refused.  The submit and the meter both call this, so that they agree.

    :param judged_by: may be ``None`` when the password's length or characters are refused.
    """
    formal = check_texts(password, confirmation, settings.password_max)
    if formal:
        return formal
    assert judged_by is not None  # it is loaded for every other password
    return refusals_of(validators.password(_check(run, judged_by, password, confirmation, settings)))


def _check(
    run: PasswordRun, judged_by: JudgedBy, password: str, confirmation: str, settings: Settings
) -> PasswordCheck:
    """The record that a validator gets for *password*, which has at most ``password_max`` characters."""
    return PasswordCheck(
        password=normalise(password),
        confirmation=normalise(confirmation),
        names=run.names,
        mobile=judged_by.mobile,
        identifier=judged_by.stem,
        settings=settings,
        breached=judged_by.breached,
    )


# --- effects ---------------------------------------------------------------------------------------


@gated(code_right)
def keep_names(context: Proving) -> None:
    """Store the guardian's names, which no password may contain."""
    guardian = context.facts.candidates[0]
    context.changes["names"] = (guardian.family_name, guardian.given_name, guardian.usage_name or "")


def drop_names(context: StepContext[Any, Any, Any]) -> None:
    """Back before the code: drop the names."""
    context.changes["names"] = ()


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class PasswordView(View):
    """``PASSWORD``"""

    criteria: tuple[Criterion, ...]
    """The criteria, none of them met yet."""


def show_password(run: PasswordRun, settings: Settings, prompt: HumanPrompt | None) -> PasswordView:  # noqa: ARG001 - the signature of Show
    """The page of the password."""
    return PasswordView(empty_criteria(settings))
