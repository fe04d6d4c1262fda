"""The Django application: its settings, pages, forms, admin and commands, by Django's own test client."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django import VERSION
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import connections
from django.http import HttpRequest, QueryDict
from django.test import Client, override_settings
from django.test.utils import setup_test_environment, teardown_test_environment
from django.utils import translation
from django.utils.log import AdminEmailHandler
from pytest import MonkeyPatch  # noqa: PT013 - a type

from educonnect_flow import Reason, Refusal, Settings, State, Validators
from educonnect_flow.contrib import LARGEST_BODY
from educonnect_flow.contrib.django import checks, conf, models
from educonnect_flow.contrib.django.forms import FORMS, ConfirmPupilsForm
from educonnect_flow.contrib.django.views import PAGES, csrf_failure
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.stores import MemoryStore
from tests import ROOT
from tests.engine.test_tracebacks import Watch
from tests.hosts import seen
from tests.world import PASSWORD, Counting

BASE = {"DIRECTORY": "tests.hosts.seen.directory", "SMS": "tests.hosts.seen.SeenSms"}
DATES = {"sacha": ("21", "9", "2007"), "basile": ("14", "3", "2009"), "elsa": ("1", "1", "2011")}


@pytest.fixture(autouse=True, scope="module")
def _environment() -> Iterator[None]:
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture(autouse=True)
def host(tmp_path: Path, sqlite_template: Path, monkeypatch: MonkeyPatch) -> Iterator[None]:
    """The default database is a file of the test's own, and what the host did is told in a folder of its own."""
    default = connections["default"]
    default.close()
    monkeypatch.setitem(default.settings_dict, "NAME", shutil.copy(sqlite_template, tmp_path / "host.db"))
    monkeypatch.setattr(seen, "FOLDER", tmp_path)
    conf.forget()
    yield
    default.close()
    conf.forget()


class Parent:
    """Somebody with a browser without scripts."""

    def __init__(self) -> None:
        self.client = Client()
        self.rendering = 0
        self.sent = ""
        """The code of the newest message."""

    def post(self, page: str, event: str, **data: Any) -> Any:
        self.rendering += 1
        data = {"request_id": f"r{self.rendering}", **data}
        return self.client.post(f"/activation/{page}/", {"event": event, **data}, follow=True)

    def to_identity(self) -> None:
        self.post("profil", "ChooseProfile", profile="guardian")
        self.post("connexion", "StartActivation")

    def to_code(self) -> Any:
        self.to_identity()
        self.client.get("/activation/identite/")
        return self.post(
            "identite", "ClaimIdentity", family_name="Durand", given_name="Émilie", mobile="06 12 34 56 78",
            human_check=(seen.FOLDER / "captcha").read_text(),
        )  # fmt: skip

    def code(self) -> str:
        call_command("educonnect_relay", "--once")
        _, text = json.loads((seen.FOLDER / "sms").read_text("utf-8").splitlines()[-1])
        self.sent = str(re.findall(r"\b\d{6}\b", text)[-1])
        return self.sent

    def to_pupils(self) -> Any:
        self.to_code()
        return self.post("code", "SubmitCode", code=f" {self.code()[:3]} {self.code()[3:]}")

    def answers(self) -> dict[str, str]:
        said = {}
        for pupil, parts in DATES.items():
            said[f"confirmed:{pupil}"] = "yes"
            said |= {f"birth:{pupil}:{p}": text for p, text in zip(("day", "month", "year"), parts, strict=True)}
        return said

    def steps(self) -> Iterator[Any]:
        """The answers from the identity on, one by one."""
        yield self.to_code()
        yield self.post("code", "SubmitCode", code=self.code())
        yield self.post("eleves", "ConfirmPupils", **self.answers())
        yield self.post("mot-de-passe", "ChoosePassword", password=PASSWORD, confirmation=PASSWORD)

    def to_the_end(self) -> Any:
        self.to_pupils()
        self.post("eleves", "ConfirmPupils", **self.answers())
        return self.post("mot-de-passe", "ChoosePassword", password=PASSWORD, confirmation=PASSWORD)


