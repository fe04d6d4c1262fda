"""A directory given in code: for tests, demonstrations and small hosts."""

from __future__ import annotations

from collections.abc import Iterable

from educonnect_flow.people import Guardian
from educonnect_flow.validators.mobile import e164


class StaticDirectory:
    """Guardians found by mobile, in one look-up.

    :param guardians: any whose mobile can be read as a number (E.164, or French as written).
    :raises ValueError: when one cannot; it names the guardian's id, not the number.
    """

    def __init__(self, guardians: Iterable[Guardian]) -> None:
        found: dict[str, list[Guardian]] = {}
        for guardian in guardians:
            number = e164(guardian.mobile)
            if number is None:
                raise ValueError(f"the mobile of guardian {guardian.id!r} is no number")
            found.setdefault(number, []).append(guardian)
        self._found = {mobile: tuple(people) for mobile, people in found.items()}

    def __repr__(self) -> str:
        return f"StaticDirectory({sum(map(len, self._found.values()))} guardians)"

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return self._found.get(mobile, ())
