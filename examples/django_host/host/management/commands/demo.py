"""``manage.py demo``: tables, a relay that prints each SMS, and the server, in one command."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from educonnect_flow.contrib.django import conf
from host.family import FAMILY


class Command(BaseCommand):
    """See the module."""

    help = "Start the demonstration on a new SQLite file; SMS are printed here."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000")

    def handle(self, *, address: str, **_: Any) -> None:
        """Serve until Ctrl-C."""
        for suffix in ("", "-wal", "-shm"):
            settings.FILE.with_name(settings.FILE.name + suffix).unlink(missing_ok=True)
        call_command("migrate", verbosity=0)
        threading.Thread(target=self.relay, daemon=True).start()
        self.stdout.write(f"The family: {FAMILY.given_name} {FAMILY.family_name}, 06 12 34 56 78, and")
        for pupil in FAMILY.pupils:
            self.stdout.write(f"  {pupil.given_name}, born on {pupil.birth_date:%d/%m/%Y}")
        self.stdout.write(f"Open http://{address}/ and wait here for the SMS.  Ctrl-C ends it.")
        call_command("runserver", address, use_reloader=False)

    def relay(self) -> None:
        """In production a process of its own: ``manage.py educonnect_relay``."""
        while True:
            conf.flow().deliver()
            time.sleep(0.5)
