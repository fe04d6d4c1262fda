"""What a parent reads: French is the source, other languages are gettext catalogues beside it."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from educonnect_flow._secrecy import Hidden
from educonnect_flow.settings import Settings

DOMAIN = "educonnect_flow"
LOCALES = ("fr", "en")
_FOLDER = Path(__file__).parent / "locale"

WAIT = "wait"
"""The place in a text for how long to wait: « dans 3 minutes »."""

TEXTS: dict[str, str] = {
    "NOT_NOW": "Cette étape est terminée. Continuez sur la page affichée.",
    "IDLE": "Votre session a expiré. Recommencez depuis le début.",
    "REQUIRED": "Remplissez ce champ.",
    "TOO_LONG": "Ce champ a trop de caractères : {max} au plus.",
    "CHARACTERS": "Ce champ contient un caractère qui n’est pas accepté ici. Retirez-le.",
    "MOBILE_CHARACTERS": (
        "Le numéro contient autre chose que des chiffres. Format attendu : 06 12 34 56 78 ou +262 692 12 34 56."
    ),
    "MOBILE_INVALID": "Ce numéro n’existe pas. Vérifiez les chiffres. Format attendu : 06 12 34 56 78.",
    "MOBILE_EXTENSION": "Donnez le numéro sans numéro de poste.",
    "MOBILE_COUNTRY": (
        "Seuls les numéros de France et d’outre-mer peuvent recevoir le code. Utilisez le portable que "
        "l’école connaît, ou adressez-vous à l’école."
    ),
    "MOBILE_KIND": (
        "Ce numéro n’est pas celui d’un portable : il ne peut pas recevoir de SMS. Utilisez le portable que "
        "l’école connaît, ou adressez-vous à l’école."
    ),
    "MOBILE_PREFIX": "Ce numéro est d’outre-mer. Tapez-le avec son indicatif devant : {prefix}.",
    "HUMAN_CHECK_REQUIRED": "Répondez au contrôle de sécurité.",
    "HUMAN_CHECK_FAILED": "La réponse au contrôle de sécurité n’est pas la bonne. En voici un nouveau.",
    "IDENTITY_UNKNOWN": (
        "Aucun responsable d’élève n’est connu sous ce nom avec ce numéro. Vérifiez le nom et le numéro, ou "
        "demandez à l’école quel numéro elle a noté."
    ),
    "MOBILE_LOCKED": "Trop d’essais ont échoué avec ce numéro. Réessayez {wait}, ou adressez-vous à l’école.",
    "SOURCE_FAILURES": "Trop d’essais ont échoué depuis votre accès à internet. Réessayez {wait}.",
    "SERVICE_FAILURES": "Le service reçoit trop d’essais qui échouent. Réessayez {wait}.",
    "RESEND_TOO_SOON": "Vous pourrez demander un autre code {wait}.",
    "RESENDS_USED": (
        "Tous les codes possibles ont été demandés. Vérifiez le nom et le numéro que l’école connaît, et "
        "recommencez depuis le début."
    ),
    "SMS_PER_MOBILE": (
        "Trop de codes ont été demandés pour ce numéro. Vérifiez le nom et le numéro que l’école connaît. "
        "Réessayez {wait}."
    ),
    "SMS_PER_SOURCE": "Trop de codes ont été demandés depuis votre accès à internet. Réessayez {wait}.",
    "SMS_PER_PREFIX": (
        "Trop de codes ont été demandés pour des numéros qui commencent comme le vôtre. Réessayez {wait}."
    ),
    "SMS_BUDGET": "Le service ne peut plus envoyer de SMS pour l’instant. Réessayez {wait}.",
    "CODE_MALFORMED": "Le code comporte {length} chiffres. Recopiez celui du dernier SMS reçu.",
    "CODE_WRONG": ("Ce code n’est pas le bon. Recopiez celui du dernier SMS reçu, ou demandez un nouveau code."),
    "CODE_EXPIRED": "Ce code n’est plus valable. Demandez-en un nouveau.",
    "LOCKED": "Trop d’essais ont échoué. Recommencez {wait}, ou adressez-vous à l’école.",
    "ANSWER_MISSING": "Répondez pour cet élève.",
    "ANSWER_REPEATED": "Une seule réponse est possible pour cet élève.",
    "PUPIL_NOT_SHOWN": "Une réponse concerne un élève qui n’est pas sur la page. Rechargez la page.",
    "BIRTH_DATE_MISSING": "Donnez la date de naissance de cet élève.",
    "BIRTH_DATE_MALFORMED": "Cette date n’est pas celle d’un élève. Exemple : 21/09/2007.",
    "BIRTH_DATES_WRONG": (
        "Au moins une date de naissance ne correspond pas à celle que l’école connaît. Si vos dates sont "
        "justes, demandez à l’école de vérifier celles qu’elle a notées."
    ),
    "NO_PUPIL": "Aucun élève ne vous est rattaché. Adressez-vous à l’école ou à l’établissement.",
    "NO_PUPIL_CONFIRMED": (
        "Vous n’avez confirmé aucun élève : le compte n’est pas activé. Adressez-vous à l’école ou à l’établissement."
    ),
    "PASSWORD_TOO_SHORT": "Le mot de passe doit contenir {min} caractères minimum.",
    "PASSWORD_NO_UPPER": "Le mot de passe doit contenir 1 majuscule.",
    "PASSWORD_NO_LOWER": "Le mot de passe doit contenir 1 minuscule.",
    "PASSWORD_NO_DIGIT": "Le mot de passe doit contenir 1 chiffre.",
    "PASSWORD_NO_SPECIAL": (
        "Le mot de passe doit contenir 1 caractère spécial parmi ! ? @ # $ ( ) { } [ ] _ & = + - % * < > £ µ / . : ;"
    ),
    "PASSWORD_COMMON": "Ce mot de passe est trop courant : il serait vite deviné.",
    "PASSWORD_BREACHED": "Ce mot de passe a été divulgué ailleurs. Choisissez-en un autre.",
    "PASSWORD_HAS_NAME": "Le mot de passe ne doit pas contenir votre nom ni votre prénom.",
    "PASSWORD_HAS_MOBILE": "Le mot de passe ne doit pas contenir votre numéro de téléphone.",
    "PASSWORD_HAS_IDENTIFIER": "Le mot de passe ne doit pas contenir votre identifiant.",
    "PASSWORD_HAS_SERVICE": "Le mot de passe ne doit pas contenir le nom du service.",
    "PASSWORD_MISMATCH": "Les deux mots de passe ne sont pas les mêmes.",
    "HOST_RULE": "{text}",
}
"""One text for each reason, by its name: also the msgid of the catalogues."""

AT_ONCE: dict[str, str] = {
    "LOCKED": "Trop d’essais ont échoué. Recommencez depuis le début, ou adressez-vous à l’école.",
}
"""Texts for a refusal that has no wait."""

PLURALS: dict[str, tuple[str, str]] = {
    "attempts": ("Il vous reste {n} essai.", "Il vous reste {n} essais."),
    "seconds": ("dans {n} seconde", "dans {n} secondes"),
    "minutes": ("dans {n} minute", "dans {n} minutes"),
    "hours": ("dans {n} heure", "dans {n} heures"),
}
"""Texts that count."""

SMS = "ÉduConnect : votre code est {code}, valable {minutes} min après votre demande. Ne le donnez à personne."
"""The SMS, in letters of the GSM alphabet, so that it is one message and not two."""

CRITERIA: dict[str, str] = {
    "upper": "Doit contenir 1 majuscule",
    "lower": "Doit contenir 1 minuscule",
    "digit": "Doit contenir 1 chiffre",
    "special": "Doit contenir 1 caractère spécial parmi ! ? @ # $ ( ) { } [ ] _ & = + - % * < > £ µ / . : ;",
    "length": "Doit contenir {min} caractères minimum",
}
"""The guide's five lines under the password."""

