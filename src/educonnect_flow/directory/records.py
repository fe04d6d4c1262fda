"""Rows of a school's records, the same for both databases: what an import writes, and what a look-up reads.

An import reads the files into temporary tables, then joins them there: memory does not grow with the files.  What it
puts in place of the school's records it puts there in one transaction.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date
from functools import cache
from typing import Any, Protocol

import phonenumbers

from educonnect_flow.directory.report import Kind, Report
from educonnect_flow.exports import Entry, Person, Student
from educonnect_flow.exports.reading import Export
from educonnect_flow.machinery.text import encode
from educonnect_flow.people import Guardian, Pupil, Relation
from educonnect_flow.settings import Settings
from educonnect_flow.validators.identity import LONGEST as LONGEST_NAME
from educonnect_flow.validators.identity import fold
from educonnect_flow.validators.mobile import LONGEST as LONGEST_NUMBER
from educonnect_flow.validators.mobile import check_mobile, read_mobile

TABLES = (
    "CREATE TABLE IF NOT EXISTS {s}school (uai text PRIMARY KEY, name text NOT NULL)",
    # One row for each number, school and person: all that a look-up needs.
    "CREATE TABLE IF NOT EXISTS {s}entry (mobile text NOT NULL, uai text NOT NULL, person text NOT NULL,"
    " guardian text NOT NULL, body text NOT NULL, PRIMARY KEY (mobile, uai, person))",
    "CREATE INDEX IF NOT EXISTS entry_uai ON {s}entry (uai)",
    # Who was given which id: by names and number (a digest), and by the school's own id.  Outlives the records, so that
    # a pupil who changes school keeps the parent's account.
    "CREATE TABLE IF NOT EXISTS {s}known (key text PRIMARY KEY, guardian text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {s}known_by_school (uai text NOT NULL, person text NOT NULL, names text NOT NULL,"
    " guardian text NOT NULL, PRIMARY KEY (uai, person))",
)

STAGE = (
    "CREATE TEMP TABLE i_person (id text PRIMARY KEY, family text, given text, usage text, others text, names text,"
    " numbers text, phone text, line int)",
    "CREATE TEMP TABLE i_number (person text, mobile text, key text, PRIMARY KEY (person, mobile))",
    "CREATE TEMP TABLE i_pupil (id text PRIMARY KEY, family text, given text, birth text, status text, line int)",
    "CREATE TEMP TABLE i_link (person text, pupil text, relation text, line int)",
    "CREATE TEMP TABLE i_entry (mobile text, person text, guardian text, body text, names text, key text)",
)

FIND = "SELECT guardian, body FROM {s}entry WHERE mobile = ? ORDER BY guardian, uai, person"

BATCH = 5_000

HERE, GONE, ELSEWHERE, UNDATED, TWIN = "here", "gone", "elsewhere", "undated", "twin"
"""What a pupil of the file is: at the school; left; of another school; without a birth date; one of two homonyms."""

UNKNOWN = "unknown"

_SETTINGS = Settings()
_DIGITS = re.compile(r"(?:\+33|0)([67][0-9]{8})")


class Database(Protocol):
    """A connection in a transaction, as the import needs it.  Marks are ``?``."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do *sql*; how many rows it changed."""
        ...

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do *sql* for each of *rows*."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """What *sql* finds, row by row."""
        ...


def guardians_of(mobile: str, rows: Iterable[tuple[str, str]]) -> tuple[Guardian, ...]:
    """The guardians of the rows of ``FIND``: who is known to several schools is one, with all their pupils."""
    found = []
    for guardian, several in itertools.groupby(rows, key=lambda row: row[0]):
        bodies = [json.loads(body) for _, body in several]
        family, given, usage, others, _ = bodies[0]
        pupils: dict[str, Pupil] = {}
        for *_, shown in bodies:
            for identity, surname, name, birth, relation, school, uai in shown:
                pupils[identity] = Pupil(
                    id=identity,
                    family_name=surname,
                    given_name=name,
                    birth_date=date.fromisoformat(birth),
                    school=school,
                    uai=uai,
                    relation=Relation(relation),
                )
        found.append(
            Guardian(
                id=guardian,
                family_name=family,
                given_name=given,
                usage_name=usage or next((body[2] for body in bodies if body[2]), None),
                other_given_names=others,
                mobile=mobile,
                pupils=tuple(pupils.values()),
            )
        )
    return tuple(found)


class Import:
    """One import: staged, then put in place.

    :param relation: what persons are to pupils where the format does not say; ``None``: such links are refused.
    :param today: whoever left before or on this day is left out.
    """

    def __init__(self, db: Database, schema: str, export: Export, relation: Relation | None, today: date) -> None:
        self._db = db
        self._schema = schema
        self._export = export
        self._relation = relation
        self._today = today

    # --- the files, into temporary tables ------------------------------------------------------------

    def stage(self) -> None:
        """Read all of it.

        :raises ExportError: and nothing is changed.
        """
        for statement in STAGE:
            self._db.execute(statement)
        waiting: dict[str, list[Sequence[Any]]] = {"i_person": [], "i_number": [], "i_pupil": [], "i_link": []}
        for item in self._export.items():
            for table, row in self._rows_of(item):
                waiting[table].append(row)
                if len(waiting[table]) >= BATCH:
                    self._flush(table, waiting[table])
        for table, rows in waiting.items():
            self._flush(table, rows)
        self._db.execute("CREATE INDEX i_link_pupil ON i_link (pupil, person)")
        if self._export.form == "onde":  # of two pupils with one name, neither is the one that a name links to
            self._db.execute(
                "UPDATE i_pupil SET status = ? WHERE id LIKE '%#_%' OR id IN"
                " (SELECT substr(id, 1, length(id) - 2) FROM i_pupil WHERE id LIKE '%#2')",
                (TWIN,),
            )
        self.uai = self._export.uai

    def _flush(self, table: str, rows: list[Sequence[Any]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._db.many(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", rows)
            rows.clear()

    def _rows_of(self, item: Entry) -> Iterator[tuple[str, Sequence[Any]]]:
        if isinstance(item, Person):
            names = digest(f"{_folded(item.family_name)}\x1f{_folded(item.given_name)}")
            numbers, state = mobiles_of(item.phones)
            keyed = [(number, digest(f"{names}\x1f{number}")) for number in numbers]
            yield "i_person", (
                item.id, item.family_name, item.given_name, item.usage_name, encode(item.other_given_names), names,
                encode(keyed), state, item.line,
            )  # fmt: skip
            for number, key in keyed:
                yield "i_number", (item.id, number, key)
        elif isinstance(item, Student):
            birth = item.birth_date.isoformat() if item.birth_date is not None else None
            yield "i_pupil", (item.id, item.family_name, item.given_name, birth, self._status(item), item.line)
        else:
            relation = UNKNOWN if item.unknown else item.relation.value if item.relation is not None else None
            if relation is not None:
                yield "i_link", (item.person, item.pupil, relation, item.line)

    def _status(self, pupil: Student) -> str:
        if pupil.school is not None and pupil.school != self._export.uai:
            return ELSEWHERE
        if pupil.left is not None and pupil.left <= self._today:
            return GONE
        return HERE if pupil.birth_date is not None else UNDATED

    # --- the temporary tables, into the records ------------------------------------------------------

    def place(self, report: Report) -> None:
        """Put it in the place of the school's records, and note what was found."""
        self._find(report)
        entries = self._entries(report)
        for batch in iter(lambda: list(itertools.islice(entries, BATCH)), []):
            self._db.many("INSERT INTO i_entry VALUES (?, ?, ?, ?, ?, ?)", batch)
        s, uai = self._schema, self.uai
        self._db.execute(f"DELETE FROM {s}entry WHERE uai = ?", (uai,))
        self._db.execute(
            f"INSERT INTO {s}entry SELECT mobile, ?, person, guardian, body FROM i_entry WHERE true"
            " ON CONFLICT DO NOTHING",
            (uai,),
        )
        self._db.execute(
            f"INSERT INTO {s}known SELECT key, min(guardian) FROM i_entry WHERE true GROUP BY key"
            " ON CONFLICT DO NOTHING"
        )
        self._db.execute(
            f"INSERT INTO {s}known_by_school SELECT ?, person, min(names), min(guardian) FROM i_entry WHERE true"
            " GROUP BY person ON CONFLICT (uai, person)"
            " DO UPDATE SET names = excluded.names, guardian = excluded.guardian",
            (uai,),
        )
        self._db.execute(
            f"INSERT INTO {s}school VALUES (?, ?) ON CONFLICT (uai) DO UPDATE SET name = excluded.name",
            (uai, self._school()),
        )
        for guardians, pupils in self._db.rows(
            "SELECT (SELECT count(DISTINCT guardian) FROM i_entry), (SELECT count(DISTINCT l.pupil) FROM i_link l"
            " JOIN i_pupil u ON u.id = l.pupil JOIN i_entry e ON e.person = l.person WHERE u.status = ?)",
            (HERE,),
        ):
            report.guardians, report.pupils = guardians, pupils

    def _school(self) -> str:
        return self._export.name or self.uai

    def _entries(self, report: Report) -> Iterator[tuple[str, str, str, str, str, str]]:
        """A row for each number of each person who has access to a pupil of the school."""
        found = self._db.rows(
            "SELECT p.id, p.names, p.family, p.given, p.usage, p.others, p.numbers, p.phone, p.line,"
            " u.id, u.family, u.given, u.birth, l.relation, b.guardian,"
            f" (SELECT min(k.guardian) FROM i_number n JOIN {self._schema}known k ON k.key = n.key"
            " WHERE n.person = p.id)"
            " FROM i_link l JOIN i_person p ON p.id = l.person JOIN i_pupil u ON u.id = l.pupil"
            f" LEFT JOIN {self._schema}known_by_school b ON b.uai = ? AND b.person = p.id AND b.names = p.names"
            " WHERE u.status = ? ORDER BY p.names, p.id, l.relation DESC, u.id",
            (self.uai, HERE),
        )
        for _, namesakes in itertools.groupby(found, key=lambda row: row[1]):
            known: dict[str, str] = {}  # within one name: who has which number
            for _, links in itertools.groupby(namesakes, key=lambda row: row[0]):
                yield from self._person(list(links), known, report)

    def _person(
        self, links: list[tuple[Any, ...]], known: dict[str, str], report: Report
    ) -> Iterator[tuple[str, str, str, str, str, str]]:
        person, names, family, given, usage, others, staged, phone, line, *_, by_school, by_number = links[0]
        who = f"{family} {given}"
        shown: dict[str, list[str]] = {}
        for link in links:
            pupil, surname, name, birth, relation = link[9:14]
            relation = self._told(relation)
            if relation is None:
                report.add(Kind.RELATION_UNKNOWN, who, line)
            elif pupil not in shown:
                shown[pupil] = [self._pupil_id(pupil), surname, name, birth, relation, self._school(), self.uai]
        if not shown:
            return
        if phone:
            report.add(Kind[phone], who, line)
        numbers = json.loads(staged)
        twins = {known[mobile] for mobile, _ in numbers if mobile in known}
        if twins:
            report.add(Kind.SAME_NUMBER_AND_NAME, who, line)
        guardian = by_school or by_number or min(twins, default=None) or secrets.token_urlsafe(12)
        body = encode([family, given, usage, json.loads(others), list(shown.values())])
        for mobile, key in numbers:
            known.setdefault(mobile, guardian)
            yield mobile, person, guardian, body, names, key

    def _told(self, relation: str) -> str | None:
        if relation != UNKNOWN:
            return relation
        return self._relation.value if self._relation is not None else None

    def _pupil_id(self, pupil: str) -> str:
        """Unique over all schools; of the names that are an id in ONDE only a digest."""
        return f"{self.uai}:{pupil if self._export.form != 'onde' else digest(pupil)[:16]}"

    def _find(self, report: Report) -> None:
        """What a secretary can mend, but for what is found with the persons."""
        questions: tuple[tuple[Kind, str, tuple[Any, ...]], ...] = (
            (
                Kind.NO_LEGAL_REPRESENTATIVE,
                "SELECT u.family, u.given, u.line FROM i_pupil u WHERE u.status = ? AND NOT EXISTS (SELECT 1"
                " FROM i_link l JOIN i_person p ON p.id = l.person WHERE l.pupil = u.id AND l.relation IN (?, ?))"
                " ORDER BY u.line, u.id",
                (HERE, Relation.LEGAL_REPRESENTATIVE.value, self._told(UNKNOWN) and UNKNOWN),
            ),
            (
                Kind.LINK_TO_NOBODY,
                "SELECT '', '', l.line FROM i_link l LEFT JOIN i_person p ON p.id = l.person LEFT JOIN i_pupil u ON"
                " u.id = l.pupil WHERE p.id IS NULL OR u.id IS NULL ORDER BY l.line",
                (),
            ),
            (
                Kind.HOMONYMS,
                "SELECT u.family, u.given, u.line FROM i_pupil u WHERE u.status = ? ORDER BY u.line",
                (TWIN,),
            ),
            (
                Kind.NO_BIRTH_DATE,
                "SELECT u.family, u.given, u.line FROM i_pupil u WHERE u.status = ? ORDER BY u.line",
                (UNDATED,),
            ),
            (Kind.LEFT, "SELECT '', '', u.line FROM i_pupil u WHERE u.status = ? ORDER BY u.line", (GONE,)),
        )
        for kind, sql, values in questions:
            for family, given, line in self._db.rows(sql, values):
                report.add(kind, f"{family} {given}".strip(), line)


