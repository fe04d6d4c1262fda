"""The journey of a parent in a terminal: by hand, or by itself with ``--auto``.

    python examples/activate.py          # answer the pages yourself
    python examples/activate.py --auto   # watch: a wrong code, a resend, a wrong date, and the identifier

The family is invented, after the guide's: two pupils at a lycée, of whom the parent is the legal representative,
and two at a collège, of whom she is in charge.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from educonnect_flow import (
    ActivationFlow,
    ChoosePassword,
    ChooseProfile,
    ClaimIdentity,
    ConfirmPupils,
    GoBack,
    Guardian,
    Outcome,
    Profile,
    Pupil,
    PupilAnswer,
    Relation,
    ResendCode,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.ports import Message
from educonnect_flow.stores import SqliteStore

WIDTH = 72
FIELDS = {"family_name": "Nom : ", "given_name": "Prénom : ", "mobile": "N° de portable : ", "code": "Code : "}


def pupil(name: str, born: date, school: str, relation: Relation) -> Pupil:
    """One of the family."""
    return Pupil(
        id=name.lower(),
        family_name="Durand",
        given_name=name,
        birth_date=born,
        school=school,
        uai="0750001A",
        relation=relation,
    )


FAMILY = Guardian(
    id="g1",
    family_name="Durand",
    given_name="Émilie",
    mobile="+33612345678",
    pupils=[
        pupil("Sacha", date(2007, 9, 21), "Lycée Jean Moulin", Relation.LEGAL_REPRESENTATIVE),
        pupil("Basile", date(2009, 3, 14), "Lycée Jean Moulin", Relation.LEGAL_REPRESENTATIVE),
        pupil("Elsa", date(2011, 1, 1), "Collège Simone Veil", Relation.IN_CHARGE),
        pupil("Lina", date(2013, 6, 30), "Collège Simone Veil", Relation.IN_CHARGE),
    ],
)


class Terminal:
    """Draws the pages: with colour on a terminal, plain when piped."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty()
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")

    def paint(self, code: str, text: str) -> str:
        """*text* in a colour, where there are any."""
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def page(self, title: str, *lines: str) -> None:
        """A page with a frame."""
        print("\n┌" + "─" * WIDTH + "┐")
        print("│ " + self.paint("1;34", title.ljust(WIDTH - 2)) + " │")
        print("├" + "─" * WIDTH + "┤")
        for line in lines:
            for part in textwrap.wrap(line, WIDTH - 2, drop_whitespace=False) or [""]:
                print("│ " + part.ljust(WIDTH - 2) + " │")
        print("└" + "─" * WIDTH + "┘")

    def typed(self, what: str) -> None:
        """What the parent does."""
        print(self.paint("36", f"  → {what}"))

    def note(self, text: str) -> None:
        """What happens around the parent."""
        print(self.paint("2", f"  … {text}"))

    def refused(self, out: Outcome) -> None:
        """Why not."""
        for refusal in out.refusals:
            field = FIELDS.get(refusal.field or "", "")
            for line in textwrap.wrap(f"✗ {field}{refusal.message()}", WIDTH, subsequent_indent="  "):
                print(self.paint("31", f"  {line}"))

    def send(self, message: Message) -> None:
        """The terminal is the telephone too: see :class:`educonnect_flow.ports.Sms`."""
        print(self.paint("33", f"\n  ✉ SMS → {message.to}"))
        for line in message.text.splitlines():
            print(self.paint("33", f"  │ {line}"))
        self.code = message.text[-6:]


