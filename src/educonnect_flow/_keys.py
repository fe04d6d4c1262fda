"""Everything that is derived from the host's secret key, with HMAC-SHA-256.

Each purpose has a key of its own, so that a value made for one purpose is never valid for another
(ASVS 5.0, 6.6.2: a code is bound to its request).
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from educonnect_flow._secrecy import Confidential, Hidden, HiddenBytes
from educonnect_flow.errors import WrongUse

MINIMUM_KEY = 16
"""Minimum length of ``secret_key`` in bytes: 128 bits (ANSSI R28 requires as much for a salt)."""


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
    """The digest of a *handle* that a store keeps: SHA-256 (256 bits of entropy, so no key is needed)."""
    return _text(sha256(handle.encode("utf-8", "surrogatepass")).digest())


Secret = bytes | Sequence[bytes]
"""The host's secret key; or several, the newest first: it is used for new values, the others to read older ones."""


class Keys(Confidential):
    """The host's secret keys, and the values derived from them."""

    __slots__ = ("_rings",)

    def __init__(self, secret: Secret) -> None:
        """:raises WrongUse: when *secret* is not bytes or a list of bytes, or one is shorter than ``MINIMUM_KEY``."""
        secrets: Any = (secret,) if isinstance(secret, bytes) else secret
        if not isinstance(secrets, list | tuple) or not secrets:
            raise WrongUse(f"secret_key must be bytes or a list of bytes, not {type(secret).__name__}")
        self._rings = tuple(_Ring(one) for one in secrets)

    def __repr__(self) -> str:
        return "Keys(…)"

    @property
    def single(self) -> bool:
        """Whether there is only one key."""
        return len(self._rings) == 1

    def token(self, purpose: str, *parts: str) -> str:
        """A keyed hash of *parts* as 43 URL-safe characters: for handles, look-ups, fingerprints."""
        return _text(self._rings[0].mac(purpose, *parts))

    def tokens(self, purpose: str, *parts: str) -> tuple[str, ...]:
        """``token`` under each key, the newest first."""
        return tuple([_text(ring.mac(purpose, *parts)) for ring in self._rings])

    def marked(self, text: str) -> str:
        """*text* prefixed with the newest key's id, so that the same key is used to derive from it later."""
        return f"{self._rings[0].mark}.{text}"

    def token_of(self, marked: str, purpose: str, *parts: str) -> str:
        """``token`` under the key whose id *marked* begins with.

        :raises ValueError: when it is none of these.
        """
        return _text(self._marker(marked).mac(purpose, *parts))

    def digits(self, purpose: str, length: int, *parts: str, marked: str | None = None) -> str:
        """*length* decimal digits, leading zeros kept, uniform to within 2⁻²³⁰ (a 256-bit number reduced).

        :param marked: a text from ``mark`` that selects the key; ``None``: the newest.
        :raises ValueError: when its key is not among the keys.
        """
        ring = self._rings[0] if marked is None else self._marker(marked)
        number = int.from_bytes(ring.mac(purpose, *parts), "big")
        return Hidden(str(number % 10**length).zfill(length))

    def _marker(self, marked: str) -> _Ring:
        mark, dot, _ = marked.partition(".")
        if not dot:  # stored before texts had a key id: the oldest key
            return self._rings[-1]
        for ring in self._rings:
            if ring.mark == mark:
                return ring
        raise ValueError("made with none of these keys")

    def seal(self, text: str, context: str) -> str:
        """Encrypt *text* (32 bytes of UTF-8 at most) so that only this key decrypts it, and only in this *context*.

        A synthetic IV as in RFC 5297: the tag over text and context is the nonce of the key stream, so no
        randomness is needed, and any change is detected.
        """
        plain = HiddenBytes(text.encode("utf-8"))
        if len(plain) > sha256().digest_size:
            raise WrongUse("too long to be sealed")
        ring = self._rings[0]
        tag = ring.mac("seal", context, text)[:16]
        stream = ring.mac("seal-stream", context, _text(tag))
        return _text(tag + _mask(plain, stream))

    def unseal(self, sealed: str, context: str) -> str:
        """The text that ``seal`` encrypted.

        :raises ValueError: when the text was sealed under another key or context, or was altered.
        """
        raw = _bytes(sealed)
        tag, body = raw[:16], raw[16:]
        for ring in self._rings:
            stream = ring.mac("seal-stream", context, _text(tag))
            text = Hidden(_mask(body, stream).decode("utf-8", "replace"))
            if hmac.compare_digest(tag, ring.mac("seal", context, text)[:16]):
                return text
        raise ValueError("not sealed with this secret_key")


class _Ring:
    """One secret key, and the keys derived from it for each purpose."""

    __slots__ = ("_purposes", "_secret", "mark")

    def __init__(self, secret: Any) -> None:
        if not isinstance(secret, bytes):
            raise WrongUse(f"secret_key must be bytes or a list of bytes, not of {type(secret).__name__}")
        if len(secret) < MINIMUM_KEY:
            raise WrongUse(f"secret_key must have {MINIMUM_KEY} bytes or more")
        self._secret = secret
        self._purposes: dict[str, tuple[Any, Any]] = {}
        self.mark = _text(self.mac("mark"))[:6]

    def mac(self, purpose: str, *parts: str) -> bytes:
        states = self._purposes.get(purpose)
        if states is None:
            name = f"educonnect_flow/1/{purpose}".encode()
            states = self._purposes[purpose] = _states(HiddenBytes(hmac.digest(self._secret, name, "sha256")))
        inner, outer = states[0].copy(), states[1].copy()
        inner.update(_pack(parts))
        outer.update(inner.digest())
        digest: bytes = outer.digest()
        return digest


_BLOCK = sha256().block_size
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def _states(key: bytes) -> tuple[Any, Any]:
    """The state of HMAC (RFC 2104) before the message, for a *key* of one block at most: both hashes with the padded
    key.  ``hmac.digest`` computes this again for each message and takes twice as long; a test compares both.
    """
    padded = HiddenBytes(key.ljust(_BLOCK, b"\0"))
    return sha256(padded.translate(_INNER)), sha256(padded.translate(_OUTER))
