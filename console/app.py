"""Puts the pages together: routes, headers, limits, and what people read when something does not work."""

from __future__ import annotations

import logging
from typing import cast
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from secure.middleware import SecureASGIMiddleware
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.forms import LARGEST_PICTURE
from console.looks import ROOM
from console.pages import (
    accounts,
    audit_log,
    councillors,
    entrance,
    health,
    incidents,
    intake,
    learning,
    people,
    queue,
    referrals,
    sample,
    sources,
    takedowns,
    yourself,
)
from console.parts import ConsoleParts
from console.permissions import PAGES
from console.visiting import Closed, Missing, NotOurForm, SignInFirst, Visit, entered, parts_of, visit_of
from records.vocabulary import NotAllowed

LOG = logging.getLogger("wardkeeper.console")
LARGEST_FORM = LARGEST_PICTURE + 1024 * 1024
"""Bytes of one whole request: a screenshot and the fields around it."""
ROOMS = (
    *(health, entrance, yourself, queue, incidents, takedowns, referrals),
    *(intake, councillors, accounts, people, sources, audit_log, learning, sample),
)


class UndeclaredPage(RuntimeError):
    """A route says nothing about who may open it."""


def create_app(parts: ConsoleParts) -> FastAPI:
    """The console over a store. Raises UndeclaredPage for a route that the table of permissions does not name."""
    app = FastAPI(
        title="Wardkeeper",
        version=parts.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(entered)],
        middleware=[
            Middleware(SecureASGIMiddleware, secure=_page_headers(parts)),
            Middleware(KeepNothing),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_FORM),
        ],
    )
    app.state.parts = parts
    for room in ROOMS:
        undeclared = [route.name for route in room.router.routes if getattr(route, "name", "") not in PAGES]
        if undeclared:
            raise UndeclaredPage(f"No permission is declared for: {', '.join(undeclared)}")
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=ROOM / "static"), name="static")
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(Closed, _closed)
    app.add_exception_handler(NotOurForm, _not_our_form)
    app.add_exception_handler(Missing, _missing)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(RequestValidationError, _missing)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(500, _broken)
    return app


class KeepNothing:
    """No browser and no proxy keeps a page; only the static files, which hold nothing of the council's, are kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        keeps = scope["type"] != "http" or scope["path"].startswith("/static/")

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and not keeps:
                MutableHeaders(scope=message)["cache-control"] = "no-store"
            await send(message)

        await self.app(scope, receive, marked)


def _page_headers(parts: ConsoleParts) -> Secure:
    policy = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'")
        .style_src("'self'")
        .img_src("'self'")
        .connect_src("'none'")
        .form_action("'self'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
    )
    return Secure(
        csp=policy,
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        hsts=StrictTransportSecurity().max_age(31_536_000) if parts.secure_cookies else None,
        permissions=PermissionsPolicy().geolocation().camera().microphone(),
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


def _message(request: Request, *, status: int, title: str, why: str) -> Response:
    visit: Visit = visit_of(request)
    back = request.headers.get("referer", "") if request.method == "POST" else ""
    return visit.page("message.html", status=status, title=title, why=why, back=back)


def _sign_in_first(request: Request, error: Exception) -> Response:
    back = cast(SignInFirst, error).back
    address = "/sign-in" if back == "/" else f"/sign-in?{urlencode({'back': back})}"
    return RedirectResponse(address, status_code=303)


def _closed(request: Request, error: Exception) -> Response:
    why = "Your roles do not open this page. Ask an administrator of your council if you think they should."
    return _message(request, status=403, title="You cannot open this page", why=why)


def _not_our_form(request: Request, error: Exception) -> Response:
    why = (
        "Nothing was changed. The page was open too long, you signed in or out in another tab, or your browser "
        "does not accept cookies. Open the page again and repeat what you did."
    )
    return _message(request, status=403, title="We could not accept this form", why=why)


def _missing(request: Request, error: Exception) -> Response:
    why = "If you typed the address, check that it is right. The page may also have been deleted."
    return _message(request, status=404, title="Page not found", why=why)


def _not_allowed(request: Request, error: Exception) -> Response:
    refused = cast(NotAllowed, error)
    return _message(request, status=409, title="That is not possible", why=f"{refused.what}: {refused.why}.")


def _plain(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    if status in (404, 405):
        return _missing(request, error)
    if status == 413:
        return _message(
            request,
            status=413,
            title="That is too large",
            why="A screenshot must be smaller than 5MB. Nothing was saved.",
        )
    return _message(request, status=status, title="We could not read that form", why="Nothing was saved. Try again.")


def _broken(request: Request, error: Exception) -> Response:
    LOG.error("A page failed: %s at %s", type(error).__name__, request.url.path)
    parts = parts_of(request)
    # The database itself may be what fails, so nobody is looked up; and no middleware adds the headers any more.
    visit = Visit(request, parts, mark="", fresh=False, now=parts.clock(), signed=None, council_name="")
    why = "Nothing you entered was saved. Try again; if it happens again, tell whoever runs Wardkeeper for you."
    title = "Sorry, there is a problem with the service"
    response = visit.page("message.html", status=500, title=title, why=why, back="")
    response.headers.update(_page_headers(parts).headers)
    response.headers["cache-control"] = "no-store"
    return response
