"""The pages of the journey: one view for all of them, and what their scripts and images ask for.

A page is ``GET``; every button posts to the page it stands on, with the name of its event.  An accepted event is
answered by a redirect to the page where one stands then, a refused one by the same page with what is wrong.  So a page
that is loaded again shows where the parent is, and going back in the browser shows no page that has ended.

Long because it is one view with the answers to its scripts.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from attrs import evolve
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connections, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import select_template
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from educonnect_flow._secrecy import Frameless, Hidden, hidden_or_none
from educonnect_flow.contrib import LARGEST_BODY
from educonnect_flow.contrib.django import conf
from educonnect_flow.contrib.django.forms import FORMS, EventForm, Posted
from educonnect_flow.engine._event import Event
from educonnect_flow.errors import NotNow, PortUnavailable, RequestReused, StoreUnavailable, UnknownHandle
from educonnect_flow.journeys.activation.profile import ChooseProfile, ProfileView
from educonnect_flow.journeys.activation.run import FINAL, State
from educonnect_flow.outcome import Outcome
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.steps.code import ResendCode

PAGES = {
    State.PROFILE: "profil",
    State.SIGN_IN: "connexion",
    State.IDENTITY: "identite",
    State.CODE: "code",
    State.PUPILS: "eleves",
    State.PASSWORD: "mot-de-passe",
    State.ACTIVATED: "compte-active",
    State.ALREADY_ACTIVE: "compte-existant",
    State.NOT_ELIGIBLE: "profil-eleve",
    State.REFUSED: "refus",
    State.LOCKED: "pause",
    State.EXPIRED: "session-terminee",
}
"""The address of each page, under the host's own prefix."""

STEPS = (State.PROFILE, State.SIGN_IN, State.IDENTITY, State.CODE, State.PUPILS, State.PASSWORD)
"""The pages that are counted as steps."""

LOST, PASSED, SENT = "session", "etape", "sms"
"""The values of ``?note=…`` in an address: the session has expired or is unknown; the step was done already; another
code was sent."""

OTHER_BODIES = 5
"""How often one rendering of a form may be sent with other contents (by going back in the browser), at most."""

RETRY_AFTER = 5
"""Seconds after which a browser may try again while a port is unavailable."""


def address(state: State, note: str | None = None) -> str:
    """Where the page of *state* is."""
    page = resolve_url("educonnect_flow:page", PAGES[state])
    return page if note is None else f"{page}?note={note}"


_LENGTH = re.compile(r"[0-9]{1,9}")

TOO_LARGE = {
    "fr": "La demande est trop longue. Revenez en arrière et saisissez un texte plus court.",
    "en": "The request is too long. Go back and enter a shorter text.",
}


