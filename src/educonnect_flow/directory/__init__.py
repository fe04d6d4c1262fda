"""Directories of guardians."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from educonnect_flow.directory.static import StaticDirectory

if TYPE_CHECKING:
    from educonnect_flow.directory.postgres import AsyncPostgresDirectory, PostgresDirectory
    from educonnect_flow.directory.sqlite import SqliteDirectory

__all__ = ["AsyncPostgresDirectory", "PostgresDirectory", "SqliteDirectory", "StaticDirectory"]

# What they rest on is loaded by those who use them.
_ELSEWHERE = {"SqliteDirectory": "sqlite", "PostgresDirectory": "postgres", "AsyncPostgresDirectory": "postgres"}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(import_module(f"educonnect_flow.directory.{_ELSEWHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
