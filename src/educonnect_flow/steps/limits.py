"""Limits over all runs: by mobile, by source, by range of numbers, and national.

Every limit is checked and counted in the transaction of its event.  All transactions list them in the same order, so
that there is no deadlock.
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
"""A large national cap is split into so many parts, each with its own counter: with one counter, all parents of the
country would wait for each other.  A part may refuse a little early, never late."""

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
"""The reason of the refusal when a limit of the kind is reached."""

SHARED = ("source_failures", "prefix_failures", "national_failures")
"""Shared limits on failures: when one is reached, submits are refused for now, and no run is locked."""

_NATIONAL = ("national_failures", "sms_budget")


def shards(cap: int) -> int:
    """The number of parts of a national *cap*."""
    return max(1, min(SHARDS, cap // 1_000))


@frozen(kw_only=True, slots=False)
class LimitedRun(Run):
    """A run that can be locked by too many failures."""

    until: datetime | None = saved(None, TIME)
    """``LOCKED``: until when; ``None`` when a new run may be started at once."""


# --- facts -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CountedFacts(Facts):
    """The keys under which limits are counted."""

    mobile_keys: tuple[MobileKey, ...]
    """Keyed hashes of the mobile under each of the host's keys, the newest first; all of them count."""
    prefix: str
    """The mobile's range of numbers."""
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
    """The keys under which the limits of *mobile* are counted.

    :param mobile_key: its keyed hash, when it is known already; with a single secret key it is the only one.
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
    """Too many failures with this mobile, over all runs: then even the right code is refused (CVE-2026-16103)."""
    return "mobile_failures" in context.facts.barred


def throttled(context: StepContext[Any, Any, CountedFacts]) -> bool:
    """A shared limit on failures is reached: every submit is refused for now, right or wrong."""
    return bool(context.verdict("held", _throttled))


def _throttled(context: StepContext[Any, Any, CountedFacts]) -> tuple[Refusal, ...]:
    barred = context.facts.barred
    if not barred:
        return ()
    return tuple(until(REASONS[kind], barred[kind], context.now) for kind in SHARED if kind in barred)[:1]


def limits_reached(facts: CountedFacts, now: datetime) -> tuple[Refusal, ...]:
    """A refusal for each limit on messages that is reached."""
    if not facts.barred:
        return ()
    return tuple(
        until(reason, facts.barred[kind], now, "mobile" if kind == "mobile_failures" else None)
        for kind, reason in REASONS.items()
        if kind in facts.barred
    )


# --- effects ---------------------------------------------------------------------------------------


def count_failure(context: StepContext[Any, Any, Any], facts: CountedFacts, reason: Reason, left: int) -> None:
    """Count a failure for the mobile, and refuse with *reason*, which shows how many attempts are *left*."""
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
    """The limits that count one more message."""
    return _limits(context, facts, ("sms_per_mobile", "sms_per_source", "sms_per_prefix", "sms_budget"), 1)


def limits_of(kind: str, key: str, settings: Settings) -> list[Limit]:
    """All parts of the limit *kind* under *key*, to be checked only; empty when there is no bound.

    :raises KeyError: when there is no such kind.
    """
    if kind not in REASONS:
        raise KeyError(kind)
    plan = _plan(kind, settings)
    if plan is None:
        return []
    return [plan.limit(key, part, 1) for part in range(plan.parts)]


def _limits(context: StepContext[Any, Any, Any], facts: CountedFacts, kinds: tuple[str, ...], adds: int) -> list[Limit]:
    """The limits of *kinds* that the settings bound, each under every key that it is counted under for this event."""
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
    """The cap of each part."""
    window: timedelta
    lock: timedelta | None
    national: bool
    parts: int

    def limit(self, key: str, part: int, adds: int) -> Limit:
        """The limit of one key, or of one part of a national limit."""
        return Limit(self.kind, f"{NATIONAL}/{part}" if self.national else key, self.cap, self.window, self.lock, adds)


def _plan(kind: str, settings: Settings) -> _Plan | None:
    """How *kind* is counted; ``None`` when there is no bound.  Cached, because settings never change."""
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
    """The range of a number (E.164): its territory and three more digits; ``+33612`` has a million numbers.

    SMS fraud uses whole ranges of numbers, because their holder is paid for each message.
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


def show_locked(run: LimitedRun, settings: Settings, prompt: HumanPrompt | None) -> LockedView:  # noqa: ARG001 - the signature of Show
    """The end of a run that is locked."""
    return LockedView(run.until, restart=run.until is None)
