"""Where everything is kept.  Each store says what it promises and what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow.stores.memory import MemoryStore

if TYPE_CHECKING:
    from educonnect_flow.stores.sqlite import SqliteStore

__all__ = ["MemoryStore", "SqliteStore"]


def __getattr__(name: str) -> type[SqliteStore]:
    # sqlite3 is loaded by those who use it.
    if name == "SqliteStore":
        from educonnect_flow.stores.sqlite import SqliteStore

        return SqliteStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
