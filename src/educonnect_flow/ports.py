"""Everything outside, as Protocols and frozen records.  A host writes any of them itself.

Each Protocol has an async twin whose methods are awaited; :class:`AsyncActivationFlow` takes either.
The store, which is larger, has a module of its own: :mod:`educonnect_flow.stores.port`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from attrs import field, frozen

from educonnect_flow.errors import SmsRejected, SmsUnavailable
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.people import Guardian

__all__ = [
    "AsyncDirectory", "AsyncHumanCheck", "AsyncPasswordHasher", "AsyncSms", "Clock", "Directory", "HumanCheck",
    "HumanPrompt", "Message", "PasswordHasher", "Sms", "SmsRejected", "SmsUnavailable", "utc_now",
]  # fmt: skip


class Clock(Protocol):
    """The time, from outside."""

    def __call__(self) -> datetime:
        """Now: aware, in any zone; the library works in UTC."""
        ...


def utc_now() -> datetime:
    """The system's clock: the default."""
    return datetime.now(UTC)


class Directory(Protocol):
    """Who the schools know."""

    def find(self, mobile: str) -> Sequence[Guardian]:
        """Every guardian with this *mobile* (E.164); unknown: empty.  As quick for one as for the other."""
        ...


class AsyncDirectory(Protocol):
    """:class:`Directory`, awaited."""

    async def find(self, mobile: str) -> Sequence[Guardian]:
        """See :meth:`Directory.find`."""
        ...


@frozen(kw_only=True)
class Message(Confidential):
    """One SMS."""

    id: str
    """The same on a retry: a gateway that knows ids sends it once."""
    to: str = field(repr=False)
    """E.164."""
    text: str = field(repr=False)


class Sms(Protocol):
    """A gateway."""

    def send(self, message: Message) -> None:
        """Take *message* over.

        :raises SmsRejected: it will never be sent.
        :raises SmsUnavailable: try again; so does any other exception.
        """
        ...


class AsyncSms(Protocol):
    """:class:`Sms`, awaited."""

    async def send(self, message: Message) -> None:
        """See :meth:`Sms.send`."""
        ...


class PasswordHasher(Protocol):
    """A slow, salted hash.  Called outside any lock and any transaction."""

    def hash(self, text: str) -> str:
        """A hash of *text* that holds its own salt and parameters."""
        ...

    def verify(self, hash: str, text: str) -> bool:  # noqa: A002 - the port's public name
        """Whether *text* gave *hash*."""
        ...


class AsyncPasswordHasher(Protocol):
    """:class:`PasswordHasher`, awaited."""

    async def hash(self, text: str) -> str:
        """See :meth:`PasswordHasher.hash`."""
        ...

    async def verify(self, hash: str, text: str) -> bool:  # noqa: A002
        """See :meth:`PasswordHasher.verify`."""
        ...


@frozen(kw_only=True)
class HumanPrompt:
    """What the identity page shows so that a human answers it: an image with its audio, or a puzzle.

    An image alone shuts people out; RGAA 4.1 (1.4, 1.5) asks for an alternative.
    """

    id: str
    image: bytes | None = field(default=None, repr=False)
    """A PNG."""
    audio: bytes | None = field(default=None, repr=False)
    """The same in sound, as WAV."""
    puzzle: str | None = field(default=None, repr=False)
    """A challenge that the browser solves by itself, or a question in plain text."""


class HumanCheck(Protocol):
    """Tells people from programs."""

    def issue(self) -> HumanPrompt:
        """A new prompt."""
        ...

    def show(self, id: str) -> HumanPrompt | None:  # noqa: A002 - the port's public name
        """A prompt that was issued, again; ``None`` when it is spent or over."""
        ...

    def passes(self, id: str, answer: str) -> bool:  # noqa: A002
        """Whether *answer* is right.  Once per prompt, never twice: the call spends it."""
        ...


class AsyncHumanCheck(Protocol):
    """:class:`HumanCheck`, awaited."""

    async def issue(self) -> HumanPrompt:
        """See :meth:`HumanCheck.issue`."""
        ...

    async def show(self, id: str) -> HumanPrompt | None:  # noqa: A002
        """See :meth:`HumanCheck.show`."""
        ...

    async def passes(self, id: str, answer: str) -> bool:  # noqa: A002
        """See :meth:`HumanCheck.passes`."""
        ...
