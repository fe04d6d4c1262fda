"""The example's own settings, with what a test needs to see and to set: the SMS, the answers of the human check, the clock."""

from __future__ import annotations

import json
import os
import sys

from tests import ROOT

EXAMPLE = ROOT / "examples" / "django_host"
sys.path.insert(0, str(EXAMPLE))

from host.settings import *  # noqa: E402, F403 - the path comes first; all of them
from host.settings import DATABASES, EDUCONNECT_FLOW, INSTALLED_APPS, MIDDLEWARE, TEMPLATES  # noqa: E402 - the path comes first

DEBUG = bool(os.environ.get("HOST_BROWSER"))  # static files are served by runserver then
SECRET_KEY = "a secret key made for the tests, and for nothing else"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages", *INSTALLED_APPS,
]  # fmt: skip
MIDDLEWARE = [
    *MIDDLEWARE,
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [  # type: ignore[index]  # a plain literal of the example
    "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages",
]  # fmt: skip
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "tests.hosts.urls"
EDUCONNECT_FLOW = EDUCONNECT_FLOW | {
    "SMS": "tests.hosts.seen.SeenSms",
    "HUMAN_CHECK": "tests.hosts.seen.SeenCaptcha",
    "CLOCK": "tests.hosts.seen.now",
    "DIRECTORY": "tests.hosts.seen.directory",
}
if os.environ.get("HOST_POSTGRES"):  # under load: no human check, for no program reads its image
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["HOST_POSTGRES"])}}
    del EDUCONNECT_FLOW["HUMAN_CHECK"]
