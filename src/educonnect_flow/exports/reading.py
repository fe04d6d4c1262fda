"""Files of one format, told apart by what is in them, as one export: of a school, or of an academy's feed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from attrs import frozen

from educonnect_flow.exports import _aaf as aaf
from educonnect_flow.exports import _aaf_names as aaf_names
from educonnect_flow.exports import _onde as onde
from educonnect_flow.exports import _siecle as siecle
from educonnect_flow.exports._fields import uai_of
from educonnect_flow.exports._items import Entry, ExportError, Item, School
from educonnect_flow.exports._source import Progress, Source, is_hidden, nothing

_ROOT = re.compile(rb"<(BEE_[A-Z_]+|STS_[A-Z_]+|EDT_[A-Z_]+|ficAlimMENESR)[\s/>]")
_BESIDE = re.compile(r".*\.(dtd|xsd|xsl|xslt|txt|pdf|log|md5|sha1|sha256|ini|db)", re.IGNORECASE)
"""What lies beside an export by its name: a description, a notice, a checksum."""
_ONDE_NAME = re.compile(r"CSVExtraction-(?!eleves|responsables).*\.csv", re.IGNORECASE)

GUARDIANS, PUPILS = "guardians", "pupils"

_SKIPPED, _ONDE, _SIECLE, _AAF = "", "onde", "siecle", "aaf"
_ROOTS = {siecle.GUARDIANS: (_SIECLE, GUARDIANS), siecle.PUPILS: (_SIECLE, PUPILS), aaf.ROOT: (_AAF, "")}

_READERS: dict[tuple[str, str], Callable[[Source], Iterator[Item]]] = {
    ("siecle", GUARDIANS): siecle.guardians,
    ("siecle", PUPILS): siecle.pupils,
    ("onde", GUARDIANS): onde.guardians,
    ("onde", PUPILS): onde.pupils,
}


@frozen
class Skipped:
    """A file that lies beside an export and says nothing of families."""

    name: str
    what: str
    """What it is."""


class SchoolExport:
    """SIECLE and ONDE: the records of one school, as a stream.

    :raises ExportError: when no file will say of which school it is, and the caller does not.
    """

    def __init__(
        self,
        form: str,
        guardians: Source,
        pupils: Source,
        uai: str | None,
        name: str | None,
        skipped: Sequence[Skipped] = (),
    ) -> None:
        if form == "onde" and uai is None:
            raise ExportError("the files of ONDE name no school: say its number (UAI)")
        self.form = form
        """``siecle`` or ``onde``."""
        self.name = name
        """As parents know the school; ``None``: nobody said."""
        self.size = guardians.size() + pupils.size()
        """Bytes that will be read, as far as the files say."""
        self.progress = guardians.progress
        """Called with the work done since its last call; the work of reading is counted in bytes."""
        self.skipped = tuple(skipped)
        """Files beside those that are read."""
        self.exported = ""
        """When the older of its files was made, as ``fields.moment`` writes it; empty when no file says it, and until
        ``items`` has been read."""
        self.placing = self.size // 2
        """What ``progress`` is given beyond ``size`` while the records are put in place."""
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
        if school.exported:
            self.exported = min(filter(None, (self.exported, school.exported)))
        self._uai = school.uai
        self.year = school.year or self.year


class FeedExport:
    """AAF: what changed in the records of one or several schools, or all of them."""

    form = "aaf"

    def __init__(
        self,
        named: aaf_names.Named,
        sources: Sequence[Source],
        parts: set[aaf_names.Part],
        uai: str | None,
        name: str | None,
        skipped: Sequence[Skipped] = (),
    ) -> None:
        self.feed = named.feed
        """Whose exports follow each other."""
        self.day = named.day
        """``yyyymmdd``; empty when the files do not say it."""
        self.number = named.number
        """Which of the feed's exports it is, where the feed numbers them."""
        self.delta = named.delta
        """Whether it says what changed since the export before it."""
        self.uai = uai
        """The only school that is wanted; ``None``: all."""
        self.name = name
        self.size = sum(source.size() for source in sources)
        self.placing = self.size * 2
        self.progress = sources[0].progress
        self.skipped = tuple(skipped)
        self._sources = sources
        missing = [part.value for part in aaf_names.Part if part not in parts]
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
    """The export that *paths* are the files of.

    Files beside them that say nothing of families (of teachers, structures, a Mac's) are skipped, and named in
    ``skipped``.

    :param uai: the number of the school; must be given for ONDE; of an AAF with several schools it chooses one.
    :param name: the name of the school as parents know it; default: what the files say, else its number.
    :param progress: told how many bytes were read since it was told last.
    :raises ExportError: when the files are no export, not one whole one, or not of the same format.
    """
    uai = (uai_of(uai) or uai) if uai is not None else None
    kinds: list[tuple[Source, str, str]] = []
    skipped: list[Skipped] = []
    for source in (Source(path, progress) for path in sorted(paths, key=os.fspath)):
        form, part = _kind(source)
        if form == _SKIPPED:
            skipped.append(Skipped(source.name, part))
        else:
            kinds.append((source, form, part))
    forms = sorted({form for _, form, _ in kinds})
    if not forms:
        raise ExportError(f"no file of families is among them: {_listed(skipped)}" if skipped else "no file is given")
    if len(forms) != 1:
        raise ExportError(f"files of {len(forms)} formats ({', '.join(forms)}), where one is expected")
    if forms == [_AAF]:
        return _feed([source for source, *_ in kinds], uai, name, skipped)
    found: dict[str, Source] = {}
    for source, _, part in kinds:
        if part in found:
            raise ExportError(f"a second file of the {part}, beside {found[part].name}", source.name)
        found[part] = source
    for part in (GUARDIANS, PUPILS):
        if part not in found:
            raise ExportError(f"{forms[0]}: the file of the {part} is missing")
    return SchoolExport(forms[0], found[GUARDIANS], found[PUPILS], uai, name, skipped)