def stands_at(response: Any) -> str:
    """The page that an answer led to."""
    found: str = response.context["state"]
    return found


# --- the journey ---------------------------------------------------------------------------------------


def test_the_whole_journey(capsys: pytest.CaptureFixture[str]) -> None:
    end = Parent().to_the_end()
    assert stands_at(end) == "activated"
    assert re.fullmatch(r"e\.durand\d\d", end.context["view"].identifier)
    assert models.Account.objects.count() == 1
    assert "messages handed over: 1" in capsys.readouterr().out


def test_nothing_is_stored_for_who_only_looks() -> None:
    client = Client()
    for address in ("/activation/", "/activation/profil/", "/activation/code/"):
        client.get(address, follow=True)
    assert models.Run.objects.count() == 0
    assert client.cookies["educonnect_activation_token"].value == ""


def test_the_handle_is_in_a_cookie_for_nobody_else() -> None:
    one = Parent()
    one.post("profil", "ChooseProfile")
    cookie = one.client.cookies["educonnect_activation_token"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3600)
    secure = Client().post("/activation/profil/", {"event": "ChooseProfile"}, secure=True)
    assert secure.cookies["educonnect_activation_token"]["secure"] is True
    (kept,) = models.Run.objects.filter(id=models.Run.objects.first().id)  # type: ignore[union-attr]  # there is one
    assert cookie.value not in f"{vars(kept)}"
    response = one.client.get("/activation/connexion/")
    assert "no-store" in response["Cache-Control"]


def test_the_handle_rotates_in_the_cookie() -> None:
    one = Parent()
    one.to_code()
    before = one.client.cookies["educonnect_activation_token"].value
    one.post("code", "SubmitCode", code=one.code())
    assert one.client.cookies["educonnect_activation_token"].value != before


def test_the_same_rendering_twice_is_one_request() -> None:
    one = Parent()
    one.to_code()
    for _ in range(3):
        response = one.post("code", "SubmitCode", code="000000", request_id="the same")
        assert response.context["view"].attempts_left == 4
    for left, other in ((3, "000001"), (2, "000002")):  # gone back in the browser, and typed anew
        for _ in range(2):
            response = one.post("code", "SubmitCode", code=other, request_id="the same")
            assert response.context["view"].attempts_left == left


