"""What is counted beside a run's own attempts: by mobile, by source, by range of numbers, and in all.

Every limit is looked at and counted in the transaction of the state that it belongs to.  All are named in one order,
so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict
from zlib import crc32

from attrs import frozen

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow.engine._ports import LoadContext
from educonnect_flow.engine._run import TIME, Run, saved
from educonnect_flow.engine._step import Facts, StepContext
from educonnect_flow.outcome import View
from educonnect_flow.people import E164, MobileKey
from educonnect_flow.reasons import Reason, Refusal, until
from educonnect_flow.settings import Settings
from educonnect_flow.tally import Limit, micros, used

NATIONAL = "national"
SHARDS = 16
"""A large national cap is split in so many parts, each counted by itself: else every parent of the country would wait
for the one before.  What is refused is refused a little early, never late."""

REASONS = {
    "mobile_failures": Reason.MOBILE_LOCKED,
    "source_failures": Reason.SOURCE_FAILURES,
    "prefix_failures": Reason.SERVICE_FAILURES,
    "national_failures": Reason.SERVICE_FAILURES,
    "sms_per_mobile": Reason.SMS_PER_MOBILE,
    "sms_per_source": Reason.SMS_PER_SOURCE,
    "sms_per_prefix": Reason.SMS_PER_PREFIX,
    "sms_budget": Reason.SMS_BUDGET,
}
"""What is said when a limit of the kind refuses."""

SHARED = ("source_failures", "prefix_failures", "national_failures")
"""Limits on failures that are not this parent's alone: when one is reached, submits are refused for now, and no run
is locked.
"""

_NATIONAL = ("national_failures", "sms_budget")


def shards(cap: int) -> int:
    """In how many parts a national *cap* is counted."""
    return max(1, min(SHARDS, cap // 1_000))


@frozen(kw_only=True, slots=False)
class LimitedRun(Run):
    """A run that too many failures can lock."""

    until: datetime | None = saved(None, TIME)
    """``LOCKED``: until when; ``None`` when a new run may be started at once."""


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CountedFacts(Facts):
    """What limits are counted by."""

    mobile_keys: tuple[MobileKey, ...]
    """By each of the host's keys, the newest first: while several are in use, all are counted under."""
    prefix: str
    """The range of numbers that the mobile is counted in."""
    barred: Mapping[str, datetime]
    """By kind of limit: what the store refused to count further, and until when."""
    locks_until: datetime | None
    """Until when one more failure locks the mobile; ``None`` when it does not, or when this is not the last try."""


class Counted(TypedDict):
    """The fields of ``CountedFacts``."""

    mobile_keys: tuple[MobileKey, ...]
    prefix: str
    barred: Mapping[str, datetime]
    locks_until: datetime | None


def load_counted(loading: LoadContext[Any, Any], mobile: E164, mobile_key: MobileKey | None = None) -> Counted:
    """What the limits of *mobile* are counted by.

    :param mobile_key: its hash, when it is known already; under a single key it is the only one.
    """
    keys = loading.ports.keys
    return {
        "mobile_keys": (mobile_key,) if mobile_key is not None and keys.single else loading.ports.keys_of(mobile),
        "prefix": prefix_of(mobile),
        "barred": loading.retry.barred,
        "locks_until": None,
    }


async def load_last(loading: LoadContext[Any, Any], counted: Counted, tries_left: int) -> Counted:
    """*counted*, with what a failure of the last try means for the mobile.

    :param tries_left: of the run.
    """
    if tries_left > 1:
        return counted
    ports, now = loading.ports, micros(loading.now)
    for limit in limits_of("mobile_failures", counted["mobile_keys"][-1], ports.settings):
        kept = await ports.stored(ports.store.tally, limit.kind, limit.key)
        if used(kept, limit, now) + 1 >= limit.cap:
            return {**counted, "locks_until": loading.now + ports.settings.lock_for}
    return counted


# --- guards ----------------------------------------------------------------------------------------


def mobile_barred(context: StepContext[Any, Any, CountedFacts]) -> bool:
    """Too many failures with this mobile, here or elsewhere: beats even the right code (CVE-2026-16103)."""
    return "mobile_failures" in context.facts.barred


def throttled(context: StepContext[Any, Any, CountedFacts]) -> bool:
    """Too many failures around, not by this parent alone: no attempt is looked at for now, right or wrong."""
    return bool(context.verdict("held", _throttled))


def _throttled(context: StepContext[Any, Any, CountedFacts]) -> tuple[Refusal, ...]:
    barred = context.facts.barred
    if not barred:
        return ()
    return tuple(until(REASONS[kind], barred[kind], context.now) for kind in SHARED if kind in barred)[:1]


def limits_reached(facts: CountedFacts, now: datetime) -> tuple[Refusal, ...]:
    """A refusal for each limit that does not let another code out, or nothing."""
    if not facts.barred:
        return ()
    return tuple(
        until(reason, facts.barred[kind], now, "mobile" if kind == "mobile_failures" else None)
        for kind, reason in REASONS.items()
        if kind in facts.barred
    )


