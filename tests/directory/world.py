"""What the tests of school records share: a school of one family, imports on one day, and what is found after them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from educonnect_flow import Relation
from educonnect_flow.directory import PostgresDirectory, SqliteDirectory
from educonnect_flow.directory.report import Report
from educonnect_flow.exports import read
from educonnect_flow.testing import exports as generator
from educonnect_flow.testing.exports import (
    Found,
    MadeLink,
    MadePerson,
    MadePupil,
    MadeSchool,
    mobiles,
    write_aaf,
    write_onde,
    write_siecle,
)
from educonnect_flow.validators.identity import fold

UAI = "0750001A"
TODAY = date(2026, 11, 23)
made_up = partial(generator.made_up, today=TODAY)
SqlDirectory = SqliteDirectory | PostgresDirectory
LEGAL, CHARGE = Relation.LEGAL_REPRESENTATIVE, Relation.IN_CHARGE

FORMS: dict[str, Callable[[Path, MadeSchool], list[Path]]] = {
    "siecle": write_siecle,
    "siecle 1.8": lambda folder, school: write_siecle(folder, school, version="1.8"),
    "siecle utf-8 zip": lambda folder, school: write_siecle(folder, school, encoding="UTF-8", zipped=True),
    "onde": lambda folder, school: write_onde(folder, school, encoding="utf-8-sig"),
    "onde latin": write_onde,
    "onde old": lambda folder, school: write_onde(folder, school, old=True, encoding="cp1252"),
    "siecle addresses": lambda folder, school: write_siecle(folder, school, addresses=True),
    "aaf": lambda folder, school: write_aaf(folder, school, parts=3),
    "aaf first degree": lambda folder, school: write_aaf(folder, school, first_degree=True),
}


def replaced(directory: SqlDirectory, paths: list[Path], **more: Any) -> Report:
    """An import on a day of the test's own."""
    given: dict[str, Any] = {"relation": CHARGE, "today": TODAY, **more}
    return directory.replace(read(paths, uai=given.pop("uai", UAI)), **given)


def meant(school: MadeSchool, form: str) -> Found:
    """Who should be found after ``replaced`` of a file of *form*."""
    first_degree = form == "aaf first degree"
    return school.meant(form.split(maxsplit=1)[0], relation=CHARGE, first_degree=first_degree, today=TODAY)


def found_in(directory: SqlDirectory, *schools: MadeSchool) -> Found:
    """The same, as the directory says."""
    found: Found = {}
    for mobile in sorted({m for school in schools for person in school.persons for m in mobiles(person, "aaf")}):
        for one in directory.find(mobile):
            pupils = frozenset((fold(p.family_name), fold(p.given_name), p.birth_date, p.relation) for p in one.pupils)
            assert len(pupils) == len(one.pupils)
            names = fold(one.family_name), fold(one.usage_name or ""), fold(one.given_name), one.other_given_names
            found.setdefault(mobile, set()).add((*names, pupils))
            assert one.mobile == mobile
            assert {pupil.uai for pupil in one.pupils} <= {school.uai for school in schools}
    return found


ANNE = MadePerson(number=1, family_name="LE GOFF", given_name="Anne", mobile="06 12 34 56 78")
LEO = MadePupil(number=1, family_name="LE GOFF", given_name="Léo", born=date(2012, 3, 4))
HERS = MadeLink(person=1, pupil=1, relation=LEGAL)
MOBILE = "+33612345678"


def school_of(uai: str = UAI, **parts: Any) -> MadeSchool:
    """A school of Anne and Léo, but for what is said."""
    return MadeSchool(**{"uai": uai, "year": 2026, "persons": [ANNE], "pupils": [LEO], "links": [HERS], **parts})


def this_year() -> MadeSchool:
    """For the command, which takes the machine's day."""
    return school_of(year=generator.school_year(date.today()))  # noqa: DTZ011 - as it does


def put(directory: SqlDirectory, folder: Path, school: MadeSchool, **more: Any) -> Report:
    return replaced(directory, write_siecle(folder, school), uai=school.uai, **more)
