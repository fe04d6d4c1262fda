"""The tables of school records, and the one look-up over them: the same for both databases.

``{s}`` is the schema with its dot, or nothing; ``{clustered}`` keeps a table in the order of its key, where the
database can be told so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from educonnect_flow.people import Guardian, Pupil, Relation

TABLES = (
    # Of which import a school's records are: its own, or those of a feed of several schools.
    # Also when that export was made, as its file says.
    "CREATE TABLE IF NOT EXISTS {s}school (uai text PRIMARY KEY, name text NOT NULL, source text NOT NULL,"
    " exported text NOT NULL DEFAULT '')",
    "CREATE TABLE IF NOT EXISTS {s}guardian (uai text, person text, guardian text NOT NULL, family text NOT NULL,"
    " given text NOT NULL, usage text, others text, PRIMARY KEY (uai, person)){clustered}",
    "CREATE TABLE IF NOT EXISTS {s}mobile (mobile text, uai text, person text, PRIMARY KEY (mobile, uai, person))"
    "{clustered}",
    "CREATE INDEX IF NOT EXISTS mobile_person ON {s}mobile (uai, person)",
    "CREATE INDEX IF NOT EXISTS guardian_id ON {s}guardian (guardian)",
    "CREATE TABLE IF NOT EXISTS {s}pupil (uai text, id text, family text NOT NULL, given text NOT NULL,"
    " birth text NOT NULL, PRIMARY KEY (uai, id)){clustered}",
    # The version of a link: that of the import since which it is there, with this relation.
    "CREATE TABLE IF NOT EXISTS {s}relation (uai text, person text, pupil text, relation text NOT NULL,"
    " version text NOT NULL DEFAULT '0', PRIMARY KEY (uai, person, pupil)){clustered}",
    # Who was given which id: by names and number (a digest), and by an export's own id.  Outlives the records, so that
    # a pupil who changes school keeps the parent's account.
    "CREATE TABLE IF NOT EXISTS {s}known (key text PRIMARY KEY, guardian text NOT NULL, seen text NOT NULL){clustered}",
    "CREATE TABLE IF NOT EXISTS {s}known_person (source text, person text, names text NOT NULL,"
    " guardian text NOT NULL, seen text NOT NULL, PRIMARY KEY (source, person)){clustered}",
    # What a delta of a feed is applied to: its entries as they stand, of all their attributes only those that are read.
    "CREATE TABLE IF NOT EXISTS {s}feed (name text PRIMARY KEY, uai text, day text NOT NULL, number int)",
    "CREATE TABLE IF NOT EXISTS {s}kept (feed text, part text, id text, body text NOT NULL, file text NOT NULL,"
    " line int NOT NULL, PRIMARY KEY (feed, part, id)){clustered}",
)

VERSION = 2
"""Of the tables; those of version 0.1 have none."""

ADDED = (
    ("school", "exported", "text NOT NULL DEFAULT ''"),
    ("relation", "version", "text NOT NULL DEFAULT '0'"),
    ("feed", "number", "int"),
)
"""Columns that the tables of version 0.1 do not have: what they hold is brought up with these defaults."""

DROPPED = "DROP INDEX IF EXISTS {s}mobile_uai"
"""An index of version 0.1, in the place of which there is ``mobile_person``."""

RECORDS = ("relation", "mobile", "guardian", "pupil", "school")
"""The tables of which an import replaces a school's rows; the schools themselves last."""

_SHOWN = (
    "m.mobile, g.guardian, g.family, g.given, g.usage, g.others, p.id, p.family, p.given, p.birth, r.relation,"
    " r.version, s.name, s.uai"
)
_WITH_PUPILS = (
    " JOIN {s}school s ON s.uai = m.uai"
    " LEFT JOIN {s}relation r ON r.uai = m.uai AND r.person = m.person"
    " LEFT JOIN {s}pupil p ON p.uai = r.uai AND p.id = r.pupil"
)

FIND = (
    f"SELECT {_SHOWN} FROM {{s}}mobile m JOIN {{s}}guardian g ON g.uai = m.uai AND g.person = m.person{_WITH_PUPILS}"
    " WHERE m.mobile = ? ORDER BY g.guardian, m.uai, m.person, p.id"
)

GUARDIANS = (
    f"SELECT {_SHOWN} FROM {{s}}guardian g JOIN {{s}}mobile m ON m.uai = g.uai AND m.person = g.person{_WITH_PUPILS}"
    " WHERE g.guardian {among} ORDER BY g.guardian, m.mobile, m.uai, m.person, p.id"
)
"""Guardians by their ids; ``{among}`` takes all ids as one value."""

FORGET = tuple(
    f"DELETE FROM {{s}}{table} WHERE seen < ? AND guardian IN"
    f" (SELECT guardian FROM {{s}}{table} WHERE seen < ? EXCEPT SELECT guardian FROM {{s}}guardian)"
    for table in ("known", "known_person")
)
"""Ids of guardians whom no school has, and none has had since a day."""

_LEGAL = Relation.LEGAL_REPRESENTATIVE.value
_HALVES = re.compile("[\ud800-\udfff]")
_RELATIONS = {relation.value: relation for relation in Relation}
_day = lru_cache(10_000)(date.fromisoformat)


def asked_for(ids: Iterable[str]) -> list[str]:
    """Those of *ids* that a database can hold, each once."""
    return list(dict.fromkeys(one for one in ids if "\x00" not in one and not _HALVES.search(one)))


def guardians_of(rows: Iterable[tuple[Any, ...]]) -> tuple[Guardian, ...]:
    """The guardians of the rows of ``FIND`` or ``GUARDIANS``, once for each of their mobiles: who is known to several
    schools is one, with all their pupils.
    """
    found: dict[tuple[str, str], tuple[tuple[Any, ...], dict[str, Pupil]]] = {}
    for row in rows:
        mobile, guardian, _, _, usage, _, identity, surname, name, birth, relation, version, school, uai = row
        head, pupils = found.setdefault((guardian, mobile), (row, {}))
        if usage and not head[4]:  # one of the schools knows it
            found[guardian, mobile] = (row, pupils)
        # Of two records of one guardian, that of the legal representative says more.
        if identity is not None and (identity not in pupils or relation == _LEGAL):
            pupils[identity] = Pupil(
                id=identity,
                family_name=surname,
                given_name=name,
                birth_date=_day(birth),
                school=school,
                uai=uai,
                relation=_RELATIONS[relation],
                link=version or None,
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
        for (mobile, guardian, family, given, usage, others, *_), pupils in found.values()
    )
