"""The HTTP side of the simulated Mastodon server, in the wire format of the real one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import escape
from typing import TypeVar
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.mastodon import permission
from wardkeeper.demo.mastodon.server import Account, MastodonServer, Report
from wardkeeper.demo.mastodon.wire_format import (
    account_json,
    error,
    fields,
    notification_json,
    object_json,
    report_json,
    status_json,
)
from wardkeeper.demo.serving import FaultSwitch, Faulty

Item = TypeVar("Item")
Answering = Callable[[MastodonServer, Request], Awaitable[Response]]

_LONGEST_COMMENT = 1000
_CATEGORIES = ("spam", "legal", "violation", "other")


def mastodon_app(server: MastodonServer) -> tuple[ASGIApp, FaultSwitch]:
    """The server as an application, and the switch that makes it fail."""

    def bound(answer: Answering) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            server.settle()
            response = await answer(server, request)
            response.headers.update(_limits(server.clock(), remaining=299))
            return response

        return respond

    app = Starlette(
        routes=[Route(path, bound(answer), methods=[method]) for method, path, answer in _ROUTES],
        exception_handlers={404: _no_route},
    )
    switch = FaultSwitch(
        limit_headers=lambda: _limits(server.clock(), remaining=0),
        error_body=lambda status: json.dumps(
            {"error": _WORDS.get(status, "Remote data could not be fetched")}
        ).encode(),
    )
    return Faulty(app, switch), switch


_WORDS = {429: "Too many requests", 500: "We're sorry, but something went wrong on our end."}


def _limits(now: datetime, *, remaining: int) -> dict[str, str]:
    reset = (now + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": reset}


async def _no_route(request: Request, problem: Exception) -> Response:
    return error(404, "Not Found")


_NO_RECORD = (404, "Record not found")


def _signed_in(server: MastodonServer, request: Request, scope: str) -> Account | Response:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in server.tokens:
        return error(401, "The access token is invalid" if token else "This API requires an authenticated user")
    account, scopes = server.tokens[token]
    if not {scope, scope.partition(":")[0], "profile" if scope == "read:accounts" else scope} & set(scopes.split()):
        return error(403, "This action is outside the authorized scopes")
    return account


def _may_read(server: MastodonServer, request: Request) -> Response | None:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if server.answers_anonymous or token in server.tokens:
        return None
    return error(401, "This API requires an authenticated user")


async def _instance(server: MastodonServer, request: Request) -> Response:
    contact = {"email": f"moderators@{server.domain}", "account": None}
    return JSONResponse({"domain": server.domain, "title": server.domain, "version": "4.5.0", "contact": contact})


async def _rules(server: MastodonServer, request: Request) -> Response:
    rules = [{"id": str(n), "text": text, "hint": ""} for n, text in enumerate(server.rules, start=1)]
    return JSONResponse(rules)


async def _whoami(server: MastodonServer, request: Request) -> Response:
    account = _signed_in(server, request, "read:accounts")
    return account if isinstance(account, Response) else JSONResponse(account_json(server, account))


async def _lookup(server: MastodonServer, request: Request) -> Response:
    name, _, domain = request.query_params.get("acct", "").removeprefix("@").partition("@")
    account = server.find_account(name, domain)
    refused = _may_read(server, request)
    return refused or (JSONResponse(account_json(server, account)) if account else error(*_NO_RECORD))


async def _account(server: MastodonServer, request: Request) -> Response:
    number = request.path_params["number"]
    everybody = (each for place in (server, *server.peers) for each in place.accounts.values())
    account = next((each for each in everybody if server.number_of(each) == number), None)
    refused = _may_read(server, request)
    return refused or (JSONResponse(account_json(server, account)) if account else error(*_NO_RECORD))


async def _notifications(server: MastodonServer, request: Request) -> Response:
    account = _signed_in(server, request, "read:notifications")
    if isinstance(account, Response):
        return account
    asked = request.query_params
    kinds = asked.getlist("types[]")
    everyone = asked.get("include_filtered") == "true"
    mine = [
        each
        for each in server.notifications
        if each.to is account
        and (everyone or not each.filtered)
        and (not kinds or each.kind in kinds)
        and not each.status.removed_by
        and not each.status.author.suspended
    ]
    found = _paged(server, mine, asked, key=lambda each: each.notification_id, most=80)
    listed = [notification_json(server, each) for each in found]
    ids = [str(each.notification_id) for each in found]
    return JSONResponse(listed, headers=_links(server, request, ids))


def _paged(
    server: MastodonServer, items: list[Item], asked: QueryParams, *, key: Callable[[Item], int], most: int
) -> list[Item]:
    """Newest first; with min_id the page right above it, with max_id the one right below."""
    limit = min(int(asked.get("limit", "40")), most)
    items = sorted(items, key=key)
    if "max_id" in asked:
        items = [each for each in items if key(each) < int(asked["max_id"])]
    if "since_id" in asked:
        items = [each for each in items if key(each) > int(asked["since_id"])]
    if "min_id" in asked and server.knows_min_id:
        return [each for each in items if key(each) > int(asked["min_id"])][:limit][::-1]
    return items[::-1][:limit]


def _links(server: MastodonServer, request: Request, ids: list[str]) -> dict[str, str]:
    if not ids:
        return {}
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in ("min_id", "max_id", "since_id")]
    place = f"{server.base}{request.url.path}"
    older, newer = (urlencode([*kept, pair]) for pair in (("max_id", ids[-1]), ("min_id", ids[0])))
    return {"Link": f'<{place}?{older}>; rel="next", <{place}?{newer}>; rel="prev"'}


async def _tag(server: MastodonServer, request: Request) -> Response:
    tag = request.path_params["tag"].lower()
    tagged = [each for each in server.known_statuses() if each.shown and tag in each.tags]
    found = _paged(server, tagged, request.query_params, key=lambda each: int(server.number_of(each)), most=40)
    ids = [server.number_of(each) for each in found]
    answer = JSONResponse([status_json(server, each) for each in found], headers=_links(server, request, ids))
    return _may_read(server, request) or answer


async def _batch(server: MastodonServer, request: Request) -> Response:
    wanted = request.query_params.getlist("id[]")
    found = [each for each in server.known_statuses() if each.shown and server.number_of(each) in wanted]
    return _may_read(server, request) or JSONResponse([status_json(server, each) for each in found])


async def _status(server: MastodonServer, request: Request) -> Response:
    number = request.path_params["number"]
    found = next((each for each in server.known_statuses() if server.number_of(each) == number and each.shown), None)
    return _may_read(server, request) or (JSONResponse(status_json(server, found)) if found else error(*_NO_RECORD))


async def _search(server: MastodonServer, request: Request) -> Response:
    account = _signed_in(server, request, "read:search")
    if isinstance(account, Response):
        return account
    asked = request.query_params
    query = asked.get("q", "")
    if asked.get("resolve") == "true" and "://" in query:
        found = [each for each in server.known_statuses() if each.shown and query in (each.uri, each.url)]
    else:
        # Like the real one, it finds the asker's own posts and the answers to them.
        own = (each for each in server.known_statuses() if account in (each.author, *server.mentioned(each)))
        found = [each for each in own if each.shown and query.strip('"').lower() in each.text.lower()]
    start, limit = int(asked.get("offset", "0")), int(asked.get("limit", "20"))
    statuses = [status_json(server, each) for each in found[::-1][start : start + limit]]
    return JSONResponse({"accounts": [], "statuses": statuses, "hashtags": [], "collections": []})


async def _report(server: MastodonServer, request: Request) -> Response:
    if not server.has_reports:
        return error(404, "Not Found")
    reporter = _signed_in(server, request, "write:reports")
    if isinstance(reporter, Response):
        return reporter
    sent = await fields(request)
    everybody = (each for place in (server, *server.peers) for each in place.accounts.values())
    account = next((each for each in everybody if server.number_of(each) == str(sent.get("account_id"))), None)
    if account is None:
        return error(*_NO_RECORD)
    numbers, rule_ids = _texts(sent.get("status_ids")), _texts(sent.get("rule_ids"))
    comment, category = str(sent.get("comment") or ""), str(sent.get("category") or "other")
    if len(comment) > _LONGEST_COMMENT:
        return error(422, "Validation failed: Comment is too long (maximum is 1000 characters)")
    if any(not each.isdigit() or not 1 <= int(each) <= len(server.rules) for each in rule_ids):
        return error(422, "Validation failed: Rule ids does not reference valid rules")
    if category not in _CATEGORIES:
        return error(422, "Validation failed: Category is not included in the list")
    stored = "other" if server.stores_other else "violation" if rule_ids else category
    posts = tuple(s for s in server.known_statuses() if s.author is account and server.number_of(s) in numbers)
    forwarded = bool(sent.get("forward")) and account.server is not server
    number = str(len(server.reports) + 1)
    report = Report(number, reporter, account, posts, comment, stored, rule_ids, forwarded=forwarded, at=server.clock())
    server.reports.append(report)
    return JSONResponse(report_json(server, report))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


async def _origin(server: MastodonServer, request: Request) -> Response:
    number = request.path_params["number"]
    status = next((each for each in server.statuses if each.status_id == number), None)
    federation = "activity+json" in request.headers.get("accept", "")
    if status is not None and status.author.suspended:
        return error(410, "Gone")
    if status is not None and federation and status.removed_by == "author" and server.tombstones:
        body = {"@context": "https://www.w3.org/ns/activitystreams", "id": status.uri, "type": "Tombstone"}
        return JSONResponse(body, status_code=410, media_type="application/activity+json")
    if status is None or not status.shown:
        return error(404, "Not Found")
    if federation:
        return JSONResponse(object_json(server, status), media_type="application/activity+json")
    name = f"{escape(status.author.name)} on {escape(server.domain)}"
    return HTMLResponse(f"<!doctype html><title>{name}</title><article>{server.content(status)}</article>")


_ROUTES: tuple[tuple[str, str, Answering], ...] = (
    ("POST", "/api/v1/apps", permission.register),
    ("GET", "/oauth/authorize", permission.ask_owner),
    ("POST", "/oauth/authorize", permission.owner_agreed),
    ("POST", "/oauth/token", permission.exchange),
    ("POST", "/oauth/revoke", permission.revoke),
    ("GET", "/.well-known/oauth-authorization-server", permission.oauth_facts),
    ("GET", "/api/v2/instance", _instance),
    ("GET", "/api/v1/instance/rules", _rules),
    ("GET", "/api/v1/accounts/verify_credentials", _whoami),
    ("GET", "/api/v1/accounts/lookup", _lookup),
    ("GET", "/api/v1/accounts/{number}", _account),
    ("GET", "/api/v1/notifications", _notifications),
    ("GET", "/api/v1/timelines/tag/{tag}", _tag),
    ("GET", "/api/v1/statuses", _batch),
    ("GET", "/api/v1/statuses/{number}", _status),
    ("GET", "/api/v2/search", _search),
    ("POST", "/api/v1/reports", _report),
    ("GET", "/users/{name}/statuses/{number}", _origin),
    ("GET", "/ap/users/{account}/statuses/{number}", _origin),
    ("GET", "/@{name}/{number}", _origin),
)