_MINUTE, _HOUR = 60, 3600


def _catalogue(locale: str) -> gettext.NullTranslations:
    language = locale[:8].replace("-", "_").split("_")[0].lower()
    return _loaded(language if language in LOCALES else "fr")


@cache
def _loaded(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, _FOLDER, [language])


def _count(catalogue: gettext.NullTranslations, what: str, n: int) -> str:
    return catalogue.ngettext(*PLURALS[what], n).replace("{n}", str(n))


def _wait(catalogue: gettext.NullTranslations, seconds: int) -> str:
    """In seconds up to a minute and a half, in minutes up to 90 unless it is an hour, then in hours: rounded up."""
    if seconds < 1.5 * _MINUTE:
        return _count(catalogue, "seconds", seconds)
    if seconds <= 1.5 * _HOUR and seconds != _HOUR:
        return _count(catalogue, "minutes", -(-seconds // _MINUTE))
    return _count(catalogue, "hours", -(-seconds // _HOUR))


def refusal_text(reason: str, params: Mapping[str, Any], locale: str) -> str:
    """The sentence for *reason* (its name) in *locale*; what *params* lack stays out."""
    catalogue = _catalogue(locale)
    text = catalogue.gettext(TEXTS[reason] if "seconds" in params else AT_ONCE.get(reason, TEXTS[reason]))
    values: dict[str, Any] = {name: str(value) for name, value in params.items()}
    if "seconds" in params:
        values[WAIT] = _wait(catalogue, params["seconds"])
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    if "attempts_left" in params and params["attempts_left"] > 0:
        text += " " + _count(catalogue, "attempts", params["attempts_left"])
    return text


def criterion_text(name: str, least: int, locale: str) -> str:
    """The line for a criterion of the password page, by its name."""
    return _catalogue(locale).gettext(CRITERIA[name]).replace("{min}", str(least))


def sms_text(code: str, settings: Settings) -> str:
    """The SMS for *code*.  Every try says the same: so it counts the minutes from the request.

    Its last line is the origin-bound form by which phones fill the code in by themselves (WICG: Origin-bound
    one-time codes delivered via SMS).
    """
    minutes = max(1, int(settings.code_ttl.total_seconds() // _MINUTE))
    text = _catalogue(settings.sms_locale).gettext(SMS).replace("{minutes}", str(minutes))
    return Hidden(f"{text.replace('{code}', code)}\n\n@{settings.origin} #{code}")
