"""What a directory must keep: subclass it in pytest, give a directory of the contract's guardians, and run.

::

    class TestMyDirectory(DirectoryContract):
        @pytest.fixture
        def directory(self):
            return MyDirectory(self.guardians)
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from educonnect_flow.people import Guardian, Pupil, Relation
from educonnect_flow.ports import Directory

LEO = Pupil(
    id="p1", family_name="Durand", given_name="Léo", birth_date=date(2009, 2, 28), school="Lycée Jean Moulin",
    uai="0750001A", relation=Relation.LEGAL_REPRESENTATIVE,
)  # fmt: skip
ZOE = Pupil(
    id="p2", family_name="Nguyễn-O’Brien", given_name="Zoé Œdipe", birth_date=date(2012, 2, 29),
    school="Collège de l’Île", uai="9740002B", relation=Relation.IN_CHARGE,
)  # fmt: skip


class DirectoryContract:
    """The rules of ``Directory``, a test each.  An asynchronous one goes through ``as_sync``."""

    guardians = (
        Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile="+33612345678", usage_name="Petit",
                 pupils=[LEO, ZOE]),
        Guardian(id="g2", family_name="Durand", given_name="Paul", mobile="+33612345678", pupils=[LEO]),
        Guardian(id="g3", family_name="D’Œuf", given_name="Jean-Noël", mobile="+262692123456", pupils=[]),
    )  # fmt: skip
    """What the directory under test is filled with: two who share a number, and one without a pupil."""

    def test_a_guardian_is_found_whole(self, directory: Directory) -> None:
        assert list(directory.find("+262692123456")) == [self.guardians[2]]

    def test_all_who_share_a_number_are_found_with_all_their_pupils(self, directory: Directory) -> None:
        found = directory.find("+33612345678")
        assert isinstance(found, Sequence)
        assert sorted(found, key=lambda guardian: guardian.id) == list(self.guardians[:2])

    def test_an_unknown_number_finds_nobody_and_raises_nothing(self, directory: Directory) -> None:
        assert list(directory.find("+33699999999")) == []

    def test_only_the_whole_number_finds(self, directory: Directory) -> None:
        for text in (
            "+3361234567",
            "+336123456789",
            "33612345678",
            "0612345678",
            "",
            "%",
            "+33612345678' OR '1",
            "\x00",
        ):
            assert list(directory.find(text)) == [], text

    def test_it_finds_the_same_every_time_and_from_any_thread(self, directory: Directory) -> None:
        def ids(mobile: str) -> list[str]:
            return sorted(guardian.id for guardian in directory.find(mobile))

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ids, ["+33612345678", "+262692123456", "+33699999999"] * 20))
        assert found == [["g1", "g2"], ["g3"], []] * 20

    def test_guardians_are_found_by_their_ids_with_all_their_pupils(self, directory: Directory) -> None:
        found = directory.guardians(["g3", "g1"])
        assert isinstance(found, Sequence)
        assert sorted(found, key=lambda guardian: guardian.id) == [self.guardians[0], self.guardians[2]]

    def test_an_id_that_is_asked_for_twice_counts_once(self, directory: Directory) -> None:
        assert list(directory.guardians(["g2", "g2"])) == [self.guardians[1]]

    def test_unknown_ids_are_left_out_and_raise_nothing(self, directory: Directory) -> None:
        unknown = ["g", "g11", "", "%", "G1", "g1' OR '1", "\x00", "g1\x00", "\ud800", "é" * 10_000]
        assert list(directory.guardians([])) == []
        assert list(directory.guardians(unknown)) == []
        assert list(directory.guardians([*unknown, "g3"])) == [self.guardians[2]]

    def test_many_ids_can_be_asked_for_at_once(self, directory: Directory) -> None:
        assert list(directory.guardians([*(f"unknown{n}" for n in range(40_000)), "g3"])) == [self.guardians[2]]
