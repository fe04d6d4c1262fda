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
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree

from educonnect_flow.directory import SqliteDirectory
from educonnect_flow.directory.tables import FIND
from educonnect_flow.exports import SchoolExport, read
from educonnect_flow.testing.exports import NONE, made_up, write_siecle

TAGS = ("PERSONNE", "RESPONSABLE_ELEVE", "ADRESSE", "ELEVE", "STRUCTURES_ELEVE")
LOOKED_UP = 3_000


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


def imported(folder: Path) -> tuple[float, float]:
    """Seconds of reading alone, and of a whole import."""
    begun = time.perf_counter()
    export = read(folder.glob("*.xml"))
    assert isinstance(export, SchoolExport)
    for _ in export.items():
        pass
    reading = time.perf_counter() - begun
    directory = SqliteDirectory(folder / "records.db")
    begun = time.perf_counter()
    print(directory.replace(read(folder.glob("*.xml"))))
    directory.close()
    return reading, time.perf_counter() - begun


def each(functions: list[Callable[[str], object]], mobiles: list[str]) -> list[float]:
    """Microseconds of one look-up by each, in turns."""
    times: list[list[float]] = [[] for _ in functions]
    turns = list(zip(functions, times, strict=True))
    for mobile in mobiles:
        turns.append(turns.pop(0))  # whoever comes first finds the caches cold
        for function, taken in turns:
            begun = time.perf_counter()
            function(mobile)
            taken.append(time.perf_counter() - begun)
    return [median(taken) * 1e6 for taken in times]


def looked_up(folder: Path) -> list[float]:
    """Microseconds of a look-up, of its bare SELECT, of the smallest SELECT on that index, and of a stranger's look-up."""
    path = folder / "records.db"
    directory = SqliteDirectory(path)
    rows = sqlite3.connect(path)
    mobiles = [m for (m,) in rows.execute("SELECT mobile FROM mobile ORDER BY random() LIMIT ?", (LOOKED_UP,))]
    find, least = FIND.format(s=""), "SELECT uai, person FROM mobile WHERE mobile = ?"

    def bare(mobile: str) -> Any:
        return rows.execute(find, (mobile,)).fetchall()

    def smallest(mobile: str) -> Any:
        return rows.execute(least, (mobile,)).fetchall()

    found = each([directory.find, bare, smallest, lambda mobile: directory.find(mobile[:-1])], mobiles)
    rows.close()
    directory.close()
    return found


def peak_memory() -> float:
    """Megabytes that this process has held at once; ``ru_maxrss`` would count what its parent held, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(families: int) -> None:
    """Print the figures of a file of so many families, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_siecle(Path(folder), made_up(families, quirks=NONE))
        subprocess.run([sys.executable, "-m", "tests.benchmarks.records", "--folder", folder], check=True)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="(itself, as a process of its own: for the memory)")
    options = parser.parse_args()
    if options.folder is None:
        measure(options.families)
        return
    before = peak_memory()
    reading, whole = imported(options.folder)
    peak = peak_memory()
    control = bare(options.folder)
    size = sum(path.stat().st_size for path in options.folder.glob("*.xml")) / 1e6
    print(
        f"{size:.0f} MB: parser alone {control:.2f} s; reading {reading:.2f} s ({reading / control:.2f} x);"
        f" import {whole:.2f} s ({whole / control:.2f} x); peak {peak:.0f} MB, of which {before:.0f} before it"
    )
    ours, select, least, nobody = looked_up(options.folder)
    print(
        f"look-up {ours:.1f} us; its bare SELECT {select:.1f} us ({ours / select:.2f} x); the smallest {least:.1f} us;"
        f" a look-up of nobody's number {nobody:.1f} us"
    )


if __name__ == "__main__":
    main()
