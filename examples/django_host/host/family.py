"""An invented family, after the guide's, and the settings of a demonstration."""

from __future__ import annotations

from datetime import date

from educonnect_flow import Guardian, Pupil, Relation, Settings
from educonnect_flow.directory import StaticDirectory

SETTINGS = Settings(origin="localhost")


def pupil(name: str, born: date, school: str, relation: Relation) -> Pupil:
    """One of the family."""
    return Pupil(
        id=name.lower(),
        family_name="Durand",
        given_name=name,
        birth_date=born,
        school=school,
        uai="0750001A",
        relation=relation,
    )


FAMILY = Guardian(
    id="g1",
    family_name="Durand",
    given_name="Émilie",
    mobile="+33612345678",
    pupils=[
        pupil("Sacha", date(2007, 9, 21), "Lycée Jean Moulin", Relation.LEGAL_REPRESENTATIVE),
        pupil("Basile", date(2009, 3, 14), "Lycée Jean Moulin", Relation.LEGAL_REPRESENTATIVE),
        pupil("Elsa", date(2011, 1, 1), "Collège Simone Veil", Relation.IN_CHARGE),
    ],
)


def directory() -> StaticDirectory:
    """Who the schools know."""
    return StaticDirectory([FAMILY])
