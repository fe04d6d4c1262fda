"""``python -m tests.benchmarks.against ELSEWHERE``: an activation's processor time here and in another checkout.

Both take turns, a process each; a ratio is the median of the pairs'.  Each checkout walks with its own
``tests.benchmarks.walker``.  What ``DjangoStore`` asks is counted as Django counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.postgres import Server

KINDS = ("memory", "sqlite", "postgres", "django, sqlite", "django, postgres")
WALKS = {"memory": 500, "sqlite": 300, "postgres": 150, "django, sqlite": 150, "django, postgres": 100}

WALK = """
import gc, json, sys, time
given = json.loads(sys.argv[1])
sys.path[:0] = [given["root"], given["root"] + "/src"]
from tests.benchmarks.walker import Walker

django = given["kind"].startswith("django")
if django:
    import django as host
    from django.conf import settings
    settings.configure(DATABASES={"default": given["database"]}, INSTALLED_APPS=["educonnect_flow.contrib.django"],
                       USE_TZ=True, SECRET_KEY="x" * 50, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    host.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
    from educonnect_flow.contrib.django.store import DjangoStore as Store
    store = Store()
else:
    from educonnect_flow.stores import MemoryStore, PostgresStore, SqliteStore
    store = {"memory": MemoryStore, "sqlite": lambda: SqliteStore(given["path"]),
             "postgres": lambda: PostgresStore(given["dsn"])}[given["kind"]]()
walker = Walker(store)
for _ in range(given["walks"] // 4):
    walker.walk()
gc.collect()
begun = time.process_time()
for _ in range(given["walks"]):
    walker.walk()
found = {"cpu": (time.process_time() - begun) / given["walks"] * 1e3}
if django:
    from django.db import connection, reset_queries
    connection.force_debug_cursor = True
    reset_queries()
    walker.walk()
    asked = [query["sql"] for query in connection.queries]
    found["statements"] = len(asked)
    found["of_transactions"] = sum(one.startswith(("BEGIN", "COMMIT")) for one in asked)
store.close()
print(json.dumps(found))
"""


def _walked(root: Path, kind: str, folder: Path, server: Server) -> dict[str, Any]:
    given: dict[str, Any] = {"root": str(root), "kind": kind, "walks": WALKS[kind], "path": str(folder / "walks.db")}
    if kind.endswith("postgres"):
        import psycopg

        name = f"walks{folder.name.replace('-', '_').lower()}"
        server.execute(f'CREATE DATABASE "{name}"')
        given["dsn"] = psycopg.conninfo.make_conninfo(server.dsn, dbname=name)
        whole = psycopg.conninfo.conninfo_to_dict(given["dsn"])
        database: dict[str, Any] = {
            "ENGINE": "django.db.backends.postgresql",
            "USER": whole["user"],
            "HOST": whole["host"],
            "NAME": name,
        }
    else:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON"
        options = {"transaction_mode": "IMMEDIATE", "init_command": pragmas}
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "host.db"), "OPTIONS": options}
    given["database"] = database
    command = [sys.executable, "-c", WALK, json.dumps(given)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=root, env=os.environ | {"PYTHONPATH": ""}
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Take turns, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.against")
    parser.add_argument("elsewhere", type=Path, help="another checkout, such as one of version 0.1")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    server = Server(flushes=False)
    for kind in KINDS:
        pairs = []
        for _ in range(options.rounds):
            found = []
            for root in (options.elsewhere.resolve(), ROOT):
                with tempfile.TemporaryDirectory() as folder:
                    found.append(_walked(root, kind, Path(folder), server))
            pairs.append(found)
        then, now = (statistics.median(pair[side]["cpu"] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(pair[1]["cpu"] / pair[0]["cpu"] for pair in pairs)
        line = f"{kind:<18} {then:7.3f} ms  ->  {now:7.3f} ms  = {ratio:5.2f} ×"
        if kind.startswith("django"):
            counts = [
                f"{one['statements']} statements ({one['of_transactions']} of them BEGIN or COMMIT)" for one in pairs[0]
            ]
            line += "   " + "  ->  ".join(counts)
        print(line, flush=True)
    server.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
