"""Whether time tells a known parent from a stranger: two samples, taken in turns, for each thing one can do."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from educonnect_flow import (
    ActivationFlow,
    ChooseProfile,
    ClaimIdentity,
    Profile,
    ResendCode,
    Settings,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.ports import Store
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
from educonnect_flow.testing import CheapHasher, FakeClock
from tests.benchmarks.walker import guardian
from tests.postgres import Server


def _times(flow: ActivationFlow, clock: FakeClock, who: ClaimIdentity) -> list[float]:
    """Seconds of a claim, of a wrong code, of a resend."""
    out = flow.start()
    out = flow.submit(out.handle, ChooseProfile(Profile.GUARDIAN))
    out = flow.submit(out.handle, StartActivation())
    took = []
    for event in (who, SubmitCode("000000"), ResendCode()):
        clock.advance(minutes=1)
        begun = time.perf_counter()
        flow.submit(out.handle, event)
        took.append(time.perf_counter() - begun)
    return took


def _advantage(known: list[float], unknown: list[float]) -> tuple[float, float]:
    """How often a known parent takes longer than a stranger, of all pairs, and two standard errors of it: at one half,
    time says nothing (Mann and Whitney).
    """
    ranked = sorted([(value, 1) for value in known] + [(value, 0) for value in unknown])
    ranks = sum(place for place, (_, is_known) in enumerate(ranked, 1) if is_known)
    n, m = len(known), len(unknown)
    return (ranks - n * (n + 1) / 2) / (n * m), 2 * math.sqrt((n + m + 1) / (12 * n * m))


def measure(folder: Path, server: Server, samples: int) -> None:
    """Print, for each store and event, how often the slower of two is the known one."""
    stores: list[tuple[str, Callable[[], Store]]] = [
        ("memory", MemoryStore),
        ("SQLite", lambda: SqliteStore(folder / "strangers.db")),
        ("PostgreSQL", lambda: PostgresStore(server.dsn, schema="strangers")),
    ]
    people = [guardian(n) for n in range(samples)]
    for name, make in stores:
        clock = FakeClock()
        flow = ActivationFlow(
            directory=StaticDirectory(people), store=make(), sms=RecordingSms(), secret_key=b"k" * 32, clock=clock,
            password_hasher=CheapHasher(), settings=Settings(sms_budget=10**6, sms_per_prefix=10**6),
        )  # fmt: skip
        seen: tuple[list[list[float]], list[list[float]]] = ([], [])
        gc.collect()
        for n in range(samples + 20):
            one = people[n % samples]
            names = (one.family_name, "Inconnu")
            for is_unknown in (n % 2, 1 - n % 2):  # who comes first takes turns too
                number = f"06{12_000_000 + n % samples}" if not is_unknown else f"06{52_000_000 + n}"
                who = ClaimIdentity(family_name=names[is_unknown], given_name="Emilie", mobile=number)
                took = _times(flow, clock, who)
                if n >= 20:
                    seen[is_unknown].append(took)
        for place, event in enumerate(("claim", "wrong code", "resend")):
            share, error = _advantage(*([took[place] for took in some] for some in seen))
            label = f"{event}, {name}: known slower than unknown"
            known, unknown = (statistics.median(took[place] for took in some) * 1e6 for some in seen)
            print(
                f"{label:<46} {share:>9.3f} ± {error:.3f} of pairs   (0.5: time says nothing)"
                f"   {known:.0f} µs, {unknown:.0f} µs"
            )
        flow.close()
