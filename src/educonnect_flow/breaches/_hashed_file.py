"""A local file of hashes: nothing of a password leaves the machine."""

from __future__ import annotations

import os
import re
from hashlib import sha1
from pathlib import Path

_LINE = re.compile(rb"([0-9A-F]{10,40})(:[0-9]+)?\r?\n?")
_LONGEST = 64
"""Bytes of a line at most."""


class HashedFile:
    """A sorted text file with one hash, or the beginning of one, a line.

    The form is that of the "Pwned Passwords" downloads ordered by hash: upper-case SHA-1 in hexadecimal, then perhaps
    ``:`` and a count.  The beginnings alone, all of one length from 10 digits on, make it smaller: with 16 digits, one
    password in two million million million is refused by mistake.  A look-up is a binary search, some 40 reads for a
    thousand million lines; memory does not grow with the file.  Serves any number of threads.

    :param path: the file; opened once, and read for as long as the list lives.
    :raises OSError: when it cannot be opened.
    :raises ValueError: when its first line is no such hash; an empty file has none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._name = Path(path).name
        self._file = os.open(path, os.O_RDONLY)
        try:
            self._size = os.fstat(self._file).st_size
            self._width = len(self._hash_at(0))
        except BaseException:
            os.close(self._file)
            raise

    def __repr__(self) -> str:
        return f"HashedFile({self._name!r})"

    def holds(self, password: str) -> bool:
        """See ``BreachList``.

        :raises ValueError: when it meets a line that is no hash of the first line's length.
        """
        wanted = sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()[: self._width]
        low, high = 0, self._size  # the first line not below what is wanted begins in [low, high]
        while low < high:
            middle = (low + high) // 2
            begin = self._line_after(middle)
            if begin >= high or self._hash_at(begin) >= wanted:
                high = middle
            else:
                low = begin + 1
        begin = self._line_after(low)
        return begin < self._size and self._hash_at(begin) == wanted

    def _line_after(self, at: int) -> int:
        """Where the first line begins that begins at *at* or later."""
        if at == 0:
            return 0
        read = os.pread(self._file, _LONGEST, at - 1)
        end = read.find(b"\n")
        if end < 0 and len(read) == _LONGEST:
            raise ValueError(f"{self._name}: no hash at byte {at}")
        return at + end if end >= 0 else self._size

    def _hash_at(self, begin: int) -> bytes:
        found = _LINE.match(os.pread(self._file, _LONGEST, begin))
        if found is None or len(found[1]) != getattr(self, "_width", len(found[1])):
            raise ValueError(f"{self._name}: no hash at byte {begin}")
        return found[1]

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)
