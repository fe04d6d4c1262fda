"""Figures of school records: ``python -m tests.benchmarks.records --families 670000`` (about a million guardians).

Each figure stands beside its control: the parser alone over the same files, and a bare SELECT on the same index.
"""

from __future__ import annotations

import argparse
import resource
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
from educonnect_flow.exports import read
from educonnect_flow.testing.exports import made_up, write_siecle

TAGS = ("PERSONNE", "RESPONSABLE_ELEVE", "ADRESSE", "ELEVE", "STRUCTURES_ELEVE")


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
    for _ in read(folder.glob("*.xml")).items():
        pass
    reading = time.perf_counter() - begun
    directory = SqliteDirectory(folder / "records.db")
    begun = time.perf_counter()
    print(directory.replace(read(folder.glob("*.xml"))))
    directory.close()
    return reading, time.perf_counter() - begun


def each(function: Callable[[str], object], mobiles: list[str]) -> float:
    """Microseconds of one look-up."""
    times = []
    for mobile in mobiles:
        begun = time.perf_counter()
        function(mobile)
        times.append(time.perf_counter() - begun)
    return median(times) * 1e6


def looked_up(folder: Path) -> tuple[float, float]:
    """Microseconds of a look-up, and of a bare SELECT on the same index."""
    path = folder / "records.db"
    directory = SqliteDirectory(path)
    rows = sqlite3.connect(path)
    mobiles = [m for (m,) in rows.execute("SELECT mobile FROM entry ORDER BY random() LIMIT 3000")]
    select = "SELECT guardian, body FROM entry WHERE mobile = ?"
    control = each(lambda mobile: rows.execute(select, (mobile,)).fetchall(), mobiles)
    ours = each(directory.find, mobiles)
    control = min(control, each(lambda mobile: rows.execute(select, (mobile,)).fetchall(), mobiles))
    rows.close()
    directory.close()
    return ours, control


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="(itself, as a process of its own: for the memory)")
    options = parser.parse_args()
    if options.folder:
        reading, whole = imported(options.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        control = bare(options.folder)
        size = sum(path.stat().st_size for path in options.folder.glob("*.xml")) / 1e6
        print(
            f"{size:.0f} MB: parser alone {control:.1f} s; reading {reading:.1f} s ({reading / control:.1f} x);"
            f" import {whole:.1f} s ({whole / control:.1f} x); peak {peak:.0f} MB"
        )
        ours, select = looked_up(options.folder)
        print(f"look-up {ours:.1f} us; bare SELECT {select:.1f} us ({ours / select:.2f} x)")
        return
    for families in (min(670, options.families), options.families):
        with tempfile.TemporaryDirectory() as folder:
            write_siecle(Path(folder), made_up(families, quirks=False))
            subprocess.run([sys.executable, "-m", "tests.benchmarks.records", "--folder", folder], check=True)


if __name__ == "__main__":
    main()
