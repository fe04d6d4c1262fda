"""Nothing tells a known parent from an unknown one, and nobody's secrets leave the process."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import re
import traceback
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from educonnect_flow import (
    ConfirmPupils,
    GoBack,
    Outcome,
    PupilAnswer,
    Reason,
    ResendCode,
    Settings,
    StartActivation,
    State,
    SubmitCode,
    Validators,
)
from educonnect_flow._keys import Keys, digest
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import (
    ActivationError,
    PortUnavailable,
    RequestReused,
    SmsRejected,
    SmsUnavailable,
    UnknownHandle,
    WrongUse,
)
from educonnect_flow.people import E164
from educonnect_flow.ports import Message, Store
from educonnect_flow.testing import FakeClock, FaultyStore
from educonnect_flow.testing._stores import full
from tests.world import (
    EMILIE,
    LEO,
    MOBILE,
    PASSWORD,
    SECRET,
    WRONG_DATE,
    ZOE,
    Counting,
    Questions,
    World,
    account_of,
    activation_of,
    answers,
    claim,
    password,
    reasons,
)

promise = pytest.mark.promise

KNOWN = claim()
WRONG_NAME = claim("Durand", "Camille")
UNKNOWN_NUMBER = claim("Durand", "Emilie", "06 98 76 54 78")


def shown(out: Outcome) -> str:
    """All that a page could show of *out*, as text."""
    return repr((out, [(refusal, refusal.message()) for refusal in out.refusals], out.view))


def visit(world: World, who: Any) -> list[str]:
    """Everything one can do before the right code, and what is seen of it."""
    out = world.at(State.IDENTITY)
    seen = []

    def do(event: Any) -> None:
        nonlocal out
        out = world.submit(out, event)
        seen.append(shown(out))

    do(who)
    do(ResendCode())
    for text in ("12", "000001", "999999"):
        do(SubmitCode(text))
    world.clock.advance(minutes=1)
    do(ResendCode())
    do(GoBack())
    do(who)
    world.clock.advance(minutes=1)
    do(who)
    world.flow.deliver()
    world.clock.advance(minutes=31)
    do(SubmitCode("000001"))
    do(answers(LEO, ZOE))
    do(password())
    world.clock.advance(minutes=1)
    do(ResendCode())
    for _ in range(3):
        do(SubmitCode("000001"))
    seen.append(shown(world.flow.resume(out.handle)))
    return seen


@promise("E1")
@pytest.mark.parametrize("who", [WRONG_NAME, UNKNOWN_NUMBER], ids=["wrong name", "unknown number"])
def test_a_stranger_sees_what_a_known_parent_sees(who: Any, store: Store) -> None:
    known, unknown = visit(World(), KNOWN), visit(World(store), who)
    assert known == unknown
    assert "LOCKED" in known[-1]


@promise("E1")
def test_no_page_before_the_code_shows_that_a_parent_is_active_already() -> None:
    world = World()
    world.at(State.ACTIVATED)
    world.clock.advance(days=2)
    fresh = World()
    fresh.clock.now = world.clock.now
    assert visit(world, KNOWN) == visit(fresh, UNKNOWN_NUMBER)


@promise("E1", "E2")
def test_the_same_calls_are_made_for_a_stranger(store: Store) -> None:
    traces = []
    for who in (KNOWN, WRONG_NAME, UNKNOWN_NUMBER):
        faulty = FaultyStore(World().store)
        found: list[str] = []

        class Spy(StaticDirectory):
            def find(self, mobile: str) -> Any:
                found.append("find")  # noqa: B023 - each turn has its own
                return super().find(mobile)

        world = World(faulty, directory=Spy([EMILIE]))
        visit(world, who)
        traces.append((faulty.calls, found))
    assert traces[0][1] == traces[1][1] == traces[2][1]
    # The relay settles a decoy as it does a message that was sent.
    assert traces[0][0] == traces[1][0] == traces[2][0]


@promise("E1")
def test_not_even_the_decoys_own_code_opens(world: World) -> None:
    out = world.at(State.CODE, UNKNOWN_NUMBER)
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    a, ports = activation_of(loaded), world.flow._engine.ports
    assert a.challenge is not None
    code = ports.code_of("ACTIVATION", a.id, a.challenge.nonce, E164("+33698765478"))
    assert reasons(world.submit(out, SubmitCode(code))) == [Reason.CODE_WRONG]
    assert world.flow.deliver() == 0


# --- secrets ---------------------------------------------------------------------------------------

BIRTH = re.compile(r"2007-09-21|21/09/2007|2007, 9, 21|20070921")
CANARIES = ["612345678", "6 12 34 56 78", PASSWORD, SECRET.decode()]


def leaks(text: str, *more: str) -> list[str]:
    """Which secrets stand in *text*."""
    return [canary for canary in (*CANARIES, *more) if canary in text] + BIRTH.findall(text)


@promise("V1")
def test_no_repr_shows_a_secret_or_a_full_number() -> None:
    world = World(human_check=Questions())
    out = world.at(State.IDENTITY)
    out = world.submit(out, claim(human_check="1"))
    code = world.code()
    handle = out.handle
    seen: list[object] = [
        world.flow, world.store, world.flow._engine.ports, Keys(SECRET), EMILIE, LEO, claim(), SubmitCode(code), password(),
        answers(LEO), PupilAnswer(pupil_id="leo", confirmed=True, birth_date="21/09/2007"), *world.sms.sent, out,
        world.store.load(digest(handle)), StaticDirectory([EMILIE]), full(),
    ]  # fmt: skip
    events = (SubmitCode(code[::-1]), SubmitCode(code), WRONG_DATE, answers(LEO, ZOE), password("x"), password())
    for n, event in enumerate(events):
        out = world.submit(out, event, f"request-{n}")
        seen += [out, out.view, out.refusals, world.store.load(digest(out.handle))]
        seen += [refusal.message() for refusal in out.refusals]
    seen += [account_of(world.store, out.view.identifier), out.refusals]
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    seen += world.store.trail(activation_of(loaded).id)
    text = "\n".join(f"{value!r}\n{value!s}" for value in seen)
    assert leaks(text, code, handle, out.handle) == []
    assert "Outcome(" in text


@promise("V1")
def test_what_holds_a_secret_is_not_pickled_and_copies_are_itself() -> None:
    world = World()
    out = world.at(State.CODE)
    for value in (SubmitCode("123456"), claim(), password(), answers(LEO), EMILIE, LEO, out, out.view, Keys(SECRET)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="not pickled"):
                pickle.dumps(value, protocol)
        assert copy.copy(value) is value
        assert copy.deepcopy(value) is value
    refused = world.submit(out, SubmitCode("x")).refusals[0]
    assert pickle.loads(pickle.dumps(refused)) == refused  # noqa: S301 - our own
    assert leaks(pickle.dumps(refused).decode("latin-1")) == []


@promise("V1")
def test_no_exception_and_no_traceback_holds_a_secret(world: World) -> None:
    out = world.at(State.CODE)
    code = world.code()
    world.submit(out, SubmitCode(code[::-1]), "one")

    class Broken:
        def find(self, mobile: str) -> Any:
            raise RuntimeError("no connection")

    broken = World(world.store, directory=Broken(), clock=world.clock)
    attempts: list[Callable[[], object]] = [
        lambda: world.submit(out, SubmitCode(code), "one"),
        lambda: world.submit(out, SubmitCode(int(code))),  # type: ignore[arg-type]  # wrong types on purpose
        lambda: world.flow.submit(out.handle + "x", SubmitCode(code)),
        lambda: broken.submit(out, SubmitCode(code)),
        lambda: claim(mobile=612345678),  # type: ignore[arg-type]  # likewise
        lambda: PupilAnswer(pupil_id="leo", confirmed="21/09/2007"),  # type: ignore[arg-type]  # likewise
        lambda: StaticDirectory([attrs.evolve(EMILIE, mobile="call 612345678 x 6 12 34 56 78 or so")]),
        lambda: world.flow.submit(out.handle, PASSWORD),  # type: ignore[arg-type]  # likewise
        lambda: World(secret_key="a secret key made for the tests!"),
    ]
    for attempt in attempts:
        with pytest.raises((ActivationError, ValueError)) as caught:
            attempt()
        text = "".join(traceback.format_exception(caught.value))
        lines = [line for line in text.splitlines() if not line.lstrip().startswith(("lambda", "File"))]
        said = "\n".join(line for line in lines if "test_strangers" not in line and "attempt()" not in line)
        assert leaks("\n".join(str(e) for e in (caught.value, caught.value.__cause__)), code, out.handle) == []
        assert code not in said


@promise("V1")
def test_nothing_is_logged_or_printed_but_message_ids(caplog: pytest.LogCaptureFixture) -> None:
    class Moody:
        answers = [SmsUnavailable("+33612345678 not now"), ValueError("612345678"), SmsRejected("612345678")]

        def send(self, message: Message) -> None:
            if self.answers:
                raise self.answers.pop(0)

    caplog.set_level(logging.DEBUG)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        world = World(sms=Moody())
        out = world.at(State.CODE)
        for _ in range(3):
            world.flow.deliver()
            world.clock.advance(minutes=1)
        world.submit(out, ResendCode())
        world.flow.deliver()
    ours = [r for r in caplog.records if r.name == "educonnect_flow" and r.levelno >= logging.WARNING]
    assert len(ours) == 3
    text = printed.getvalue() + "\n".join(record.getMessage() for record in caplog.records)
    assert leaks(text, out.handle) == []


@promise("V1", "C8")
def test_no_secret_is_at_rest(tmp_path: Path) -> None:
    from educonnect_flow.stores import SqliteStore

    store = SqliteStore(tmp_path / "activations.db")
    world = World(store, password_hasher=None)
    out = world.at(State.CODE)
    handles = [out.handle]
    for n, event in enumerate((SubmitCode(world.code()), WRONG_DATE, answers(LEO, ZOE), password())):
        out = world.submit(out, event, f"request-{n}")
        handles.append(out.handle)
    assert out.state is State.ACTIVATED
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("latin-1")
    assert leaks(raw, *handles, "request-1") == []
    assert "durand" in raw
    store.close()


def test_the_sealed_number_opens_with_its_key_and_place_only() -> None:
    keys = Keys(SECRET)
    sealed = keys.seal(MOBILE, "a1")
    assert keys.unseal(sealed, "a1") == MOBILE
    for other, place, text in (
        (Keys(SECRET[::-1]), "a1", sealed),
        (keys, "a2", sealed),
        (keys, "a1", sealed[:-4] + "AAAA"),
        (keys, "a1", ""),
    ):
        with pytest.raises(ValueError, match="not sealed"):
            other.unseal(text, place)
    with pytest.raises(WrongUse, match="too long"):
        keys.seal("x" * 33, "a1")


@pytest.mark.parametrize("key", ["text" * 8, b"short", None, bytearray(32)])
def test_a_key_is_bytes_and_long_enough(key: Any) -> None:
    with pytest.raises(WrongUse, match="secret_key"):
        World(secret_key=key)


def test_another_key_does_not_open_what_is_stored(store: Store) -> None:
    clock = FakeClock()
    out = World(store, clock=clock).at(State.CODE)
    other = World(store, clock=clock, secret_key=SECRET[::-1])
    with pytest.raises(ActivationError, match="secret_key"):
        other.submit(out, SubmitCode("123456"))
    assert other.flow.deliver() == 0
    clock.advance(minutes=1)
    assert World(store, clock=clock).flow.deliver() == 1  # not lost for it


def test_the_source_is_kept_as_a_keyed_hash_only(store: Store) -> None:
    world = World(store)
    out = world.flow.start(source="203.0.113.7")
    loaded = store.load(digest(out.handle))
    assert loaded is not None
    assert activation_of(loaded).source not in (None, "203.0.113.7")
    with pytest.raises(WrongUse):
        world.flow.start(source=7)  # type: ignore[arg-type]  # a number on purpose


# --- the human check -------------------------------------------------------------------------------


def test_a_prompt_serves_once_and_a_new_one_comes(worlds: Callable[..., World]) -> None:
    check = Questions()
    world = worlds(human_check=check)
    out = world.at(State.IDENTITY)
    assert out.view.prompt.puzzle == "Tapez 1"
    unanswered = world.submit(out, claim())
    assert [(r.reason, r.field) for r in unanswered.refusals] == [(Reason.HUMAN_CHECK_REQUIRED, "human_check")]
    assert unanswered.view.prompt.id == "1"
    malformed = world.submit(out, claim(mobile="1", human_check="1"))
    assert reasons(malformed) == [Reason.MOBILE_INVALID]
    assert malformed.view.prompt.id == "1"  # not spent on a form that is wrong anyway
    wrong = world.submit(out, claim(human_check="7"))
    assert reasons(wrong) == [Reason.HUMAN_CHECK_FAILED]
    assert wrong.view.prompt.id == "2"
    late = world.submit(out, claim(human_check="1"))
    assert reasons(late) == [Reason.HUMAN_CHECK_FAILED]
    assert late.view.prompt.id == "3"
    assert world.flow.resume(out.handle).view.prompt.id == "3"
    assert world.submit(out, claim(human_check="3")).state is State.CODE
    assert check.answered == 3


def test_a_new_prompt_comes_with_every_return_to_the_page(worlds: Callable[..., World]) -> None:
    world = worlds(human_check=Questions())
    out = world.submit(world.at(State.IDENTITY), claim(human_check="1"))
    out = world.submit(out, GoBack())
    assert out.view.prompt.id == "2"
    soon = world.submit(out, claim(human_check="2"))
    assert reasons(soon) == [Reason.RESEND_TOO_SOON]
    assert soon.view.prompt.id == "2"  # not spent on a claim that had to wait
    out = world.submit(out, GoBack())
    assert out.state is State.SIGN_IN


def test_a_prompt_that_is_over_is_replaced(worlds: Callable[..., World]) -> None:
    check = Questions()
    world = worlds(human_check=check)
    out = world.at(State.IDENTITY)
    check.open.clear()
    assert world.flow.resume(out.handle).view.prompt.id == "2"
    check.open.clear()
    assert world.submit(out, SubmitCode("1")).view.prompt is None  # NOT_NOW changes nothing
    check.open.clear()
    assert world.submit(out, claim(mobile="1", human_check="2")).view.prompt.id == "3"


def test_a_limit_spends_the_prompt_and_brings_another(worlds: Callable[..., World]) -> None:
    world = worlds(human_check=Questions(), settings=Settings(sms_per_mobile=0))
    out = world.submit(world.at(State.IDENTITY), claim(human_check="1"), "one")
    assert reasons(out) == [Reason.SMS_PER_MOBILE]
    assert out.view.prompt.id == "2"
    again = world.submit(out, claim(human_check="1"), "one")
    assert again == out


def test_of_two_claims_with_one_answer_one_passes(worlds: Callable[..., World]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    check = Questions()
    world = worlds(human_check=check)
    out = world.at(State.IDENTITY)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: world.submit(out, claim(human_check="1")), range(8)))
    assert sum(outcome.accepted for outcome in outcomes) == 1
    assert world.flow.deliver() == 1


@pytest.mark.parametrize("port", ["directory", "human_check", "password_hasher"])
def test_a_port_that_fails_is_a_documented_error_and_nothing_moves(port: str, worlds: Callable[..., World]) -> None:
    class Broken(Questions):
        broken = False

        def _fail(self, *args: Any) -> Any:
            raise OSError("down")

        find = hash = verify = _fail
        passes = _fail  # type: ignore[assignment]  # it never returns

    broken = Broken()
    world = worlds(**{port: broken})
    state, event = {
        "directory": (State.IDENTITY, claim()),
        "human_check": (State.IDENTITY, claim(human_check="1")),
        "password_hasher": (State.PASSWORD, password()),
    }[port]
    out = world.at(state)
    with pytest.raises(PortUnavailable, match=f"{port}\\.") as caught:
        world.submit(out, event, "one")
    assert isinstance(caught.value.__cause__, OSError)
    assert world.flow.resume(out.handle).state is state


def test_errors_are_one_tree() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ActivationError("x")
    for error in (UnknownHandle, RequestReused, WrongUse, SmsRejected, SmsUnavailable):
        assert issubclass(error, ActivationError)
    assert issubclass(WrongUse, TypeError)


def test_denied_pupils_are_recorded_for_the_school(world: World) -> None:
    out = world.submit(world.at(State.PUPILS), answers(LEO, deny=[ZOE]))
    loaded = world.store.load(digest(out.handle))
    assert loaded is not None
    assert world.store.trail(activation_of(loaded).id)[-1].denied == ("zoe",)
    none = world.submit(
        world.at(State.PUPILS), ConfirmPupils([PupilAnswer(pupil_id=p, confirmed=False) for p in ("leo", "zoe")])
    )
    loaded = world.store.load(digest(none.handle))
    assert loaded is not None
    assert world.store.trail(activation_of(loaded).id)[-1].denied == ("leo", "zoe")


def test_a_truthy_answer_of_a_human_check_is_not_true(worlds: Callable[..., World]) -> None:
    class Lax(Questions):
        def passes(self, id: str, answer: str) -> Any:
            return "yes"

    world = worlds(human_check=Lax())
    assert reasons(world.submit(world.at(State.IDENTITY), claim(human_check="1"))) == [Reason.HUMAN_CHECK_FAILED]


def test_a_human_check_that_comes_in_meanwhile_is_asked(store: Store) -> None:
    before = World(store)
    out = before.at(State.IDENTITY)
    world = World(store, human_check=Questions(), clock=before.clock)
    assert world.submit(out, SubmitCode("1")).view.prompt is None  # NOT_NOW changes nothing
    for answer in (None, "1"):
        before.clock.advance(seconds=1)
        refused = world.submit(out, claim(human_check=answer))
        assert reasons(refused) == [Reason.HUMAN_CHECK_REQUIRED]
        assert refused.view.prompt.id == "1"
        if answer is None:
            again = World(store, clock=before.clock)  # the check is switched off, and on again
            again.submit(again.submit(out, GoBack()), StartActivation())
            world = World(store, human_check=Questions(), clock=before.clock)
    assert world.submit(out, claim(human_check="1")).state is State.CODE


@promise("E1")
def test_a_lax_identity_validator_makes_no_unknown_mobile_known(worlds: Callable[..., World]) -> None:
    world = worlds(validators=Validators(identity=lambda check: None))
    world.at(State.CODE, UNKNOWN_NUMBER)
    assert world.flow.deliver() == 0
    world.at(State.CODE, WRONG_NAME)
    assert world.flow.deliver() == 1


@promise("C11")
def test_the_flows_codes_are_bound_to_activation_nonce_and_mobile() -> None:
    ports = World().flow._engine.ports
    m, p = E164("m"), E164("p")
    codes = {
        ports.code_of("ACTIVATION", *bound) for bound in (("a", "n", m), ("b", "n", m), ("a", "o", m), ("a", "n", p))
    }
    assert len(codes) == 4


@promise("V1", "R7")
def test_an_accepted_password_is_remembered_by_the_accounts_own_hash(world: World) -> None:
    before = world.at(State.PASSWORD)
    out = world.submit(before, password(), "one")
    loaded = world.store.load(digest(out.handle), world.flow._engine._request_keys("one"))
    account = account_of(world.store, out.view.identifier)
    assert loaded is not None
    assert loaded.answered is not None
    assert account is not None
    assert loaded.answered.fingerprint == f"hash:{account.password_hash}"
    assert world.submit(before, password(), "one") == out
    assert world.submit(before, password(unicodedata.normalize("NFD", PASSWORD)), "one") == out
    for other in (password("Vélo-Bleu-32"), password(PASSWORD, "x"), password("x" * 300), password(""), GoBack()):
        with pytest.raises(RequestReused):
            world.submit(before, other, "one")


@promise("V1", "R7")
def test_a_refused_password_is_remembered_by_a_keyed_hash(world: World) -> None:
    before = world.at(State.PASSWORD)
    out = world.submit(before, password("x"), "one")
    loaded = world.store.load(digest(out.handle), world.flow._engine._request_keys("one"))
    assert loaded is not None
    assert loaded.answered is not None
    assert re.fullmatch(r"[\w-]{43}", loaded.answered.fingerprint)
    assert world.submit(before, password("x"), "one") == out
    with pytest.raises(RequestReused):
        world.submit(before, password("y"), "one")
    other = world.at(State.PASSWORD)
    world.submit(other, password("x"), "one")
    again = world.store.load(digest(other.handle), world.flow._engine._request_keys("one"))
    assert again is not None
    assert again.answered is not None
    assert again.answered.fingerprint != loaded.answered.fingerprint  # it is salted by the run


@promise("P6")
@pytest.mark.parametrize("request_id", [None, "r"])
@pytest.mark.parametrize(
    ("event", "hashes"),
    [
        (password(), 1),
        (password(""), 0),
        (password("a" * 300), 0),
        (password(PASSWORD, "a" * 300), 0),
        (password("\ud800"), 0),
        (password("short"), 0),
        (password("Durand-31-bleu"), 0),
        (password(PASSWORD, "x"), 0),
    ],
)
def test_an_accepted_password_is_hashed_once_and_a_refused_one_never(
    event: Any, hashes: int, request_id: str | None, worlds: Callable[..., World]
) -> None:
    world = worlds(password_hasher=(hasher := Counting()))
    out = world.at(State.PASSWORD)
    done = world.submit(out, event, request_id)
    assert done.accepted is (hashes == 1)
    assert (hasher.hashed, hasher.verified) == (hashes, 0)
    if request_id is not None:
        world.submit(out, event, request_id)
        assert (hasher.hashed, hasher.verified) == (hashes, hashes)


@promise("F3", "C5")
def test_no_message_is_sent_for_a_page_that_was_left(worlds: Callable[..., World]) -> None:
    world = worlds()
    world.submit(world.at(State.CODE), GoBack())
    assert world.flow.deliver() == 0
    locked = world.at(State.CODE)
    for _ in range(5):
        locked = world.submit(locked, SubmitCode("999999"))
    assert locked.state is State.LOCKED
    assert world.flow.deliver() == 0
    accepted = world.at(State.CODE)
    loaded = world.store.load(digest(accepted.handle))
    assert loaded is not None
    a, ports = activation_of(loaded), world.flow._engine.ports
    assert a.challenge is not None
    code = ports.code_of("ACTIVATION", a.id, a.challenge.nonce, MOBILE)
    assert world.submit(accepted, SubmitCode(code)).state is State.PUPILS
    assert world.flow.deliver() == 0


def test_a_directory_that_names_somebody_twice_changes_nothing(worlds: Callable[..., World]) -> None:
    class Twice:
        def find(self, mobile: str) -> list[Any]:
            return [EMILIE, EMILIE] if mobile == MOBILE else []

    world = worlds(directory=Twice())
    assert world.at(State.ACTIVATED).state is State.ACTIVATED


@pytest.mark.parametrize("usage_name", ["", " - ", None])
def test_an_empty_name_is_nobodys(usage_name: str | None, worlds: Callable[..., World]) -> None:
    world = worlds(guardians=[attrs.evolve(EMILIE, usage_name=usage_name)])
    out = world.submit(world.at(State.IDENTITY), claim("\u02bc"))
    assert reasons(out) == [Reason.CHARACTERS]
    lax = worlds(guardians=[attrs.evolve(EMILIE, family_name="", usage_name="Petit")])
    done = lax.at(State.ACTIVATED, claim("Petit"))
    assert done.view.identifier.startswith("e.x")


def test_all_denied_with_a_locked_mobile_is_locked(worlds: Callable[..., World]) -> None:
    world = worlds(settings=Settings(mobile_failures=3))
    out, other = world.at(State.PUPILS), world.at(State.PUPILS)
    for _ in range(3):
        other = world.submit(other, WRONG_DATE)
    world.clock.advance(minutes=10)
    locked = world.submit(out, answers(deny=[LEO, ZOE]))
    assert locked.state is State.LOCKED
    assert locked.view.until == world.clock.now + timedelta(minutes=50)


def test_only_what_the_guardian_denied_is_recorded_as_denied() -> None:
    class Changing:
        pupils: Any = [LEO, ZOE]

        def find(self, mobile: str) -> list[Any]:
            return [attrs.evolve(EMILIE, pupils=self.pupils)] if mobile == MOBILE else []

    directory = Changing()
    world = World(directory=directory)
    out = world.at(State.PUPILS)
    directory.pupils = [LEO]
    out = world.submit(world.submit(out, answers(LEO, ZOE)), password())
    account = account_of(world.store, out.view.identifier)
    assert account is not None
    assert (account.confirmed, account.denied) == (("leo",), ())
