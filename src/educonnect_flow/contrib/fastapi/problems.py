"""Problem details (RFC 9457) for everything that is not an answer: refusals first of all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from educonnect_flow.contrib.fastapi.models import OUTCOMES, RefusalModel, outcome_of, refusal_of, value_names
from educonnect_flow.errors import NotNow, PortUnavailable, RequestReused, StoreUnavailable, UnknownHandle
from educonnect_flow.outcome import Outcome
from educonnect_flow.reasons import Reason

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:educonnect-flow:problem:"
RETRY_AFTER = 5
"""Seconds after which a client may try again while something is away."""

NO_STORE = {"Cache-Control": "no-store"}


def problem(status: int, kind: str, title: str, *, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem of one *kind*, with members of its own."""
    body = {"type": PREFIX + kind, "title": title, "status": status, **more}
    return JSONResponse(body, status, NO_STORE | (headers or {}), MEDIA_TYPE)


def refused(out: Outcome, locale: str) -> JSONResponse:
    """Why the event of *out* was refused, and where the parent stands.

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


class ProblemRoute(APIRoute):
    """Routes whose errors are problems.  None repeats what was posted: it may hold a password."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See ``APIRoute``."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                wrong = [{"at": list(map(str, one["loc"])), "why": one["type"]} for one in error.errors()]
                title = "The request is malformed."
                return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", title, errors=wrong)
            except HTTPException as error:
                return problem(error.status_code, "malformed", "The request is malformed.")
            except UnknownHandle:
                return problem(HTTPStatus.NOT_FOUND, "unknown-handle", "No activation answers to this handle.")
            except RequestReused:
                title = "This Idempotency-Key was used for another request."
                return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "request-reused", title)
            except NotNow:
                return problem(HTTPStatus.CONFLICT, "not-now", "The activation does not stand there.")
            except (StoreUnavailable, PortUnavailable):
                title = "Something is away; the same request may be sent again."
                headers = {"Retry-After": str(RETRY_AFTER)}
                return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", title, headers=headers)

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
    422: described("Malformed: not JSON, a field too many or of a wrong type."),
}
UNKNOWN: dict[int | str, Any] = {404: described("No activation answers to this handle.")}
AWAY: dict[int | str, Any] = {503: described("Something is away; send the same request again.")}
REFUSED: dict[int | str, Any] = {
    409: described("Refused: the state does not accept this event.", with_refusals=True),
    422: described(
        "Refused: something is to be corrected.  Or malformed, or an Idempotency-Key used twice.", with_refusals=True
    ),
    429: described("Refused: come back later, see Retry-After.", with_refusals=True),
}
