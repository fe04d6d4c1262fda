"""What is kept of a feed of AAF, so that deltas can be applied to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from json import loads

from educonnect_flow._text import encode
from educonnect_flow.directory import _staging as staging
from educonnect_flow.directory._work import Work
from educonnect_flow.directory.report import Kind
from educonnect_flow.exports import Entry, ExportError, FeedExport, School
from educonnect_flow.exports import _aaf as aaf
from educonnect_flow.exports._aaf_names import Part


def stage(work: Work, export: FeedExport) -> None:
    """Read the requests."""
    staging.load(
        work,
        (
            ("i_request", (n, r.part.name, r.operation.name, r.id, encode(r.attributes), int(r.spoilt), r.file, r.line))
            for n, r in enumerate(export.requests())
        ),
    )


def keep(work: Work, export: FeedExport) -> None:
    """Apply the requests to what is kept of the feed, and take what it comes to.

    :raises ExportError: when it does not follow what is in place.
    """
    uai = export.uai
    if export.delta:
        uai = _base(work, export)
        _apply(work, export.feed)
    else:
        work.do("DELETE FROM {s}kept WHERE feed = ?", export.feed)
        _complete(work, export.feed)
    work.do(
        "INSERT INTO {s}feed (name, uai, day, number) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
        " SET uai = excluded.uai, day = excluded.day, number = excluded.number",
        export.feed, uai, export.day, export.number,
    )  # fmt: skip
    _choose(work, export, uai)
    staging.take(work, _entries(work, export.feed))


def _entries(work: Work, feed: str) -> Iterator[tuple[str, Entry]]:
    # Closed even when something fails: no cursor outlives its transaction.
    (many,) = work.first("SELECT count(*) FROM {s}kept WHERE feed = ?", feed) or (0,)
    with closing(
        work.rows("SELECT part, id, body, file, line FROM {s}kept WHERE feed = ? AND part <> 'SCHOOLS'", feed)
    ) as rows:
        for number, (part, identity, body, file, line) in enumerate(rows):
            if number % staging.BATCH == 0:
                work.kept(number / many)
            for entry in aaf.entries(Part[part], identity, loads(body), line):
                yield file, entry


def _base(work: Work, export: FeedExport) -> str | None:
    """The school that was chosen when the complete export was imported."""
    found = work.first("SELECT uai, day, number FROM {s}feed WHERE name = ?", export.feed)
    if found is None:
        raise ExportError(f"a delta of {export.feed}, of which no complete export was imported: import it first")
    uai, day, number = found
    if export.day < day:
        raise ExportError(f"a delta of {export.day}, older than what is in place, of {day}")
    if export.number is not None and number is not None and export.number not in {number, number + 1}:
        raise ExportError(
            f"a delta with the number {export.number}, and the last one in place has {number}:"
            " import those in between, or the complete export"
        )
    if export.uai not in {None, uai}:
        raise ExportError(f"the complete export was imported for {uai or 'all its schools'}")
    return None if uai is None else str(uai)


def _complete(work: Work, feed: str) -> None:
    """Keep what a complete export holds: of entries with one id the first, if all say the same, and else none."""
    for _, file, line in work.rows("SELECT seq, file, line FROM i_request WHERE spoilt = 1 ORDER BY seq"):
        work.report.add(Kind.ENTRY_MALFORMED, file=file, line=line)
    work.do("DELETE FROM i_request WHERE spoilt = 1")
    work.do(
        "CREATE TEMP TABLE i_again AS SELECT part, id, min(seq) AS first,"
        " CASE WHEN count(DISTINCT body) = 1 THEN 1 ELSE 0 END AS same"
        " FROM i_request GROUP BY part, id HAVING count(*) > 1"
    )
    found = work.rows(
        "SELECT a.same, r.seq = a.first, r.file, r.line FROM i_request r JOIN i_again a ON a.part = r.part"
        " AND a.id = r.id ORDER BY r.seq"
    )
    for same, first, file, line in found:
        if not same or not first:
            work.report.add(Kind.TWICE if same else Kind.CONFLICT, file=file, line=line)
    work.do(
        "DELETE FROM i_request WHERE seq IN (SELECT r.seq FROM i_request r JOIN i_again a ON a.part = r.part"
        " AND a.id = r.id WHERE a.same = 0 OR r.seq <> a.first)"
    )
    work.do("INSERT INTO {s}kept SELECT ?, part, id, body, file, line FROM i_request", feed)


def _apply(work: Work, feed: str) -> None:
    for part, operation, identity, stated, spoilt, file, line in work.rows(
        "SELECT part, operation, id, body, spoilt, file, line FROM i_request ORDER BY seq"
    ):
        where, body = (feed, part, identity), stated
        if operation == aaf.Operation.MODIFY.name and not spoilt:
            kept = work.first("SELECT body FROM {s}kept WHERE feed = ? AND part = ? AND id = ?", *where)
            if kept is None:
                work.report.add(Kind.NOT_KEPT, file=file, line=line)
                continue
            body = encode(loads(kept[0]) | loads(stated))
        work.do("DELETE FROM {s}kept WHERE feed = ? AND part = ? AND id = ?", *where)
        if spoilt:  # its content is unknown now: it is removed until an export states it again
            work.report.add(Kind.ENTRY_MALFORMED, file=file, line=line)
        elif operation != aaf.Operation.DELETE.name:
            work.do("INSERT INTO {s}kept VALUES (?, ?, ?, ?, ?, ?)", *where, body, file, line)


def _choose(work: Work, export: FeedExport, uai: str | None) -> None:
    rows = work.rows("SELECT id, body FROM {s}kept WHERE feed = ? AND part = 'SCHOOLS' ORDER BY id", export.feed)
    found = {identity: school for identity, body in rows if (school := aaf.school(loads(body))) is not None}
    work.schools = {key: school for key, school in found.items() if uai in {None, school.uai}}
    work.others = found.keys() - work.schools.keys()
    if uai is not None and not work.schools:
        raise ExportError(f"no school {uai} in it")
    if not work.schools:
        raise ExportError("none of its schools has a number (UAI)")
    if export.name is not None:
        if len({school.uai for school in work.schools.values()}) > 1:
            raise ExportError(f"one name for {len(work.schools)} schools: say the number (UAI) of one")
        work.schools = {key: School(uai=one.uai, name=export.name) for key, one in work.schools.items()}
