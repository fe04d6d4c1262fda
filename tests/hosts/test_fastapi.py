"""The JSON API, over HTTP on a real server."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from attrs import evolve
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from educonnect_flow import AsyncActivationFlow, ChoosePassword, Guardian, Settings, State
from educonnect_flow.contrib import LARGEST_BODY
from educonnect_flow.contrib.fastapi import activation_router
from educonnect_flow.contrib.fastapi._models import LONGEST, OUTCOMES, PATHS, VIEWS, Said, model_of
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.errors import PortUnavailable, StoreUnavailable, WrongUse
from educonnect_flow.human_checks import CaptchaCheck
from educonnect_flow.sms import RecordingSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import CheapHasher, FakeClock
from tests.hosts.processes import free_port
from tests.world import EMILIE, PASSWORD, SECRET, Counting, World

ANSWERS = [
    {"pupil_id": "leo", "confirmed": True, "birth_date": "2007-09-21"},
    {"pupil_id": "zoe", "confirmed": True, "birth_date": "01/01/2005"},
]


NUMBERS = itertools.count(6_70_00_00_00)


class Anybody:
    """A directory in which every number is that of another Émilie."""

    def find(self, mobile: str) -> list[Guardian]:
        return [evolve(EMILIE, id=mobile, mobile=mobile)]


class Host:
    """A server with the journey at ``/activation`` and, the handle in a cookie, at ``/cookie``."""

    def __init__(self, **given: Any) -> None:
        self.sms, self.clock = RecordingSms(), FakeClock()
        self.flow = AsyncActivationFlow(
            **{"directory": StaticDirectory([EMILIE]), "password_hasher": CheapHasher(), **given}, store=MemoryStore(), sms=self.sms, secret_key=SECRET,
            clock=self.clock,
        )  # fmt: skip
        app = FastAPI(title="Activation")
        app.include_router(activation_router(self.flow), prefix="/activation")
        app.include_router(
            activation_router(self.flow, handle_in="cookie", secure=False, source=lambda request: request.url.path),
            prefix="/cookie",
        )
        port = free_port()
        self.server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def close(self) -> None:
        self.client.close()
        self.server.should_exit = True
        self.thread.join()


class Parent:
    """Somebody's client, which keeps the newest handle."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.handle = ""
        self.code = ""
        self.mobile = "06 12 34 56 78"

    def told(self, response: httpx.Response) -> httpx.Response:
        self.handle = response.headers.get("activation-handle", self.handle)
        assert response.headers["cache-control"] == "no-store"
        return response

    def start(self) -> httpx.Response:
        return self.told(self.host.client.post("/activation"))

    def get(self, path: str = "") -> httpx.Response:
        return self.told(self.host.client.get(f"/activation{path}", headers={"Activation-Handle": self.handle}))

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        headers = {"Activation-Handle": self.handle, **headers}
        return self.told(self.host.client.post(f"/activation/{path}", json=body, headers=headers))

    def claim(self) -> httpx.Response:
        asyncio.run(self.host.flow.deliver())  # what others left
        said = {"family_name": "DURAND", "given_name": "Emilie", "mobile": self.mobile}
        response = self.post("claim-identity", said)
        asyncio.run(self.host.flow.deliver())
        self.code = self.host.sms.sent[-1].text[-6:]
        return response

    def to(self, state: State) -> dict[str, Any]:
        """Walk there; what the last answer said."""
        steps: dict[State, Callable[[], httpx.Response]] = {
            State.PROFILE: self.start,
            State.SIGN_IN: lambda: self.post("choose-profile", {"profile": "guardian"}),
            State.IDENTITY: lambda: self.post("start-activation"),
            State.CODE: self.claim,
            State.PUPILS: lambda: self.post("submit-code", {"code": self.code}),
            State.PASSWORD: lambda: self.post("confirm-pupils", {"answers": ANSWERS}),
            State.ACTIVATED: lambda: self.post("choose-password", {"password": PASSWORD, "confirmation": PASSWORD}),
        }
        for step, walk in steps.items():
            response = walk()
            assert response.is_success, response.text
            found: dict[str, Any] = response.json()
            assert found["state"] == step.value
            if step is state:
                return found
        raise AssertionError(state)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Host]:
    """A host for any number of parents."""
    running = Host(directory=Anybody(), settings=Settings(sms_per_prefix=None, sms_budget=None))
    yield running
    running.close()


