"""The exceptions: for a wrong use of the library, and for a port that fails.

A parent's mistake is never an exception: it is a ``Refusal``.  Every exception here derives from
``ActivationError``, so that a host can catch that one.  No message contains a value that a parent typed, a code, a
handle or a number.
"""

from __future__ import annotations


class ActivationError(Exception):
    """The abstract base of every exception of this library.  Never raised itself."""

    def __init__(self, *args: object) -> None:
        if type(self) is ActivationError:
            raise TypeError("ActivationError is abstract: raise one of its subclasses")
        super().__init__(*args)


class UnknownHandle(ActivationError):
    """No run has this handle: it is wrong, it was replaced, or its run was purged."""


class RequestReused(ActivationError):
    """This ``request_id`` was used before for another event, or for the same event with another body."""


class NotNow(ActivationError):
    """The state of the run does not allow this query (a password meter outside ``PASSWORD``)."""


class StoreUnavailable(ActivationError):
    """The store could not be reached, or did not answer in time.  The request has no answer; send it again."""


class WrongKey(StoreUnavailable):
    """Stored data was encrypted under a ``secret_key`` that this process does not have.

    A retry does not help: give every process of the host the same keys, and keep an old key until nothing needs it.
    """


class PortUnavailable(ActivationError):
    """The directory, the human check or the password hasher failed.  Nothing changed; try again.

    ``__cause__`` is the adapter's exception; ``port`` names the call.
    """

    def __init__(self, port: str) -> None:
        super().__init__(f"{port} failed")
        self.port = port


class WrongUse(ActivationError, TypeError):
    """The host passed a wrong type or an invalid value (an empty request id)."""


class SmsRejected(ActivationError):
    """Raised by a gateway: it will never send this message (the number does not exist)."""


class SmsUnavailable(ActivationError):
    """Raised by a gateway: it cannot take the message now; try the same message later."""
