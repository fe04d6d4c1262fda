"""What the human check shows."""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True, slots=False)
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