@pytest.fixture
def host() -> Iterator[Host]:
    running = Host()
    yield running
    running.close()


def test_the_whole_journey(host: Host) -> None:
    one = Parent(host)
    code = one.to(State.CODE)
    assert code["permitted"] == ["submit-code", "resend-code", "go-back"]
    assert code["view"]["masked_mobile"] == "+33 6 •• •• •• 78"
    before = one.handle
    one.to(State.PUPILS)
    assert one.handle != before
    other = Parent(host)
    end = other.to(State.ACTIVATED)
    assert end["view"]["identifier"].startswith("e.durand")
    assert [pupil["given_name"] for pupil in end["view"]["pupils"]] == ["Leo", "Zoe"]
    assert other.get().json() == end


def test_a_refusal_is_a_problem_that_says_why_and_where_one_stands(host: Host) -> None:
    one = Parent(host)
    one.to(State.CODE)
    response = one.post("submit-code", {"code": "000000"}, **{"Accept-Language": "en-GB, fr;q=0.5"})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    body = response.json()
    assert body["refusals"] == [
        {
            "reason": "code_wrong", "field": "code", "params": {"attempts_left": 4},
            "message": "This is not the right code. Copy the one in the last text message, or ask for a new code. "
            "You have 4 attempts left.",
        }
    ]  # fmt: skip
    assert body["outcome"]["view"]["attempts_left"] == 4
    assert body["status"] == 422
    early = one.post("resend-code")
    assert (early.status_code, early.headers["retry-after"]) == (429, "60")
    assert "Vous pourrez" in early.json()["refusals"][0]["message"]
    not_now = one.post("choose-profile", {"profile": "guardian"})
    assert (not_now.status_code, not_now.json()["refusals"][0]["reason"]) == (409, "not_now")


def test_the_same_request_gets_the_same_answer(host: Host) -> None:
    one = Parent(host)
    one.to(State.CODE)
    code = one.code
    handle = one.handle
    first = one.post("submit-code", {"code": code}, **{"Idempotency-Key": "k1"})
    one.handle = handle
    again = one.post("submit-code", {"code": code}, **{"Idempotency-Key": "k1"})
    assert (again.json(), again.headers["activation-handle"]) == (first.json(), first.headers["activation-handle"])
    one.handle = first.headers["activation-handle"]
    other = one.post("confirm-pupils", {"answers": []}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:educonnect-flow:problem:request-reused")


def test_what_is_malformed_is_told_without_repeating_it(host: Host) -> None:
    one = Parent(host)
    one.to(State.PASSWORD)
    response = one.post("choose-password", {"password": 7, "confirmation": PASSWORD, "more": 1})
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"at": ["body", "password"], "why": "string_type"}, {"at": ["body"], "why": "extra_forbidden"},
    ]  # fmt: skip
    assert PASSWORD not in response.text
    headers = {"Activation-Handle": one.handle, "Content-Type": "application/json"}
    for content in (b"{", b"\xff\xfe\x00", b'{"password": "\\ud800", "confirmation": ""}'):
        response = host.client.post("/activation/choose-password", content=content, headers=headers)
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert one.get().json()["state"] == "password"


def test_birth_dates_in_either_form(host: Host) -> None:
    one = Parent(host)
    one.to(State.PUPILS)
    for date in ("2007-13-21", "21-09-07", "no date"):
        answers = [ANSWERS[0] | {"birth_date": date}, {"pupil_id": "zoe", "confirmed": False}]
        response = one.post("confirm-pupils", {"answers": answers})
        assert response.json()["refusals"][0]["reason"] == "birth_date_malformed"
    assert one.post("confirm-pupils", {"answers": ANSWERS}).json()["state"] == "password"


def test_the_meter(host: Host) -> None:
    one = Parent(host)
    one.to(State.PUPILS)
    assert one.post("password-assessment", {"password": "x"}).status_code == 409
    one = Parent(host)
    one.to(State.PASSWORD)
    report = one.post("password-assessment", {"password": "abc"}, **{"Accept-Language": "de, en"}).json()
    assert report["strength"] == 1
    assert report["refusals"][0]["reason"] == "password_no_upper"
    assert report["refusals"][0]["message"]
    assert report["criteria"][1] == {"name": "lower", "met": True, "text": "Must have 1 lowercase letter"}


