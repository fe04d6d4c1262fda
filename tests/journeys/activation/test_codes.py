"""The code: guessed, replayed, resent, late, malformed, and what is left of it at rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from educonnect_flow import GoBack, Reason, ResendCode, Settings, State, SubmitCode
from educonnect_flow._keys import Keys
from educonnect_flow.ports import Store
from educonnect_flow.stores import PostgresStore, SqliteStore
from educonnect_flow.testing import strategies as st
from tests import ROOT
from tests.postgres import Server
from tests.world import SECRET, STRANGER, World, claim, reasons

promise = pytest.mark.promise
MICROSECOND = timedelta(microseconds=1)


@promise("C1")
def test_no_more_guesses_are_evaluated_than_allowed_however_many_come_at_once(world: World) -> None:
    out = world.at(State.CODE)
    right, wrong = world.code(), world.wrong()
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda _: world.submit(out, SubmitCode(wrong)), range(50)))
    said = Counter(reason for outcome in outcomes for reason in reasons(outcome))
    assert said[Reason.CODE_WRONG] == 5
    assert said[Reason.NOT_NOW] == 45
    assert said[Reason.LOCKED] == 1
    late = world.submit(out, SubmitCode(right))
    assert (late.state, reasons(late)) == (State.LOCKED, [Reason.NOT_NOW])


def opened(kind: str, where: str) -> Store:
    """A store that several processes share."""
    if kind == "sqlite":
        return SqliteStore(where, timeout=60)
    return PostgresStore(where, schema="guessing", timeout=60)


def _guess(kind: str, where: str, handle: str, codes: list[str]) -> Counter[str]:
    """In a process of its own: guess with 50 threads."""
    store = opened(kind, where)
    world = World(store)
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda code: world.flow.submit(handle, SubmitCode(code)), codes))
    store.close()
    return Counter(reason.value for outcome in outcomes for reason in reasons(outcome)) + Counter(
        outcome.state.value for outcome in outcomes if outcome.accepted
    )


@promise("C1")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_more_guesses_are_evaluated_by_four_processes_of_fifty_threads(
    kind: str, tmp_path: Path, server: Server
) -> None:
    where = str(tmp_path / "activations.db") if kind == "sqlite" else server.dsn
    store = opened(kind, where)
    world = World(store)
    out = world.at(State.CODE)
    wrong = [code for code in (f"{n:06}" for n in range(300)) if code != world.code()][:200]
    with get_context("spawn").Pool(4) as pool:
        counts = sum(
            pool.starmap(_guess, [(kind, where, out.handle, wrong[n::4]) for n in range(4)], chunksize=1), Counter()
        )
    assert counts["code_wrong"] == 5
    assert counts["not_now"] == 195
    assert world.flow.resume(out.handle).state is State.LOCKED
    store.close()


@promise("C2")
def test_a_used_code_opens_nothing_more(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    out = world.submit(out, SubmitCode(code))
    out = world.submit(out, GoBack())
    world.clock.advance(minutes=2)
    out = world.submit(out, claim())
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_WRONG]


@promise("C3")
def test_a_resend_gives_no_attempt_back(world: World) -> None:
    out = world.at(State.CODE)
    for left in (4, 3, 2, 1):
        out = world.submit(out, SubmitCode(world.wrong()))
        assert out.view.attempts_left == left
    world.clock.advance(minutes=2)
    out = world.submit(out, ResendCode())
    assert out.view.attempts_left == 1
    out = world.submit(out, SubmitCode(world.wrong()))
    assert out.state is State.LOCKED
    assert reasons(out) == [Reason.CODE_WRONG, Reason.LOCKED]


@promise("C3")
def test_neither_a_step_back_nor_another_spelling_gives_an_attempt_back(world: World) -> None:
    out = world.at(State.CODE)
    for _ in range(4):
        out = world.submit(out, SubmitCode(world.wrong()))
    out = world.submit(out, GoBack())
    world.clock.advance(minutes=2)
    out = world.submit(out, claim(mobile="+33 (0)6.12.34.56.78"))
    assert out.view.attempts_left == 1
    assert world.submit(out, SubmitCode(world.wrong())).state is State.LOCKED


@promise("C3", "C4")
@pytest.mark.parametrize("who", [claim(), STRANGER], ids=["known", "unknown"])
def test_failures_of_a_mobile_are_counted_over_all_activations(worlds: Callable[..., World], who: object) -> None:
    world = worlds(settings=Settings(sms_per_mobile=100))
    evaluated = 0
    outcomes = []
    for _ in range(20):
        out = world.at(State.IDENTITY)
        out = world.submit(out, who)
        if out.state is State.CODE:
            out = world.submit(out, SubmitCode("999999"))
            evaluated += Reason.CODE_WRONG in reasons(out)
        outcomes.append(out)
    assert evaluated == 10
    refusal = outcomes[-1].refusals[0]
    assert refusal.reason is Reason.MOBILE_LOCKED
    assert refusal.params["at"] == world.clock.now + timedelta(hours=1)
    world.clock.advance(hours=1)
    assert world.at(State.CODE, who).accepted  # type: ignore[arg-type]  # a ClaimIdentity, by the parameters


@promise("C5")
def test_a_resend_kills_the_older_code(world: World) -> None:
    out = world.at(State.CODE)
    old = world.code()
    world.clock.advance(minutes=1)
    out = world.submit(out, ResendCode())
    new = world.code()
    assert new != old
    assert reasons(world.submit(out, SubmitCode(old))) == [Reason.CODE_WRONG]
    assert world.submit(out, SubmitCode(new)).state is State.PUPILS


@promise("C5")
def test_an_older_code_that_still_waits_is_never_sent(world: World) -> None:
    out = world.at(State.CODE)
    world.clock.advance(minutes=1)
    world.submit(out, ResendCode())
    assert world.flow.deliver() == 1


@promise("C6")
@pytest.mark.parametrize(("early", "state"), [(MICROSECOND, State.PUPILS), (timedelta(0), State.CODE)])
def test_a_code_is_valid_until_just_before_it_expires(world: World, early: timedelta, state: State) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.clock.advance(world.settings.code_ttl - early)
    after = world.submit(out, SubmitCode(code))
    assert after.state is state
    if state is State.CODE:
        assert reasons(after) == [Reason.CODE_EXPIRED]
        assert after.view.attempts_left == 5
        assert world.submit(out, ResendCode()).accepted


@promise("C7")
def test_codes_are_uniform_and_keep_their_leading_zeros() -> None:
    keys = Keys(SECRET)
    firsts: Counter[str] = Counter()
    zeros = 0
    draws = 100_000
    for n in range(draws):
        code = keys.digits("code", 6, "activation", str(n), "+33612345678", "activation")
        assert len(code) == 6
        zeros += code[0] == "0"
        firsts.update((f"{place}{digit}" for place, digit in enumerate(code)))
    expected = draws / 10
    chi2 = sum((firsts[f"{place}{digit}"] - expected) ** 2 / expected for place in range(6) for digit in range(10))
    assert chi2 < 99.6  # 54 degrees of freedom: exceeded by chance once in 10,000 keys, and this key is fixed
    assert abs(zeros - expected) < 5 * (expected * 0.9) ** 0.5


@pytest.mark.ci
@promise("C7")
def test_a_million_codes_fill_all_values_evenly() -> None:
    keys = Keys(SECRET)
    cells = Counter(
        int(keys.digits("code", 6, "a", str(n), "+33612345678", "activation")) // 1000 for n in range(10**6)
    )
    chi2 = sum((cells[cell] - 1000) ** 2 / 1000 for cell in range(1000))
    assert 820 < chi2 < 1180  # 999 degrees of freedom, four standard deviations


JITTERS = {"_sqlite.py", "relay.py", "process.py"}


@promise("C7")
def test_no_source_of_randomness_but_the_systems() -> None:
    source = ROOT / "src"
    for path in source.rglob("*.py"):
        uses = re.findall(r"\brandom\.\w+", path.read_text("utf-8"))
        allowed = {"random.uniform"} if path.name in JITTERS else set()  # a jitter between waits
        if "testing" in path.parts:
            continue  # makes up people and worlds, the same for the same seed; no part of a flow
        assert set(uses) <= allowed, path


def texts_in(value: object, depth: int = 12) -> Iterator[str]:
    """Every text that an object holds, however deep: what a dump of a store in memory would show."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(key, depth)
            yield from texts_in(item, depth)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from texts_in(item, depth)
    elif depth and type(value).__module__.startswith("educonnect_flow"):
        slots = [
            name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) if name != "__weakref__"
        ]
        for name in [*slots, *getattr(value, "__dict__", {})]:
            yield from texts_in(getattr(value, name, None), depth - 1)


