"""An import: an export of schools, put in the place of their records.  The same SQL for both databases.

The files are read into temporary tables and joined there: memory does not grow with them.  What comes of it is put in
place in one transaction, of which there is one at a time.

Long, for it is one import, from the temporary tables to the report.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from datetime import date
from json import loads
from typing import Any, Protocol

from educonnect_flow._text import encode
from educonnect_flow.directory._phones import mobiles_of
from educonnect_flow.directory._tables import RECORDS
from educonnect_flow.directory.report import Kind, Report
from educonnect_flow.exports import Entry, Export, ExportError, FeedExport, Person, School, Student
from educonnect_flow.exports import _aaf as aaf
from educonnect_flow.people import Relation
from educonnect_flow.validators.identity import LONGEST, fold

STAGE = (
    "CREATE TEMP TABLE i_person (id text PRIMARY KEY, family text, given text, usage text, others text, names text,"
    " wrong text, file text, line int){clustered}",
    "CREATE TEMP TABLE i_number (person text, mobile text, key text, PRIMARY KEY (person, mobile)){clustered}",
    "CREATE TEMP TABLE i_pupil (id text PRIMARY KEY, uai text, family text, given text, birth text, status text,"
    " file text, line int){clustered}",
    "CREATE TEMP TABLE i_link (person text, pupil text, relation text, file text, line int)",
    "CREATE TEMP TABLE i_request (seq int, part text, operation text, id text, body text, file text, line int)",
    "CREATE TEMP TABLE i_school (uai text PRIMARY KEY, name text)",
    "CREATE TEMP TABLE i_access (pupil text, person text, relation text, PRIMARY KEY (pupil, person)){clustered}",
    "CREATE TEMP TABLE i_guardian (person text PRIMARY KEY, known text, guardian text){clustered}",
    "CREATE TEMP TABLE i_place (uai text, person text, guardian text, PRIMARY KEY (uai, person)){clustered}",
)

BATCH = 5_000

_LATE = 11
"""The month from which on only the school year that began this year is one."""

HERE, GONE, ELSEWHERE, UNDATED, TWIN = "here", "gone", "elsewhere", "undated", "twin"
"""What a pupil of the file is: at the school; left; of another school; without a birth date; one of two homonyms."""

UNKNOWN = "unknown"

Row = Sequence[Any]


class TwiceError(Exception):
    """A row with a key that there is already."""


class Database(Protocol):
    """A connection, as an import needs it.  Marks are ``?``; SQL is formatted with ``terms``."""

    terms: Mapping[str, str]
    """``s`` and ``clustered`` (see ``tables``), and ``random``: an expression for 128 random bits as text."""

    def execute(self, sql: str, values: Row = ()) -> None:
        """Do *sql*."""
        ...

    def load(self, table: str, rows: Sequence[Row]) -> None:
        """Add *rows* to a temporary table.

        :raises TwiceError: when one has a key that is there already.
        """
        ...

    def rows(self, sql: str, values: Row = ()) -> Generator[tuple[Any, ...]]:
        """What *sql* finds, row by row."""
        ...

    def loaded(self) -> None:
        """The temporary tables are full: what a planner should know of them, it may find out."""
        ...


class Import:
    """One import: staged, then put in place.

    :param relation: what persons are to pupils where the format does not say; ``None``: such links are refused.
    :param today: whoever left before or on this day is left out.
    """

    def __init__(self, db: Database, export: Export, relation: Relation | None, today: date) -> None:
        self._db = db
        self._export = export
        self._relation = relation.value if relation is not None else UNKNOWN
        self._today = today
        self._schools: dict[str, School] = {}

    def _do(self, sql: str, *values: Any) -> None:
        self._db.execute(sql.format(**self._db.terms), values)

    def _rows(self, sql: str, *values: Any) -> Generator[tuple[Any, ...]]:
        return self._db.rows(sql.format(**self._db.terms), values)

    def _first(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of few."""
        return next(iter(list(self._rows(sql, *values))), None)

    # --- the files, into temporary tables ------------------------------------------------------------

    def stage(self) -> None:
        """Read all of it.

        :raises ExportError: and nothing is changed.
        """
        for statement in STAGE:
            self._do(statement)
        if isinstance(self._export, FeedExport):
            self._load(
                ("i_request", (n, r.part.name, r.operation.name, r.id, encode(r.attributes), r.file, r.line))
                for n, r in enumerate(self._export.requests())
            )
        else:
            self._take(self._export.items())
            _of_this_year(self._export.year, self._today)
            uai = self._export.uai
            self._schools = {"": School(uai=uai, name=self._export.name)}

    def _take(self, items: Iterable[tuple[str, Entry]]) -> None:
        self._load(row for file, item in items for row in self._rows_of(file, item))
        # Of two pupils with one name, neither is the one that a name links to.
        self._do(
            "UPDATE i_pupil SET status = ? WHERE ? = 'onde' AND (id LIKE '%#_%' OR id IN"
            " (SELECT substr(id, 1, length(id) - 2) FROM i_pupil WHERE id LIKE '%#2'))",
            TWIN, self._export.form,
        )  # fmt: skip
        self._db.loaded()

    def _load(self, rows: Iterable[tuple[str, Row]]) -> None:
        waiting: dict[str, list[Row]] = {}
        for table, row in rows:
            batch = waiting.setdefault(table, [])
            batch.append(row)
            if len(batch) >= BATCH:
                self._flush(table, batch)
        for table, batch in waiting.items():
            self._flush(table, batch)

    def _flush(self, table: str, batch: list[Row]) -> None:
        try:
            self._db.load(table, batch)
        except TwiceError as error:
            raise ExportError(f"two of its {'pupils' if table == 'i_pupil' else 'persons'} have one id") from error
        batch.clear()

    def _rows_of(self, file: str, item: Entry) -> Iterator[tuple[str, Row]]:
        if isinstance(item, Person):
            names = digest(f"{fold(item.family_name[:LONGEST])}\x1f{fold(item.given_name[:LONGEST])}")
            numbers, wrong = mobiles_of(item.phones, item.elsewhere)
            others = encode(item.other_given_names) if item.other_given_names else None
            yield "i_person", (
                item.id, item.family_name, item.given_name, item.usage_name, others, names, wrong, file, item.line,
            )  # fmt: skip
            for number in numbers:
                yield "i_number", (item.id, number, digest(f"{names}\x1f{number}"))
        elif isinstance(item, Student):
            birth = item.birth_date.isoformat() if item.birth_date is not None else None
            uai, status = self._status(item)
            yield "i_pupil", (item.id, uai, item.family_name, item.given_name, birth, status, file, item.line)
        else:
            relation = self._relation if item.unknown else item.relation.value if item.relation is not None else None
            if relation is not None:
                yield "i_link", (item.person, item.pupil, relation, file, item.line)

    def _status(self, pupil: Student) -> tuple[str, str]:
        if isinstance(self._export, FeedExport):
            school = self._schools.get(pupil.school or "")
            if school is None:
                return "", ELSEWHERE
            uai = school.uai
        else:
            uai = self._export.uai
        if pupil.left is not None and pupil.left <= self._today:
            return uai, GONE
        return uai, HERE if pupil.birth_date is not None else UNDATED

    # --- the temporary tables, into the records ------------------------------------------------------

    def place(self, report: Report) -> None:
        """Put it in the place of the schools' records, and note what was found.

        :raises ExportError: when it does not fit what is there; nothing is changed.
        """
        if isinstance(self._export, FeedExport):
            self._keep(self._export, report)
        self._db.load("i_school", [(school.uai, school.name or school.uai) for school in self._schools.values()])
        report.uais = tuple(sorted(school.uai for school in self._schools.values()))
        self._identify(report)
        self._find(report)
        self._write()
        report.guardians, report.pupils = self._first(
            "SELECT (SELECT count(DISTINCT guardian) FROM i_guardian),"
            " (SELECT count(*) FROM {s}pupil WHERE uai IN (SELECT uai FROM i_school))"
        ) or (0, 0)

    def _keep(self, export: FeedExport, report: Report) -> None:
        """Apply the requests to what is kept of the feed, and take what it comes to."""
        uai = export.uai
        if export.delta:
            uai = self._base(export)
            self._apply(export.feed, report)
        else:
            self._do("DELETE FROM {s}kept WHERE feed = ?", export.feed)
            twice = self._first(
                "SELECT part, max(file), max(line) FROM i_request GROUP BY part, id HAVING count(*) > 1 LIMIT 1"
            )
            if twice is not None:
                raise ExportError(f"two entries of {aaf.Part[twice[0]].value} have one id", *twice[1:])
            self._do("INSERT INTO {s}kept SELECT ?, part, id, body, file, line FROM i_request", export.feed)
        self._do(
            "INSERT INTO {s}feed VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET uai = excluded.uai, day = excluded.day",
            export.feed, uai, export.day,
        )  # fmt: skip
        self._choose(export, uai)
        # Closed even when an entry is wrong: no cursor outlives its transaction.
        with closing(
            self._rows(
                "SELECT part, id, body, file, line FROM {s}kept WHERE feed = ? AND part <> 'SCHOOLS'", export.feed
            )
        ) as rows:
            self._take(
                (file, entry)
                for part, identity, body, file, line in rows
                for entry in aaf.entries(aaf.Part[part], identity, loads(body), file, line)
            )

    def _base(self, export: FeedExport) -> str | None:
        """The school that was chosen when the complete export was imported."""
        found = self._first("SELECT uai, day FROM {s}feed WHERE name = ?", export.feed)
        if found is None:
            raise ExportError(f"a delta of {export.feed}, of which no complete export was imported: import it first")
        uai, day = found
        if export.day < day:
            raise ExportError(f"a delta of {export.day}, older than what is in place, of {day}")
        if export.uai not in {None, uai}:
            raise ExportError(f"the complete export was imported for {uai or 'all its schools'}")
        return None if uai is None else str(uai)

    def _apply(self, feed: str, report: Report) -> None:
        for part, operation, identity, told, file, line in self._rows(
            "SELECT part, operation, id, body, file, line FROM i_request ORDER BY seq"
        ):
            where, body = (feed, part, identity), told
            if operation == aaf.Operation.MODIFY.name:
                kept = self._first("SELECT body FROM {s}kept WHERE feed = ? AND part = ? AND id = ?", *where)
                if kept is None:
                    report.add(Kind.NOT_KEPT, file=file, line=line)
                    continue
                body = encode(loads(kept[0]) | loads(told))
            self._do("DELETE FROM {s}kept WHERE feed = ? AND part = ? AND id = ?", *where)
            if operation != aaf.Operation.DELETE.name:
                self._do("INSERT INTO {s}kept VALUES (?, ?, ?, ?, ?, ?)", *where, body, file, line)

    def _choose(self, export: FeedExport, uai: str | None) -> None:
        found = {
            identity: aaf.school(loads(body), file, line)
            for identity, body, file, line in list(
                self._rows("SELECT id, body, file, line FROM {s}kept WHERE feed = ? AND part = 'SCHOOLS'", export.feed)
            )
        }
        self._schools = {key: school for key, school in found.items() if uai in {None, school.uai}}
        if uai is not None and not self._schools:
            raise ExportError(f"no school {uai} in it")
        if export.name is not None:
            if len(self._schools) > 1:
                raise ExportError(f"one name for {len(self._schools)} schools: say the number (UAI) of one")
            self._schools = {key: School(uai=one.uai, name=export.name) for key, one in self._schools.items()}
        if len({school.uai for school in self._schools.values()}) != len(self._schools):
            raise ExportError("two of its schools have one number")

    @property
    def _source(self) -> str:
        """Whose ids of persons they are."""
        return f"aaf/{self._export.feed}" if isinstance(self._export, FeedExport) else self._export.uai

    def _identify(self, report: Report) -> None:
        """Who has access, and which id each guardian has: the one they had, or a new one."""
        self._do(
            "INSERT INTO i_access SELECT l.pupil, l.person, max(l.relation) FROM i_link l"
            " JOIN i_person p ON p.id = l.person JOIN i_pupil u ON u.id = l.pupil"
            " WHERE u.status = ? AND l.relation <> ? GROUP BY l.pupil, l.person",
            HERE, UNKNOWN,
        )  # fmt: skip
        self._do("CREATE INDEX i_access_person ON i_access (person)")
        self._do(
            "INSERT INTO i_guardian SELECT p.id, coalesce(b.guardian, (SELECT min(k.guardian) FROM i_number n"
            " JOIN {s}known k ON k.key = n.key WHERE n.person = p.id)), {random} FROM i_person p"
            " LEFT JOIN {s}known_person b ON b.source = ? AND b.person = p.id AND b.names = p.names"
            " WHERE p.wrong = '' AND EXISTS (SELECT 1 FROM i_access a WHERE a.person = p.id)",
            self._source,
        )  # fmt: skip
        self._do("UPDATE i_guardian SET guardian = known WHERE known IS NOT NULL")
        self._unite(report)
        self._do(
            "INSERT INTO i_place SELECT DISTINCT u.uai, a.person, g.guardian FROM i_access a"
            " JOIN i_guardian g ON g.person = a.person JOIN i_pupil u ON u.id = a.pupil"
        )

    def _unite(self, report: Report) -> None:
        """Persons of one name who share a number are one guardian, unless each was known as another."""
        one_of: dict[str, str] = {}

        def root(person: str) -> str:
            while person in one_of:
                person = one_of[person]
            return person

        found: dict[str, tuple[str | None, str]] = {}
        rows = self._rows(
            "SELECT n.key, n.person, g.known, g.guardian, p.family, p.given, p.file, p.line,"
            " (SELECT min(u.uai) FROM i_access a JOIN i_pupil u ON u.id = a.pupil WHERE a.person = n.person)"
            " FROM i_number n JOIN i_guardian g ON g.person = n.person JOIN i_person p ON p.id = n.person"
            " WHERE n.key IN (SELECT o.key FROM i_number o JOIN i_guardian h ON h.person = o.person"
            " GROUP BY o.key HAVING count(*) > 1) ORDER BY n.key, p.line, n.person"
        )
        for _, sharing in itertools.groupby(rows, key=lambda row: row[0]):
            first = ""
            for _, person, known, guardian, family, given, file, line, uai in sharing:
                if first and root(first) != root(person):
                    one_of[root(person)] = root(first)
                    report.add(Kind.SAME_NUMBER_AND_NAME, f"{family} {given}", uai, file, line)
                first = first or person
                found[person] = (known, guardian)
        ids: dict[str, list[tuple[bool, str]]] = {}
        for person, (known, guardian) in found.items():
            ids.setdefault(root(person), []).append((known is None, guardian))
        for person, (known, _) in found.items():
            if known is None:
                self._do("UPDATE i_guardian SET guardian = ? WHERE person = ?", min(ids[root(person)])[1], person)

    def _write(self) -> None:
        theirs = "uai IN (SELECT uai FROM i_school UNION SELECT uai FROM {s}school WHERE source = ?)"
        for table in RECORDS:
            self._do(f"DELETE FROM {{s}}{table} WHERE {theirs}", self._source)
        self._do("INSERT INTO {s}school SELECT uai, name, ? FROM i_school", self._source)
        self._do(
            "INSERT INTO {s}guardian SELECT l.uai, p.id, l.guardian, p.family, p.given, p.usage, p.others"
            " FROM i_place l JOIN i_person p ON p.id = l.person"
        )
        self._do(
            "INSERT INTO {s}mobile SELECT n.mobile, l.uai, l.person FROM i_place l"
            " JOIN i_number n ON n.person = l.person"
        )
        self._do(
            "INSERT INTO {s}relation SELECT u.uai, a.person, u.uai || ':' || u.id, a.relation FROM i_access a"
            " JOIN i_guardian g ON g.person = a.person JOIN i_pupil u ON u.id = a.pupil"
        )
        self._do(
            "INSERT INTO {s}pupil SELECT u.uai, u.uai || ':' || u.id, u.family, u.given, u.birth FROM i_pupil u"
            " WHERE EXISTS (SELECT 1 FROM i_access a JOIN i_guardian g ON g.person = a.person WHERE a.pupil = u.id)"
        )
        self._do(
            "INSERT INTO {s}known SELECT n.key, min(g.guardian), ? FROM i_number n"
            " JOIN i_guardian g ON g.person = n.person WHERE true GROUP BY n.key"
            " ON CONFLICT (key) DO UPDATE SET seen = excluded.seen",
            self._today.isoformat(),
        )
        if self._export.form != "onde":  # whose persons have no id but their line
            self._do(
                "INSERT INTO {s}known_person SELECT ?, g.person, p.names, g.guardian, ? FROM i_guardian g"
                " JOIN i_person p ON p.id = g.person WHERE true ON CONFLICT (source, person)"
                " DO UPDATE SET names = excluded.names, guardian = excluded.guardian, seen = excluded.seen",
                self._source,
                self._today.isoformat(),
            )

    def _find(self, report: Report) -> None:
        """What a secretary can mend."""
        legal, onde = Relation.LEGAL_REPRESENTATIVE.value, self._export.form == "onde"
        pupils = "SELECT ?, u.family, u.given, u.uai, u.file, u.line FROM i_pupil u WHERE u.status = ?"
        questions: tuple[tuple[str, tuple[Any, ...]], ...] = (
            (
                "SELECT p.wrong, p.family, p.given, min(u.uai), p.file, p.line FROM i_person p"
                " JOIN i_access a ON a.person = p.id JOIN i_pupil u ON u.id = a.pupil WHERE p.wrong <> ''"
                " GROUP BY p.id, p.wrong, p.family, p.given, p.file, p.line",
                (),
            ),
            (
                pupils + " AND NOT EXISTS (SELECT 1 FROM i_access a WHERE a.pupil = u.id AND a.relation IN (?, ?))",
                (Kind.NO_LEGAL_REPRESENTATIVE.name, HERE, legal, self._relation if onde else legal),
            ),
            (
                "SELECT ?, '', '', coalesce(u.uai, ''), l.file, l.line FROM i_link l LEFT JOIN i_person p"
                " ON p.id = l.person LEFT JOIN i_pupil u ON u.id = l.pupil WHERE p.id IS NULL OR u.id IS NULL",
                (Kind.LINK_TO_NOBODY.name,),
            ),
            (
                "SELECT ?, p.family, p.given, u.uai, p.file, p.line FROM i_link l JOIN i_person p ON p.id = l.person"
                " JOIN i_pupil u ON u.id = l.pupil WHERE l.relation = ? AND u.status = ?",
                (Kind.RELATION_UNKNOWN.name, UNKNOWN, HERE),
            ),
            (pupils, (Kind.HOMONYMS.name, TWIN)),
            (pupils, (Kind.NO_BIRTH_DATE.name, UNDATED)),
            (pupils, (Kind.LEFT.name, GONE)),
        )
        for sql, values in questions:
            for kind, family, given, uai, file, line in self._rows(sql, *values):
                report.add(Kind[kind], f"{family} {given}".strip(), uai, file, line)


def _of_this_year(year: int | None, today: date) -> None:
    """A file of last year has last year's pupils; until the end of October it is taken, for both are about then."""
    if year is not None and not today.year - (today.month < _LATE) <= year <= today.year:
        raise ExportError(f"it is of the school year {year}-{year + 1}, and today is {today:%d/%m/%Y}")


def digest(text: str) -> str:
    """What stands for *text* where it need not be read again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def imported(
    export: Export,
    db: Database,
    placing: Callable[[], AbstractContextManager[object]],
    *,
    relation: Relation | None,
    today: date | None,
    dry_run: bool,
) -> Report:
    """Stage *export*, then put it in place within *placing*, unless it is a dry run."""
    made, report = Import(db, export, relation, today or date.today()), Report()  # noqa: DTZ011 - a school's day
    made.stage()
    with suppress(_DryRunError), placing():
        made.place(report)
        if dry_run:
            raise _DryRunError
    return report


class _DryRunError(Exception):
    """Takes back what was placed."""
