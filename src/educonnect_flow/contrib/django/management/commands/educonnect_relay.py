"""``manage.py educonnect_relay``: hand over the messages that wait, until SIGTERM."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from educonnect_flow import process
from educonnect_flow.contrib.django import conf


class Command(BaseCommand):
    """See the module."""

    help = "Hand over the messages that wait, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """The same as ``python -m educonnect_flow relay``."""
        parser.add_argument("--threads", type=int, default=1, help="messages at the same time (1)")
        parser.add_argument("--idle", type=float, default=1.0, help="seconds to wait when none waits (1)")
        parser.add_argument("--once", action="store_true", help="hand over what waits now, and end")

    def handle(self, *, threads: int, idle: float, once: bool, **_: Any) -> None:
        """Run, and say how many the gateway took."""
        flow = conf.flow()
        if once:
            taken = 0
            while handed := flow.deliver():
                taken += handed
        else:
            taken = process.relay_command(flow, threads=threads, idle=idle).taken
        self.stdout.write(f"messages handed over: {taken}")
