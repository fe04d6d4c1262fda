"""``python -m educonnect_flow.testing.simulation``: worlds out of a seed, until time is up or a promise is broken."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing.simulation._simulation import Simulation


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m educonnect_flow.testing.simulation", description=__doc__)
    parser.add_argument(
        "--seconds", type=_above_nothing(float), help="how long (default: 10, or until --worlds have ended)"
    )
    parser.add_argument("--worlds", type=_above_nothing(int), help="how many worlds at most")
    parser.add_argument("--seed", type=int, help="of the first world; default: a new one")
    parser.add_argument("--trace", help="replay this trace in the world of --seed, in sentences")
    parser.add_argument("--store", default="memory", help="memory, sqlite, or postgresql://… (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.trace is not None and options.seed is None:
        parser.error("--trace needs --seed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _run(Simulation(store=_stores(options.store, Path(folder))), options)
        except (ValueError, StoreUnavailable) as error:
            parser.error(str(error))


def _run(simulation: Simulation, options: argparse.Namespace) -> int:
    if options.trace is not None:
        story, found = simulation.replay(options.seed, options.trace)
        print("\n".join(story), found or "everything held", sep="\n")  # noqa: T201 - a command
        return 1 if found else 0
    seconds = 10.0 if options.seconds is None and options.worlds is None else options.seconds
    report = simulation.run(seconds=seconds, worlds=options.worlds, seed=options.seed)
    print(report)  # noqa: T201 - a command
    return 1 if report.failure else 0


def _above_nothing(kind: Callable[[str], float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        found = kind(text)
        if not found > 0:
            raise ValueError
        return found

    return number


def _stores(kind: str, folder: Path) -> Callable[[], Any]:
    """What makes an empty store for each world; what it keeps is deleted when it is closed.

    :raises ValueError: when *kind* names no store.
    """
    if kind == "memory":
        return MemoryStore
    if kind == "sqlite":
        return lambda: _File(folder / f"{next(_numbers)}.db")
    if not kind.startswith(("postgresql://", "postgres://")) and "=" not in kind:
        raise ValueError(f"--store takes memory, sqlite or a connection string, not {kind!r}")
    return partial(_schema, kind)


_numbers = itertools.count()


class _File(SqliteStore):
    def close(self) -> None:
        super().close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()


def _schema(conninfo: str) -> Any:
    import psycopg

    from educonnect_flow.stores import PostgresStore

    name = f"simulated_{os.getpid()}_{next(_numbers)}"

    class Schema(PostgresStore):
        def close(self) -> None:
            super().close()
            with psycopg.connect(conninfo) as connection:
                connection.execute(f"DROP SCHEMA {name} CASCADE")

    return Schema(conninfo, schema=name, pool=1)


if __name__ == "__main__":
    sys.exit(main())
