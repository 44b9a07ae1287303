"""The HTTP side of the simulated X: what its interface and its embed service take, answer and refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.serving import FaultSwitch, Faulty
from wardkeeper.demo.x import permission
from wardkeeper.demo.x.network import SEARCH_REACHES, WINDOW, Network, Person, Post, Reach
from wardkeeper.demo.x.wire_format import (
    beside_json,
    hidden_json,
    invalid,
    missing_person_json,
    person_json,
    post_json,
    problem,
)

Answering = Callable[[Network, Request, Reach], Awaitable[Response]]
Open = Callable[[Network, Request], Awaitable[Response]]

_USER_PARAMETERS = frozenset({"user.fields", "expansions", "ids", "usernames"})
_PAGING = frozenset({"max_results", "since_id", "until_id", "start_time", "end_time", "media.fields", "user.fields"})
_LONGEST_QUERY = 512
_STATUS = re.compile(r"https://(?:x|twitter)\.com/[A-Za-z0-9_]{1,20}/status/([0-9]{1,20})")
_TERMS = re.compile(r'-?"[^"]*"|[^\s()]+')


def x_app(network: Network) -> tuple[ASGIApp, FaultSwitch]:
    """The network as an application, and the switch that makes it fail."""

    def counted(answer: Answering, kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return await _counted(network, request, answer, kind)

        return respond

    def open_to_all(answer: Open) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return await answer(network, request)

        return respond

    app = Starlette(
        routes=[
            *(Route(path, counted(answer, kind)) for path, kind, answer in _COUNTED),
            *(Route(path, open_to_all(answer), methods=[method]) for method, path, answer in _OPEN),
        ]
    )
    switch = FaultSwitch(
        limit_headers=lambda: _limits(network, 300, 0, network.clock().timestamp() + WINDOW.total_seconds()),
        error_body=lambda status: _too_many(network) if status == 429 else _fault(status),
    )
    return Faulty(app, switch), switch


async def _counted(network: Network, request: Request, answer: Answering, kind: str) -> Response:
    """Who asks, whether they may, whether they have asked too often and whether they can pay; then the answer."""
    if not request.headers.get("user-agent"):
        return problem(403, "client-forbidden", "Forbidden", "A User-Agent is needed.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    reach = network.reach(token) if scheme == "Bearer" else None
    if reach is None:
        return problem(401, "", "Unauthorized", "Unauthorized")
    limit, left, ends = network.count(reach.key, kind)
    headers = _limits(network, limit, max(0, left), ends.timestamp())
    if left < 0:
        return Response(_too_many(network), 429, headers, media_type="application/json")
    if not network.enrolled:
        detail = "When authenticating requests, use credentials of an App that is enrolled for this."
        response = problem(403, "client-forbidden", "Client Forbidden", detail, reason="client-not-enrolled")
    elif not {"tweet.read", "users.read"} <= set(reach.scopes.split()):
        response = problem(403, "", "Forbidden", "Your client app is not permitted to perform this action.")
    elif network.credit == 0:
        detail = "Your enrolled account does not have any credits to fulfill this request."
        response = problem(402, "credits", "CreditsDepleted", detail)
    else:
        response = await answer(network, request, reach)
    response.headers.update(headers)
    return response


def _limits(network: Network, limit: int, left: int, ends: float) -> dict[str, str]:
    values = {"limit": limit, "remaining": left, "reset": int(ends)}
    return {f"x-rate-limit-{name}": str(value) for name, value in values.items()}


def _too_many(network: Network) -> bytes:
    if network.old_limit_words:
        return json.dumps({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}).encode()
    return json.dumps({"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"}).encode()


def _fault(status: int) -> bytes:
    return json.dumps({"title": "Service Unavailable", "detail": "Service Unavailable", "status": status}).encode()


async def _me(network: Network, request: Request, reach: Reach) -> Response:
    if reach.person is None:
        return problem(403, "unsupported-authentication", "Unsupported Authentication", "Use a user's token here.")
    return JSONResponse({"data": person_json(reach.person)})


async def _by_username(network: Network, request: Request, reach: Reach) -> Response:
    name = request.path_params["name"]
    person = network.people.get(name.lower())
    if person is None or person.suspended or person.closed:
        return JSONResponse({"errors": [missing_person_json(person, name, "username")]})
    return JSONResponse({"data": person_json(person)})


async def _users(network: Network, request: Request, reach: Reach) -> Response:
    parameter = "usernames" if request.url.path.endswith("/by") else "ids"
    wanted = [each for each in request.query_params.get(parameter, "").split(",") if each]
    wrong = _unknown_parameter(network, request, _USER_PARAMETERS)
    if wrong is not None or not 1 <= len(wanted) <= 100:
        return wrong or invalid(parameter, "", f"The number of values in the `{parameter}` query parameter is wrong")
    found, errors = [], []
    for each in wanted:
        person = next(
            (one for one in network.people.values() if each.lower() in (one.user_id, one.username.lower())), None
        )
        if person is None or person.suspended or person.closed:
            errors.append(missing_person_json(person, each, parameter))
        else:
            found.append(person_json(person))
    return JSONResponse({**({"data": found} if found else {}), **({"errors": errors} if errors else {})})


async def _tweets(network: Network, request: Request, reach: Reach) -> Response:
    wanted = [each for each in request.query_params.get("ids", "").split(",") if each]
    wrong = _unknown_parameter(network, request, _USER_PARAMETERS)
    if wrong is not None or not 1 <= len(wanted) <= 100 or not all(each.isdigit() for each in wanted):
        return wrong or invalid("ids", "", "The `ids` query parameter value is not valid")
    posts = [(each, network.by_number(each)) for each in wanted]
    found = [{**post_json(network, post), "id": each} for each, post in posts if post is not None and post.shown]
    errors = [hidden_json(post, each, "ids") for each, post in posts if post is None or not post.shown]
    network.charge(len(found))
    return JSONResponse({**({"data": found} if found else {}), **({"errors": errors} if errors else {})})


async def _mentions(network: Network, request: Request, reach: Reach) -> Response:
    user_id = request.path_params["user_id"]
    person = next((each for each in network.people.values() if each.user_id == user_id), None)
    if person is None or person.suspended or person.closed:
        return JSONResponse({"errors": [missing_person_json(person, user_id, "id")]})
    wrong = _unknown_parameter(network, request, _PAGING | {"pagination_token", "expansions"})
    if wrong is not None:
        return wrong
    mine = [post for post in network.listed(reach.person) if _mentions_them(network, post, person)]
    return _page(network, request, mine[:800], mark="pagination_token", fewest=5)


def _mentions_them(network: Network, post: Post, person: Person) -> bool:
    answers = post.reply_to is not None and post.reply_to.author is person
    return answers or person in network.mentioned(post)


async def _search(network: Network, request: Request, reach: Reach) -> Response:
    wrong = _unknown_parameter(network, request, _PAGING | {"next_token", "expansions", "query", "sort_order"})
    query = request.query_params.get("query", "")
    if wrong is not None or not query or len(query) > _LONGEST_QUERY:
        return wrong or invalid("query", query[:20], f"Rules must be 1 to {_LONGEST_QUERY} characters long")
    edge = network.clock() - SEARCH_REACHES
    since = request.query_params.get("since_id", "")
    if since.isdigit() and since != "0" and (int(since) >> 22) / 1000 + 1288834974.657 < edge.timestamp():
        words = f"'since_id' must be a tweet id created after {edge:%Y-%m-%dT%H:%MZ}. Please use a larger 'since_id'"
        return invalid("since_id", since, words)
    found = [post for post in network.listed(reach.person) if post.at >= edge and _matches(post, query)]
    return _page(network, request, found, mark="next_token", fewest=10)


def _matches(post: Post, query: str) -> bool:
    """Whether a post fits (one OR another) with words that must not be: as much of X's query language as is used."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for term in _TERMS.findall(query):
        if term != "OR":
            (unwanted if term.startswith("-") else wanted).append(term.removeprefix("-").strip('"').lower())
    text = " ".join(post.text.lower().split())
    for term in unwanted:
        own = term == f"from:{post.author.username.lower()}"
        if own or (term == "is:retweet" and post.repost_of is not None):
            return False
    return any(re.search(rf"(?<![\w@#]){re.escape(term)}(?!\w)", text) for term in wanted)


