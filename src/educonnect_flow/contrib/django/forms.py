"""A form for each event: what a parent typed goes to the flow as it is, and refusals come back beside their fields.

The forms judge nothing themselves; the flow's validators do.  Their labels are French, with an English catalogue.

Long because there is a form for each event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from educonnect_flow._secrecy import Hidden
from educonnect_flow.engine._event import Event
from educonnect_flow.journeys.activation.profile import ChooseProfile, Profile, StartActivation
from educonnect_flow.people import PupilAnswer, Relation
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.steps.code import ResendCode, SubmitCode
from educonnect_flow.steps.ending import GoBack
from educonnect_flow.steps.identity import ClaimIdentity
from educonnect_flow.steps.password import ChoosePassword
from educonnect_flow.steps.pupils import ConfirmPupils, PupilsView, ShownPupil


class Posted(QueryDict):
    """What was posted, each value hidden: a traceback with local variables holds reprs."""

    @classmethod
    def of(cls, request: HttpRequest) -> Posted:
        """That of *request*."""
        made = cls(mutable=True)
        for name in request.POST:
            made.setlist(name, list(map(Hidden, request.POST.getlist(name))))
        return made


class Typed(forms.CharField):
    """A text exactly as it was typed."""

    def __init__(self, label: Any = "", widget: forms.Widget | None = None, **more: Any) -> None:
        super().__init__(label=label, widget=widget or forms.TextInput(), required=False, strip=False, **more)
        self.validators = []


class EventForm(forms.Form):
    """The base of all: unbound for a page that is shown first, bound to what was typed once it was refused."""

    event: ClassVar[type[Event]]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, view: Any = None, refusals: Sequence[Refusal] = ()
    ) -> None:
        super().__init__(data, auto_id="%s", label_suffix="")
        self.prepare(view)
        for refusal in refusals if data is not None else ():
            self.refuse(refusal)

    def prepare(self, view: Any) -> None:
        """Shape the form after the page's view."""

    @property
    def event_name(self) -> str:
        """What the form posts as ``event``."""
        return self.event.__name__

    @classmethod
    def read(cls, data: QueryDict) -> Event:
        """The event for what was posted."""
        return cls.event(**{name: data.get(name, "") for name in cls.base_fields})

    @classmethod
    def missing(cls, data: QueryDict) -> tuple[Refusal, ...]:  # noqa: ARG003 - for forms that ask more than the event
        """What the page itself asks for and was not posted."""
        return ()

    def refuse(self, refusal: Refusal) -> None:
        """Say *refusal* beside its field; beside none when it concerns the whole."""
        name = self.name_of(refusal)
        self.add_error(name if name in self.fields else None, refusal.message(get_language() or "fr"))

    def name_of(self, refusal: Refusal) -> str | None:
        """The form's name of the field that *refusal* concerns."""
        return refusal.field

    def summary(self) -> list[tuple[str | None, str]]:
        """Every error with the id of its field, in the order of the page: those of the whole first."""
        order = [None, *self.fields]
        found = [
            (None if name == "__all__" else name, str(text)) for name, texts in self.errors.items() for text in texts
        ]
        return sorted(found, key=lambda pair: order.index(pair[0]))


class ChooseProfileForm(EventForm):
    """Two buttons named ``profile``."""

    event = ChooseProfile
    profile = forms.ChoiceField(
        choices=[(Profile.GUARDIAN.value, _("Responsable d’élève")), (Profile.PUPIL.value, _("Élève"))], required=False
    )

    @classmethod
    def read(cls, data: QueryDict) -> Event:
        """See ``EventForm``; anything but « Élève » is the guardian's."""
        return ChooseProfile(Profile.PUPIL if data.get("profile") == Profile.PUPIL.value else Profile.GUARDIAN)


class StartActivationForm(EventForm):
    """« Je n’ai pas de compte »"""

    event = StartActivation


class GoBackForm(EventForm):
    """« Précédent »"""

    event = GoBack


class ResendCodeForm(EventForm):
    """« Renvoyer le SMS »"""

    event = ResendCode


class ClaimIdentityForm(EventForm):
    """Names, mobile, and the answer to the human check where there is one."""

    event = ClaimIdentity
    family_name = Typed(_("Nom"), forms.TextInput({"autocomplete": "family-name"}))
    given_name = Typed(_("Prénom"), forms.TextInput({"autocomplete": "given-name"}))
    one_name = forms.BooleanField(label=_("Je n’ai qu’un nom"), required=False)
    mobile = Typed(
        _("N° de téléphone portable"),
        forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
        help_text=_("Format attendu : 06 12 34 56 78. Hors de France métropolitaine : +262 692 12 34 56."),
    )
    human_check = Typed(
        _("Code de sécurité"),
        forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("Recopiez les lettres et les chiffres de l’image, ou ceux que vous entendez."),
    )

    @classmethod
    def read(cls, data: QueryDict) -> Event:
        """See ``EventForm``."""
        names = ("family_name", "given_name", "mobile", "human_check")
        return ClaimIdentity(**{name: data.get(name, "") for name in names})

    @classmethod
    def missing(cls, data: QueryDict) -> tuple[Refusal, ...]:
        """The given name, unless the parent says that there is none: else a slip would look like an unknown parent."""
        blank = [name for name in ("family_name", "given_name", "mobile") if not data.get(name, "").strip()]
        if "given_name" not in blank or data.get("one_name"):
            return ()
        refusals = [Refusal(Reason.REQUIRED, name) for name in blank]
        if "human_check" in data and not data.get("human_check", "").strip():
            refusals.append(Refusal(Reason.HUMAN_CHECK_REQUIRED, "human_check"))
        return tuple(refusals)

    def prepare(self, view: Any) -> None:
        """See ``EventForm``; an answer is never shown again."""
        if getattr(view, "prompt", None) is None:
            del self.fields["human_check"]
        elif self.is_bound:
            self.data = {**self.data.dict(), "human_check": ""} if isinstance(self.data, QueryDict) else self.data


