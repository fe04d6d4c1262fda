"""The host's ``EDUCONNECT_FLOW`` setting, and the flow that it makes.

A value may be the object itself, the dotted path of one, or a class or function that makes it (named or given): it is
called without arguments, but for ``HUMAN_CHECK``, which gets the store and the key.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from attrs import Factory, define, fields
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS
from django.utils.module_loading import import_string

from educonnect_flow.errors import WrongUse
from educonnect_flow.flow import ActivationFlow
from educonnect_flow.ports import utc_now
from educonnect_flow.settings import Settings

NAME = "EDUCONNECT_FLOW"


def derived_keys() -> list[bytes]:
    """Keys made of Django's ``SECRET_KEY``, and of ``SECRET_KEY_FALLBACKS`` while it is rotated."""
    return [
        hashlib.sha256(b"educonnect_flow:" + str(key).encode()).digest()
        for key in (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    ]


@define(kw_only=True)
class Options:
    """What ``EDUCONNECT_FLOW`` may hold, by its keys in small letters."""

    directory: Any
    """Who the schools know (``educonnect_flow.ports.Directory``); must be given."""
    sms: Any
    """The gateway (``educonnect_flow.ports.Sms``); must be given."""
    secret_key: Any = Factory(derived_keys)
    """16 bytes or more, or a list of such; default: derived from ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``."""
    store: Any = None
    """Default: ``DjangoStore`` on ``database``."""
    database: str = DEFAULT_DB_ALIAS
    """The alias in ``DATABASES``."""
    settings: Any = None
    """``educonnect_flow.Settings``."""
    validators: Any = None
    """``educonnect_flow.Validators``."""
    human_check: Any = None
    password_hasher: Any = None
    breaches: Any = None
    observer: Any = None
    """A function, or the dotted path of one: it is not called to make another."""
    clock: Any = None
    """A function, or the dotted path of one."""
    source: Any = None
    """A function of the request that says where it comes from, or the dotted path of one.  Default: nothing is said,
    for behind a proxy every parent comes from one address."""
    cookie: str = "educonnect_activation_token"
    """The cookie that holds the handle."""
    services_url: str = "/"
    """Where « Accéder à mes services » leads: a path, an address or the name of a route."""


_FUNCTIONS = ("observer", "clock", "source")
_PLAIN = ("secret_key", "database", "cookie", "services_url")


@cache
def options() -> Options:
    """The host's options, imported and made.

    :raises ImproperlyConfigured: naming the key that is missing, unknown or cannot be imported.
    """
    given = getattr(django_settings, NAME, None)
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"{NAME} must be a dict with DIRECTORY and SMS")
    known = {attribute.name.upper(): attribute.name for attribute in fields(Options)}
    unknown = sorted(map(str, set(given) - set(known)))
    if unknown:
        raise ImproperlyConfigured(f"{NAME} has no {', '.join(unknown)}; it has {', '.join(known)}")
    missing = [key for key in ("DIRECTORY", "SMS") if given.get(key) is None]
    if missing:
        raise ImproperlyConfigured(f"{NAME} lacks {', '.join(missing)}")
    made = Options(**{known[key]: _imported(key, value) for key, value in given.items()})
    if made.store is None:
        from educonnect_flow.contrib.django.store import DjangoStore

        made.store = DjangoStore(made.database)
    for name in known.values():
        value = getattr(made, name)
        if name not in (*_FUNCTIONS, *_PLAIN) and _makes(value):
            setattr(made, name, value(made.store, made.secret_key) if name == "human_check" else value())
    made.settings = made.settings or Settings.educonnect()
    return made


def _imported(key: str, value: Any) -> Any:
    if not isinstance(value, str) or key.lower() in _PLAIN:
        return value
    try:
        return import_string(value)
    except ImportError as error:
        raise ImproperlyConfigured(f"{NAME}[{key!r}]: {error}") from error


def _makes(value: object) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value)


@cache
def flow() -> ActivationFlow:
    """The flow of this process: made once, used by all its threads.

    :raises ImproperlyConfigured: when ``EDUCONNECT_FLOW`` makes none.
    """
    given = options()
    try:
        return ActivationFlow(
            directory=given.directory,
            store=given.store,
            sms=given.sms,
            secret_key=given.secret_key,
            clock=given.clock,
            settings=given.settings,
            validators=given.validators,
            human_check=given.human_check,
            password_hasher=given.password_hasher,
            breaches=given.breaches,
            observer=given.observer,
        )
    except WrongUse as error:
        raise ImproperlyConfigured(f"{NAME}: {error}") from error


def forget(**_: Any) -> None:
    """Make the flow anew when it is next asked for: a test has changed the settings."""
    options.cache_clear()
    flow.cache_clear()


def now() -> datetime:
    """The time of the flow, aware."""
    clock = options().clock
    return utc_now() if clock is None else clock()
