"""``manage.py educonnect_purge``: delete expired data; run it every hour from a timer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from educonnect_flow import process
from educonnect_flow.contrib.django import conf


class Command(BaseCommand):
    """See the module."""

    help = "Delete the runs that ended longer ago than the settings keep them."

    def handle(self, **_: Any) -> None:
        """Run, and say how many."""
        self.stdout.write(f"runs deleted: {process.purge(conf.flow())}")
