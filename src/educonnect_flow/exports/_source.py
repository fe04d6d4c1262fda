"""The bytes of a file, raw or out of a one-file zip, in chunks, within bounds."""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from educonnect_flow.exports._items import ExportError

CHUNK = 1 << 16
LARGEST = 4 << 30
"""Bytes that a file may hold once unpacked; a whole academy is below one."""

RATIO = 200
"""How many times larger than its zip a file may be; XML of this kind packs to a fifteenth."""

_BROKEN = (
    OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError, struct.error,
    zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What the standard library raises on a file that is no whole zip."""


def is_hidden(name: str) -> bool:
    """Whether it is what a system keeps beside a file: a Mac's ``__MACOSX/._x.xml``, ``.DS_Store``."""
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last.startswith(".")


Progress = Callable[[int], None]
"""Told how many bytes were read since it was told last."""


def nothing(_: int) -> None:
    """No progress is shown."""


class Source:
    """One file."""

    def __init__(self, path: str | os.PathLike[str], progress: Progress = nothing) -> None:
        self.path = Path(path)
        self.name = self.path.name
        """The file's, for messages."""
        self.progress = progress

    def size(self) -> int:
        """Bytes that ``chunks`` will give, as far as the file says."""
        with self._opened() as (_, size):
            return size

    def chunks(self) -> Iterator[bytes]:
        """All of it, piece by piece.

        :raises ExportError: when it cannot be read, or grows beyond all bounds.
        """
        with self._opened() as (file, size):
            bound, seen = min(LARGEST, max(size, CHUNK)), 0
            while True:
                try:
                    chunk = file.read(CHUNK)
                except _BROKEN as error:
                    raise ExportError(f"cannot be unpacked: {error}", self.name) from error
                if not chunk:
                    return
                seen += len(chunk)
                if seen > bound:
                    raise ExportError("it is larger than it says", self.name)
                self.progress(len(chunk))
                yield chunk

    @contextmanager
    def _opened(self) -> Iterator[tuple[IO[bytes], int]]:
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):  # a pipe or a device may have no end
                raise ExportError("it is no regular file", self.name)
            if not zipfile.is_zipfile(self.path):
                with self.path.open("rb") as file:
                    yield file, self.path.stat().st_size
                return
            with zipfile.ZipFile(self.path) as archive:
                members = [
                    member for member in archive.infolist() if not member.is_dir() and not is_hidden(member.filename)
                ]
                wanted = [member for member in members if member.filename.lower().endswith((".xml", ".csv"))]
                members = wanted if len(wanted) == 1 else members
                if len(members) != 1:
                    raise ExportError(f"a zip with {len(members)} files in it, where one is expected", self.name)
                if members[0].file_size > min(LARGEST, RATIO * max(members[0].compress_size, CHUNK)):
                    raise ExportError("a zip that unpacks to more than any export", self.name)
                with archive.open(members[0]) as file:
                    yield file, members[0].file_size
        except _BROKEN as error:
            raise ExportError(f"cannot be read: {error}", self.name) from error
