"""What the parts that keep a SQLite file open share: a transaction, and a fork that loses nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from weakref import WeakSet


class SqliteFile:
    """An object with open connections to a SQLite file.

    SQLite's locks belong to the process: a forked child that used its parent's connections, or only held them open,
    would lose what it writes; and a child that inherits a lock which another thread holds waits for ever.  So before a
    fork all locks are taken and the connections closed; both processes open them again when they are used.

    :param locks: of the connections, in the order in which they are taken.
    """

    def __init__(self, *locks: Lock) -> None:
        self._locks = locks
        _FILES.add(self)

    def _disconnect(self) -> None:
        """Close the connections, under all locks; the next call opens them again."""
        raise NotImplementedError


@contextmanager
def begun(db: sqlite3.Connection, begin: Callable[[], object] | None = None) -> Iterator[None]:
    """A transaction: committed at the end, rolled back whatever is raised in between, a signal included.

    :param begin: begins it; default: ``BEGIN IMMEDIATE``.
    """
    try:
        if begin is None:
            db.execute("BEGIN IMMEDIATE")
        else:
            begin()
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # on a full disk SQLite has rolled back by itself
            db.execute("ROLLBACK")
        raise


_FILES: WeakSet[SqliteFile] = WeakSet()
_FORKING: list[SqliteFile] = []


def _before_fork() -> None:
    _FORKING.extend(_FILES)
    for file in _FORKING:
        for lock in file._locks:
            lock.acquire()
        file._disconnect()


def _after_fork() -> None:
    for file in _FORKING:
        for lock in file._locks:
            lock.release()
    _FORKING.clear()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
