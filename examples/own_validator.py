"""A host swaps in rules of its own: mobiles of La Réunion only, and no password with a year in it.

python examples/own_validator.py
"""

from __future__ import annotations

import re
import secrets

from educonnect_flow import (
    ActivationFlow,
    ChooseProfile,
    ClaimIdentity,
    Profile,
    Reason,
    Refusal,
    StartActivation,
    Validators,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.sms import ConsoleSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.validators import MobileCheck, PasswordCheck, all_of, check_mobile, check_password, first_of

REUNION = 262


def local_mobile(check: MobileCheck) -> Refusal | None:
    """Only +262 here.  The library has read the number; the validator judges what it read."""
    if check.country_code == REUNION or check.prefix == f"+{REUNION}":
        return None
    return Refusal(Reason.HOST_RULE, "mobile", {"text": "Ce service est réservé aux numéros de La Réunion (+262)."})


def no_year(check: PasswordCheck) -> Refusal | None:
    """A year is the first thing that is guessed."""
    if re.search(r"(19|20)[0-9]{2}", check.password):
        return Refusal(Reason.HOST_RULE, "password", {"text": "Le mot de passe ne doit pas contenir une année."})
    return None


VALIDATORS = Validators(
    mobile=first_of(local_mobile, check_mobile),  # stops at the first that refuses
    password=all_of(check_password, no_year),  # every reason at once
)


def main() -> None:
    """Three numbers at the identity page."""
    flow = ActivationFlow(
        directory=StaticDirectory([]),
        store=MemoryStore(),
        sms=ConsoleSms(),
        secret_key=secrets.token_bytes(32),
        validators=VALIDATORS,
    )
    out = flow.start()
    for event in (ChooseProfile(Profile.GUARDIAN), StartActivation()):
        out = flow.submit(out.handle, event)
    for mobile in ("06 12 34 56 78", "0692 12 34 56", "+262 692 12 34 56"):
        out = flow.submit(out.handle, ClaimIdentity(family_name="Hoarau", given_name="Marie", mobile=mobile))
        print(f"{mobile:<18} → {out.state.name}")
        for refusal in out.refusals:
            print(f"{'':<20} {refusal.message()}")


if __name__ == "__main__":
    main()