def _page(network: Network, request: Request, posts: Sequence[Post], *, mark: str, fewest: int) -> Response:
    asked = request.query_params
    size, token = asked.get("max_results", str(fewest)), asked.get(mark, "")
    if not size.isdigit() or not fewest <= int(size) <= 100:
        return invalid("max_results", size, f"The `max_results` query parameter value is not between {fewest} and 100")
    if token and (network.forgets_marks or not re.fullmatch(r"below-[0-9]+", token)):
        return invalid(mark, token, f"The `{mark}` query parameter value is not valid")
    floor, ceiling = int(asked.get("since_id", "0")), int(token.partition("-")[2] or 2**63)
    there = [post for post in posts if floor < int(post.number) < ceiling]
    page = there[: int(size)]
    network.charge(len(page))
    listed = [*page, *page[:2]] if network.repeats else list(page)
    listed = listed[::-1] if network.shuffles else listed
    meta: dict[str, object] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].number, "oldest_id": page[-1].number}
    if len(there) > len(page):
        meta["next_token"] = f"below-{page[-1].number}"
    includes, errors = beside_json(network, page)
    body: dict[str, object] = {
        "data": [post_json(network, each) for each in listed],
        "includes": includes,
        "meta": meta,
    }
    if not page:
        body = {"meta": meta}
    return JSONResponse({**body, "errors": errors} if errors else body)


