"""A store on the host's own database, through Django's ORM.

The same rules as the other stores; what one statement of theirs does at once is done here under locks of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, connections, transaction
from django.db.models import F, FilteredRelation, Model, Q, QuerySet

from educonnect_flow.activation import products, snapshot
from educonnect_flow.contrib.django import models
from educonnect_flow.errors import StoreUnavailable, WrongUse
from educonnect_flow.machinery import tally
from educonnect_flow.machinery.tally import EMPTY, Limit, Tally, micros, moment
from educonnect_flow.machinery.text import encode
from educonnect_flow.reasons import dump_refusals
from educonnect_flow.records import DONE, STALE, AuditEntry, Claimed, Commit, Loaded, Receipt, Standing
from educonnect_flow.stores import rows

M = TypeVar("M", bound=Model)

MOST_TRIES = 20
"""Of one commit, when purges delete counters that it is about to lock."""

_SNAPSHOT = ("version", "body", "handle", "rotated_by")
_REQUEST = tuple(f"request__{name}" for name in ("key", "fingerprint", "version", "accepted", "refusals", "body"))
_ACCOUNT, _CLAIMED, _ENTRY = (columns.split(", ") for columns in (rows.ACCOUNT, rows.CLAIMED, rows.ENTRY))


class DjangoStore:
    """Everything in the tables of ``educonnect_flow.contrib.django.models``; on SQLite or PostgreSQL.

    Every commit is a transaction of its own: within another one it is refused (``WrongUse``), for nothing may be
    answered before it is durable.  How long a call may take is the database's to say: on PostgreSQL set
    ``connect_timeout`` and ``statement_timeout`` in ``OPTIONS``.  On SQLite deleted data is overwritten only with
    ``"init_command": "PRAGMA secure_delete=ON"``.

    :param using: the alias in ``DATABASES``.
    """

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using

    def __repr__(self) -> str:
        return f"DjangoStore({self._using!r})"

    # --- the connection ----------------------------------------------------------------------------

    def _all(self, model: type[M]) -> QuerySet[M]:
        return model._default_manager.using(self._using)  # noqa: SLF001 - Django's own name for it

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # said by the caller
        except Error as error:
            connections[self._using].close_if_unusable_or_obsolete()  # the next call opens another
            raise StoreUnavailable(f"{self._using}: {type(error).__name__}: {error}") from error

    @contextmanager
    def _durable(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(transaction.atomic(using=self._using, durable=True))
            except RuntimeError as error:
                raise WrongUse(
                    "DjangoStore commits by itself, and cannot within another transaction: with ATOMIC_REQUESTS, mark "
                    "your view with transaction.non_atomic_requests"
                ) from error
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._available(), self._durable():
            if connections[self._using].vendor == "sqlite":
                # The writers' lock, before anything is read: a reader that becomes a writer is turned away.
                self._all(models.Spent).filter(pk="").update(until=0)
            yield

    def close(self) -> None:
        """See ``Store``: the connection of this thread; Django keeps those of the others."""
        connections[self._using].close()

    # --- activations -------------------------------------------------------------------------------

    def load(self, handle: str, request: str | None = None) -> Loaded | None:
        """See ``Store``."""
        found = self._all(models.Activation).filter(Q(handle=handle) | Q(previous=handle))
        columns: tuple[str, ...] = _SNAPSHOT
        if request is not None:
            # One statement, so that both are of one moment.
            joined = FilteredRelation("answers", condition=Q(answers__key=request))
            found, columns = found.annotate(request=joined), _SNAPSHOT + _REQUEST
        with self._available():
            row = found.values_list(*columns).first()
        if row is None:
            return None
        version, body, current, *rest = row
        return rows.loaded((version, body, current == handle, *rest))

    def commit(self, commit: Commit) -> Receipt:
        """See ``Store``."""
        for _ in range(MOST_TRIES):
            try:
                with self._transaction():
                    self._write_snapshot(commit)
                    self._write_limits(commit.limits, micros(commit.activation.seen_at))
                    if commit.account is not None:
                        self._write_account(commit.account)
                    self._write_messages(commit)
                    if commit.audit is not None:
                        self._write_audit(commit.audit)
            except _Refused as refused:
                return refused.receipt
            except (
                _CounterPurged
            ):  # all locks are given back, so that none waits in a ring for the row that is made anew
                continue
            except IntegrityError:  # another commit was first, in the same instant
                return self._overtaken(commit)
            return DONE
        raise StoreUnavailable(f"{self._using}: a purge deleted a counter under each of {MOST_TRIES} tries")

    def _overtaken(self, commit: Commit) -> Receipt:
        account = commit.account
        if account is not None and self.active(account.guardians):
            return Receipt(Standing.ACTIVE)
        if account is not None and self.account(account.identifier) is not None:
            return Receipt(Standing.IDENTIFIER_TAKEN)
        return STALE

    def _write_snapshot(self, commit: Commit) -> None:
        a, answered, purge_at = commit.activation, commit.answered, micros(commit.purge_at)
        body = snapshot.dump(a)
        if a.version == 1:
            assert commit.handle is not None  # a new activation comes with its handle
            self._all(models.Activation).create(
                id=a.id, version=1, handle=commit.handle, purge_at=purge_at, body=body
            )  # fmt: skip
        else:
            standing = self._all(models.Activation).filter(id=a.id, version=a.version - 1)
            rotated = {} if commit.handle is None else {
                "previous": F("handle"), "handle": commit.handle, "rotated_by": answered and answered.key
            }  # fmt: skip
            forgotten = {"previous": None, "rotated_by": None} if commit.forget else {}
            if standing.update(version=a.version, purge_at=purge_at, body=body, **rotated, **forgotten) != 1:
                raise _Refused(STALE)
        if answered is not None:
            self._all(models.Answered).create(
                activation_id=a.id,
                key=answered.key,
                fingerprint=answered.fingerprint,
                version=a.version,
                accepted=answered.accepted,
                refusals=dump_refusals(answered.refusals),
                body=body,
            )

    def _write_limits(self, limits: tuple[Limit, ...], now: int) -> None:
        """Look at *limits* and count, under the locks of their rows: they are made when there are none."""
        if not limits:
            return
        keys = sorted(
            {f"{limit.kind}:{limit.key}" for limit in limits}
        )  # in one order for all, so that none waits in a ring
        tallies, empty = self._all(models.Tally), EMPTY.dump()
        # A row that counts nothing yet is no purge's to delete while this commit is under way.
        lasting = now + max(limit.window for limit in limits) // timedelta(microseconds=1)
        made = [models.Tally(key=key, body=empty, forgotten_at=lasting) for key in keys]
        tallies.bulk_create(made, ignore_conflicts=True)
        held = {row.key: row for row in tallies.select_for_update().filter(key__in=keys).order_by("key")}
        if len(held) < len(keys):
            raise _CounterPurged
        counted = {}
        for limit in limits:
            row = held[f"{limit.kind}:{limit.key}"]
            before = Tally.load(row.body)
            until = tally.barred(before, limit, now)
            if until is not None:
                raise _Refused(Receipt(Standing.BARRED, limit, moment(until)))
            if limit.adds:
                after = tally.hit(before, limit, now)
                counted[row.key] = after.dump(), tally.forgotten_at(after, limit)
        for key, (body, forgotten_at) in counted.items():
            tallies.filter(key=key).update(body=body, forgotten_at=forgotten_at)

    def _write_account(self, account: products.Account) -> None:
        if self.active(account.guardians):
            raise _Refused(Receipt(Standing.ACTIVE))
        if self._all(models.Account).filter(pk=account.identifier).exists():
            raise _Refused(Receipt(Standing.IDENTIFIER_TAKEN))
        self._all(models.Holder).bulk_create(
            [models.Holder(guardian=g, identifier=account.identifier) for g in sorted(account.guardians)]
        )
        self._all(models.Account).create(
            identifier=account.identifier,
            base=account.base,
            guardians=encode(account.guardians),
            confirmed=encode(account.confirmed),
            denied=encode(account.denied),
            password_hash=account.password_hash,
            created_at=micros(account.created_at),
            activation=account.activation,
        )
        bases = self._all(models.Base)
        if not bases.filter(pk=account.base).update(issued=F("issued") + 1):
            bases.create(base=account.base, issued=1)

    def _write_messages(self, commit: Commit) -> None:
        if commit.void:
            self._all(models.Outbox).filter(activation=commit.activation.id).delete()
        out = commit.outgoing
        if out is not None:
            self._all(models.Outbox).create(
                id=out.id,
                activation=out.activation,
                due_at=micros(out.created_at),
                attempts=0,
                nonce=out.nonce,
                mobile=out.mobile,
                created_at=micros(out.created_at),
                expires_at=micros(out.expires_at),
                decoy=out.decoy,
            )

    def _write_audit(self, entry: AuditEntry) -> None:
        self._hold_audit("_shared")
        self._all(models.Audit).create(
            activation=entry.activation,
            at=micros(entry.at),
            event=entry.event,
            row=entry.row,
            source=entry.source,
            dest=entry.dest,
            reasons=encode(entry.reasons),
            denied=encode(entry.denied),
            mobile=entry.mobile,
            origin=entry.origin,
        )

    def _hold_audit(self, kind: str = "") -> None:
        """On PostgreSQL a number is drawn before its commit: who reads by number waits for the writers under way."""
        if connections[self._using].vendor == "postgresql":
            with connections[self._using].cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended('educonnect_flow:audit', 0))")

    def trail(self, activation: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        with self._available():
            found = self._all(models.Audit).filter(activation=activation).order_by("seq").values_list(*_ENTRY)
            return rows.trail(found, json.loads)

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        with self._available(), self._durable():
            self._hold_audit()
            found = self._all(models.Audit).filter(seq__gt=after).order_by("seq").values_list(*_ENTRY)[:limit]
            return rows.entries(found, json.loads)

    # --- accounts ----------------------------------------------------------------------------------

    def active(self, guardians: tuple[str, ...]) -> bool:
        """See ``Store``."""
        with self._available():
            return self._all(models.Holder).filter(pk__in=guardians).exists()

    def issued(self, base: str) -> int:
        """See ``Store``."""
        with self._available():
            return self._all(models.Base).filter(pk=base).values_list("issued", flat=True).first() or 0

    def account(self, identifier: str) -> products.Account | None:
        """See ``Store``."""
        with self._available():
            row = self._all(models.Account).filter(pk=identifier).values_list(*_ACCOUNT).first()
        return None if row is None else rows.account(row, json.loads)

    # --- the outbox --------------------------------------------------------------------------------

    def claim(self, now: datetime, lease_until: datetime) -> Claimed | None:
        """See ``Store``."""
        due = self._all(models.Outbox).filter(due_at__lte=micros(now)).order_by("due_at")
        with self._available():
            if not due.exists():
                return None  # an idle relay asks often: it must not queue with the writers
        with self._transaction():
            row = due.select_for_update(skip_locked=True).values_list(*_CLAIMED).first()
            if row is None:
                return None
            identity, activation, attempts, *rest = row
            self._all(models.Outbox).filter(pk=identity).update(due_at=micros(lease_until), attempts=attempts + 1)
        return rows.claimed((identity, activation, attempts + 1, *rest))

    def settle(self, message: str, audit: AuditEntry | None = None) -> bool:
        """See ``Store``."""
        with self._transaction():
            gone, _ = self._all(models.Outbox).filter(pk=message).delete()
            if gone and audit is not None:
                self._write_audit(audit)
        return gone > 0

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        with self._available():
            self._all(models.Outbox).filter(pk=message, attempts=attempts).update(due_at=micros(due_at))

    # --- counters ----------------------------------------------------------------------------------

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        try:
            with self._transaction():
                over = self._all(models.Spent).filter(pk=key, until__lte=micros(now))
                if not over.update(until=micros(until)):
                    self._all(models.Spent).create(key=key, until=micros(until))
        except IntegrityError:
            return False
        return True

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        with self._available():
            return self._all(models.Spent).filter(pk=key, until__gt=micros(now)).exists()

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        with self._available():
            body = self._all(models.Tally).filter(pk=f"{kind}:{key}").values_list("body", flat=True).first()
        return EMPTY if body is None else Tally.load(body)

    # --- retention ---------------------------------------------------------------------------------

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        at = micros(now)
        with self._transaction():
            over = self._all(models.Activation).filter(purge_at__lte=at).order_by("purge_at")
            gone = list(over.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit])
            self._all(models.Outbox).filter(activation__in=gone).delete()
            self._all(models.Activation).filter(pk__in=gone).delete()
            # The bound is asked again outside: a row that was counted on meanwhile stays.  Rows that a commit holds are
            # left to the next purge, and the others locked in the order of the commits: neither waits for the other.
            for expired in (
                self._all(models.Tally).filter(forgotten_at__lte=at),
                self._all(models.Spent).filter(until__lte=at),
            ):
                some = expired.order_by("pk").select_for_update(skip_locked=True).values("pk")[: rows.COUNTERS * limit]
                expired.filter(pk__in=some).delete()
        return len(gone)


class _CounterPurged(Exception):
    """A counter that was there a moment ago is gone."""


class _Refused(Exception):
    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
