"""Values that must not leave the process by accident."""

from __future__ import annotations

from datetime import date
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

    def __deepcopy__(self, retry: dict[int, Any]) -> Self:
        return self


def made(kind: type[T], fields: dict[str, Any]) -> T:
    """A frozen, dict-backed record of *kind* with all of its *fields*: as its class makes one, and faster.

    Fields are neither converted nor validated, and none has a default.
    """
    record = object.__new__(kind)
    record.__dict__.update(fields)
    return record


def replace_fields(record: T, changes: dict[str, Any]) -> T:
    """A frozen, dict-backed *record* (``frozen(slots=False)``) with *changes*: as ``attrs.evolve``, and faster.

    Fields are neither converted nor validated again: only for records that this library makes.
    """
    copy = object.__new__(type(record))
    copy.__dict__.update(record.__dict__)
    copy.__dict__.update(changes)
    return copy


class Hidden(str):
    """Text whose repr shows nothing of it; else it is the text.

    A traceback with local variables, as crash reporters make them, shows reprs.  What is made of it (a slice, a format)
    is plain text again: hide that, too, before it gets a name.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"

    def __getitem__(self, index: SupportsIndex | slice) -> Hidden:
        return Hidden(super().__getitem__(index))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, retry: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))


class Frameless:
    """A context out of which an exception comes without the frames below: their local variables hold a secret.

    For calls into other libraries, which turn a hidden text into one that is not.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            error.__context__ = None
            raise error.with_traceback(None) from None


class HiddenBytes(bytes):
    """``Hidden``, encoded."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"


def hidden(value: str) -> str:
    """Text as ``Hidden``; anything else as it is, for what checks its type.  Also a converter of attrs."""
    return Hidden(value) if type(value) is str else value


def hidden_or_none(value: str | None) -> str | None:
    """``hidden``, where there may be nothing to hide."""
    return Hidden(value) if type(value) is str else value


def hidden_day(value: date | str | None) -> date | str | None:
    """``hidden``, for a date or a text."""
    return Hidden(value) if type(value) is str else value
