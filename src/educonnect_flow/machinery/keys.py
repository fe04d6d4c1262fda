"""Everything that is derived from the host's secret key: one place, one algorithm, HMAC-SHA-256.

Each purpose has a key of its own, so that a value made for one can never serve another
(ASVS 5.0, 6.6.2: a code is bound to its request).
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64, b2a_base64
from hashlib import sha256

from educonnect_flow.errors import WrongUse
from educonnect_flow.machinery.secrecy import Confidential

MINIMUM_KEY = 16
"""Bytes of ``secret_key`` at least: 128 bits (ANSSI R28 asks as much of a salt)."""


_URL_SAFE, _PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def _text(value: bytes) -> str:
    """URL-safe base64 without padding."""
    return b2a_base64(value, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return a2b_base64(text.encode("ascii").translate(_PLAIN) + b"=" * (-len(text) % 4))


def _mask(text: bytes, stream: bytes) -> bytes:
    size = len(text)
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


def _pack(parts: tuple[str, ...]) -> bytes:
    """Join *parts* so that no two different tuples give the same bytes."""
    return "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")


def digest(handle: str) -> str:
    """What a store keeps of a *handle*: its SHA-256 (it has 256 bits of entropy; no key is needed)."""
    return _text(sha256(handle.encode("utf-8", "surrogatepass")).digest())


class Keys(Confidential):
    """The host's secret key, and what is derived from it."""

    __slots__ = ("_purposes", "_secret")

    def __init__(self, secret: bytes) -> None:
        """:raises WrongUse: when *secret* is not bytes, or shorter than ``MINIMUM_KEY``."""
        if not isinstance(secret, bytes):
            raise WrongUse(f"secret_key must be bytes, not {type(secret).__name__}")
        if len(secret) < MINIMUM_KEY:
            raise WrongUse(f"secret_key must have {MINIMUM_KEY} bytes or more")
        self._secret = secret
        self._purposes: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "Keys(…)"

    def _mac(self, purpose: str, *parts: str) -> bytes:
        key = self._purposes.get(purpose)
        if key is None:
            name = f"educonnect_flow/1/{purpose}".encode()
            key = self._purposes[purpose] = hmac.digest(self._secret, name, "sha256")
        return hmac.digest(key, _pack(parts), "sha256")

    def token(self, purpose: str, *parts: str) -> str:
        """A keyed hash of *parts* as 43 URL-safe characters: for handles, look-ups, fingerprints."""
        return _text(self._mac(purpose, *parts))

    def digits(self, purpose: str, length: int, *parts: str) -> str:
        """*length* decimal digits, leading zeros kept, uniform to within 2⁻²³⁰ (a 256-bit number reduced)."""
        number = int.from_bytes(self._mac(purpose, *parts), "big")
        return str(number % 10**length).zfill(length)

    def seal(self, text: str, context: str) -> str:
        """Encrypt *text* (32 bytes of UTF-8 at most) so that only this key opens it, and only in this *context*.

        A synthetic IV in the manner of RFC 5297: the tag over text and context is the nonce of the
        key stream, so no randomness is needed, and any change is noticed.
        """
        plain = text.encode("utf-8")
        if len(plain) > sha256().digest_size:
            raise WrongUse("too long to be sealed")
        tag = self._mac("seal", context, text)[:16]
        stream = self._mac("seal-stream", context, _text(tag))
        return _text(tag + _mask(plain, stream))

    def unseal(self, sealed: str, context: str) -> str:
        """The text that ``seal`` was given.

        :raises ValueError: when the text was sealed under another key or context, or was altered.
        """
        raw = _bytes(sealed)
        tag, body = raw[:16], raw[16:]
        stream = self._mac("seal-stream", context, _text(tag))
        text = _mask(body, stream).decode("utf-8", "replace")
        if not hmac.compare_digest(tag, self._mac("seal", context, text)[:16]):
            raise ValueError("not sealed with this secret_key")
        return text
