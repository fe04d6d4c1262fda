"""A directory in a SQLite file: forks, and the reason why a transaction has failed."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from educonnect_flow._sqlite_file import begun
from educonnect_flow.directory import SqliteDirectory
from tests.directory.world import MOBILE, put, school_of
from tests.forks import in_child


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_finds_what_its_parent_finds_and_waits_for_no_thread(tmp_path: Path) -> None:
    directory = SqliteDirectory(tmp_path / "records.db")
    put(directory, tmp_path, school_of())
    expected, begin, stop = directory.find(MOBILE), threading.Event(), threading.Event()

    def look_up() -> None:
        while not stop.is_set():
            directory.find(MOBILE)
            begin.set()

    reader = threading.Thread(target=look_up)
    reader.start()
    begin.wait(30)
    try:
        for _ in range(10):
            assert in_child(lambda: directory.find(MOBILE) == expected != ()) == 0
    finally:
        stop.set()
        reader.join()
    assert directory.find(MOBILE) == expected
    directory.close()
    assert in_child(lambda: _is_closed(directory)) == 0
    assert _is_closed(directory)


def _is_closed(directory: SqliteDirectory) -> bool:
    with pytest.raises(sqlite3.ProgrammingError, match=r"records\.db is closed"):
        directory.find(MOBILE)
    return True


def test_a_full_disk_is_the_reason_that_is_raised(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "full.db", isolation_level=None)
    db.execute("CREATE TABLE filled (text)")
    db.execute("PRAGMA max_page_count=20")
    db.execute("PRAGMA cache_size=5")
    with pytest.raises(sqlite3.OperationalError, match="full"), begun(db):
        for _ in range(1_000):
            db.execute("INSERT INTO filled VALUES (?)", ("x" * 3_000,))
    assert not db.in_transaction
    db.close()
