"""Where everything is kept.  Each store says what it promises and what it cannot."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from educonnect_flow.stores.memory import MemoryStore

if TYPE_CHECKING:
    from educonnect_flow.stores.postgres import AsyncPostgresStore, PostgresStore
    from educonnect_flow.stores.sqlite import SqliteStore

__all__ = ["AsyncPostgresStore", "MemoryStore", "PostgresStore", "SqliteStore"]

# What they rest on is loaded by those who use them.
_ELSEWHERE = {"SqliteStore": "sqlite", "PostgresStore": "postgres", "AsyncPostgresStore": "postgres"}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(import_module(f"educonnect_flow.stores.{_ELSEWHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
