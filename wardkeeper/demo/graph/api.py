"""The HTTP side of a simulated Graph host: one object, one edge, and what belongs to permissions."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.graph import permission
from wardkeeper.demo.graph.host import GraphFault, Host, Json, Thing, Token
from wardkeeper.demo.graph.reading import Asked, edge_page, fields_asked, rendered
from wardkeeper.demo.serving import FaultSwitch, Faulty

Extra = Callable[[Host, Token, Mapping[str, str]], Json]
"""Something a host answers that is neither an object nor an edge, such as a search."""
Special = Callable[[Host, Thing, Asked, Token], Json]
"""A field that needs its own answer, such as a mention pointed to by a push."""


def graph_app(
    host: Host, *, extras: Mapping[str, Extra] | None = None, specials: Mapping[str, Special] | None = None
) -> tuple[ASGIApp, FaultSwitch]:
    """The host as an application, and the switch that makes it fail. `extras` by path, `specials` by field."""
    version = urlsplit(host.base).path

    async def node(request: Request) -> Json:
        token = _token(host, request)
        place = request.path_params["node"]
        if place in (extras or {}):
            return (extras or {})[place](host, token, request.query_params)
        asked = fields_asked(request.query_params.get("fields", "id"))
        thing = _thing(host, place, token)
        host.need(token, host.kinds[thing.kind].scopes)
        own = [each for each in asked if each.name in (specials or {})]
        told = rendered(host, thing, tuple(each for each in asked if each not in own), token)
        return {**{each.name: (specials or {})[each.name](host, thing, each, token) for each in own}, **told}

    async def edge(request: Request) -> Json:
        token = _token(host, request)
        thing, name = _thing(host, request.path_params["node"], token), request.path_params["edge"]
        if name not in host.kinds[thing.kind].edges:
            raise GraphFault(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({thing.kind})")
        host.need(token, host.kinds[thing.kind].edges[name])
        query = request.query_params
        asked = fields_asked(query.get("fields", "id"))
        return edge_page(host, thing, name, asked, token, limit=query.get("limit", "25"), after=query.get("after", ""))

    def bound(answer: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
        return _answering(host, answer)

    routes = [
        *permission.routes(host, version, bound),
        Route(f"{version}/{{node}}", bound(node), methods=["GET"]),
        Route(f"{version}/{{node}}/{{edge}}", bound(edge), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _no_route})
    switch = FaultSwitch(limit_headers=lambda: _usage(host, spent=True), error_body=_error_body)
    return Faulty(app, switch), switch


def _answering(host: Host, answer: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        host.seen_agents.append(request.headers.get("user-agent", ""))
        host.asked_paths.append(request.url.path)
        try:
            host.spend()
            return JSONResponse(await answer(request), headers=_usage(host, spent=False))
        except GraphFault as fault:
            spent = fault.error["code"] == host.spent_code
            return JSONResponse({"error": fault.error}, status_code=fault.status, headers=_usage(host, spent=spent))

    return respond


def _token(host: Host, request: Request) -> Token:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    value, proof = bearer or request.query_params.get("access_token", ""), request.query_params.get("appsecret_proof")
    token = host.token_for(value)
    right = hmac.new(host.app_secret.encode(), value.encode(), hashlib.sha256).hexdigest()
    if proof is not None and proof != right:
        raise GraphFault(100, "Invalid appsecret_proof provided in the API argument")
    return token


def _thing(host: Host, place: str, token: Token) -> Thing:
    if place != "me":
        return host.visible(place, token)
    if token.thing is None:
        # A person is an object as well, with few fields.
        person = token.person
        number, name = (person.person_id, person.name) if person else ("0", "")
        return Thing(number, "person", host.clock(), frozenset(), {"id": number, "name": name})
    return token.thing


def _usage(host: Host, *, spent: bool) -> dict[str, str]:
    percent = 100 if spent else host.usage
    counts = {"call_count": percent, "total_time": percent // 2, "total_cputime": percent // 3}
    minutes = host.regain_minutes if spent else 0
    business = {"424242": [{"type": "pages", **counts, "estimated_time_to_regain_access": minutes}]}
    return {"X-App-Usage": json.dumps(counts), "X-Business-Use-Case-Usage": json.dumps(business)}


def _error_body(status: int) -> bytes:
    code, message = (4, "Application request limit reached") if status == 429 else (1, "An unknown error has occurred.")
    return json.dumps({"error": {"message": message, "type": "OAuthException", "code": code}}).encode()


async def _no_route(request: Request, problem: Exception) -> Response:
    error = {
        "message": "(#2635) You are calling a deprecated version of the API.",
        "type": "OAuthException",
        "code": 2635,
    }
    return JSONResponse({"error": error}, status_code=400)
