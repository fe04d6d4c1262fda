"""The outbox's other end: hands what waits over to the gateway, under a lease, after its commit."""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from typing import NamedTuple

from educonnect_flow.audit import tell
from educonnect_flow.errors import SmsRejected, WrongUse
from educonnect_flow.failures import frames_of
from educonnect_flow.gather import Outside
from educonnect_flow.ports import Message
from educonnect_flow.records import AuditEntry, Claimed
from educonnect_flow.typed import check_limit

LONGEST_WAIT = timedelta(minutes=5)
"""Between two tries of one message, at most."""

_log = logging.getLogger("educonnect_flow")


class Handed(NamedTuple):
    """How many messages were claimed, by what became of them."""

    taken: int = 0
    """The gateway has them."""
    rejected: int = 0
    """The gateway never will: final, and noted in the audit trail."""
    retried: int = 0
    """They could not be handed over, and wait for another try."""
    expired: int = 0
    """Their code was over: dropped."""
    decoy: int = 0
    """They were written for strangers: dropped."""

    def plus(self, other: Handed) -> Handed:
        """Both together."""
        return Handed(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in zip(self._fields, self, strict=True))


async def hand_over(outside: Outside, limit: int = 100) -> Handed:
    """Hand over up to *limit* messages that wait.

    :raises StoreUnavailable: what was claimed until then becomes due again when its lease is over.
    """
    check_limit(limit)
    store, lease = outside.store, outside.settings.lease_for
    handed = Handed()
    for _ in range(limit):
        now = outside.now()
        until = now + lease
        claimed = await outside.stored(store.claim, now, until)
        if claimed is None:
            break
        if outside.now() >= until:  # the store answered so late that the message is another relay's by now
            handed = handed.plus(Handed(retried=1))
            continue
        handed = handed.plus(await _hand_over(outside, claimed))
    return handed


async def _hand_over(outside: Outside, claimed: Claimed) -> Handed:
    from educonnect_flow.messages import sms_text  # here, for only relays need it

    out, store = claimed.outgoing, outside.store
    now = outside.now()
    if out.decoy or now >= out.expires_at:
        await outside.stored(store.settle, out.id)
        return Handed(decoy=1) if out.decoy else Handed(expired=1)
    try:
        mobile = outside.mobile_of(out.activation, out.mobile)
        code = outside.code_of(out.activation, out.nonce, mobile)
        text = sms_text(code, outside.settings)
        await outside.call(outside.sms.send, Message(id=out.id, to=mobile, text=text))
    except WrongUse:
        raise  # an asynchronous gateway in a synchronous flow: the host's mistake, and not the gateway's
    except SmsRejected:
        _log.warning("message %s rejected by the gateway", out.id)
        audit = AuditEntry(
            at=now,
            activation=out.activation,
            event="Deliver",
            row=None,
            source="",
            dest="",
            reasons=("sms_rejected",),
            mobile=outside.keys.token("mobile", outside.mobile_of(out.activation, out.mobile)),
        )
        if await outside.stored(store.settle, out.id, audit):  # else another relay noted it, or it is void
            tell(audit, outside.observer)
        return Handed(rejected=1)
    except Exception as error:  # noqa: BLE001 - a gateway may raise anything; no message is lost for it
        kind = type(error).__name__
        _log.warning("message %s not taken (%s), try %d: %s", out.id, kind, claimed.attempts, frames_of(error))
        due_at = outside.now() + pause(outside.settings.retry_after, claimed.attempts, LONGEST_WAIT)
        await outside.stored(store.release, out.id, claimed.attempts, due_at)
        return Handed(retried=1)
    await outside.stored(store.settle, out.id)
    return Handed(taken=1)


def pause(first: timedelta, attempts: int, longest: timedelta) -> timedelta:
    """Until the next try: *first*, doubled after each of *attempts*, up to *longest*; and drawn from its upper half, so
    that what failed together does not come back together.
    """
    doubled: timedelta = min(first * 2 ** min(attempts - 1, 20), longest)
    return doubled * random.uniform(0.5, 1)  # noqa: S311 - a jitter
