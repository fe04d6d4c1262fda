"""ONDE: ``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, and those of BE1D before it.

The files name neither the school nor what a person is to a pupil, and link them by the pupil's names alone.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import itertools
from collections.abc import Iterator

from educonnect_flow.exports._fields import day
from educonnect_flow.exports._items import ExportError, Item, Link, Person, Student
from educonnect_flow.exports._source import Source
from educonnect_flow.validators.identity import LONGEST, fold

LONGEST_LINE = 100_000
_FRACTIONS = str.maketrans("¼½¾", "ŒœŸ")
"""What cp1252 reads where ISO-8859-15 has the letters that French needs: no name has a fraction."""

_PUPIL = ("nom eleve", "prenom eleve", "date naissance")
_GUARDIAN = ("nom responsable", "prenom responsable", "telephone portable")
_CHILD = "nom de famille enfant"
_OTHER_PHONES = ("telephone domicile", "telephone travail")


def header_of(line: str) -> list[str]:
    """The names of the columns, without the drift of capitals, accents and spaces; none of no such line."""
    try:
        (cells,) = csv.reader([line], delimiter=";")
    except csv.Error:
        return []
    return [_plain(cell) for cell in cells]


def is_pupils(header: list[str]) -> bool:
    """Whether *header* is that of the pupils."""
    return all(name in header for name in _PUPIL)


def is_guardians(header: list[str]) -> bool:
    """Whether *header* is that of the guardians."""
    return all(name in header for name in (*_GUARDIAN, _CHILD))


def lines(source: Source) -> Iterator[str]:
    """The lines of a file in UTF-8, with or without its mark, or in the Windows and Latin sets of Western Europe.

    UTF-8 until a byte is none, then cp1252 for that line and all after: names in both are never mixed in one file.
    """
    encoding, rest = "utf-8", b""
    for chunk in itertools.chain(source.chunks(), [b""]):
        *whole, rest = (rest + chunk).split(b"\n") if chunk else [*(rest and [rest]), b""]
        if len(rest) > LONGEST_LINE:
            raise ExportError("a line without an end", source.name)
        for line in whole:
            try:
                found = line.removeprefix(codecs.BOM_UTF8).decode(encoding)
            except UnicodeDecodeError:
                encoding = "cp1252"
                found = line.decode(encoding, "replace")
            yield found.translate(_FRACTIONS).rstrip("\r")


def pupils(source: Source) -> Iterator[Item]:
    """The pupils, whose id is a digest of their names as they are compared, numbered when two share them."""
    header, rows = _table(source)
    family_at, given_at, birth_at = (header.index(name) for name in _PUPIL)
    usage_at = _place(header, "nom d usage eleve")
    seen: dict[str, int] = {}
    for number, row in rows:
        family, given = _cell(source, row, family_at, number), _cell(source, row, given_at, number)
        key = link_key(family, given)
        seen[key] = seen.get(key, 0) + 1
        yield Student(
            id=key if seen[key] == 1 else f"{key}#{seen[key]}",
            family_name=family,
            given_name=given,
            usage_name=_cell(source, row, usage_at, number) or None,
            birth_date=day(_cell(source, row, birth_at, number)),
            line=number,
        )


def guardians(source: Source) -> Iterator[Item]:
    """The persons, whose id is the line, and their links."""
    header, rows = _table(source)
    family_at, given_at, phone_at = (header.index(name) for name in _GUARDIAN)
    usage_at = _place(header, "nom usage responsable")
    others_at = [_place(header, name) for name in _OTHER_PHONES]
    # The columns of the children repeat: by place, for their names are the same.
    children_at = [place for place, name in enumerate(header) if name == _CHILD]
    for number, row in rows:
        family, usage = _cell(source, row, family_at, number), _cell(source, row, usage_at, number)
        phone = _cell(source, row, phone_at, number)
        yield Person(
            id=str(number),
            family_name=family or usage,
            given_name=_cell(source, row, given_at, number),
            usage_name=usage or None,
            phones=(phone,) if phone else (),
            elsewhere=() if phone else tuple(filter(None, (_cell(source, row, place, number) for place in others_at))),
            line=number,
        )
        for place in children_at:
            child, called = (_cell(source, row, place + step, number) for step in (0, 1))
            if child or called:
                yield Link(person=str(number), pupil=link_key(child, called), relation=None, unknown=True, line=number)


def link_key(family_name: str, given_name: str) -> str:
    """What a pupil is found by: the names, however they are written; a digest, for they are an id only here."""
    names = f"{fold(family_name[:LONGEST])}/{fold(given_name[:LONGEST])}"
    return hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _table(source: Source) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and the rows by their line."""
    numbered = enumerate(lines(source), 1)
    _, first = next(numbered, (0, ""))
    return header_of(first), _rows(source, numbered)


def _rows(source: Source, numbered: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    for number, line in numbered:
        if not line.strip(" ;\t"):
            continue
        try:
            (row,) = csv.reader([line], delimiter=";", strict=True)
        except (csv.Error, ValueError) as error:
            raise ExportError(f"not a line of such a file: {error}", source.name, number) from error
        yield number, row


def _place(header: list[str], name: str) -> int | None:
    return header.index(name) if name in header else None


def _cell(source: Source, row: list[str], place: int | None, number: int) -> str:
    """A cell; empty where there is no such column, and where the row is shorter than the header, as rows are."""
    value = row[place].strip() if place is not None and place < len(row) else ""
    if "\x00" in value or "�" in value:
        raise ExportError("characters that no name has", source.name, number)
    return value


def _plain(cell: str) -> str:
    text = fold(cell.replace("'", "_").replace("’", "_").replace(" ", "_").replace("\u00a0", "_")[:LONGEST])
    return " ".join(text.replace("_", " ").split())
