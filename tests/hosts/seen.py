"""Ports that tell a test, through files in a folder, what a host did and what time it shall be."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from educonnect_flow import Guardian, Pupil, Relation
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.human_checks import CaptchaCheck
from educonnect_flow.ports import Message

FOLDER = Path(os.environ.get("HOST_SEEN") or tempfile.mkdtemp(prefix="host"))
FAMILIES = int(os.environ.get("HOST_FAMILIES", "0"))


def now() -> datetime:
    """The time, as far ahead as the test says."""
    ahead = FOLDER / "ahead"
    return datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()) if ahead.exists() else 0)


class SeenSms:
    """Writes each message down."""

    def send(self, message: Message) -> None:
        with (FOLDER / "sms").open("a", encoding="utf-8") as file:
            file.write(json.dumps([message.to, message.text]) + "\n")


class SeenCaptcha(CaptchaCheck):
    """The real one, which writes the latest answer down."""

    def __init__(self, store: Any, secret_key: Any) -> None:
        super().__init__(store, secret_key, clock=now)

    def _prompt(self, name: str) -> Any:
        (FOLDER / "captcha").write_text(self._text(name))
        return super()._prompt(name)


def directory() -> StaticDirectory:
    """The example's family, and as many others as the test says."""
    from host.family import FAMILY

    return StaticDirectory([FAMILY, *(family(n) for n in range(FAMILIES))])


def family(number: int) -> Guardian:
    """A guardian of two pupils, all invented."""
    pupils = [
        Pupil(
            id=f"{name.lower()}-{number}", family_name="Essai", given_name=name, birth_date=born, school=school,
            uai="0750001A", relation=relation,
        )
        for name, born, school, relation in (
            ("Alix", date(2010, 5, 17), "Lycée Jean Moulin", Relation.LEGAL_REPRESENTATIVE),
            ("Noé", date(2012, 11, 3), "Collège Simone Veil", Relation.IN_CHARGE),
        )
    ]  # fmt: skip
    return Guardian(
        id=f"family{number}", family_name="Essai", given_name="Camille", mobile=f"+3367{number:07}", pupils=pupils
    )
