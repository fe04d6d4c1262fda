"""The journey, the switch of languages, and where the journey leads."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView, TemplateView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="educonnect_flow:journey")),
    path("activation/", include("educonnect_flow.contrib.django.urls")),
    path("services/", TemplateView.as_view(template_name="services.html"), name="services"),
    path("langue/", include("django.conf.urls.i18n")),
]
