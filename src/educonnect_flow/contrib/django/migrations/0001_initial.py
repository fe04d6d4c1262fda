import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("identifier", models.TextField(primary_key=True, serialize=False)),
                ("base", models.TextField()),
                ("guardians", models.TextField()),
                ("confirmed", models.TextField()),
                ("denied", models.TextField()),
                ("password_hash", models.TextField()),
                ("created_at", models.BigIntegerField()),
                ("activation", models.TextField()),
            ],
            options={
                "verbose_name": "compte",
                "verbose_name_plural": "comptes",
            },
        ),
        migrations.CreateModel(
            name="Activation",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("version", models.IntegerField()),
                ("handle", models.TextField(unique=True)),
                ("previous", models.TextField(null=True, unique=True)),
                ("rotated_by", models.TextField(null=True)),
                ("purge_at", models.BigIntegerField(db_index=True)),
                ("body", models.TextField()),
            ],
            options={
                "verbose_name": "activation",
                "verbose_name_plural": "activations",
            },
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("activation", models.TextField(db_index=True)),
                ("at", models.BigIntegerField()),
                ("event", models.TextField()),
                ("row", models.TextField(null=True)),
                ("source", models.TextField()),
                ("dest", models.TextField()),
                ("reasons", models.TextField()),
                ("denied", models.TextField()),
                ("mobile", models.TextField(null=True)),
                ("origin", models.TextField(null=True)),
            ],
            options={
                "verbose_name": "entrée du journal",
                "verbose_name_plural": "journal",
            },
        ),
        migrations.CreateModel(
            name="Base",
            fields=[
                ("base", models.TextField(primary_key=True, serialize=False)),
                ("issued", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Holder",
            fields=[
                ("guardian", models.TextField(primary_key=True, serialize=False)),
                ("identifier", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("activation", models.TextField(db_index=True)),
                ("due_at", models.BigIntegerField(db_index=True)),
                ("attempts", models.IntegerField()),
                ("nonce", models.TextField()),
                ("mobile", models.TextField()),
                ("created_at", models.BigIntegerField()),
                ("expires_at", models.BigIntegerField()),
                ("decoy", models.BooleanField()),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages en attente",
            },
        ),
        migrations.CreateModel(
            name="Spent",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("until", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("body", models.TextField()),
                ("forgotten_at", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Answered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.TextField()),
                ("fingerprint", models.TextField()),
                ("version", models.IntegerField()),
                ("accepted", models.BooleanField()),
                ("refusals", models.TextField()),
                ("body", models.TextField()),
                (
                    "activation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="educonnect_flow.activation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("activation", "key"), name="educonnect_flow_answered_once")
                ],
            },
        ),
    ]
