"""The decision: ``(journey, activation, event, facts, now) -> Decision``.  Pure, so that a run can be replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from educonnect_flow.activation.attempt import Attempt, Facts
from educonnect_flow.activation.events import Event
from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.machinery.journey import Journey
from educonnect_flow.machinery.secrecy import Confidential, amended
from educonnect_flow.machinery.tally import Limit
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Decision(Confidential):
    """What an event comes to, once committed."""

    activation: Activation
    """The next snapshot."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Empty when accepted."""
    row: str | None
    """The name of the row taken; ``None`` when the event was refused and nothing moved."""
    event: str
    """The name of the event's class; ``Lapse`` when time decided instead."""
    audited: bool
    """False for an event out of its state: the observer hears of it, the trail does not keep it."""
    limits: tuple[Limit, ...]
    outgoing: Outgoing | None
    void: bool
    """Messages of this activation that still wait are not to be sent any more."""
    account: Account | None
    denied: tuple[str, ...]
    """Ids of pupils denied, for the school."""
    rotate: bool
    prompt: bool


def ended(journey: Journey[Any], activation: Activation, now: datetime, settings: Settings) -> bool:
    """Whether *activation* is in no final state, and has expired: idle for too long, open for too long, or after too
    many events.
    """
    return activation.state not in journey.table.final and (
        now - activation.seen_at >= settings.idle_for
        or now - activation.created_at >= settings.run_for
        or activation.events >= settings.events_per_run
    )


def decide(  # noqa: PLR0917 - all that a decision is made from, as a replay has it
    journey: Journey[Any],
    activation: Activation,
    event: Event,
    facts: Facts,
    now: datetime,
    settings: Settings,
    validators: Validators,
) -> Decision:
    """Take *event* through the table.  Total: an event that the state does not accept, and a run that has ended, too.

    :param facts: of the class that *event* needs; not looked at when ``wants_facts`` says no.
    :param now: aware, UTC.
    """
    current = hold_time(activation, now)
    over = ended(journey, current, now, settings)
    if not over and not journey.accepts(current.state, type(event)):
        return _not_now(journey, activation, event)
    offered = journey.timeout() if over else event
    attempt: Attempt[Any, Any] = Attempt(current.state, current, offered, facts, now, settings, validators)
    row = journey.table.fire(attempt, type(offered))
    accepted = row is not None and row.accepted
    changes = attempt.changes
    changes |= {"state": attempt.state, "version": activation.version + 1, "seen_at": now, "latest_at": now}
    changes["events"] = activation.events + 1
    following = amended(current, changes)
    return Decision(
        activation=following,
        accepted=accepted,
        refusals=() if accepted else tuple(attempt.refusals),
        row=row.name if row is not None else None,
        event=type(offered).__name__,
        audited=True,
        limits=tuple(attempt.limits),
        outgoing=attempt.outgoing,
        void=attempt.void,
        account=attempt.account,
        denied=attempt.denied,
        rotate=attempt.rotate,
        prompt=attempt.prompt,
    )


def wants_facts(
    journey: Journey[Any], activation: Activation, event: type[Event], now: datetime, settings: Settings
) -> bool:
    """Whether ``decide`` will look at facts: the run goes on, and its state accepts *event*."""
    return not ended(journey, activation, now, settings) and journey.accepts(activation.state, event)


def _not_now(journey: Journey[Any], activation: Activation, event: Event) -> Decision:
    """The event is refused and counted, and nothing else; in a final state it is not even counted."""
    changes = {"version": activation.version + 1, "events": activation.events + 1}
    return Decision(
        activation=activation if activation.state in journey.table.final else amended(activation, changes),
        accepted=False,
        refusals=(Refusal(Reason.NOT_NOW),),
        row=None,
        event=type(event).__name__,
        audited=False,
        limits=(),
        outgoing=None,
        void=False,
        account=None,
        denied=(),
        rotate=False,
        prompt=False,
    )


def hold_time(activation: Activation, now: datetime) -> Activation:
    """*activation* as it stands when the clock has stepped back since it was last seen: nothing lives longer for it.

    A code loses what the clock took back; one that was issued in what is now the future is over.
    """
    challenge = activation.challenge
    if now >= activation.latest_at or challenge is None:
        return activation
    over = now if now < challenge.issued_at else challenge.expires_at - (activation.latest_at - now)
    return amended(activation, {"challenge": challenge._replace(expires_at=over)})
