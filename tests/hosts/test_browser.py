"""The Django host in a real Chromium: by mouse, by keyboard, without scripts, on a narrow screen, and against the grain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.hosts.browser import CHROMIUM, FLAGS, PASSWORD, Host, Parent

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine: install the package chromium"),
]

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 700}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    running = Host(tmp_path_factory.mktemp("host"))
    yield running
    running.close()


@pytest.fixture
def parent(browser: Browser, host: Host) -> Iterator[Callable[..., Parent]]:
    """A parent with a browser of their own: ``parent(viewport=…, java_script_enabled=…)``."""
    contexts = []
    host.ahead(0)

    def make(*, check: bool = True, **given: Any) -> Parent:
        given = {"viewport": WIDE, "locale": "fr-FR", "timezone_id": "Europe/Paris"} | given
        contexts.append(browser.new_context(**given))
        contexts[-1].set_default_timeout(10_000)
        return Parent(host, contexts[-1].new_page(), check=check and given.get("java_script_enabled", True))

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "320"])
def test_the_whole_journey_by_mouse(parent: Callable[..., Parent], viewport: Any) -> None:
    one = parent(viewport=viewport)
    pictured = viewport is NARROW
    one.open()
    one.picture("profil") if pictured else None
    one.to_identity()
    one.fill_identity()
    one.picture("identite") if pictured else None
    one.press("Suivant")
    one.at("code")
    expect(one.page.locator(".host-number")).not_to_contain_text(one.mobile[3:8])
    one.picture("code") if pictured else None
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    for pupil in one.birth_dates:
        one.answer(pupil)
    one.picture("eleves") if pictured else None
    one.press("Confirmer")
    one.at("mot-de-passe")
    one.page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    expect(one.page.locator("#strength")).to_be_visible()
    one.look()
    one.picture("mot-de-passe") if pictured else None
    one.choose(PASSWORD)
    one.at("compte-active")
    one.identifier()
    one.picture("compte-active") if pictured else None
    one.press("Accéder à mes services")
    expect(one.page).to_have_url(re.compile("/services/$"))
    one.page.goto(f"{one.host.address}/activation/compte-active/")
    one.at("profil")  # the next person at this computer sees nothing of it


def test_the_whole_journey_by_keyboard(parent: Callable[..., Parent]) -> None:
    one = parent()
    keyboard = one.page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(40):
            keyboard.press("Tab")
            if one.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way to {selector} by keyboard")

    def typed(selector: str, text: str) -> None:
        tab_to(selector)
        keyboard.type(text)

    one.page.goto(f"{one.host.address}/activation/")
    keyboard.press("Tab")
    expect(one.page.locator(".fr-skiplinks a")).to_be_focused()
    tab_to("[name=profile][value=guardian]")
    keyboard.press("Enter")
    one.at("connexion")
    tab_to("main form:has([value=StartActivation]) .host-buttons button:last-child")
    keyboard.press("Space")
    one.at("identite")
    typed("#family_name", "Essai")
    typed("#given_name", "Camille")
    typed("#mobile", one.mobile)
    typed("#human_check", one.host.captcha().lower())
    keyboard.press("Enter")  # « Suivant », and not the « Précédent » before it
    one.at("code")
    typed("#code", one.host.code(one.number))
    keyboard.press("Enter")
    one.at("eleves")
    for pupil, (day, month, year) in one.birth_dates.items():
        tab_to(f'[name="confirmed:{pupil}"]')
        keyboard.press("Space")
        tab_to(f'[name="birth:{pupil}:day"]')
        keyboard.type(day.zfill(2))  # a full field hands over to the next
        keyboard.type(month.zfill(2))
        keyboard.type(year)
    keyboard.press("Enter")
    one.at("mot-de-passe")
    typed("#password", PASSWORD)
    typed("#confirmation", PASSWORD)
    tab_to("#show")
    keyboard.press("Space")
    expect(one.page.locator("#password")).to_have_attribute("type", "text")
    tab_to("#password-form .host-buttons button:last-child")
    keyboard.press("Enter")
    one.at("compte-active")
    one.identifier()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "320"])
def test_the_whole_journey_without_scripts(parent: Callable[..., Parent], viewport: Any) -> None:
    one = parent(java_script_enabled=False, viewport=viewport)
    one.to_code()
    expect(one.page.locator("#wait")).to_contain_text("à partir de")
    one.type_code("000000")
    assert one.errors() == [
        "Ce code n’est pas le bon. Recopiez celui du dernier SMS reçu, ou demandez un nouveau code. Il vous reste 4 essais."
    ]
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    for pupil in one.birth_dates:
        one.answer(pupil)
    one.press("Confirmer")
    one.at("mot-de-passe")
    one.choose(PASSWORD)
    one.at("compte-active")
    one.identifier()


def test_a_double_click_on_every_button(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)
    one.to_the_end(double=True)
    assert len(one.host.codes(one.number)) == 1


def test_a_reload_of_every_page(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)

    def again(slug: str) -> None:
        one.page.reload()
        one.at(slug)

    one.open()
    again("profil")
    one.press("Responsable d’élève")
    one.at("connexion")
    again("connexion")
    one.press("Je n’ai pas de compte")
    one.at("identite")
    again("identite")
    one.press("Suivant")
    assert len(one.errors()) == 4
    again("identite")  # the same request again, and the same answer
    assert len(one.errors()) == 4
    one.fill_identity()
    one.press("Suivant")
    one.at("code")
    again("code")
    one.type_code("000000")
    assert one.errors() == [
        "Ce code n’est pas le bon. Recopiez celui du dernier SMS reçu, ou demandez un nouveau code. Il vous reste 4 essais."
    ]
    again("code")
    assert one.errors() == [
        "Ce code n’est pas le bon. Recopiez celui du dernier SMS reçu, ou demandez un nouveau code. Il vous reste 4 essais."
    ]  # counted once
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    again("eleves")
    for pupil in one.birth_dates:
        one.answer(pupil)
    one.press("Confirmer")
    one.at("mot-de-passe")
    again("mot-de-passe")
    one.choose(PASSWORD)
    one.at("compte-active")
    name = one.identifier()
    again("compte-active")
    assert one.identifier() == name


def test_back_by_the_pages_own_button(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_password()
    for slug in ("eleves", "identite", "connexion", "profil"):
        one.press("Précédent")
        one.at(slug)


def test_back_by_the_browser_undoes_nothing_and_loses_nothing(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)
    one.to_code()
    one.page.go_back()
    one.page.wait_for_load_state()
    if "/identite/" in one.page.url:  # out of the browser's own memory
        one.press("Suivant")
    one.at("code")
    one.type_code("000000")
    one.errors()
    one.page.go_back()
    one.page.goto(f"{one.host.address}/activation/")
    one.at("code")
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    assert len(one.host.codes(one.number)) == 1


def test_two_tabs(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_code()
    other = one.page.context.new_page()
    other.goto(f"{one.host.address}/activation/")
    expect(other).to_have_url(re.compile("/code/$"))
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    other.get_by_label("Code reçu par SMS").fill("000000")
    other.get_by_role("button", name="Suivant").click()
    expect(other).to_have_url(re.compile("/eleves/"))
    expect(other.locator("#note")).to_contain_text("déjà terminée")
    one.page = other
    one.look()


def test_a_resend(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_code()
    first = one.host.code(one.number)
    expect(one.page.locator("#wait")).to_contain_text(re.compile(r"dans (60|5\d) s"))
    one.press("Renvoyer le SMS")
    assert re.fullmatch(r"Vous pourrez demander un autre code dans \d+ secondes\.", one.errors()[0])
    one.host.ahead(61)
    one.page.reload()
    one.press("Renvoyer le SMS")
    expect(one.page.locator("#note")).to_contain_text("Un nouveau SMS")
    second = one.host.code(one.number, 2)
    if first != second:
        one.type_code(first)
        assert one.errors() == [
            "Ce code n’est pas le bon. Recopiez celui du dernier SMS reçu, ou demandez un nouveau code. Il vous reste 4 essais."
        ]
    one.type_code(second)
    one.at("eleves")


def test_an_expired_code(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_code()
    code = one.host.code(one.number)
    one.host.ahead(31 * 60)
    one.type_code(code)
    assert one.errors() == ["Ce code n’est plus valable. Demandez-en un nouveau."]
    one.press("Renvoyer le SMS")
    one.type_code(one.host.code(one.number, 2))
    one.at("eleves")


def test_locked_and_after(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_code()
    right = one.host.code(one.number)
    for left in (4, 3, 2, 1):
        one.type_code(f"{(int(right) + left) % 10**6:06}")
        assert f"{left} essai" in one.errors()[0]
    one.picture("erreur")
    one.type_code(f"{(int(right) + 9) % 10**6:06}")
    one.at("pause")
    one.press("Recommencer une activation")
    one.at("profil")


def test_idle_for_too_long(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_identity()
    one.host.ahead(3601)
    one.fill_identity()
    one.press("Suivant")
    one.at("session-terminee")


def test_errors_are_beside_their_fields(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_identity()
    one.press("Suivant")
    one.errors()
    for name in ("family_name", "given_name", "mobile", "human_check"):
        field = one.page.locator(f"#{name}")
        expect(field).to_have_attribute("aria-invalid", "true")
        assert f"{name}_error" in (field.get_attribute("aria-describedby") or "").split()
        expect(one.page.locator(f"#{name}_error")).not_to_be_empty()
    one.page.locator("#errors a").first.click()
    expect(one.page.locator("#family_name")).to_be_focused()
    expect(one.page).to_have_title(re.compile("^Erreur – "))
    one.fill_identity(mobile="01 40 20 50 50")
    one.press("Suivant")
    assert one.errors() == [
        "Ce numéro n’est pas celui d’un portable : il ne peut pas recevoir de SMS. Utilisez le portable que l’école connaît, ou adressez-vous à l’école."
    ]
    expect(one.page.locator("#family_name")).to_have_value("ESSAI")  # what was right stays
    one.fill_identity()
    one.press("Suivant")
    one.type_code(one.host.code(one.number))
    one.at("eleves")
    one.press("Confirmer")
    assert one.errors() == ["Répondez pour cet élève."] * 2
    first, second = one.birth_dates
    one.answer(first, born=("31", "2", "2010"))
    one.answer(second)
    one.press("Confirmer")
    assert one.errors() == ["Cette date n’est pas celle d’un élève. Exemple : 21/09/2007."]
    one.answer(first, born=("17", "6", "2010"))
    one.press("Confirmer")
    assert "Au moins une date de naissance ne correspond pas" in one.errors()[0]
    one.answer(first)
    one.press("Confirmer")
    one.at("mot-de-passe")
    one.choose("azerty", "azerty1")
    assert len(one.errors()) >= 5
    expect(one.page.locator("#password")).to_have_value("")
    one.choose(PASSWORD)
    one.at("compte-active")


def test_all_pupils_denied(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_pupils()
    for pupil in one.birth_dates:
        one.answer(pupil, yes=False)
    one.press("Confirmer")
    one.at("refus")


def test_who_has_an_account_and_who_is_a_pupil(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)
    one.to_the_end()
    again = parent()
    again.number, again.mobile = one.number, one.mobile
    again.to_code()
    again.type_code(again.host.code(one.number, 2))
    again.at("compte-existant")
    pupil = parent()
    pupil.open()
    pupil.press("Élève")
    pupil.at("profil-eleve")


def test_a_stranger_sees_the_page_that_a_parent_sees(parent: Callable[..., Parent]) -> None:
    pages = []
    for mobile in (None, "06 98 76 54 32"):
        one = parent(check=False)
        one.to_identity()
        one.fill_identity(mobile=mobile)
        one.press("Suivant")
        one.at("code")
        text = one.page.locator("main").inner_html()
        text = re.sub(
            r'(?s)<input type="hidden".*?>|\d\d:\d\d(:\d\d)?|dans \d+ s|data-seconds="\d+"|\d\d</strong>', "", text
        )
        pages.append(text)
    assert pages[0] == pages[1]


def test_a_lost_session_is_told_and_a_kept_one_is_resumed(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.to_code()
    kept = one.page.context.storage_state()
    one.page.context.clear_cookies(name="educonnect_activation_token")
    one.type_code("000000")
    one.at("profil")
    expect(one.page.locator("#note")).to_contain_text("Votre session est terminée")
    one.page.context.clear_cookies()
    one.press("Responsable d’élève")  # not even the token of the form is left
    one.at("profil")
    later = parent(storage_state=kept)
    later.number = one.number
    later.page.goto(f"{later.host.address}/activation/")  # the browser was closed, and opened again
    later.at("code")
    later.type_code(later.host.code(one.number))
    later.at("eleves")


def test_the_server_started_again_in_between(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)
    one.to_pupils()
    one.host.server.kill()
    one.host.server.wait(10)
    one.host.serve()
    for pupil in one.birth_dates:
        one.answer(pupil)
    one.press("Confirmer")
    one.at("mot-de-passe")


def test_in_english(parent: Callable[..., Parent]) -> None:
    one = parent()
    one.open()
    one.press("English")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Account activation")
    one.look()
    one.press("Parent or guardian")
    one.press("I have no account")
    one.press("Next")
    assert one.errors()[0] == "Fill in this field."
    expect(one.page.locator("html")).to_have_attribute("lang", "en")


def test_what_a_telephone_is_told(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)

    def attributes(name: str) -> tuple[str | None, str | None]:
        field = one.page.locator(f"#{name}")
        return field.get_attribute("autocomplete"), field.get_attribute("inputmode")

    one.to_identity()
    assert [attributes(name) for name in ("family_name", "given_name", "mobile")] == [
        ("family-name", None), ("given-name", None), ("tel", "tel"),
    ]  # fmt: skip
    one.fill_identity()
    one.press("Suivant")
    assert attributes("code") == ("one-time-code", "numeric")
    one.type_code(one.host.code(one.number))
    for pupil in one.birth_dates:
        one.answer(pupil)
    one.press("Confirmer")
    assert attributes("password") == attributes("confirmation") == ("new-password", None)
    paste(one.page, "#password", PASSWORD)
    expect(one.page.locator("#password")).to_have_value(PASSWORD)
    expect(one.page.locator('[data-name="special"]')).to_contain_text("✓")


def paste(page: Page, selector: str, text: str) -> None:
    """Out of a password manager, say."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator(selector).focus()
    page.keyboard.press("Control+V")


def test_the_identifier_is_copied(parent: Callable[..., Parent]) -> None:
    one = parent(check=False)
    name = one.to_the_end()
    one.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one.press("Copier l’identifiant")
    expect(one.page.locator("#copied")).to_have_text("Identifiant copié")
    assert one.page.evaluate("navigator.clipboard.readText()") == name
