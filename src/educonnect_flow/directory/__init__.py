"""Directories of guardians."""

from educonnect_flow.directory.sqlite import SqliteDirectory
from educonnect_flow.directory.static import StaticDirectory

__all__ = ["SqliteDirectory", "StaticDirectory"]
