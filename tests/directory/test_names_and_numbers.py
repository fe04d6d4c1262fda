"""Names that no claim can meet are found, and numbers are read as the host's form reads them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import Reason, Refusal, Settings
from educonnect_flow.__main__ import main
from educonnect_flow.directory import _names as names
from educonnect_flow.directory._names import fault_of_names, spoilt
from educonnect_flow.directory._phones import Phones
from educonnect_flow.directory.report import Kind
from educonnect_flow.reasons import refusals_of
from educonnect_flow.testing import strategies as st
from educonnect_flow.testing.exports import FAMILY_NAMES, GIVEN_NAMES, Quirk, write_aaf, write_siecle
from educonnect_flow.validators import Validators, check_mobile
from educonnect_flow.validators.identity import fold
from educonnect_flow.validators.mobile import LONGEST, MobileCheck, read_mobile
from tests.directory.world import ANNE, HERS, LEO, MOBILE, SqlDirectory, put, replaced, school_of, this_year

pytestmark = pytest.mark.usefixtures("closes_directories")


@pytest.mark.parametrize(
    ("family", "usage", "given", "fault", "claimable"),
    [
        ("DURAND", None, "", Kind.NO_GIVEN_NAME, True),
        ("DURAND", None, ".", Kind.NO_GIVEN_NAME, True),
        ("DURAND", None, "-", Kind.NO_GIVEN_NAME, True),
        ("DURAND", None, "Sans prénom", Kind.NO_GIVEN_NAME, False),
        ("", None, "Anne", Kind.NAME_UNREADABLE, False),
        (".", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("123", None, "456", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "H?LENE", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "Ã‰milie", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "Ã\x89milie", Kind.NAME_UNREADABLE, False),
        ("LEFÃ¨VRE", None, "Zoé", Kind.NAME_UNREADABLE, False),
        ("FRÃªRE", None, "Zoé", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "ÃŠve", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "H\ufffdl\ufffdne", Kind.NAME_UNREADABLE, False),
        ("(inconnu)", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("INCONNUE", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("XXX", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("DURAND (DECEDE)", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("MME DURAND", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("M. DURAND", None, "Paul", Kind.NAME_UNREADABLE, False),
        ("DURAND", None, "Mme Anne", Kind.NAME_UNREADABLE, False),
        ("MARTIN EP PETIT", None, "Anne", None, True),
        ("MARTIN VVE PETIT", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("MARTIN-VEUVE PETIT", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("MARTIN", "MARTIN-EPSE PETIT", "Anne", Kind.NAME_UNREADABLE, True),
        ("DURAND", None, "SANSPRÉNOM", Kind.NO_GIVEN_NAME, False),
        ("DURAND", None, "S-P", Kind.NO_GIVEN_NAME, False),
        ("MARTIN ép. PETIT", None, "Anne", None, True),
        ("PETIT née MARTIN", None, "Anne", None, True),
        ("DURAND 06 12 34 56 78", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("a@exemple.invalid", None, "Anne", Kind.NAME_UNREADABLE, False),
        ("D" * 101, None, "Anne", Kind.NAME_UNREADABLE, False),
        ("MME DURAND", "PETIT", "Anne", Kind.NAME_UNREADABLE, True),
        ("MARTIN", "MARTIN EPSE PETIT", "Anne", Kind.NAME_UNREADABLE, True),
        ("", "PETIT", "Anne", None, True),
        ("M BAYE", None, "N’Golo", None, True),
        ("ST. PIERRE", None, "Jean, Paul", None, True),
        ("TERIʻI", None, "Ðặng", None, True),
        ("CHÂTEAU", None, "Ânes", None, True),
        ("NEE", None, "Renée", None, True),
        ("LY", None, "O", None, True),
    ],
)
def test_what_is_wrong_with_names(
    family: str, usage: str | None, given: str, fault: Kind | None, claimable: bool
) -> None:
    assert fault_of_names(family, usage, given) == (fault, claimable)


SUSPECTS = (
    "mr Mme MLLE melle monsieur madame EPSE Vve veuve Veuvé inconnu INCONNUE Néant non renseigné sans nom prénom"
    " SANSPRÉNOM s P sp xx X Anne DURAND"
).split()


@given(hyp.lists(hyp.tuples(hyp.sampled_from(SUSPECTS), hyp.sampled_from(" -'’")), min_size=1, max_size=4))
def test_no_name_is_plain_at_first_sight_that_the_full_check_refuses(parts: list[tuple[str, str]]) -> None:
    name = "".join(word + sign for word, sign in parts)[:-1]
    if names._is_plain(name):
        assert not names._unreadable(name)
        assert fold(name) not in names._NONE


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("given", GIVEN_NAMES)
def test_nothing_is_wrong_with_names_as_people_have_them(family: str, given: str) -> None:
    assert fault_of_names(family, None, given) == (None, True)


@given(hyp.data())
def test_nor_with_any_way_of_writing_one(data: hyp.DataObject) -> None:
    family, given = data.draw(st.spellings("Nuñez-Garcia")), data.draw(st.spellings("Jean-Noël"))
    assert fault_of_names(family, None, given) == (None, True)


@given(hyp.text(), hyp.none() | hyp.text(), hyp.text())
def test_any_names_are_judged(family: str, usage: str | None, given: str) -> None:
    fault, claimable = fault_of_names(family, usage, given)
    assert claimable or fault is not None


def test_a_person_that_no_claim_can_match_is_reported_and_left_out(tmp_path: Path, directory: SqlDirectory) -> None:
    bea = evolve(
        ANNE, number=2, given_name="Bea", family_name="MME LE GOFF", usage_name="PETIT", mobile="07 80 00 00 01"
    )
    school = school_of(persons=[evolve(ANNE, given_name="H?LENE"), bea], links=[HERS, evolve(HERS, person=2)])
    report = put(directory, tmp_path, school)
    assert (report.guardians, report.counts) == (1, {Kind.NAME_UNREADABLE: 2})
    assert directory.find(MOBILE) == ()
    assert directory.find("+33780000001")[0].usage_name == "PETIT"  # by which she can be claimed


def test_a_host_with_a_rule_of_its_own_for_names_decides_itself(tmp_path: Path, directory: SqlDirectory) -> None:
    own = Validators(identity=lambda check: None)
    report = put(directory, tmp_path, school_of(persons=[evolve(ANNE, given_name=".")]), validators=own)
    assert (report.guardians, report.counts) == (1, {Kind.NO_GIVEN_NAME: 1})
    assert directory.find(MOBILE)


def test_the_name_of_a_pupil_that_cannot_be_read_is_reported_only(tmp_path: Path, directory: SqlDirectory) -> None:
    report = put(directory, tmp_path, school_of(pupils=[evolve(LEO, given_name="L?o")]))
    assert (report.guardians, report.counts) == (1, {Kind.NAME_UNREADABLE: 1})
    assert spoilt("LE GOFF", "L?o")
    assert not spoilt("LE GOFF", "Léo")


@pytest.mark.parametrize("declared", [b"ISO-8859-15", b"ISO-8859-1"])
def test_the_apostrophe_of_windows_is_one(tmp_path: Path, directory: SqlDirectory, declared: bytes) -> None:
    school = school_of(persons=[evolve(ANNE, family_name="D’ALMEIDA")], quirks=frozenset({Quirk.WINDOWS}))
    paths = write_siecle(tmp_path, school)
    paths[0].write_bytes(paths[0].read_bytes().replace(b"ISO-8859-15", declared))
    assert b"D\x92ALMEIDA" in paths[0].read_bytes()
    assert replaced(directory, paths).counts == {}
    assert directory.find(MOBILE)[0].family_name == "D’ALMEIDA"


# --- numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uai", "written", "number"),
    [
        ("9740001A", "0692 12 34 56", "+262692123456"), ("9740001A", "+33692123456", "+262692123456"),
        ("9740001A", "0262692123456", "+262692123456"), ("9760001A", "0639 01 23 45", "+262639012345"),
        ("9710001A", "0690 12 34 56", "+590690123456"), ("9730001A", "0694 20 12 34", "+594694201234"),
        ("9720001A", "0696 20 12 34", "+596696201234"), ("9750001A", "55 12 34", "+508551234"),
        ("9830001A", "75 12 34", "+687751234"), ("9840001A", "87 12 34 56", "+68987123456"),
        ("9860001A", "82 12 34", "+681821234"), ("0750001A", "0692 12 34 56", "+262692123456"),
        ("9740001A", "06 12 34 56 78", MOBILE), ("0750001A", "0691 99 12 34", "+590691991234"),
    ],
)  # fmt: skip
def test_a_school_overseas_needs_nothing_retyped(
    tmp_path: Path, directory: SqlDirectory, uai: str, written: str, number: str
) -> None:
    report = put(directory, tmp_path, school_of(uai, persons=[evolve(ANNE, mobile=written)]))
    assert (report.guardians, report.counts) == (1, {})
    assert directory.find(number)[0].given_name == "Anne"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("0262 20 12 34", Kind.LANDLINE),
        ("75 12 34", Kind.NO_PREFIX),
        ("87 12 34 56", Kind.NO_PREFIX),
        ("06 12", Kind.MALFORMED),
    ],
)
def test_the_finding_says_why_a_number_is_no_mobile(
    tmp_path: Path, directory: SqlDirectory, written: str, kind: Kind
) -> None:
    assert put(directory, tmp_path, school_of(persons=[evolve(ANNE, mobile=written)])).counts == {kind: 1}


def test_a_feed_of_one_region_reads_its_short_numbers(tmp_path: Path, directory: SqlDirectory) -> None:
    one = school_of("9830001A", persons=[evolve(ANNE, mobile="75 12 34")])
    other = school_of(
        "9830002B", persons=[], pupils=[evolve(LEO, number=2, given_name="Zoé")], links=[evolve(HERS, pupil=2)]
    )
    assert replaced(directory, write_aaf(tmp_path, one, other), uai=None).counts == {}
    assert len(directory.find("+687751234")[0].pupils) == 2
    elsewhere = evolve(other, uai="9840002B")
    assert replaced(directory, write_aaf(tmp_path, one, elsewhere), uai=None).counts[Kind.NO_PREFIX] == 1


@given(hyp.data())
def test_an_import_reads_a_number_as_the_form_does(data: hyp.DataObject) -> None:
    text = data.draw(st.written_mobiles(data.draw(st.mobiles())) | hyp.text("0123456789+ ().-", max_size=LONGEST))
    check = read_mobile(text, Settings())
    found, wrong = Phones(check_mobile, None).mobiles_of([text])
    assert found == ([] if refusals_of(check_mobile(check)) else [check.number])
    assert bool(found) is not bool(wrong)


def belgian(check: MobileCheck) -> Any:
    """A host's own rule."""
    if check.country_code == 32:
        return None
    if check.country_code == 262:
        return Refusal(Reason.MOBILE_COUNTRY, "mobile")
    return check_mobile(check)