class FlowView(View):
    """The base of all views: what a request may send, and what a host's settings must not do to them.

    - A body is bounded before it is parsed.
    - No transaction of ``ATOMIC_REQUESTS`` is around them: an answer must not be given before its commit.
    - ``LoginRequiredMiddleware`` lets them pass: the parent has no account yet.
    - The token against forged requests is checked here, whether the host has Django's middleware or not.

    The handle is in a cookie of its own, and in no table of sessions, whose thief would own them all.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """See ``View``."""
        view: Any = csrf_exempt(cls._bounded(csrf_protect(sensitive_post_parameters()(super().as_view(**initkwargs)))))
        for alias in connections:
            view = transaction.non_atomic_requests(using=alias)(view)
        return login_not_required(view)  # type: ignore[no-any-return]  # Django's decorators are not typed for it

    @staticmethod
    def _bounded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            said = request.META.get("CONTENT_LENGTH") or ""
            if not said and request.method == "POST":
                # HTTP/2 need not say it; under ASGI Django has the body in a file then.
                body = request.read(LARGEST_BODY + 1)
                request._body = body  # noqa: SLF001 - where Django itself keeps what was read
                said = str(len(body))
            if said and not (_LENGTH.fullmatch(said) and int(said) <= LARGEST_BODY):
                text = TOO_LARGE.get((get_language() or "fr")[:2], TOO_LARGE["fr"])
                return HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
            return view(request, *args, **kwargs)

        return bounded

    def handle(self) -> str | None:
        """The handle that the browser sent."""
        return hidden_or_none(self.request.COOKIES.get(conf.options().cookie)) or None

    def keep(self, response: HttpResponseBase, handle: str) -> None:
        """Give the browser its newest handle, for as long as one may be idle."""
        response.set_cookie(
            conf.options().cookie,
            handle,
            max_age=conf.options().settings.idle_for,
            secure=self.request.is_secure(),
            httponly=True,
            samesite="Lax",
        )

    @staticmethod
    def forget(response: HttpResponseBase) -> None:
        """The browser shall have no handle any more."""
        response.delete_cookie(conf.options().cookie, samesite="Lax")


class ActivationView(FlowView):
    """Every page of the journey.

    Templates: ``educonnect_flow/STATE.html`` (``educonnect_flow/code.html``), else ``educonnect_flow/page.html``; while
    a port is unavailable ``educonnect_flow/unavailable.html``.  Their context: see ``context``.
    """

    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """See ``View``; nothing of it is kept by browsers and proxies."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except (StoreUnavailable, PortUnavailable):
            response = self.unavailable()
        patch_cache_control(response, no_store=True, private=True)
        return response

    # --- the two methods ---------------------------------------------------------------------------

    def get(self, request: HttpRequest, page: str | None = None) -> HttpResponseBase:
        """The page of the current state; a visitor of the first page stores nothing."""
        handle = self.handle()
        if handle is None:
            return self.first_page(page)
        try:
            out = conf.flow().resume(handle)
        except UnknownHandle:
            return self.lost() if request.GET.get("note") != LOST else self.first_page(page)
        return self.shown(out) if page == PAGES[out.state] else self.onwards(out)

    def post(self, request: HttpRequest, page: str | None = None) -> HttpResponseBase:
        """One event, or a new start."""
        name = request.POST.get("event", "")
        if name == "StartOver":
            response = redirect(address(State.PROFILE))
            self.forget(response)
            return response
        form = FORMS.get(name)
        posted = Posted.of(request)
        if form is None:
            raise Http404("no such event")
        handle = self.handle()
        if handle is None and page != PAGES[State.PROFILE]:
            return self.lost()
        event, missing = form.read(posted), form.missing(posted)
        try:
            if missing and handle is not None:
                out = evolve(conf.flow().resume(handle), accepted=False, refusals=missing)
            elif handle is None:
                out = conf.flow().start(source=self.source(), event=event)
            else:
                out = self.submitted(handle, event, request.POST.get("request_id", ""))
        except UnknownHandle:
            return self.lost()
        if not out.accepted and page == PAGES[out.state]:
            return self.shown(out, form)
        sent = SENT if out.accepted and form.event is ResendCode else None
        passed = PASSED if any(refusal.reason is Reason.NOT_NOW for refusal in out.refusals) else None
        return self.onwards(out, sent or passed)

    def submitted(self, handle: str, event: Event, rendering: str) -> Outcome:
        """Submit *event* under the token of the *rendering* that it came from.

        A double click, or a reload of an answer, is the same request again and gets the same answer.  Who goes back in
        the browser and types something else sends the same token with another body: that is the next request of it.
        """
        flow = conf.flow()
        token = f"{rendering[:100] or secrets.token_urlsafe(16)}:{type(event).__name__}"
        for number in range(OTHER_BODIES):
            try:
                return flow.submit(handle, event, request_id=f"{token}:{number}")
            except RequestReused:
                continue
        return flow.submit(handle, event, request_id=secrets.token_urlsafe(16))

    def source(self) -> str | None:
        """Where the request comes from, as the host says."""
        source = conf.options().source
        return None if source is None else source(self.request)

    # --- the answers -------------------------------------------------------------------------------

    def first_page(self, page: str | None) -> HttpResponseBase:
        """The first page, for who has no handle yet."""
        if page not in (None, *PAGES.values()):
            raise Http404("no such page")
        if page != PAGES[State.PROFILE]:
            return redirect(address(State.PROFILE)) if page is None else self.lost()
        return self.rendered(State.PROFILE, ProfileView(), (), (ChooseProfile,))

    def lost(self) -> HttpResponseBase:
        """The first page, with a word on why."""
        response = redirect(address(State.PROFILE, LOST))
        self.forget(response)
        return response

    def onwards(self, out: Outcome, note: str | None = None) -> HttpResponseBase:
        """To the page of *out*."""
        response = redirect(address(out.state, note))
        self.keep(response, out.handle)
        return response

    def shown(self, out: Outcome, form: type[EventForm] | None = None) -> HttpResponseBase:
        """The page of *out*; with what was typed into *form* and refused, when it is still a form of that page."""
        if form is not None and form.event not in out.permitted:
            form = None
        response = self.rendered(out.state, out.view, out.refusals, out.permitted, form)
        self.keep(response, out.handle)
        return response

    def rendered(
        self,
        state: State,
        view: Any,
        refusals: tuple[Refusal, ...],
        events: tuple[type[Event], ...],
        refused: type[EventForm] | None = None,
    ) -> HttpResponse:
        """A page of its template."""
        template = select_template([f"educonnect_flow/{state.value}.html", "educonnect_flow/page.html"])
        context = self.context(state, view, refusals, events, refused)
        if settings.DEBUG:  # with all frames, for who writes the template
            return HttpResponse(template.render(context, self.request))
        with Frameless():  # a template's frames hold what was typed
            return HttpResponse(template.render(context, self.request))

    def context(
        self,
        state: State,
        view: Any,
        refusals: tuple[Refusal, ...],
        events: tuple[type[Event], ...],
        refused: type[EventForm] | None,
    ) -> dict[str, Any]:
        """What a template gets.

        ``state`` (its value), ``view``; ``form``: the form of the page's main event; ``errors``: pairs of a field's id
        (``None`` for the whole) and what is wrong; ``request_id``: for the hidden field of that name in every form;
        ``can_go_back``; ``step`` and ``steps``; ``final``; ``note``: ``session``, ``etape`` or ``sms`` (see ``LOST``);
        ``services_url``.
        """
        main = next((FORMS[event.__name__] for event in events), None)
        bound = Posted.of(self.request) if refused is not None and refused is main else None
        form = main(bound, view=view, refusals=refusals) if main is not None else None
        if form is not None and form.is_bound:
            errors = form.summary()
        else:
            errors = [(None, refusal.message(get_language() or "fr")) for refusal in refusals]
        return {
            "state": state.value,
            "view": view,
            "form": form,
            "errors": errors,
            "request_id": secrets.token_urlsafe(16),
            "can_go_back": any(event.__name__ == "GoBack" for event in events),
            "step": STEPS.index(state) + 1 if state in STEPS else None,
            "steps": len(STEPS),
            "final": state in FINAL,
            "note": self.request.GET.get("note"),
            "services_url": resolve_url(conf.options().services_url),
        }

    def unavailable(self) -> HttpResponse:
        """A port is unavailable: the request has no answer, and may be sent again."""
        template = select_template(["educonnect_flow/unavailable.html"])
        response = HttpResponse(template.render({}, self.request), status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


class LeaveView(FlowView):
    """« Accéder à mes services »: the browser deletes the handle, so that the next user cannot see the page."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """To the host's services."""
        response = redirect(conf.options().services_url)
        self.forget(response)
        return response


class AssessView(FlowView):
    """What the meter of the password page asks while one types."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """``{"criteria": [{"name", "met"}, …], "strength": 1…4, "refusals": [text, …]}``.

        409 outside the password page.
        """
        try:
            report = conf.flow().assess_password(self.handle() or "", Hidden(request.POST.get("password", "")))
        except (NotNow, UnknownHandle):
            return JsonResponse({}, status=409)
        except (StoreUnavailable, PortUnavailable):
            return JsonResponse({}, status=503)
        response = JsonResponse(
            {
                "criteria": [{"name": criterion.name, "met": criterion.met} for criterion in report.criteria],
                "strength": int(report.strength),
                "refusals": [refusal.message(get_language() or "fr") for refusal in report.refusals],
            }
        )
        patch_cache_control(response, no_store=True, private=True)
        return response


class PromptView(FlowView):
    """The picture and the sound of the human check."""

    http_method_names = ("get", "head")
    kinds = {"image": "image/png", "audio": "audio/wav"}  # noqa: RUF012 - read only

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """As bytes; 404 where none is asked."""
        try:
            prompt = getattr(conf.flow().resume(self.handle() or "").view, "prompt", None)
        except UnknownHandle as error:
            raise Http404("no prompt") from error
        except (StoreUnavailable, PortUnavailable):
            return HttpResponse(status=503)
        content = getattr(prompt, kind, None)
        if content is None:
            raise Http404("no prompt")
        response = HttpResponse(content, content_type=self.kinds[kind])
        patch_cache_control(response, no_store=True, private=True)
        return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:  # noqa: ARG001 - Django's
    """For ``CSRF_FAILURE_VIEW``: a parent without cookies starts over, on a page that says so."""
    view = ActivationView()
    view.setup(request)
    return view.lost()
