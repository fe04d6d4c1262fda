"""What the human check shows."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen


@frozen(kw_only=True, slots=False)
class HumanPrompt:
    """The human check on a page: an image with its audio, or a puzzle.

    An image alone excludes people; RGAA 4.1 (1.4, 1.5) requires an alternative.
    """

    id: str
    image: bytes | None = field(default=None, repr=False)
    """A PNG."""
    _audio: bytes | Callable[[], bytes] | None = field(default=None, repr=False)
    puzzle: str | None = field(default=None, repr=False)
    """A challenge that the browser solves by itself, or a question in plain text."""

    @property
    def audio(self) -> bytes | None:
        """The same as sound (WAV).  A function is called only when the sound is requested."""
        return self._audio() if callable(self._audio) else self._audio
