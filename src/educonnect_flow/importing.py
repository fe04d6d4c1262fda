"""``python -m educonnect_flow import-records``: a school's export into a directory, with a report to act on."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from educonnect_flow._text import printable
from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.directory.report import HEADER, Passed, Report
from educonnect_flow.exports import ExportError, read
from educonnect_flow.people import Relation
from educonnect_flow.validators import Validators

_NAMED = 3
"""Schools that a line names; more are counted."""
_POSTGRES = re.compile(r"postgres(ql)?://|[a-z_]+ *=")
"""What libpq takes: a URI, or words with values."""


def import_records(
    files: Sequence[Path],
    into: str,
    *,
    uai: str | None = None,
    name: str | None = None,
    relation: Relation | None = None,
    today: date | None = None,
    validators: Validators | None = None,
    anyway: bool = False,
    dry_run: bool = False,
    report_to: Path | None = None,
    console: Console | None = None,
) -> int:
    """Import *files* into the directory *into*; 0, or 1 with the reason on the error output.

    :param into: the file of a ``SqliteDirectory``, or a PostgreSQL's ``postgresql://…`` or ``host=…``.
    :param today: the day of the import; default: the machine's.
    :param validators: the host's, as its flow has them.
    :param anyway: replace newer records, and many more guardians, too.
    :param report_to: a CSV file for the report, readable by its owner only; default: a table on the output.
    """
    shown, output = console or Console(stderr=True, emoji=False), console or Console(file=sys.stdout, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        _check_places(files, into, report_to)
        with ExitStack() as stack:
            report_file = stack.enter_context(_report_file(report_to)) if report_to is not None else None
            progress = stack.enter_context(Progress(*columns, console=shown, transient=True))
            task = progress.add_task("import", total=None)
            export = read(files, uai=uai, name=name, progress=lambda count: progress.advance(task, count))
            progress.update(task, total=export.size + export.placing)
            with _opened(into, dry_run=dry_run) as directory:
                report = directory.replace(
                    export, relation=relation, today=today, dry_run=dry_run, validators=validators, anyway=anyway
                )
            if report_file is not None:
                report.write_csv(report_file)
    except _expected() as error:
        shown.print(printable(f"nothing was imported: {error}"), markup=False, highlight=False, soft_wrap=True)
        return 1
    for sentence in sentences_of(report):
        output.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if report_to is None:
        output.print(table_of(report))
    can, done = ("could", "Dry run: nothing was changed.") if dry_run else ("can", "The records were replaced.")
    output.print(
        f"{_schools(report)}: {report.guardians} guardians {can} activate an account for {report.pupils} pupils;"
        f" {report.counts.total()} findings. {done}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return 0


def _check_places(files: Sequence[Path], into: str, report_to: Path | None) -> None:
    """Whether what is written is no file that is read, nor the other that is written.

    :raises ExportError: naming the one that is.
    """
    written: list[Path] = []
    if not _POSTGRES.match(into):
        directory = Path(into).resolve()  # SQLite keeps its log beside the file that a link leads to
        if directory.exists() and not directory.is_file():
            raise ExportError("--into is no regular file", directory.name)
        written = [directory, *(Path(f"{directory}{end}") for end in ("-wal", "-shm", "-journal"))]
        if any(_same(path, one) for path in files for one in written):
            raise ExportError("--into, or its log, is one of the files to import", directory.name)
    if report_to is None:
        return
    if report_to.is_symlink() or (report_to.exists() and not report_to.is_file()):
        raise ExportError("--csv is no regular file", report_to.name)
    if any(_same(report_to, path) for path in files):
        raise ExportError("--csv is one of the files to import", report_to.name)
    if any(_same(report_to, path) for path in written):
        raise ExportError("--csv is the directory of --into, or its log", report_to.name)


def _same(one: Path, other: Path) -> bool:
    """Whether both are one file, by whatever path or link."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return one.resolve() == other.resolve()


@contextmanager
def _report_file(place: Path) -> Iterator[TextIO]:
    """A file for the report, readable by its owner only; in *place* once all went well, and not before."""
    descriptor, name = mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            yield file
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _opened(into: str, *, dry_run: bool) -> Iterator[PostgresDirectory | SqliteDirectory]:
    with TemporaryDirectory() as folder:
        if _POSTGRES.match(into):
            directory: PostgresDirectory | SqliteDirectory = PostgresDirectory(into)
        elif dry_run and not Path(into).exists():  # nothing is made, not even a file
            directory = SqliteDirectory(Path(folder) / "records.db")
        else:
            directory = SqliteDirectory(into)
        try:
            yield directory
        finally:
            directory.close()


def _expected() -> tuple[type[Exception], ...]:
    """What an import may meet; of PostgreSQL only where it is used."""
    psycopg = sys.modules.get("psycopg")
    return (ExportError, ImportError, OSError, sqlite3.Error, *([psycopg.Error] if psycopg is not None else []))


def sentences_of(report: Report) -> list[str]:
    """What the secretary must do, first; then what was left aside, and what should be looked at before an import."""
    skipped = [printable(f"Skipped: {name} ({what})") for name, what in report.skipped]
    doubts = [printable(f"To replace them nevertheless takes --yes: {doubt}") for doubt in report.doubts]
    passed = [f"{kind.value} : {report.passed[kind]}." for kind in Passed if report.passed[kind]]
    return [*report.summary(), *passed, *skipped, *doubts]


def table_of(report: Report) -> Table:
    """The findings as a table; which file a line is of, the CSV says."""
    kind, who, school, _, line = HEADER
    several = [school] if len(report.uais) > 1 else []
    table = Table(
        kind, who, *several, line, title=escape(f"École ou établissement {_schools(report)}"), title_justify="left"
    )
    for said, name, uai, _, number in report.rows():
        table.add_row(*map(escape, (said, name, *([uai] if several else []), number)))
    return table


def _schools(report: Report) -> str:
    return printable(", ".join(report.uais)) if len(report.uais) <= _NAMED else f"{len(report.uais)} schools"
