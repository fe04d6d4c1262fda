"""``python -m educonnect_flow import-records``: a school's export into a directory, with a report to act on."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.directory.report import HEADER, Report
from educonnect_flow.exports import ExportError, read
from educonnect_flow.people import Relation

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
    dry_run: bool = False,
    report_to: Path | None = None,
    console: Console | None = None,
) -> int:
    """Import *files* into the directory *into*; 0, or 1 with the reason on the error output.

    :param into: the file of a ``SqliteDirectory``, or a PostgreSQL's ``postgresql://…`` or ``host=…``.
    :param report_to: a CSV file for the report, readable by its owner only; default: a table on the output.
    """
    shown, told = console or Console(stderr=True), console or Console(file=sys.stdout)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        if report_to is not None:  # before anything is done
            report_to.touch(mode=0o600)
            report_to.chmod(0o600)  # for one that was there before
        with Progress(*columns, console=shown, transient=True) as progress:
            task = progress.add_task("import", total=None)
            export = read(files, uai=uai, name=name, progress=lambda count: progress.advance(task, count))
            progress.update(task, total=export.size)
            with _opened(into, dry_run=dry_run) as directory:
                report = directory.replace(export, relation=relation, dry_run=dry_run)
    except _expected() as error:
        shown.print(f"nothing was imported: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    if report_to is not None:
        with report_to.open("w", encoding="utf-8-sig", newline="") as file:
            report.write_csv(file)
    else:
        told.print(table_of(report))
    can, done = ("could", "Dry run: nothing was changed.") if dry_run else ("can", "The records were replaced.")
    told.print(
        f"{_schools(report)}: {report.guardians} guardians {can} activate an account for {report.pupils} pupils;"
        f" {report.counts.total()} findings. {done}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return 0


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


def table_of(report: Report) -> Table:
    """The findings as a table; which file a line is of, the CSV says."""
    kind, who, school, _, line = HEADER
    several = [school] if len(report.uais) > 1 else []
    table = Table(kind, who, *several, line, title=f"École ou établissement {_schools(report)}", title_justify="left")
    for said, name, uai, _, number in report.rows():
        table.add_row(*map(escape, (said, name, *([uai] if several else []), number)))
    return table


def _schools(report: Report) -> str:
    return ", ".join(report.uais) if len(report.uais) <= _NAMED else f"{len(report.uais)} schools"
