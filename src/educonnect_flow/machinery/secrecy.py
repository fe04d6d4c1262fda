"""Values that must not leave the process by accident."""

from __future__ import annotations

from typing import Any, NoReturn, Self, SupportsIndex, TypeVar

T = TypeVar("T")


class Confidential:
    """A frozen value that holds a secret or personal data: it refuses to be pickled.

    A pickle ends in caches, queues and crash reports.  A copy inside the process is the value
    itself, since it cannot change.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret or personal data and is not pickled")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def amended(record: T, changes: dict[str, Any]) -> T:
    """A frozen, dict-backed *record* (``frozen(slots=False)``) with *changes*: as ``attrs.evolve``, and faster.

    Fields are neither converted nor validated again: only for records that this library makes.
    """
    copy = object.__new__(type(record))
    copy.__dict__.update(record.__dict__)
    copy.__dict__.update(changes)
    return copy
