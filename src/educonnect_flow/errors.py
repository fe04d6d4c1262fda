"""What is raised when the library is used wrongly, or when something outside it fails.

A parent's mistake is never an exception: it is a ``Refusal``.  Every
exception here derives from ``ActivationError``, so a host can catch that one.  No message
holds a value that a parent typed, a code, a handle or a number.
"""

from __future__ import annotations


class ActivationError(Exception):
    """The abstract base of every exception of this library.  Never raised itself."""

    def __init__(self, *args: object) -> None:
        if type(self) is ActivationError:
            raise TypeError("ActivationError is abstract: raise one of its subclasses")
        super().__init__(*args)


class UnknownHandle(ActivationError):
    """No run answers to this handle: it never did, it was rotated, or it is purged."""


class RequestReused(ActivationError):
    """This ``request_id`` was already answered for another event, or for the same with another body."""


class NotNow(ActivationError):
    """A query was made in a state where it has no meaning (a meter outside ``PASSWORD``)."""


class StoreUnavailable(ActivationError):
    """The store could not be reached, or did not answer in its time.  Nothing was said; try again."""


class WrongKey(StoreUnavailable):
    """What is stored was written under another ``secret_key`` than any that this process has.

    No retry mends it: give every process of the host the same keys, and keep an old one until nothing needs it.
    """


class PortUnavailable(ActivationError):
    """The directory, the human check or the password hasher failed.  Nothing moved; try again.

    ``__cause__`` is what the adapter raised; ``port`` names the call.
    """

    def __init__(self, port: str) -> None:
        super().__init__(f"{port} failed")
        self.port = port


class WrongUse(ActivationError, TypeError):
    """A value of a wrong type, or one that no parent could have typed (an empty request id)."""


class SmsRejected(ActivationError):
    """Raised by a gateway: this message will never be sent (a number that does not exist)."""


class SmsUnavailable(ActivationError):
    """Raised by a gateway: not now, try the same message again later."""
