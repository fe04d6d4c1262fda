"""``manage.py educonnect_purge``: delete what is over; for a timer, every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from educonnect_flow import process
from educonnect_flow.contrib.django import conf


class Command(BaseCommand):
    """See the module."""

    help = "Delete the activations that are over for as long as the settings keep them."

    def handle(self, **_: Any) -> None:
        """Run, and say how many."""
        self.stdout.write(f"runs deleted: {process.purge(conf.flow())}")
