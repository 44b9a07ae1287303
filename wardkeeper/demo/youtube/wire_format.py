"""What the simulated YouTube writes: its JSON, its lists with page tokens, and its errors."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TypeVar

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from wardkeeper.demo.youtube.site import Channel, Comment, SimulatedYouTube, Video, stamp

Json = dict[str, object]
Item = TypeVar("Item")
_STATUS_WORDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


def error(status: int, reason: str, *, domain: str = "global", location: str = "", detail: str = "") -> Response:
    """An error in Google's envelope; `detail` is the newer, more precise reason word beside it."""
    one: Json = {"message": f"The request failed: {reason}", "domain": domain, "reason": reason}
    if location:
        one |= {"location": location, "locationType": "parameter"}
    body: Json = {"code": status, "message": one["message"], "errors": [one], "status": _STATUS_WORDS.get(status, "")}
    if detail:
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail}]
    return JSONResponse({"error": body}, status_code=status)


def plain_error(status: int, word: str) -> Response:
    """An error of the sign-in server, which writes a plain word."""
    return JSONResponse({"error": word, "error_description": "The request was not accepted."}, status_code=status)


def comment_json(site: SimulatedYouTube, comment: Comment, asked: QueryParams) -> Json:
    """One comment. Without `textFormat=plainText` its words come as HTML."""
    text = comment.text
    if asked.get("textFormat") != "plainText":
        text = escape(text).replace("\n", "<br>")
    snippet: Json = {
        "channelId": comment.video.channel.channel_id,
        "videoId": comment.video.video_id,
        "textDisplay": text,
        "authorDisplayName": f"@{comment.author.handle}",
        "authorProfileImageUrl": "https://images.example/a.jpg",
        "authorChannelUrl": f"http://www.youtube.com/@{comment.author.handle}",
        "authorChannelId": {"value": comment.author.channel_id},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 0,
        "publishedAt": stamp(comment.at),
        "updatedAt": stamp(comment.edited_at or comment.at),
    }
    if comment.parent is not None:
        snippet["parentId"] = comment.parent.comment_id
    return {"kind": "youtube#comment", "etag": "e", "id": comment.comment_id, "snippet": snippet}


def thread_json(site: SimulatedYouTube, comment: Comment, asked: QueryParams) -> Json:
    """One thread with a few of its answers."""
    replies = site.replies_to(comment)
    thread: Json = {
        "kind": "youtube#commentThread",
        "etag": "e",
        "id": comment.comment_id,
        "snippet": {
            "channelId": comment.video.channel.channel_id,
            "videoId": comment.video.video_id,
            "topLevelComment": comment_json(site, comment, asked),
            "canReply": True,
            "totalReplyCount": len(replies),
            "isPublic": True,
        },
    }
    if replies and "replies" in asked.get("part", ""):
        shown = [comment_json(site, each, asked) for each in replies[: site.replies_shown]]
        thread["replies"] = {"comments": shown}
    return thread


def video_json(video: Video) -> Json:
    """One video."""
    details: Json = {"duration": "PT3M", "contentRating": {}}
    if video.blocked_in:
        details["regionRestriction"] = {"blocked": list(video.blocked_in)}
    if video.age_restricted:
        details["contentRating"] = {"ytRating": "ytAgeRestricted"}
    return {
        "kind": "youtube#video",
        "etag": "e",
        "id": video.video_id,
        "snippet": {
            "publishedAt": stamp(video.at),
            "channelId": video.channel.channel_id,
            "channelTitle": video.channel.name,
            "title": video.title,
            "description": video.description,
        },
        "status": {"uploadStatus": "processed", "privacyStatus": "public", "embeddable": True},
        "contentDetails": details,
    }


def channel_json(channel: Channel) -> Json:
    """One channel."""
    snippet = {"title": channel.name, "description": "", "customUrl": f"@{channel.handle}"}
    return {"kind": "youtube#channel", "etag": "e", "id": channel.channel_id, "snippet": snippet}


def found_json(video: Video) -> Json:
    """One search result: its wording is cut short and HTML, as on the real one."""
    return {
        "kind": "youtube#searchResult",
        "id": {"kind": "youtube#video", "videoId": video.video_id},
        "snippet": {
            "publishedAt": stamp(video.at),
            "channelId": video.channel.channel_id,
            "title": escape(video.title),
            "description": escape(video.description)[:40],
        },
    }


def listed(
    site: SimulatedYouTube, found: list[Item], asked: QueryParams, *, show: Callable[[Item], Json], kind: str, most: int
) -> Response:
    """One page of a list with the token of the next. A token is a place: the list may move under it."""
    size = asked.get("maxResults", "20" if most == 100 else "5")
    if not size.isdigit() or not 1 <= int(size) <= most:
        return error(400, "invalidParameter", domain="youtube.parameter", location="maxResults")
    token = asked.get("pageToken", "")
    epoch, _, place = token.partition("P")
    if token and (epoch != str(site.epoch) or not place.isdigit()):
        return error(400, "invalidPageToken", domain="youtube.parameter", location="pageToken")
    start = int(place) if token else 0
    page = [show(each) for each in found[start : start + int(size)]]
    if site.repeats:
        page = [*page, *page[:3]]
    if site.reversed_pages:
        page = page[::-1]
    body: Json = {"kind": f"youtube#{kind}", "etag": "e", "pageInfo": {"totalResults": len(found)}, "items": page}
    if start + int(size) < len(found):
        body["nextPageToken"] = f"{site.epoch}P{start + int(size)}"
    return JSONResponse(body)