def test_a_rendering_sent_with_ever_new_contents_still_counts_each(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr("educonnect_flow.contrib.django.views.OTHER_BODIES", 2)
    one = Parent()
    one.to_code()
    lefts = [
        one.post("code", "SubmitCode", code=f"00000{n}", request_id="the same").context["view"].attempts_left
        for n in range(4)
    ]
    assert lefts == [4, 3, 2, 1]


def test_an_event_of_a_page_that_is_over() -> None:
    one = Parent()
    one.to_pupils()
    response = one.post("code", "SubmitCode", code="123456")
    assert (stands_at(response), response.context["note"]) == ("pupils", "etape")
    response = one.post("eleves", "SubmitCode", code="123456")  # no page sends that
    assert (stands_at(response), response.context["errors"][0][0]) == ("pupils", None)
    assert response.context["form"].is_bound is False


def test_a_handle_that_nobody_knows_begins_anew() -> None:
    for method, data in (("get", {}), ("post", {"event": "GoBack"})):
        client = Client()
        client.cookies["educonnect_activation_token"] = "never"
        response: Any = getattr(client, method)("/activation/code/", data, follow=True)
        assert (stands_at(response), response.context["note"]) == ("profile", "session")
        assert client.cookies["educonnect_activation_token"].value == ""
    response = Client().post("/activation/code/", {"event": "GoBack"}, follow=True)
    assert (stands_at(response), response.context["note"]) == ("profile", "session")


def test_a_browser_that_keeps_the_cookie_is_not_sent_round_and_round() -> None:
    client = Client()
    client.cookies["educonnect_activation_token"] = "never"
    assert client.get("/activation/profil/?note=session").status_code == 200


def test_a_lost_token_of_the_form_begins_anew() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/activation/profil/", {"event": "ChooseProfile"}, follow=True)
    assert (stands_at(response), response.context["note"]) == ("profile", "session")
    assert csrf_failure(HttpRequest()).status_code == 302


def test_what_does_not_exist_is_404() -> None:
    client = Client()
    assert client.get("/activation/page/").status_code == 404
    assert client.post("/activation/profil/", {"event": "Lapse"}).status_code == 404
    assert client.post("/activation/profil/").status_code == 404
    assert client.get("/activation/controle/image/").status_code == 404
    assert client.put("/activation/profil/").status_code == 405


def test_the_human_check_is_seen_and_heard() -> None:
    one = Parent()
    one.to_identity()
    image, audio = (one.client.get(f"/activation/controle/{kind}/") for kind in ("image", "audio"))
    assert (image["Content-Type"], image.content[:4]) == ("image/png", b"\x89PNG")
    assert (audio["Content-Type"], audio.content[:4]) == ("audio/wav", b"RIFF")
    one.post("identite", "GoBack")
    assert one.client.get("/activation/controle/image/").status_code == 404


def test_the_meter() -> None:
    one = Parent()
    address = "/activation/mot-de-passe/force/"
    assert one.client.post(address, {"password": "x"}).status_code == 409
    one.to_pupils()
    one.post("eleves", "ConfirmPupils", **one.answers())
    answer = one.client.post(address, {"password": PASSWORD})
    assert [criterion["met"] for criterion in answer.json()["criteria"]] == [True] * 5
    assert answer.json()["strength"] == 4
    assert "no-store" in answer["Cache-Control"]


def test_leaving_and_starting_over_forget_the_handle() -> None:
    one = Parent()
    one.to_the_end()
    assert one.client.post("/activation/services/").url == "/services/"  # type: ignore[attr-defined]  # a redirect
    assert one.client.cookies["educonnect_activation_token"].value == ""
    one.to_code()
    assert stands_at(one.post("code", "StartOver")) == "profile"
    assert one.client.cookies["educonnect_activation_token"].value == ""


def test_while_the_store_is_away(monkeypatch: MonkeyPatch) -> None:
    one = Parent()
    one.to_pupils()
    answers = one.answers()

    def away(*_: Any) -> Any:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr("educonnect_flow.contrib.django.store.DjangoStore.load", away)
        response = one.client.post("/activation/eleves/", {"event": "ConfirmPupils", "request_id": "r", **answers})
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert "Rien n’est perdu" in response.content.decode()
        assert one.client.get("/activation/controle/image/").status_code == 503
        assert one.client.post("/activation/mot-de-passe/force/").status_code == 503
    assert stands_at(one.post("eleves", "ConfirmPupils", **answers, request_id="r")) == "password"


def test_where_a_request_comes_from() -> None:
    asked = []

    def source(request: HttpRequest) -> str:
        asked.append(request.META["REMOTE_ADDR"])
        return "here"

    settings = Settings(sms_per_source=0)
    with override_settings(EDUCONNECT_FLOW=BASE | {"SOURCE": source, "SETTINGS": settings}):
        one = Parent()
        one.to_identity()
        response = one.post(
            "identite", "ClaimIdentity", family_name="Durand", given_name="Émilie", mobile="06 12 34 56 78"
        )  # fmt: skip
    assert asked == ["127.0.0.1"]
    assert response.context["errors"][0][1].startswith("Trop de codes ont été demandés depuis votre accès")


# --- forms ---------------------------------------------------------------------------------------------


def test_every_event_has_a_form_and_every_state_an_address() -> None:
    from educonnect_flow.journeys.activation.table import EVENTS

    assert set(FORMS) == {event.__name__ for event in EVENTS}
    assert all(form().event_name == name for name, form in FORMS.items())
    assert set(PAGES) == set(State)
    assert len(set(PAGES.values())) == len(PAGES)


def test_what_was_typed_is_taken_as_it_is() -> None:
    event: Any = FORMS["ChoosePassword"].read(QueryDict("password=%20a%00%20&confirmation="))
    assert (event.password, event.confirmation) == (" a\0 ", "")
    event = FORMS["ChooseProfile"].read(QueryDict("profile=pupil"))
    assert event.profile.value == "pupil"


def test_the_answers_for_pupils_are_read() -> None:
    posted = "confirmed:a b=yes&birth:a b:day=1&birth:a b:month=2&birth:a b:year=2010&confirmed:c=no&birth:c:day=9"
    event: Any = ConfirmPupilsForm.read(QueryDict(f"{posted}&confirmed:d=yes&confirmed:d=yes&confirmed:e=perhaps"))
    assert [(a.pupil_id, a.confirmed, a.birth_date) for a in event.answers] == [
        ("a b", True, "01/02/2010"), ("c", False, None), ("d", True, None), ("d", True, None),
    ]  # fmt: skip


def test_refusals_stand_beside_their_fields() -> None:
    one = Parent()
    one.to_pupils()
    answers = one.answers() | {
        "birth:sacha:month": "13",
        "birth:basile:day": "",
        "birth:basile:month": "",
        "birth:basile:year": "",
    }
    del answers["confirmed:elsa"]
    response = one.post("eleves", "ConfirmPupils", **answers)
    assert [field for field, _ in response.context["errors"]] == [
        "birth:sacha:day",
        "birth:basile:day",
        "confirmed:elsa",
    ]
    (field,) = re.findall(r'<input [^>]*id="birth:sacha:day"[^>]*>', response.content.decode())
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="birth:sacha:day_helptext birth:sacha:day_error"' in field
    shown = list(response.context["form"].shown())
    assert [one.legal for one in shown] == [True, True, False]
    assert shown[0].birth_errors == ["Cette date n’est pas celle d’un élève. Exemple : 21/09/2007."]


def test_a_refusal_of_the_whole_stands_above(monkeypatch: MonkeyPatch) -> None:
    one = Parent()
    one.to_code()
    response = one.post("code", "ResendCode")
    ((field, text),) = response.context["errors"]
    assert field is None
    assert text.startswith("Vous pourrez demander un autre code")


def test_an_answer_to_the_human_check_is_not_shown_again() -> None:
    one = Parent()
    one.to_identity()
    response = one.post(
        "identite", "ClaimIdentity", family_name="Durand", given_name="", mobile="", human_check="SEEN77"
    )
    html = response.content.decode()
    assert 'value="Durand"' in html
    assert "SEEN77" not in html
    password = Parent()
    password.to_pupils()
    password.post("eleves", "ConfirmPupils", **password.answers())
    response = password.post("mot-de-passe", "ChoosePassword", password="tooweak1", confirmation="tooweak1")
    assert "tooweak1" not in response.content.decode()


# --- settings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "must be a dict"),
        ({}, "lacks DIRECTORY, SMS"),
        (BASE | {"SMSS": 1, "X": 2}, "has no SMSS, X; it has DIRECTORY"),
        (BASE | {"SMS": "nowhere.at.all"}, "No module named 'nowhere'"),
        (BASE | {"SMS": object()}, "sms must have a method send"),
        (BASE | {"SECRET_KEY": b"short"}, "secret_key"),
    ],
)
def test_settings_that_make_no_flow_are_told(given: Any, said: str) -> None:
    with override_settings(EDUCONNECT_FLOW=given):
        with pytest.raises(ImproperlyConfigured, match=re.escape(said)):
            conf.flow()
        (found,) = checks.check_settings()
        assert (found.id, said in found.msg) == ("educonnect_flow.E001", True)