@pytest.mark.promise("P6")
def test_an_accepted_password_is_hashed_once_and_a_refused_one_never() -> None:
    host = Host(password_hasher=(hasher := Counting()))
    one = Parent(host)
    one.to(State.PASSWORD)
    for n, text in enumerate(("", "x" * 300, "short")):
        one.post("choose-password", {"password": text, "confirmation": text}, **{"Idempotency-Key": f"k{n}"})
    assert hasher.hashed == 0
    body = {"password": PASSWORD, "confirmation": PASSWORD}
    assert one.post("choose-password", body, **{"Idempotency-Key": "k"}).json()["state"] == "activated"
    assert one.post("choose-password", body, **{"Idempotency-Key": "k"}).json()["state"] == "activated"
    assert (hasher.hashed, hasher.verified) == (1, 1)
    host.close()


@pytest.mark.promise("V1")
def test_the_repr_of_what_was_posted_shows_nothing() -> None:
    body = model_of(ChoosePassword, Said)(password=PASSWORD, confirmation=PASSWORD)
    assert repr(body) == "ChoosePassword()"


def test_a_router_of_something_else_is_refused_at_once(host: Host) -> None:
    for wrong in (World().flow, host):
        with pytest.raises(WrongUse, match="must be an AsyncFlow"):
            activation_router(wrong)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(WrongUse, match="handle_in"):
        activation_router(host.flow, handle_in="cooky")  # type: ignore[arg-type]  # on purpose


def test_a_handle_that_nobody_knows(host: Host) -> None:
    one = Parent(host)
    for handle in ("", "never"):
        one.handle = handle
        assert one.get().json()["type"] == "urn:educonnect-flow:problem:unknown-handle"
        assert one.post("go-back").status_code == 404


def test_the_handle_in_a_cookie(host: Host) -> None:
    with httpx.Client(base_url=host.address) as client:
        started = client.post("/cookie")
        cookie = started.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "activation-handle" not in started.headers
        assert client.post("/cookie/choose-profile", json={"profile": "pupil"}).json()["state"] == "not_eligible"
        assert client.get("/cookie").json()["state"] == "not_eligible"
    app = FastAPI()
    app.include_router(activation_router(host.flow, handle_in="cookie"), prefix="/secure")
    parameters = app.openapi()["paths"]["/secure"]["get"]["parameters"]
    assert [(one["in"], one["name"]) for one in parameters] == [("cookie", "educonnect_activation_token")]


def test_the_source_is_said(host: Host) -> None:
    with httpx.Client(base_url=host.address) as client:
        client.post("/cookie")
    store: Any = host.flow._engine.ports.store
    assert ['"source"' in one.run.body.text for one in store._kept.values()] == [True]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), PortUnavailable("directory")])
