"""One route for each event, and one for the current state."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Request, Response
from fastapi.responses import JSONResponse

from educonnect_flow._messages import LOCALES
from educonnect_flow.aio import AsyncFlow
from educonnect_flow.contrib.fastapi._models import (
    PATHS,
    AnyOutcome,
    Assessed,
    ReportModel,
    event_of,
    outcome_of,
)
from educonnect_flow.contrib.fastapi._problems import (
    AWAY,
    MALFORMED,
    NO_STORE,
    REFUSED,
    UNKNOWN,
    ProblemRoute,
    asked,
    described,
    refused,
)
from educonnect_flow.engine._event import Event
from educonnect_flow.errors import UnknownHandle, WrongUse
from educonnect_flow.journeys.activation.table import EVENTS
from educonnect_flow.outcome import Outcome

HEADER = "Activation-Handle"
COOKIE = "educonnect_activation_token"

RequestId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Names this request: sent again with the same body, it gets the same answer and changes nothing.",
    ),
]


def locale_of(request: Request) -> str:
    """The first of the library's languages that ``Accept-Language`` names; French when it names none."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].strip()[:2].lower()
        if language in LOCALES:
            return language
    return LOCALES[0]


Source = Callable[[Request], str | None]


class _Api:
    """The routes of one router, and how the handle goes over the wire."""

    def __init__(self, flow: AsyncFlow, *, in_cookie: bool, secure: bool, source: Source | None) -> None:
        self.flow = flow
        self.in_cookie = in_cookie
        self.secure = secure
        self.source = source
        route = type("ActivationRoute", (ProblemRoute,), {"handle_of": staticmethod(self.handle_of)})
        self.router = APIRouter(route_class=route, tags=["activation"])
        parameter = {
            "in": "cookie" if in_cookie else "header",
            "name": COOKIE if in_cookie else HEADER,
            "description": "The handle of the newest outcome.",
            "required": False,
            "schema": {"type": "string"},
        }
        self.with_handle = {"parameters": [parameter]}

    def handle_of(self, request: Request) -> str:
        found = request.cookies.get(COOKIE) if self.in_cookie else request.headers.get(HEADER)
        if not found:
            raise UnknownHandle("no handle was sent")
        return found

    def told(self, out: Outcome, request: Request, status: int = HTTPStatus.OK) -> Response:
        locale = locale_of(request)
        response = JSONResponse(outcome_of(out, locale), status, NO_STORE) if out.accepted else refused(out, locale)
        if self.in_cookie:
            response.set_cookie(COOKIE, out.handle, httponly=True, secure=self.secure, samesite="strict")
        else:
            response.headers[HEADER] = out.handle
        return response

    def add_start_and_resume(self) -> None:
        @self.router.post(
            "", status_code=HTTPStatus.CREATED, response_model=AnyOutcome, responses=AWAY, summary="Start"
        )
        async def start(request: Request) -> Any:
            """A new activation, in ``profile``."""
            async with asked():
                out = await self.flow.start(source=self.source(request) if self.source is not None else None)
            return self.told(out, request, HTTPStatus.CREATED)

        @self.router.get(
            "", response_model=AnyOutcome, responses=UNKNOWN | AWAY, summary="Resume", openapi_extra=self.with_handle
        )
        async def resume(request: Request) -> Any:
            """The current state."""
            async with asked():
                out = await self.flow.resume(self.handle_of(request))
            return self.told(out, request)

    def add_event(self, event: type[Event]) -> None:
        model, read = event_of(event)

        async def submit(request: Request, body: Any, request_id: RequestId = None) -> Any:
            async with asked():
                out = await self.flow.submit(self.handle_of(request), read(body), request_id=request_id)
            return self.told(out, request)

        # An event without fields needs no body.
        posted: Any = Annotated[model, Body() if model.model_fields else Body(default_factory=model)]
        submit.__annotations__ |= {"body": posted, "request_id": RequestId, "request": Request}
        self.router.post(
            f"/{PATHS[event]}",
            name=PATHS[event],
            summary=event.__name__,
            description=event.__doc__,
            response_model=AnyOutcome,
            responses=UNKNOWN | MALFORMED | REFUSED | AWAY,
            openapi_extra=self.with_handle,
        )(submit)

    def add_assessment(self) -> None:
        @self.router.post(
            "/password-assessment",
            response_model=ReportModel,
            responses=MALFORMED | UNKNOWN | AWAY | {409: described("The activation is not at its password.")},
            summary="Assess a password",
            openapi_extra=self.with_handle,
        )
        async def assess(request: Request, body: Assessed) -> Any:
            """The criteria that it meets, and its strength; nothing is stored."""
            async with asked():
                report = await self.flow.assess_password(self.handle_of(request), body.password)
            return JSONResponse(ReportModel.of(report, locale_of(request)), headers=NO_STORE)

    def add_prompt(self, kind: str, media_type: str) -> None:
        found: dict[int | str, Any] = {
            200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
        }

        @self.router.get(
            f"/human-check/{kind}",
            name=f"human-check-{kind}",
            summary=f"The human check's {kind}",
            response_class=Response,
            responses=found | UNKNOWN | AWAY,
            openapi_extra=self.with_handle,
        )
        async def prompt(request: Request) -> Any:
            """As bytes; 404 where none is asked."""
            async with asked():
                out = await self.flow.resume(self.handle_of(request))
            content = getattr(getattr(out.view, "prompt", None), kind, None)
            if content is None:
                raise UnknownHandle("no such prompt")
            return Response(content, media_type=media_type, headers=NO_STORE)


def activation_router(
    flow: AsyncFlow,
    *,
    handle_in: Literal["header", "cookie"] = "header",
    secure: bool = True,
    source: Source | None = None,
) -> APIRouter:
    """The journey as a JSON API.

    ``POST`` on the router's own path starts, ``GET`` resumes, and each event has a path of its own
    (``/claim-identity``).  What was accepted is an outcome; what was refused is a problem (RFC 9457) with the reasons
    and the outcome.  Every answer's handle is the one to send next.

    :param flow: of the host.
    :param handle_in: ``header``: in ``Activation-Handle``, both ways; ``cookie``: in a cookie that scripts cannot read.
    :param secure: whether the cookie is for HTTPS only.
    :param source: where a request comes from; default: nothing is said, for behind a proxy all come from one address.
    :raises WrongUse: when *flow* is not asynchronous, or *handle_in* is neither of both.
    """
    if not isinstance(flow, AsyncFlow):
        raise WrongUse(f"flow must be an AsyncFlow, not {type(flow).__name__}")
    if handle_in not in ("header", "cookie"):
        raise WrongUse("handle_in must be 'header' or 'cookie'")
    api = _Api(flow, in_cookie=handle_in == "cookie", secure=secure, source=source)
    api.add_start_and_resume()
    for event in EVENTS:
        api.add_event(event)
    api.add_assessment()
    api.add_prompt("image", "image/png")
    api.add_prompt("audio", "audio/wav")
    return api.router
