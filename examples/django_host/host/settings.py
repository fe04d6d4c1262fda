"""Settings of a host that does little else than the journey: for local demonstration only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key

HERE = Path(__file__).parents[1]
FILE = Path(os.environ.get("HOST_DATABASE") or Path(tempfile.gettempdir()) / "educonnect_demo.db")

DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = os.environ.get("HOST_SECRET_KEY") or get_random_secret_key()
ROOT_URLCONF = "host.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "widget_tweaks",
    "dsfr",
    "educonnect_flow.contrib.django",
    "host",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
            ]
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
TIME_ZONE = "Europe/Paris"
CSRF_FAILURE_VIEW = "educonnect_flow.contrib.django.views.csrf_failure"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FILE,
        "OPTIONS": {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }
}

EDUCONNECT_FLOW = {
    "DIRECTORY": "host.family.directory",
    "SMS": "educonnect_flow.sms.ConsoleSms",
    "HUMAN_CHECK": "educonnect_flow.human_checks.CaptchaCheck",
    "SETTINGS": "host.family.SETTINGS",
    "SERVICES_URL": "services",
}
