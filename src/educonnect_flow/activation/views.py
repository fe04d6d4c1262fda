"""What each page may show, and nothing else: one frozen class per state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

from educonnect_flow.activation.snapshot import Activation, CodeRun, ShownPupil
from educonnect_flow.activation.states import State
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.prompt import HumanPrompt
from educonnect_flow.reasons import Reason
from educonnect_flow.settings import Settings
from educonnect_flow.validators.password import Criterion, empty_criteria

if TYPE_CHECKING:
    from typing import Any


@frozen(slots=False)
class View(Confidential):
    """The base of all views."""


class ProfileView(View):
    """``PROFILE``: two buttons."""

    __slots__ = ()


class SignInView(View):
    """``SIGN_IN``: « Je n'ai pas de compte »."""

    __slots__ = ()


@frozen(slots=False)
class IdentityView(View):
    """``IDENTITY``"""

    prompt: HumanPrompt | None
    """What the human check asks; ``None`` when the flow has none."""


@frozen(slots=False)
class CodeView(View):
    """``CODE``"""

    masked_mobile: str
    attempts_left: int
    expires_at: datetime
    resend_at: datetime
    """From when a new code may be asked for."""
    resends_left: int


@frozen(slots=False)
class PupilsView(View):
    """``PUPILS``"""

    pupils: tuple[ShownPupil, ...] = field(repr=False)
    attempts_left: int


@frozen(slots=False)
class PasswordView(View):
    """``PASSWORD``"""

    criteria: tuple[Criterion, ...]
    """What is asked, none met yet."""


@frozen(slots=False)
class ActivatedView(View):
    """``ACTIVATED``"""

    identifier: str
    """To write down: ``p.nomXX``."""
    pupils: tuple[ShownPupil, ...] = field(repr=False)
    """The confirmed ones."""


class AlreadyActiveView(View):
    """``ALREADY_ACTIVE``: sign in, or recover the account."""

    __slots__ = ()


class NotEligibleView(View):
    """``NOT_ELIGIBLE``: this way is for guardians."""

    __slots__ = ()


@frozen(slots=False)
class RefusedView(View):
    """``REFUSED``: see the school."""

    reason: Reason
    """``NO_PUPIL`` or ``NO_PUPIL_CONFIRMED``."""


@frozen(slots=False)
class LockedView(View):
    """``LOCKED``"""

    until: datetime
    """When one may try again, with a new activation."""


class ExpiredView(View):
    """``EXPIRED``: start over."""

    __slots__ = ()


def show_identity(a: CodeRun, settings: Settings, prompt: HumanPrompt | None) -> View:
    """The identity page."""
    return IdentityView(prompt)


def show_code(a: CodeRun, settings: Settings, prompt: HumanPrompt | None) -> View:
    """The page of the code."""
    assert a.claim is not None  # the table issues a code only after a claim
    assert a.challenge is not None
    assert a.code_at is not None
    return CodeView(
        a.claim.masked,
        settings.code_failures - a.code_failures,
        a.challenge.expires_at,
        a.code_at + settings.resend_after,
        max(0, 1 + settings.resends - a.codes),
    )


def _pupils(a: Activation, settings: Settings, prompt: HumanPrompt | None) -> View:
    return PupilsView(a.pupils, settings.pupils_failures - a.pupils_failures)


def _password(a: Activation, settings: Settings, prompt: HumanPrompt | None) -> View:
    return PasswordView(empty_criteria(settings))


def _activated(a: Activation, settings: Settings, prompt: HumanPrompt | None) -> View:
    assert a.identifier is not None
    assert a.confirmed is not None
    return ActivatedView(a.identifier, tuple(p for p in a.pupils if p.id in a.confirmed))


def _refused(a: Activation, settings: Settings, prompt: HumanPrompt | None) -> View:
    assert a.why is not None
    return RefusedView(a.why)


def show_locked(a: CodeRun, settings: Settings, prompt: HumanPrompt | None) -> View:
    """The end of a run that is locked."""
    assert a.until is not None
    return LockedView(a.until)


def plain(view: type[View]) -> Callable[[Any, Any, Any], View]:
    """A page that shows nothing of the run."""
    shown = view()
    return lambda a, settings, prompt: shown


VIEWS: dict[State, Callable[[Activation, Settings, HumanPrompt | None], View]] = {
    State.PROFILE: plain(ProfileView),
    State.SIGN_IN: plain(SignInView),
    State.IDENTITY: show_identity,
    State.CODE: show_code,
    State.PUPILS: _pupils,
    State.PASSWORD: _password,
    State.ACTIVATED: _activated,
    State.ALREADY_ACTIVE: plain(AlreadyActiveView),
    State.NOT_ELIGIBLE: plain(NotEligibleView),
    State.REFUSED: _refused,
    State.LOCKED: show_locked,
    State.EXPIRED: plain(ExpiredView),
}
"""What the page of each state shows."""
