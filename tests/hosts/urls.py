"""The example's addresses, and the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from host.urls import urlpatterns as of_the_host

urlpatterns = [*of_the_host, path("admin/", admin.site.urls)]
