"""Invented exports of schools, of any size, with the quirks of real ones on demand: no real file is needed.

::

    school = made_up(100, uai="0750001A", seed=7)
    directory.replace(read(write_siecle(folder, school)))
    assert school.meant("siecle") == {…}  # by mobile: who should be found there, with which pupils
"""

from educonnect_flow.testing.exports._aaf import write_aaf
from educonnect_flow.testing.exports._made import (
    ALL,
    NONE,
    Found,
    MadeLink,
    MadePerson,
    MadePupil,
    MadeSchool,
    Quirk,
    mobiles,
    school_year,
)  # fmt: skip
from educonnect_flow.testing.exports._onde import write_onde
from educonnect_flow.testing.exports._people import FAMILY_NAMES, GIVEN_NAMES, made_up
from educonnect_flow.testing.exports._siecle import write_siecle

__all__ = [
    "ALL", "FAMILY_NAMES", "GIVEN_NAMES", "NONE", "Found", "MadeLink", "MadePerson", "MadePupil", "MadeSchool", "Quirk", "made_up", "mobiles",
    "school_year", "write_aaf", "write_onde", "write_siecle",
]  # fmt: skip
