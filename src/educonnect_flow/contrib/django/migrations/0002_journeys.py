"""Journeys beside the activation: runs and messages name theirs, and an account is a record.

What was stored is kept, and every run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import migrations, models

from educonnect_flow.stores._postgres_functions import functions

CENTURY = 3_155_760_000_000_000
"""In microseconds: for so long it is counted how often a base of an identifier was given out."""


BATCH = 1_000
"""Rows that are written at once."""


def bring_up(apps: Any, schema_editor: Any) -> None:
    """Write what was stored in the former tables into the new ones."""
    using = schema_editor.connection.alias

    def every(name: str) -> Any:
        return apps.get_model("educonnect_flow", name)._default_manager.using(using)  # noqa: SLF001 - Django's name

    for message in every("Message").iterator():
        message.body = json.dumps({"nonce": message.nonce, "mobile": message.mobile})
        message.save(using=using, update_fields=["body"])
    record, name, tally = (apps.get_model("educonnect_flow", one) for one in ("Record", "Name", "Tally"))
    newest: dict[str, int] = {}

    def records() -> Iterator[Any]:
        for account in every("Account").iterator():
            newest[account.base] = max(newest.get(account.base, 0), account.created_at)
            body = {
                "format": 1,
                "guardians": json.loads(account.guardians),
                "confirmed": json.loads(account.confirmed),
                "denied": json.loads(account.denied),
                "password_hash": account.password_hash,
                "created_at": account.created_at,
                "run": account.activation,
            }
            key = account.identifier
            yield record(kind="account", key=key, owner=key, version=1, body=json.dumps(body))

    def names() -> Iterator[Any]:
        for holder in every("Holder").iterator():
            yield name(kind="account", name=f"guardian:{holder.guardian}", key=holder.identifier, sole=True)

    def tallies() -> Iterator[Any]:
        for base in every("Base").iterator():
            at = newest.get(base.base, 0)
            body = json.dumps([0, [at, base.issued]])
            yield tally(key=f"identifiers:{base.base}", body=body, forgotten_at=at + CENTURY)

    for model, rows in (("Record", records()), ("Name", names()), ("Tally", tallies())):
        while batch := list(islice(rows, BATCH)):
            every(model).bulk_create(batch)


def make_functions(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - as Django calls it
    """PostgreSQL commits by a function: one round trip."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(functions("educonnect_flow_", "educonnect_flow", arrays=False), params=None)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("educonnect_flow", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("answered", "educonnect_flow_answered_once"),
        migrations.AlterField("answered", "activation", models.TextField()),
        migrations.RenameField("answered", "activation", "run"),
        migrations.AddConstraint(
            "answered", models.UniqueConstraint(fields=("run", "key"), name="educonnect_flow_answered_once")
        ),
        migrations.RenameModel("Activation", "Run"),
        migrations.AlterModelOptions("run", {"verbose_name": "démarche", "verbose_name_plural": "démarches"}),
        migrations.AddField("run", "journey", models.TextField(default="ACTIVATION"), preserve_default=False),
        migrations.AddField("run", "owner", models.TextField(default=""), preserve_default=False),
        migrations.AddField("run", "wanted", models.TextField(default="[]"), preserve_default=False),
        migrations.RenameModel("Outbox", "Message"),
        migrations.RenameField("message", "activation", "run"),
        migrations.AddField("message", "journey", models.TextField(default="ACTIVATION"), preserve_default=False),
        migrations.AddField("message", "owner", models.TextField(default="", db_index=True), preserve_default=False),
        migrations.AddField("message", "body", models.TextField(default=""), preserve_default=False),
        migrations.RenameField("audit", "activation", "run"),
        migrations.AddField("audit", "journey", models.TextField(default="ACTIVATION"), preserve_default=False),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("key", models.TextField()),
                ("owner", models.TextField()),
                ("version", models.IntegerField()),
                ("body", models.TextField()),
                ("expires_at", models.BigIntegerField(db_index=True, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="educonnect_flow_record_once")]
            },
        ),
        migrations.CreateModel(
            name="Name",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("key", models.TextField()),
                ("sole", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "key"], name="educonnect_flow_name_key")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name", "key"), name="educonnect_flow_name_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("sole", True)), fields=("kind", "name"), name="educonnect_flow_name_sole"
                    ),
                ],
            },
        ),
        migrations.RunPython(bring_up, elidable=True),
        migrations.RemoveField("message", "nonce"),
        migrations.RemoveField("message", "mobile"),
        migrations.DeleteModel("Account"),
        migrations.DeleteModel("Holder"),
        migrations.DeleteModel("Base"),
        migrations.CreateModel(
            name="Account",
            fields=[],
            options={
                "verbose_name": "compte",
                "verbose_name_plural": "comptes",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("educonnect_flow.record",),
        ),
        migrations.RunPython(make_functions),
    ]
