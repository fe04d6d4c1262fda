"""What parents do, by the event that a page takes: the journeys of the library share them, a host adds its own.

A move makes an event out of what the parent sees and knows; ``None`` when there is nothing to make it of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import frozen

from educonnect_flow import (
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    GoBack,
    Profile,
    PupilAnswer,
    ResendCode,
    StartActivation,
    SubmitCode,
)
from educonnect_flow.engine._event import Event
from educonnect_flow.testing.simulation._people import Parent, Tab

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._world import World

Make = Callable[["World", Parent, Tab], "Event | None"]

_CODE = re.compile(r"#(\d+)$")
_WRONG = date(2001, 2, 3)


@frozen(kw_only=True)
class Move:
    """One thing that a parent can do on a page that takes *event*."""

    name: str
    """Unique; traces contain it: no comma, no semicolon."""
    event: type[Event]
    text: str
    """As a sentence goes on after "parent 2": "submits the right code"."""
    make: Make
    right: float = 0
    """How often a right parent does it, beside the others of the page; then a mistaken and a hostile one."""
    mistaken: float = 0
    hostile: float = 0


def _claim(**wrong: Any) -> Make:
    def make(world: World, parent: Parent, tab: Tab) -> Event:
        prompt = getattr(tab.outcome.view, "prompt", None)
        record = parent.record
        form: dict[str, Any] = {
            "family_name": record.family_name,
            "given_name": record.given_name,
            "mobile": record.mobile,
            "human_check": prompt.id if prompt is not None else None,
        }
        return ClaimIdentity(**form | wrong)

    return make


def _right_code(world: World, parent: Parent, tab: Tab) -> Event | None:
    codes = _codes(world, parent, tab)
    return SubmitCode(codes[-1]) if codes else None


def _old_code(world: World, parent: Parent, tab: Tab) -> Event | None:
    """Of another message to the same phone: an older one, or one for another tab."""
    mine = _codes(world, parent, tab)
    others = [code for code in world.codes(parent) if code not in mine[-1:]]
    return SubmitCode(others[0]) if others else None


def _wrong_code(world: World, parent: Parent, tab: Tab) -> Event:
    return SubmitCode("0" * world.settings.code_length)


def _codes(world: World, parent: Parent, tab: Tab) -> list[str]:
    """Those that have arrived for the tab, in order."""
    if not parent.reads:
        return []
    return [code for message in tab.log.letters if (code := world.code_arrived(message)) is not None]


def code_in(text: str) -> str | None:
    """The code in the text of an SMS."""
    found = _CODE.search(text)
    return found[1] if found else None


def _pupils(confirm: Callable[[int], bool], *, wrong: bool = False) -> Make:
    def make(world: World, parent: Parent, tab: Tab) -> Event:
        born = {pupil.id: pupil.birth_date for one in world.records.first for pupil in one.pupils}
        return ConfirmPupils(
            [
                PupilAnswer(pupil_id=one.id, confirmed=True, birth_date=_WRONG if wrong else born.get(one.id, _WRONG))
                if confirm(n)
                else PupilAnswer(pupil_id=one.id, confirmed=False)
                for n, one in enumerate(getattr(tab.outcome.view, "pupils", ()))
            ]
        )

    return make


def _password(text: str) -> Make:
    return lambda world, parent, tab: ChoosePassword(password=text, confirmation=text)


MOVES: tuple[Move, ...] = (
    Move(name="guardian", event=ChooseProfile, text="chooses the profile of a guardian", right=1, mistaken=1, hostile=1,
         make=lambda world, parent, tab: ChooseProfile(Profile.GUARDIAN)),
    Move(name="pupil", event=ChooseProfile, text="chooses the profile of a pupil", mistaken=0.1,
         make=lambda world, parent, tab: ChooseProfile(Profile.PUPIL)),
    Move(name="begin", event=StartActivation, text="says that there is no account", right=1, mistaken=1, hostile=1,
         make=lambda world, parent, tab: StartActivation()),
    Move(name="claim", event=ClaimIdentity, text="gives names and mobile", right=1, mistaken=0.8, hostile=1,
         make=_claim()),
    Move(name="claim_other", event=ClaimIdentity, text="gives names and a mobile that no guardian has", mistaken=0.2,
         hostile=0.1, make=_claim(family_name="Inconnu", mobile="06 99 99 99 99")),
    Move(name="claim_short", event=ClaimIdentity, text="gives a number that is too short", mistaken=0.1,
         make=_claim(mobile="06 12")),
    Move(name="claim_human", event=ClaimIdentity, text="answers the human check wrongly", mistaken=0.1, hostile=0.1,
         make=_claim(human_check="no")),
    Move(name="right_code", event=SubmitCode, text="submits the newest code that came", right=6, mistaken=2,
         make=_right_code),
    Move(name="old_code", event=SubmitCode, text="submits the first other code that came", right=0.1, mistaken=0.6,
         make=_old_code),
    Move(name="wrong_code", event=SubmitCode, text="submits a wrong code", right=0.1, mistaken=1, hostile=6,
         make=_wrong_code),
    Move(name="short_code", event=SubmitCode, text="submits half a code", mistaken=0.1,
         make=lambda world, parent, tab: SubmitCode("123")),
    Move(name="resend", event=ResendCode, text="asks for another code", right=0.5, mistaken=1, hostile=1,
         make=lambda world, parent, tab: ResendCode()),
    Move(name="back", event=GoBack, text="goes back", right=0.05, mistaken=0.25, hostile=0.2,
         make=lambda world, parent, tab: GoBack()),
    Move(name="dates", event=ConfirmPupils, text="confirms every pupil with the right date", right=4, mistaken=1,
         make=_pupils(lambda n: True)),
    Move(name="first_date", event=ConfirmPupils, text="confirms the first pupil and denies the others", mistaken=0.5,
         make=_pupils(lambda n: n == 0)),
    Move(name="wrong_dates", event=ConfirmPupils, text="gives wrong dates", right=0.1, mistaken=1, hostile=4,
         make=_pupils(lambda n: True, wrong=True)),
    Move(name="no_pupil", event=ConfirmPupils, text="denies every pupil", mistaken=0.1,
         make=_pupils(lambda n: False)),
    Move(name="password", event=ChoosePassword, text="chooses a good password", right=3, mistaken=2, hostile=2,
         make=_password("Vélo-Bleu-31")),
    Move(name="other_password", event=ChoosePassword, text="chooses another good password", mistaken=0.5, hostile=1,
         make=_password("Gâteau-Vert-52")),
    Move(name="short_password", event=ChoosePassword, text="chooses a short password", mistaken=0.3,
         make=_password("x")),
)  # fmt: skip
"""For the activation and the forgotten identifier."""

SENDS_AGAIN = {
    "retry": "sends the oldest request without an answer again",
    "again": "sends the newest request again",
    "reuse": "sends another body under the id of the newest request",
    "stray": "comes with a handle that was replaced",
    "resume": "loads the page again",
}
"""Moves of every page."""
