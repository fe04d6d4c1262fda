"""How many steps a second PostgreSQL takes from 1, 2, 4 and 8 processes, beside bare psycopg in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from educonnect_flow.stores import PostgresStore
from tests.benchmarks import control
from tests.benchmarks.walker import Walker, known
from tests.postgres import Server

STEPS = 8
"""Of a whole activation: the start, six events, a delivery."""

PROCESSES = (1, 2, 4, 8)
SHARE = 40_000
"""Parents of one process."""

_barrier: Barrier


def _begin(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - how a pool hands it to its processes
    _barrier = barrier


def _walk(dsn: str, ours: bool, process: int, run: int, length: float) -> int:
    """In a process of its own: walk parents for *length* seconds; how many."""
    first = run * 8 * SHARE + process * SHARE
    count = min(SHARE, 200 + int(length * 1_000))
    step: Callable[[], object]
    if ours:
        walker = Walker(PostgresStore(dsn, schema="load"), first, count)
        step, close = walker.walk, walker.flow.close
    else:
        bare = control.BarePostgres(dsn, "bare_load")
        close = bare.db.close
        bare.use()
        people = known(first, count)
        numbers = iter(f"06{12_000_000 + n}" for n in range(first, first + count))

        step = lambda: bare.walk(next(numbers), people)  # noqa: E731 - one of two

    _barrier.wait()
    end, done = time.perf_counter() + length, 0
    while time.perf_counter() < end and done < count:
        step()
        done += 1
    close()
    return done


def measure(server: Server, length: float) -> None:
    """Print both, for each number of processes."""
    PostgresStore(server.dsn, schema="load").close()
    bare = control.BarePostgres(server.dsn, "bare_load")
    bare.create()
    bare.db.close()
    context = get_context("spawn")
    for run, processes in enumerate(PROCESSES):
        rates = []
        for ours in (True, False):
            barrier = context.Barrier(processes)
            with context.Pool(processes, _begin, (barrier,)) as pool:
                work = [(server.dsn, ours, process, run, length) for process in range(processes)]
                done = sum(pool.starmap(_walk, work, chunksize=1))
            rates.append(done * STEPS / length)
        name = f"steps a second, PostgreSQL, {processes} processes"
        print(f"{name:<46} {rates[0]:>9.0f}     / {rates[1]:>9.0f}     = {rates[1] / rates[0]:5.2f} × the time")
