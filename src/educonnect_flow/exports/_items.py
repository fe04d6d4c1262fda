"""What the readers yield: one shape for the three formats, nothing judged yet."""

from __future__ import annotations

from datetime import date
from enum import Enum

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow._text import printable
from educonnect_flow.people import Relation


class ExportError(Exception):
    """A file that is not what it should be: malformed, cut off, hostile, or of another school.

    The message says where (a line, or an element) and holds no data of a person.
    """

    def __init__(self, why: str, file: str = "", line: int | None = None) -> None:
        self.file = file
        self.line = line
        place = f"{file}, line {line}: " if line is not None else f"{file}: " if file else ""
        super().__init__(printable(f"{place}{why}"))


class Why(Enum):
    """Why a file's entry, or a link, is left out.  Each has the name of a ``Kind`` of the report."""

    ENTRY_MALFORMED = "a row, an element or an entry that cannot be read"
    LINK_MALFORMED = "a link that does not say its level, or has not all its parts"
    CONTRADICTED = "it says that there is access, and that there is none"
    PUPIL_AS_GUARDIAN = "the person is the pupil"
    RELATION_UNKNOWN = "the format does not say what the person is to the pupil: who imports must"


@frozen(kw_only=True, slots=False)
class LeftOut:
    """An entry that cannot be read, so that nothing more is known of it."""

    why: Why
    line: int | None


@frozen(kw_only=True, slots=False)
class School:
    """Whose records a file holds."""

    uai: str
    name: str | None = None
    """When the file says it."""
    year: int | None = None
    """The one in which its school year began, when the file says it."""
    exported: str = ""
    """When the file was made, as ``fields.moment`` writes it; empty when it does not say."""


@frozen(kw_only=True, slots=False)
class Person(Confidential):
    """A guardian, or a mere contact: their links say which."""

    id: str
    """Unique within the export."""
    family_name: str
    """The birth name, or the only one there is."""
    given_name: str
    usage_name: str | None = None
    other_given_names: tuple[str, ...] = ()
    phones: tuple[str, ...] = field(default=(), repr=False)
    """As written, in the fields for mobiles."""
    elsewhere: tuple[str, ...] = field(default=(), repr=False)
    """As written, in the fields for other numbers, when those for mobiles are empty."""
    line: int | None = None
    """Where in the file."""


@frozen(kw_only=True, slots=False)
class Student(Confidential):
    """A pupil."""

    id: str
    family_name: str
    given_name: str
    usage_name: str | None = None
    birth_date: date | None = field(repr=False)
    """``None`` when the file has none that can be read."""
    left: date | None = None
    """The day of leaving the school; it may lie ahead."""
    school: str | None = None
    """The id of the school in the export, where one holds several."""
    left_on_a_day: bool = True
    """``False``: the file says that the pupil left, on a day that cannot be read."""
    phones: tuple[str, ...] = field(default=(), repr=False)
    """The pupil's own mobiles, as written."""
    line: int | None = None


@frozen(kw_only=True, slots=False)
class Link:
    """What a person is to a pupil."""

    person: str
    pupil: str
    relation: Relation | None
    """``None``: a contact, who has no access."""
    why: Why | None = None
    """Why it is left out: then it gives no access, even if *relation* is set."""
    born: date | None = field(default=None, repr=False)
    """The pupil's birth date, where a pupil is found by names."""
    line: int | None = None


Entry = Person | Student | Link | LeftOut
Item = School | Entry
