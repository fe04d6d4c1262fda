"""One event, from the handle to the answer: the procedure that both flows share.

It is written with ``await`` throughout; ``educonnect_flow.flow`` runs it to the end at once, for its ports
answer at once, and ``educonnect_flow.aio`` runs it in an event loop.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from enum import Enum
from typing import Any

import attrs
from attrs import evolve

from educonnect_flow.activation.decide import Decision, decide, ended, wants_facts
from educonnect_flow.activation.events import ChoosePassword, Event
from educonnect_flow.activation.guards import password_check, password_refusals
from educonnect_flow.activation.products import Account
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.activation.states import State
from educonnect_flow.audit import tell
from educonnect_flow.errors import NotNow, RequestReused, StoreUnavailable, UnknownHandle, WrongUse
from educonnect_flow.gather import Memo, Outside, about_password
from educonnect_flow.machinery.journey import Journey
from educonnect_flow.machinery.keys import digest
from educonnect_flow.machinery.secrecy import Hidden
from educonnect_flow.outcome import Outcome
from educonnect_flow.ports import HumanPrompt
from educonnect_flow.reasons import Refusal
from educonnect_flow.records import Answered, AuditEntry, Commit, Loaded, Receipt, Standing
from educonnect_flow.settings import Settings
from educonnect_flow.validators.password import PasswordReport, assess, check_texts, normalise

ROUNDS = 300
"""How often one event is decided again because others came first, at most.  Each round one of them got through."""

_HASH = "hash:"
"""Before the fingerprint of an accepted password: the hash that the account has."""

_SLOW = "slow:"
"""Before a fingerprint of version 0.1, that the password hasher made of the whole body."""

STRAYS = 3
"""How often the handle before may come with another body than the request that replaced it, then it is unknown."""

LONGEST_HANDLE = 200
LONGEST_REQUEST_ID = 200


class Engine:
    """Runs a journey over the ports of ``Outside``."""

    def __init__(self, outside: Outside, journey: Journey[Any]) -> None:
        self.outside = outside
        self.journey = journey

    # --- the calls ---------------------------------------------------------------------------------

    async def start(self, source: str | None = None) -> Outcome:
        """A new activation, in ``PROFILE``."""
        outside = self.outside
        if source is not None and not isinstance(source, str):
            raise WrongUse(f"source must be str or None, not {type(source).__name__}")
        now = outside.now()
        activation = Activation(
            id=secrets.token_urlsafe(16),
            version=1,
            state=self.journey.table.initial,
            created_at=now,
            seen_at=now,
            latest_at=now,
            source=" ".join(outside.keys.tokens("source", source)) if source is not None else None,
        )
        handle = Hidden(secrets.token_urlsafe(32))
        audit = _entry(activation, "Start", now, source="")
        await self._commit(
            Commit(activation=activation, purge_at=self._purge_at(activation), handle=digest(handle), audit=audit)
        )
        return self._outcome(handle, activation)

    async def submit(self, handle: str, event: Event, request_id: str | None = None) -> Outcome:
        """Take *event* to its end: committed, then answered."""
        if type(event) not in self.journey.events:
            raise WrongUse(f"submit takes one of the events, not {type(event).__name__}")
        keys = self._request_keys(request_id)
        key, memo = keys[0], Memo()
        for _ in range(ROUNDS):
            now = self.outside.now()
            loaded = await self._load(handle, keys)
            activation, settings = loaded.activation, self.outside.settings
            if loaded.answered is not None:
                if await self._is_of(loaded.answered.fingerprint, activation, event):
                    return await self._again(handle, loaded, loaded.answered)
                if not loaded.current or not ended(self.journey, activation, now, settings):
                    await self._refuse_reuse(loaded)
                    continue  # another request was first
                key = None  # what was answered under it stays
            facts, load = self.journey.no_facts, self.journey.facts[type(event)]
            if load is not None and wants_facts(self.journey, activation, type(event), now, settings):
                facts = await load(self.outside, activation, event, now, memo)
            decision = decide(self.journey, activation, event, facts, now, settings, self.outside.validators)
            if not decision.audited:
                outcome = await self._answer_unaudited(handle, activation, decision, now)
                if outcome is None:
                    continue
                return outcome
            outcome, commit = await self._complete(handle, activation, event, key, decision, memo)
            receipt = await self._commit(commit)
            if receipt.standing is Standing.DONE:
                return outcome
            _learn(receipt, memo)
        raise StoreUnavailable("too many others change this activation at once")

    async def resume(self, handle: str) -> Outcome:
        """Where one stands.  Counts neither as a submit nor as an event."""
        for _ in range(ROUNDS):
            now = self.outside.now()
            loaded = await self._load(handle)
            activation = loaded.activation
            if ended(self.journey, activation, now, self.outside.settings):
                decision = self._timed_out(activation, now)
                following, prompt, audit = decision.activation, None, _audit(activation, decision)
            else:
                following, prompt = await self._prompt(activation, fresh=False)
                if _newly_over(activation, now):  # it is said now, and must not be unsaid
                    following = evolve(following, latest_at=now)
                if following is activation:
                    return self._outcome(handle, activation, (), prompt)
                following, audit = evolve(following, version=activation.version + 1), None
            receipt = await self._commit(Commit(activation=following, purge_at=self._purge_at(following), audit=audit))
            if receipt.standing is Standing.DONE:
                return self._outcome(handle, following, (), prompt)
        raise StoreUnavailable("too many others change this activation at once")

    async def assess_password(self, handle: str, password: str) -> PasswordReport:
        """The criteria met and the strength; nothing is stored, and nothing counts."""
        if not isinstance(password, str):
            raise WrongUse(f"password must be str, not {type(password).__name__}")
        activation = (await self._load(handle)).activation
        settings = self.outside.settings
        if activation.state is not State.PASSWORD or ended(self.journey, activation, self.outside.now(), settings):
            raise NotNow("there is no password to assess in this state")
        text = Hidden(password[: settings.password_max])
        formal = check_texts(password, password, settings.password_max)
        # What is refused on its form is not looked up, as in a submit.
        facts = await about_password(self.outside, activation, text, Memo(breached=False if formal else None))
        check = password_check(activation, facts, text, text, settings)
        refusals = password_refusals(activation, facts, password, password, settings, self.outside.validators)
        return await self.outside.call(assess, check, refusals)

    def _timed_out(self, activation: Activation, now: datetime) -> Decision:
        journey, outside = self.journey, self.outside
        return decide(
            journey, activation, journey.timeout(), journey.no_facts, now, outside.settings, outside.validators
        )

    # --- the steps ---------------------------------------------------------------------------------

    def _request_keys(self, request_id: str | None) -> tuple[str | None, ...]:
        if request_id is None:
            return (None,)
        if not isinstance(request_id, str):
            raise WrongUse(f"request_id must be str or None, not {type(request_id).__name__}")
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
            raise WrongUse(f"request_id must have 1 to {LONGEST_REQUEST_ID} characters")
        return self.outside.keys.tokens("request", request_id)

    async def _load(self, handle: str, keys: tuple[str | None, ...] = (None,)) -> Loaded:
        if not isinstance(handle, str):
            raise WrongUse(f"handle must be str, not {type(handle).__name__}")
        loaded = await self._read(digest(handle), keys) if len(handle) <= LONGEST_HANDLE else None
        # The handle before the current one only repeats the request that replaced it.
        if loaded is None or not (loaded.current or (loaded.answered and loaded.answered.key == loaded.rotated_by)):
            raise UnknownHandle("no activation answers to this handle")
        return loaded

    async def _read(self, handle: str, keys: tuple[str | None, ...]) -> Loaded | None:
        """The activation with the request's answer, whichever key it was kept under: all of one moment."""
        for _ in range(ROUNDS):
            loaded, versions = None, set()
            for key in keys:
                loaded = await self.outside.stored(self.outside.store.load, handle, key)
                if loaded is None or loaded.answered is not None:
                    return loaded
                versions.add(loaded.activation.version)
            if len(versions) == 1:
                return loaded
        raise StoreUnavailable("too many others change this activation at once")

    async def _commit(self, commit: Commit) -> Receipt:
        receipt = await self.outside.stored(self.outside.store.commit, commit)
        if receipt.standing is Standing.DONE and commit.audit is not None:
            tell(commit.audit, self.outside.observer)
        return receipt

    async def _again(self, handle: str, loaded: Loaded, answered: Answered) -> Outcome:
        """The answer that was given, given again."""
        if not loaded.current:
            handle = await self._current_handle(loaded.activation)
        activation, prompt = await self._prompt(answered.activation, fresh=False, keep=True)
        return self._outcome(handle, activation, answered.refusals, prompt, accepted=answered.accepted)

    async def _is_of(self, fingerprint: str, activation: Activation, event: Event) -> bool:
        """Whether *fingerprint* was made of *event*."""
        bodies = self._bodies(activation, event)
        hashed = fingerprint.partition(":")[2]
        if fingerprint.startswith((_HASH, _SLOW)):
            verify = self.outside.password_hasher.verify
            texts = _accepted_texts(event, self.outside.settings) if fingerprint.startswith(_HASH) else bodies
            for text in texts:
                if await self.outside.ask("password_hasher.verify", verify, hashed, text):
                    return True
            return False
        return any(secrets.compare_digest(fingerprint.encode(), body.encode()) for body in bodies)

    async def _refuse_reuse(self, loaded: Loaded) -> None:
        """Refuse another body under a request id that was used, once it is counted.

        With the current handle it is an event, and a run has an end of them; a final state counts none.  The previous
        handle may only repeat the request that replaced it, so that it cannot be used to guess the code: after a few
        others it is revoked.

        :raises RequestReused: unless another request changed the activation first; then it is to be loaded again.
        """
        activation = loaded.activation
        if not loaded.current or activation.state not in self.journey.table.final:
            following, forget = evolve(activation, version=activation.version + 1), False
            if loaded.current:
                following = evolve(following, events=activation.events + 1)
            else:
                following = evolve(following, strays=activation.strays + 1)
                forget = following.strays >= STRAYS
            commit = Commit(activation=following, purge_at=self._purge_at(following), forget=forget)
            if (await self._commit(commit)).standing is not Standing.DONE:
                return
        raise RequestReused("this request_id was used for another event, or for another body")

    async def _answer_unaudited(
        self, handle: str, activation: Activation, decision: Decision, now: datetime
    ) -> Outcome | None:
        """The answer to an event out of its state, once it is counted; ``None`` when another request was first."""
        following = decision.activation
        if following is not activation:
            receipt = await self._commit(Commit(activation=following, purge_at=self._purge_at(following)))
            if receipt.standing is not Standing.DONE:
                return None
        tell(_entry(activation, decision.event, now, refusals=decision.refusals), self.outside.observer)
        following, prompt = await self._prompt(following, fresh=False, keep=True)
        return self._outcome(handle, following, decision.refusals, prompt)

    async def _complete(
        self, handle: str, activation: Activation, event: Event, key: str | None, decision: Decision, memo: Memo
    ) -> tuple[Outcome, Commit]:
        """What a decision still needs from outside, done before the commit and outside any lock."""
        following, prompt = await self._prompt(decision.activation, fresh=decision.prompt)
        account = decision.account
        if account is not None:
            account = evolve(account, password_hash=await self._password_hash(event, memo))
        renewed = self._handles(following)[0] if decision.rotate else None
        answered = None
        if key is not None:
            answered = Answered(
                key=key,
                fingerprint=self._fingerprint(activation, event, account),
                activation=following,
                accepted=decision.accepted,
                refusals=decision.refusals,
            )
        commit = Commit(
            activation=following,
            purge_at=self._purge_at(following),
            handle=digest(renewed) if renewed is not None else None,
            answered=answered,
            limits=decision.limits,
            outgoing=decision.outgoing,
            void=decision.void,
            account=account,
            audit=_audit(activation, decision),
        )
        outcome = self._outcome(renewed or handle, following, decision.refusals, prompt, accepted=decision.accepted)
        return outcome, commit

    async def _password_hash(self, event: Event, memo: Memo) -> str:
        """The hash of the chosen password, made once however often the commit is tried."""
        assert isinstance(event, ChoosePassword)  # no other row makes an account
        if memo.password_hash is None:
            hash_ = self.outside.password_hasher.hash
            made: Any = await self.outside.ask("password_hasher.hash", hash_, normalise(event.password))
            if not isinstance(made, str) or not made:
                raise WrongUse("password_hasher.hash must return text")
            memo.password_hash = made
        return memo.password_hash

    async def _prompt(
        self, activation: Activation, *, fresh: bool, keep: bool = False
    ) -> tuple[Activation, HumanPrompt | None]:
        """The prompt that the page shows: the one that stands, or a new one, with the activation that has it.

        :param keep: the activation must not change; a prompt that is over is then not shown.
        """
        check = self.outside.human_check
        if check is None or activation.state not in self.journey.prompts:
            return activation, None
        shown = None
        if activation.prompt is not None and not fresh:
            shown = await self.outside.ask("human_check.show", check.show, activation.prompt)
        if shown is not None or keep:
            return activation, shown
        issued = await self.outside.ask("human_check.issue", check.issue)
        if not isinstance(issued, HumanPrompt):
            raise WrongUse("human_check.issue must return a HumanPrompt")
        return evolve(activation, prompt=issued.id), issued

    def _fingerprint(self, activation: Activation, event: Event, account: Account | None) -> str:
        """What tells two bodies apart.

        Of a password that made an *account* it is the account's own hash, so that it is hashed once, and is as slow to
        guess from what is stored.  Of any other body it is a keyed hash.
        """
        return _HASH + account.password_hash if account is not None else self._bodies(activation, event)[0]

    def _bodies(self, activation: Activation, event: Event) -> tuple[str, ...]:
        return self.outside.keys.tokens("body", activation.id, type(event).__name__, *_texts(event))

    def _handles(self, activation: Activation) -> tuple[str, ...]:
        return tuple(map(Hidden, self.outside.keys.tokens("handle", activation.id, str(activation.rotation))))

    async def _current_handle(self, activation: Activation) -> str:
        """The handle that was derived last, by whichever key it was."""
        *newer, oldest = self._handles(activation)
        for handle in newer:
            if await self.outside.stored(self.outside.store.load, digest(handle)) is not None:
                return handle
        return oldest

    def _purge_at(self, activation: Activation) -> datetime:
        settings = self.outside.settings
        return activation.seen_at + settings.idle_for + settings.keep_for

    def _outcome(
        self,
        handle: str,
        activation: Activation,
        refusals: tuple[Refusal, ...] = (),
        prompt: HumanPrompt | None = None,
        *,
        accepted: bool | None = None,
    ) -> Outcome:
        return Outcome(
            handle=handle,
            state=activation.state,
            accepted=not refusals if accepted is None else accepted,
            refusals=refusals,
            view=self.journey.views[activation.state](activation, self.outside.settings, prompt),
            permitted=self.journey.table.permitted[activation.state],
        )