def test_settings_that_make_one() -> None:
    store = MemoryStore()
    with override_settings(EDUCONNECT_FLOW=BASE | {"STORE": store}):
        assert conf.options().store is store
        assert conf.flow() is conf.flow()
        assert (conf.now().tzinfo, conf.options().human_check) != (None, None)
        assert checks.check_settings() == []
    assert checks.check_settings() == []


def test_the_keys_follow_djangos() -> None:
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        new, old = conf.derived_keys()
    with override_settings(SECRET_KEY="old"):
        assert conf.derived_keys() == [old]
    assert new != old


def test_a_database_that_does_not_keep_the_contract_is_told(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "mysql")
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    assert [found.id for found in checks.check_settings()] == ["educonnect_flow.E002", "educonnect_flow.W001"]


SQLITE = ["educonnect_flow.W002", "educonnect_flow.W003", "educonnect_flow.W004"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, SQLITE),
        ({"transaction_mode": "DEFERRED", "init_command": None}, SQLITE),
        ({"transaction_mode": "immediate"}, SQLITE[1:]),
        ({"transaction_mode": "EXCLUSIVE", "init_command": "pragma journal_mode = wal"}, SQLITE[2:]),
        ({"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA secure_delete = 1"}, SQLITE[1:2]),
        ({"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON;"}, []),
    ],
)
def test_sqlite_as_startproject_sets_it_up_is_warned_of(
    options: dict[str, Any], found: list[str], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    warnings = checks.check_settings()
    assert [one.id for one in warnings] == found
    assert all("DATABASES['default']['OPTIONS']" in str(one.hint) for one in warnings)


# --- what a host's own settings must not do to the pages ---------------------------------------------------


def test_with_atomic_requests_every_page_answers(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    one = Parent()
    assert stands_at(one.to_the_end()) == "activated"
    assert one.client.post("/activation/mot-de-passe/force/", {"password": "x"}).status_code == 409
    assert one.client.get("/activation/controle/image/").status_code == 404
    assert one.client.post("/activation/services/").status_code == 302


def test_with_login_required_the_pages_need_no_login() -> None:
    middleware = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    with override_settings(MIDDLEWARE=middleware):
        one = Parent()
        assert one.client.get("/services/").status_code == 302  # the host's own page does
        assert stands_at(one.to_pupils()) == "pupils"
        assert one.client.post("/activation/mot-de-passe/force/", {"password": "x"}).status_code == 409
        assert one.client.get("/activation/controle/image/").status_code == 404
        assert one.client.post("/activation/services/")["Location"] == "/services/"


PATHS = ["", "profil/", "mot-de-passe/", "services/", "mot-de-passe/force/", "controle/image/"]


@pytest.mark.promise("I6")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"CONTENT_LENGTH": str(LARGEST_BODY + 1)}, 413),
        ({"CONTENT_LENGTH": "9" * 40}, 413),
        ({"CONTENT_LENGTH": "-1"}, 413),
    ],
)
def test_no_view_reads_a_body_that_is_too_large(path: str, headers: dict[str, str], status: int) -> None:
    class Unread:
        """A body that nobody may read."""

        def read(self, *_: Any) -> bytes:
            raise AssertionError("it was read")

        readline = read

    for language, kind in itertools.product(
        ("fr", "en", "de"), ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    ):
        given: Any = {"wsgi.input": Unread(), "HTTP_ACCEPT_LANGUAGE": language, "CONTENT_TYPE": kind, **headers}
        response = Client(enforce_csrf_checks=True).post(f"/activation/{path}", **given)
        assert response.status_code == status
        assert len(response.content) < 200
        assert response.content.decode().startswith("The " if language == "en" else "La demande")


