"""An import: an export of schools, put in the place of their records.  The same SQL for both databases.

The files are read into temporary tables and joined there: memory does not grow with them.  What comes of it is put in
place in one transaction, of which there is one at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import date

from educonnect_flow.directory import _feeds as feeds
from educonnect_flow.directory import _findings as findings
from educonnect_flow.directory import _placing as placing
from educonnect_flow.directory import _staging as staging
from educonnect_flow.directory._work import Database, Rules, Work
from educonnect_flow.directory.report import Report
from educonnect_flow.exports import Entry, Export, ExportError, FeedExport, School, SchoolExport
from educonnect_flow.people import Relation
from educonnect_flow.validators import Validators

_LATE = 11
"""The month from which on only the school year that began this year is one."""


def _stage(work: Work) -> None:
    """Read the whole export into temporary tables.

    :raises ExportError: nothing is changed.
    """
    export = work.export
    for statement in staging.STAGE:
        work.do(statement)
    if isinstance(export, FeedExport):
        feeds.stage(work, export)
        return
    staging.take(work, _at_the_school(work, export))
    _of_this_year(export.year, work.rules.today)


def _place(work: Work) -> None:
    """Put what was read in the place of the schools' records, and note what was found.

    :raises ExportError: when it does not fit what is there; nothing is changed.
    """
    report = work.report
    if isinstance(work.export, FeedExport):
        feeds.keep(work, work.export)
    schools = {school.uai: school.name or school.uai for school in reversed(work.schools.values())}
    report.uais = tuple(sorted(schools))
    work.db.load("i_school", list(schools.items()))
    staging.settle(work)
    work.done(1 / 4)
    placing.identify(work)
    work.done(2 / 4)
    findings.find(work)
    placing.doubt(work)
    work.done(3 / 4)
    placing.write(work)
    report.guardians, report.pupils = work.first(
        "SELECT (SELECT count(DISTINCT guardian) FROM i_guardian),"
        " (SELECT count(*) FROM {s}pupil WHERE uai IN (SELECT uai FROM i_school))"
    ) or (0, 0)
    work.done(1)


def _at_the_school(work: Work, export: SchoolExport) -> Iterator[tuple[str, Entry]]:
    """Its entries, once it is known of which school they are."""
    items = export.items()
    first = list(itertools.islice(items, 1))
    work.schools = {"": School(uai=export.uai, name=export.name)}
    return itertools.chain(first, items)


def _of_this_year(year: int | None, today: date) -> None:
    """A file of last year has last year's pupils; until the end of October it is taken, for both are about then."""
    if year is not None and not today.year - (today.month < _LATE) <= year <= today.year:
        raise ExportError(f"it is of the school year {year}-{year + 1}, and today is {today:%d/%m/%Y}")


def imported(
    export: Export,
    db: Database,
    placing_within: Callable[[], AbstractContextManager[object]],
    *,
    relation: Relation | None,
    today: date | None,
    dry_run: bool,
    validators: Validators | None,
    anyway: bool,
) -> Report:
    """Stage *export*, then put it in place within *placing_within*, unless it is a dry run."""
    rules = Rules(
        relation=relation,
        today=today or date.today(),  # noqa: DTZ011 - a school's day
        validators=validators or Validators(),
        anyway=anyway,
        dry_run=dry_run,
    )
    report = Report()
    report.skipped = [(one.name, one.what) for one in export.skipped]
    work = Work(db, export, rules, report)
    _stage(work)
    with suppress(_DryRunError), placing_within():
        _place(work)
        if dry_run:
            raise _DryRunError
    return report


class _DryRunError(Exception):
    """Takes back what was placed."""
