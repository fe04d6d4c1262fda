"""What a secretary can mend, and where everything that was read has gone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from educonnect_flow.directory._staging import OTHER
from educonnect_flow.directory._work import Work
from educonnect_flow.directory.report import Kind, Passed, Report
from educonnect_flow.people import Relation


def find(work: Work) -> None:
    """Note what was found."""
    legal = Relation.LEGAL_REPRESENTATIVE.value
    stated = work.rules.relation.value if work.export.form == "onde" and work.rules.relation is not None else legal
    person = (
        ", p.family, p.given, min(u.uai), p.file, p.line FROM i_person p JOIN i_access a ON a.person = p.id"
        " JOIN i_pupil u ON u.id = a.pupil WHERE "
    )
    grouped = " GROUP BY p.id, p.number, p.name, p.family, p.given, p.file, p.line"
    pupil = "u.family, u.given, u.uai, u.file, u.line FROM i_pupil u WHERE "
    link = (
        ", coalesce(p.family, u.family), coalesce(p.given, u.given), coalesce(u.uai, ''), l.file, l.line"
        " FROM i_link l LEFT JOIN i_person p ON p.id = l.person"
        " LEFT JOIN i_pupil u ON u.id = l.pupil WHERE "
    )
    counted = balance(work)
    questions: list[tuple[str, tuple[Any, ...]]] = [
        (f"SELECT p.number, p.name{person}(p.number <> '' OR p.name <> ''){grouped}", ()),
        (
            f"SELECT ?, ''{person}p.able = 1 AND p.id IN"
            f" (SELECT n.person FROM i_number n JOIN i_own o ON o.mobile = n.mobile){grouped}",
            (Kind.PUPILS_OWN_MOBILE.name,),
        ),
        (
            f"SELECT ?, '', {pupil}u.status = ''"
            " AND NOT EXISTS (SELECT 1 FROM i_access a WHERE a.pupil = u.id AND a.relation IN (?, ?))",
            (Kind.NO_LEGAL_REPRESENTATIVE.name, legal, stated),
        ),
        (
            f"SELECT u.status, CASE WHEN u.status = '' THEN u.name ELSE '' END, {pupil}u.status <> ?"
            " AND (u.status <> '' OR u.name <> '')",
            (OTHER,),
        ),
    ]
    if counted["wrong"]:
        questions.append((f"SELECT l.wrong, ''{link}l.wrong <> ''", ()))
    if counted["absent"]:
        absent = f"SELECT ?, ''{link}l.wrong = '' AND (p.id IS NULL OR u.id IS NULL)"
        questions.append((absent, (Kind.LINK_TO_NOBODY.name,)))
    if counted["denied"]:
        denied = (
            f"SELECT ?, ''{link}l.wrong = '' AND l.relation <> '' AND u.status = '' AND p.id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM i_access a WHERE a.pupil = l.pupil AND a.person = l.person)"
        )
        questions.append((denied, (Kind.CONTRADICTED.name,)))
    for sql, values in questions:
        for *kinds, family, given, uai, file, line in work.rows(sql, *values):
            for kind in filter(None, kinds):
                work.report.add(Kind[kind], f"{family or ''} {given or ''}".strip(), uai, file, line)


def balance(work: Work) -> Counter[str]:
    """Count where every person, pupil and link has gone; the classes of links that are reported."""
    report = work.report
    persons, able, known = work.first(
        "SELECT (SELECT count(DISTINCT person) FROM i_access), (SELECT count(*) FROM i_guardian),"
        " (SELECT count(*) FROM i_person)"
    ) or (0, 0, 0)
    report.placed["persons"] = able
    report.reported["persons"] += persons - able
    _pass(report, Passed.PERSON_WITHOUT_ACCESS, known - persons)

    here, shown = 0, "EXISTS (SELECT 1 FROM i_guardian g WHERE g.person = a.person)"
    for status, many in work.rows("SELECT status, count(*) FROM i_pupil GROUP BY status"):
        if status == "":
            here = many
        elif status == OTHER:
            _pass(report, Passed.OTHER_SCHOOL, many)
        else:
            report.reported["pupils"] += many
    (placed,) = work.first(f"SELECT count(DISTINCT a.pupil) FROM i_access a WHERE {shown}") or (0,)
    report.placed["pupils"] = placed
    _pass(report, Passed.PUPIL_WITHOUT_GUARDIAN, here - placed)

    granted, in_place, pairs = work.first(
        f"SELECT coalesce(sum(a.many), 0), coalesce(sum(CASE WHEN {shown} THEN a.many ELSE 0 END), 0),"
        f" coalesce(sum(CASE WHEN {shown} THEN 1 ELSE 0 END), 0) FROM i_access a"
    ) or (0, 0, 0)
    report.placed["links"] = int(pairs)
    _pass(report, Passed.REPEATED_LINK, int(in_place - pairs))
    _pass(report, Passed.LINK_OF_NO_USE, int(granted - in_place))
    return Counter() if granted == report.read["links"] else _others(work)


def _others(work: Work) -> Counter[str]:
    """The links that give no access; the classes of those that are reported."""
    classes = Counter[str]()
    for place, many in work.rows(
        "SELECT place, count(*) FROM (SELECT CASE WHEN l.wrong <> '' THEN 'wrong'"
        " WHEN p.id IS NULL OR u.id IS NULL THEN 'absent' WHEN l.relation = '' THEN 'CONTACT'"
        " WHEN u.status <> '' THEN 'LINK_OF_NO_USE' ELSE 'denied' END AS place FROM i_link l"
        " LEFT JOIN i_person p ON p.id = l.person LEFT JOIN i_pupil u ON u.id = l.pupil WHERE NOT EXISTS"
        " (SELECT 1 FROM i_access a WHERE a.pupil = l.pupil AND a.person = l.person)"
        " UNION ALL SELECT 'wrong' FROM i_link l JOIN i_access a ON a.pupil = l.pupil AND a.person = l.person"
        " WHERE l.wrong <> '') c GROUP BY place"
    ):
        if place in Passed.__members__:
            _pass(work.report, Passed[place], many)
        else:
            work.report.reported["links"] += many
            classes[place] += many
    return classes


def _pass(report: Report, what: Passed, many: int) -> None:
    if many:
        report.passed[what] += many