def _listed(skipped: Sequence[Skipped]) -> str:
    return ", ".join(f"{one.name} ({one.what})" for one in skipped)


def _feed(sources: Sequence[Source], uai: str | None, name: str | None, skipped: Sequence[Skipped]) -> FeedExport:
    named = [aaf_names.named(source) for source in sources]
    exports = {(one.feed, one.delta, one.day, one.number) for one in named}
    if len(exports) != 1:
        raise ExportError(f"files of {len(exports)} exports: import them one by one, in the order of their days")
    return FeedExport(named[0], sources, {one.part for one in named}, uai, name, skipped)


def _kind(source: Source) -> tuple[str, str]:
    """The format of a file and its part; or that it is skipped, and what it is."""
    if is_hidden(source.name) or source.name == "__MACOSX":
        return _SKIPPED, "what a system keeps beside a file"
    if aaf_names.is_other(source):
        return _SKIPPED, "AAF: staff or subjects"
    quiet = Source(source.path)
    head = next(quiet.chunks(), b"")
    root = _ROOT.search(head.replace(b"\x00", b""))  # of a file in UTF-16, too
    if root is not None:
        word = root[1].decode("ascii")
        return _ROOTS.get(word, (_SKIPPED, f"SIECLE: {word}"))
    if onde.guardians_table(quiet) is not None:
        return _ONDE, GUARDIANS
    if onde.pupils_table(quiet) is not None:
        return _ONDE, PUPILS
    if onde.is_other(quiet) or (_ONDE_NAME.fullmatch(source.name) and b";" in head):
        return _SKIPPED, "ONDE: neither pupils nor guardians"
    if _BESIDE.fullmatch(source.name):
        return _SKIPPED, "no export, by its name"
    raise ExportError("neither SIECLE, nor ONDE, nor AAF", source.name)
