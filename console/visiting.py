"""One request of one visitor: who they are, whether they may enter, and the proof that a form is our own.

Every route passes through `entered`. The cookie is opaque: what it stands for is a row that can be revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import Depends, Path, Query, Request
from itsdangerous import BadSignature, Signer
from jinja2 import Environment
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.forms import Answers
from console.looks import templates
from console.parts import ConsoleParts
from console.permissions import allows
from records.councils import Council
from records.people import Person
from records.signing_in import Signed, who
from takedown.desk import Desk

_MOST_FIELD = 256 * 1024
"""Bytes of one field that is not a file."""


class SignInFirst(Exception):
    """Nobody is signed in; `back` is where they wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__("sign in first")
        self.back = back


class Closed(Exception):
    """The person's roles do not open this page."""


class NotOurForm(Exception):
    """A form without the proof that this visitor opened it here."""


class Missing(Exception):
    """There is no such thing in this council; a thing of another council is no such thing."""


@dataclass(frozen=True)
class Visit:
    """A request as the pages see it. `mark` is what the cookie holds; `now` the time all of the page agrees on."""

    request: Request
    parts: ConsoleParts
    mark: str
    fresh: bool
    now: datetime
    signed: Signed | None
    council_name: str
    form: FormData | None = None

    @property
    def me(self) -> Signed:
        """Whoever is signed in. Raises SignInFirst."""
        if self.signed is None:
            raise SignInFirst(self.request.url.path)
        return self.signed

    @property
    def proof(self) -> str:
        """What a form must carry; it belongs to this cookie alone."""
        return hmac.new(self.parts.signing_key, f"form\0{self.mark}".encode(), hashlib.sha256).hexdigest()

    @property
    def answers(self) -> Answers:
        """What was entered in the form that was sent."""
        return Answers(self.form)

    @property
    def desk(self) -> Desk:
        """Where this person acts."""
        me = self.me
        return Desk(self.parts.store, me.council_id, me.person.id, self.now)

    def may(self, page: str) -> bool:
        """Whether the visitor may open a page, so that nobody is shown a button that is closed to them."""
        return allows(page, self.signed.person if self.signed else None)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees this person's council only."""
        with self.parts.store.reading(self.me.council_id) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, Person]]:
        """A writing session of this person's council, and the person in it."""
        with self.parts.store.writing(self.me.council_id) as session:
            yield session, session.get_one(Person, self.me.person.id)

    def page(self, template: str, /, *, status: int = 200, **context: object) -> Response:
        """The page a template makes."""
        words = (
            looks()
            .get_template(template)
            .render(visit=self, here=page_name(self.request), parts=self.parts, now=self.now, **context)
        )
        response = HTMLResponse(words, status_code=status)
        if self.fresh:
            self.keep(response, self.mark)
        return response

    def to(self, page: str, /, *, said: str = "", **where: object) -> Response:
        """Send the browser on after a form; `said` names the message it shows there."""
        address = str(self.request.app.url_path_for(page, **where))
        return RedirectResponse(f"{address}?{urlencode({'said': said})}" if said else address, status_code=303)

    def keep(self, response: Response, mark: str) -> None:
        """Let the browser hold a mark until it is closed."""
        response.set_cookie(
            cookie_name(self.parts),
            _signer(self.parts).sign(mark).decode(),
            httponly=True,
            samesite="lax",
            secure=self.parts.secure_cookies,
            path="/",
        )


@cache
def looks() -> Environment:
    """The templates, read once per process."""
    return templates()


def cookie_name(parts: ConsoleParts) -> str:
    """The prefix makes browsers refuse the cookie from any other host, and over plain HTTP."""
    return "__Host-wardkeeper" if parts.secure_cookies else "wardkeeper"


def _signer(parts: ConsoleParts) -> Signer:
    return Signer(parts.signing_key, salt="wardkeeper cookie", digest_method=hashlib.sha256)


def signed_mark(token: str) -> str:
    """What the cookie of somebody signed in holds."""
    return f"s.{token}"


def token_of(mark: str) -> str | None:
    """The sign-in's token, or None for a visitor who has not signed in."""
    return mark[2:] if mark.startswith("s.") else None


def new_mark() -> str:
    """What the cookie of a visitor holds: nothing but a number nobody can guess."""
    return f"v.{secrets.token_urlsafe(16)}"


def page_name(request: Request) -> str:
    """The name of the route in use, "" outside any."""
    return getattr(request.scope.get("route"), "name", "")


def parts_of(request: Request) -> ConsoleParts:
    """What the console was made with."""
    return cast(ConsoleParts, request.app.state.parts)


def visit_of(request: Request) -> Visit:
    """Who is asking, by their cookie."""
    parts = parts_of(request)
    now = parts.clock()
    mark, signed = "", None
    try:
        mark = _signer(parts).unsign(request.cookies.get(cookie_name(parts), "")).decode()
    except (BadSignature, UnicodeError):
        mark = ""
    token = token_of(mark)
    if token is not None:
        signed = who(parts.store, token, now=now, idle=parts.idle)
    fresh = not mark or (token is not None and signed is None)
    council_name = ""
    if signed is not None:
        with parts.store.across_councils() as session:
            council_name = session.get_one(Council, signed.council_id).name
    return Visit(request, parts, new_mark() if fresh else mark, fresh, now, signed, council_name)


async def entered(request: Request, visit: Annotated[Visit, Depends(visit_of)]) -> AsyncIterator[Visit]:
    """The door of every page: signed in, the right role, and for a form its proof. Raises what keeps them out."""
    page = page_name(request)
    person = visit.signed.person if visit.signed else None
    if not allows(page, person):
        if person is None:
            raise SignInFirst(request.url.path if request.method == "GET" else "/")
        raise Closed
    if request.method in ("GET", "HEAD"):
        yield visit
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotOurForm
    async with request.form(max_files=1, max_fields=200, max_part_size=_MOST_FIELD) as form:
        proof = form.get("proof")
        if visit.fresh or not isinstance(proof, str) or not hmac.compare_digest(proof.encode(), visit.proof.encode()):
            raise NotOurForm
        yield replace(visit, form=form)


Here = Annotated[Visit, Depends(entered)]
"""The visit a page is asked for in."""
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""The number of a row in an address; one that no row can have is a page not found."""
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
"""The number of a row after which a list goes on."""
Parts = Annotated[ConsoleParts, Depends(parts_of)]
"""What the console was made with, for the pages nobody visits."""
