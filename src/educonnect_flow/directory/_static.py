"""A directory given in code: for tests, demonstrations and small hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
        self._by_id: dict[str, list[Guardian]] = {}
        for people in self._found.values():
            for guardian in people:
                self._by_id.setdefault(guardian.id, []).append(guardian)

    def __repr__(self) -> str:
        return f"StaticDirectory({sum(map(len, self._found.values()))} guardians)"

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return self._found.get(mobile, ())

    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return tuple(guardian for one in dict.fromkeys(ids) for guardian in self._by_id.get(one, ()))