def test_while_something_is_away(host: Host, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Parent(host)
    one.to(State.CODE)

    async def away(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(host.flow._engine, "submit", away)
        response = one.post("submit-code", {"code": "123456"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert one.post("submit-code", {"code": "000000"}).json()["outcome"]["view"]["attempts_left"] == 4


def test_the_human_check_is_seen_and_heard() -> None:
    check = CaptchaCheck(MemoryStore(), SECRET, clock=FakeClock())
    running = Host(human_check=check)
    try:
        one = Parent(running)
        assert one.to(State.IDENTITY)["view"] == {"prompt": {"puzzle": None, "image": True}}
        assert one.get("/human-check/image").content[:4] == b"\x89PNG"
        assert one.get("/human-check/audio").content[:4] == b"RIFF"
        one.post("go-back")
        assert one.get("/human-check/image").status_code == 404
    finally:
        running.close()


def test_every_state_and_event_is_described(host: Host) -> None:
    described = host.client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    assert set(VIEWS) == set(OUTCOMES) == set(State)
    assert {schema["properties"]["state"]["const"] for name, schema in schemas.items() if name.endswith("Outcome")} == {
        state.value for state in State
    }
    assert set(schemas["CodeView"]["properties"]) == {
        "masked_mobile", "attempts_left", "expires_at", "resend_at", "resends_left",
    }  # fmt: skip
    assert set(schemas["PupilsView"]["properties"]) == {"pupils", "attempts_left"}
    assert set(schemas["ShownPupil"]["properties"]) == {"id", "given_name", "family_name", "school", "relation"}
    for path in PATHS.values():
        answers = described["paths"][f"/activation/{path}"]["post"]["responses"]
        assert set(answers) == {"200", "400", "404", "409", "413", "422", "429", "500", "503"}
        assert list(answers["409"]["content"]) == ["application/problem+json"]
    assert model_of(VIEWS[State.CODE], OUTCOMES[State.CODE].__base__ or object).__name__ == "CodeView"


# --- bodies that are too large, and what is said of malformed ones ---------------------------------------------

ROUTES = [("POST", ""), ("GET", ""), ("GET", "/human-check/image"), ("GET", "/human-check/audio"),
          ("POST", "/password-assessment"), *(("POST", f"/{path}") for path in PATHS.values())]  # fmt: skip
CHUNK = 16_000


def endless(
    flow: AsyncActivationFlow, method: str, path: str, handle: str, length: int | None
) -> tuple[int, dict[str, Any], int]:
    """What the routes answer to a body without an end: status, problem, and how many bytes they read of it."""
    app, read, sent = FastAPI(), 0, list[Any]()
    app.include_router(activation_router(flow), prefix="/activation")

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += CHUNK
        assert read < 10_000_000, "it reads on and on"
        return {"type": "http.request", "body": b'{"code": "' + b"1" * (CHUNK - 10), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"activation-handle", handle.encode()), (b"content-type", b"application/json")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    scope = {
        "type": "http", "method": method, "path": f"/activation{path}", "raw_path": b"", "query_string": b"", "root_path": "",
        "headers": [pair for pair in headers if pair[1]], "http_version": "1.1", "scheme": "http", "server": ("h", 80),
        "client": ("c", 1),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(body), read


@pytest.mark.promise("I6")
@pytest.mark.parametrize("length", [None, LARGEST_BODY + 1, 10**9, 10**40])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_reads_more_of_a_body_than_it_may(crowd: Host, method: str, path: str, length: int | None) -> None:
    one = Parent(crowd)
    one.start()
    status, problem, read = endless(crowd.flow, method, path, one.handle, length)
    assert read <= (LARGEST_BODY + CHUNK if length is None else 0)
    reads_a_body = path not in ("", "/human-check/image", "/human-check/audio")
    if reads_a_body or length is not None:
        assert (status, problem["type"]) == (413, "urn:educonnect-flow:problem:too-large")


@pytest.mark.promise("I6")
@pytest.mark.parametrize(("method", "path"), ROUTES[1:])
def test_without_a_handle_no_body_is_read(crowd: Host, method: str, path: str) -> None:
    assert endless(crowd.flow, method, path, "", None)[::2] == (404, 0)


MALFORMED: dict[str, bytes] = {
    "answers without fields": json.dumps({"answers": [{}] * 15_000}).encode(),
    "too many answers": json.dumps({"answers": [{"pupil_id": "", "confirmed": False}] * 1_000}).encode(),
    "answers of a wrong type": json.dumps({"answers": [[]] * 15_000}).encode(),
    "many fields": json.dumps({f"secret{n}": n for n in range(3_000)}).encode(),
    "some fields": json.dumps({f"secret{n}": n for n in range(40)}).encode(),
    "fields of an answer": json.dumps({"answers": [{f"secret{n}": n for n in range(3_000)}]}).encode(),
    "many fields of many answers": json.dumps({"answers": [{f"secret{n}": n for n in range(40)}] * 100}).encode(),
    "a field of a schema's name": json.dumps({"answers": [], "secret": {"code": 1}}).encode(),
    "nesting": b"[" * 60_000,
    "nesting in a field": b'{"answers":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "objects in objects": b'{"answers":' * 5_000,
    "a long number": b'{"answers": ' + b"9" * 60_000 + b"}",
    "a long text": json.dumps({"answers": [{"pupil_id": "secret" * 9_000, "confirmed": False}]}).encode(),
    "a long name": json.dumps({"secret" * 10_000: 1}).encode(),
}  # fmt: skip


@pytest.mark.promise("I6", "V1")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_of_a_malformed_body_little_is_said_and_nothing_repeated(crowd: Host, body: bytes) -> None:
    assert len(body) <= LARGEST_BODY
    one = Parent(crowd)
    one.start()
    headers = {"Activation-Handle": one.handle, "Content-Type": "application/json"}
    for path in ("confirm-pupils", "submit-code", "password-assessment"):
        response = crowd.client.post(f"/activation/{path}", content=body, headers=headers)
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"
        assert len(response.content) < 2_000
        assert "secret" not in response.text
        assert len(response.json().get("errors", ())) <= 10


@pytest.mark.parametrize(("path", "field"), [("claim-identity", "given_name"), ("submit-code", "code")])
def test_a_text_that_is_too_long_for_the_schema_is_malformed_and_a_shorter_one_refused(
    host: Host, path: str, field: str
) -> None:
    one = Parent(host)
    one.to(State.IDENTITY if path == "claim-identity" else State.CODE)
    body = {"family_name": "D", "given_name": "E", "mobile": "0612345678"} if path == "claim-identity" else {}
    refused = one.post(path, body | {field: "1" * LONGEST}).json()
    assert refused["type"] == "urn:educonnect-flow:problem:refused"
    problem = one.post(path, body | {field: "1" * (LONGEST + 1)}).json()
    assert problem["type"] == "urn:educonnect-flow:problem:malformed"
    assert problem["errors"] == [{"at": ["body", field], "why": "string_too_long"}]


def test_a_mistake_of_the_host_is_a_problem_and_says_in_the_log_where(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = Parent(host)
    one.to(State.PASSWORD)

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError(PASSWORD)

    monkeypatch.setattr(host.flow, "submit", broken)
    response = one.post("choose-password", {"password": PASSWORD, "confirmation": PASSWORD})
    assert (response.status_code, response.json()["type"]) == (500, "urn:educonnect-flow:problem:failed")
    (record,) = [
        record for record in caplog.records if record.name == "educonnect_flow" and record.levelname == "ERROR"
    ]
    assert "builtins.KeyError at" in record.message
    assert "test_fastapi.py" in record.message
    assert PASSWORD not in caplog.text


class Teapot(Exception):
    """A host's own."""


def test_what_a_hosts_dependency_raises_is_the_hosts_to_answer(host: Host) -> None:
    def depends(request: Request) -> None:
        kind = request.headers.get("kind")
        if kind == "own":
            raise Teapot
        if kind is not None:
            raise HTTPException(int(kind), headers={"WWW-Authenticate": "Bearer", "Retry-After": "7"})

    app = FastAPI()
    app.include_router(activation_router(host.flow), prefix="/activation", dependencies=[Depends(depends)])
    app.add_exception_handler(Teapot, lambda *_: Response(status_code=418))

    async def answers() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            assert (await client.post("/activation", headers={"kind": "own"})).status_code == 418
            for status in (401, 429):
                answer = await client.post("/activation", headers={"kind": str(status)})
                assert answer.status_code == status
                assert (answer.headers["www-authenticate"], answer.headers["retry-after"]) == ("Bearer", "7")
            assert (await client.post("/activation")).status_code == 201

    asyncio.run(answers())


@pytest.mark.promise("V1")
def test_a_wrong_use_by_an_adapter_is_a_mistake_of_the_host(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    class Nothing:
        def find(self, mobile: str) -> Any:
            return None

    other = Host(directory=Nothing())
    one = Parent(other)
    one.to(State.IDENTITY)
    answer = one.post("claim-identity", {"family_name": "D", "given_name": "E", "mobile": "0612345678"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:educonnect-flow:problem:failed")
    assert "educonnect_flow.errors.WrongUse" in caplog.text
    other.close()


# --- any body ---------------------------------------------------------------------------------------------


def somebody(host: Host) -> Parent:
    """A parent whose number was not used before: what tries the routes may well activate an account."""
    one = Parent(host)
    one.mobile = f"0{next(NUMBERS)}"
    return one


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps({"code": text}).encode()))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_gets_an_answer(crowd: Host, body: bytes) -> None:
    one = somebody(crowd)
    one.to(State.CODE)
    response = one.host.client.post(
        "/activation/submit-code",
        content=body,
        headers={"Activation-Handle": one.handle, "Content-Type": "application/json"},
    )
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
