"""The HTTP side of the simulated YouTube: the Data API with its quota, and the embedding service of the site."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wardkeeper.demo.serving import FaultSwitch, Faulty
from wardkeeper.demo.youtube import permission
from wardkeeper.demo.youtube.site import API_KEY, FORCE_SSL, READONLY, Channel, Report, SimulatedYouTube
from wardkeeper.demo.youtube.wire_format import (
    channel_json,
    comment_json,
    error,
    found_json,
    listed,
    thread_json,
    video_json,
)

Answering = Callable[[SimulatedYouTube, Request], Awaitable[Response]]
Json = dict[str, object]

_LIST = ("units", 1)
_REPORT = ("units", 50)
_SEARCH = ("searches", 1)


def youtube_app(site: SimulatedYouTube) -> tuple[ASGIApp, FaultSwitch]:
    """The site as an application, and the switch that makes it fail. One address serves API, sign-in and site."""

    def counted(answer: Answering, kind: str, cost: int) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            site.settle()
            site.calls.append(request.url.path)
            if not request.headers.get("user-agent"):
                return error(403, "forbidden")
            if cost and not site.charge(kind, cost):
                return error(403, "quotaExceeded", domain="youtube.quota")
            return await answer(site, request)

        return respond

    routes = [Route(path, counted(answer, *price), methods=[method]) for method, path, answer, price in _ROUTES]
    switch = FaultSwitch(
        limit_headers=lambda: {},
        error_body=lambda status: json.dumps({"error": {"code": status, "errors": [], "status": "UNKNOWN"}}).encode(),
    )
    return Faulty(Starlette(routes=routes), switch), switch


def _known(site: SimulatedYouTube, request: Request, *, scopes: tuple[str, ...]) -> Response | Channel | None:
    """Who asks: a channel by its token, None by API key alone, or the refusal."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if bearer:
        permission_held = site.holder_of(bearer)
        if permission_held is None:
            return error(401, "authError", location="Authorization")
        if not {*scopes, FORCE_SSL} & set(permission_held.scopes):
            return error(403, "insufficientPermissions", detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        return permission_held.owner
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
    if not key:
        return error(403, "forbidden")
    return None if key == API_KEY else error(400, "badRequest", detail="API_KEY_INVALID")


def _filters(asked: QueryParams, *names: str) -> str:
    """The one filter that is given, "" when it is none or several."""
    given = [name for name in names if asked.get(name)]
    return given[0] if len(given) == 1 else ""


async def _threads(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=())
    if isinstance(who, Response):
        return who
    name = _filters(asked, "videoId", "allThreadsRelatedToChannelId", "id")
    if "part" not in asked or not name:
        return error(400, "missingRequiredParameter", domain="youtube.commentThread", location="part")
    if asked.get("moderationStatus", "published") != "published" and who is None:
        return error(403, "forbidden", domain="youtube.commentThread")
    refused = _closed(site, name, asked[name])
    if refused is not None:
        return refused
    found = [each for each in site.comments.values() if each.parent is None and each.shown]
    kept = {
        "videoId": lambda each: each.video.video_id == asked[name],
        "allThreadsRelatedToChannelId": lambda each: each.video.channel.channel_id == asked[name],
        "id": lambda each: each.comment_id in asked[name].split(","),
    }
    found = sorted(filter(kept[name], found), key=lambda each: each.at, reverse=True)
    kind = "commentThreadListResponse"
    return listed(site, found, asked, show=lambda each: thread_json(site, each, asked), kind=kind, most=100)


def _closed(site: SimulatedYouTube, name: str, value: str) -> Response | None:
    """Why the comments of a video or channel cannot be listed; None when they can."""
    if name == "videoId":
        video = site.videos.get(value)
        if video is None or not video.shown:
            return error(404, "videoNotFound", domain="youtube.commentThread", location="videoId")
        if video.comments_off:
            return error(403, "commentsDisabled", domain="youtube.commentThread", location="videoId")
    elif name == "allThreadsRelatedToChannelId":
        channel = site.channels.get(value)
        if channel is None or channel.closed:
            return error(404, "channelNotFound", domain="youtube.commentThread", location=name)
    return None


async def _comments(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=())
    if isinstance(who, Response):
        return who
    name = _filters(asked, "id", "parentId")
    if "part" not in asked or not name:
        return error(400, "operationNotSupported", domain="youtube.comment", location="id")
    if name == "id":
        wanted = asked["id"].split(",")
        found = [each for each in site.comments.values() if each.comment_id in wanted and each.shown]
    else:
        parent = site.comments.get(asked["parentId"])
        if parent is None or not parent.shown:
            return error(404, "commentNotFound", domain="youtube.comment", location="parentId")
        found = site.replies_to(parent)
    kind = "commentListResponse"
    return listed(site, found, asked, show=lambda each: comment_json(site, each, asked), kind=kind, most=100)


async def _videos(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=(READONLY,))
    if isinstance(who, Response):
        return who
    wanted = asked.get("id", "").split(",")
    if "part" not in asked or not asked.get("id") or len(wanted) > 50:
        return error(400, "missingRequiredParameter", domain="youtube.parameter", location="id")
    found = [site.videos[each] for each in wanted if each in site.videos]
    return _whole("videoListResponse", [video_json(each) for each in found if each.shown])


async def _channels(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=(READONLY,))
    if isinstance(who, Response):
        return who
    name = _filters(asked, "id", "forHandle", "mine")
    if "part" not in asked or not name or (name == "mine" and who is None):
        return error(400, "missingRequiredParameter", domain="youtube.parameter", location="part")
    found = [each for each in site.channels.values() if not each.closed]
    if name == "mine":
        found = [each for each in found if each is who]
    elif name == "id":
        found = [each for each in found if each.channel_id in asked["id"].split(",")]
    else:
        found = [each for each in found if each.handle.lower() == asked[name].removeprefix("@").lower()]
    return _whole("channelListResponse", [channel_json(each) for each in found])


async def _search(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=(READONLY,))
    if isinstance(who, Response):
        return who
    if "part" not in asked or asked.get("type") != "video":
        return error(400, "missingRequiredParameter", domain="youtube.search", location="part")
    try:
        since = datetime.fromisoformat(asked.get("publishedAfter", "2005-01-01T00:00:00Z"))
    except ValueError:
        return error(400, "invalidSearchFilter", domain="youtube.search", location="publishedAfter")
    words = [each.strip('"# ').lower() for each in asked.get("q", "").split("|")]
    found = [
        each
        for each in site.videos.values()
        if each.shown and each.at >= since and any(w in f"{each.title} {each.description}".lower() for w in words if w)
    ]
    found.sort(key=lambda each: each.at, reverse=True)
    return listed(site, found, asked, show=found_json, kind="searchListResponse", most=50)


async def _reasons(site: SimulatedYouTube, request: Request) -> Response:
    asked, who = request.query_params, _known(site, request, scopes=(READONLY,))
    if isinstance(who, Response):
        return who
    if who is None or "part" not in asked:
        return error(403, "forbidden")
    items: list[Json] = []
    for reason_id, label, narrower in site.reasons:
        secondary = [{"id": each, "label": words} for each, words in narrower]
        items.append({"id": reason_id, "snippet": {"label": label, "secondaryReasons": secondary}})
    return _whole("videoAbuseReportReasonListResponse", items)


async def _report(site: SimulatedYouTube, request: Request) -> Response:
    who = _known(site, request, scopes=(FORCE_SSL,))
    if isinstance(who, Response):
        return who
    if who is None:
        return error(401, "authError")
    sent = await request.json()
    video = site.videos.get(str(sent.get("videoId")))
    reasons = {each: dict(narrower) for each, _, narrower in site.reasons}
    reason, narrower = str(sent.get("reasonId")), str(sent.get("secondaryReasonId") or "")
    if reason not in reasons or (narrower and narrower not in reasons[reason]):
        return error(400, "invalidAbuseReason", domain="youtube.video", location="reasonId")
    if video is None or not video.shown:
        return error(404, "videoNotFound", domain="youtube.video", location="videoId")
    site.reports.append(Report(who, video, reason, narrower, str(sent.get("comments") or ""), site.clock()))
    return Response(status_code=204)


async def _oembed(site: SimulatedYouTube, request: Request) -> Response:
    video = site.videos.get(request.query_params.get("url", "").rpartition("v=")[2])
    if video is None or video.removed or video.channel.closed:
        return Response("Not Found", status_code=404)
    if video.private:
        return Response("Forbidden", status_code=403)
    return JSONResponse({"type": "video", "title": video.title, "author_name": video.channel.name})


def _whole(kind: str, items: list[Json]) -> Response:
    return JSONResponse({"kind": f"youtube#{kind}", "etag": "e", "pageInfo": {}, "items": items})


_FREE = ("units", 0)
_ROUTES: tuple[tuple[str, str, Answering, tuple[str, int]], ...] = (
    ("GET", "/youtube/v3/commentThreads", _threads, _LIST),
    ("GET", "/youtube/v3/comments", _comments, _LIST),
    ("GET", "/youtube/v3/videos", _videos, _LIST),
    ("GET", "/youtube/v3/channels", _channels, _LIST),
    ("GET", "/youtube/v3/search", _search, _SEARCH),
    ("GET", "/youtube/v3/videoAbuseReportReasons", _reasons, _LIST),
    ("POST", "/youtube/v3/videos/reportAbuse", _report, _REPORT),
    ("GET", "/oembed", _oembed, _FREE),
    ("GET", "/o/oauth2/v2/auth", permission.ask_owner, _FREE),
    ("POST", "/o/oauth2/v2/auth", permission.owner_agreed, _FREE),
    ("POST", "/token", permission.exchange, _FREE),
    ("POST", "/revoke", permission.revoke, _FREE),
)
