"""ONDE: ``CSVExtraction-eleves.csv`` and ``CSVExtraction-responsables.csv``, and those of BE1D before it.

The files name neither the school nor what a person is to a pupil, and link them by the pupil's names alone.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator

from educonnect_flow.exports.fields import day
from educonnect_flow.exports.items import ExportError, Item, Link, Person, Student
from educonnect_flow.exports.source import Source
from educonnect_flow.validators.identity import LONGEST, fold

LONGEST_LINE = 100_000
_FRACTIONS = str.maketrans("¼½¾", "ŒœŸ")
"""What cp1252 reads where ISO-8859-15 has the letters that French needs: no name has a fraction."""

_PUPIL = ("nom eleve", "prenom eleve", "date naissance")
_GUARDIAN = ("nom responsable", "prenom responsable", "telephone portable")
_CHILD = "nom de famille enfant"


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
    """The pupils, whose id is their names as they are compared, and their number when two share them."""
    seen: dict[str, int] = {}
    for number, header, row in _rows(source):
        at = {name: header.index(name) for name in _PUPIL}
        family, given = (_cell(source, row, at[name], number) for name in _PUPIL[:2])
        key = link_key(family, given)
        seen[key] = seen.get(key, 0) + 1
        usage = _cell(source, row, header.index("nom d usage eleve"), number) if "nom d usage eleve" in header else ""
        yield Student(
            id=key if seen[key] == 1 else f"{key}#{seen[key]}",
            family_name=family,
            given_name=given,
            usage_name=usage or None,
            birth_date=day(_cell(source, row, at["date naissance"], number)),
            line=number,
        )


def guardians(source: Source) -> Iterator[Item]:
    """The persons, whose id is the line, and their links."""
    for number, header, row in _rows(source):
        at = {name: header.index(name) for name in _GUARDIAN}
        family, given, phone = (_cell(source, row, at[name], number) for name in _GUARDIAN)
        usage = (
            _cell(source, row, header.index("nom usage responsable"), number)
            if "nom usage responsable" in header
            else ""
        )
        yield Person(
            id=str(number),
            family_name=family or usage,
            given_name=given,
            usage_name=usage or None,
            phones=(phone,) if phone else (),
            line=number,
        )
        # The columns of the children repeat: by place, for their names are the same.
        for place in (n for n, name in enumerate(header) if name == _CHILD):
            child, called = (_cell(source, row, place + step, number) for step in (0, 1))
            if child or called:
                yield Link(person=str(number), pupil=link_key(child, called), relation=None, unknown=True, line=number)


def link_key(family_name: str, given_name: str) -> str:
    """What a pupil is found by: the names, however they are written."""
    return f"{fold(family_name[:LONGEST])}/{fold(given_name[:LONGEST])}"


def _rows(source: Source) -> Iterator[tuple[int, list[str], list[str]]]:
    numbered = enumerate(lines(source), 1)
    _, first = next(numbered, (0, ""))
    header = header_of(first)
    for number, line in numbered:
        if not line.strip(" ;\t"):
            continue
        try:
            (row,) = csv.reader([line], delimiter=";", strict=True)
        except (csv.Error, ValueError) as error:
            raise ExportError(f"not a line of such a file: {error}", source.name, number) from error
        yield number, header, row


def _cell(source: Source, row: list[str], place: int, number: int) -> str:
    """A cell; empty where the row is shorter than the header, as rows are."""
    value = row[place].strip() if place < len(row) else ""
    if "\x00" in value or "�" in value:
        raise ExportError("characters that no name has", source.name, number)
    return value


def _plain(cell: str) -> str:
    text = fold(cell.replace("'", "_").replace("’", "_").replace(" ", "_").replace("\u00a0", "_")[:LONGEST])
    return " ".join(text.replace("_", " ").split())
