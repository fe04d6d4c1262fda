"""What parents read: a text for every reason in every language, and an SMS that phones understand."""

from __future__ import annotations

import gettext
import io
import re
from datetime import timedelta
from typing import IO

import pytest
from attrs import evolve
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from educonnect_flow import Reason, Refusal, Settings
from educonnect_flow._messages import AT_ONCE, CRITERIA, LOCALES, PLURALS, SMS, TEXTS, sms_text
from educonnect_flow.reasons import until
from educonnect_flow.settings import SMS_BESIDE, SMS_LONGEST
from educonnect_flow.testing._clock import START
from educonnect_flow.validators.password import criteria
from tests import ROOT

LOCALE = ROOT / "src" / "educonnect_flow" / "locale"
GSM = set("@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_a_text_in_every_language(reason: Reason, locale: str) -> None:
    params = {
        "max": 1,
        "min": 8,
        "length": 6,
        "prefix": "+262",
        "seconds": 45,
        "at": START,
        "text": "x",
        "attempts_left": 2,
    }
    text = Refusal(reason, None, params).message(locale)
    assert text
    assert not re.search(r"[{}]", text.replace("( ) { }", ""))
    if reason is not Reason.HOST_RULE and locale != "fr":
        assert text != Refusal(reason, None, params).message("fr")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_catalogues_hold_exactly_the_texts_and_are_compiled(locale: str) -> None:
    folder = LOCALE / locale / "LC_MESSAGES"
    catalogue = read_po(io.BytesIO((folder / "educonnect_flow.po").read_bytes()), locale=locale)
    expected = {*TEXTS.values(), *AT_ONCE.values(), *PLURALS.values(), SMS, *CRITERIA.values()}
    assert {message.id for message in catalogue if message.id} == expected
    for message in catalogue:
        assert message.string
        assert not message.fuzzy
        source = "".join(message.id)
        translated = "".join(message.string)
        assert set(re.findall(r"\{\w+\}", source)) == set(re.findall(r"\{\w+\}", translated)), message.id
    fresh = io.BytesIO()
    write_mo(fresh, catalogue)
    fresh.seek(0)
    with (folder / "educonnect_flow.mo").open("rb") as compiled:
        assert texts(compiled) == texts(fresh), "run: pybabel compile (see CONTRIBUTING.md)"


def texts(compiled: IO[bytes]) -> dict[object, str]:
    """All that a compiled catalogue says, without its header."""
    known: dict[object, str] = vars(gettext.GNUTranslations(compiled))["_catalog"]
    return {source: text for source, text in known.items() if source}


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (1, "dans 1 seconde", "in 1 second"), (45, "dans 45 secondes", "in 45 seconds"), (90, "dans 2 minutes", "in 2 minutes"),
        (60 * 5 + 1, "dans 6 minutes", "in 6 minutes"), (3600, "dans 1 heure", "in 1 hour"),
        (3601, "dans 61 minutes", "in 61 minutes"), (5401, "dans 2 heures", "in 2 hours"),
        (24 * 3600, "dans 24 heures", "in 24 hours"),
    ],
)  # fmt: skip
def test_waits_are_said_as_people_say_them(seconds: int, french: str, english: str) -> None:
    refusal = until(Reason.SOURCE_FAILURES, START + timedelta(seconds=seconds), START)
    assert refusal.message() == f"Trop d’essais ont échoué depuis votre accès à internet. Réessayez {french}."
    assert refusal.message("en-GB") == f"Too many attempts have failed from your internet access. Try again {english}."