class SubmitCodeForm(EventForm):
    """The code received by SMS."""

    event = SubmitCode
    code = Typed(
        _("Code reçu par SMS"),
        forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text=_("Uniquement des chiffres."),
    )

    @classmethod
    def read(cls, data: QueryDict) -> Event:
        """See ``EventForm``; the spaces that a phone puts around a code that it fills in are dropped."""
        return SubmitCode(data.get("code", "").replace(" ", ""))


class PupilFields(NamedTuple):
    """One pupil of the page, with the fields of their answer."""

    pupil: ShownPupil
    confirmed: forms.BoundField
    birth: tuple[forms.BoundField, ...]
    """Day, month and year."""

    @property
    def legal(self) -> bool:
        """Whether the guardian is the legal representative, or in charge."""
        return self.pupil.relation is Relation.LEGAL_REPRESENTATIVE

    @property
    def birth_errors(self) -> list[str]:
        """What is wrong with the date."""
        return [str(text) for field in self.birth for text in field.errors]


YES, NO = "yes", "no"
_PARTS = (
    ("day", _("Jour"), 2, _("Exemple : 14")),
    ("month", _("Mois"), 2, _("Exemple : 12")),
    ("year", _("Année"), 4, _("Exemple : 2010")),
)


class ConfirmPupilsForm(EventForm):
    """Yes or no for each pupil, and a date of birth in three fields.

    The fields of a pupil are named ``confirmed:ID`` and ``birth:ID:day``, ``…:month``, ``…:year``.
    """

    event = ConfirmPupils

    def prepare(self, view: Any) -> None:
        """See ``EventForm``."""
        self.pupils: tuple[ShownPupil, ...] = view.pupils if isinstance(view, PupilsView) else ()
        for pupil in self.pupils:
            legal = pupil.relation is Relation.LEGAL_REPRESENTATIVE
            yes = (
                _("Je suis le représentant légal de cet élève")
                if legal
                else _("Je suis la personne en charge de cet élève")
            )
            no = (
                _("Je ne suis pas le représentant légal de cet élève")
                if legal
                else _("Je ne suis pas la personne en charge de cet élève")
            )
            self.fields[f"confirmed:{pupil.id}"] = forms.ChoiceField(
                label=pupil.label, choices=[(YES, yes), (NO, no)], widget=forms.RadioSelect(), required=False
            )
            for part, label, length, hint in _PARTS:
                attrs = {"inputmode": "numeric", "autocomplete": "off", "maxlength": length}
                self.fields[f"birth:{pupil.id}:{part}"] = Typed(label, forms.TextInput(attrs), help_text=hint)

    def shown(self) -> Iterable[PupilFields]:
        """The pupils of the page with their fields, in order."""
        for pupil in self.pupils:
            birth = tuple(self[f"birth:{pupil.id}:{part}"] for part, *_ in _PARTS)
            yield PupilFields(pupil, self[f"confirmed:{pupil.id}"], birth)

    @classmethod
    def read(cls, data: QueryDict) -> Event:
        """See ``EventForm``."""
        answers = []
        for name in data:
            prefix, _colon, pupil = name.partition(":")
            if prefix == "confirmed" and data[name] in (YES, NO):
                yes = data[name] == YES
                answers += [
                    PupilAnswer(pupil_id=pupil, confirmed=yes, birth_date=cls._date(data, pupil) if yes else None)
                ] * len(data.getlist(name))
        return ConfirmPupils(answers)

    @staticmethod
    def _date(data: QueryDict, pupil: str) -> str | None:
        """Three fields as ``JJ/MM/AAAA``: a day or month of one digit is one with a zero before."""
        day, month, year = (Hidden(data.get(f"birth:{pupil}:{part}", "").strip()) for part, *_ in _PARTS)
        return Hidden(f"{day.zfill(2)}/{month.zfill(2)}/{year}") if day or month or year else None

    def name_of(self, refusal: Refusal) -> str | None:
        """See ``EventForm``; the error of a date is shown beside its day."""
        pupil = (refusal.field or "").removeprefix("answers[").removesuffix("]")
        if refusal.reason in (Reason.BIRTH_DATE_MISSING, Reason.BIRTH_DATE_MALFORMED):
            return f"birth:{pupil}:day"
        return f"confirmed:{pupil}"


class ChoosePasswordForm(EventForm):
    """The password and its confirmation; never shown again."""

    event = ChoosePassword
    password = Typed(
        _("Mot de passe"),
        forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("Votre mot de passe doit contenir :"),
    )
    confirmation = Typed(
        _("Confirmation du nouveau mot de passe"), forms.PasswordInput({"autocomplete": "new-password"})
    )


FORMS: dict[str, type[EventForm]] = {
    form.event.__name__: form
    for form in (
        ChooseProfileForm,
        StartActivationForm,
        ClaimIdentityForm,
        SubmitCodeForm,
        ResendCodeForm,
        ConfirmPupilsForm,
        ChoosePasswordForm,
        GoBackForm,
    )
}
"""The form of each event, by the event's name: what a page posts as ``event``."""
