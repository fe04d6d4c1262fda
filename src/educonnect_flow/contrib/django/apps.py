"""The Django application."""

from __future__ import annotations

from django.apps import AppConfig


class EduconnectFlowConfig(AppConfig):
    """``educonnect_flow.contrib.django`` in ``INSTALLED_APPS``."""

    name = "educonnect_flow.contrib.django"
    label = "educonnect_flow"
    verbose_name = "ÉduConnect"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and forget the flow whenever a setting changes."""
        from django.core.checks import register
        from django.core.signals import setting_changed

        from educonnect_flow.contrib.django import checks, conf

        register(checks.check_settings)
        setting_changed.connect(conf.forget, dispatch_uid="educonnect_flow")