def _unknown_parameter(network: Network, request: Request, allowed: frozenset[str]) -> Response | None:
    fields = {f"{each}.fields" for each in ("tweet", "post") if network.takes in ("", each)}
    for name in request.query_params:
        if name not in allowed | fields:
            return invalid(name, request.query_params[name], f"The query parameter [{name}] is not one of those known")
    other = {"tweet": "referenced_posts", "post": "referenced_tweets"}.get(network.takes, "-")
    expansions = request.query_params.get("expansions", "")
    if other in expansions:
        return invalid("expansions", expansions, f"The `expansions` query parameter value [{other}.id] is not known")
    return None


async def _embed(network: Network, request: Request) -> Response:
    """The embed service: it says as little about a sensitive or protected post as about one that is gone."""
    found = _STATUS.fullmatch(request.query_params.get("url", ""))
    if found is None:
        return JSONResponse({"error": "Sorry, that page does not exist"}, 404)
    post = network.by_number(found.group(1))
    if post is not None and post.author.protected:
        return JSONResponse({"error": "Sorry, you are not authorized to see this status."}, 403)
    if post is None or not post.shown or post.sensitive:
        return JSONResponse({"error": "Sorry, that page does not exist"}, 404)
    url = f"https://x.com/{post.author.username}/status/{found.group(1)}"
    html = f'<blockquote class="twitter-tweet"><p>{escape(post.text)}</p><a href="{url}">when</a></blockquote>'
    facts = {"url": url, "author_name": post.author.name, "html": html, "type": "rich", "version": "1.0"}
    age = str(int(timedelta(days=36500).total_seconds()))
    return JSONResponse({**facts, "cache_age": age, "provider_name": "Twitter", "provider_url": "https://x.com"})


_COUNTED: tuple[tuple[str, str, Answering], ...] = (
    ("/2/users/me", "users", _me),
    ("/2/users/by/username/{name}", "users", _by_username),
    ("/2/users/by", "users", _users),
    ("/2/users", "users", _users),
    ("/2/users/{user_id}/mentions", "mentions", _mentions),
    ("/2/tweets/search/recent", "search", _search),
    ("/2/tweets", "tweets", _tweets),
)
_OPEN: tuple[tuple[str, str, Open], ...] = (
    ("GET", "/i/oauth2/authorize", permission.ask_owner),
    ("POST", "/i/oauth2/authorize", permission.owner_agreed),
    ("POST", "/2/oauth2/token", permission.exchange),
    ("POST", "/2/oauth2/revoke", permission.revoke),
    ("GET", "/oembed", _embed),
)
