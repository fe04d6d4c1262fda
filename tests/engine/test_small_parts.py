"""The parts that others are made of, each by itself."""

from __future__ import annotations

import hmac
import io
import subprocess
import sys
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Guardian, Reason, Settings, State
from educonnect_flow.__main__ import main
from educonnect_flow._identifier import base, width
from educonnect_flow._keys import Keys
from educonnect_flow.accounts import read_account
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.engine._run import dump, load, stored
from educonnect_flow.errors import WrongUse
from educonnect_flow.journeys import all_journeys
from educonnect_flow.journeys.activation.run import Activation
from educonnect_flow.ports import Message, utc_now
from educonnect_flow.reasons import Refusal, dump_refusals, load_refusals, until
from educonnect_flow.records import Body, Record
from educonnect_flow.sms import ConsoleSms
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.tally import EMPTY, EXACT, Limit, Tally, barred, forgotten_at, hit, micros, moment
from educonnect_flow.testing import CheapHasher
from educonnect_flow.testing._clock import START
from educonnect_flow.testing._stores import change, first
from tests.world import EMILIE, LEO, MOBILE, SECRET, World, claim, full, parsed, password

promise = pytest.mark.promise
HOUR = timedelta(hours=1)

# --- tallies ---------------------------------------------------------------------------------------


@given(
    steps=hyp.lists(hyp.integers(-(3 * 10**8), 10**9), max_size=200),
    cap=hyp.integers(1, 6) | hyp.integers(EXACT + 1, EXACT + 3),
)
def test_no_window_ever_holds_more_than_the_cap(steps: list[int], cap: int) -> None:
    """Hits at any times, forward and back: within any window of the clock, never more than the cap went through."""
    limit = Limit("kind", "key", cap, HOUR)
    tally, now, taken = EMPTY, micros(START), []
    for step in steps:
        now += step
        if barred(tally, limit, now) is None:
            tally = hit(tally, limit, now)
            taken.append(now)
    hour = HOUR // timedelta(microseconds=1)
    latest = 0
    for n, at in enumerate(taken):
        latest = max(latest, at)
        if at == latest:
            assert sum(at - hour < other <= at for other in taken[: n + 1]) <= cap
    assert Tally.load(tally.dump()) == tally


@given(gaps=hyp.lists(hyp.integers(0, 40 * 60), min_size=1, max_size=30), cap=hyp.integers(1, 5))
def test_it_says_exactly_when_to_come_back(gaps: list[int], cap: int) -> None:
    limit = Limit("kind", "key", cap, HOUR)
    tally, now = EMPTY, micros(START)
    for gap in gaps:
        now += gap * 1_000_000
        free_at = barred(tally, limit, now)
        if free_at is None:
            tally = hit(tally, limit, now)
        else:
            assert barred(tally, limit, free_at) is None
            assert barred(tally, limit, free_at - 1) is not None


def test_a_lock_lasts_its_time_and_a_further_failure_renews_it() -> None:
    limit = Limit("kind", "key", 2, 24 * HOUR, HOUR)
    now, hour = micros(START), micros(START + HOUR) - micros(START)
    tally = hit(EMPTY, limit, now)
    assert barred(tally, limit, now) is None
    tally = hit(tally, limit, now)
    assert barred(tally, limit, now) == now + hour
    assert barred(tally, limit, now + hour) is None
    tally = hit(tally, limit, now + hour)
    assert barred(tally, limit, now + hour) == now + 2 * hour
    assert forgotten_at(tally, limit) == now + 25 * hour
    assert forgotten_at(EMPTY, limit) > 0
    short = Limit("kind", "key", 1, HOUR, 24 * HOUR)
    assert forgotten_at(hit(EMPTY, short, now), short) == now + 24 * hour


def test_a_cap_of_nothing_lets_nothing_through() -> None:
    limit = Limit("kind", "key", 0, HOUR)
    assert barred(EMPTY, limit, micros(START)) == micros(START + HOUR)


