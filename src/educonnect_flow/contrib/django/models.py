"""The tables of ``DjangoStore``.  Times are whole microseconds since 1970, UTC, as in the other stores."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from educonnect_flow import accounts, records
from educonnect_flow.tally import moment


class Run(models.Model):
    """A run under way, or one that has ended and is not purged yet."""

    id: models.TextField[str, str] = models.TextField(primary_key=True)
    journey: models.TextField[str, str] = models.TextField()
    owner: models.TextField[str, str] = models.TextField()
    version: models.IntegerField[int, int] = models.IntegerField()
    handle: models.TextField[str, str] = models.TextField(unique=True)
    """A digest: the handle itself is only in the parent's browser."""
    previous: models.TextField[str | None, str | None] = models.TextField(unique=True, null=True)  # noqa: DJ001 - unique when there is one
    rotated_by: models.TextField[str | None, str | None] = models.TextField(null=True)  # noqa: DJ001 - as above
    purge_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    wanted: models.TextField[str, str] = models.TextField()
    """The records that are read with the run."""
    body: models.TextField[str, str] = models.TextField()

    class Meta:
        """Names."""

        verbose_name = _("démarche")
        verbose_name_plural = _("démarches")

    def __str__(self) -> str:
        return self.id

    @property
    def content(self) -> dict[str, Any]:
        """What the row keeps."""
        content: dict[str, Any] = json.loads(self.body)
        return content


class Answered(models.Model):
    """A request that was answered."""

    run: models.TextField[str, str] = models.TextField()
    key: models.TextField[str, str] = models.TextField()
    fingerprint: models.TextField[str, str] = models.TextField()
    version: models.IntegerField[int, int] = models.IntegerField()
    accepted: models.BooleanField[bool, bool] = models.BooleanField()
    refusals: models.TextField[str, str] = models.TextField()
    body: models.TextField[str, str] = models.TextField()

    class Meta:
        """A request belongs to its run."""

        constraints = (models.UniqueConstraint(fields=("run", "key"), name="educonnect_flow_answered_once"),)

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """A message that waits for the relay.  The number is sealed, and the text is made when it leaves."""

    id: models.TextField[str, str] = models.TextField(primary_key=True)
    run: models.TextField[str, str] = models.TextField(db_index=True)
    journey: models.TextField[str, str] = models.TextField()
    owner: models.TextField[str, str] = models.TextField(db_index=True)
    due_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    attempts: models.IntegerField[int, int] = models.IntegerField()
    created_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    expires_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    decoy: models.BooleanField[bool, bool] = models.BooleanField()
    body: models.TextField[str, str] = models.TextField()

    class Meta:
        """Names."""

        verbose_name = _("message")
        verbose_name_plural = _("messages en attente")

    def __str__(self) -> str:
        return self.id


class Tally(models.Model):
    """What is counted under a key."""

    key: models.TextField[str, str] = models.TextField(primary_key=True)
    body: models.TextField[str, str] = models.TextField()
    forgotten_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Record(models.Model):
    """What outlives a run: an account."""

    kind: models.TextField[str, str] = models.TextField()
    key: models.TextField[str, str] = models.TextField()
    owner: models.TextField[str, str] = models.TextField()
    version: models.IntegerField[int, int] = models.IntegerField()
    body: models.TextField[str, str] = models.TextField()
    expires_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        """A key is unique within its kind."""

        constraints = (models.UniqueConstraint(fields=("kind", "key"), name="educonnect_flow_record_once"),)

    def __str__(self) -> str:
        return self.key


class Account(Record):
    """The records that are accounts, for the admin."""

    class Meta:
        """Names."""

        proxy = True
        verbose_name = _("compte")
        verbose_name_plural = _("comptes")

    @property
    def content(self) -> accounts.Account:
        """What the row keeps."""
        return accounts.read_account(
            records.Record(kind=self.kind, key=self.key, owner=self.owner, version=self.version, body=self.body)
        )


class Name(models.Model):
    """A name by which a record is found."""

    kind: models.TextField[str, str] = models.TextField()
    name: models.TextField[str, str] = models.TextField()
    key: models.TextField[str, str] = models.TextField()
    sole: models.BooleanField[bool, bool] = models.BooleanField()

    class Meta:
        """No two records have one unique name."""

        constraints = (
            models.UniqueConstraint(fields=("kind", "name", "key"), name="educonnect_flow_name_once"),
            models.UniqueConstraint(
                fields=("kind", "name"), condition=models.Q(sole=True), name="educonnect_flow_name_sole"
            ),
        )
        indexes = (models.Index(fields=("kind", "key"), name="educonnect_flow_name_key"),)

    def __str__(self) -> str:
        return self.name


class Spent(models.Model):
    """A key that may be used once."""

    key: models.TextField[str, str] = models.TextField(primary_key=True)
    until: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Audit(models.Model):
    """An entry of the audit trail."""

    seq: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    run: models.TextField[str, str] = models.TextField(db_index=True)
    journey: models.TextField[str, str] = models.TextField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()
    event: models.TextField[str, str] = models.TextField()
    row: models.TextField[str | None, str | None] = models.TextField(null=True)  # noqa: DJ001 - none is no empty name
    source: models.TextField[str, str] = models.TextField()
    dest: models.TextField[str, str] = models.TextField()
    reasons: models.TextField[str, str] = models.TextField()
    denied: models.TextField[str, str] = models.TextField()
    mobile: models.TextField[str | None, str | None] = models.TextField(null=True)  # noqa: DJ001 - as above
    origin: models.TextField[str | None, str | None] = models.TextField(null=True)  # noqa: DJ001 - as above

    class Meta:
        """Names."""

        verbose_name = _("entrée du journal")
        verbose_name_plural = _("journal")

    def __str__(self) -> str:
        return f"{self.event} {self.at_time:%Y-%m-%d %H:%M:%S}"

    @property
    def at_time(self) -> datetime:
        """When, aware."""
        return moment(self.at)
