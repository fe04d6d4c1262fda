"""Where everything is kept.  Each store says what it promises and what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow.lazy import later
from educonnect_flow.stores.memory import MemoryStore

if TYPE_CHECKING:
    from educonnect_flow.stores.postgres import AsyncPostgresStore, PostgresStore
    from educonnect_flow.stores.sqlite import SqliteStore

__all__ = ["AsyncPostgresStore", "MemoryStore", "PostgresStore", "SqliteStore"]

# What they rest on is loaded by those who use them.
__getattr__ = later(__name__, {"SqliteStore": "sqlite", "PostgresStore": "postgres", "AsyncPostgresStore": "postgres"})
