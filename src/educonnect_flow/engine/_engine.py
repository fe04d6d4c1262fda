"""One event, from the handle to the answer: the procedure that all journeys and both kinds of flow share.

Long because it is one procedure; the decision itself is in ``decide``.

All of it is written with ``await``.  ``educonnect_flow.flow`` runs it to the end in one step, because its ports
answer without waiting; ``educonnect_flow.aio`` runs it in an event loop.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import attrs
from attrs import define, evolve

from educonnect_flow._keys import digest
from educonnect_flow._observing import tell
from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import Confidential, Hidden, replace_fields
from educonnect_flow._text import encode
from educonnect_flow.engine._decide import decide, ended, lapsed, wants_facts
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._ports import LoadContext, Ports, RetryState
from educonnect_flow.engine._run import Run, load, loaded, stored
from educonnect_flow.engine._step import NO_FACTS, Decision
from educonnect_flow.errors import NotNow, RequestReused, StoreUnavailable, UnknownHandle, WrongUse
from educonnect_flow.outcome import Outcome
from educonnect_flow.reasons import Refusal
from educonnect_flow.records import Answered, AuditEntry, Commit, CommitResult, CommitStatus, Record, RecordChange
from educonnect_flow.validators.password import PasswordReport

MAX_CONFLICT_RETRIES = 300
"""Maximum number of retries after a conflict.  Every conflict means that another request succeeded."""

_HASH = "hash:"
"""Prefix of the fingerprint of an accepted password, which is the account's hash."""

_SLOW = "slow:"
"""Prefix of a fingerprint of version 0.1: the password hasher's hash of the whole body."""

MAX_STALE_HANDLE_USES = 3
"""The previous handle may only repeat the request that replaced it.  After so many different bodies it is revoked."""

LONGEST_HANDLE = 200
LONGEST_REQUEST_ID = 200


@define(eq=False, repr=False)
class _Found(Confidential):
    """A run that was loaded, and its journey."""

    journey: Journey[Any]
    run: Run
    current: bool
    """False for the previous handle."""
    answered: Answered | None
    records: tuple[Record, ...]


