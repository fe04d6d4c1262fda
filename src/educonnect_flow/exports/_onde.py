"""ONDE: ``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, and those of BE1D before it.

The files name neither the school nor what a person is to a pupil, and link them by the pupil's names; those since 2021
by the birth date, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from educonnect_flow.exports import _columns as columns
from educonnect_flow.exports._columns import Column
from educonnect_flow.exports._fields import day, read_text
from educonnect_flow.exports._items import ExportError, Item, LeftOut, Link, Person, Student, Why
from educonnect_flow.exports._rows import Table, rows, tables
from educonnect_flow.exports._source import Source
from educonnect_flow.validators.identity import LONGEST, fold

KEY = 16
"""Characters of ``link_key``."""


def pupils_table(source: Source) -> Table | None:
    """The header, when it is that of the pupils, with all columns or without one."""
    return next((table for table in tables(source) if columns.is_pupils(table.header)), None)


def guardians_table(source: Source) -> Table | None:
    """The header, when it is that of the guardians, with all columns or without one."""
    return next((table for table in tables(source) if columns.is_guardians(table.header)), None)


def is_other(source: Source) -> bool:
    """Whether it is a list of other people: the teachers, for one."""
    return any(columns.is_other(table.header) for table in tables(source))


def pupils(source: Source) -> Iterator[Item]:
    """The pupils, whose id is a digest of their names as they are compared, with the birth date after it.

    :raises ExportError: when a column is missing.
    """
    table = _whole(source, pupils_table(source), columns.PUPILS_NEED)
    at = [columns.place_of(table.header, one) for one in (columns.FAMILY, columns.GIVEN, columns.BORN, columns.USAGE)]
    for number, row in rows(source, table):
        cells = _cells(row, at)
        if cells is None:
            yield LeftOut(why=Why.ENTRY_MALFORMED, line=number)
            continue
        family, given, birth, usage = cells
        born = day(birth)
        yield Student(
            id=f"{link_key(family, given)}{born or ''}",
            family_name=family,
            given_name=given,
            usage_name=usage or None,
            birth_date=born,
            line=number,
        )


def guardians(source: Source) -> Iterator[Item]:
    """The persons, whose id is the line, and their links.

    :raises ExportError: when a column is missing.
    """
    table = _whole(source, guardians_table(source), columns.GUARDIANS_NEED)
    children = columns.children(table.header)
    if children is None:
        raise ExportError("not every child has a column for each name", source.name, table.line)
    wanted = (columns.GUARDIAN_FAMILY, columns.GUARDIAN_GIVEN, columns.PORTABLE, columns.GUARDIAN_USAGE)
    at = [columns.place_of(table.header, one) for one in (*wanted, *columns.OTHER_PHONES)]
    children_at = [place for child in children for place in (child.family, child.given, child.born)]
    for number, row in rows(source, table):
        cells, named = _cells(row, at), _cells(row, children_at)
        if cells is None or named is None:
            yield LeftOut(why=Why.ENTRY_MALFORMED, line=number)
            continue
        family, given, phone, usage, *others = cells
        yield Person(
            id=str(number),
            family_name=family or usage,
            given_name=given,
            usage_name=usage or None,
            phones=(phone,) if phone else (),
            elsewhere=() if phone else tuple(filter(None, others)),
            line=number,
        )
        for child, called, born in zip(*[iter(named)] * 3, strict=True):
            if child or called:
                yield Link(
                    person=str(number), pupil=link_key(child, called), relation=None, why=Why.RELATION_UNKNOWN,
                    born=day(born), line=number,
                )  # fmt: skip


def link_key(family_name: str, given_name: str) -> str:
    """What a pupil is found by: the names, however they are written; a digest, for they are an id only here."""
    names = f"{fold(family_name[:LONGEST])}/{fold(given_name[:LONGEST])}"
    return hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:KEY]


def _whole(source: Source, table: Table | None, needed: Sequence[Column]) -> Table:
    """The header, with all columns that are needed.

    :raises ExportError: naming those that are missing, and how the cells were separated.
    """
    if table is None:  # it was another one a moment ago
        raise ExportError("its header is no longer one of ONDE", source.name)
    absent = columns.missing(table.header, needed)
    if absent:
        said = " and ".join(f"« {name} »" for name in absent)
        how = "tab" if table.separator == "\t" else table.separator
        raise ExportError(
            f"a file of ONDE without the column {said} (cells separated by « {how} »)", source.name, table.line
        )
    return table


def _cells(row: Sequence[str] | None, at: Sequence[int | None]) -> list[str] | None:
    """The cells that are wanted; empty where there is no such column, and where the row is shorter than the header, as
    rows are.  ``None`` when one holds what no text does.
    """
    if row is None:
        return None
    found = [read_text(row[place]) if place is not None and place < len(row) else "" for place in at]
    return None if any("\x00" in cell or "�" in cell for cell in found) else found
