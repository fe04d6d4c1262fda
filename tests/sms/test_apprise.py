"""The adapter for real gateways, against an HTTP server on loopback that behaves as it is told."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from educonnect_flow import State, SubmitCode
from educonnect_flow.errors import SmsUnavailable, WrongUse
from educonnect_flow.sms import AppriseSms
from educonnect_flow.stores import MemoryStore
from educonnect_flow.testing import Gateway, SmsContract
from tests.world import MOBILE, World


class HttpGateway:
    """A gateway with a JSON interface."""

    def __init__(self) -> None:
        self.how = Gateway.TAKES
        self.kept: list[tuple[str | None, str, str]] = []
        self.lock = threading.Lock()
        self.otherwise = threading.Event()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                how = gateway.how
                if how is Gateway.SLOW:
                    gateway.otherwise.wait(30)
                if how in (Gateway.FAILS, Gateway.REJECTS):
                    self.send_response(503 if how is Gateway.FAILS else 422)
                    self.end_headers()
                    return
                with gateway.lock:
                    gateway.kept.append((self.headers["Idempotency-Key"], body["to"], body["message"]))
                if how is Gateway.LOSES:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        host = f"user:gatewaypassword@127.0.0.1:{self.server.server_port}"
        self.url = f"json://{host}/{{to}}?rto=1&cto=1&:to={{to}}&+Idempotency-Key={{id}}"

    def taken(self) -> Sequence[tuple[str | None, str, str]]:
        with self.lock:
            return list(self.kept)

    def behave(self, how: Gateway) -> None:
        self.how = how
        self.otherwise.set()
        self.otherwise = threading.Event()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def gateway() -> Iterator[HttpGateway]:
    running = HttpGateway()
    yield running
    running.close()


class TestAppriseSms(SmsContract):
    tells_rejections = False

    @pytest.fixture
    def sms(self, gateway: HttpGateway) -> AppriseSms:
        return AppriseSms(gateway.url)


def test_the_journey_over_http(gateway: HttpGateway) -> None:
    world = World(MemoryStore(), sms=AppriseSms(gateway.url))
    out = world.at(State.CODE)
    gateway.behave(Gateway.LOSES)
    assert world.flow.deliver() == 0
    gateway.behave(Gateway.TAKES)
    world.clock.advance(minutes=1)
    assert world.flow.deliver() == 1
    (first, second) = gateway.taken()
    assert first == second
    assert first[1] == MOBILE
    assert world.submit(out, SubmitCode(first[2][-6:])).state is State.PUPILS


@pytest.mark.promise("V1")
def test_no_log_shows_the_code_the_number_or_the_gateways_password(
    gateway: HttpGateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sms = AppriseSms(gateway.url)
        sms.send(SmsContract.message)
        gateway.behave(Gateway.FAILS)
        with pytest.raises(SmsUnavailable):
            sms.send(SmsContract.message)
        logging.getLogger("apprise").debug("the host's own use of Apprise")
        with pytest.raises(WrongUse, match="cannot read"):
            AppriseSms("nothing://user:gatewaypassword@x/{to}")
    said = caplog.text + repr(sms)
    for secret in ("012345", "612345678", "gatewaypassword"):
        assert secret not in said
    assert "the host's own use" in said


@pytest.mark.promise("V1")
def test_not_even_a_warning_that_quotes_the_number_passes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gateways' own adapters in Apprise warn with the recipient's number."""
    import requests

    def answered(*args: Any, **kwargs: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 400
        response._content = b"{}"
        return response

    monkeypatch.setattr(requests, "post", answered)
    sms = AppriseSms(f"twilio://AC{'a' * 32}:{'b' * 32}@+15551234567/{{to}}")
    with caplog.at_level(logging.DEBUG), pytest.raises(SmsUnavailable):
        sms.send(SmsContract.message)
    assert caplog.text == ""


def test_a_url_without_a_place_for_the_number_is_a_wrong_use() -> None:
    with pytest.raises(WrongUse, match=r"\{to\}"):
        AppriseSms("json://127.0.0.1/")
