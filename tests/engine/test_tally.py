"""Counting within a window, to the microsecond, against a list of all that ever happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from educonnect_flow import tally
from educonnect_flow.tally import EMPTY, EXACT, Limit, Tally, micros, moment

WINDOW = timedelta(seconds=100)
LENGTH = 100_000_000
NOW = micros(datetime(2026, 9, 1, tzinfo=UTC))


def limit(cap: int, lock: timedelta | None = None) -> Limit:
    return Limit("kind", "key", cap, WINDOW, lock)


@given(st.lists(st.integers(0, LENGTH), max_size=30), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_cap_and_none_is_refused_below_it(steps: list[int], cap: int) -> None:
    happened: list[int] = []
    kept, now = EMPTY, NOW
    for step in steps:
        now += step
        until = tally.barred(kept, limit(cap), now)
        within = [at for at in happened if at > now - LENGTH]
        assert tally.used(kept, limit(cap), now) == len(within)
        assert (until is None) is (len(within) < cap)
        if until is None:
            kept = tally.hit(kept, limit(cap), now)
            happened.append(now)
        else:
            assert until == within[-cap] + LENGTH
            assert tally.barred(kept, limit(cap), until) is None
            assert tally.barred(kept, limit(cap), until - 1) is not None
    assert tally.forgotten_at(kept, limit(cap)) == ((happened[-1] if happened else 0) + LENGTH)
    assert Tally.load(kept.dump()) == kept


def test_a_lock_begins_with_the_hit_that_reaches_the_cap_and_with_each_later_one() -> None:
    locked = limit(3, timedelta(seconds=10))
    kept = EMPTY
    for n in range(3):
        assert tally.barred(kept, locked, NOW + n) is None
        kept = tally.hit(kept, locked, NOW + n)
        assert kept.barred_until == (0 if n < 2 else NOW + 2 + 10_000_000)
    assert tally.barred(kept, locked, NOW + 2) == NOW + 2 + 10_000_000
    assert tally.barred(kept, locked, NOW + 2 + 9_999_999) == NOW + 2 + 10_000_000
    free = NOW + 2 + 10_000_000
    assert tally.barred(kept, locked, free) is None
    kept = tally.hit(kept, locked, free)
    assert kept.barred_until == free + 10_000_000
    assert tally.forgotten_at(kept, locked) == free + LENGTH
    later = tally.hit(kept, locked, free + LENGTH)
    assert later == Tally(((free + LENGTH, 1),), kept.barred_until)
    assert tally.forgotten_at(Tally(((NOW, 1),), NOW + 2 * LENGTH), locked) == NOW + 2 * LENGTH


def test_a_cap_of_nothing_refuses_everything() -> None:
    assert tally.barred(EMPTY, limit(0), NOW) == NOW + LENGTH
    assert tally.barred(EMPTY, limit(1), NOW) is None


@given(st.lists(st.integers(0, LENGTH // 3), min_size=1, max_size=80))
def test_above_the_exact_caps_hits_share_slots_and_are_remembered_longer_never_shorter(steps: list[int]) -> None:
    large = limit(EXACT + 1)
    happened: list[int] = []
    kept, now = EMPTY, NOW
    for step in steps:
        now += step
        kept = tally.hit(kept, large, now)
        happened.append(now)
        counted = tally.used(kept, large, now)
        assert counted >= sum(at > now - LENGTH for at in happened)
        assert counted <= sum(at > now - LENGTH - LENGTH // EXACT for at in happened)
        assert len(kept.hits) <= EXACT + 2
    assert all(at % (LENGTH // EXACT) == 0 for at, _ in kept.hits)


def test_up_to_the_exact_caps_each_hit_keeps_its_own_time() -> None:
    kept = EMPTY
    for n in range(EXACT):
        kept = tally.hit(kept, limit(EXACT), NOW + n)
    assert kept.hits == tuple((NOW + n, 1) for n in range(EXACT))


def test_hits_at_one_instant_and_of_a_clock_that_stepped_back_count_together() -> None:
    kept = tally.hit(tally.hit(EMPTY, limit(9), NOW), limit(9), NOW)
    assert kept.hits == ((NOW, 2),)
    back = tally.hit(kept, limit(9), NOW - 50)
    assert back.hits == ((NOW, 3),)
    assert tally.used(back, limit(9), NOW - 50) == 3
    assert tally.barred(back, limit(3), NOW - 50) == NOW + LENGTH


def test_a_window_so_short_that_it_has_no_slots_still_counts() -> None:
    tiny = Limit("kind", "key", EXACT + 1, timedelta(microseconds=10))
    kept = tally.hit(EMPTY, tiny, NOW)
    assert kept.hits == ((NOW, 1),)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_times_survive_as_microseconds(at: datetime) -> None:
    assert moment(micros(at)) == at