# --- effects ---------------------------------------------------------------------------------------


def count_failure(context: StepContext[Any, Any, Any], facts: CountedFacts, reason: Reason, left: int) -> None:
    """One failure more for the mobile, and the refusal for *reason* says how many tries are *left*."""
    context.limits += failure_limits(context, facts, adds=1)
    context.refusals = [
        Refusal(refusal.reason, refusal.field, {**refusal.params, "attempts_left": left})
        if refusal.reason is reason
        else refusal
        for refusal in context.refusals
    ]


def lock(context: StepContext[Any, Any, CountedFacts]) -> None:
    """Too many failures: the run ends here, and says until when the mobile is locked, or that a new run may start."""
    at = context.facts.barred.get("mobile_failures") or context.facts.locks_until
    context.changes["until"] = at
    context.cancel_messages = True
    context.refusals.append(Refusal(Reason.LOCKED) if at is None else until(Reason.LOCKED, at, context.now))


# --- the limits ------------------------------------------------------------------------------------


def failure_limits(context: StepContext[Any, Any, Any], facts: CountedFacts, adds: int) -> list[Limit]:
    """The limits on failures.

    :param adds: 0: check the limits only; 1: check them and add one.
    """
    return _limits(context, facts, ("mobile_failures", "source_failures", "prefix_failures", "national_failures"), adds)


def message_limits(context: StepContext[Any, Any, Any], facts: CountedFacts) -> list[Limit]:
    """The limits that one more message counts against."""
    return _limits(context, facts, ("sms_per_mobile", "sms_per_source", "sms_per_prefix", "sms_budget"), 1)


def limits_of(kind: str, key: str, settings: Settings) -> list[Limit]:
    """All parts of the limit *kind* as it is counted under *key*, to be looked at; empty when there is no bound.

    :raises KeyError: when there is no such kind.
    """
    if kind not in REASONS:
        raise KeyError(kind)
    plan = _plan(kind, settings)
    if plan is None:
        return []
    return [plan.limit(key, part, 1) for part in range(plan.parts)]


def _limits(context: StepContext[Any, Any, Any], facts: CountedFacts, kinds: tuple[str, ...], adds: int) -> list[Limit]:
    """Those of *kinds* that the settings bound, each under every key that it is counted by for this attempt."""
    settings, source = context.settings, context.run.source
    sources = sorted(source.split()) if source else []
    counted_by: tuple[Sequence[str], ...] = (sorted(facts.mobile_keys), sources, (facts.prefix,), ("",))
    limits = []
    for kind, keys in zip(kinds, counted_by, strict=True):
        plan = _plan(kind, settings)
        if plan is not None:
            part = crc32(context.run.id.encode()) % plan.parts if plan.parts > 1 else 0
            limits += [plan.limit(key, part, adds) for key in keys]
    return limits


class _Plan(NamedTuple):
    """One kind of limit under given settings."""

    kind: str
    cap: int
    """Of each part."""
    window: timedelta
    lock: timedelta | None
    national: bool
    parts: int

    def limit(self, key: str, part: int, adds: int) -> Limit:
        """The limit of one key; of a national one, of one part."""
        return Limit(self.kind, f"{NATIONAL}/{part}" if self.national else key, self.cap, self.window, self.lock, adds)


def _plan(kind: str, settings: Settings) -> _Plan | None:
    """How *kind* is counted; ``None`` when there is no bound.  Kept with the settings, which never change."""
    known: dict[str, _Plan | None] = settings.__dict__.setdefault("_plans", {})
    if kind not in known:
        cap: int | None = getattr(settings, kind)
        national = kind in _NATIONAL
        parts = shards(cap) if national and cap is not None else 1
        window = settings.sms_window if kind.startswith("sms") else settings.failures_window
        lock = settings.lock_for if kind == "mobile_failures" else None
        known[kind] = None if cap is None else _Plan(kind, cap // parts, window, lock, national, parts)
    return known[kind]


def prefix_of(mobile: E164) -> str:
    """The range that a number (E.164) is counted in: its territory and three digits more; ``+33612`` has a million.

    Fraud by messages walks through ranges, for their holder is paid by the message.
    """
    return mobile[:6] if mobile.startswith("+33") else mobile[:7]


# --- view ------------------------------------------------------------------------------------------


@frozen(slots=False)
class LockedView(View):
    """``LOCKED``"""

    until: datetime | None
    """When one may try again, with a new run; ``None``: at once."""
    restart: bool
    """Whether a new run may be started at once."""


def show_locked(run: LimitedRun, settings: Settings, prompt: HumanPrompt | None) -> LockedView:  # noqa: ARG001
    """The end of a run that is locked."""
    return LockedView(run.until, restart=run.until is None)