def test_a_large_cap_is_kept_in_few_slots() -> None:
    limit = Limit("kind", "key", 10_000, HOUR)
    tally = EMPTY
    for second in range(0, 3600, 2):
        tally = hit(tally, limit, micros(START + timedelta(seconds=second)))
    assert len(tally.hits) <= EXACT + 1
    assert list(tally.hits) == sorted(tally.hits)
    late = hit(tally, limit, micros(START))  # the clock stepped back: nothing is remembered for less long
    assert len(late.hits) == len(tally.hits)
    first_slot = hit(EMPTY, limit, micros(START) + 1).hits[0][0]
    assert first_slot > micros(START) + 1
    assert sum(count for _, count in tally.hits) == 1800


def test_moments_go_there_and_back() -> None:
    assert moment(micros(START)) == START


# --- snapshots -------------------------------------------------------------------------------------


def test_a_snapshot_goes_there_and_back() -> None:
    plain = Activation(id="a1", version=3, state=State.PROFILE, created_at=START, seen_at=START, latest_at=START)
    for kept in (full(), plain):
        assert parsed(dump(kept), kept.version) == kept


def test_a_newer_snapshot_is_refused_clearly() -> None:
    text = dump(full()).replace('"format":2', '"format":3')
    with pytest.raises(ValueError, match="a stored ACTIVATION has format 3; this library reads up to 2"):
        parsed(text)


def test_a_newer_account_is_refused_clearly() -> None:
    record = Record(kind="account", key="e.durand42", owner="e.durand42", version=1, body='{"format":2}')
    with pytest.raises(ValueError, match="a stored account has format 2; this library reads up to 1"):
        read_account(record)


def test_a_body_is_its_text_and_shows_nothing_of_it() -> None:
    made = Body(None, full(), dump)
    assert made == Body(dump(full()))
    assert hash(made) == hash(Body(dump(full())))
    assert made != dump(full())
    assert repr(made) == "Body(…)"
    assert made.value(lambda text: parsed("never")) == full()


def test_refusals_go_there_and_back() -> None:
    refusals = (
        until(Reason.LOCKED, START + timedelta(seconds=1.5), START),
        Refusal(Reason.MOBILE_PREFIX, "mobile", {"prefix": "+262"}),
    )
    assert load_refusals(dump_refusals(refusals)) == refusals
    assert refusals[0].params["seconds"] == 2
    assert len({*refusals, *refusals}) == 2


# --- keys ------------------------------------------------------------------------------------------


@given(hyp.lists(hyp.text(max_size=5), min_size=1, max_size=4), hyp.lists(hyp.text(max_size=5), min_size=1, max_size=4))
def test_different_parts_never_give_the_same_token(one: list[str], other: list[str]) -> None:
    keys = Keys(SECRET)
    assert (keys.token("p", *one) == keys.token("p", *other)) is (one == other)


# --- identifiers -----------------------------------------------------------------------------------


@promise("R2")
@pytest.mark.parametrize(
    ("given_name", "family_name", "expected"),
    [("Émilie", "Durand", "e.durand"), ("Jean-Luc", "D'Œuvre", "j.doeuvre"), ("Łucja", "Groß", "l.gross"),
     ("Øyvind", "De la Fontaine", "o.delafontaine"), ("Иван", "Петров", "i.petrov"), ("!", "123", "x.x"), ("É", "—", "e.x"),
     ("a", "b" * 100, "a." + "b" * 40)],
)  # fmt: skip
def test_the_base_of_an_identifier(given_name: str, family_name: str, expected: str) -> None:
    assert base(given_name, family_name) == expected


@promise("R2")
@given(hyp.text(max_size=30), hyp.text(max_size=30))
def test_a_base_is_never_empty_and_plain(given_name: str, family_name: str) -> None:
    initial, dot, name = base(given_name, family_name).partition(".")
    assert dot == "."
    assert len(initial) == 1
    assert name.isascii()
    assert (initial + name).isalpha()
    assert (initial + name).islower()


