"""What each page may show, and nothing else."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow.engine._journey import Show, showing
from educonnect_flow.journeys.forgotten_identifier.run import ForgottenIdentifier, State
from educonnect_flow.outcome import Outcome, View
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import CodeView, show_code
from educonnect_flow.steps.ending import ExpiredView
from educonnect_flow.steps.identity import IdentityView, show_identity
from educonnect_flow.steps.limits import LockedView, show_locked


@frozen(slots=False)
class ShownView(View):
    """``SHOWN``"""

    identifiers: tuple[str, ...] = field(repr=False)
    """For the parent to write down: ``p.nomXX``."""


class NotActivatedView(View):
    """``NOT_ACTIVATED``: activate the account."""

    __slots__ = ()


def _shown(run: ForgottenIdentifier, settings: Settings, prompt: HumanPrompt | None) -> ShownView:  # noqa: ARG001 - the signature of Show
    return ShownView(run.identifiers)


VIEWS: dict[State, Show] = {
    State.IDENTITY: show_identity,
    State.CODE: show_code,
    State.SHOWN: _shown,
    State.NOT_ACTIVATED: showing(NotActivatedView),
    State.LOCKED: show_locked,
    State.EXPIRED: showing(ExpiredView),
}

ForgottenIdentifierOutcome = (
    Outcome[Literal[State.IDENTITY], IdentityView]
    | Outcome[Literal[State.CODE], CodeView]
    | Outcome[Literal[State.SHOWN], ShownView]
    | Outcome[Literal[State.NOT_ACTIVATED], NotActivatedView]
    | Outcome[Literal[State.LOCKED], LockedView]
    | Outcome[Literal[State.EXPIRED], ExpiredView]
)
"""An outcome of the journey: its ``state`` says which class its ``view`` has."""