@pytest.mark.promise("I6")
@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 302), (LARGEST_BODY + 1, 413), (2_000_000, 413)])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_under_asgi_a_body_that_does_not_say_its_length_is_bounded(size: int, status: int, kind: str) -> None:
    sent: list[Any] = []
    parts = [b"x" * size]

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"testserver"), (b"content-type", kind.encode())]
    scope = {"type": "http", "method": "POST", "path": "/activation/profil/", "headers": headers, "query_string": b"",
             "http_version": "2", "scheme": "https", "server": ("testserver", 443), "client": ("c", 1)}  # fmt: skip
    asyncio.run(get_asgi_application()(scope, receive, send))
    assert sent[0]["status"] == status  # 302: read, and without a token against forged requests


@pytest.mark.promise("V1")
def test_an_error_in_a_hosts_template_shows_nothing_that_was_typed(monkeypatch: MonkeyPatch) -> None:
    class Broken:
        """A template with a mistake in it; its frames hold what it shows, as Django's own do."""

        def render(self, context: Any, request: Any) -> str:
            shown = str(context["form"])
            raise KeyError(len(shown))

    monkeypatch.setattr("educonnect_flow.contrib.django.views.select_template", lambda names: Broken())
    one = Parent()
    with pytest.raises(KeyError) as caught:
        one.client.post("/activation/profil/", {"event": "ChooseProfile", "profile": "guardian"})
        one.client.get("/activation/", follow=True)
    view = next(entry for entry in caught.traceback if entry.name == "rendered")
    assert [entry.name for entry in caught.traceback][-1] in ("__exit__", "rendered")
    assert view is not None
    with override_settings(DEBUG=True), pytest.raises(KeyError) as caught:
        one.client.get("/activation/", follow=True)
    assert caught.traceback[-1].name == "render"