@promise("R2")
def test_digits_grow_before_half_are_given_out() -> None:
    assert [width(n) for n in (0, 49, 50, 499, 500, 4_999, 5_000, 100_000)] == [2, 2, 3, 3, 4, 4, 5, 6]


# --- settings --------------------------------------------------------------------------------------


def test_the_default_is_the_guides() -> None:
    assert Settings.educonnect() == Settings()
    assert Settings().code_ttl == timedelta(minutes=30)
    assert Settings.strict().code_ttl == timedelta(minutes=10)


@pytest.mark.parametrize(
    "given_settings",
    [{"code_failures": 0}, {"pupils_failures": -1}, {"mobile_failures": 0}, {"resends": -1}, {"sms_per_mobile": -1},
     {"code_ttl": timedelta(0)}, {"code_length": 3}, {"code_length": 13}, {"idle_for": timedelta(minutes=30)},
     {"password_max": 63}, {"password_min": 300}, {"lease_for": -HOUR}, {"keep_for": timedelta.max},
     {"run_for": timedelta(minutes=59)}, {"events_per_run": 0}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(given_settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given_settings)).split("_")[0]):
        Settings(**given_settings)


# --- adapters --------------------------------------------------------------------------------------


def test_the_console_shows_the_message() -> None:
    stream = io.StringIO()
    ConsoleSms(stream).send(Message(id="m", to=MOBILE, text="one\ntwo"))
    assert stream.getvalue() == f"  SMS → {MOBILE}\n  | one\n  | two\n"


def test_the_console_is_the_standard_output_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleSms().send(Message(id="m", to=MOBILE, text="one"))
    assert "| one" in capsys.readouterr().out


def test_a_static_directory_reads_numbers_as_written() -> None:
    people = [
        Guardian(id=f"g{n}", family_name="D", given_name="E", mobile=m)
        for n, m in enumerate(["06 12 34 56 78", MOBILE])
    ]
    assert [guardian.id for guardian in StaticDirectory(people).find(MOBILE)] == ["g0", "g1"]
    assert StaticDirectory(people).find("+33600000000") == ()
    with pytest.raises(ValueError, match="guardian 'g9' is no number"):
        StaticDirectory([evolve(people[0], id="g9", mobile="none")])


def test_the_systems_clock_is_aware() -> None:
    assert utc_now().tzinfo is UTC
    assert abs(utc_now() - datetime.now(UTC)) < HOUR


def test_reprs_of_stores_are_short(tmp_path: Any) -> None:
    world = World()
    world.flow.start()
    assert repr(world.store) == "MemoryStore(1 runs, 0 records)"
    store = SqliteStore(tmp_path / "x.db")
    assert repr(store) == "SqliteStore('x.db')"
    store.close()
    MemoryStore().close()


def test_a_wrong_repr_of_a_wrong_type_is_not_shown() -> None:
    with pytest.raises(WrongUse, match=r"Guardian.mobile must be str, not int"):
        Guardian(id="g", family_name="D", given_name="E", mobile=612345678)  # type: ignore[arg-type]  # a number on purpose


def test_what_is_heavy_is_not_imported() -> None:
    heavy = ["zxcvbn", "argon2", "sqlite3", "asyncio", "hypothesis", "pytest", "anyio"]
    code = f"import sys, educonnect_flow; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- what only happens now and then ----------------------------------------------------------------


def test_hits_that_left_the_window_no_longer_count_and_a_smaller_cap_holds_at_once() -> None:
    five, two = Limit("kind", "key", 5, HOUR), Limit("kind", "key", 2, HOUR)
    tally = EMPTY
    for minutes in (0, 50, 55, 58):
        tally = hit(tally, five, micros(START + timedelta(minutes=minutes)))
    now = micros(START + timedelta(minutes=65))
    assert barred(tally, five, now) is None
    assert barred(tally, two, now) == micros(START + timedelta(minutes=115))  # when the second of three has left


