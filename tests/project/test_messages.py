"""What parents read: a text for every reason in every language, and an SMS that phones understand."""

from __future__ import annotations

import gettext
import io
import re
from datetime import timedelta
from typing import IO

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from educonnect_flow import Reason, Refusal, Settings
from educonnect_flow._messages import CRITERIA, LOCALES, PLURALS, SMS, TEXTS, sms_text
from educonnect_flow.reasons import until
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
    expected = {*TEXTS.values(), *PLURALS.values(), SMS, *CRITERIA.values()}
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
    refusal = until(Reason.MOBILE_LOCKED, START + timedelta(seconds=seconds), START)
    assert refusal.message() == f"Trop d’essais ont échoué avec ce numéro. Réessayez {french}."
    assert refusal.message("en-GB") == f"Too many attempts have failed with this number. Try again {english}."


def test_attempts_are_counted_in_french_and_in_english() -> None:
    def said(left: int, locale: str) -> str:
        return Refusal(Reason.CODE_WRONG, "code", {"attempts_left": left}).message(locale)

    assert said(1, "fr").endswith("Il vous reste 1 essai.")
    assert said(2, "fr_FR").endswith("Il vous reste 2 essais.")
    assert said(1, "en").endswith("You have 1 attempt left.")
    assert said(0, "fr") == "Ce code n’est pas le bon."
    assert said(1, "de") == said(1, "fr")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sms_is_one_message_that_fills_itself_in(locale: str) -> None:
    settings = Settings(sms_locale=locale)
    text = sms_text("012345", settings)
    assert len(text) <= 160
    assert set(text) <= GSM
    assert text.count("012345") == 2
    assert "30 min" in text
    assert text.splitlines()[-1] == "@educonnect.education.gouv.fr #012345"
    assert "10 min" in sms_text("012345", Settings.strict())
    assert "1 min" in sms_text("012345", Settings(code_ttl=timedelta(seconds=30)))


@pytest.mark.parametrize("settings", [Settings.educonnect(), Settings.strict()])
def test_every_criterion_has_its_line(settings: Settings) -> None:
    for criterion in criteria("", settings):
        assert criterion.message() != criterion.message("en")
    assert criteria("", settings)[-1].message() == f"Doit contenir {settings.password_min} caractères minimum"
