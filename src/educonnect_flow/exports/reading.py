"""Files of one format, told apart by what is in them, as one export: of a school, or of an academy's feed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from educonnect_flow.exports import _aaf as aaf
from educonnect_flow.exports import _onde as onde
from educonnect_flow.exports import _siecle as siecle
from educonnect_flow.exports._items import Entry, ExportError, Item, School
from educonnect_flow.exports._source import Progress, Source, nothing

_ROOT = re.compile(rb"<(BEE_RESPONSABLES|BEE_ELEVES|ficAlimMENESR)[\s/>]")

GUARDIANS, PUPILS = "guardians", "pupils"

_READERS: dict[tuple[str, str], Callable[[Source], Iterator[Item]]] = {
    ("siecle", GUARDIANS): siecle.guardians,
    ("siecle", PUPILS): siecle.pupils,
    ("onde", GUARDIANS): onde.guardians,
    ("onde", PUPILS): onde.pupils,
}


class SchoolExport:
    """SIECLE and ONDE: the records of one school, as a stream.

    :raises ExportError: when no file will say of which school it is, and the caller does not.
    """

    def __init__(self, form: str, guardians: Source, pupils: Source, uai: str | None, name: str | None) -> None:
        if form == "onde" and uai is None:
            raise ExportError("the files of ONDE name no school: say its number (UAI)")
        self.form = form
        """``siecle`` or ``onde``."""
        self.name = name
        """As parents know the school; ``None``: nobody said."""
        self.size = guardians.size() + pupils.size()
        """Bytes that will be read, as far as the files say."""
        self.year: int | None = None
        """In which the school year began, once ``items`` has been read and a file says it."""
        self._sources = {GUARDIANS: guardians, PUPILS: pupils}
        self._uai = uai

    @property
    def uai(self) -> str:
        """The number of the school; known once ``items`` has come to an entry.

        :raises ExportError: when no file says it.
        """
        if self._uai is None:
            raise ExportError("no file says of which school it is")
        return self._uai

    def items(self) -> Iterator[tuple[str, Entry]]:
        """Every person, pupil and link, with the file it stands in.

        :raises ExportError: when a file is malformed, of another school, or of another year than the one before.
        """
        for part, source in self._sources.items():
            told = self.form == "onde"
            for item in _READERS[self.form, part](source):
                if isinstance(item, School):
                    self._agree(item, source)
                    told = True
                elif told:
                    yield source.name, item
                else:
                    break
            if not told:
                raise ExportError("it has no PARAMETRES before its records, so no school", source.name)

    def _agree(self, school: School, source: Source) -> None:
        if self._uai is not None and school.uai != self._uai:
            raise ExportError(f"it is of the school {school.uai}, not {self._uai}", source.name)
        if self.year is not None and school.year not in {None, self.year}:
            raise ExportError(f"it is of the school year {school.year}, the other file of {self.year}", source.name)
        self._uai = school.uai
        self.year = school.year or self.year


class FeedExport:
    """AAF: what changed in the records of one or several schools, or all of them."""

    form = "aaf"

    def __init__(
        self, named: aaf.Named, sources: Sequence[Source], parts: set[aaf.Part], uai: str | None, name: str | None
    ) -> None:
        self.feed = named.feed
        """Whose exports follow each other."""
        self.day = named.day
        """``yyyymmdd``; empty when the files do not say it."""
        self.delta = named.delta
        """Whether it says what changed since the export before it."""
        self.uai = uai
        """The only school that is wanted; ``None``: all."""
        self.name = name
        self.size = sum(source.size() for source in sources)
        self._sources = sources
        missing = [part.value for part in aaf.Part if part not in parts]
        if missing and not self.delta:
            raise ExportError(f"aaf: the file of {' and of '.join(missing)} is missing")

    def requests(self) -> Iterator[aaf.Request]:
        """Every entry, in the order of the files.

        :raises ExportError: when one is malformed.
        """
        return chain.from_iterable(map(aaf.requests, self._sources))


Export = SchoolExport | FeedExport


def read(
    paths: Iterable[str | os.PathLike[str]],
    *,
    uai: str | None = None,
    name: str | None = None,
    progress: Progress = nothing,
) -> Export:
    """The export that *paths* are the files of; files of an AAF that say nothing of families are left out.

    :param uai: the number of the school; must be given for ONDE; of an AAF with several schools it chooses one.
    :param name: the name of the school as parents know it; default: what the files say, else its number.
    :param progress: told how many bytes were read since it was told last.
    :raises ExportError: when the files are no export, not one whole one, or not of the same format.
    """
    sources = [Source(path, progress) for path in sorted(paths, key=os.fspath)]
    sources = [source for source in sources if not aaf.is_other(source)]
    kinds = [_kind(source) for source in sources]
    forms = sorted({form for form, _ in kinds})
    if len(forms) != 1:
        raise ExportError(f"files of {len(forms)} formats ({', '.join(forms)}), where one is expected")
    if forms == ["aaf"]:
        return _feed(sources, uai, name)
    found: dict[str, Source] = {}
    for source, (_, part) in zip(sources, kinds, strict=True):
        if part in found:
            raise ExportError(f"a second file of the {part}, beside {found[part].name}", source.name)
        found[part] = source
    for part in (GUARDIANS, PUPILS):
        if part not in found:
            raise ExportError(f"{forms[0]}: the file of the {part} is missing")
    return SchoolExport(forms[0], found[GUARDIANS], found[PUPILS], uai, name)


def _feed(sources: Sequence[Source], uai: str | None, name: str | None) -> FeedExport:
    named = [aaf.named(source) for source in sources]
    exports = {(one.feed, one.delta, one.day) for one in named}
    if len(exports) != 1:
        raise ExportError(f"files of {len(exports)} exports: import them one by one, in the order of their days")
    return FeedExport(named[0], sources, {one.part for one in named}, uai, name)


def _kind(source: Source) -> tuple[str, str]:
    quiet = Source(source.path)
    head = next(quiet.chunks(), b"")
    root = _ROOT.search(head)
    if root is not None:
        if root[1] == b"ficAlimMENESR":
            return "aaf", ""
        return "siecle", GUARDIANS if root[1] == b"BEE_RESPONSABLES" else PUPILS
    if b";" in head.split(b"\n")[0]:
        header = onde.header_of(next(onde.lines(quiet)))
        if onde.is_pupils(header):
            return "onde", PUPILS
        if onde.is_guardians(header):
            return "onde", GUARDIANS
    raise ExportError("neither SIECLE, nor ONDE, nor AAF", source.name)
