"""The outbox's other end: hands what waits over to the gateway, under a lease, after its commit."""

from __future__ import annotations

import logging
from datetime import timedelta

from educonnect_flow.errors import SmsRejected, WrongUse
from educonnect_flow.gather import Outside
from educonnect_flow.ports import Message
from educonnect_flow.records import Claimed
from educonnect_flow.typed import check_limit

LONGEST_WAIT = timedelta(minutes=5)
"""Between two tries of one message, at most."""

_log = logging.getLogger("educonnect_flow")


async def deliver(outside: Outside, limit: int = 100) -> int:
    """Hand over up to *limit* messages that wait; how many the gateway took.

    :raises StoreUnavailable: what was claimed until then becomes due again when its lease is over.
    """
    check_limit(limit)
    store, lease = outside.store, outside.settings.lease_for
    taken = 0
    for _ in range(limit):
        now = outside.now()
        claimed = await outside.stored(store.claim, now, now + lease)
        if claimed is None:
            break
        taken += await _hand_over(outside, claimed)
    return taken


async def _hand_over(outside: Outside, claimed: Claimed) -> bool:
    """Whether the gateway took the message.  One that is over or a decoy is dropped; one that failed waits."""
    from educonnect_flow.messages import sms_text  # here, for only relays need it

    out, store = claimed.outgoing, outside.store
    now = outside.now()
    if out.decoy or now >= out.expires_at:
        await outside.stored(store.settle, out.id)
        return False
    try:
        mobile = outside.mobile_of(out.activation, out.mobile)
        code = outside.code_of(out.activation, out.nonce, mobile)
        text = sms_text(code, outside.settings)
        await outside.call(outside.sms.send, Message(id=out.id, to=mobile, text=text))
    except WrongUse:
        raise  # an asynchronous gateway in a synchronous flow: the host's mistake, and not the gateway's
    except SmsRejected:
        _log.warning("message %s rejected by the gateway", out.id)
        await outside.stored(store.settle, out.id)
        return False
    except Exception as error:  # noqa: BLE001 - a gateway may raise anything; no message is lost for it
        kind = type(error).__name__
        _log.warning("message %s not taken (%s), try %d", out.id, kind, claimed.attempts)
        wait = min(outside.settings.retry_after * 2 ** min(claimed.attempts - 1, 20), LONGEST_WAIT)
        await outside.stored(store.release, out.id, now + wait)
        return False
    await outside.stored(store.settle, out.id)
    return True