@promise("R2")
def test_an_identifier_that_is_taken_is_drawn_again_and_the_password_hashed_once() -> None:
    class Counting(CheapHasher):
        hashed = 0

        def hash(self, text: str) -> str:
            self.hashed += 1
            return super().hash(text)

    hasher = Counting()
    people = [
        Guardian(id=f"g{n}", family_name="Martin", given_name="Marie", mobile=f"+336{10_000_000 + n}", pupils=[LEO])
        for n in range(60)
    ]
    world = World(guardians=people, password_hasher=hasher)
    identifiers = set()
    for guardian in people:
        out = world.at(State.PASSWORD, claim("Martin", "Marie", guardian.mobile), pupils=[LEO])
        identifiers.add(world.submit(out, password()).view.identifier)
    assert len(identifiers) == hasher.hashed == 60
    assert sum(len(identifier) == len("m.martin00") for identifier in identifiers) == 50


def test_a_relay_stops_at_its_limit() -> None:
    world = World(guardians=[EMILIE, evolve(EMILIE, id="g9", mobile="+33677777777")])
    world.at(State.CODE)
    world.submit(world.at(State.IDENTITY), claim(mobile="0677777777"))
    world.at(State.CODE)
    assert len(world.sms.sent) == 2
    assert world.flow.deliver(limit=0) == 0
    assert world.flow.deliver(limit=1) == 1


def test_a_host_may_do_without_budgets() -> None:
    none: dict[str, Any] = dict.fromkeys(("sms_budget", "sms_per_source", "sms_per_prefix", "source_failures"))
    assert World(settings=Settings(**none)).at(State.CODE).accepted


def test_the_command_line_draws_any_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "FORGOTTEN_IDENTIFIER"]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2\n    [*] --> IDENTITY\n")
    with pytest.raises(SystemExit):
        main(["diagram", "ELSEWHERE"])


def test_the_command_line_draws_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram"]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2\n    [*] --> PROFILE\n")
    with pytest.raises(SystemExit):
        main([])


def test_a_loaded_run_has_every_field_of_its_class() -> None:
    """It is made without its class's own ``__init__``: a field that a codec forgets would be missing, and not default."""
    for journey in all_journeys():
        run = journey.run(
            id="a", version=1, state=journey.table.initial, created_at=START, seen_at=START, latest_at=START
        )
        of = stored(run)
        again = load(journey.run, dump(run), of, 1)
        assert vars(again).keys() == {field.name for field in fields(journey.run)}
        assert again == run


@given(hyp.binary(min_size=16, max_size=80), hyp.text(max_size=200), hyp.text(max_size=200))
def test_what_is_derived_is_hmac_sha_256(secret: bytes, purpose: str, text: str) -> None:
    key = hmac.digest(secret, f"educonnect_flow/1/{purpose}".encode(), "sha256")
    expected = hmac.digest(key, f"{len(text)}:{text}".encode(), "sha256")
    assert Keys(secret).token(purpose, text) == urlsafe_b64encode(expected).decode().rstrip("=")


def test_a_commit_that_contradicts_itself_is_not_made() -> None:
    for records in (
        (change("k1"), change("k1")),
        (change("k1"), change("k1", version=2)),
        (change("k1", "mail:a"), change("k2", "mail:a")),
    ):
        with pytest.raises(ValueError, match="each record once"):
            first(records=records)
    assert first(records=(change("k1", "mail:a"), change("k2", "mail:a", kind="other"))).records
    with pytest.raises(ValueError, match="must name an owner"):
        first(cancel_owner_messages="")
    with pytest.raises(ValueError, match="only a record that is there"):
        change("k1", delete=True)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", 7])
def test_an_id_can_be_kept_by_every_database(text: Any) -> None:
    for someone in (EMILIE, LEO):
        with pytest.raises(WrongUse, match=r"\.id must"):
            evolve(someone, id=text)