@pytest.mark.promise("I6")
def test_a_form_of_the_largest_size_is_answered() -> None:
    one = Parent()
    one.to_identity()
    answer = one.post(
        "identite", "ClaimIdentity", family_name="x" * (LARGEST_BODY - 1_000), given_name="É", mobile="06"
    )
    assert answer.status_code == 200
    assert "trop de caractères" in answer.content.decode()
    many = {f"confirmed:{n}": "yes" for n in range(400)}
    one = Parent()
    one.to_pupils()
    assert stands_at(one.post("eleves", "ConfirmPupils", **many)) == "pupils"


@pytest.mark.promise("V1")
def test_a_forged_request_is_refused_whether_the_host_has_djangos_middleware_or_not() -> None:
    without = [name for name in settings.MIDDLEWARE if "csrf" not in name.lower()]
    assert len(without) < len(settings.MIDDLEWARE)
    for middleware in (settings.MIDDLEWARE, without):
        with override_settings(MIDDLEWARE=middleware):
            client = Client(enforce_csrf_checks=True)
            for path in ("profil/", "mot-de-passe/force/"):
                answer = client.post(f"/activation/{path}", {"event": "ChooseProfile", "profile": "guardian"})
                assert answer.status_code == 302  # to the first page, with a word on why
                assert answer["Location"].endswith("?note=session")


@pytest.mark.promise("P6")
def test_an_accepted_password_is_hashed_once_and_a_refused_one_never() -> None:
    hasher = Counting()
    with override_settings(EDUCONNECT_FLOW=settings.EDUCONNECT_FLOW | {"PASSWORD_HASHER": hasher}):
        one = Parent()
        one.to_pupils()
        one.post("eleves", "ConfirmPupils", **one.answers())
        for text in ("", "x" * 300, "short", "Durand-31-bleu"):
            one.post("mot-de-passe", "ChoosePassword", password=text, confirmation=text)
        assert hasher.hashed == 0
        assert (
            stands_at(one.post("mot-de-passe", "ChoosePassword", password=PASSWORD, confirmation=PASSWORD))
            == "activated"
        )
    assert (hasher.hashed, hasher.verified) == (1, 0)


# --- what a mistake of the host shows ------------------------------------------------------------------------


LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


def broken(*_: Any) -> Any:
    """A validator with a mistake in it."""
    raise KeyError("a mistake of the host's")


