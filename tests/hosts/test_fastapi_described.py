"""The JSON API against its own description, tried by a program that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from educonnect_flow import Settings, State
from tests.hosts.test_fastapi import Anybody, Host, somebody

schemathesis = pytest.importorskip("schemathesis")

STAGES = {
    "choose-profile": State.PROFILE, "start-activation": State.SIGN_IN, "claim-identity": State.IDENTITY,
    "submit-code": State.CODE, "resend-code": State.CODE, "confirm-pupils": State.PUPILS,
    "choose-password": State.PASSWORD, "password-assessment": State.PASSWORD, "go-back": State.IDENTITY,
}  # fmt: skip


@pytest.fixture(scope="module")
def described() -> Iterator[tuple[Any, Host]]:
    running = Host(directory=Anybody(), settings=Settings(sms_per_prefix=None, sms_budget=None))
    schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json").include(path_regex="^/activation")
    yield schema, running
    running.close()


OPERATIONS = [("POST", ""), ("GET", ""), *(("POST", f"/{path}") for path in STAGES), ("GET", "/human-check/image")]


@pytest.mark.ci
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        *((method, path, schemathesis.GenerationMode.POSITIVE) for method, path in OPERATIONS),
        *(("POST", f"/{path}", schemathesis.GenerationMode.NEGATIVE) for path in STAGES),
    ],
)
def test_nothing_but_what_is_described(described: tuple[Any, Host], method: str, path: str, mode: Any) -> None:
    """Requests that keep to the description and requests that break it: every answer is a described one."""
    schema, running = described

    @given(schema[f"/activation{path}"][method].as_strategy(generation_mode=mode))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def tried(case: Any) -> None:
        one = somebody(running)
        one.to(STAGES.get(path[1:], State.CODE))
        case.headers = {**(case.headers or {}), "Activation-Handle": one.handle}
        response = case.call()
        checks = schemathesis.specs.openapi.checks
        excluded = [checks.positive_data_acceptance]  # what is well formed may be refused
        if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            excluded.append(checks.negative_data_rejection)  # it knows no 413 for a body that breaks the schema
        case.validate_response(response, excluded_checks=excluded)

    tried()