def mobiles_of(phones: Sequence[str]) -> tuple[list[str], str]:
    """The mobiles among *phones* in E.164, and the name of the ``Kind`` of what is wrong when there is none."""
    found, wrong = [], Kind.NO_MOBILE.name
    for phone in phones:
        number = _quick(phone)
        if number is None:
            check = read_mobile(phone, _SETTINGS) if len(phone) <= LONGEST_NUMBER else None
            if check is None or check.number is None or check_mobile(check) is not None:
                wrong = (
                    Kind.LANDLINE.name
                    if check is not None and check.valid and not check.mobile
                    else Kind.MALFORMED.name
                )
                continue
            number = check.number
        if number not in found:
            found.append(number)
    return found, "" if found else wrong


def _quick(phone: str) -> str | None:
    """The numbering plan's own pattern for the mobiles of the mainland, without the rest of its library."""
    digits = _DIGITS.fullmatch(phone.replace(" ", ""))
    return f"+33{digits[1]}" if digits and _mainland().fullmatch(digits[1]) else None


@cache
def _mainland() -> re.Pattern[str]:
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region("FR")
    return re.compile(plan.mobile.national_number_pattern)


def _folded(name: str) -> str:
    return fold(name[:LONGEST_NAME])


def digest(text: str) -> str:
    """What stands for *text* where it need not be read again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def imported(
    export: Export,
    *,
    schema: str,
    staging: Database,
    placing: Callable[[str], AbstractContextManager[object]],
    relation: Relation | None,
    today: date | None,
    dry_run: bool,
) -> Report:
    """Stage *export*, then put it in place within *placing* (of the school's number), unless it is a dry run."""
    made = Import(staging, schema, export, relation, today or date.today())  # noqa: DTZ011 - a school's day
    made.stage()
    found = Report(made.uai)
    with suppress(_DryRunError), placing(made.uai):
        made.place(found)
        if dry_run:
            raise _DryRunError
    return found


class _DryRunError(Exception):
    """Takes back what was placed."""
