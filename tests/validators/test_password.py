"""The password: bounded first, five criteria, common and personal ones refused, hashed outside any lock."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as hyp

from educonnect_flow import GoBack, Reason, Refusal, Settings, State, SubmitCode, Validators
from educonnect_flow.errors import NotNow, PortUnavailable, WrongUse
from educonnect_flow.hashing import Argon2id
from educonnect_flow.ports import Store
from educonnect_flow.reasons import refusals_of
from educonnect_flow.testing import FaultyStore
from educonnect_flow.testing import strategies as st
from educonnect_flow.validators.password import (
    SPECIALS,
    PasswordCheck,
    Strength,
    assess,
    check_password,
    criteria,
)
from tests.world import MOBILE, PASSWORD, World, account_of, has_account, password, reasons

promise = pytest.mark.promise
SETTINGS = Settings()
HUGE = 10_000_000


def check(text: str, settings: Settings = SETTINGS, confirmation: str | None = None, **more: Any) -> PasswordCheck:
    """The record for *text*."""
    given: dict[str, Any] = {
        "names": ("Durand", "Émilie", "Petit-Jean"),
        "mobile": MOBILE,
        "identifier": "e.durand",
        **more,
    }
    return PasswordCheck(
        password=text, confirmation=text if confirmation is None else confirmation, settings=settings, **given
    )


def why(text: str, settings: Settings = SETTINGS, **more: Any) -> set[Reason]:
    """Why *text* is refused."""
    return {refusal.reason for refusal in refusals_of(check_password(check(text, settings, **more)))}


# --- length ----------------------------------------------------------------------------------------


@promise("P1")
def test_the_length_is_bounded_first_and_long_ones_are_welcome(world: World) -> None:
    out = world.at(State.PASSWORD)
    for text in ("aA1!" * (HUGE // 4), "e" + "\u0301\u0323" * (HUGE // 2), "\ud800" * HUGE):
        refused = world.submit(out, password(text))
        assert [(r.reason, r.params.get("max")) for r in refused.refusals] == [(Reason.TOO_LONG, 256)]
    long = "Vélo-Bleu-31 " * 19
    assert len(long) > 64
    assert world.submit(out, password(long)).state is State.ACTIVATED


@promise("P1")
def test_ten_megabytes_cost_no_more_than_reading_them(world: World) -> None:
    """As a ratio: less than hashing them once would, the least that looking at them all takes."""
    import hashlib

    out = world.at(State.PASSWORD)
    event = password("a" * HUGE)
    best = {}
    for name, step in (
        ("control", lambda: hashlib.sha256(event.password.encode()).digest()),
        ("submit", lambda: world.submit(out, event)),
    ):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        best[name] = min(times)
    assert best["submit"] < best["control"] * 3


@promise("P2")
def test_the_meter_reads_a_bounded_part_only() -> None:
    crafted = "4@8({[<3690!1|7" * 20
    assert assess(check(crafted[:16])).strength == assess(check(crafted)).strength
    assert assess(check(PASSWORD + crafted)).criteria == criteria(PASSWORD + crafted, SETTINGS)


@promise("P2")
def test_the_meter_takes_no_longer_for_more() -> None:
    """As a ratio, for the worst that is known: sixteen times the length takes about the same."""
    crafted = "4@8({[<3690!1|7" * 17
    best = {}
    for name, text in (("control", crafted[:16]), ("long", crafted[:250])):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            assess(check(text))
            times.append(time.perf_counter() - start)
        best[name] = min(times)
    assert best["long"] < best["control"] * 5


@promise("P2")
def test_a_line_end_is_no_trap_for_the_meter(world: World) -> None:
    out = world.at(State.PASSWORD)
    for text in ("00000\n", "12/12/2012\n", "\x00\x01"):
        assert world.flow.assess_password(out.handle, text).strength is Strength.WEAK


@promise("P2")
def test_the_meter_of_the_flow_takes_any_length(world: World) -> None:
    out = world.at(State.PASSWORD)
    report = world.flow.assess_password(out.handle, "4@8({[<3690!1|7" * (HUGE // 15))
    assert isinstance(report.strength, Strength)
    assert world.flow.assess_password(out.handle, "\ud800" * 40).strength in Strength


# --- forms -----------------------------------------------------------------------------------------


@promise("P3")
@pytest.mark.parametrize(("typed", "verified"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_both_forms_of_an_accent_are_one_password(typed: str, verified: str, worlds: Callable[..., World]) -> None:
    hasher = Argon2id(memory=8)
    world = worlds(password_hasher=hasher)
    text = "Été-à-l'océan-31"
    choice = password(
        unicodedata.normalize(typed, text),  # type: ignore[arg-type]  # a form's name
        unicodedata.normalize(verified, text),  # type: ignore[arg-type]  # likewise
    )
    out = world.submit(world.at(State.PASSWORD), choice)
    account = account_of(world.store, out.view.identifier)
    assert account is not None
    assert hasher.verify(account.password_hash, unicodedata.normalize("NFC", text))


def test_half_a_character_is_refused_in_either_field(world: World) -> None:
    out = world.at(State.PASSWORD)
    for event, field in (
        (password("Vélo-Bleu-31\ud800"), "password"),
        (password("Vélo-Bleu-31", "\udfff"), "confirmation"),
    ):
        assert [(r.reason, r.field) for r in world.submit(out, event).refusals] == [(Reason.CHARACTERS, field)]


@promise("P3")
def test_every_character_counts(worlds: Callable[..., World]) -> None:
    hasher = Argon2id(memory=8)
    world = worlds(password_hasher=hasher)
    text = "Vélo-Bleu-31" + "x" * 243
    out = world.submit(world.at(State.PASSWORD), password(text + "a"))
    account = account_of(world.store, out.view.identifier)
    assert account is not None
    assert hasher.verify(account.password_hash, text + "a")
    assert not hasher.verify(account.password_hash, text + "b")
    assert not hasher.verify(account.password_hash, text)


# --- criteria --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Abcdef1!", set()),
        ("abcdefg1!", {"upper"}), ("ABCDEFG1!", {"lower"}), ("Abcdefgh!", {"digit"}), ("Abcdefgh1", {"special"}),
        ("Abcde1!", {"length"}), ("", {"upper", "lower", "digit", "special", "length"}),
        ("ÉTÉ é1!xx", set()), ("AAAAAAA1µ", {"lower"}), ("Abcdefg١!", {"digit"}), ("Abcdefg1 ", {"special"}),
        ('Abcdefg1"', {"special"}), ("Abcdefg1😀", {"special"}), ("Abcdefg1,", {"special"}),
    ],
)  # fmt: skip
def test_the_five_criteria(text: str, missing: set[str]) -> None:
    assert {criterion.name for criterion in criteria(text, SETTINGS) if not criterion.met} == missing


@pytest.mark.parametrize("special", sorted(SPECIALS))
def test_every_special_character_of_the_guide_counts(special: str) -> None:
    assert all(criterion.met for criterion in criteria(f"Abcdefg1{special}", SETTINGS))


def test_the_list_of_specials_is_the_guides() -> None:
    guide = "! ? @ # $ ( ) { } [ ] _ & = + - % * < > £ µ / . : ;"
    assert frozenset(guide.split()) == SPECIALS


@given(st.passwords())
def test_what_meets_the_criteria_is_refused_for_nothing_else_of_form(text: str) -> None:
    forms = {Reason.PASSWORD_NO_UPPER, Reason.PASSWORD_NO_LOWER, Reason.PASSWORD_NO_DIGIT, Reason.PASSWORD_NO_SPECIAL}
    assert not why(unicodedata.normalize("NFC", text)) & {*forms, Reason.PASSWORD_TOO_SHORT}


def test_strict_asks_for_length_only() -> None:
    strict = Settings.strict()
    assert why("un vélo bleu et vert", strict) == set()
    assert why("un vélo bleu", strict) == {Reason.PASSWORD_TOO_SHORT}
    assert [criterion.name for criterion in criteria("", strict)] == ["length"]
    assert why("Motdepasse 1234567!", strict) == {Reason.PASSWORD_COMMON}


# --- common and personal ---------------------------------------------------------------------------


@promise("P4")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("P@ssw0rd", Reason.PASSWORD_COMMON), ("Password1!", Reason.PASSWORD_COMMON), ("Azerty2024!!", Reason.PASSWORD_COMMON),
        ("QWERTY", Reason.PASSWORD_COMMON), ("motdepasse", Reason.PASSWORD_COMMON),
        ("Motdepasse1!", Reason.PASSWORD_COMMON), ("Soleil2024!", Reason.PASSWORD_COMMON), ("Doudou-2031", Reason.PASSWORD_COMMON),
        ("Durand-2024!", Reason.PASSWORD_HAS_NAME), ("xxDURANDxx1!", Reason.PASSWORD_HAS_NAME), ("Emilie-2024!", Reason.PASSWORD_HAS_NAME),
        ("Le-Petit-31!", Reason.PASSWORD_HAS_NAME), ("Aa!0612345678", Reason.PASSWORD_HAS_MOBILE),
        ("Aa!06 12 34 56 78", Reason.PASSWORD_HAS_MOBILE), ("Aa!+33612345678", Reason.PASSWORD_HAS_MOBILE),
        ("e.durand42!A", Reason.PASSWORD_HAS_IDENTIFIER), ("EduConnect2026!", Reason.PASSWORD_HAS_SERVICE),
        ("Édu-Connect-31", Reason.PASSWORD_HAS_SERVICE),
    ],
)  # fmt: skip
@pytest.mark.parametrize("settings", [Settings.educonnect(), Settings.strict()], ids=["educonnect", "strict"])
def test_common_and_personal_passwords_are_refused_with_their_reason(
    text: str, reason: Reason, settings: Settings
) -> None:
    assert reason in why(text, settings)


@promise("P4")
def test_a_number_of_six_digits_is_found_too() -> None:
    assert Reason.PASSWORD_HAS_MOBILE in why("Bleu-75.12.34-Vert", mobile="+687751234")
    assert Reason.PASSWORD_HAS_MOBILE not in why("Bleu-75.12.35-Vert", mobile="+687751234")


@promise("P4")
def test_a_short_name_is_only_refused_alone() -> None:
    ly: dict[str, Any] = {"names": ("Ly", "Ö"), "identifier": "o.ly"}
    assert Reason.PASSWORD_HAS_NAME in why("LY-1234567!", **ly)
    assert Reason.PASSWORD_HAS_NAME not in why("Jolyment-31!", **ly)


@promise("P4")
def test_a_good_one_passes_and_all_reasons_come_at_once() -> None:
    assert why(PASSWORD) == set()
    assert why("durand", confirmation="x") == {
        Reason.PASSWORD_TOO_SHORT, Reason.PASSWORD_NO_UPPER, Reason.PASSWORD_NO_DIGIT, Reason.PASSWORD_NO_SPECIAL,
        Reason.PASSWORD_HAS_NAME, Reason.PASSWORD_MISMATCH,
    }  # fmt: skip


@promise("P4")
def test_the_flow_knows_the_parents_own_words(world: World) -> None:
    out = world.at(State.PASSWORD)
    for text, reason in (
        ("Durand-31-bleu", Reason.PASSWORD_HAS_NAME),
        ("Petit-31-bleu", Reason.PASSWORD_HAS_NAME),
        ("Bleu-0612345678", Reason.PASSWORD_HAS_MOBILE),
    ):
        refused = world.submit(out, password(text))
        assert reason in reasons(refused)
        assert refused.state is State.PASSWORD


# --- the meter -------------------------------------------------------------------------------------


def test_strength_has_four_levels_in_order() -> None:
    assert [level.name for level in sorted(Strength)] == ["WEAK", "FAIR", "GOOD", "STRONG"]
    weak, strong = assess(check("azertyui")).strength, assess(check("q7!Kx#zR9w@L")).strength
    assert weak is Strength.WEAK
    assert strong is Strength.STRONG
    assert assess(check("Durand-2026-Zx!")).strength is Strength.WEAK
    assert assess(check("")).strength is Strength.WEAK


@given(hyp.text(max_size=60) | st.any_text)
def test_any_text_has_a_strength(text: str) -> None:
    assert assess(check(text)).strength in Strength


def test_the_meter_answers_only_on_its_page_and_stores_nothing(world: World, store: Store) -> None:
    out = world.at(State.PUPILS)
    with pytest.raises(NotNow):
        world.flow.assess_password(out.handle, "x")
    faulty = FaultyStore(store)
    spied = World(faulty, clock=world.clock)
    out = spied.at(State.PASSWORD)
    faulty.calls.clear()
    assert not spied.flow.assess_password(out.handle, "abc").criteria[0].met
    assert faulty.calls == ["load"]
    with pytest.raises(WrongUse):
        spied.flow.assess_password(out.handle, b"abc")  # type: ignore[arg-type]  # bytes on purpose
    spied.clock.advance(hours=1)
    with pytest.raises(NotNow):
        spied.flow.assess_password(out.handle, "abc")


# --- the hash --------------------------------------------------------------------------------------


@promise("P5")
def test_argon2id_at_the_parameters_of_owasp() -> None:
    hasher = Argon2id()
    first, second = hasher.hash("a"), hasher.hash("a")
    parameters = extract_parameters(first)
    assert parameters.type.name == "ID"
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert parameters.salt_len * 8 >= 128
    assert first != second
    assert hasher.verify(first, "a")
    assert not hasher.verify(first, "b")
    assert not hasher.verify("no hash", "a")


@promise("P5")
def test_it_is_the_default(worlds: Callable[..., World]) -> None:
    world = worlds(password_hasher=None)
    out = world.at(State.ACTIVATED)
    account = account_of(world.store, out.view.identifier)
    assert account is not None
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Argon2id().verify(account.password_hash, PASSWORD)


@promise("P6")
def test_it_is_computed_outside_any_lock_and_transaction(store: Store) -> None:
    """While it hashes, another activation gets through on the same store, on the same thread."""

    class Busy:
        hashed = 0

        def hash(self, text: str) -> str:
            self.hashed += 1
            other = World(store).at(State.CODE)
            assert other.state is State.CODE
            return text[::-1]

        def verify(self, hash: str, text: str) -> bool:
            return hash == text[::-1]

    hasher = Busy()
    world = World(store, password_hasher=hasher)
    assert world.submit(world.at(State.PASSWORD), password()).state is State.ACTIVATED
    assert hasher.hashed == 1


@promise("P6")
def test_it_is_computed_once_however_often_the_commit_is_tried(store: Store) -> None:
    class Interfering:
        hashed = 0

        def hash(self, text: str) -> str:
            self.hashed += 1
            world.submit(out, GoBack())  # another tab: the commit will be stale
            return text

        def verify(self, hash: str, text: str) -> bool:
            return hash == text

    hasher = Interfering()
    world = World(store, password_hasher=hasher)
    out = world.at(State.PASSWORD)
    after = world.submit(out, password())
    assert (after.state, reasons(after)) == (State.PUPILS, [Reason.NOT_NOW])
    assert hasher.hashed == 1
    assert SubmitCode not in after.permitted


@promise("P6")
@pytest.mark.parametrize("made", [None, "", 7, b"hash"])
def test_a_hasher_that_makes_no_hash_makes_no_account(made: object, worlds: Callable[..., World]) -> None:
    class Odd:
        def hash(self, text: str) -> Any:
            return made

        def verify(self, hash: str, text: str) -> bool:
            return False

    world = worlds(password_hasher=Odd())
    out = world.at(State.PASSWORD)
    with pytest.raises(WrongUse, match="must return text"):
        world.submit(out, password())
    assert not has_account(world.store, "g1")


class Published:
    """A list of published passwords with one in it."""

    def holds(self, password: str) -> bool:
        return password == "Tilleul#2024vert"


def no_friday(check: PasswordCheck) -> Any:
    """A host's own rule, beside the guide's."""
    own = (Refusal(Reason.HOST_RULE, "password", {"text": "Pas un vendredi."}),)
    return (*refusals_of(check_password(check)), *(own if "vendredi" in check.password.lower() else ()))


ONE = World(breaches=Published(), validators=Validators(password=no_friday), settings=Settings(events_per_run=10**6))
AT_PASSWORD = ONE.at(State.PASSWORD)


@promise("P4")
@given(
    hyp.text(max_size=300)
    | st.any_text
    | hyp.lists(
        hyp.sampled_from("aZ3!é🙂 Durand 0612345678 e.durand educonnect \ud800 Vendredi".split(" ")), max_size=9
    ).map("".join)
    | hyp.sampled_from(
        ["Tilleul#2024vert", "Vendredi-31-vert", "V" * 300, "\ud800" * 12, "Ab1!" * 64, "Ab1!" * 65, PASSWORD]
    )
)
def test_the_meter_and_the_submit_agree(text: str) -> None:
    report = ONE.flow.assess_password(AT_PASSWORD.handle, text)
    if report.refusals:
        assert ONE.submit(AT_PASSWORD, password(text)).refusals == report.refusals
    else:  # it would be accepted: all but the confirmation, which the meter does not ask for
        assert reasons(ONE.submit(AT_PASSWORD, password(text, text + "x"))) in (
            [Reason.PASSWORD_MISMATCH], [Reason.TOO_LONG]
        )  # fmt: skip
    unmet = {criterion.reason for criterion in report.criteria if not criterion.met}
    said = {refusal.reason for refusal in report.refusals}
    assert unmet <= said or Reason.TOO_LONG in said or Reason.CHARACTERS in said or Reason.REQUIRED in said
    if said - {criterion.reason for criterion in report.criteria}:
        assert report.strength is Strength.WEAK


@promise("P4")
@pytest.mark.parametrize(
    ("text", "reason"), [("", "REQUIRED"), ("a" * 300, "TOO_LONG"), ("Abc\ud800-12345", "CHARACTERS")]
)
def test_what_is_refused_on_its_form_is_looked_up_in_no_list(text: str, reason: str) -> None:
    class Away:
        def holds(self, password: str) -> bool:
            raise OSError("the list is on another machine")

    world = World(ONE.store, clock=ONE.clock, breaches=Away())
    (refusal,) = world.flow.assess_password(AT_PASSWORD.handle, text).refusals
    assert refusal.reason is Reason[reason]
    assert reasons(world.submit(AT_PASSWORD, password(text))) == [Reason[reason]]
    with pytest.raises(PortUnavailable):
        world.flow.assess_password(AT_PASSWORD.handle, PASSWORD)


@promise("P4")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Tilleul#2024vert", Reason.PASSWORD_BREACHED),
        ("Ab1!" * 85, Reason.TOO_LONG),
        ("Ab1!Ab1!\ud800", Reason.CHARACTERS),
        ("Vendredi-31-vert", Reason.HOST_RULE),
        ("", Reason.REQUIRED),
    ],
)
def test_what_the_submit_refuses_the_meter_does_not_praise(text: str, reason: Reason) -> None:
    report = ONE.flow.assess_password(AT_PASSWORD.handle, text)
    assert reason in {refusal.reason for refusal in report.refusals}
    assert report.strength is Strength.WEAK
    length = next(criterion for criterion in report.criteria if criterion.name == "length")
    assert length.met is (reason not in (Reason.TOO_LONG, Reason.REQUIRED))
