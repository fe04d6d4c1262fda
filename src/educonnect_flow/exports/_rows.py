"""The rows of a CSV file as schools' programs and their spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator

from attrs import frozen

from educonnect_flow.exports._columns import SEPARATORS, Header, words_of
from educonnect_flow.exports._items import ExportError
from educonnect_flow.exports._source import Source

LONGEST_LINE = 100_000
_HEADER_WITHIN = 10
"""Lines, at most, before the header."""
_MOST_LINES = 20
"""Lines over which a row may go: an address has a few."""
_FRACTIONS = str.maketrans("¼½¾", "ŒœŸ")
"""What cp1252 reads where ISO-8859-15 has the letters that French needs: no name has a fraction."""
_FOOTER = re.compile(r"\s*(nombre|total|fin|[ée]dit[ée]|export|extrait)\b|.*[:0-9]", re.IGNORECASE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@frozen
class Table:
    """A header, and how the cells are separated."""

    header: Header
    separator: str
    line: int
    """The header's."""


def lines(source: Source) -> Iterator[str]:
    """The lines of a file in UTF-8, with or without its mark, in UTF-16 with its mark, or in the Windows and Latin sets
    of Western Europe.

    UTF-8 until a byte is none, then cp1252 for that line and all after: names in both are never mixed in one file.
    """
    chunks = iter(source.chunks())
    first = next(chunks, b"")
    chunks = itertools.chain([first], chunks)
    encoding = "utf-8"
    if first.startswith(_UTF_16):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        chunks = (decoder.decode(chunk).encode("utf-8", "replace") for chunk in chunks)
    rest = b""
    for chunk in itertools.chain(chunks, [None]):
        *whole, rest = (rest + chunk).split(b"\n") if chunk is not None else [*(rest and [rest]), b""]
        if len(rest) > LONGEST_LINE:
            raise ExportError("a line without an end", source.name)
        for line in whole:
            try:
                found = line.removeprefix(codecs.BOM_UTF8).decode(encoding)
            except UnicodeDecodeError:
                encoding = "cp1252"
                found = line.decode(encoding, "replace")
            yield found.translate(_FRACTIONS).rstrip("\r")


def header_of(line: str, separator: str) -> Header:
    """The columns that *line* names; none of a line that is no row."""
    try:
        (cells,) = csv.reader([line], delimiter=separator)
    except csv.Error:
        return ()
    return [words_of(cell) for cell in cells]


def tables(source: Source) -> Iterator[Table]:
    """What the first lines may be the header of, the likeliest separator first."""
    quiet = Source(source.path)
    for number, line in enumerate(itertools.islice(lines(quiet), _HEADER_WITHIN), 1):
        for separator in sorted(SEPARATORS, key=line.count, reverse=True):
            if separator in line:
                yield Table(header_of(line, separator), separator, number)


def rows(source: Source, table: Table) -> Iterator[tuple[int, list[str] | None]]:
    """Each row by its line; ``None`` for one that cannot be read.  Empty rows and the foot of the file are no rows."""
    numbered = enumerate(lines(source), 1)
    waiting: list[tuple[int, str]] = []
    while True:
        number, line = waiting.pop(0) if waiting else next(numbered, (0, ""))
        if not number:
            return
        if number <= table.line or not line.strip(f" \t{table.separator}"):
            continue
        row = _row(line, table.separator)
        taken: list[tuple[int, str]] = []
        text = line
        while row is None and len(taken) < _MOST_LINES and len(text) < LONGEST_LINE:
            after = waiting.pop(0) if waiting else next(numbered, None)
            if after is None:
                break
            taken.append(after)
            text += f"\n{after[1]}"
            row = _row(text, table.separator)
        if row is None or (taken and len(row) > len(table.header)):
            waiting = taken + waiting  # only this line is lost
            row = None
        while row and len(row) > len(table.header) and not row[-1].strip():
            row.pop()
        if row is not None and len(row) > len(table.header):
            row = None
        if row is None or not _is_foot(row):
            yield number, row


def _row(text: str, separator: str) -> list[str] | None:
    """The cells, or ``None`` when a quotation mark is missing."""
    try:
        found = list(csv.reader((f"{line}\n" for line in text.split("\n")), delimiter=separator, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _is_foot(row: list[str]) -> bool:
    """Such as « Nombre de responsables : 1 »: the row of no person."""
    said = [cell for cell in row if cell.strip()]
    return (
        said == row[: len(said)]
        and len(said) in {1, 2}
        and _FOOTER.match(said[0]) is not None
        and (len(said) == 1 or said[1].strip().isdecimal())
    )