class Engine:
    """Runs journeys over the ports of ``Ports``.  It knows a journey only through the journey's value.

    :raises WrongUse: when two journeys have the same name.
    """

    def __init__(self, ports: Ports, journeys: Iterable[Journey[Any]]) -> None:
        self.ports = ports
        self.journeys: dict[str, Journey[Any]] = {}
        for journey in journeys:
            if self.journeys.setdefault(journey.name, journey) is not journey:
                raise WrongUse(f"two journeys have the name {journey.name}")
        self._events = frozenset(event for journey in self.journeys.values() for event in journey.events)

    # --- the calls: each returns an Outcome of the run's journey ---------------------------------------

    async def start(self, journey: Journey[Any], source: str | None = None, event: Event | None = None) -> Any:
        """Start a run of *journey*, and submit *event* if given, in the same commit."""
        ports = self.ports
        if source is not None and not isinstance(source, str):
            raise WrongUse(f"source must be str or None, not {type(source).__name__}")
        if event is not None and type(event) not in journey.events:
            raise WrongUse(f"{journey.name} accepts one of its events, not {type(event).__name__}")
        now = ports.now()
        new = journey.run(
            id=secrets.token_urlsafe(16),
            version=0,
            state=journey.table.initial,
            created_at=now,
            seen_at=now,
            latest_at=now,
            source=" ".join(ports.keys.tokens("source", source)) if source is not None else None,
        )
        handle = Hidden(secrets.token_urlsafe(32))
        begun = _entry(new, "Start", now, source="")
        if event is None:
            run, prompt = await self._prompt(journey, replace_fields(new, {"version": 1}), fresh=False)
            commit = Commit(
                run=stored(run), at=now, purge_at=self._purge_at(run), handle=digest(handle), audit=(begun,)
            )
            await self._commit(commit)
            return self._outcome(journey, handle, run, (), prompt)
        found, retry = _Found(journey, new, current=True, answered=None, records=()), RetryState()
        for _ in range(MAX_CONFLICT_RETRIES):
            decision = await self._decide(found, event, now, retry)
            outcome, commit = await self._complete(found, handle, event, None, decision, retry)
            audit = (begun, *commit.audit) if decision.audited else (begun,)
            # The handle is new already and is not replaced again.
            receipt = await self._commit(evolve(commit, handle=digest(handle), audit=audit))
            if receipt.status is CommitStatus.DONE:
                if not decision.audited:
                    tell(_entry(new, decision.event, now, decision.refusals), ports.observer)
                return evolve(outcome, handle=handle)
            retry.remember(receipt)
            now = ports.now()
        raise StoreUnavailable("too many concurrent changes to what this request needs")

    async def submit(self, handle: str, event: Event, request_id: str | None = None) -> Any:
        """Process *event*: commit, then answer."""
        if type(event) not in self._events:
            raise WrongUse(f"submit takes an event, not {type(event).__name__}")
        keys, retry = self._request_keys(request_id), RetryState()
        key = keys[0] if keys else None
        for _ in range(MAX_CONFLICT_RETRIES):
            now = self.ports.now()
            found = await self._load(handle, keys)
            if found.answered is not None:
                if await self._is_of(found.answered.fingerprint, found, event):
                    return await self._replay_response(handle, found, found.answered)
                if not found.current or not ended(found.journey, found.run, now, self.ports.settings):
                    await self._refuse_reuse(found, now)
                    continue  # another request changed the run first
                key = None  # the answer stored under this key is kept
            decision = await self._decide(found, event, now, retry)
            if not decision.audited:
                outcome = await self._answer_unaudited(handle, found, decision, now)
                if outcome is None:
                    continue
                return outcome
            outcome, commit = await self._complete(found, handle, event, key, decision, retry)
            receipt = await self._commit(commit)
            if receipt.status is CommitStatus.DONE:
                return outcome
            retry.remember(receipt)
        raise StoreUnavailable("too many concurrent changes to this run")

    async def resume(self, handle: str) -> Any:
        """The page of the run.  Counts neither as a submit nor as an event."""
        for _ in range(MAX_CONFLICT_RETRIES):
            now = self.ports.now()
            found = await self._load(handle)
            journey, run = found.journey, found.run
            audit: tuple[AuditEntry, ...] = ()
            if ended(journey, run, now, self.ports.settings):
                decision = lapsed(journey, run, now, self.ports.settings, self.ports.validators)
                following, prompt, audit = decision.run, None, (_audit(run, decision),)
            else:
                following, prompt = await self._prompt(journey, run, fresh=False)
                if run.newly_expired(now):  # the page now shows the expiry: a clock step back must not undo it
                    following = replace_fields(following, {"latest_at": now})
                if following is run:
                    return self._outcome(journey, handle, run, (), prompt)
                following = replace_fields(following, {"version": run.version + 1})
            receipt = await self._commit(self._plain(following, now, audit=audit))
            if receipt.status is CommitStatus.DONE:
                return self._outcome(journey, handle, following, (), prompt)
        raise StoreUnavailable("too many concurrent changes to this run")

    async def assess_password(self, handle: str, password: str) -> PasswordReport:
        """The criteria met and the strength; nothing is stored or counted."""
        if not isinstance(password, str):
            raise WrongUse(f"password must be str, not {type(password).__name__}")
        found, now = await self._load(handle), self.ports.now()
        meter = found.journey.meters.get(found.run.state)
        if meter is None or ended(found.journey, found.run, now, self.ports.settings):
            raise NotNow("there is no password to assess in this state")
        return await meter(LoadContext(self.ports, found.run, None, now, RetryState(), found.records), password)

    # --- the steps ---------------------------------------------------------------------------------

    def _request_keys(self, request_id: str | None) -> tuple[str, ...]:
        if request_id is None:
            return ()
        if not isinstance(request_id, str):
            raise WrongUse(f"request_id must be str or None, not {type(request_id).__name__}")
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
            raise WrongUse(f"request_id must have 1 to {LONGEST_REQUEST_ID} characters")
        return self.ports.keys.tokens("request", request_id)

    async def _load(self, handle: str, keys: tuple[str, ...] = ()) -> _Found:
        if not isinstance(handle, str):
            raise WrongUse(f"handle must be str, not {type(handle).__name__}")
        got = None
        if len(handle) <= LONGEST_HANDLE:
            got = await self.ports.stored(self.ports.store.load, digest(handle), keys)
        # The handle before the current one only repeats the request that replaced it.
        if got is None or not (got.current or (got.answered and got.answered.key == got.rotated_by)):
            raise UnknownHandle("no run has this handle")
        journey = self.journeys.get(got.run.journey)
        if journey is None:
            raise UnknownHandle("this flow does not have the journey of this run")
        run, records = loaded(journey.run, got.run), got.records
        if run.wanted != got.run.wanted:  # an older version of the library stored it
            records = await self.ports.stored(self.ports.store.find, run.wanted)
        return _Found(journey, run, got.current, got.answered, records)

    async def _decide(self, found: _Found, event: Event, now: datetime, retry: RetryState) -> Decision[Any]:
        """Load the facts and decide."""
        ports, journey, run = self.ports, found.journey, found.run
        facts, load_facts = NO_FACTS, journey.facts.get(type(event))
        if load_facts is not None and wants_facts(journey, run, type(event), now, ports.settings):
            facts = await load_facts(LoadContext(ports, run, event, now, retry, found.records))
        return decide(journey, run, event, facts, now, ports.settings, ports.validators)

    async def _commit(self, commit: Commit) -> CommitResult:
        receipt = await self.ports.stored(self.ports.store.commit, commit)
        if receipt.status is CommitStatus.DONE:
            for entry in commit.audit:
                tell(entry, self.ports.observer)
        return receipt

    def _plain(self, run: Run, at: datetime, *, forget: bool = False, audit: tuple[AuditEntry, ...] = ()) -> Commit:
        """A commit that changes only the run."""
        return Commit(run=stored(run), at=at, purge_at=self._purge_at(run), forget=forget, audit=audit)

    async def _replay_response(self, handle: str, found: _Found, answered: Answered) -> Outcome:
        """The stored answer, repeated."""
        journey = found.journey
        if not found.current:
            handle = await self._current_handle(found.run)
        kept = stored(found.run)
        then = answered.body.value(lambda text: load(journey.run, text, kept, answered.version))
        run, prompt = await self._prompt(journey, then, fresh=False, keep=True)
        return self._outcome(journey, handle, run, answered.refusals, prompt, accepted=answered.accepted)

    async def _is_of(self, fingerprint: str, found: _Found, event: Event) -> bool:
        """Whether *fingerprint* was made of *event*."""
        bodies = self._request_hashes(found.run, event)
        hashed = fingerprint.partition(":")[2]
        if fingerprint.startswith((_HASH, _SLOW)):
            texts: Sequence[str] = bodies
            if fingerprint.startswith(_HASH):
                secret = self._secret(found.journey, event)
                texts = () if secret is None else (secret,)
            for text in texts:
                if await self.ports.ask("password_hasher.verify", self.ports.password_hasher.verify, hashed, text):
                    return True
            return False
        return any(secrets.compare_digest(fingerprint.encode(), body.encode()) for body in bodies)

    async def _refuse_reuse(self, found: _Found, now: datetime) -> None:
        """Count, then refuse, a different body under a request id that was used before.

        With the current handle it counts as an event, unless the state is final.  The previous handle may only repeat
        the request that replaced it, so that it cannot be used to guess the code; after a few different bodies it is
        revoked.

        :raises RequestReused: unless another request changed the run first; the caller then loads the run again.
        """
        run = found.run
        if not found.current or run.state not in found.journey.table.final:
            following, forget = replace_fields(run, {"version": run.version + 1}), False
            if found.current:
                following = replace_fields(following, {"events": run.events + 1})
            else:
                following = replace_fields(following, {"stale_handle_uses": run.stale_handle_uses + 1})
                forget = following.stale_handle_uses >= MAX_STALE_HANDLE_USES
            receipt = await self._commit(self._plain(following, now, forget=forget))
            if receipt.status is not CommitStatus.DONE:
                return
        raise RequestReused("this request_id was used for another event, or for another body")

    async def _answer_unaudited(
        self, handle: str, found: _Found, decision: Decision[Any], now: datetime
    ) -> Outcome | None:
        """Count, then answer, an event that the state does not accept; ``None`` when another request came first."""
        journey, run, following = found.journey, found.run, decision.run
        if following is not run:
            receipt = await self._commit(self._plain(following, now))
            if receipt.status is not CommitStatus.DONE:
                return None
        tell(_entry(run, decision.event, now, decision.refusals), self.ports.observer)
        following, prompt = await self._prompt(journey, following, fresh=False, keep=True)
        return self._outcome(journey, handle, following, decision.refusals, prompt)

    async def _complete(
        self, found: _Found, handle: str, event: Event, key: str | None, decision: Decision[Any], retry: RetryState
    ) -> tuple[Outcome, Commit]:
        """What a decision still needs from outside, done before the commit and outside any lock."""
        journey = found.journey
        run, prompt = decision.run, None
        if run.state in journey.prompts:
            run, prompt = await self._prompt(journey, run, fresh=decision.prompt)
        records = await self._records(journey, event, decision, retry) if decision.records else ()
        renewed = self._handles(run)[0] if decision.rotate else None
        kept, answered = stored(run), None
        if key is not None:
            answered = Answered(
                key=key,
                fingerprint=_HASH + retry.hash if retry.hash is not None else self._request_hashes(found.run, event)[0],
                version=run.version,
                accepted=decision.accepted,
                refusals=decision.refusals,
                body=kept.body,
            )
        commit = Commit(
            run=kept,
            at=run.seen_at,
            purge_at=self._purge_at(run),
            handle=digest(renewed) if renewed is not None else None,
            answered=answered,
            limits=decision.limits,
            records=records,
            messages=decision.messages,
            cancel_messages=decision.cancel_messages,
            cancel_owner_messages=decision.cancel_owner_messages,
            audit=(_audit(found.run, decision),),
        )
        outcome = self._outcome(journey, renewed or handle, run, decision.refusals, prompt, accepted=decision.accepted)
        return outcome, commit

    async def _records(
        self, journey: Journey[Any], event: Event, decision: Decision[Any], retry: RetryState
    ) -> tuple[RecordChange, ...]:
        """The records of a decision, with the hashes that they hold."""
        changes = []
        for draft in decision.records:
            body = draft.body
            if draft.hashed is not None:
                body = {**body, draft.hashed: await self._hash(journey, event, retry)}
            record = Record(
                kind=draft.kind,
                key=draft.key,
                owner=draft.owner,
                version=draft.version,
                body=encode(body),
                expires_at=draft.expires_at,
            )
            changes.append(RecordChange(record=record, unique=draft.unique, names=draft.names))
        return tuple(changes)

    async def _hash(self, journey: Journey[Any], event: Event, retry: RetryState) -> str:
        """The hash of the event's secret text, made once for all retries of the commit.

        It is the fingerprint of the request too, so that the text is hashed once, and guessing it from the fingerprint
        is as slow.
        """
        if retry.hash is None:
            secret = self._secret(journey, event)
            assert secret is not None  # called only for an event whose secret text is accepted
            made: Any = await self.ports.ask("password_hasher.hash", self.ports.password_hasher.hash, secret)
            if not isinstance(made, str) or not made:
                raise WrongUse("password_hasher.hash must return text")
            retry.hash = made
        return retry.hash

    def _secret(self, journey: Journey[Any], event: Event) -> str | None:
        secret = journey.secrets.get(type(event))
        return None if secret is None else secret(event, self.ports.settings)

    async def _prompt(
        self, journey: Journey[Any], run: Run, *, fresh: bool, keep: bool = False
    ) -> tuple[Run, HumanPrompt | None]:
        """The prompt that the page shows (the valid one, or a new one), and the run that holds it.

        :param keep: the run must not change; an expired prompt is then not shown.
        """
        check = self.ports.human_check
        if check is None or run.state not in journey.prompts:
            return run, None
        shown = None
        if run.prompt is not None and not fresh:
            shown = await self.ports.ask("human_check.show", check.show, run.prompt)
        if shown is not None or keep:
            return run, shown
        issued = await self.ports.ask("human_check.issue", check.issue)
        if not isinstance(issued, HumanPrompt):
            raise WrongUse("human_check.issue must return a HumanPrompt")
        return replace_fields(run, {"prompt": issued.id}), issued

    def _request_hashes(self, run: Run, event: Event) -> tuple[str, ...]:
        """A keyed hash that differs for two different bodies of a request, under each of the host's keys."""
        return self.ports.keys.tokens("body", run.id, type(event).__name__, *_texts(event))

    def _handles(self, run: Run) -> tuple[str, ...]:
        return tuple(map(Hidden, self.ports.keys.tokens("handle", run.id, str(run.rotation))))

    async def _current_handle(self, run: Run) -> str:
        """The handle that was derived last, under the key that was used for it."""
        *newer, oldest = self._handles(run)
        for handle in newer:
            if await self.ports.stored(self.ports.store.load, digest(handle)) is not None:
                return handle
        return oldest

    def _purge_at(self, run: Run) -> datetime:
        settings = self.ports.settings
        return run.seen_at + settings.idle_for + settings.keep_for

    def _outcome(
        self,
        journey: Journey[Any],
        handle: str,
        run: Run,
        refusals: tuple[Refusal, ...] = (),
        prompt: HumanPrompt | None = None,
        *,
        accepted: bool | None = None,
    ) -> Outcome:
        return Outcome(
            handle=handle,
            journey=journey.name,
            state=run.state,
            accepted=not refusals if accepted is None else accepted,
            refusals=refusals,
            view=journey.views[run.state](run, self.ports.settings, prompt),
            permitted=journey.table.permitted[run.state],
        )


