"""The audit trail: one record for every transition and refusal, replayed, exported, told, and without a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from educonnect_flow import (
    AsyncActivationFlow,
    ChooseProfile,
    GoBack,
    Outcome,
    Profile,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
)
from educonnect_flow.__main__ import main
from educonnect_flow._keys import digest
from educonnect_flow.audit import json_line, replay
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import WrongUse
from educonnect_flow.ports import Store
from educonnect_flow.records import AuditEntry
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore, SqliteStore
from educonnect_flow.testing import FaultySms, Gateway
from educonnect_flow.testing._clock import START
from tests.stored.walks import walk_everywhere
from tests.world import (
    LEO,
    SECRET,
    STRANGER,
    WRONG_DATE,
    ZOE,
    World,
    activation_of,
    answers,
    claim,
    later,
    password,
    reasons,
)

promise = pytest.mark.promise


def identity(world: World, out: Outcome) -> str:
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    return activation_of(loaded).id


def walked(world: World) -> Outcome:
    """A journey with a mistake on every page."""
    out = world.flow.start(source="203.0.113.7")
    steps: list[Callable[[], Any]] = [
        lambda: ChooseProfile(Profile.GUARDIAN), StartActivation, lambda: claim(mobile="1"), claim,
        lambda: SubmitCode(world.wrong()), lambda: later(world, ResendCode()), lambda: SubmitCode(world.code()),
        lambda: WRONG_DATE, lambda: answers(LEO, deny=[ZOE]), GoBack, lambda: answers(LEO, ZOE),
        lambda: password("x"), password,
    ]  # fmt: skip
    for step in steps:
        out = world.submit(out, step())
    assert out.state is State.ACTIVATED
    return out


# --- replay ----------------------------------------------------------------------------------------


def test_replaying_the_trail_of_every_kind_of_activation_gives_its_state(store: Store) -> None:
    world = World(store)
    outs = [*walk_everywhere(store).values(), walked(world)]
    trails: dict[str, list[AuditEntry]] = {}
    for _, entry in world.flow.audit(limit=10_000):
        trails.setdefault(entry.run, []).append(entry)
    for out in outs:
        loaded = store.load(digest(out.handle))
        assert loaded is not None
        trail = trails.pop(activation_of(loaded).id)
        assert replay(trail) is activation_of(loaded).state is out.state
        assert tuple(trail) == store.trail(activation_of(loaded).id)
        assert len([entry for entry in trail if entry.event != "Deliver"]) == activation_of(loaded).version


EVENTS: list[Any] = [
    ChooseProfile(Profile.GUARDIAN), StartActivation(), claim(), STRANGER, claim(mobile="x"), SubmitCode("000000"),
    "right", "later", ResendCode(), GoBack(), answers(LEO, ZOE), WRONG_DATE, answers(deny=[LEO, ZOE]), password("x"),
    password(),
]  # fmt: skip


@given(st.lists(st.sampled_from(EVENTS), max_size=25))
@settings(max_examples=150)
def test_whatever_a_parent_does_the_trail_replays(events: list[Any]) -> None:
    world = World(settings=Settings(sms_per_mobile=99))
    out = world.flow.start()
    for event in events:
        if event == "later":
            world.clock.advance(minutes=1)
            continue
        made = (
            SubmitCode(world.code() if world.flow.deliver() or world.sms.sent else "1") if event == "right" else event
        )
        out = world.submit(out, made)
        assert replay(world.store.trail(identity(world, out))) is out.state


def test_a_refusal_of_version_1_names_no_row_and_stays_in_its_state() -> None:
    world = World()
    trail = world.store.trail(identity(world, walked(world)))
    assert trail[3].row == "identity.refused"
    assert replay([*trail[:3], evolve(trail[3], row=None)]) is State.IDENTITY


def test_a_trail_that_is_not_of_the_table_is_refused() -> None:
    world = World()
    out = walked(world)
    trail = world.store.trail(identity(world, out))
    wrong: list[tuple[list[AuditEntry], str]] = [
        ([], "no entries"),
        (list(trail[1:]), "lead to None"),
        ([*trail, trail[0]], "second start"),
        ([trail[0], *trail[2:]], "lead to"),
        ([*trail[:3], evolve(trail[3], dest="code")], "leads to"),
        ([trail[0], evolve(trail[1], row="code.right")], "no row"),
        ([trail[0], evolve(trail[1], row="nothing")], "no row"),
    ]
    for entries, said in wrong:
        with pytest.raises(ValueError, match=said):
            replay(entries)


def test_what_the_relay_notes_is_no_step() -> None:
    world = World(sms=FaultySms(Gateway.REJECTS))
    out = world.at(State.CODE)
    world.flow.deliver()
    trail = world.store.trail(identity(world, out))
    assert trail[-1].event == "Deliver"
    assert replay(trail) is State.CODE


# --- what is in it ---------------------------------------------------------------------------------


@promise("V1")
def test_every_transition_and_refusal_is_one_record_without_a_secret(store: Store) -> None:
    world = World(store)
    out = walked(world)
    trail = store.trail(identity(world, out))
    assert [(entry.event, entry.row, entry.reasons) for entry in trail] == [
        ("Start", None, ()),
        ("ChooseProfile", "profile.guardian", ()),
        ("StartActivation", "sign_in.start", ()),
        ("ClaimIdentity", "identity.refused", ("mobile_invalid",)),
        ("ClaimIdentity", "identity.claim", ()),
        ("SubmitCode", "code.wrong", ("code_wrong",)),
        ("ResendCode", "code.resend", ()),
        ("SubmitCode", "code.right", ()),
        ("ConfirmPupils", "pupils.wrong", ("birth_dates_wrong",)),
        ("ConfirmPupils", "pupils.right", ()),
        ("GoBack", "password.back", ()),
        ("ConfirmPupils", "pupils.right", ()),
        ("ChoosePassword", "password.refused", trail[11 + 1].reasons),
        ("ChoosePassword", "password.chosen", ()),
    ]
    text = "\n".join(json_line(n, entry) for n, entry in enumerate(trail))
    for secret in ("612345678", "Durand", "milie", "Leo", "2007", "203.0.113.7", "Vélo", out.handle, *world.codes()):
        assert secret not in text
    mobiles = {entry.mobile for entry in trail[4:]}
    assert len(mobiles) == 1
    assert mobiles == {world.flow._engine.ports.keys.token("mobile", "+33612345678")}
    assert {entry.mobile for entry in trail[:4]} == {None}
    assert len({entry.origin for entry in trail}) == 1
    assert trail[0].origin


def test_a_stranger_leaves_the_trail_that_a_known_parent_leaves(store: Store) -> None:
    world = World(store)
    trails = []
    for who in (claim(), claim("Inconnu", "Personne")):
        world.clock.advance(hours=25)
        out = world.at(State.CODE, who)
        wrong = world.wrong()
        out = world.submit(out, SubmitCode(wrong))
        out = world.submit(out, GoBack())
        trail = store.trail(identity(world, out))
        trails.append([evolve(entry, run="", at=START) for entry in trail])
    assert trails[0] == trails[1]


# --- exported --------------------------------------------------------------------------------------


def test_the_trail_is_exported_as_lines_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "host_of_the_audit.py").write_text(
        "from educonnect_flow import ActivationFlow\n"
        "from educonnect_flow.directory import StaticDirectory\n"
        "from educonnect_flow.sms import RecordingSms\n"
        "from educonnect_flow.stores import SqliteStore\n"
        "def flow():\n"
        "    return ActivationFlow(directory=StaticDirectory([]), sms=RecordingSms(), secret_key=b'k' * 32,\n"
        f"        store=SqliteStore({str(tmp_path / 'a.db')!r}))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("educonnect_flow.process.BATCH", 4)
    store = SqliteStore(tmp_path / "a.db")
    world = World(store)
    walked(world)
    kept = world.flow.audit()
    assert main(["audit", "--flow", "host_of_the_audit:flow"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["number"] for line in lines] == [number for number, _ in kept]
    assert len(lines) == 14
    assert lines[5]["reasons"] == ["code_wrong"]
    assert re.fullmatch(r"2026-09-01T08:\d\d:00\+00:00", lines[5]["at"])
    assert main(["audit", "--flow", "host_of_the_audit:flow", "--after", str(lines[9]["number"])]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == lines[10:]
    store.close()


def test_both_flows_read_it() -> None:
    world = World()
    walked(world)
    flow = AsyncActivationFlow(
        directory=StaticDirectory([]), store=world.store, sms=RecordingSms(), secret_key=SECRET, clock=world.clock
    )
    assert asyncio.run(flow.audit(3, 5)) == world.flow.audit(3, 5)
    assert [number for number, _ in world.flow.audit(3, 5)] == [4, 5, 6, 7, 8]
    for wrong in ((-1, 5), (0, -5)):
        with pytest.raises(WrongUse):
            world.flow.audit(*wrong)


# --- told ------------------------------------------------------------------------------------------


def test_an_observer_hears_every_entry_once_it_is_committed() -> None:
    told: list[AuditEntry] = []
    store = MemoryStore()
    world = World(store, observer=told.append, sms=FaultySms(Gateway.REJECTS))
    out = world.at(State.CODE)
    world.flow.deliver()
    out = world.submit(out, password())
    assert reasons(out) == [Reason.NOT_NOW]
    trail = store.trail(identity(world, out))
    assert [entry for entry in told if entry.reasons != ("not_now",)] == list(trail)
    assert (told[-1].event, told[-1].row, told[-1].source, told[-1].dest) == ("ChoosePassword", None, "code", "code")
    assert trail[-1].event == "Deliver"
    assert told[-1].mobile == trail[-1].mobile is not None


def test_an_observer_that_fails_stops_nobody_and_its_words_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fails(entry: AuditEntry) -> None:
        raise RuntimeError("a secret of the host")

    world = World(observer=fails)
    assert world.at(State.ACTIVATED).accepted
    assert "the observer failed: builtins.RuntimeError at " in caplog.text
    assert "a secret of the host" not in caplog.text

    async def awaited(entry: AuditEntry) -> None: ...

    for wrong in ("nothing", awaited):
        with pytest.raises(WrongUse, match="observer"):
            World(observer=wrong)


def test_the_log_is_structured_and_under_one_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "educonnect_flow"):
        out = walked(World())
    records = [record for record in caplog.records if hasattr(record, "educonnect_flow")]
    assert {record.name for record in records} == {"educonnect_flow"}
    assert records[0].getMessage() == "Start: - -> profile"
    assert records[5].getMessage() == "SubmitCode: code -> code (code_wrong)"
    fields: Any = records[5].__dict__["educonnect_flow"]
    assert (fields["row"], fields["reasons"]) == ("code.wrong", ("code_wrong",))
    assert out.handle not in caplog.text
