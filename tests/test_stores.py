"""Both stores keep the contract; the file keeps it across processes and power."""

from __future__ import annotations

import pytest

from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import StoreContract
from pathlib import Path
from collections.abc import Iterator
from educonnect_flow.stores.port import Store


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