class Clock:
    """The system's, which ``--auto`` may set forward instead of waiting."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.ahead


def show(terminal: Terminal, out: Outcome) -> None:  # noqa: C901 - one case per page
    """The page that *out* stands on, with only what its view holds."""
    view = out.view
    match out.state:
        case State.PROFILE:
            terminal.page("Je sélectionne mon profil", "[1] Responsable d’élève", "[2] Élève")
        case State.SIGN_IN:
            terminal.page("Je me connecte avec mon compte ÉduConnect", "[1] Je n’ai pas de compte →", "[p] Précédent")
        case State.IDENTITY:
            terminal.page(
                "Activation du compte — je confirme mon identité",
                "Nom, prénom, et le numéro de portable communiqué à l’école.",
                "Pour les numéros hors France métropolitaine, indiquez l’indicatif.",
                "[p] Précédent",
            )
        case State.CODE:
            terminal.page(
                "Un code de sécurité a été envoyé",
                f"au {view.masked_mobile}, valable jusqu’à {view.expires_at.astimezone():%H h %M}.",
                f"Essais restants : {view.attempts_left}.   Renvois restants : {view.resends_left}.",
                "Rien reçu ? Vérifiez le numéro avec l’école, ou renvoyez le SMS [r].",
                "[p] Précédent",
            )
        case State.PUPILS:
            relation = {
                Relation.LEGAL_REPRESENTATIVE: "le représentant légal",
                Relation.IN_CHARGE: "la personne en charge",
            }
            terminal.page(
                "Je confirme les élèves qui me sont rattachés",
                *(f"{p.label:<8} {p.school:<22} suis-je {relation[p.relation]} ?" for p in view.pupils),
                f"Essais restants : {view.attempts_left}.",
            )
        case State.PASSWORD:
            terminal.page(
                "Je choisis mon nouveau mot de passe", *(f"– {criterion.message()}" for criterion in view.criteria)
            )
        case State.ACTIVATED:
            names = ", ".join(p.given_name for p in view.pupils)
            terminal.page(
                "Votre compte a été activé avec succès",
                "Notez votre identifiant. Vous en aurez besoin pour votre prochaine connexion.",
                "",
                f"    {view.identifier}",
                "",
                f"Élèves : {names}.",
                "Accéder à mes services →",
            )
        case State.ALREADY_ACTIVE:
            terminal.page("Vous avez déjà un compte", "Connectez-vous, ou retrouvez votre identifiant.")
        case State.NOT_ELIGIBLE:
            terminal.page(
                "L’activation est réservée aux responsables des élèves", "Demandez vos codes à l’établissement."
            )
        case State.REFUSED:
            terminal.page("Le compte ne peut pas être activé", "Adressez-vous à l’école ou à l’établissement.")
        case State.LOCKED:
            when = "maintenant" if view.until is None else f"après {view.until.astimezone():%H h %M}"
            terminal.page("Trop d’essais", f"Vous pourrez recommencer {when}.")
        case State.EXPIRED:
            terminal.page("La session est terminée", "Recommencez l’activation.")


def script(terminal: Terminal, clock: Clock) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What the parent of ``--auto`` does, page after page, mistakes included."""
    yield "Responsable d’élève", lambda: ChooseProfile(Profile.GUARDIAN)
    yield "Je n’ai pas de compte", StartActivation
    yield (
        "DURAND, Emilie, 01 40 20 50 50 (un fixe)",
        lambda: ClaimIdentity(family_name="DURAND", given_name="Emilie", mobile="01 40 20 50 50"),
    )
    yield (
        "DURAND, Emilie, 06 12 34 56 78",
        lambda: ClaimIdentity(family_name="DURAND", given_name="Emilie", mobile="06 12 34 56 78"),
    )
    yield "un code faux", lambda: SubmitCode(f"{(int(terminal.code) + 1) % 10**6:06}")
    yield "Renvoyer le SMS, tout de suite", ResendCode
    clock.ahead += timedelta(minutes=1)
    terminal.note("une minute plus tard")
    yield "Renvoyer le SMS", ResendCode
    yield "le code reçu", lambda: SubmitCode(terminal.code)
    right = {p.id: p.birth_date for p in FAMILY.pupils}
    for dates, remark in ((right | {"elsa": date(2011, 1, 2)}, " (dont une fausse)"), (right, "")):
        yield f"quatre fois oui, avec les dates{remark}", partial(confirm, dates)
    for text in ("durand", "Vélo-Bleu-31"):
        yield f"mot de passe : {text}", partial(ChoosePassword, password=text, confirmation=text)


def confirm(dates: dict[str, date]) -> ConfirmPupils:
    """Yes to every pupil, with a date each, as typed."""
    return ConfirmPupils(
        [PupilAnswer(pupil_id=p, confirmed=True, birth_date=f"{day:%d/%m/%Y}") for p, day in dates.items()]
    )


def typed(prompt: str) -> str:
    """An answer without the spaces around it, in small letters."""
    return input(f"  {prompt} : ").strip().lower()


def ask(out: Outcome) -> Any:
    """The event for what is typed at the page of *out*."""
    match out.state:
        case State.PROFILE:
            return ChooseProfile(Profile.PUPIL if typed("Choix [1]") == "2" else Profile.GUARDIAN)
        case State.SIGN_IN:
            return GoBack() if typed("Choix [1]") == "p" else StartActivation()
        case State.IDENTITY:
            name = input("  Nom, ou p : ")
            if name.strip().lower() == "p":
                return GoBack()
            return ClaimIdentity(family_name=name, given_name=input("  Prénom : "), mobile=input("  N° de portable : "))
        case State.CODE:
            said = typed("Code, r ou p")
            return {"r": ResendCode(), "p": GoBack()}.get(said, SubmitCode(said))
        case State.PUPILS:
            answers = []
            for shown in out.view.pupils:
                said = typed(f"{shown.label}, oui, non ou p [oui]")
                if said == "p":
                    return GoBack()
                yes = said not in {"n", "non", "nan"}
                born = input("  Né(e) le (JJ/MM/AAAA) : ") if yes else None
                answers.append(PupilAnswer(pupil_id=shown.id, confirmed=yes, birth_date=born))
            return ConfirmPupils(answers)
        case _:
            text = input("  Mot de passe, ou p : ")
            return (
                GoBack()
                if text in {"p", "P"}
                else ChoosePassword(password=text, confirmation=input("  Confirmation : "))
            )


def main() -> int:
    """Walk the journey; 0 when an account came out."""
    parser = argparse.ArgumentParser(description="EduConnect's activation in a terminal.")
    parser.add_argument("--auto", action="store_true", help="play a parent who makes some mistakes")
    auto = parser.parse_args().auto
    terminal, clock = Terminal(), Clock()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "activations.db")
        flow = ActivationFlow(
            directory=StaticDirectory([FAMILY]),
            store=store,
            sms=terminal,
            secret_key=secrets.token_bytes(32),
            clock=clock,
        )
        if not auto:
            terminal.note("la famille : Émilie Durand, 06 12 34 56 78, et")
            for p in FAMILY.pupils:
                terminal.note(f"{p.given_name}, né(e) le {p.birth_date:%d/%m/%Y}")
        played = script(terminal, clock)
        out = flow.start()
        show(terminal, out)
        try:
            while out.permitted:
                if auto:
                    what, make = next(played)
                    terminal.typed(what)
                    event = make()
                else:
                    event = ask(out)
                before = out.state
                out = flow.submit(out.handle, event)
                terminal.refused(out)
                flow.deliver()  # a process of its own in production: see educonnect_flow.relay
                if out.state is not before or isinstance(event, ResendCode):
                    show(terminal, out)
        except (EOFError, KeyboardInterrupt):
            print("\nAu revoir.")
        store.close()
    return 0 if out.state is State.ACTIVATED else 1


if __name__ == "__main__":
    raise SystemExit(main())