@promise("C8")
def test_no_code_is_at_rest(world: World, store: Store, tmp_path: Path) -> None:
    out = world.at(State.CODE)
    codes = [world.code()]
    for n in range(2):
        out = world.submit(out, SubmitCode(codes[-1][::-1]), f"request-{n}")
        world.clock.advance(minutes=1)
        out = world.submit(out, ResendCode())
        codes.append(world.code())
    world.submit(out, SubmitCode(codes[-1]), "request-9")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    kept += "\n".join(texts_in(store)).encode()
    assert len(kept) > 100
    for code in codes:
        assert not re.search(rb"(?<![0-9A-Za-z_-])" + code.encode() + rb"(?![0-9A-Za-z_-])", kept)


@promise("C9", "C10")
@given(st.malformed_codes())
def test_what_holds_no_code_costs_nothing(text: str) -> None:
    world = World()
    out = world.submit(world.at(State.CODE), SubmitCode(text))
    assert reasons(out) == [Reason.CODE_MALFORMED]
    assert (out.state, out.view.attempts_left) == (State.CODE, 5)


@promise("C9")
@given(st.codes())
def test_every_well_formed_wrong_code_costs_one_attempt(code: str) -> None:
    world = World()
    out = world.at(State.CODE)
    if code == world.code():
        assert world.submit(out, SubmitCode(code)).state is State.PUPILS
    else:
        out = world.submit(out, SubmitCode(code))
        assert reasons(out) == [Reason.CODE_WRONG]
        assert out.view.attempts_left == 4


