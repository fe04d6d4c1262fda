"""What ``manage.py check`` says about the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's names
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from educonnect_flow.contrib.django import conf

VENDORS = ("postgresql", "sqlite")
"""The databases that the store contract was run on."""


def check_settings(**_: Any) -> list[CheckMessage]:
    """Whether ``EDUCONNECT_FLOW`` makes a flow, on a database that is known to keep the contract."""
    try:
        conf.flow()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="educonnect_flow.E001")]
    given = conf.options()
    found: list[CheckMessage] = []
    if type(given.store).__name__ == "DjangoStore":
        connection = connections[given.database]
        if connection.vendor not in VENDORS:
            found.append(
                Error(f"DjangoStore keeps its promises on {' and '.join(VENDORS)} only", id="educonnect_flow.E002")
            )
        if connection.settings_dict["ATOMIC_REQUESTS"]:
            found.append(
                Warning(
                    "with ATOMIC_REQUESTS, a view of your own that calls the flow gets WrongUse: an answer must not be "
                    "given before its commit",
                    hint="Mark it with django.db.transaction.non_atomic_requests; educonnect_flow's own are marked.",
                    id="educonnect_flow.W001",
                )
            )
        if connection.vendor == "sqlite":
            found += _about_sqlite(given.database, connection.settings_dict["OPTIONS"])
    return found


def _about_sqlite(alias: str, options: Mapping[str, Any]) -> list[CheckMessage]:
    """What the settings of a SQLite database lack: Django's own defaults let writers fail and leave deleted data."""
    init = str(options.get("init_command") or "").replace(" ", "").lower()
    where = f"DATABASES[{alias!r}]['OPTIONS']"
    found: list[CheckMessage] = []
    if str(options.get("transaction_mode") or "").upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        found.append(
            Warning(
                'of two parents at once one gets "database is locked": a transaction that reads first is turned '
                "away by another writer",
                hint=f"Set {where}['transaction_mode'] to 'IMMEDIATE'.",
                id="educonnect_flow.W002",
            )
        )
    if "journal_mode=wal" not in init:
        found.append(
            Warning(
                "readers and writers wait for each other without SQLite's write-ahead log",
                hint=f"Add 'PRAGMA journal_mode=WAL;' to {where}['init_command'].",
                id="educonnect_flow.W003",
            )
        )
    if not {"secure_delete=on", "secure_delete=1", "secure_delete=true"} & set(init.replace("pragma", "").split(";")):
        found.append(
            Warning(
                "deleted personal data stays readable in free pages of the file",
                hint=f"Add 'PRAGMA secure_delete=ON;' to {where}['init_command'].",
                id="educonnect_flow.W004",
            )
        )
    return found
