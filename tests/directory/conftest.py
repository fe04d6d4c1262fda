"""A directory of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from tests.directory.world import SqlDirectory
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgres"])
def directory(request: pytest.FixtureRequest, tmp_path: Path, schema: str) -> Iterator[SqlDirectory]:
    made: SqlDirectory
    if request.param == "sqlite":
        made = SqliteDirectory(tmp_path / "records.db")
    else:
        server: Server = request.getfixturevalue("server")
        made = PostgresDirectory(server.dsn, schema=f"records_{schema}")
    yield made
    made.close()


@pytest.fixture
def closes_directories(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes each ``SqliteDirectory`` that a test makes: Python 3.13 warns of a connection that was not closed."""
    made: list[SqliteDirectory] = []
    init = SqliteDirectory.__init__

    def noted(self: SqliteDirectory, *args: Any, **more: Any) -> None:
        init(self, *args, **more)
        made.append(self)

    monkeypatch.setattr(SqliteDirectory, "__init__", noted)
    yield
    for directory in made:
        directory.close()
