"""ONDE finds a pupil by names, and by the birth date where its file has it.

A pupil's id is a digest of the names; of pupils with the same names, the digest with the birth date after it.
"""

from __future__ import annotations

from educonnect_flow.directory._work import Work
from educonnect_flow.directory.report import Kind
from educonnect_flow.exports._onde import KEY

_HOMONYMS = Kind.HOMONYMS.name


def resolve(work: Work) -> None:
    """Say of each link which pupil it means, and refuse those that may mean several."""
    key, link = f"substr(id, 1, {KEY})", f"substr(pupil, 1, {KEY})"
    work.do(
        f"CREATE TEMP TABLE i_names AS SELECT {key} AS names, count(*) AS many, min(id) AS sole FROM i_pupil GROUP BY 1"
    )
    work.do("CREATE INDEX i_names_names ON i_names (names)")
    # The only one of the names: with the same birth date, or where one side has none.
    work.do(
        f"UPDATE i_link SET pupil = {link} WHERE EXISTS (SELECT 1 FROM i_names n WHERE n.names = {link}"
        " AND n.many = 1 AND (n.sole = i_link.pupil OR n.sole = n.names))"
    )
    work.do(f"UPDATE i_pupil SET id = {key} WHERE {key} IN (SELECT names FROM i_names WHERE many = 1)")
    # Several of the names and of one birth date.
    work.do("CREATE TEMP TABLE i_same AS SELECT id, min(seq) AS first FROM i_pupil GROUP BY id HAVING count(*) > 1")
    work.do("CREATE INDEX i_same_id ON i_same (id)")
    work.do(
        "UPDATE i_link SET pupil = pupil || '#' || (SELECT s.first FROM i_same s WHERE s.id = i_link.pupil)"
        " WHERE pupil IN (SELECT id FROM i_same)"
    )
    work.do("UPDATE i_pupil SET status = ?, id = id || '#' || seq WHERE id IN (SELECT id FROM i_same)", _HOMONYMS)
    # A link without a birth date: it may mean each of them that no other link names.
    work.do(
        f"UPDATE i_pupil SET status = ? WHERE status = '' AND {key} IN (SELECT names FROM i_names WHERE many > 1)"
        f" AND {key} IN (SELECT pupil FROM i_link) AND id NOT IN (SELECT pupil FROM i_link)",
        _HOMONYMS,
    )
    work.do(
        f"CREATE TEMP TABLE i_meant AS SELECT {key} AS names, min(id) AS one FROM i_pupil"
        f" WHERE status = '{_HOMONYMS}' GROUP BY 1"
    )
    work.do("CREATE INDEX i_meant_names ON i_meant (names)")
    several = (
        f"length(pupil) = {KEY} AND pupil IN (SELECT names FROM i_names WHERE many > 1)"
        " AND pupil NOT IN (SELECT id FROM i_pupil)"
    )
    work.do(
        "UPDATE i_link SET pupil = (SELECT m.one FROM i_meant m WHERE m.names = i_link.pupil)"
        f" WHERE {several} AND pupil IN (SELECT names FROM i_meant)"
    )
    work.do(f"UPDATE i_link SET wrong = ?, relation = NULL WHERE {several}", _HOMONYMS)
