"""``path("activation/", include("educonnect_flow.contrib.django.urls"))``"""

from __future__ import annotations

from django.urls import path, re_path

from educonnect_flow.contrib.django.views import ActivationView, AssessView, LeaveView, PromptView

app_name = "educonnect_flow"

urlpatterns = [
    path("", ActivationView.as_view(), name="journey"),
    path("services/", LeaveView.as_view(), name="leave"),
    path("mot-de-passe/force/", AssessView.as_view(), name="assess"),
    re_path("^controle/(?P<kind>image|audio)/$", PromptView.as_view(), name="prompt"),
    path("<slug:page>/", ActivationView.as_view(), name="page"),
]
