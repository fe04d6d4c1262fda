"""The entries of an export, into temporary tables: what each comes to, before they are joined."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator

from educonnect_flow._text import encode
from educonnect_flow.directory._homonyms import resolve
from educonnect_flow.directory._names import fault_of_names, spoilt
from educonnect_flow.directory._phones import Phones
from educonnect_flow.directory._work import Row, Work
from educonnect_flow.directory.report import Kind
from educonnect_flow.exports import Entry, LeftOut, Link, Person, Student, Why
from educonnect_flow.validators.identity import LONGEST, check_identity, fold
from educonnect_flow.validators.mobile import region_of

STAGE = (
    "CREATE TEMP TABLE i_person (id text, family text, given text, usage text, others text, names text, number text,"
    " name text, able int, file text, line int, seq int)",
    "CREATE TEMP TABLE i_number (person text, mobile text, key text)",
    "CREATE TEMP TABLE i_pupil (id text, uai text, family text, given text, birth text, status text, name text,"
    " file text, line int, seq int)",
    "CREATE TEMP TABLE i_own (mobile text)",
    "CREATE TEMP TABLE i_link (person text, pupil text, relation text, wrong text, file text, line int)",
    "CREATE TEMP TABLE i_request (seq int, part text, operation text, id text, body text, spoilt int, file text,"
    " line int)",
    "CREATE TEMP TABLE i_school (uai text PRIMARY KEY, name text)",
    "CREATE TEMP TABLE i_access (pupil text, person text, relation text, many int, PRIMARY KEY (pupil, person))"
    "{clustered}",
    "CREATE TEMP TABLE i_guardian (person text PRIMARY KEY, known text, guardian text){clustered}",
    "CREATE TEMP TABLE i_place (uai text, person text, guardian text, PRIMARY KEY (uai, person)){clustered}",
    "CREATE TEMP TABLE i_version (uai text, guardian text, pupil text, relation text, version text,"
    " PRIMARY KEY (uai, guardian, pupil, relation)){clustered}",
)
"""``number`` and ``name`` are the kinds of what is wrong with them; a person who is ``able`` can be claimed.  A pupil's
``status`` is empty, ``OTHER``, or the kind of why there is no access.  A link's ``relation`` is empty when it says that
there is none, and NULL when it says nothing.  ``seq`` numbers the rows."""

BATCH = 5_000

OTHER = "other"
"""The status of a pupil of a school that is not asked for."""

_OLDEST = 30
"""Years: older pupils are mistyped dates."""
_DENY = frozenset({Why.PUPIL_AS_GUARDIAN, Why.CONTRADICTED})


def load(work: Work, rows: Iterable[tuple[str, Row]]) -> None:
    """Put *rows* into their temporary tables."""
    waiting: dict[str, list[Row]] = {}
    for table, row in rows:
        batch = waiting.setdefault(table, [])
        batch.append(row)
        if len(batch) >= BATCH:
            work.db.load(table, batch)
            batch.clear()
    for table, batch in waiting.items():
        work.db.load(table, batch)


def take(work: Work, items: Iterable[tuple[str, Entry]]) -> None:
    """Put entries into the temporary tables, and count them."""
    load(work, _Rows(work).of(items))


class _Rows:
    """What entries come to."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._phones: Phones | None = None
        self._names_block = work.rules.validators.identity is check_identity  # another rule is the host's own
        self._relation = work.rules.relation
        self._seq = itertools.count()

    def of(self, items: Iterable[tuple[str, Entry]]) -> Iterator[tuple[str, Row]]:
        """Their rows, with the tables that they belong into."""
        persons = pupils = links = 0
        for file, item in items:
            if isinstance(item, Link):
                links += 1
                yield "i_link", self._link(file, item)
            elif isinstance(item, Person):
                persons += 1
                yield from self._person(file, item)
            elif isinstance(item, Student):
                pupils += 1
                yield from self._pupil(file, item)
            else:
                self._left_out(file, item)
        self._work.report.read.update(persons=persons, pupils=pupils, links=links)

    def _left_out(self, file: str, item: LeftOut) -> None:
        uai = self._work.only_school or ""
        self._work.report.add(Kind[item.why.name], uai=uai, file=file, line=item.line)

    @property
    def _reading(self) -> Phones:
        """Once the first entry is there, so are the schools."""
        if self._phones is None:
            regions = {region_of(school.uai) for school in self._work.schools.values()}
            region = regions.pop() if len(regions) == 1 else None
            self._phones = Phones(self._work.rules.validators.mobile, region)
        return self._phones

    def _person(self, file: str, item: Person) -> Iterator[tuple[str, Row]]:
        names = digest(f"{fold(item.family_name[:LONGEST])}\x1f{fold(item.given_name[:LONGEST])}")
        numbers, wrong = self._reading.mobiles_of(item.phones, item.elsewhere)
        fault, claimable = fault_of_names(item.family_name, item.usage_name, item.given_name)
        yield "i_person", (
            item.id, item.family_name, item.given_name, item.usage_name,
            encode(item.other_given_names) if item.other_given_names else None, names, wrong,
            fault.name if fault is not None else "", int(not wrong and (claimable or not self._names_block)),
            file, item.line, next(self._seq),
        )  # fmt: skip
        for number in numbers:
            yield "i_number", (item.id, number, digest(f"{names}\x1f{number}"))

    def _pupil(self, file: str, item: Student) -> Iterator[tuple[str, Row]]:
        uai, status = self._status(item)
        yield "i_pupil", (
            item.id, uai, item.family_name, item.given_name,
            item.birth_date.isoformat() if item.birth_date is not None else None, status,
            Kind.NAME_UNREADABLE.name if spoilt(item.family_name, item.given_name) else "",
            file, item.line, next(self._seq),
        )  # fmt: skip
        if item.phones:
            for number in self._reading.mobiles_of(item.phones)[0]:
                yield "i_own", (number,)

    def _status(self, pupil: Student) -> tuple[str, str]:
        work, today = self._work, self._work.rules.today
        school = work.schools.get(pupil.school or "")
        if school is None:
            return "", OTHER if pupil.school in work.others else Kind.UNKNOWN_SCHOOL.name
        if pupil.left is not None and pupil.left <= today:
            return school.uai, Kind.LEFT.name
        if not pupil.left_on_a_day:
            return school.uai, Kind.EXIT_UNREADABLE.name
        born = pupil.birth_date
        if born is None:
            return school.uai, Kind.NO_BIRTH_DATE.name
        if born > today or born.year < today.year - _OLDEST:
            return school.uai, Kind.BIRTH_DATE_IMPOSSIBLE.name
        return school.uai, ""

    def _link(self, file: str, item: Link) -> Row:
        relation, why = item.relation, item.why
        if why is Why.RELATION_UNKNOWN and self._relation is not None:
            relation, why = self._relation, None
        if why is None:
            says: str | None = relation.value if relation is not None else ""
        else:
            says = "" if why in _DENY else None
        pupil = f"{item.pupil}{item.born}" if item.born is not None else item.pupil
        return item.person, pupil, says, why.name if why is not None else "", file, item.line


