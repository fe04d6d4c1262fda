"""The temporary tables, into the records of the schools: who has access, which id each guardian has, which version each
link.
"""

from __future__ import annotations

import itertools
import secrets

from educonnect_flow.directory._tables import RECORDS
from educonnect_flow.directory._work import Work
from educonnect_flow.directory.report import Kind
from educonnect_flow.exports import ExportError

_FEW = 10
"""Guardians: a school that had fewer may lose half of them."""
_THEIRS = "uai IN (SELECT uai FROM i_school UNION SELECT uai FROM {s}school WHERE source = ?)"


def identify(work: Work) -> None:
    """Who has access, and which id each guardian has: the one they had, or a new one.

    A link that says that there is no access counts more than one that gives it.
    """
    work.do(
        "INSERT INTO i_access SELECT l.pupil, l.person, max(l.relation), count(l.relation) FROM i_link l"
        " JOIN i_person p ON p.id = l.person JOIN i_pupil u ON u.id = l.pupil"
        " WHERE u.status = '' GROUP BY l.pupil, l.person HAVING min(l.relation) <> ''"
    )
    work.do("CREATE INDEX i_access_person ON i_access (person)")
    work.do(
        "INSERT INTO i_guardian SELECT p.id, coalesce(b.guardian, (SELECT min(k.guardian) FROM i_number n"
        " JOIN {s}known k ON k.key = n.key WHERE n.person = p.id)), {random} FROM i_person p"
        " LEFT JOIN {s}known_person b ON b.source = ? AND b.person = p.id AND b.names = p.names"
        " WHERE p.able = 1 AND EXISTS (SELECT 1 FROM i_access a WHERE a.person = p.id)",
        work.source,
    )
    work.do("UPDATE i_guardian SET guardian = known WHERE known IS NOT NULL")
    _unite(work)
    uai = work.only_school
    if uai is not None:
        work.do("INSERT INTO i_place SELECT ?, person, guardian FROM i_guardian", uai)
    else:
        work.do(
            "INSERT INTO i_place SELECT DISTINCT u.uai, a.person, g.guardian FROM i_access a"
            " JOIN i_guardian g ON g.person = a.person JOIN i_pupil u ON u.id = a.pupil"
        )


def _unite(work: Work) -> None:
    """Persons of one name who share a number are one guardian, unless each was known as another."""
    one_of: dict[str, str] = {}

    def root(person: str) -> str:
        while person in one_of:
            person = one_of[person]
        return person

    found: dict[str, tuple[str | None, str]] = {}
    rows = work.rows(
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
                work.report.add(Kind.SAME_NUMBER_AND_NAME, f"{family} {given}", uai, file, line)
            first = first or person
            found[person] = (known, guardian)
    ids: dict[str, list[tuple[bool, str]]] = {}
    for person, (known, guardian) in found.items():
        ids.setdefault(root(person), []).append((known is None, guardian))
    for person, (known, _) in found.items():
        if known is None:
            work.do("UPDATE i_guardian SET guardian = ? WHERE person = ?", min(ids[root(person)])[1], person)


def doubt(work: Work) -> None:
    """Note why the records in place should perhaps stay.

    :raises ExportError: unless the host said that they are replaced anyway, or nothing is replaced.
    """
    report, theirs, ours = work.report, _THEIRS.replace("uai IN", "s.uai IN", 1), work.exported
    in_place = work.rows(
        "SELECT s.uai, s.exported, s.source, (SELECT count(*) FROM {s}guardian g WHERE g.uai = s.uai),"
        " (SELECT count(*) FROM i_place l WHERE l.uai = s.uai) FROM {s}school s"
        f" WHERE {theirs} ORDER BY s.uai",
        work.source,
    )
    for uai, exported, source, had, has in in_place:
        both = min(len(ours), len(exported))
        if ours[:both] < exported[:both]:
            report.doubts.append(f"{uai}: this export is of {ours}, older than the one in place, of {exported}")
        elif exported and not ours and source == work.source and work.export.form != "onde":
            report.doubts.append(f"{uai}: this export does not say its day, and the one in place is of {exported}")
        if had >= _FEW and has * 2 < had:
            report.doubts.append(f"{uai}: this export has {has} guardians with access, and {had} are in place")
    if report.doubts and not (work.rules.anyway or work.rules.dry_run):
        raise ExportError(f"{'; '.join(report.doubts)}. To replace them nevertheless: --yes (anyway=True)")


def write(work: Work) -> None:
    """Replace the schools' records."""
    work.do(
        "INSERT INTO i_version SELECT r.uai, g.guardian, r.pupil, r.relation, min(r.version) FROM {s}relation r"
        " JOIN {s}guardian g ON g.uai = r.uai AND g.person = r.person"
        f" WHERE r.{_THEIRS} GROUP BY r.uai, g.guardian, r.pupil, r.relation",
        work.source,
    )
    for table in RECORDS:
        work.do(f"DELETE FROM {{s}}{table} WHERE {_THEIRS}", work.source)
    work.do(
        "INSERT INTO {s}school (uai, name, source, exported) SELECT uai, name, ?, ? FROM i_school",
        work.source,
        work.exported,
    )
    work.do(
        "INSERT INTO {s}guardian SELECT l.uai, p.id, l.guardian, p.family, p.given, p.usage, p.others"
        " FROM i_place l JOIN i_person p ON p.id = l.person"
    )
    work.do(
        "INSERT INTO {s}mobile SELECT n.mobile, l.uai, l.person FROM i_place l JOIN i_number n ON n.person = l.person"
    )
    uai = work.only_school
    school = "JOIN i_pupil u ON u.id = a.pupil" if uai is None else "JOIN (SELECT CAST(? AS text) AS uai) u ON true"
    work.do(
        "INSERT INTO {s}relation (uai, person, pupil, relation, version)"
        " SELECT u.uai, a.person, u.uai || ':' || a.pupil, a.relation, coalesce(v.version, ?) FROM i_access a"
        f" JOIN i_guardian g ON g.person = a.person {school}"
        " LEFT JOIN i_version v ON v.uai = u.uai AND v.guardian = g.guardian AND v.pupil = u.uai || ':' || a.pupil"
        " AND v.relation = a.relation",
        *(secrets.token_hex(8), uai)[: 1 if uai is None else 2],
    )
    work.do(
        "INSERT INTO {s}pupil SELECT u.uai, u.uai || ':' || u.id, u.family, u.given, u.birth FROM i_pupil u"
        " WHERE EXISTS (SELECT 1 FROM i_access a JOIN i_guardian g ON g.person = a.person WHERE a.pupil = u.id)"
    )
    day = work.rules.today.isoformat()
    work.do(
        "INSERT INTO {s}known SELECT n.key, min(g.guardian), ? FROM i_number n"
        " JOIN i_guardian g ON g.person = n.person WHERE true GROUP BY n.key"
        " ON CONFLICT (key) DO UPDATE SET seen = excluded.seen",
        day,
    )
    if work.export.form != "onde":  # whose persons have no id but their line
        work.do(
            "INSERT INTO {s}known_person SELECT ?, g.person, p.names, g.guardian, ? FROM i_guardian g"
            " JOIN i_person p ON p.id = g.person WHERE true ON CONFLICT (source, person)"
            " DO UPDATE SET names = excluded.names, guardian = excluded.guardian, seen = excluded.seen",
            work.source,
            day,
        )
