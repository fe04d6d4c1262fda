"""What is counted beside the activation's own attempts: by mobile, by source, by range of numbers, and in all.

Every limit is looked at and counted in the transaction of the state that it belongs to.  All are named in one order,
so that no two transactions wait for each other.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from zlib import crc32

from educonnect_flow.activation.facts import CountedFacts
from educonnect_flow.engine.step import Attempt
from educonnect_flow.machinery.tally import Limit
from educonnect_flow.people import E164
from educonnect_flow.reasons import Reason
from educonnect_flow.settings import Settings

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

HELD = ("source_failures", "prefix_failures", "national_failures")
"""Limits on failures that are not this parent's alone: they hold an attempt off, and lock nobody's activation."""


_NATIONAL = ("national_failures", "sms_budget")


def shards(cap: int) -> int:
    """In how many parts a national *cap* is counted."""
    return max(1, min(SHARDS, cap // 1_000))


def failure_limits(attempt: Attempt[Any, Any, Any], facts: CountedFacts, adds: int) -> list[Limit]:
    """The limits on failures.

    :param adds: 1 when one happened; 0 to be free of them.
    """
    return _limits(attempt, facts, ("mobile_failures", "source_failures", "prefix_failures", "national_failures"), adds)


def message_limits(attempt: Attempt[Any, Any, Any], facts: CountedFacts) -> list[Limit]:
    """The limits that one more message counts against."""
    return _limits(attempt, facts, ("sms_per_mobile", "sms_per_source", "sms_per_prefix", "sms_budget"), 1)


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


def _limits(attempt: Attempt[Any, Any, Any], facts: CountedFacts, kinds: tuple[str, ...], adds: int) -> list[Limit]:
    """Those of *kinds* that the settings bound, each under every key that it is counted by for this attempt."""
    settings, source = attempt.settings, attempt.run.source
    sources = sorted(source.split()) if source else []
    counted_by: tuple[Sequence[str], ...] = (sorted(facts.mobile_keys), sources, (facts.prefix,), ("",))
    limits = []
    for kind, keys in zip(kinds, counted_by, strict=True):
        plan = _plan(kind, settings)
        if plan is not None:
            part = crc32(attempt.run.id.encode()) % plan.parts if plan.parts > 1 else 0
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


_CENTURY = timedelta(days=36_525)


def identifiers(base: str, adds: int = 1) -> Limit:
    """How many identifiers have this *base*: counted for as long as they may be in use, and without a bound."""
    return Limit("identifiers", base, sys.maxsize, _CENTURY, adds=adds)


def prefix_of(mobile: E164) -> str:
    """The range that a number (E.164) is counted in: its territory and three digits more; ``+33612`` has a million.

    Fraud by messages walks through ranges, for their holder is paid by the message.
    """
    return mobile[:6] if mobile.startswith("+33") else mobile[:7]
