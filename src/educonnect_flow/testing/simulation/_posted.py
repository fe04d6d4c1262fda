"""The promises about messages: none is lost, none has two texts, none leaves that must not."""

from __future__ import annotations

from datetime import timedelta

from educonnect_flow.records import Lease, Leased
from educonnect_flow.relay import shortest_life
from educonnect_flow.testing.simulation._checks import Check, Letter
from educonnect_flow.testing.simulation._tasks import Call, Task, message_of

TO_DELIVER = timedelta(minutes=15)
"""What a message must have left to live at the end of a world, so that it must be delivered."""


class Leases(Check):
    """R5, C5: one relay has a message at a time, and only one that is of use."""

    promises = "R5 C5"

    def leased(self, task: Task, lease: Lease, letter: Letter, leased: Leased) -> None:
        if letter.settled:
            self.fail("a relay has a message that was done with")
        if letter.leased_until is not None and lease.now < letter.leased_until:
            self.fail("two relays have one message, or one has it before it is due")
        if letter.stale:
            self.fail("a relay has the code of a page that was left, or one that was replaced", "C5")


class Sending(Check):
    """R6, R12, E1: what a gateway is handed."""

    promises = "R6 C11 E1 R12"

    def sent(self, task: Task, call: Call, letter: Letter) -> None:
        if len(letter.texts) > 1:
            self.fail("one message was sent with two texts")
        if message_of(call).to != letter.mobile:
            self.fail("a message went to another number than the one that was claimed", "C11")
        if letter.out.decoy:
            self.fail("a message that was written for a stranger was sent", "E1")
        if task.called_at > letter.out.expires_at - self._shortest:
            self.fail("a message was sent whose code had expired, or was about to", "R12")

    @property
    def _shortest(self) -> timedelta:
        return shortest_life(self.world.settings)


class Delivery(Check):
    """R5: a message is done with once it was taken, or never can be; at the end none that can be waits."""

    promises = "R5"

    def settled(self, task: Task, letter: Letter) -> None:
        useless = self.world.seen > letter.out.expires_at - shortest_life(self.world.settings)
        if not (letter.taken or letter.rejected or letter.out.decoy or useless):
            self.fail("a message was done with, and no gateway has taken it")

    def ended(self) -> None:
        world = self.world
        now = world.clock.now
        for letter in world.letters.values():
            out = letter.out
            lost = not (letter.taken or letter.settled or letter.stale or out.decoy or letter.log.purged)
            due = letter.leased_until or out.due_at
            if lost and due <= now and out.due_at <= now < out.expires_at - TO_DELIVER:
                self.fail("a message waits for ever")
