"""What is counted beside the activation's own attempts: by mobile, by source, by range of numbers, and in all.

Every limit is looked at and counted in the transaction of the state that it belongs to.  All are named in one order,
so that no two transactions wait for each other.
"""

from __future__ import annotations

from zlib import crc32

from educonnect_flow.activation.attempt import Attempt
from educonnect_flow.machinery.tally import Limit
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


def shards(cap: int) -> int:
    """In how many parts a national *cap* is counted."""
    return max(1, min(SHARDS, cap // 1_000))


def national(kind: str, cap: int, settings: Settings, shard: int, adds: int = 1) -> Limit:
    """One part of a national limit."""
    parts = shards(cap)
    window = settings.sms_window if kind == "sms_budget" else settings.failures_window
    return Limit(kind, f"{NATIONAL}/{shard % parts}", cap // parts, window, None, adds)


def failure_limits(attempt: Attempt, adds: int) -> list[Limit]:
    """The limits on failures.

    :param adds: 1 when one happened; 0 to be free of them.
    """
    facts, settings = attempt.facts, attempt.settings
    window, cap = settings.failures_window, settings.mobile_failures
    limits = [Limit("mobile_failures", key, cap, window, settings.lock_for, adds) for key in sorted(facts.mobile_keys)]
    if settings.source_failures is not None:
        cap = settings.source_failures
        limits += [Limit("source_failures", key, cap, window, None, adds) for key in _sources(attempt)]
    if settings.prefix_failures is not None:
        limits.append(Limit("prefix_failures", facts.prefix, settings.prefix_failures, window, None, adds))
    if settings.national_failures is not None:
        limits.append(national("national_failures", settings.national_failures, settings, _shard(attempt), adds))
    return limits


def message_limits(attempt: Attempt) -> list[Limit]:
    """The limits that one more message counts against."""
    facts, settings = attempt.facts, attempt.settings
    window = settings.sms_window
    limits = [Limit("sms_per_mobile", key, settings.sms_per_mobile, window) for key in sorted(facts.mobile_keys)]
    if settings.sms_per_source is not None:
        limits += [Limit("sms_per_source", key, settings.sms_per_source, window) for key in _sources(attempt)]
    if settings.sms_per_prefix is not None:
        limits.append(Limit("sms_per_prefix", facts.prefix, settings.sms_per_prefix, window))
    if settings.sms_budget is not None:
        limits.append(national("sms_budget", settings.sms_budget, settings, _shard(attempt)))
    return limits


def limits_of(kind: str, key: str, settings: Settings) -> list[Limit]:
    """All parts of the limit *kind* as it is counted under *key*, to be looked at; empty when there is no bound.

    :raises KeyError: when there is no such kind.
    """
    if kind not in REASONS:
        raise KeyError(kind)
    cap: int | None = getattr(settings, kind)
    if cap is None:
        return []
    if kind in ("sms_budget", "national_failures"):
        return [national(kind, cap, settings, shard) for shard in range(shards(cap))]
    if kind == "mobile_failures":
        return [Limit(kind, key, cap, settings.failures_window, settings.lock_for)]
    window = settings.sms_window if kind.startswith("sms") else settings.failures_window
    return [Limit(kind, key, cap, window)]


def _sources(attempt: Attempt) -> list[str]:
    return sorted((attempt.activation.source or "").split())


def _shard(attempt: Attempt) -> int:
    return crc32(attempt.activation.id.encode())


def prefix_of(mobile: str) -> str:
    """The range that a number (E.164) is counted in: its territory and three digits more; ``+33612`` has a million.

    Fraud by messages walks through ranges, for their holder is paid by the message.
    """
    return mobile[:6] if mobile.startswith("+33") else mobile[:7]