@pytest.mark.promise("V1")
@pytest.mark.parametrize("name", ["mobile", "identity", "code", "pupils", "password"])
def test_the_error_mail_of_django_shows_no_secret(name: str, monkeypatch: MonkeyPatch) -> None:
    one = Parent()
    one.client.raise_request_exception = False
    handler = AdminEmailHandler(include_html=True)
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        with override_settings(
            EDUCONNECT_FLOW=settings.EDUCONNECT_FLOW | {"VALIDATORS": Validators(**{name: broken})},
            ADMINS=[("A", "a@example.org")] if VERSION < (6, 0) else ["a@example.org"],
            DEBUG=False,
            **({"MAILERS": {"default": {"BACKEND": LOCMEM}}} if VERSION >= (6, 1) else {"EMAIL_BACKEND": LOCMEM}),
        ):
            mail.outbox = []
            answer = next(answer for answer in one.steps() if answer.status_code == 500)
    finally:
        logger.removeHandler(handler)
    assert answer.status_code == 500
    assert mail.outbox
    shown = "".join(message.message().as_string() for message in mail.outbox)
    for message in mail.outbox:
        shown += f"{message.body}{message.alternatives if isinstance(message, EmailMultiAlternatives) else ''}"
    assert "KeyError" in shown
    assert "forms.py" in shown or "views.py" in shown
    secrets = ["06 12 34 56 78", "612345678", PASSWORD, "21/09/2007", "2007, 9, 21"]
    secrets += [value for value in (one.client.cookies["educonnect_activation_token"].value, one.sent) if value]
    assert len(secrets) > 5
    assert [secret for secret in secrets if str(secret) in shown] == []


@pytest.mark.promise("V1")
def test_no_local_variable_of_the_views_and_forms_shows_a_secret() -> None:
    watch = Watch()
    one = Parent()
    with watch.on():
        one.to_pupils()
        one.post("eleves", "ConfirmPupils", **one.answers() | {"birth:sacha:year": "2001"})
        one.post("eleves", "ConfirmPupils", **one.answers())
        one.client.post("/activation/mot-de-passe/force/", {"password": PASSWORD})
        one.post("mot-de-passe", "ChoosePassword", password=PASSWORD, confirmation="x")
        one.post("mot-de-passe", "ChoosePassword", password=PASSWORD, confirmation=PASSWORD)
    watch.secrets |= {one.client.cookies["educonnect_activation_token"].value, f"'{one.sent}'"}
    assert any("contrib/django/forms.py" in where for where in watch.shown.values())
    assert "\n".join(watch.found()) == ""


# --- admin and commands --------------------------------------------------------------------------------


def test_the_admin_reads_and_shows_no_secret() -> None:
    one = Parent()
    one.to_the_end()
    other = Parent()
    other.to_code()
    User.objects.create_superuser("root", password="root")
    admin = Client()
    admin.login(username="root", password="root")
    pages = "".join(
        admin.get(f"/admin/educonnect_flow/{model}/").content.decode()
        for model in ("run", "account", "audit", "message")
    )
    for model, row in (
        ("run", models.Run.objects.first()), ("account", models.Account.objects.first()),
        ("audit", models.Audit.objects.last()), ("message", models.Message.objects.first()),
    ):  # fmt: skip
        assert row is not None
        address = f"/admin/educonnect_flow/{model}/{str(row.pk).replace('_', '_5F')}/change/"
        pages += admin.get(address, follow=True).content.decode()
        assert admin.post(address, {"id": "x"}).status_code == 403
        assert admin.post(address.replace("change", "delete")).status_code == 403
    assert admin.get("/admin/educonnect_flow/account/add/").status_code == 403
    assert "e.durand" in pages
    secrets = [row.handle for row in models.Run.objects.all()]
    secrets += [row.content.password_hash for row in models.Account.objects.all()]
    secrets += [text for row in models.Message.objects.all() for text in json.loads(row.body).values()]
    secrets += [row.mobile for row in models.Audit.objects.all() if row.mobile]
    assert len(secrets) > 5
    assert [secret for secret in secrets if secret in pages] == []
    for admin_url in ("tally", "spent", "answered"):
        assert admin.get(f"/admin/educonnect_flow/{admin_url}/").status_code == 404


