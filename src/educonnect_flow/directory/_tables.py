"""The tables of school records, and the one look-up over them: the same for both databases.

``{s}`` is the schema with its dot, or nothing; ``{clustered}`` keeps a table in the order of its key, where the
database can be told so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from educonnect_flow.people import Guardian, Pupil, Relation

TABLES = (
    # Of which import a school's records are: its own, or those of a feed of several schools.
    "CREATE TABLE IF NOT EXISTS {s}school (uai text PRIMARY KEY, name text NOT NULL, source text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {s}guardian (uai text, person text, guardian text NOT NULL, family text NOT NULL,"
    " given text NOT NULL, usage text, others text, PRIMARY KEY (uai, person)){clustered}",
    "CREATE TABLE IF NOT EXISTS {s}mobile (mobile text, uai text, person text, PRIMARY KEY (mobile, uai, person))"
    "{clustered}",
    "CREATE INDEX IF NOT EXISTS mobile_uai ON {s}mobile (uai)",
    "CREATE TABLE IF NOT EXISTS {s}pupil (uai text, id text, family text NOT NULL, given text NOT NULL,"
    " birth text NOT NULL, PRIMARY KEY (uai, id)){clustered}",
    "CREATE TABLE IF NOT EXISTS {s}relation (uai text, person text, pupil text, relation text NOT NULL,"
    " PRIMARY KEY (uai, person, pupil)){clustered}",
    # Who was given which id: by names and number (a digest), and by an export's own id.  Outlives the records, so that
    # a pupil who changes school keeps the parent's account.
    "CREATE TABLE IF NOT EXISTS {s}known (key text PRIMARY KEY, guardian text NOT NULL, seen text NOT NULL){clustered}",
    "CREATE TABLE IF NOT EXISTS {s}known_person (source text, person text, names text NOT NULL,"
    " guardian text NOT NULL, seen text NOT NULL, PRIMARY KEY (source, person)){clustered}",
    # What a delta of a feed is applied to: its entries as they stand, of all their attributes only those that are read.
    "CREATE TABLE IF NOT EXISTS {s}feed (name text PRIMARY KEY, uai text, day text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {s}kept (feed text, part text, id text, body text NOT NULL, file text NOT NULL,"
    " line int NOT NULL, PRIMARY KEY (feed, part, id)){clustered}",
)

RECORDS = ("relation", "mobile", "guardian", "pupil", "school")
"""The tables of which an import replaces a school's rows; the schools themselves last."""

FIND = (
    "SELECT g.guardian, g.family, g.given, g.usage, g.others, p.id, p.family, p.given, p.birth, r.relation,"
    " s.name, s.uai FROM {s}mobile m JOIN {s}guardian g ON g.uai = m.uai AND g.person = m.person"
    " JOIN {s}school s ON s.uai = m.uai"
    " LEFT JOIN {s}relation r ON r.uai = m.uai AND r.person = m.person"
    " LEFT JOIN {s}pupil p ON p.uai = r.uai AND p.id = r.pupil"
    " WHERE m.mobile = ? ORDER BY g.guardian, m.uai, m.person, p.id"
)

FORGET = tuple(
    f"DELETE FROM {{s}}{table} WHERE seen < ? AND guardian IN"
    f" (SELECT guardian FROM {{s}}{table} WHERE seen < ? EXCEPT SELECT guardian FROM {{s}}guardian)"
    for table in ("known", "known_person")
)
"""Ids of guardians whom no school has, and none has had since a day."""

_RELATIONS = {relation.value: relation for relation in Relation}
_day = lru_cache(10_000)(date.fromisoformat)


def guardians_of(mobile: str, rows: Iterable[tuple[Any, ...]]) -> tuple[Guardian, ...]:
    """The guardians of the rows of ``FIND``: who is known to several schools is one, with all their pupils."""
    found: dict[str, tuple[tuple[Any, ...], dict[str, Pupil]]] = {}
    for row in rows:
        guardian, _, _, usage, _, identity, surname, name, birth, relation, school, uai = row
        head, pupils = found.setdefault(guardian, (row, {}))
        if usage and not head[3]:  # one of the schools knows it
            found[guardian] = (row, pupils)
        if identity is not None:
            pupils[identity] = Pupil(
                id=identity,
                family_name=surname,
                given_name=name,
                birth_date=_day(birth),
                school=school,
                uai=uai,
                relation=_RELATIONS[relation],
            )
    return tuple(
        Guardian(
            id=guardian,
            family_name=family,
            given_name=given,
            usage_name=usage,
            other_given_names=tuple(json.loads(others)) if others else (),
            mobile=mobile,
            pupils=tuple(pupils.values()),
        )
        for (guardian, family, given, usage, others, *_), pupils in found.values()
    )