MENDED_ON_THE_PAGE = {
    Reason.NOT_NOW: "Continuez", Reason.REQUIRED: "Remplissez", Reason.TOO_LONG: "{max}", Reason.CHARACTERS: "Retirez",
    Reason.MOBILE_CHARACTERS: "Format attendu", Reason.MOBILE_INVALID: "Vérifiez", Reason.MOBILE_EXTENSION: "sans",
    Reason.MOBILE_PREFIX: "indicatif", Reason.HUMAN_CHECK_REQUIRED: "Répondez", Reason.HUMAN_CHECK_FAILED: "nouveau",
    Reason.CODE_MALFORMED: "Recopiez", Reason.CODE_WRONG: "nouveau code", Reason.CODE_EXPIRED: "nouveau",
    Reason.ANSWER_MISSING: "Répondez", Reason.ANSWER_REPEATED: "seule réponse", Reason.PUPIL_NOT_SHOWN: "Rechargez",
    Reason.BIRTH_DATE_MISSING: "Donnez", Reason.BIRTH_DATE_MALFORMED: "Exemple", Reason.PASSWORD_TOO_SHORT: "doit",
    Reason.PASSWORD_NO_UPPER: "doit", Reason.PASSWORD_NO_LOWER: "doit", Reason.PASSWORD_NO_DIGIT: "doit",
    Reason.PASSWORD_NO_SPECIAL: "doit", Reason.PASSWORD_COMMON: "devin", Reason.PASSWORD_BREACHED: "Choisissez",
    Reason.PASSWORD_HAS_NAME: "ne doit pas", Reason.PASSWORD_HAS_MOBILE: "ne doit pas",
    Reason.PASSWORD_HAS_IDENTIFIER: "ne doit pas", Reason.PASSWORD_HAS_SERVICE: "ne doit pas",
    Reason.PASSWORD_MISMATCH: "pas les mêmes", Reason.HOST_RULE: "{text}",
}  # fmt: skip
"""What the parent does on the page itself, and the word of the French sentence that says so."""
WAYS_OUT = {
    "fr": ("école", "{wait}", "Recommencez", "recommencez"),
    "en": ("school", "{wait}", "Start again", "start again"),
}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_refusal_can_be_mended_on_the_page_or_names_a_way_out(reason: Reason, locale: str) -> None:
    text = Refusal(reason).message(locale)
    if reason in MENDED_ON_THE_PAGE:
        assert locale != "fr" or MENDED_ON_THE_PAGE[reason] in text
    else:
        assert any(way in text for way in WAYS_OUT[locale]), text


def test_no_sentence_says_that_a_code_was_sent_which_was_only_asked_for() -> None:
    for text in TEXTS.values():
        assert "envoyé" not in text


def test_attempts_are_counted_in_french_and_in_english() -> None:
    def said(left: int, locale: str) -> str:
        return Refusal(Reason.CODE_WRONG, "code", {"attempts_left": left}).message(locale)

    assert said(1, "fr").endswith("Il vous reste 1 essai.")
    assert said(2, "fr_FR").endswith("Il vous reste 2 essais.")
    assert said(1, "en").endswith("You have 1 attempt left.")
    assert "reste" not in said(0, "fr")
    assert said(1, "de") == said(1, "fr")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sms_is_one_message_that_fills_itself_in(locale: str) -> None:
    settings = Settings(sms_locale=locale)
    text = sms_text("012345", settings)
    assert len(text) <= 160
    assert set(text) <= GSM
    assert text.count("012345") == 2
    longest = Settings(sms_locale=locale, origin="a" * (SMS_LONGEST - SMS_BESIDE - 29) + ".fr", code_length=12)
    assert len(sms_text("0" * 12, longest)) <= SMS_LONGEST
    with pytest.raises(ValueError, match="origin is too long"):
        evolve(longest, origin="a" + longest.origin)
    assert "30 min" in text
    assert text.splitlines()[-1] == "@educonnect.education.gouv.fr #012345"
    assert "10 min" in sms_text("012345", Settings.strict())
    assert "1 min" in sms_text("012345", Settings(code_ttl=timedelta(seconds=30)))


@pytest.mark.parametrize("settings", [Settings.educonnect(), Settings.strict()])
def test_every_criterion_has_its_line(settings: Settings) -> None:
    for criterion in criteria("", settings):
        assert criterion.message() != criterion.message("en")
    assert criteria("", settings)[-1].message() == f"Doit contenir {settings.password_min} caractères minimum"


@pytest.mark.parametrize(
    "origin", ["https://ecole.example", "ecole.example:443", "", "a\nb", "ecole.example/", "Ecole.example", "1.2.3.4", "é.example",
               "-ecole.example", "ecole..example", "ecole.example.", "ecole.example #"],
)  # fmt: skip
def test_an_origin_that_phones_do_not_know_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="origin must be a host name"):
        Settings(origin=origin)
