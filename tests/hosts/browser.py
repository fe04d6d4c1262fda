"""A real server, a real browser, and a parent in front of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import ROOT
from tests.hosts.processes import ended, free_port, manage

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]
PASSWORD = "Rivière-Haute-58"
FAMILIES = 200
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENSHOTS = ROOT / "docs" / "screenshots"


class Host:
    """The Django host on a SQLite file, with a relay beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "HOST_DATABASE": str(folder / "host.db"), "HOST_SEEN": str(folder), "HOST_FAMILIES": str(FAMILIES), "HOST_BROWSER": "1",
        }  # fmt: skip
        assert manage("migrate", "-v0", **self.env).wait(60) == 0
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.numbers = iter(range(FAMILIES))
        self.relay = manage("educonnect_relay", "--idle", "0.1", **self.env)
        self.serve()

    def serve(self) -> None:
        """Up, and answering."""
        self.server = manage("runserver", f"127.0.0.1:{self.port}", "--noreload", **self.env)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.address}/services/", timeout=5).close()  # noqa: S310 - our own
            except urllib.error.URLError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError

    def close(self) -> None:
        """Both processes ended."""
        ended(self.server)
        ended(self.relay)

    def ahead(self, seconds: float) -> None:
        """Set the clock of the flow so far ahead."""
        new = self.folder / "ahead.new"
        new.write_text(str(seconds))
        new.replace(self.folder / "ahead")  # in one step, for the host reads it all the time

    def captcha(self) -> str:
        """The answer to the latest human check."""
        return (self.folder / "captcha").read_text()

    def codes(self, number: int) -> list[str]:
        """The codes sent to a family, oldest first."""
        path = self.folder / "sms"
        sent = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return [re.findall(r"\b\d{6}\b", text)[-1] for to, text in sent if to == f"+3367{number:07}"]

    def code(self, number: int, nth: int = 1) -> str:
        """The *nth* code sent to a family, as soon as the relay has handed it over."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            codes = self.codes(number)
            if len(codes) >= nth:
                return codes[nth - 1]
            time.sleep(0.05)
        raise TimeoutError


class Parent:
    """Who sits before the page."""

    def __init__(self, host: Host, page: Page, *, check: bool = True) -> None:
        self.host, self.page, self.check = host, page, check
        self.number = next(host.numbers)
        self.mobile = f"067{self.number:07}"
        self.birth_dates = {f"alix-{self.number}": ("17", "5", "2010"), f"noé-{self.number}": ("3", "11", "2012")}
        self.width = page.evaluate("innerWidth")

    # --- looking -----------------------------------------------------------------------------------

    def at(self, slug: str) -> None:
        """The page is that of *slug*: nothing overflows, and nothing keeps anybody out."""
        expect(self.page).to_have_url(re.compile(rf"/activation/{slug}/(\?.*)?$"))
        self.page.wait_for_load_state()
        if self.check:
            self.look()

    def look(self) -> None:
        """What axe-core finds by the rules of RGAA and of WCAG 2.2 AA, and what is wider than the screen."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
        assert found == [], json.dumps(
            [[one["id"], [node["html"] for node in one["nodes"]]] for one in found], indent=1
        )
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width

    def errors(self) -> list[str]:
        """What the summary says, which has the focus."""
        summary = self.page.locator("#errors")
        expect(summary).to_be_visible()
        if self.check:
            expect(summary).to_be_focused()
            self.look()
        return self.page.locator("#errors li").all_inner_texts()

    def picture(self, name: str) -> None:
        """A screenshot for the documentation, when the pictures are being made."""
        if os.environ.get("SCREENSHOTS"):
            SCREENSHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    # --- doing -------------------------------------------------------------------------------------

    def press(self, name: str, *, double: bool = False) -> None:
        """A button."""
        button = self.page.get_by_role("button", name=name, exact=True)
        if double:
            button.dblclick()
        else:
            button.click()

    def open(self) -> None:
        self.page.goto(f"{self.host.address}/activation/")
        self.at("profil")

    def to_identity(self, **how: Any) -> None:
        self.open()
        self.press("Responsable d’élève", **how)
        self.at("connexion")
        self.press("Je n’ai pas de compte", **how)
        self.at("identite")

    def fill_identity(self, mobile: str | None = None) -> None:
        self.page.get_by_label("Nom", exact=True).fill("ESSAI")
        self.page.get_by_label("Prénom").fill("camille")
        self.page.get_by_label("N° de téléphone portable").fill(mobile or self.mobile)
        self.page.get_by_role("textbox", name="Code de sécurité").fill(self.host.captcha())

    def to_code(self, **how: Any) -> None:
        self.to_identity(**how)
        self.fill_identity()
        self.press("Suivant", **how)
        self.at("code")

    def type_code(self, code: str, **how: Any) -> None:
        self.page.get_by_label("Code reçu par SMS").fill(code)
        self.press("Suivant", **how)

    def to_pupils(self, **how: Any) -> None:
        self.to_code(**how)
        self.type_code(self.host.code(self.number), **how)
        self.at("eleves")

    def answer(self, pupil: str, *, yes: bool = True, born: tuple[str, str, str] | None = None) -> None:
        self.page.locator(f'[name="confirmed:{pupil}"][value="{"yes" if yes else "no"}"] + label').click()
        if yes:
            for part, text in zip(("day", "month", "year"), born or self.birth_dates[pupil], strict=True):
                self.page.locator(f'[name="birth:{pupil}:{part}"]').fill(text)

    def to_password(self, **how: Any) -> None:
        self.to_pupils(**how)
        for pupil in self.birth_dates:
            self.answer(pupil)
        self.press("Confirmer", **how)
        self.at("mot-de-passe")

    def choose(self, password: str, confirmation: str | None = None, **how: Any) -> None:
        self.page.get_by_label("Mot de passe", exact=True).fill(password)
        self.page.get_by_label("Confirmation du nouveau mot de passe").fill(
            password if confirmation is None else confirmation
        )
        self.press("Suivant", **how)

    def to_the_end(self, **how: Any) -> str:
        self.to_password(**how)
        self.choose(PASSWORD, **how)
        self.at("compte-active")
        return self.identifier()

    def identifier(self) -> str:
        """What the last page says to write down."""
        text = self.page.locator("#identifier").inner_text()
        assert re.fullmatch(r"c\.essai\d{2,}", text)
        return text
