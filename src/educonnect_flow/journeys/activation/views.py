"""What each page of the activation may show, and nothing else: one frozen class per state."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow.engine._journey import Show, showing
from educonnect_flow.journeys.activation.profile import NotEligibleView, ProfileView, SignInView
from educonnect_flow.journeys.activation.run import Activation, State
from educonnect_flow.outcome import Outcome, View
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import CodeView, show_code
from educonnect_flow.steps.ending import ExpiredView
from educonnect_flow.steps.identity import IdentityView, show_identity
from educonnect_flow.steps.limits import LockedView, show_locked
from educonnect_flow.steps.password import PasswordView, show_password
from educonnect_flow.steps.pupils import PupilsView, RefusedView, ShownPupil, show_pupils_page, show_refused

__all__ = [
    "ActivatedView", "ActivationOutcome", "AlreadyActiveView", "CodeView", "ExpiredView", "IdentityView", "LockedView",
    "NotEligibleView", "PasswordView", "ProfileView", "PupilsView", "RefusedView", "SignInView",
]  # fmt: skip


@frozen(slots=False)
class ActivatedView(View):
    """``ACTIVATED``"""

    identifier: str
    """For the parent to write down: ``p.nomXX``."""
    pupils: tuple[ShownPupil, ...] = field(repr=False)
    """The confirmed pupils."""


class AlreadyActiveView(View):
    """``ALREADY_ACTIVE``: sign in, or recover the account."""

    __slots__ = ()


def _activated(run: Activation, settings: Settings, prompt: HumanPrompt | None) -> ActivatedView:  # noqa: ARG001 - the signature of Show
    assert run.identifier is not None
    assert run.confirmed is not None
    return ActivatedView(run.identifier, tuple(pupil for pupil in run.pupils if pupil.id in run.confirmed))


VIEWS: dict[State, Show] = {
    State.PROFILE: showing(ProfileView),
    State.SIGN_IN: showing(SignInView),
    State.IDENTITY: show_identity,
    State.CODE: show_code,
    State.PUPILS: show_pupils_page,
    State.PASSWORD: show_password,
    State.ACTIVATED: _activated,
    State.ALREADY_ACTIVE: showing(AlreadyActiveView),
    State.NOT_ELIGIBLE: showing(NotEligibleView),
    State.REFUSED: show_refused,
    State.LOCKED: show_locked,
    State.EXPIRED: showing(ExpiredView),
}
"""What the page of each state shows."""

ActivationOutcome = (
    Outcome[Literal[State.PROFILE], ProfileView]
    | Outcome[Literal[State.SIGN_IN], SignInView]
    | Outcome[Literal[State.IDENTITY], IdentityView]
    | Outcome[Literal[State.CODE], CodeView]
    | Outcome[Literal[State.PUPILS], PupilsView]
    | Outcome[Literal[State.PASSWORD], PasswordView]
    | Outcome[Literal[State.ACTIVATED], ActivatedView]
    | Outcome[Literal[State.ALREADY_ACTIVE], AlreadyActiveView]
    | Outcome[Literal[State.NOT_ELIGIBLE], NotEligibleView]
    | Outcome[Literal[State.REFUSED], RefusedView]
    | Outcome[Literal[State.LOCKED], LockedView]
    | Outcome[Literal[State.EXPIRED], ExpiredView]
)
"""An outcome of the activation: its ``state`` says which class its ``view`` has."""
