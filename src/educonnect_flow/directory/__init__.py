"""Directories of guardians."""

from educonnect_flow.directory.static import StaticDirectory

__all__ = ["StaticDirectory"]
