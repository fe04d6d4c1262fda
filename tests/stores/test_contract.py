"""Both stores keep the contract; the file keeps it across processes and power."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from educonnect_flow.ports import Store
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "activations.db")
        yield store
        store.close()