def test_every_row_says_what_it_is() -> None:
    Parent().to_the_end()
    texts = {str(row) for model in (models.Run, models.Answered, models.Tally, models.Account, models.Name,
            models.Spent, models.Audit) for row in model._default_manager.all()}  # fmt: skip
    assert any(text.startswith("e.durand") for text in texts)
    assert str(models.Message(id="m1")) == "m1"


def test_the_purge(capsys: pytest.CaptureFixture[str]) -> None:
    Parent().to_code()
    (seen.FOLDER / "ahead").write_text("172800")
    call_command("educonnect_purge")
    assert "runs deleted: 1" in capsys.readouterr().out
    assert models.Run.objects.count() == models.Answered.objects.count() == models.Message.objects.count() == 0


def test_the_relay_runs_as_a_process_does(monkeypatch: MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from educonnect_flow.relay import DeliveryCounts

    given = {}

    def relay(flow: Any, **options: Any) -> DeliveryCounts:
        given.update(options)
        return DeliveryCounts(taken=3)

    monkeypatch.setattr("educonnect_flow.process.relay", relay)
    call_command("educonnect_relay", "--threads", "2", "--idle", "0.5")
    assert given == {"threads": 2, "idle": 0.5}
    assert "messages handed over: 3" in capsys.readouterr().out


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "educonnect_flow", check=True, dry_run=True, verbosity=0)


# --- languages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["src/educonnect_flow/contrib/django", "examples/django_host"])
def test_every_text_has_its_english_and_the_french_is_the_source(folder: str) -> None:
    said = set()
    for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.html")]:
        if "migrations" in path.parts:
            continue
        text = path.read_text("utf-8")
        said |= {found[2] for found in re.finditer(r"(?:\b_\(\s*|{% translate )(['\"])(.*?)\1", text)}
        for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            said |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", part) for part in block.split("{% plural %}")[:1]}
    assert len(said) > 20
    for locale in ("fr", "en"):
        with (ROOT / folder / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
            catalogue = read_po(file)
        known = {}
        for message in catalogue:
            if message.id:
                one, *_ = message.id if isinstance(message.id, tuple | list) else (message.id,)
                known[one] = message.string
                assert all(message.string if isinstance(message.string, tuple | list) else [message.string]), one
                assert locale == "en" or message.string == message.id
        assert said == set(known)
        with (ROOT / folder / "locale" / locale / "LC_MESSAGES" / "django.mo").open("rb") as file:
            compiled = {
                str(m.id): str(list(m.string or ()) if m.pluralizable else m.string) for m in read_mo(file) if m.id
            }
        assert sorted(map(str, known)) == sorted(key.removeprefix("['").split("', '")[0] for key in compiled)
        assert set(compiled.values()) == {
            str(list(text) if isinstance(text, tuple | list) else text) for text in known.values()
        }


def test_refusals_and_criteria_in_english() -> None:
    from educonnect_flow.contrib.django.templatetags.educonnect_flow import said

    with translation.override("en"):
        assert said(Refusal(Reason.REQUIRED)) == "Fill in this field."
    with translation.override("fr"):
        assert said(Refusal(Reason.REQUIRED)) == "Remplissez ce champ."
    with translation.override(None):
        assert said(Refusal(Reason.REQUIRED)) == "Remplissez ce champ."


def test_a_given_name_is_asked_for_unless_there_is_none() -> None:
    one = Parent()
    one.to_identity()
    one.client.get("/activation/identite/")
    answer = (seen.FOLDER / "captcha").read_text()
    fields = {"family_name": "Durand", "given_name": " ", "mobile": "06 12 34 56 78", "human_check": answer}
    refused = one.post("identite", "ClaimIdentity", **fields)
    assert [field for field, _ in refused.context["errors"]] == ["given_name"]
    assert "Je n’ai qu’un nom" in refused.content.decode()
    nothing = one.post("identite", "ClaimIdentity", **dict.fromkeys(fields, ""))
    assert [field for field, _ in nothing.context["errors"]] == list(fields)
    assert stands_at(one.post("identite", "ClaimIdentity", one_name="on", **fields)) == "code"
