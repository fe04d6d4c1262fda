"""What all parts of an import share: the database, the export, what the host said, and what was found."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from attrs import Factory, define, frozen

from educonnect_flow.directory.report import Report
from educonnect_flow.exports import Export, FeedExport, School
from educonnect_flow.people import Relation
from educonnect_flow.validators import Validators

Row = Sequence[Any]


KEPT = 0.6
"""The share of placing a feed that is spent on what is kept of it."""


class Database(Protocol):
    """A connection, as an import needs it.  Marks are ``?``; SQL is formatted with ``terms``."""

    terms: Mapping[str, str]
    """``s`` and ``clustered`` (see ``tables``), and ``random``: an expression for 128 random bits as text."""

    def execute(self, sql: str, values: Row = ()) -> None:
        """Do *sql*."""
        ...

    def load(self, table: str, rows: Sequence[Row]) -> None:
        """Add *rows* to a temporary table."""
        ...

    def first(self, sql: str, values: Row = ()) -> tuple[Any, ...] | None:
        """The first row that *sql* finds, of few."""
        ...

    def rows(self, sql: str, values: Row = ()) -> Generator[tuple[Any, ...]]:
        """What *sql* finds, row by row."""
        ...

    def loaded(self) -> None:
        """The temporary tables are full: what a planner should know of them, it may find out."""
        ...


@frozen
class Rules:
    """What the host said of an import."""

    relation: Relation | None
    """What persons are to pupils where the format does not say; ``None``: such links are refused."""
    today: date
    """Who left before or on this day is left out."""
    validators: Validators
    """Whose rule for mobiles is that of the form."""
    anyway: bool = False
    """Replace newer records, and many more guardians, too."""
    dry_run: bool = False


@define
class Work:
    """One import."""

    db: Database
    export: Export
    rules: Rules
    report: Report
    schools: dict[str, School] = Factory(dict)
    """Those that are imported, by their id in the export."""
    others: set[str] = Factory(set)
    """The ids of those that are not."""

    _reported: int = 0

    def done(self, share: float) -> None:
        """Tell how much of placing is done; of a feed, taking what is kept of it comes before all else."""
        before = KEPT if isinstance(self.export, FeedExport) else 0.0
        self._tell(before + (1 - before) * share)

    def kept(self, share: float) -> None:
        """Tell how much of what is kept of a feed is taken."""
        self._tell(KEPT * share)

    def _tell(self, share: float) -> None:
        due = int(self.export.placing * share)
        self.export.progress(due - self._reported)
        self._reported = due

    def do(self, sql: str, *values: Any) -> None:
        """Do *sql* with its terms."""
        self.db.execute(sql.format(**self.db.terms), values)

    def rows(self, sql: str, *values: Any) -> Generator[tuple[Any, ...]]:
        """What *sql* finds, row by row."""
        return self.db.rows(sql.format(**self.db.terms), values)

    def first(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of few."""
        return self.db.first(sql.format(**self.db.terms), values)

    @property
    def only_school(self) -> str | None:
        """The number of the school, when it is one."""
        found = {school.uai for school in self.schools.values()}
        return found.pop() if len(found) == 1 else None

    @property
    def source(self) -> str:
        """Whose ids of persons they are."""
        return f"aaf/{self.export.feed}" if isinstance(self.export, FeedExport) else self.export.uai

    @property
    def exported(self) -> str:
        """When the export was made, as ``fields.moment`` writes it."""
        if isinstance(self.export, FeedExport):
            day = self.export.day
            return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ""
        return self.export.exported
