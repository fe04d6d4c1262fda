"""Password hashers."""

from educonnect_flow.hashing._argon2id import Argon2id

__all__ = ["Argon2id"]
