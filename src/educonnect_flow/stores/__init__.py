"""Where everything is kept.  Each store says what it promises and what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow._lazy import lazy_exports
from educonnect_flow.stores._memory import MemoryStore

if TYPE_CHECKING:
    from educonnect_flow.stores._postgres import AsyncPostgresStore, PostgresStore
    from educonnect_flow.stores._sqlite import SqliteStore

__all__ = ["AsyncPostgresStore", "MemoryStore", "PostgresStore", "SqliteStore"]

# What they rest on is loaded by those who use them.
__getattr__ = lazy_exports(
    __name__, {"SqliteStore": "_sqlite", "PostgresStore": "_postgres", "AsyncPostgresStore": "_postgres"}
)
