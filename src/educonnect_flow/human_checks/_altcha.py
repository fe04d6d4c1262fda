"""A proof of work in the browser: no image, no sound, nothing to read (extra ``altcha``).  The one recommended."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from educonnect_flow._keys import Secret
from educonnect_flow.human_checks._once import SingleUseCheck
from educonnect_flow.ports import Clock, HumanPrompt, Store, utc_now

if TYPE_CHECKING:
    from altcha import Challenge, ChallengeParameters

ALGORITHM = "PBKDF2/SHA-256"


class AltchaCheck(SingleUseCheck):
    """The ALTCHA widget's challenge (version 2), which the parent's browser solves while the form is filled in.

    ``HumanPrompt.puzzle`` is the challenge as JSON, for the widget's ``challenge`` attribute; what the widget
    puts into its field is ``ClaimIdentity.human_check``.  Reachable by keyboard and by screen reader; works for those
    who neither see nor hear (RGAA 4.1, 1.5).  It costs a program time, not a person attention: set the budgets too.

    :param store: of the flow, or any other; asked through threads by an asynchronous flow.
    :param secret_key: of the flow.
    :param cost: rounds of PBKDF2 for each of about 256 tries.
    :param valid_for: how long a prompt may be answered.
    """

    def __init__(
        self,
        store: Store,
        secret_key: Secret,
        *,
        cost: int = 1_000,
        valid_for: timedelta = timedelta(minutes=20),
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(store, secret_key, valid_for, clock)
        self._cost = cost

    def _prompt(self, name: str) -> HumanPrompt:
        return HumanPrompt(id=name, puzzle=json.dumps(self._challenge(name).to_dict()))

    def _parameters(self, name: str) -> ChallengeParameters:
        """The challenge of *name* and no other."""
        from altcha import ChallengeParameters

        drawn = self._once.derive("altcha", name).encode().hex()
        return ChallengeParameters(
            algorithm=ALGORITHM, nonce=drawn[:32], salt=drawn[32:64], cost=self._cost, key_length=32, key_prefix="00"
        )

    def _challenge(self, name: str) -> Challenge:
        from altcha import Challenge

        return Challenge(parameters=self._parameters(name), signature=self._once.derive("altcha-signature", name))

    def _right(self, name: str, answer: str) -> bool:
        from altcha import Payload, derive_key_pbkdf2

        try:
            given: Any = Payload.from_base64(answer)
            asked = self._parameters(name)
            counter = int(given.solution.counter)
            same = given.challenge.parameters.to_dict() == asked.to_dict()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return False
        if not same or not 0 <= counter < 2**32:
            return False
        password = bytes.fromhex(asked.nonce) + counter.to_bytes(4, "big")
        return derive_key_pbkdf2(asked, bytes.fromhex(asked.salt), password).startswith(b"\x00")
