"""How a simulated Graph host lets an owner agree, gives and exchanges tokens, and takes permissions back."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from wardkeeper.demo.graph.host import GraphFault, Host, Json, Person, Thing

SHORT = timedelta(hours=1)
LONG = timedelta(days=60)
Bound = Callable[[Callable[[Request], Awaitable[Json]]], Callable[[Request], Awaitable[Response]]]


def routes(host: Host, version: str, bound: Bound) -> list[Route]:
    """What both kinds of host have, where each has it: Facebook under its version, Threads at the root."""

    async def ask(request: Request) -> Response:
        return _refusal(host, request.query_params) or await _ask(host, request)

    async def agreed(request: Request) -> Response:
        return _refusal(host, request.query_params) or await _agreed(host, request)

    async def code(request: Request) -> Json:
        return await _code(host, request)

    async def exchange(request: Request) -> Json:
        return _exchange(host, request.query_params)

    async def inspect(request: Request) -> Json:
        return _inspect(host, request)

    async def withdraw(request: Request) -> Json:
        return await _withdraw(host, request)

    async def subscribe(request: Request) -> Json:
        return await _subscribe(host, request)

    async def accounts(request: Request) -> Json:
        return _accounts(host, request)

    root = "" if not host.tells_next else version
    dialog = "/oauth/authorize" if not host.tells_next else f"{version}/dialog/oauth"
    return [
        Route(dialog, ask, methods=["GET"]),
        Route(dialog, agreed, methods=["POST"]),
        Route(f"{root}/oauth/access_token", bound(code), methods=["GET", "POST"]),
        Route("/access_token", bound(exchange), methods=["GET"]),
        Route("/refresh_access_token", bound(exchange), methods=["GET"]),
        Route(f"{version}/debug_token", bound(inspect), methods=["GET"]),
        Route(f"{version}/me/accounts", bound(accounts), methods=["GET"]),
        Route(f"{version}/{{page}}/subscribed_apps", bound(subscribe), methods=["POST"]),
        Route(f"{version}/{{person}}/permissions/{{scope}}", bound(withdraw), methods=["POST", "DELETE"]),
    ]


async def _ask(host: Host, request: Request) -> Response:
    names = "".join(f"<option>{escape(each.name)}</option>" for each in host.people.values())
    scopes = escape(request.query_params.get("scope", ""))
    return HTMLResponse(
        f"<!doctype html><title>Permission</title><form method=post><p>Asked for: {scopes}</p>"
        f"<select name=person>{names}</select><button>Agree</button></form>"
    )


async def _agreed(host: Host, request: Request) -> Response:
    asked, form = request.query_params, await request.form()
    state = asked.get("state", "")
    person = next((each for each in host.people.values() if each.name == form.get("person")), None)
    if person is None:
        denied = {"error": "access_denied", "error_code": "200", "error_reason": "user_denied", "state": state}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(denied)}", status_code=303)
    scopes = frozenset(asked.get("scope", "").split(",")) - person.declines
    code = secrets.token_urlsafe(120)
    host.codes[code] = (person, scopes, asked["redirect_uri"])
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': state})}#_=_", status_code=303)


def _refusal(host: Host, asked: QueryParams) -> Response | None:
    fits = asked.get("client_id") == host.app_id and asked.get("redirect_uri") in host.redirects
    if fits and asked.get("response_type") == "code":
        return None
    return HTMLResponse("<!doctype html><title>Error</title>The address of return is not registered.", 400)


async def _code(host: Host, request: Request) -> Json:
    sent: QueryParams | FormData = request.query_params if request.method == "GET" else await request.form()
    if sent.get("client_id") != host.app_id or sent.get("client_secret") != host.app_secret:
        raise GraphFault(101, "Error validating client secret.")
    if sent.get("grant_type") == "fb_exchange_token":
        return _longer(host, str(sent.get("fb_exchange_token", "")))
    found = host.codes.pop(str(sent.get("code", "")), None)
    if found is None or found[2] != sent.get("redirect_uri"):
        raise GraphFault(100, "This authorization code has been used.", subcode=36009)
    person, scopes, _redirect = found
    person.granted[host.app_id] = set(scopes)
    own = None if host.tells_next else person.accounts[0]
    token = host.issue(own, set(scopes), person=person, lasts=SHORT, long_lived=False)
    told: Json = {"access_token": token, "token_type": "bearer", "expires_in": int(SHORT.total_seconds())}
    return told if host.tells_next else {"access_token": token, "user_id": int(person.accounts[0].graph_id)}


def _longer(host: Host, value: str) -> Json:
    token = host.token_for(value)
    longer = host.issue(token.thing, token.scopes, person=token.person, lasts=LONG)
    return {"access_token": longer, "token_type": "bearer", "expires_in": int(LONG.total_seconds())}


def _exchange(host: Host, asked: QueryParams) -> Json:
    grant, token = asked.get("grant_type"), host.token_for(asked.get("access_token", ""))
    if grant == "th_exchange_token" and asked.get("client_secret") != host.app_secret:
        raise GraphFault(101, "Error validating client secret.")
    if grant not in ("th_exchange_token", "th_refresh_token") or token.long_lived == (grant == "th_exchange_token"):
        raise GraphFault(452, "Session key invalid. This could be because the session key has an incorrect format.")
    return _longer(host, token.value)


def _inspect(host: Host, request: Request) -> Json:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if bearer != f"{host.app_id}|{host.app_secret}":
        raise GraphFault(100, "(#100) You must provide an app access token, or a user access token of the app's owner")
    token = host.tokens.get(request.query_params.get("input_token", ""))
    if token is None:
        return {"data": {"is_valid": False, "scopes": []}}
    ends = host.clock() + timedelta(days=90)
    data = {
        "app_id": token.app_id,
        "type": "USER",
        "is_valid": True,
        "scopes": sorted(token.scopes),
        "user_id": token.person.person_id if token.person else "",
        "expires_at": int(token.expires.timestamp()) if token.expires else 0,
        "data_access_expires_at": int(ends.timestamp()),
    }
    return {"data": data}


def _accounts(host: Host, request: Request) -> Json:
    token = host.token_for(request.headers.get("authorization", "").removeprefix("Bearer "))
    host.need(token, ("pages_show_list",))
    person = token.person
    if person is None or token.thing is not None:
        raise GraphFault(100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)")
    return {"data": [_page(host, person, each.graph_id, token.scopes) for each in person.accounts]}


def _page(host: Host, person: Person, page_id: str, scopes: set[str]) -> Json:
    page = host.things[page_id]
    linked = page.fields.get("instagram_business_account")
    token = host.issue(page, set(scopes), person=person)
    told: Json = {name: page.fields[name] for name in ("id", "name", "username") if name in page.fields}
    if isinstance(linked, Thing):
        told["instagram_business_account"] = {"id": linked.graph_id, "username": linked.fields["username"]}
    return {**told, "access_token": token, "tasks": list(person.tasks)}


async def _subscribe(host: Host, request: Request) -> Json:
    token = host.token_for(request.headers.get("authorization", "").removeprefix("Bearer "))
    page, fields = (
        host.visible(request.path_params["page"], token),
        str((await request.form()).get("subscribed_fields", "")),
    )
    host.need(token, ("pages_manage_metadata",))
    if page.kind != "page" or not fields:
        raise GraphFault(100, "(#100) The parameter subscribed_fields is required.")
    host.subscribed[page.graph_id] = fields
    return {"success": True}


async def _withdraw(host: Host, request: Request) -> Json:
    if request.method == "POST" and (await request.form()).get("method") != "delete":
        raise GraphFault(100, "(#100) Unsupported post request")
    token = host.token_for(request.headers.get("authorization", "").removeprefix("Bearer "))
    person = token.person
    if person is None or person.person_id != request.path_params["person"]:
        raise GraphFault(100, "Unsupported request", subcode=33)
    scope = request.path_params["scope"]
    for each in host.tokens.values():
        if each.person is person:
            each.scopes.discard(scope)
    return {"success": True}
