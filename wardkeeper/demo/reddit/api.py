"""The HTTP side of the simulated Reddit, in the wire format of the real one."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from html import escape
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.reddit import permission
from wardkeeper.demo.reddit.server import Client, Community, Item, Message, RedditServer, Report, Token
from wardkeeper.demo.reddit.wire_format import (
    account,
    community,
    envelope,
    error,
    listing,
    message,
    reasons,
    thing,
    unescaped,
)
from wardkeeper.demo.serving import FaultSwitch, Faulty

Entry = TypeVar("Entry", Item, Message)
Answering = Callable[[RedditServer, Request, Token], Awaitable[Response]]
Open = Callable[[RedditServer, Request], Awaitable[Response]]

_USER_AGENT = re.compile(r"[\w.-]+:[\w.-]+:\S+ \(by /?u/[\w-]+\)")
_LONGEST_REASON, _LONGEST_NOTE, _LONGEST_QUERY = 100, 2000, 512
_WHERE = {"mentions": "username_mention", "comments": "comment_reply", "selfreply": "post_reply"}
_SPANS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}
_PHRASE = re.compile(r'"([^"]+)"')


def reddit_app(server: RedditServer) -> tuple[ASGIApp, FaultSwitch]:
    """Reddit as an application (its pages and its interface on one address), and the switch that makes it fail."""
    routes = [Route(path, _bound(server, answer, scope), methods=[verb]) for verb, path, scope, answer in _ROUTES]
    routes += [Route(path, _plain(server, answer), methods=[verb]) for verb, path, answer in _PAGES]
    switch = FaultSwitch(
        limit_headers=lambda: _limits(server.allowance, 0, 597),
        error_body=lambda status: json.dumps({"message": "Too Many Requests", "error": status}).encode(),
    )
    return Faulty(Starlette(routes=routes, exception_handlers={404: _no_route}), switch), switch


def _bound(server: RedditServer, answer: Answering, scope: str) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        server.settle()
        token = _admitted(server, request)
        if isinstance(token, Response):
            return token
        left, seconds = server.count(_client(server, token))
        if left < 0:
            refused = error(429, "Too Many Requests")
            refused.headers.update(_limits(server.allowance, 0, seconds))
            return refused
        if token.scopes != "*" and scope and scope not in token.scopes.split():
            response = error(403, "Forbidden")
            response.headers["WWW-Authenticate"] = 'Bearer realm="reddit", error="insufficient_scope"'
        else:
            response = await answer(server, request, token)
        response.headers.update(_limits(server.allowance - left, left, seconds))
        return response

    return respond


def _plain(server: RedditServer, answer: Open) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        server.user_agents.append(request.headers.get("user-agent", ""))
        machine = request.headers.get("authorization", "")
        return _throttled() if machine and not _introduced(request) else await answer(server, request)

    return respond


def _admitted(server: RedditServer, request: Request) -> Token | Response:
    server.user_agents.append(request.headers.get("user-agent", ""))
    if not _introduced(request):
        return _throttled()
    token = server.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if token is None or token.until <= server.clock():
        return error(401, "Unauthorized")
    return token


def _introduced(request: Request) -> bool:
    return _USER_AGENT.fullmatch(request.headers.get("user-agent", "")) is not None


def _throttled() -> Response:
    return error(429, "Too Many Requests")


def _client(server: RedditServer, token: Token) -> Client:
    return server.clients[token.client_id]


def _limits(used: int, left: int, seconds: int) -> dict[str, str]:
    return {
        "X-Ratelimit-Used": str(used),
        "X-Ratelimit-Remaining": str(float(left)),
        "X-Ratelimit-Reset": str(seconds),
    }


async def _no_route(request: Request, problem: Exception) -> Response:
    return error(404, "Not Found")


def _json(request: Request, body: object) -> Response:
    return JSONResponse(unescaped(body, raw=request.query_params.get("raw_json") == "1"))


def _page(server: RedditServer, request: Request, entries: Sequence[Entry]) -> tuple[list[Entry], str | None]:
    """One page after the entry named; after one that is no longer listed there is nothing."""
    asked = request.query_params
    limit = max(1, min(int(asked.get("limit", "25")), 100))
    after, start = asked.get("after", ""), 0
    if after:
        place = next((number for number, each in enumerate(entries) if each.name == after), None)
        if place is None:
            return [], None
        start = max(0, place + 1 - server.overlap)
        limit += server.overlap
    page = list(entries[start : start + limit])
    return page, page[-1].name if start + limit < len(entries) else None


def _things(server: RedditServer, request: Request, items: list[Item]) -> Response:
    page, after = _page(server, request, server.newest(items))
    return _json(request, listing([thing(each) for each in page], after=after))


async def _search(server: RedditServer, request: Request, token: Token) -> Response:
    asked = request.query_params
    query = asked.get("q", "")
    if not query or len(query) > _LONGEST_QUERY:
        return error(400, "Bad Request", fields=["q"], explanation="this is too long (max: 512)", reason="TOO_LONG")
    phrases = [each.lower() for each in _PHRASE.findall(query)]
    since = server.clock() - timedelta(days=_SPANS.get(asked.get("t", "all"), 36500))
    found = [
        each
        for each in server.items
        if each.listed and each.parent is None and each.at >= since and _says(each, phrases or [query.lower()])
    ]
    return _things(server, request, found)


def _says(item: Item, phrases: list[str]) -> bool:
    return any(phrase in f"{item.title} {item.text}".lower() for phrase in phrases)


def _open(server: RedditServer, request: Request) -> Community | Response:
    place = server.communities.get(request.path_params["name"].lower())
    if place is None:
        return RedirectResponse(f"/subreddits/search?q={request.path_params['name']}", status_code=302)
    if place.closed == "banned":
        return error(404, "Not Found", reason="banned")
    return error(403, "Forbidden", reason=place.closed) if place.closed else place


async def _new(server: RedditServer, request: Request, token: Token) -> Response:
    place = _open(server, request)
    if isinstance(place, Response):
        return place
    return _things(server, request, [each for each in _in(server, place) if each.parent is None])


async def _comments(server: RedditServer, request: Request, token: Token) -> Response:
    place = _open(server, request)
    if isinstance(place, Response):
        return place
    return _things(server, request, [each for each in _in(server, place) if each.parent is not None])


def _in(server: RedditServer, place: Community) -> list[Item]:
    return [each for each in server.items if each.community is place and each.listed]


async def _about(server: RedditServer, request: Request, token: Token) -> Response:
    place = _open(server, request)
    return place if isinstance(place, Response) else _json(request, community(place))


async def _rules(server: RedditServer, request: Request, token: Token) -> Response:
    place = _open(server, request)
    return place if isinstance(place, Response) else _json(request, reasons(place))


async def _communities(server: RedditServer, request: Request, token: Token) -> Response:
    return _json(request, listing([], after=None))


async def _info(server: RedditServer, request: Request, token: Token) -> Response:
    names = request.query_params.get("id", "").split(",")[:100]
    found = [server.find(each) for each in dict.fromkeys(names)]
    return _json(request, listing([thing(each) for each in found if each is not None], after=None))


async def _user(server: RedditServer, request: Request, token: Token) -> Response:
    redditor = server.accounts.get(request.path_params["name"].lower())
    if redditor is None or redditor.deleted:
        return error(404, "Not Found")
    return _json(request, {"kind": "t2", "data": account(redditor)})


async def _users(server: RedditServer, request: Request, token: Token) -> Response:
    wanted = request.query_params.get("ids", "").split(",")
    known = {each.fullname: {"name": each.name} for each in server.accounts.values() if each.fullname in wanted}
    return _json(request, known) if known else error(404, "Not Found")


async def _me(server: RedditServer, request: Request, token: Token) -> Response:
    return error(403, "Forbidden") if token.account is None else _json(request, account(token.account))


async def _inbox(server: RedditServer, request: Request, token: Token) -> Response:
    if token.account is None:
        return error(403, "Forbidden", reason="USER_REQUIRED")
    where = request.path_params["where"]
    mine = [each for each in server.messages if each.to is token.account]
    if where in _WHERE:
        mine = [each for each in mine if each.kind == _WHERE[where]]
    elif where != "inbox":
        return error(404, "Not Found")
    page, after = _page(server, request, mine[::-1])
    told = _json(request, listing([message(each) for each in page], after=after))
    if request.query_params.get("mark") != "false":
        for each in page:
            each.new = False
    return told


async def _report(server: RedditServer, request: Request, token: Token) -> Response:
    if token.account is None:
        return envelope(("USER_REQUIRED", "Please log in to do that.", ""))
    form = {name: str(value) for name, value in (await request.form()).items()}
    for name in ("reason", "site_reason", "rule_reason", "other_reason"):
        if len(form.get(name, "")) > _LONGEST_REASON:
            why = f"this is too long (max: {_LONGEST_REASON})"
            return error(400, "Bad Request", fields=[name], explanation=why, reason="TOO_LONG")
    if len(form.get("custom_text", "")) > _LONGEST_NOTE:
        return error(400, "Bad Request", fields=["custom_text"], explanation="too long", reason="TOO_LONG")
    item = server.find(form.get("thing_id") or form.get("id", ""))
    if item is None:
        return envelope(("NO_THING_ID", "id not specified", "id"))
    if server.report_wait:
        words = f"you are doing that too much. try again in {server.report_wait // 60} minutes."
        return envelope(("RATELIMIT", words, "ratelimit"), ratelimit=server.report_wait)
    if server.report_error:
        return envelope((server.report_error, "that cannot be reported", "thing_id"))
    if form.get("reason") == "other" and not item.community.free_reports:
        return envelope()  # it answers well and keeps nothing
    named = {name: form.get(name, "") for name in ("site_reason", "rule_reason", "other_reason", "custom_text")}
    server.reports.append(Report(token.account, item, form.get("reason", ""), **named, at=server.clock()))
    return envelope()


async def _post_page(server: RedditServer, request: Request) -> Response:
    """A post as a person sees it, without signing in."""
    found = next((each for each in server.items if each.name[3:] == request.path_params["number"]), None)
    if found is None or found.purged:
        return HTMLResponse("<!doctype html><title>reddit: page not found</title>", status_code=404)
    title = escape(found.title) if not found.removed_by else "removed"
    return HTMLResponse(f"<!doctype html><title>{title} : r/{escape(found.community.name)}</title>")


_ROUTES: tuple[tuple[str, str, str, Answering], ...] = (
    ("GET", "/api/v1/me", "identity", _me),
    ("GET", "/search", "read", _search),
    ("GET", "/subreddits/search", "read", _communities),
    ("GET", "/r/{name}/new", "read", _new),
    ("GET", "/r/{name}/comments", "read", _comments),
    ("GET", "/r/{name}/about", "read", _about),
    ("GET", "/r/{name}/about/rules", "read", _rules),
    ("GET", "/api/info", "read", _info),
    ("GET", "/api/user_data_by_account_ids", "privatemessages", _users),
    ("GET", "/user/{name}/about", "read", _user),
    ("GET", "/message/{where}", "privatemessages", _inbox),
    ("POST", "/api/report", "report", _report),
)
_PAGES: tuple[tuple[str, str, Open], ...] = (
    ("GET", "/api/v1/authorize", permission.ask_owner),
    ("POST", "/api/v1/authorize", permission.owner_decided),
    ("POST", "/api/v1/access_token", permission.give_token),
    ("POST", "/api/v1/revoke_token", permission.revoke),
    ("GET", "/r/{community}/comments/{number}/{words}", _post_page),
)
