"""What each page may show, and nothing else."""

from __future__ import annotations

from attrs import field, frozen

from educonnect_flow.activation.views import ExpiredView, View, plain, show_code, show_identity, show_locked
from educonnect_flow.engine.journey import Show
from educonnect_flow.journeys.forgotten_identifier.run import ForgottenIdentifier, State
from educonnect_flow.prompt import HumanPrompt
from educonnect_flow.settings import Settings


@frozen(slots=False)
class ShownView(View):
    """``SHOWN``"""

    identifiers: tuple[str, ...] = field(repr=False)
    """To write down: ``p.nomXX``."""


class NotActivatedView(View):
    """``NOT_ACTIVATED``: activate the account."""

    __slots__ = ()


def _shown(run: ForgottenIdentifier, settings: Settings, prompt: HumanPrompt | None) -> View:  # noqa: ARG001 - as all
    return ShownView(run.identifiers)


VIEWS: dict[State, Show] = {
    State.IDENTITY: show_identity,
    State.CODE: show_code,
    State.SHOWN: _shown,
    State.NOT_ACTIVATED: plain(NotActivatedView),
    State.LOCKED: show_locked,
    State.EXPIRED: plain(ExpiredView),
}
