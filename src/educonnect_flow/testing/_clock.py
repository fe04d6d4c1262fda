"""A clock that only moves when a test advances it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class FakeClock:
    """Call it for the time; ``advance`` it, back too."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta | None = None, **parts: float) -> None:
        """By *step*, or by ``minutes=…`` and whatever else a timedelta takes; negative goes back."""
        self.now += timedelta(**parts) if step is None else step
