"""The decision: ``(journey, run, event, facts, now) -> Decision``.  Pure, so that a run can be replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from educonnect_flow._secrecy import replace_fields
from educonnect_flow.engine._event import Event, Lapse
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._run import Run
from educonnect_flow.engine._step import NO_FACTS, Decision, Facts, StepContext
from educonnect_flow.errors import WrongUse
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators

R = TypeVar("R", bound=Run)


def ended(journey: Journey[R], run: Run, now: datetime, settings: Settings) -> bool:
    """Whether *run* is not in a final state and has expired: idle or open for too long, or after too many events."""
    return run.state not in journey.table.final and (
        now - run.seen_at >= settings.idle_for
        or now - run.created_at >= settings.run_for
        or run.events >= settings.events_per_run
    )


def decide(  # noqa: PLR0917 - all inputs of a decision, as a replay has them
    journey: Journey[R],
    run: R,
    event: Event,
    facts: Facts,
    now: datetime,
    settings: Settings,
    validators: Validators,
) -> Decision[R]:
    """Run *event* through the table.  Total: also for an event that the state does not accept, and an expired run.

    :param facts: of the class that *event* needs; ignored when ``wants_facts`` returns False.
    :param now: aware, UTC.
    """
    current = run.after_clock_step(now) if now < run.latest_at else run
    expired = ended(journey, current, now, settings)
    if not expired and not journey.accepts(current.state, type(event)):
        return _not_now(journey, run, event)
    offered: Any = Lapse() if expired else event
    context: StepContext[Any, Any, Any] = StepContext(current.state, current, offered, facts, now, settings, validators)
    row = journey.table.fire(context, type(offered))
    assert row is not None  # the table has one for every event that the state accepts
    changes = context.changes
    if not changes.keys() <= current.__dict__.keys():
        unknown = ", ".join(sorted(changes.keys() - current.__dict__.keys()))
        raise WrongUse(f"row {row.name!r} changes what {type(run).__name__} has not: {unknown}")
    changes |= {"state": context.state, "version": run.version + 1, "seen_at": now, "latest_at": now}
    changes["events"] = run.events + 1
    return Decision(
        run=replace_fields(current, changes),
        accepted=row.accepted,
        refusals=() if row.accepted else tuple(context.refusals),
        row=row.name,
        event=type(offered).__name__,
        audited=True,
        limits=tuple(context.limits),
        messages=tuple(context.messages),
        cancel_messages=context.cancel_messages,
        records=tuple(context.records),
        cancel_owner_messages=context.cancel_owner_messages,
        denied=context.denied,
        rotate=context.rotate,
        prompt=context.prompt,
    )


def wants_facts(journey: Journey[R], run: Run, event: type[Event], now: datetime, settings: Settings) -> bool:
    """Whether ``decide`` will read facts: the run has not expired, and its state accepts *event*."""
    return not ended(journey, run, now, settings) and journey.accepts(run.state, event)


def lapsed(journey: Journey[R], run: R, now: datetime, settings: Settings, validators: Validators) -> Decision[R]:
    """The decision for a run that has expired."""
    return decide(journey, run, Lapse(), NO_FACTS, now, settings, validators)


def _not_now(journey: Journey[R], run: R, event: Event) -> Decision[R]:
    """The event is refused and counted, nothing else changes; in a final state it is not counted either."""
    changes = {"version": run.version + 1, "events": run.events + 1}
    return Decision(
        run=run if run.state in journey.table.final else replace_fields(run, changes),
        accepted=False,
        refusals=(Refusal(Reason.NOT_NOW),),
        row=None,
        event=type(event).__name__,
        audited=False,
    )
