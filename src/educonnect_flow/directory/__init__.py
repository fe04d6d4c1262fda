"""Directories of guardians."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow.directory.static import StaticDirectory
from educonnect_flow.lazy import later

if TYPE_CHECKING:
    from educonnect_flow.directory.postgres import AsyncPostgresDirectory, PostgresDirectory
    from educonnect_flow.directory.sqlite import SqliteDirectory

__all__ = ["AsyncPostgresDirectory", "PostgresDirectory", "SqliteDirectory", "StaticDirectory"]

# What they rest on is loaded by those who use them.
__getattr__ = later(
    __name__, {"SqliteDirectory": "sqlite", "PostgresDirectory": "postgres", "AsyncPostgresDirectory": "postgres"}
)
