"""Django is set up once, before any test of a host is collected."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hosts.settings")

import django

django.setup()

import psycopg  # noqa: E402 - Django is set up first
import pytest  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402 - Django is set up first
from django.db import connections  # noqa: E402 - Django is set up first

from educonnect_flow.contrib.django.store import DjangoStore  # noqa: E402 - Django is set up first
from tests.hosts import processes  # noqa: E402 - Django is set up first
from tests.postgres import Server  # noqa: E402 - Django is set up first

_numbers = itertools.count()


def alias(**given: Any) -> str:
    """A database of Django's, under a name of its own."""
    name = f"d{next(_numbers)}"
    connections.databases[name] = connections["default"].settings_dict | {"OPTIONS": {}} | given
    return name


def migrated(**given: Any) -> None:
    """Make the tables of a database that others are copied from."""
    name = alias(**given)
    call_command("migrate", database=name, verbosity=0)
    connections[name].close()


def brought_up(**given: Any) -> DjangoStore:
    """A store on a host's database, brought up to date as ``manage.py migrate`` does."""
    name = alias(**given)
    call_command("migrate", "educonnect_flow", database=name, verbosity=0)
    return DjangoStore(name)


class Threaded(DjangoStore):
    """Leaves no connection open in the threads of a test: Django closes them at the end of a request."""

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with super()._cursor() as cursor:
                yield cursor
        finally:
            connection = connections[self._using]
            if threading.current_thread() is not threading.main_thread() and not connection.in_atomic_block:
                connection.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables in it."""
    path = tmp_path_factory.mktemp("django") / "template.db"
    migrated(NAME=path)
    return path


@pytest.fixture(scope="session")
def postgres_template(server: Server) -> dict[str, Any]:
    """A database with the tables in it."""
    given = psycopg.conninfo.conninfo_to_dict(server.dsn)
    server.execute("CREATE DATABASE template2")
    found = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "template2", "USER": given["user"], "HOST": given["host"],
        "OPTIONS": {"connect_timeout": 5},
    }  # fmt: skip
    migrated(**found)
    return found


@pytest.fixture
def on_sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[DjangoStore]:
    """A store in a file of its own, with Django's own way to begin a transaction."""
    path = shutil.copy(sqlite_template, tmp_path / "django.db")
    name = alias(NAME=path, OPTIONS={"timeout": 30})
    yield Threaded(name)
    connections[name].close()


@pytest.fixture
def on_postgres(server: Server, postgres_template: dict[str, Any]) -> Iterator[DjangoStore]:
    """A store in a database of its own."""
    database = f"django{next(_numbers)}"
    server.execute(f"CREATE DATABASE {database} TEMPLATE {postgres_template['NAME']} STRATEGY file_copy")
    name = alias(**postgres_template | {"NAME": database})
    yield Threaded(name)
    connections[name].close()


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return processes.free_port()
