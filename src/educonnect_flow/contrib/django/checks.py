"""What ``manage.py check`` says about the settings."""

from __future__ import annotations

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
                    "with ATOMIC_REQUESTS, only the views of educonnect_flow may call the flow: an answer must not "
                    "be given before its commit",
                    id="educonnect_flow.W001",
                )
            )
    return found
