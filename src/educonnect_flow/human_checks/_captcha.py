"""Letters and digits in an image, as the guide has them, and the same spoken in French (extra ``captcha``)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from educonnect_flow._keys import Secret
from educonnect_flow.human_checks._once import SingleUseCheck
from educonnect_flow.ports import Clock, HumanPrompt, Store, utc_now

ALPHABET = "23456789ACFHJKLMRUXY"
"""Those that neither look nor sound like another (no 0 and O, no 1 and I, no M beside N, no B beside D, P, T and V)."""

VOICES = Path(__file__).parent / "voices"
"""A folder a letter, with the letter in two French voices, made with espeak-ng: 8 kHz, 8 bits, mono."""


class CaptchaCheck(SingleUseCheck):
    """Six letters and digits to be read, or heard.

    Capitals and spaces do not matter.  The sound takes a quarter of a second, and is made when it is asked for.  Both
    together still shut out who neither sees nor hears, and programs read such images better every year:
    ``AltchaCheck`` is the one recommended.

    :param store: of the flow, or any other; asked through threads by an asynchronous flow.
    :param secret_key: of the flow.
    :param length: letters and digits; each is one of 20.
    :param valid_for: how long a prompt may be answered.
    """

    def __init__(
        self,
        store: Store,
        secret_key: Secret,
        *,
        length: int = 6,
        valid_for: timedelta = timedelta(minutes=20),
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(store, secret_key, valid_for, clock)
        self._length = length

    def _right(self, name: str, answer: str) -> bool:
        return secrets.compare_digest("".join(answer.split()).upper(), self._text(name))

    def _text(self, name: str) -> str:
        number = self._once.number("captcha", name)
        letters = []
        for _ in range(self._length):
            number, letter = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[letter])
        return "".join(letters)

    def _prompt(self, name: str) -> HumanPrompt:
        text = self._text(name)
        return HumanPrompt(id=name, image=_drawn(text), audio=lambda: bytes(_speaker().generate(text)))


def _drawn(text: str) -> bytes:
    from captcha.image import ImageCaptcha

    return bytes(ImageCaptcha(width=60 + 40 * len(text), height=90).generate(text).getvalue())


@cache
def _speaker() -> Any:
    from captcha.audio import AudioCaptcha

    speaker = AudioCaptcha(voicedir=str(VOICES))
    speaker.load()
    return speaker
