"""Files of one format, told apart by what is in them, as one export of one school."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import evolve

from educonnect_flow.exports import aaf, onde, siecle
from educonnect_flow.exports.items import Entry, ExportError, Item, School, Student
from educonnect_flow.exports.source import Progress, Source, nothing

_ROOT = re.compile(rb"<(BEE_RESPONSABLES|BEE_ELEVES|ficAlimMENESR)[\s/>]")
_AAF = re.compile(r"_(Eleve|PersRelEleve|EtabEducNat)_[0-9]{4}\.xml$", re.IGNORECASE)

SCHOOLS, GUARDIANS, PUPILS = "schools", "guardians", "pupils"
_AAF_PARTS = {"eleve": PUPILS, "persreleleve": GUARDIANS, "etabeducnat": SCHOOLS}


class Export:
    """What ``read`` found: the format, the school, and its items as a stream."""

    def __init__(self, form: str, parts: dict[str, list[Source]], uai: str | None, name: str | None) -> None:
        self.form = form
        """``siecle``, ``onde`` or ``aaf``."""
        self.name = name
        self.size = sum(source.size() for sources in parts.values() for source in sources)
        """Bytes that will be read, as far as the files say."""
        self._parts = parts
        self._uai = uai
        self._schools: dict[str, School] = {}
        if form == "aaf":
            for source in parts.get(SCHOOLS, ()):
                self._schools |= dict(aaf.schools(source))
            self._choose_school()
        if form == "onde" and uai is None:
            raise ExportError("the files of ONDE name no school: say its number (UAI)")

    def _choose_school(self) -> None:
        known = {school.uai: school for school in self._schools.values()}
        if self._uai is None and len(known) == 1:
            self._uai = next(iter(known))
        if self._uai is None:
            raise ExportError(f"an export of {len(known)} schools: say the number (UAI) of the one to import")
        if self._uai not in known:
            raise ExportError(f"no school {self._uai} in it")
        self.name = self.name or known[self._uai].name

    @property
    def uai(self) -> str:
        """The number of the school; known once ``items`` has been read, at the latest.

        :raises ExportError: when no file says it.
        """
        if self._uai is None:
            raise ExportError("no file says of which school it is")
        return self._uai

    def items(self) -> Iterator[Entry]:
        """Every person, pupil and link of the school.

        :raises ExportError: when a file is malformed, or of another school.
        """
        readers: dict[str, Callable[[Source], Iterator[Item]]] = {
            "siecle/guardians": siecle.guardians, "siecle/pupils": siecle.pupils,
            "onde/guardians": onde.guardians, "onde/pupils": onde.pupils,
            "aaf/guardians": aaf.guardians, "aaf/pupils": aaf.pupils,
        }  # fmt: skip
        for part in (GUARDIANS, PUPILS):
            for source in self._parts[part]:
                told = self.form != "siecle"
                for item in readers[f"{self.form}/{part}"](source):
                    if isinstance(item, School):
                        self._agree(item, source)
                        told = True
                    elif isinstance(item, Student) and item.school is not None:
                        school = self._schools.get(item.school)
                        yield evolve(item, school=school.uai if school else "")
                    else:
                        yield item
                if not told:
                    raise ExportError("it has no PARAMETRES, so no school", source.name)

    def _agree(self, school: School, source: Source) -> None:
        if self._uai is not None and school.uai != self._uai:
            raise ExportError(f"it is of the school {school.uai}, not {self._uai}", source.name)
        self._uai = school.uai


def read(
    paths: Iterable[str | os.PathLike[str]],
    *,
    uai: str | None = None,
    name: str | None = None,
    progress: Progress = nothing,
) -> Export:
    """The export that *paths* are the files of.

    :param uai: the number of the school; must be given for ONDE, and for an AAF of several schools.
    :param name: the name of the school as parents know it; default: what the files say, else its number.
    :param progress: told how many bytes were read since it was told last.
    :raises ExportError: when the files are no export, not one whole one, or not of the same format.
    """
    parts: dict[str, dict[str, list[Source]]] = {}
    for path in sorted(paths, key=os.fspath):
        source = Source(path, progress)
        form, part = _kind(source)
        parts.setdefault(form, {}).setdefault(part, []).append(source)
    if len(parts) != 1:
        raise ExportError(f"files of {len(parts)} formats ({', '.join(sorted(parts))}), where one is expected")
    ((form, found),) = parts.items()
    needed: Sequence[str] = (SCHOOLS, GUARDIANS, PUPILS) if form == "aaf" else (GUARDIANS, PUPILS)
    missing = [part for part in needed if part not in found]
    if missing:
        raise ExportError(f"{form}: the file of the {' and of the '.join(missing)} is missing")
    return Export(form, found, uai, name)


def _kind(source: Source) -> tuple[str, str]:
    quiet = Source(source.path)
    head = next(quiet.chunks(), b"")
    root = _ROOT.search(head)
    if root is not None:
        if root[1] == b"ficAlimMENESR":
            part = _AAF.search(source.name)
            if part is None:
                raise ExportError("an AAF whose name does not say which part it is", source.name)
            return "aaf", _AAF_PARTS[part[1].lower()]
        return "siecle", GUARDIANS if root[1] == b"BEE_RESPONSABLES" else PUPILS
    if b";" in head.split(b"\n")[0]:
        header = onde.header_of(next(onde.lines(quiet)))
        if onde.is_pupils(header):
            return "onde", PUPILS
        if onde.is_guardians(header):
            return "onde", GUARDIANS
    raise ExportError("neither SIECLE, nor ONDE, nor AAF", source.name)
