"""How many port calls a second the simulator makes, with all its checks, beside the engine alone in the same run."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from educonnect_flow.engine._ports import Ports
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing.simulation import Simulation
from tests.benchmarks.walker import Walker

MAX_CONFLICT_RETRIES, WALKS, WORLDS = 9, 300, 40


def measure() -> None:
    """Print both, in processor time, and the median of the pairs' ratios."""
    calls = _calls_of_a_walk()
    _bare(calls), _simulated(0)
    pairs = [(_simulated(1_000 * n), _bare(calls)) for n in range(1, MAX_CONFLICT_RETRIES + 1)]
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    name = "port calls a second, simulator and engine alone"
    print(f"{name:<46} {ours:>9.0f}     / {bare:>9.0f}     = {ratio:5.2f} ×   (to hold: ≥ 0.5 ×)")


def _rate(step: Callable[[], int]) -> float:
    gc.collect()
    began = time.process_time()
    done = step()
    return done / (time.process_time() - began)


def _simulated(seed: int) -> float:
    return _rate(lambda: Simulation().run(worlds=WORLDS, seed=seed).check().port_calls)


def _bare(calls: int) -> float:
    walker = Walker(MemoryStore(), count=WALKS)

    def walk() -> int:
        for _ in range(WALKS):
            walker.walk()
        return calls * WALKS

    return _rate(walk)


def _calls_of_a_walk() -> int:
    """Port calls of one whole activation."""
    called: list[str] = []

    def counting(function: Any) -> Any:
        async def counted(self: Ports, *args: Any, **kwargs: Any) -> Any:
            called.append("")
            return await function(self, *args, **kwargs)

        return counted

    with patch.object(Ports, "ask", counting(Ports.ask)), patch.object(Ports, "stored", counting(Ports.stored)):
        Walker(MemoryStore(), count=1).walk()
    return len(called) + 1  # and the gateway, which is called without either