def _newly_over(activation: Activation, now: datetime) -> bool:
    """Whether the code's time has run out since the activation was last seen."""
    challenge = activation.challenge
    return challenge is not None and activation.latest_at < challenge.expires_at <= now


def _learn(receipt: Receipt, memo: Memo) -> None:
    """What a refused commit tells the next decision."""
    if receipt.standing is Standing.BARRED and receipt.limit is not None and receipt.until is not None:
        memo.barred[receipt.limit.kind] = receipt.until
    elif receipt.standing is Standing.ACTIVE:
        memo.active = True
    elif receipt.standing is Standing.IDENTIFIER_TAKEN:
        memo.draws += 1
    # STALE: the activation is loaded anew, which is all there is to learn


def _entry(
    activation: Activation, event: str, at: datetime, refusals: tuple[Refusal, ...] = (), **more: Any
) -> AuditEntry:
    """What the trail says of *event*: that nothing moved, but for what *more* says."""
    state, claim = activation.state.value, activation.claim
    known: dict[str, Any] = {
        "row": None, "source": state, "dest": state, "origin": activation.source,
        "mobile": claim.mobile_key if claim is not None else None,
    }  # fmt: skip
    reasons = tuple(refusal.reason.value for refusal in refusals)
    return AuditEntry(at=at, activation=activation.id, event=event, reasons=reasons, **known | more)


def _audit(before: Activation, decision: Decision) -> AuditEntry:
    after = decision.activation
    claim = after.claim or before.claim
    return _entry(
        before,
        decision.event,
        after.seen_at,
        decision.refusals,
        row=decision.row,
        dest=after.state.value,
        denied=decision.denied,
        mobile=claim.mobile_key if claim is not None else None,
    )


def _accepted_texts(event: Event, settings: Settings) -> tuple[str, ...]:
    """The password of *event* as it was hashed when it was accepted; nothing when it cannot have been."""
    if not isinstance(event, ChoosePassword) or check_texts(event.password, event.confirmation, settings.password_max):
        return ()
    text = normalise(event.password)
    return (text,) if text == normalise(event.confirmation) else ()


def _texts(value: object) -> tuple[str, ...]:
    """An event's values as texts, each with its type: no two different events give the same."""
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
