"""Sends the messages of the outbox to the gateway, each under a lease, after its commit."""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from typing import NamedTuple

from educonnect_flow._failures import frames_of
from educonnect_flow._letters import read_letter
from educonnect_flow._observing import tell
from educonnect_flow._typed import check_limit
from educonnect_flow.engine._ports import Ports
from educonnect_flow.errors import SmsRejected, WrongUse
from educonnect_flow.ports import Message
from educonnect_flow.records import AuditEntry, Lease, Leased
from educonnect_flow.settings import Settings

LONGEST_WAIT = timedelta(minutes=5)
"""Between two tries of one message, at most."""

_log = logging.getLogger("educonnect_flow")


class DeliveryCounts(NamedTuple):
    """How many messages were leased, by result."""

    taken: int = 0
    """The gateway has them."""
    rejected: int = 0
    """The gateway never will: final, and noted in the audit trail."""
    retried: int = 0
    """They could not be handed over, and wait for another try."""
    expired: int = 0
    """Their code had expired: dropped."""
    decoy: int = 0
    """They were decoys: dropped."""

    def plus(self, other: DeliveryCounts) -> DeliveryCounts:
        """Both together."""
        return DeliveryCounts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in zip(self._fields, self, strict=True))


def shortest_life(settings: Settings) -> timedelta:
    """How long a code must still be valid for its message to leave: two minutes, or half of a shorter ``code_ttl``."""
    return min(timedelta(minutes=2), settings.code_ttl / 2)


async def hand_over(ports: Ports, limit: int = 100) -> DeliveryCounts:
    """Hand over up to *limit* messages that wait.

    :raises StoreUnavailable: the leased message becomes due again when its lease expires.
    """
    check_limit(limit)
    handed, lease = DeliveryCounts(), _lease(ports)
    leased = await ports.stored(ports.store.lease, lease) if limit else None
    for left in range(limit - 1, -1, -1):
        if leased is None:
            break
        became, audit = DeliveryCounts(retried=1), None
        if ports.now() < lease.until:  # else the lease has expired, and another relay may have it
            became, audit = await _hand_over(ports, leased)
        handed = handed.plus(became)
        lease = _lease(ports)
        if became.retried:
            leased = await ports.stored(ports.store.lease, lease) if left else None
            continue
        # What is done with is settled, and the next message leased, in one call.
        settled = await ports.stored(ports.store.settle, leased.id, audit, lease if left else None)
        if audit is not None and settled.gone:  # else another relay noted it, or it is void
            tell(audit, ports.observer)
        leased = settled.leased
    return handed


def _lease(ports: Ports) -> Lease:
    now = ports.now()
    return Lease(now, now + ports.settings.lease_for)


async def _hand_over(ports: Ports, out: Leased) -> tuple[DeliveryCounts, AuditEntry | None]:
    """Send one message: the result, and its audit entry, if any.  A message to be retried is released."""
    from educonnect_flow._messages import sms_text  # imported here: only relays need it

    now = ports.now()
    if out.decoy or now > out.expires_at - shortest_life(ports.settings):
        return DeliveryCounts(decoy=1) if out.decoy else DeliveryCounts(expired=1), None
    try:
        letter = read_letter(out.body)
        mobile = ports.mobile_of(out.run, letter.mobile)
        code = ports.code_of(out.journey, out.run, letter.nonce, mobile)
        text = sms_text(code, ports.settings)
        await ports.call(ports.sms.send, Message(id=out.id, to=mobile, text=text))
    except WrongUse:
        raise  # an asynchronous gateway in a synchronous flow: the host's mistake, and not the gateway's
    except SmsRejected:
        _log.warning("message %s rejected by the gateway", out.id)
        audit = AuditEntry(
            at=now,
            run=out.run,
            journey=out.journey,
            event="Deliver",
            row=None,
            source="",
            dest="",
            reasons=("sms_rejected",),
            mobile=ports.keys.token("mobile", ports.mobile_of(out.run, read_letter(out.body).mobile)),
        )
        return DeliveryCounts(rejected=1), audit
    except Exception as error:  # noqa: BLE001 - a gateway may raise anything; no message is lost
        kind = type(error).__name__
        _log.warning("message %s not taken (%s), try %d: %s", out.id, kind, out.attempts, frames_of(error))
        due_at = ports.now() + pause(ports.settings.retry_after, out.attempts, LONGEST_WAIT)
        await ports.stored(ports.store.release, out.id, out.attempts, due_at)
        return DeliveryCounts(retried=1), None
    return DeliveryCounts(taken=1), None


def pause(first: timedelta, attempts: int, longest: timedelta) -> timedelta:
    """The wait until the next try: *first*, doubled after each of *attempts*, up to *longest*; drawn from its upper
    half, so that messages that failed together are not retried together.
    """
    doubled: timedelta = min(first * 2 ** min(attempts - 1, 20), longest)
    return doubled * random.uniform(0.5, 1)  # noqa: S311 - a jitter
