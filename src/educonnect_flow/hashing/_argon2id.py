"""Argon2id at the parameters of the OWASP password storage cheat sheet."""

from __future__ import annotations

from educonnect_flow._secrecy import Frameless


class Argon2id:
    """19 MiB, two passes, one lane, a salt of 128 bits; about 20 ms each.

    :param memory: KiB.
    :param passes: how often the memory is walked.
    """

    def __init__(self, memory: int = 19_456, passes: int = 2) -> None:
        from argon2 import PasswordHasher  # here, for hosts with a hasher of their own

        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=1, salt_len=16, hash_len=32)

    def hash(self, text: str) -> str:
        """See ``PasswordHasher``.

        :raises argon2.exceptions.HashingError: when there is no memory for it, say.
        """
        with Frameless():
            return self._hasher.hash(text)

    def verify(self, hash: str, text: str) -> bool:
        """See ``PasswordHasher``: ``False`` too for what is no hash, and where there is no memory for it."""
        from argon2.exceptions import InvalidHashError, VerificationError

        with Frameless():
            try:
                return self._hasher.verify(hash, text)
            except (VerificationError, InvalidHashError):
                return False