def settle(work: Work) -> None:
    """All is read: make sure that an id is one person's or one pupil's."""
    if work.export.form == "onde":
        resolve(work)
    # An index that is made at the end costs less than one that grows.
    work.do("CREATE INDEX i_number_person ON i_number (person)")
    for table in ("i_person", "i_pupil"):
        work.do(f"CREATE INDEX {table}_id ON {table} (id)")
        if work.first(f"SELECT 1 FROM {table} GROUP BY id HAVING count(*) > 1 LIMIT 1") is not None:
            _part(work, table)
    work.db.loaded()


def _part(work: Work, table: str) -> None:
    """Of entries with one id keep the first: as it is when all say the same, and without access when they differ."""
    person = table == "i_person"
    said = ("family", "given", "usage", "others", "number") if person else ("uai", "family", "given", "birth", "status")
    same = " || '\x1f' || ".join(f"coalesce({column}, '')" for column in said)
    work.do("DROP TABLE IF EXISTS i_twice")
    work.do(
        f"CREATE TEMP TABLE i_twice AS SELECT id, min(seq) AS first, count(*) AS copies,"
        f" CASE WHEN count(DISTINCT {same}) = 1 THEN 1 ELSE 0 END AS same FROM {table} GROUP BY id HAVING count(*) > 1"
    )
    work.do("CREATE INDEX i_twice_id ON i_twice (id)")
    if person:
        work.do(
            "UPDATE i_twice SET same = 0 WHERE EXISTS (SELECT 1 FROM i_number n WHERE n.person = i_twice.id"
            " GROUP BY n.mobile HAVING count(*) <> i_twice.copies)"
        )
    found = work.rows(
        f"SELECT t.same, p.family, p.given, p.file, p.line FROM {table} p JOIN i_twice t ON t.id = p.id"
        " WHERE p.seq <> t.first ORDER BY p.seq"
    )
    for one, family, given, file, line in found:
        kind = Kind.TWICE if one else Kind.CONFLICT
        work.report.add(kind, f"{family} {given}", work.only_school or "", file, line)
        work.report.reported["persons" if person else "pupils"] += 1
    work.do(f"DELETE FROM {table} WHERE id IN (SELECT id FROM i_twice) AND seq NOT IN (SELECT first FROM i_twice)")
    differ = "id IN (SELECT id FROM i_twice WHERE same = 0)"
    if not person:
        work.do(f"UPDATE i_pupil SET status = ? WHERE {differ}", Kind.CONFLICT.name)
        return
    work.do(f"UPDATE i_person SET name = ?, able = 0 WHERE {differ}", Kind.CONFLICT.name)
    work.do(
        "CREATE TEMP TABLE i_once AS SELECT DISTINCT n.person, n.mobile, n.key FROM i_number n"
        " JOIN i_twice t ON t.id = n.person AND t.same = 1"
    )
    work.do("DELETE FROM i_number WHERE person IN (SELECT id FROM i_twice)")
    work.do("INSERT INTO i_number SELECT * FROM i_once")


def digest(text: str) -> str:
    """What replaces *text* where it need not be read again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
