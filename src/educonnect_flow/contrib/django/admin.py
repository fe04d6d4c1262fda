"""Admin pages that only read, and show no secret: no handle, no number, no hash, no code's nonce."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from educonnect_flow import accounts
from educonnect_flow.contrib.django import models
from educonnect_flow.tally import moment

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnly(_ModelAdmin):
    """Pages that change nothing, and show what ``fields`` names."""

    actions = None
    show_facets = admin.ShowFacets.NEVER

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """See ``ModelAdmin``."""
        return self.fields or ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See ``ModelAdmin``."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See ``ModelAdmin``."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See ``ModelAdmin``."""
        return False


@admin.register(models.Run)
class RunAdmin(ReadOnly):
    """Where each parent is."""

    fields = list_display = ("id", "journey", "state", "seen", "purge")
    search_fields = ("id",)

    @admin.display(description=_("page"))
    def state(self, row: models.Run) -> str:
        """The page where the parent is."""
        return str(row.content["state"])

    @admin.display(description=_("vue le"))
    def seen(self, row: models.Run) -> datetime:
        """When the last event came in."""
        return datetime.fromisoformat(row.content["seen_at"])

    @admin.display(description=_("effacée à partir du"), ordering="purge_at")
    def purge(self, row: models.Run) -> datetime:
        """When it may be deleted."""
        return moment(row.purge_at)


@admin.register(models.Account)
class AccountAdmin(ReadOnly):
    """Who has an account, and which pupils were denied."""

    fields = list_display = ("key", "holders", "confirmed_pupils", "denied_pupils", "since")
    search_fields = ("key",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """See ``ModelAdmin``."""
        return super().get_queryset(request).filter(kind=accounts.KIND)

    @admin.display(description=_("responsables"))
    def holders(self, row: models.Account) -> str:
        """Ids in the directory."""
        return ", ".join(row.content.guardians)

    @admin.display(description=_("élèves confirmés"))
    def confirmed_pupils(self, row: models.Account) -> str:
        """Ids in the directory."""
        return ", ".join(row.content.confirmed)

    @admin.display(description=_("élèves refusés"))
    def denied_pupils(self, row: models.Account) -> str:
        """Ids in the directory."""
        return ", ".join(row.content.denied)

    @admin.display(description=_("depuis"))
    def since(self, row: models.Account) -> datetime:
        """When it was activated."""
        return row.content.created_at


@admin.register(models.Audit)
class AuditAdmin(ReadOnly):
    """What happened, newest first."""

    fields = list_display = ("seq", "when", "journey", "run", "event", "row", "source", "dest", "why")
    search_fields = ("run",)
    list_filter = ("event", "dest")
    ordering = ("-seq",)

    @admin.display(description=_("le"), ordering="at")
    def when(self, row: models.Audit) -> datetime:
        """When."""
        return row.at_time

    @admin.display(description=_("motifs"))
    def why(self, row: models.Audit) -> str:
        """Why it was refused."""
        return ", ".join(json.loads(row.reasons))


@admin.register(models.Message)
class MessageAdmin(ReadOnly):
    """Messages that wait.  Whether one is a decoy is not shown: it would tell who is known."""

    fields = list_display = ("id", "run", "due", "attempts", "expires")
    ordering = ("due_at",)

    @admin.display(description=_("à remettre le"), ordering="due_at")
    def due(self, row: models.Message) -> datetime:
        """When the relay takes it next."""
        return moment(row.due_at)

    @admin.display(description=_("abandonné le"))
    def expires(self, row: models.Message) -> datetime:
        """After when it is dropped."""
        return moment(row.expires_at)