OWN = Validators(mobile=belgian)


def test_the_hosts_own_rule_for_mobiles_holds_in_the_import(tmp_path: Path, directory: SqlDirectory) -> None:
    persons = [
        evolve(ANNE, mobile="+32 470 12 34 56"), evolve(ANNE, number=2, given_name="Bea", mobile="0692 12 34 56"),
        evolve(ANNE, number=3, given_name="Cleo"),
    ]  # fmt: skip
    school = school_of(persons=persons, links=[evolve(HERS, person=n) for n in (1, 2, 3)])
    assert put(directory, tmp_path, school).counts == {Kind.FOREIGN: 1}
    report = put(directory, tmp_path, school, validators=OWN)
    assert [one.who for one in report.findings] == ["LE GOFF Bea"]
    assert directory.find("+32470123456")[0].given_name == "Anne"
    assert directory.find(MOBILE)[0].given_name == "Cleo"


def test_a_rule_that_takes_what_is_no_number_finds_none(tmp_path: Path, directory: SqlDirectory) -> None:
    lenient = Validators(mobile=lambda check: None)
    report = put(directory, tmp_path, school_of(persons=[evolve(ANNE, mobile="bonjour")]), validators=lenient)
    assert report.counts == {Kind.MALFORMED: 1}


def test_the_command_takes_the_hosts_validators(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = ModuleType("myhost_rules")
    module.validators, module.other = OWN, "no validators"
    monkeypatch.setitem(sys.modules, "myhost_rules", module)
    files = write_siecle(tmp_path, evolve(this_year(), persons=[evolve(ANNE, mobile="+32 470 12 34 56")]))
    said = ["import-records", *map(str, files), "--into", str(tmp_path / "records.db"), "--validators"]
    assert main([*said, "myhost_rules:validators"]) == 0
    assert "1 guardians can activate" in capsys.readouterr().out
    for wrong in ("myhost_rules:other", "myhost_rules:nothing", "no_such_module:x"):
        with pytest.raises(SystemExit):
            main([*said, wrong])
