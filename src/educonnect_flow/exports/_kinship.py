"""What the codes of kinship decide: who is the pupil, and what the value 2 means.

Until 2018 they were 1 (father) to 7 (the pupil); since then 10 (mother) to 90 (other), with 70 for the pupil.
"""

from __future__ import annotations

from educonnect_flow.people import Relation

_OLD = frozenset("1234567")
_NEW = frozenset(str(code) for code in range(10, 100))
_THE_PUPIL = frozenset({"7", "70"})


def is_the_pupil(code: str) -> bool:
    """« élève lui-même »: such a person is no guardian."""
    return code.lstrip("0") in _THE_PUPIL


def meaning_of_two(code: str) -> Relation | None:
    """What a relation with the value 2 is; ``None`` when *code* is of neither table.

    Beside the old codes it is the second legal representative, beside the new ones a person in charge.
    """
    code = code.lstrip("0")
    if code in _OLD:
        return Relation.LEGAL_REPRESENTATIVE
    return Relation.IN_CHARGE if code in _NEW else None
