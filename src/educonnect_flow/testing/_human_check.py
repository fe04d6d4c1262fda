"""What a human check must keep: subclass it in pytest, give a check and who answers it, and run.

::

    class TestMyCheck(HumanCheckContract):
        @pytest.fixture
        def check(self):
            return MyCheck(...)

        def right(self, check, prompt):
            return ...  # what a person would answer to it
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from educonnect_flow.ports import HumanCheck, HumanPrompt

HOSTILE = ("", " ", "\x00", "é" * 10_000, "x" * 100_000, "{}", "[]", "null", "' OR 1=1", "٣٤٥", "\ud800")

LONGEST_ID = 500
"""Characters of a prompt's id, at most: it is kept with the run."""

PNG, WAV = b"\x89PNG\r\n", b"RIFF"


class HumanCheckContract:
    """The rules of ``HumanCheck``, a test each.  An asynchronous one goes through ``as_sync``."""

    def right(self, check: Any, prompt: HumanPrompt) -> str:
        """The right answer to *prompt*."""
        raise NotImplementedError

    def expire(self, check: Any) -> None:
        """Advance the time until every prompt of *check* has expired."""
        raise NotImplementedError

    def test_the_right_answer_passes(self, check: HumanCheck) -> None:
        prompt = check.issue()
        assert check.passes(prompt.id, self.right(check, prompt)) is True

    def test_a_wrong_answer_does_not(self, check: HumanCheck) -> None:
        for answer in HOSTILE:
            assert check.passes(check.issue().id, answer) is False, answer[:20]

    def test_the_answer_to_another_prompt_does_not(self, check: HumanCheck) -> None:
        prompts = [check.issue() for _ in range(6)]
        answers = [self.right(check, prompt) for prompt in prompts]
        passed = [check.passes(prompts[n].id, answers[n - 1]) for n in range(1, 6)]
        assert passed == [answers[n] == answers[n - 1] for n in range(1, 6)]
        assert False in passed, "one answer fits every prompt"

    def test_a_prompt_serves_once_after_the_right_answer(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        assert check.passes(prompt.id, answer) is True
        assert check.passes(prompt.id, answer) is False

    def test_a_prompt_serves_once_after_a_wrong_answer(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        assert check.passes(prompt.id, "wrong") is False
        assert check.passes(prompt.id, answer) is False

    def test_of_many_right_answers_at_once_one_passes(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(lambda _: check.passes(prompt.id, answer), range(16))) == 1

    def test_an_id_that_was_never_issued_passes_nothing(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        altered = prompt.id[:-1] + ("A" if prompt.id[-1] != "A" else "B")
        for name in (*HOSTILE, altered):
            assert check.passes(name, answer) is False, name[:20]
            assert check.show(name) is None, name[:20]

    def test_a_prompt_that_stands_is_shown_again(self, check: HumanCheck) -> None:
        prompt = check.issue()
        again = check.show(prompt.id)
        assert again is not None
        assert again.id == prompt.id
        assert check.passes(prompt.id, self.right(check, again)) is True
        assert check.show(prompt.id) is None

    def test_every_prompt_is_new(self, check: HumanCheck) -> None:
        assert len({check.issue().id for _ in range(20)}) == 20

    def test_nobody_is_shut_out_by_an_image(self, check: HumanCheck) -> None:
        """RGAA 4.1, 1.5: a check that is not only an image, or a second one that is none."""
        prompt = check.issue()
        assert prompt.audio or prompt.puzzle
        assert (prompt.image or PNG).startswith(PNG)
        assert (prompt.audio or WAV).startswith(WAV)

    def test_a_prompt_does_not_hold_its_answer(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        assert answer not in prompt.id
        assert answer.encode() not in (prompt.image or b"") + (prompt.audio or b"")

    def test_a_wrong_answer_to_one_prompt_leaves_the_others(self, check: HumanCheck) -> None:
        wrong, prompt = check.issue(), check.issue()
        answer = self.right(check, prompt)
        assert check.passes(wrong.id, "wrong") is False
        assert check.passes(prompt.id, answer) is True

    def test_a_prompt_that_is_shown_again_ends_too(self, check: HumanCheck) -> None:
        prompt = check.issue()
        for _ in range(3):
            assert check.show(prompt.id) is not None
        self.expire(check)
        assert check.show(prompt.id) is None

    def test_many_prompts_issued_at_once_are_all_new(self, check: HumanCheck) -> None:
        with ThreadPoolExecutor(16) as pool:
            prompts = list(pool.map(lambda _: check.issue(), range(32)))
        assert len({prompt.id for prompt in prompts}) == 32
        assert all(0 < len(prompt.id) <= LONGEST_ID and prompt.id.isascii() for prompt in prompts)

    def test_a_prompt_ends(self, check: HumanCheck) -> None:
        prompt = check.issue()
        answer = self.right(check, prompt)
        self.expire(check)
        assert check.show(prompt.id) is None
        assert check.passes(prompt.id, answer) is False
