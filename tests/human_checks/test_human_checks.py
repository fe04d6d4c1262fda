"""The human checks: a puzzle for the browser, and an image with its sound in French."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections import Counter
from datetime import timedelta
from typing import Any

import altcha
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from educonnect_flow import ChooseProfile, Profile, Reason, StartActivation, State
from educonnect_flow.errors import WrongUse
from educonnect_flow.human_checks import AltchaCheck, CaptchaCheck
from educonnect_flow.human_checks._captcha import ALPHABET, VOICES
from educonnect_flow.ports import HumanPrompt
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import FakeClock, HumanCheckContract
from tests.world import SECRET, World, claim, reasons

promise = pytest.mark.promise
NEW, OLD = b"n" * 32, SECRET


def solved(prompt: HumanPrompt, **changes: Any) -> str:
    """What the widget puts into its field."""
    assert prompt.puzzle is not None
    challenge = altcha.Challenge.from_dict(json.loads(prompt.puzzle))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    for name, value in changes.items():
        setattr(challenge.parameters if hasattr(challenge.parameters, name) else solution, name, value)
    return altcha.Payload(challenge, solution).to_base64()


def read(check: CaptchaCheck, prompt: HumanPrompt) -> str:
    """What a person would read in the image."""
    return check._text(prompt.id)


class Ending:
    clock: FakeClock

    def expire(self, check: Any) -> None:
        self.clock.advance(minutes=20)


@promise("V3")
class TestAltchaCheck(Ending, HumanCheckContract):
    @pytest.fixture
    def check(self) -> AltchaCheck:
        self.clock = FakeClock()
        return AltchaCheck(MemoryStore(), SECRET, cost=1, clock=self.clock)

    def right(self, check: Any, prompt: HumanPrompt) -> str:
        return solved(prompt)


@promise("V3")
class TestCaptchaCheck(Ending, HumanCheckContract):
    @pytest.fixture
    def check(self) -> CaptchaCheck:
        self.clock = FakeClock()
        return CaptchaCheck(MemoryStore(), SECRET, clock=self.clock)

    def right(self, check: Any, prompt: HumanPrompt) -> str:
        return read(check, prompt)


# --- in the journey --------------------------------------------------------------------------------


def checked(world: World, check: Any, answer: str | None, of: HumanPrompt | None = None) -> Any:
    out = world.flow.start()
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation()):
        out = world.submit(out, event)
    prompt = of or out.view.prompt
    given = (
        answer if answer is not None else (solved(prompt) if isinstance(check, AltchaCheck) else read(check, prompt))
    )
    return world.submit(out, claim(human_check=given))


@pytest.mark.parametrize("kind", [AltchaCheck, CaptchaCheck])
def test_a_prompt_is_bound_to_its_activation(kind: type[Any], world: World) -> None:
    check = kind(world.store, SECRET, clock=world.clock, **({"cost": 1} if kind is AltchaCheck else {}))
    guarded = World(world.store, clock=world.clock, human_check=check)
    assert checked(guarded, check, None).state is State.CODE
    world.clock.advance(hours=2)
    elsewhere = guarded.flow.start()
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation()):
        elsewhere = guarded.submit(elsewhere, event)
    here = checked(guarded, check, None, of=elsewhere.view.prompt)
    assert (here.state, reasons(here)) == (State.IDENTITY, [Reason.HUMAN_CHECK_FAILED])
    assert here.view.prompt.id != elsewhere.view.prompt.id
    assert guarded.submit(elsewhere, claim(human_check="")).state is State.IDENTITY
    shown = guarded.flow.resume(elsewhere.handle).view.prompt
    assert shown.id == elsewhere.view.prompt.id  # an empty answer spends nothing


@pytest.mark.parametrize("kind", [AltchaCheck, CaptchaCheck])
def test_the_key_may_be_rotated_while_a_prompt_stands(kind: type[Any]) -> None:
    store, clock = MemoryStore(), FakeClock()
    more = {"cost": 1} if kind is AltchaCheck else {}
    before, after = (kind(store, key, clock=clock, **more) for key in (OLD, [NEW, OLD]))
    prompt = before.issue()
    answer = solved(prompt) if kind is AltchaCheck else read(before, prompt)
    shown = after.show(prompt.id)
    assert shown is not None
    assert shown.puzzle == prompt.puzzle
    assert after.passes(prompt.id, answer)
    alone = kind(store, NEW, clock=clock, **more)
    assert alone.show(before.issue().id) is None


def test_an_asynchronous_store_is_told() -> None:
    class Awaited:
        async def spend(self, *args: Any) -> bool:
            return True

    store: Any = Awaited()
    with pytest.raises(WrongUse, match="synchronous store"):
        AltchaCheck(store, SECRET)


# --- the puzzle ------------------------------------------------------------------------------------


def test_only_the_very_puzzle_solved_passes() -> None:
    check = AltchaCheck(MemoryStore(), SECRET, cost=1)
    cases: list[dict[str, Any]] = [
        {"cost": 2}, {"key_prefix": ""}, {"algorithm": "SHA-256"}, {"nonce": "00" * 16}, {"salt": "00" * 16},
        {"counter": -1}, {"counter": 2**32}, {"counter": "1x"}, {"counter": None}, {"counter": float("inf")}, {"key_length": 1},
    ]  # fmt: skip
    for changes in cases:
        prompt = check.issue()
        assert not check.passes(prompt.id, solved(prompt, **changes)), changes
    prompt = check.issue()
    assert check.passes(prompt.id, solved(prompt))


def test_an_unsolved_puzzle_does_not_pass() -> None:
    """A counter that gives no key with the prefix."""
    check = AltchaCheck(MemoryStore(), SECRET, cost=1)
    passed = 0
    for counter in range(40):
        prompt = check.issue()
        passed += check.passes(prompt.id, solved(prompt, counter=counter))
    assert passed < 5  # one in 256 by chance


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200)
def test_any_answer_at_all_is_only_wrong(answer: bytes) -> None:
    check = AltchaCheck(MemoryStore(), SECRET, cost=1)
    for text in (base64.b64encode(answer).decode(), answer.decode("utf-8", "surrogateescape")):
        assert check.passes(check.issue().id, text) is False


@pytest.mark.parametrize(
    "answer", ['{"challenge": 1}', '{"challenge": {"parameters": {}}, "solution": {}}', "[]", "[" * 900]
)
def test_a_payload_of_another_shape_is_only_wrong(answer: str) -> None:
    check = AltchaCheck(MemoryStore(), SECRET, cost=1)
    assert check.passes(check.issue().id, base64.b64encode(answer.encode()).decode()) is False


# --- the image and its sound -----------------------------------------------------------------------


@promise("V3")
def test_the_image_is_an_image_and_the_sound_is_a_sound() -> None:
    prompt = CaptchaCheck(MemoryStore(), SECRET).issue()
    assert prompt.image is not None
    assert Image.open(io.BytesIO(prompt.image)).size == (300, 90)
    assert prompt.audio is not None
    with wave.open(io.BytesIO(prompt.audio)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 1, 1)
        assert 6 < sound.getnframes() / 8000 < 40
    assert "audio" not in repr(prompt)
    assert HumanPrompt(id="1", audio=b"RIFF").audio == b"RIFF"
    assert HumanPrompt(id="1").audio is None


def test_every_letter_has_two_french_voices() -> None:
    assert sorted(folder.name for folder in VOICES.iterdir()) == sorted(ALPHABET)
    for letter in ALPHABET:
        sounds = {path.read_bytes() for path in (VOICES / letter).glob("*.wav")}
        assert len(sounds) == 2
        for sound in sounds:
            with wave.open(io.BytesIO(sound)) as opened:
                assert 0.15 < opened.getnframes() / opened.getframerate() < 1.2


def test_letters_are_uniform_and_how_they_are_typed_does_not_matter() -> None:
    check = CaptchaCheck(MemoryStore(), SECRET)
    texts = [check._text(check._once.issue()) for _ in range(2_000)]
    counts = Counter("".join(texts))
    assert set(counts) == set(ALPHABET)
    chi2 = sum((counts[letter] - 600) ** 2 / 600 for letter in ALPHABET)
    assert chi2 < 70  # 19 degrees of freedom
    assert len(set(texts)) > 1_990  # two of 64 million meet now and then
    prompt = check.issue()
    text = check._text(prompt.id)
    assert check.passes(prompt.id, f" {text[:3].lower()} {text[3:]}\n")


def test_a_longer_text_may_be_asked() -> None:
    check = CaptchaCheck(MemoryStore(), SECRET, length=8, valid_for=timedelta(minutes=1))
    assert len(check._text(check.issue().id)) == 8


def test_names_are_loaded_when_asked_for() -> None:
    import educonnect_flow.human_checks

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        educonnect_flow.human_checks.Nothing  # noqa: B018 - asked for
