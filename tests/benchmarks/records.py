"""Figures of school records: ``python -m tests.benchmarks.records --families 575000`` (about a million guardians).

Each figure stands beside its control: the parser alone over the same files, and the bare SELECT of the look-up on the
same tables.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from lxml import etree

from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.directory._tables import FIND
from educonnect_flow.exports import SchoolExport, read
from educonnect_flow.testing.exports import NONE, made_up, write_siecle
from tests.postgres import Server

TAGS = ("PERSONNE", "RESPONSABLE_ELEVE", "ADRESSE", "ELEVE", "STRUCTURES_ELEVE")
LOOKED_UP, BLOCK = 8_000, 100


def bare(folder: Path) -> float:
    """Seconds of the parser alone, which drops each element."""
    begun = time.perf_counter()
    for path in sorted(folder.glob("*.xml")):
        for _, element in etree.iterparse(str(path), tag=TAGS):
            element.clear()
            while element.getprevious() is not None:
                parent: Any = element.getparent()
                del parent[0]
    return time.perf_counter() - begun


def reading(folder: Path) -> float:
    """Seconds of reading alone."""
    begun = time.perf_counter()
    export = read(folder.glob("*.xml"))
    assert isinstance(export, SchoolExport)
    for _ in export.items():
        pass
    return time.perf_counter() - begun


def imported(directory: SqliteDirectory | PostgresDirectory, folder: Path) -> tuple[float, int]:
    """Seconds of a whole import, and how many guardians it found."""
    begun = time.perf_counter()
    report = directory.replace(read(folder.glob("*.xml")))
    return time.perf_counter() - begun, report.guardians


def each(functions: list[Callable[[str], object]], mobiles: list[str]) -> list[float]:
    """Seconds of one look-up by each, in turns, each of mobiles of its own: whoever came second would find warm caches."""
    times: list[list[float]] = [[] for _ in functions]
    for number, mobile in enumerate(mobiles):
        turn = number // BLOCK % len(functions)
        begun = time.perf_counter()
        functions[turn](mobile)
        times[turn].append(time.perf_counter() - begun)
    return [median(taken) for taken in times]


def looked_up(directory: SqliteDirectory | PostgresDirectory, select: Callable[..., Any], s: str, mark: str) -> None:
    """Print a look-up beside its bare SELECT, beside the smallest SELECT on that index, and for nobody's number.

    :param select: what gives the rows of a statement and its values.
    :param s: the schema with its dot, or nothing.
    """
    random = f"SELECT mobile FROM {s}mobile ORDER BY random() LIMIT {LOOKED_UP}"
    mobiles = [mobile for (mobile,) in select(random, ())]
    find, least = FIND.format(s=s).replace("?", mark), f"SELECT uai, person FROM {s}mobile WHERE mobile = {mark}"
    ours, bare, smallest, nobody = each(
        [
            directory.find,
            lambda mobile: select(find, (mobile,)),
            lambda mobile: select(least, (mobile,)),
            lambda mobile: directory.find(mobile[:-1]),
        ],
        mobiles,
    )
    name = f"look-up of a mobile, {type(directory).__name__}"
    print(f"{name:<46} {ours * 1e6:>9.1f} µs  / {bare * 1e6:>9.1f} µs  = {ours / bare:5.2f} ×   (to hold: ≤ 1.5 ×)")
    print(f"{'':<46} the smallest SELECT {smallest * 1e6:.1f} µs; nobody's number {nobody * 1e6:.1f} µs")


def peak_memory() -> float:
    """Megabytes that this process has held at once; ``ru_maxrss`` would count what its parent held, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(families: int, dsn: str) -> None:
    """Print the figures of a school of so many families, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_siecle(Path(folder), made_up(families, quirks=NONE))
        command = [sys.executable, "-m", "tests.benchmarks.records", "--folder", folder, "--dsn", dsn]
        subprocess.run(command, check=True)


def told(name: str, seconds: float, control: float) -> None:
    """Print *seconds* beside those of the parser alone."""
    ratio = f"{seconds / control:5.2f} ×   (to hold: ≤ 2 ×)"
    print(f"{f'{name}, against the parser alone':<46} {seconds:>9.2f} s   / {control:>9.2f} s   = {ratio}")


def measured(folder: Path, dsn: str) -> None:
    """Print the figures of the files in *folder*."""
    before = peak_memory()
    directory = SqliteDirectory(folder / "records.db")
    whole, guardians = imported(directory, folder)
    peak = peak_memory()
    read_only, control = reading(folder), bare(folder)
    size = sum(path.stat().st_size for path in folder.glob("*.xml")) / 1e6
    print(
        f"school records: {guardians:,} guardians in {size:,.0f} MB of SIECLE; {peak:.0f} MB at most, {before:.0f} before"
    )
    told("reading", read_only, control)
    told("import, SQLite", whole, control)
    with closing(sqlite3.connect(folder / "records.db")) as db:
        looked_up(directory, lambda sql, values: db.execute(sql, values).fetchall(), "", "?")
    pg = PostgresDirectory(dsn, schema="measured")
    told("import, PostgreSQL", imported(pg, folder)[0], control)
    with psycopg.connect(dsn, autocommit=True) as connection:
        looked_up(pg, lambda sql, values: connection.execute(sql, values).fetchall(), "measured.", "%s")
        connection.execute("DROP SCHEMA measured CASCADE")
    directory.close()
    pg.close()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", type=int, default=6_000)
    parser.add_argument("--folder", type=Path, help="(itself, as a process of its own: for the memory)")
    parser.add_argument("--dsn")
    options = parser.parse_args()
    if options.folder is not None:
        measured(options.folder, options.dsn)
        return
    with closing(Server()) as server:
        measure(options.families, server.dsn)


if __name__ == "__main__":
    main()
