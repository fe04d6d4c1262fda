"""Guardians and their pupils as a directory knows them, and what a parent answers about a pupil.

Their reprs show no number and no birth date.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import NewType

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential, hidden, hidden_day
from educonnect_flow._typed import frozen_sequence, identity, of, sequence

E164 = NewType("E164", str)
"""A mobile in its one form: ``+33612345678``."""

SealedMobile = NewType("SealedMobile", str)
"""An ``E164``, encrypted under the host's key: what is stored."""

MobileKey = NewType("MobileKey", str)
"""A keyed hash of an ``E164``: the key of counters, and written in the audit trail."""


class Relation(Enum):
    """What a guardian is to a pupil.  A mere contact is neither, and gives no access."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    """« représentant légal »"""
    IN_CHARGE = "in_charge"
    """« personne en charge »"""


@frozen(kw_only=True)
class Pupil(Confidential):
    """A pupil as the school knows them.

    :raises WrongUse: when a field has another type.
    """

    id: str = field(validator=identity)
    family_name: str = field(validator=of(str))
    given_name: str = field(validator=of(str))
    birth_date: date = field(validator=of(date), repr=False)
    school: str = field(validator=of(str))
    uai: str = field(validator=of(str))
    """The school's national number (unité administrative immatriculée)."""
    relation: Relation = field(validator=of(Relation))
    """What the guardian who holds this record is to the pupil."""
    link: str | None = field(default=None, validator=of(str, type(None)))
    """The version of the link between that guardian and the pupil: another one when the link was dropped and came back,
    and when the relation changed.  ``None``: the directory knows no versions."""


@frozen(kw_only=True)
class Guardian(Confidential):
    """A « responsable d'élève » as the schools know them.

    :raises WrongUse: when a field has another type.
    """

    id: str = field(validator=identity)
    """A stable id: an account belongs to it, and there is never a second account for the same id."""
    family_name: str = field(validator=of(str))
    """The birth name."""
    given_name: str = field(validator=of(str))
    mobile: str = field(converter=hidden, validator=of(str), repr=False)
    usage_name: str | None = field(default=None, validator=of(str, type(None)))
    """The name in use, when it is another than the birth name; both count for the identity."""
    other_given_names: tuple[str, ...] = field(default=(), converter=frozen_sequence, validator=sequence(str))
    """The given names after the first; a parent may type some of them after it."""
    pupils: tuple[Pupil, ...] = field(default=(), converter=frozen_sequence, validator=sequence(Pupil))


@frozen(kw_only=True)
class PupilAnswer(Confidential):
    """The answer for one pupil of the page."""

    pupil_id: str = field(validator=of(str))
    confirmed: bool = field(validator=of(bool))
    """« Je suis » or « Je ne suis pas le représentant légal de cet élève »."""
    birth_date: date | str | None = field(
        default=None, converter=hidden_day, validator=of(date, str, type(None)), repr=False
    )
    """A date, or text in the one form ``JJ/MM/AAAA``; not read when the pupil is denied."""
