"""The tables of ``DjangoStore``.  Times are whole microseconds since 1970, UTC, as in the other stores."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from educonnect_flow.activation import snapshot
from educonnect_flow.machinery.tally import moment


class Activation(models.Model):
    """An activation under way, or over and not purged yet."""

    id: models.TextField[str, str] = models.TextField(primary_key=True)
    version: models.IntegerField[int, int] = models.IntegerField()
    handle: models.TextField[str, str] = models.TextField(unique=True)
    """A digest: the handle itself is only in the parent's browser."""
    previous: models.TextField[str | None, str | None] = models.TextField(unique=True, null=True)  # noqa: DJ001 - unique when there is one
    rotated_by: models.TextField[str | None, str | None] = models.TextField(null=True)  # noqa: DJ001 - as above
    purge_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    body: models.TextField[str, str] = models.TextField()

    class Meta:
        """Names."""

        verbose_name = _("activation")
        verbose_name_plural = _("activations")

    def __str__(self) -> str:
        return self.id

    @property
    def snapshot(self) -> snapshot.Activation:
        """What the row keeps."""
        return snapshot.load(self.body, self.version)


class Answered(models.Model):
    """A request that was answered."""

    activation: models.ForeignKey[Activation, Activation] = models.ForeignKey(
        Activation, models.CASCADE, related_name="answers", db_constraint=False, db_index=False
    )
    key: models.TextField[str, str] = models.TextField()
    fingerprint: models.TextField[str, str] = models.TextField()
    version: models.IntegerField[int, int] = models.IntegerField()
    accepted: models.BooleanField[bool, bool] = models.BooleanField()
    refusals: models.TextField[str, str] = models.TextField()
    body: models.TextField[str, str] = models.TextField()

    class Meta:
        """A request belongs to its activation."""

        constraints = (models.UniqueConstraint(fields=("activation", "key"), name="educonnect_flow_answered_once"),)

    def __str__(self) -> str:
        return self.key


class Outbox(models.Model):
    """A message that waits for the relay.  The number is sealed, and the text is made when it leaves."""

    id: models.TextField[str, str] = models.TextField(primary_key=True)
    activation: models.TextField[str, str] = models.TextField(db_index=True)
    due_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    attempts: models.IntegerField[int, int] = models.IntegerField()
    nonce: models.TextField[str, str] = models.TextField()
    mobile: models.TextField[str, str] = models.TextField()
    created_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    expires_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    decoy: models.BooleanField[bool, bool] = models.BooleanField()

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


class Account(models.Model):
    """An account that was activated."""

    identifier: models.TextField[str, str] = models.TextField(primary_key=True)
    base: models.TextField[str, str] = models.TextField()
    guardians: models.TextField[str, str] = models.TextField()
    confirmed: models.TextField[str, str] = models.TextField()
    denied: models.TextField[str, str] = models.TextField()
    password_hash: models.TextField[str, str] = models.TextField()
    created_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    activation: models.TextField[str, str] = models.TextField()

    class Meta:
        """Names."""

        verbose_name = _("compte")
        verbose_name_plural = _("comptes")

    def __str__(self) -> str:
        return self.identifier


class Holder(models.Model):
    """A guardian who has an account."""

    guardian: models.TextField[str, str] = models.TextField(primary_key=True)
    identifier: models.TextField[str, str] = models.TextField()

    def __str__(self) -> str:
        return self.identifier


class Base(models.Model):
    """How many identifiers were made of one name."""

    base: models.TextField[str, str] = models.TextField(primary_key=True)
    issued: models.BigIntegerField[int, int] = models.BigIntegerField()

    def __str__(self) -> str:
        return self.base


class Spent(models.Model):
    """A key that may be used once."""

    key: models.TextField[str, str] = models.TextField(primary_key=True)
    until: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Audit(models.Model):
    """An entry of the audit trail."""

    seq: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    activation: models.TextField[str, str] = models.TextField(db_index=True)
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