@promise("C11")
def test_a_code_opens_no_other_activation(world: World) -> None:
    first = world.at(State.CODE)
    code = world.code()
    second = world.at(State.CODE)
    world.flow.deliver()
    assert reasons(world.submit(second, SubmitCode(code))) == [Reason.CODE_WRONG]
    assert world.submit(first, SubmitCode(code)).state is State.PUPILS


@promise("C11")
def test_a_code_is_bound_to_activation_nonce_mobile_purpose_and_key() -> None:
    bound = ("activation", "nonce", "+33612345678", "activation")
    code = Keys(SECRET).digits("code", 12, *bound)
    assert code == Keys(SECRET).digits("code", 12, *bound)
    others = [("x", *bound[1:]), (bound[0], "x", *bound[2:]), (*bound[:2], "x", bound[3]), (*bound[:3], "x")]
    assert all(Keys(SECRET).digits("code", 12, *other) != code for other in others)
    assert Keys(SECRET[::-1]).digits("code", 12, *bound) != code
    assert Keys(SECRET).digits("identifier", 12, *bound) != code


@promise("C12")
def test_a_lock_beats_the_right_code(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    for _ in range(5):
        out = world.submit(out, SubmitCode(world.wrong()))
    assert (out.view.until, out.view.restart) == (None, True)
    after = world.submit(out, SubmitCode(code))
    assert (after.state, reasons(after)) == (State.LOCKED, [Reason.NOT_NOW])


@promise("C12")
@pytest.mark.parametrize("who", [None, STRANGER])
def test_locked_says_truly_whether_a_new_run_may_start(world: World, who: Any) -> None:
    def failed() -> Any:
        out = world.at(State.CODE, who)
        for _ in range(5):
            out = world.submit(out, SubmitCode(world.wrong()))
        world.clock.advance(minutes=2)
        return out

    first = failed()
    assert (first.view.until, first.view.restart) == (None, True)
    assert "Recommencez depuis le début" in first.refusals[-1].message()
    second = failed()  # the tenth failure with this mobile
    assert second.view.restart is False
    assert "Recommencez dans 1 heure" in second.refusals[-1].message()
    refused = world.submit(world.at(State.IDENTITY), who or claim())
    assert reasons(refused) == [Reason.MOBILE_LOCKED]
    assert refused.refusals[0].params["at"] == second.view.until


@promise("C12")
def test_a_mobile_locked_elsewhere_beats_the_right_code_here(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(mobile_failures=3))
    here, there = world.at(State.CODE), None
    code = world.code()
    there = world.at(State.CODE)
    for _ in range(3):
        there = world.submit(there, SubmitCode(world.wrong()))
    assert there.state is State.CODE
    out = world.submit(here, SubmitCode(code))
    assert (out.state, reasons(out)) == (State.LOCKED, [Reason.LOCKED])
    assert out.view.until == world.clock.now + timedelta(hours=1)


@promise("C13")
def test_resends_have_a_cooldown_and_an_end(world: World) -> None:
    out = world.at(State.CODE)
    for left in (3, 2, 1):
        assert out.view.resends_left == left
        early = world.submit(out, ResendCode())
        assert reasons(early) == [Reason.RESEND_TOO_SOON]
        assert early.refusals[0].params == {"at": out.view.resend_at, "seconds": 60}
        world.clock.advance(seconds=60)
        out = world.submit(out, ResendCode())
        assert out.accepted
    world.clock.advance(seconds=60)
    assert out.view.resends_left == 0
    assert reasons(world.submit(out, ResendCode())) == [Reason.RESENDS_USED]
    out = world.submit(out, GoBack())
    assert reasons(world.submit(out, claim())) == [Reason.RESENDS_USED]


@promise("C13")
def test_a_claim_after_back_obeys_the_cooldown_and_uses_a_resend(world: World) -> None:
    out = world.submit(world.at(State.CODE), GoBack())
    assert reasons(world.submit(out, claim())) == [Reason.RESEND_TOO_SOON]
    world.clock.advance(seconds=60)
    out = world.submit(out, claim())
    assert out.view.resends_left == 2


@promise("C13")
@pytest.mark.parametrize("who", [claim(), STRANGER], ids=["known", "unknown"])
def test_messages_per_mobile_and_in_all_are_bounded(worlds: Callable[..., World], who: object) -> None:
    world = worlds(settings=Settings(sms_per_mobile=2, sms_budget=3))
    for _ in range(2):
        world.at(State.CODE, who)  # type: ignore[arg-type]  # a ClaimIdentity, by the parameters
    out = world.submit(world.at(State.IDENTITY), who)
    assert (out.state, reasons(out)) == (State.IDENTITY, [Reason.SMS_PER_MOBILE])
    assert out.refusals[0].params["at"] == world.clock.now + timedelta(hours=24)
    world.at(State.CODE, claim("Autre", "Nom", "0677777777"))
    out = world.submit(world.at(State.IDENTITY), claim("Autre", "Nom", "0688888888"))
    assert reasons(out) == [Reason.SMS_BUDGET]
    world.clock.advance(hours=24)
    assert world.at(State.CODE, who).accepted  # type: ignore[arg-type]  # a ClaimIdentity, by the parameters
