"""Problem details (RFC 9457) for everything that is not an answer: refusals first of all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from educonnect_flow._failures import log_failure
from educonnect_flow.contrib import LARGEST_BODY
from educonnect_flow.contrib.fastapi._models import NAMES, OUTCOMES, RefusalModel, outcome_of, refusal_of, value_names
from educonnect_flow.errors import (
    ActivationError,
    NotNow,
    PortUnavailable,
    RequestReused,
    StoreUnavailable,
    UnknownHandle,
    WrongUse,
)
from educonnect_flow.outcome import Outcome
from educonnect_flow.reasons import Reason

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:educonnect-flow:problem:"
RETRY_AFTER = 5
"""Seconds after which a client may try again while a port is unavailable."""

NO_STORE = {"Cache-Control": "no-store"}


def problem(status: int, kind: str, title: str, *, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem of one *kind*, with members of its own."""
    body = {"type": PREFIX + kind, "title": title, "status": status, **more}
    return JSONResponse(body, status, NO_STORE | (headers or {}), MEDIA_TYPE)


def refused(out: Outcome, locale: str) -> JSONResponse:
    """Why the event of *out* was refused, and the current state.

    409 when the state does not accept it, 429 when there is a time to come back, 422 when something is to be corrected.
    """
    reasons = {refusal.reason for refusal in out.refusals}
    seconds = max((int(refusal.params.get("seconds", 0)) for refusal in out.refusals), default=0)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if reasons & {Reason.NOT_NOW, Reason.IDLE}:
        status = HTTPStatus.CONFLICT
    elif seconds:
        status = HTTPStatus.TOO_MANY_REQUESTS
    return problem(
        status,
        "refused",
        "The event was refused.",
        headers={"Retry-After": str(seconds)} if seconds else None,
        refusals=[refusal_of(refusal, locale) for refusal in out.refusals],
        outcome=outcome_of(out, locale),
    )


MOST_ERRORS = 10
"""Errors of a malformed request that its problem lists, at most."""


class BodyTooLarge(HTTPException):
    """The body has more than ``LARGEST_BODY`` bytes."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def bounded(request: Request) -> Request:
    """*request* with a body that is read up to ``LARGEST_BODY`` bytes and no further.

    :raises BodyTooLarge: at once when its header says so; else from the read that goes beyond.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY):
        raise BodyTooLarge
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise BodyTooLarge
        return message

    return Request(request.scope, receive)


class HostMistake(Exception):
    """Something of the host's failed within a call of the flow (a validator, say).  It is logged already."""


_PROBLEMS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int, str, str], ...] = (
    (BodyTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"The body has more than {LARGEST_BODY} bytes."),
    (UnknownHandle, HTTPStatus.NOT_FOUND, "unknown-handle", "No activation answers to this handle."),
    (
        RequestReused,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request-reused",
        "This Idempotency-Key was used for another request.",
    ),
    (HostMistake, HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "The host made a mistake; its log says where."),
    (NotNow, HTTPStatus.CONFLICT, "not-now", "The activation does not stand there."),
    (
        (StoreUnavailable, PortUnavailable),
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "A service is unavailable; the same request may be sent again.",
    ),
)
"""What each exception is answered with: status, kind and title."""


@asynccontextmanager
async def asked() -> AsyncIterator[None]:
    """Around every call of the flow: an unexpected exception is logged and replaced.

    The frames that it would pass through hold what was posted.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ActivationError) and not isinstance(error, WrongUse):
            raise
        log_failure("a request of the activation", error)
        raise HostMistake from None


def problem_of(error: Exception) -> Response | None:
    """The problem that *error* is answered with; ``None`` for what is the host's to answer (its dependencies)."""
    if isinstance(error, RequestValidationError):
        return malformed(error)
    for kinds, status, kind, title in _PROBLEMS:
        if isinstance(error, kinds):
            away = status == HTTPStatus.SERVICE_UNAVAILABLE
            return problem(status, kind, title, headers={"Retry-After": str(RETRY_AFTER)} if away else None)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's, of the body
        return problem(error.status_code, "malformed", "The request is malformed.")
    return None


def malformed(error: RequestValidationError) -> Response:
    """What is wrong, by the names of the schema only: a name that the sender made up is not repeated."""
    wrong = [
        {"at": [str(part) for part in one["loc"] if isinstance(part, int) or part in NAMES], "why": one["type"]}
        for one in error.errors()[:MOST_ERRORS]
    ]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", "The request is malformed.", errors=wrong)


class ProblemRoute(APIRoute):
    """Routes whose errors are problems.  None repeats what was posted: it may hold a password.

    The handle is looked for before a body is read, and no body is read beyond ``LARGEST_BODY``.
    """

    handle_of: Callable[[Request], str]
    """The handle that a request carries.  Raises ``UnknownHandle`` when there is none."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See ``APIRoute``."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                if self.body_field is not None:
                    self.handle_of(request)
                return await handle(bounded(request))
            except Exception as error:
                answer = problem_of(error)
                if answer is None:
                    raise
                return answer

        return handled


def _schema(*, with_refusals: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
    }
    if with_refusals:
        refusal = RefusalModel.model_json_schema()["properties"] | {
            "reason": {"type": "string", "enum": value_names(Reason)}
        }
        properties["refusals"] = {"type": "array", "items": {"type": "object", "properties": refusal}}
        properties["outcome"] = {
            "oneOf": [{"$ref": f"#/components/schemas/{model.__name__}"} for model in OUTCOMES.values()]
        }
    return {"type": "object", "required": ["type", "title", "status"], "properties": properties}


def described(description: str, *, with_refusals: bool = False) -> dict[str, Any]:
    """What OpenAPI says of a problem."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _schema(with_refusals=with_refusals)}}}


MALFORMED: dict[int | str, Any] = {
    400: described("Malformed: no text."),
    413: described(f"The body has more than {LARGEST_BODY} bytes."),
    422: described("Malformed: not JSON, a field too many, too long or of a wrong type."),
}
UNKNOWN: dict[int | str, Any] = {404: described("No activation answers to this handle.")}
AWAY: dict[int | str, Any] = {
    500: described("The host made a mistake (a validator that fails); its log says where."),
    503: described("A service is unavailable; send the same request again."),
}
REFUSED: dict[int | str, Any] = {
    409: described("Refused: the state does not accept this event.", with_refusals=True),
    422: described(
        "Refused: something is to be corrected.  Or malformed, or an Idempotency-Key used twice.", with_refusals=True
    ),
    429: described("Refused: come back later, see Retry-After.", with_refusals=True),
}
