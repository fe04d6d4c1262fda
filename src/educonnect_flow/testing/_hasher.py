"""What a password hasher must keep: subclass it in pytest, give a hasher, and run.

::

    class TestMyHasher(PasswordHasherContract):
        @pytest.fixture
        def hasher(self):
            return MyHasher()
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from educonnect_flow.ports import PasswordHasher

LONGEST = 500
"""Characters of a hash, at most."""

PASSWORDS = ("Vélo-Bleu-31", " ", "x" * 64, "é" * 256, "🚲🚲🚲🚲🚲🚲🚲🚲", "a\x00b", "%s{}$1\\")


class PasswordHasherContract:
    """The rules of ``PasswordHasher``, a test each.  An asynchronous one goes through ``as_sync``."""

    def another(self, hasher: Any) -> Any:
        """A second hasher, as another process makes it; override it when its class takes arguments."""
        return type(hasher)()

    def test_another_process_verifies_what_was_hashed(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Vélo-Bleu-31")
        assert self.another(hasher).verify(made, "Vélo-Bleu-31") is True
        assert self.another(hasher).verify(made, "Vélo-Bleu-32") is False

    def test_a_hash_is_text_that_every_database_keeps(self, hasher: PasswordHasher) -> None:
        for text in PASSWORDS:
            made = hasher.hash(text)
            assert made.isascii()
            assert made.isprintable()
            assert 0 < len(made) <= LONGEST

    def test_texts_that_look_alike_are_not_the_same(self, hasher: PasswordHasher) -> None:
        for one, other in (("é" * 12, "e\u0301" * 12), ("A" * 12, "\u0410" * 12), ("1" * 12, "\u0661" * 12)):
            assert hasher.verify(hasher.hash(one), other) is False

    def test_what_was_hashed_is_verified(self, hasher: PasswordHasher) -> None:
        for text in PASSWORDS:
            assert hasher.verify(hasher.hash(text), text) is True, text

    def test_anything_else_is_not(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Vélo-Bleu-31")
        for text in ("", "vélo-bleu-31", "Vélo-Bleu-32", "Vélo-Bleu-31 ", "Vélo-Bleu-3", "Velo-Bleu-31", made):
            assert hasher.verify(made, text) is False, text

    def test_nothing_is_cut_off(self, hasher: PasswordHasher) -> None:
        for text in ("x" * 71, "x" * 72, "é" * 36, "x" * 255, "a\x00"):
            made = hasher.hash(text + "y")
            assert hasher.verify(made, text + "z") is False, text
            assert hasher.verify(made, text) is False, text

    def test_a_hash_has_a_salt_of_its_own(self, hasher: PasswordHasher) -> None:
        assert hasher.hash("Vélo-Bleu-31") != hasher.hash("Vélo-Bleu-31")

    def test_a_hash_does_not_hold_the_password(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Velo-Bleu-31")
        assert isinstance(made, str)
        assert "Velo" not in made
        assert "Bleu" not in made

    def test_a_hash_that_is_none_verifies_nothing(self, hasher: PasswordHasher) -> None:
        for made in ("", "x", "$argon2id$", hasher.hash("Vélo-Bleu-31")[:-4]):
            assert not _verifies(hasher, made, "Vélo-Bleu-31"), made

    def test_it_serves_several_threads(self, hasher: PasswordHasher) -> None:
        made = {text: hasher.hash(text) for text in PASSWORDS[:2]}
        asked = [(text, other) for text in made for other in made] * 2
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda pair: hasher.verify(made[pair[0]], pair[1]), asked))
        assert found == [text == other for text, other in asked]


def _verifies(hasher: PasswordHasher, made: str, text: str) -> bool:
    try:
        return hasher.verify(made, text)
    except Exception:  # noqa: BLE001 - an error lets nobody in
        return False
