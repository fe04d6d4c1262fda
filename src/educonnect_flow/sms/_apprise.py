"""Real gateways through Apprise (extra ``apprise``), which speaks to some forty that send SMS."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from educonnect_flow._secrecy import Frameless
from educonnect_flow.errors import SmsUnavailable, WrongUse
from educonnect_flow.ports import Message

_PROBE = Message(id="probe", to="+33612345678", text="")


class AppriseSms:
    """One gateway, named by an Apprise URL.

    Apprise says whether a gateway took a message, and not why it did not: nothing is final then, and the message is
    tried again until its code expires.  Its calls end after ``rto`` and ``cto`` seconds (4 each, unless the URL
    says otherwise: to connect, and of silence), well within ``Settings.lease_for``.  Its log and urllib3's would show
    the code, the number and the gateway's password: while such an adapter sends, neither says anything; the relay
    does.

    :param url: with ``{to}`` where the number goes, such as ``twilio://sid:token@from/{to}``; ``{id}``, where the
        gateway knows ids, keeps a retry from being sent twice, such as
        ``jsons://gateway.example/sms?:to={to}&+Idempotency-Key={id}``.
    :raises WrongUse: when Apprise cannot read it, or when it has no ``{to}``.
    """

    def __init__(self, url: str) -> None:
        if "{to}" not in url:
            raise WrongUse("the URL must be text and hold {to}, where the number goes")
        for name in _LOUD:
            logging.getLogger(name).addFilter(_QUIET)
        self._url = url
        with _quiet(), Frameless():
            plugin = self._plugin(_PROBE)
        if plugin is None:
            raise WrongUse("Apprise cannot read this URL")

    def __repr__(self) -> str:
        return f"AppriseSms({self._url.partition(':')[0]!r})"  # the rest holds the gateway's password

    def _plugin(self, message: Message) -> Any:
        from apprise import Apprise  # here, for it takes half a second

        return Apprise.instantiate(
            self._url.replace("{to}", quote(message.to, safe="")).replace("{id}", quote(message.id, safe=""))
        )

    def send(self, message: Message) -> None:
        """See ``Sms``."""
        with _quiet(), Frameless():
            taken = self._plugin(message).notify(body=message.text, title="")
        if not taken:
            raise SmsUnavailable("the gateway did not take the message")


_LOUD = ("apprise", "urllib3.connectionpool")
_ours = threading.local()


@contextmanager
def _quiet() -> Iterator[None]:
    """What this thread does now is ours."""
    _ours.sending = True
    try:
        yield
    finally:
        _ours.sending = False


class _Quiet(logging.Filter):
    """Lets pass what is not ours: even Apprise's warnings quote numbers."""

    def filter(self, _: logging.LogRecord) -> bool:
        return not getattr(_ours, "sending", False)


_QUIET = _Quiet()
