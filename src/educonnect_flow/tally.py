"""Counting within a window: how often something happened under a key, and until when it is blocked.

Pure, so that every store counts alike: it keeps a ``Tally`` per key and applies these
functions inside its own transaction.  Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from educonnect_flow._text import encode

EXACT = 64
"""Up to this cap each hit keeps its own time; above it, hits share slots of a 64th of the window."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """*moment* (aware) as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The aware UTC time of *microseconds* since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Limit(NamedTuple):
    """A cap on what is counted under a key, and what one decision adds to it."""

    kind: str
    """What is counted, the name of a setting: ``mobile_failures``, ``sms_per_mobile``, ``sms_budget``."""
    key: str
    """Under which key: the kind, and a keyed hash where a person is meant."""
    cap: int
    window: timedelta
    lock: timedelta | None = None
    """With a lock, the hit that reaches the cap blocks the key for that long, and so does each later one
    within the window.  Without, the key is blocked until enough hits have left the window."""
    adds: int = 1
    """0: check the limit only; 1: check it and add one."""


class Tally(NamedTuple):
    """What is kept of one key: the hits still within the window, oldest first, and a lock."""

    hits: tuple[tuple[int, int], ...] = ()
    barred_until: int = 0

    def dump(self) -> str:
        """As text, for a store."""
        return encode([self.barred_until, *self.hits])

    @classmethod
    def load(cls, text: str) -> Tally:
        """The tally that ``dump`` wrote."""
        barred_until, *hits = json.loads(text)
        return cls(tuple((at, count) for at, count in hits), barred_until)


EMPTY = Tally()


def barred(tally: Tally, limit: Limit, now: int) -> int | None:
    """Until when *limit* refuses a further hit; ``None`` when it does not.

    A hit in the future (the clock stepped back) counts: a wait may grow, never shrink.
    """
    window = limit.window // _MICROSECOND
    if limit.cap <= 0:
        return now + window
    if limit.lock is not None:
        return tally.barred_until if now < tally.barred_until else None
    left = used(tally, limit, now)
    if left < limit.cap:
        return None
    until = now
    for at, count in tally.hits:  # pragma: no branch - some hit always frees the key
        if at > now - window:
            left -= count
            until = at + window
            if left < limit.cap:
                break
    return until


def used(tally: Tally, limit: Limit, now: int) -> int:
    """How many hits are within the window."""
    window = limit.window // _MICROSECOND
    return sum(count for at, count in tally.hits if at > now - window)


def hit(tally: Tally, limit: Limit, now: int) -> Tally:
    """*tally* with one hit more at *now*.  Call it only when ``barred`` returned ``None``."""
    window = limit.window // _MICROSECOND
    slot = now
    if limit.cap > EXACT:
        grain = max(1, window // EXACT)
        slot = -(-now // grain) * grain  # rounded up: a hit may be remembered longer, never shorter
    hits = [pair for pair in tally.hits if pair[0] > now - window]
    if hits and hits[-1][0] >= slot:
        hits[-1] = (hits[-1][0], hits[-1][1] + 1)
    else:
        hits.append((slot, 1))
    barred_until = tally.barred_until
    if limit.lock is not None and sum(count for _, count in hits) >= limit.cap:
        barred_until = now + limit.lock // _MICROSECOND
    return Tally(tuple(hits), barred_until)


def forgotten_at(tally: Tally, limit: Limit) -> int:
    """From when on *tally* has no effect any more and may be deleted."""
    last = tally.hits[-1][0] if tally.hits else 0
    return max(last + limit.window // _MICROSECOND, tally.barred_until)
