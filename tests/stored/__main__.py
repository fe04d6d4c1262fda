"""``python -m tests.stored``: write what the stores keep at their present versions, to be read by every later one.

Run it once, just before a version is raised; the files of a version that was released are never changed.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import psycopg

from educonnect_flow._keys import digest
from educonnect_flow.engine._run import dump
from educonnect_flow.ports import Store
from educonnect_flow.stores import PostgresStore, SqliteStore
from educonnect_flow.stores import _postgres_schema as postgres_schema
from educonnect_flow.stores import _sqlite_schema as sqlite_schema
from tests.postgres import Server
from tests.stored.walks import walk_everywhere
from tests.world import activation_of, full

HERE = Path(__file__).parent


def _sqlite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activations.db"
        store = SqliteStore(path)
        _snapshots(store)
        store.close()
        db = sqlite3.connect(path)
        lines = [*db.iterdump(), f"PRAGMA user_version={sqlite_schema.SCHEMA};"]
        db.close()
    (HERE / f"sqlite-{sqlite_schema.SCHEMA}.sql").write_text("\n".join(lines) + "\n", "utf-8")


def _walk_django(name: str, **given: object) -> None:
    """The walks over a host's database."""
    from django.core.management import call_command
    from django.db import connections

    from educonnect_flow.contrib.django.store import DjangoStore

    connections.databases[name] = connections["default"].settings_dict | {"OPTIONS": {}, **given}
    call_command("migrate", "educonnect_flow", database=name, verbosity=0)
    store = DjangoStore(name)
    walk_everywhere(store)
    store.close()


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hosts.settings")
    import django

    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "host.db"
        _walk_django("stored", NAME=path)
        db = sqlite3.connect(path)
        lines = list(db.iterdump())
        db.close()
    (HERE / f"django-{sqlite_schema.SCHEMA}.sql").write_text("\n".join(lines) + "\n", "utf-8")
    server = Server()
    server.execute("CREATE DATABASE stored")
    dsn = psycopg.conninfo.make_conninfo(server.dsn, dbname="stored")
    given = psycopg.conninfo.conninfo_to_dict(dsn)
    engine = "django.db.backends.postgresql"
    _walk_django("stored on postgres", ENGINE=engine, NAME="stored", USER=given["user"], HOST=given["host"])
    (HERE / f"djangopg-{sqlite_schema.SCHEMA}.sql").write_text(_dumped(server, "-d", dsn), "utf-8")
    server.close()


def _snapshots(store: Store) -> None:
    ends = walk_everywhere(store)
    kept = [full()]
    for out in ends.values():
        loaded = store.load(digest(out.handle))
        assert loaded is not None
        kept.append(activation_of(loaded))
    lines = [json.dumps({"state": a.state.value, "version": a.version, "text": dump(a)}) for a in kept]
    (HERE / f"snapshots-{sqlite_schema.SCHEMA}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    known = {name: [out.handle, out.state.value] for name, out in ends.items()}
    (HERE / f"handles-{sqlite_schema.SCHEMA}.json").write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def _postgres() -> None:
    server = Server()
    store = PostgresStore(server.dsn, schema="stored")
    walk_everywhere(store)
    store.close()
    text = _dumped(server, "--schema=stored", "-d", server.dsn)
    server.close()
    (HERE / f"postgres-{postgres_schema.SCHEMA}.sql").write_text(text, "utf-8")


def _dumped(server: Server, *options: str) -> str:
    command = [str(server.bin / "pg_dump"), "--inserts", "--no-owner", *options]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = re.sub(r"(?m)^(--.*|\\.*|SET .*|SELECT pg_catalog\.set_config.*|)\n", "", dumped)
    return "SET check_function_bodies = false;\n" + text


if __name__ == "__main__":
    _sqlite()
    _postgres()
    _django()