def _entry(run: Run, event: str, at: datetime, refusals: tuple[Refusal, ...] = (), **more: Any) -> AuditEntry:
    """The audit entry of *event*: by default nothing changed; *more* sets other fields."""
    state = run.state.value
    known: dict[str, Any] = {
        "at": at, "run": run.id, "journey": run.journey, "event": event, "row": None, "source": state, "dest": state,
        "reasons": tuple([refusal.reason.value for refusal in refusals]), "mobile": run.counted_under,
        "origin": run.source,
    }  # fmt: skip
    known |= more
    return AuditEntry(**known)


def _audit(before: Run, decision: Decision[Any]) -> AuditEntry:
    after = decision.run
    return _entry(
        before,
        decision.event,
        after.seen_at,
        decision.refusals,
        row=decision.row,
        dest=after.state.value,
        denied=decision.denied,
        mobile=after.counted_under or before.counted_under,
    )


def _texts(value: object) -> tuple[str, ...]:
    """An event's values as texts, each with its type: two different events give different texts."""
    kind: Any = type(value)
    if attrs.has(kind):
        fields = attrs.fields(kind)
        return (f"{len(fields)}", *(text for f in fields for text in _texts(getattr(value, f.name))))
    if isinstance(value, tuple):
        return (f"*{len(value)}", *(text for item in value for text in _texts(item)))
    if isinstance(value, str):
        return ("s", value)
    if isinstance(value, Enum):
        return ("e", value.name)
    if isinstance(value, date):
        return ("d", Hidden(value.isoformat()))
    return ("v", repr(value))
