"""Directories of guardians."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow._lazy import lazy_exports
from educonnect_flow.directory._static import StaticDirectory

if TYPE_CHECKING:
    from educonnect_flow.directory._postgres import AsyncPostgresDirectory, PostgresDirectory
    from educonnect_flow.directory._sqlite import SqliteDirectory

__all__ = ["AsyncPostgresDirectory", "PostgresDirectory", "SqliteDirectory", "StaticDirectory"]

# What they rest on is loaded by those who use them.
__getattr__ = lazy_exports(
    __name__, {"SqliteDirectory": "_sqlite", "PostgresDirectory": "_postgres", "AsyncPostgresDirectory": "_postgres"}
)
