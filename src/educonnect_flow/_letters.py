"""The body of a message in the outbox: written with the commit, read by the relay."""

from __future__ import annotations

import json

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow._text import encode
from educonnect_flow.people import SealedMobile


@frozen(slots=False)
class CodeLetter(Confidential):
    """A code by SMS.  The code itself is derived when the relay sends it."""

    nonce: str
    mobile: SealedMobile = field(repr=False)

    def dump(self) -> str:
        """The body of the message."""
        return encode({"nonce": self.nonce, "mobile": self.mobile})


def read_letter(body: str) -> CodeLetter:
    """The letter that ``dump`` wrote, read again."""
    kept = json.loads(body)
    return CodeLetter(kept["nonce"], SealedMobile(kept["mobile"]))
