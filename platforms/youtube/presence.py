"""Whether a YouTube video or comment is still up, asked with the council's API key and nobody's account.

YouTube says that a thing is there or not there, never who took it away; a silence, a refusal or a video that cannot
be seen gives *unknown* or *private*, never "gone".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from platforms.reading import table, tables, words
from platforms.shape import Access, PostRef, Sighting
from platforms.youtube.addressing import (
    is_channel,
    is_comment,
    is_video,
    leads_to_a_community_post,
    video_in,
    video_url,
)
from platforms.youtube.quota import Clock, Purse
from platforms.youtube.talking import Line, base_address
from records.vocabulary import Presence
from wire.errors import Changed, Refused, TryLater, WireError
from wire.http import Fields, Wire

Item = Mapping[str, object]


class _Said(Enum):
    """What one place answered."""

    UP = "there"
    ABSENT = "not there"
    CLOSED = "closed to the public"
    OFF = "comments turned off"
    UNCLEAR = "no clear answer"


_WHY_REJECTED = {
    "uploaderAccountSuspended": Presence.AUTHOR_SUSPENDED,
    "uploaderAccountClosed": Presence.AUTHOR_DEACTIVATED,
}


def look(wire: Wire, access: Access, post: PostRef, *, purse: Purse, clock: Clock) -> Sighting:
    """What YouTube shows of the post to everybody. Nothing is raised: who cannot be asked gives `unknown`."""
    if leads_to_a_community_post(post.url) or not (is_video(post.external_id) or is_comment(post.external_id)):
        why = "YouTube's interface does not show community posts or this kind of address: a person must look."
        return Sighting(Presence.UNKNOWN, why)
    try:
        line = Line(wire, access, purse, clock=clock)
        if is_video(post.external_id):
            return _video(line, wire, access, post)
        return _comment(line, post)
    except TryLater as problem:
        return Sighting(Presence.RATE_LIMITED if problem.rate_limited else Presence.UNKNOWN, problem.why)
    except WireError as problem:
        return Sighting(Presence.UNKNOWN, problem.why)


def _comment(line: Line, post: PostRef) -> Sighting:
    item = _one(line, "comments", {"part": "snippet", "id": post.external_id, "textFormat": "plainText"})
    if item is not None:
        return _seen(item, post, "YouTube still shows the comment.")
    video = video_in(post.url)
    under = _said(line, "videos", {"part": "id", "id": video}, same=video) if video else _Said.UNCLEAR
    if under is _Said.ABSENT:
        why = "The comment is not shown, and neither is its video: deleted, made private, or its channel closed."
        return Sighting(Presence.PRIVATE_OR_BLOCKED, why)
    if under is _Said.UNCLEAR:
        return Sighting(Presence.UNKNOWN, "The comment is not shown; whether its video still is could not be seen.")
    comments = _said(line, "commentThreads", {"part": "id", "videoId": video, "maxResults": 1})
    if comments is _Said.OFF:
        return Sighting(Presence.PRIVATE_OR_BLOCKED, "Comments are turned off under the video: none of them is shown.")
    if comments is _Said.UNCLEAR:
        return Sighting(Presence.UNKNOWN, "The comment is not shown; whether the video shows any is not clear.")
    return _gone(line, post, "The video and its comments are shown, this comment is not")


def _video(line: Line, wire: Wire, access: Access, post: PostRef) -> Sighting:
    item = _one(line, "videos", {"part": "status,contentDetails", "id": post.external_id})
    if item is not None:
        return _as_shown(item, post)
    page = _embedding(wire, access, post.external_id)
    if page is _Said.CLOSED:
        return Sighting(Presence.PRIVATE_OR_BLOCKED, "The interface does not show the video; its page says private.")
    if page is not _Said.ABSENT:
        why = f"The interface does not show the video, but its page is not gone ({page.value})."
        return Sighting(Presence.UNKNOWN, why)
    return _gone(line, post, "Neither the interface nor the video's page shows it")


def _gone(line: Line, post: PostRef, why: str) -> Sighting:
    """It is clearly not shown any more; the author's channel says a little about why."""
    if not is_channel(post.author_id):
        return Sighting(Presence.REMOVED_BY_PLATFORM, f"{why}; YouTube does not say who removed it.")
    author = _said(line, "channels", {"part": "id", "id": post.author_id}, same=post.author_id)
    if author is _Said.ABSENT:
        why = f"{why}; the author's channel is gone too, closed by YouTube or by its owner."
        return Sighting(Presence.AUTHOR_SUSPENDED, why)
    if author is _Said.UNCLEAR:
        return Sighting(Presence.UNKNOWN, f"{why}; whether the author's channel still stands could not be seen.")
    why = f"{why}, while the author's channel is; YouTube does not say who removed it."
    return Sighting(Presence.REMOVED_BY_PLATFORM, why)


def _seen(item: Item, post: PostRef, why: str) -> Sighting:
    if words(item.get("id")) != post.external_id:
        return Sighting(Presence.UNKNOWN, "YouTube answered with another comment than the one asked for.")
    if words(table(item.get("snippet")).get("moderationStatus")) in ("heldForReview", "likelySpam", "rejected"):
        return Sighting(Presence.REMOVED_BY_MODERATOR, "The channel's owner or YouTube's filter holds it back.")
    return Sighting(Presence.UP, why)


def _as_shown(item: Item, post: PostRef) -> Sighting:
    if words(item.get("id")) != post.external_id:
        return Sighting(Presence.UNKNOWN, "YouTube answered with another video than the one asked for.")
    status, details = table(item.get("status")), table(item.get("contentDetails"))
    if words(status.get("uploadStatus")) == "rejected":
        presence = _WHY_REJECTED.get(words(status.get("rejectionReason")), Presence.REMOVED_BY_PLATFORM)
        return Sighting(presence, "YouTube lists the video as rejected.")
    if words(status.get("uploadStatus")) == "deleted":
        return Sighting(Presence.REMOVED_BY_AUTHOR, "YouTube lists the video as deleted by its uploader.")
    if words(status.get("privacyStatus")) == "private":
        return Sighting(Presence.PRIVATE_OR_BLOCKED, "YouTube lists the video as private.")
    if _closed_here(table(details.get("regionRestriction"))):
        return Sighting(Presence.LIMITED_IN_UK, "YouTube shows the video, but not in the United Kingdom.")
    if words(table(details.get("contentRating")).get("ytRating")) == "ytAgeRestricted":
        return Sighting(Presence.UP_LABELLED, "YouTube shows the video to adults who are signed in.")
    return Sighting(Presence.UP, "YouTube still shows the video.")


def _closed_here(restriction: Item) -> bool:
    allowed, blocked = restriction.get("allowed"), restriction.get("blocked")
    if isinstance(allowed, list):
        return "GB" not in allowed
    return isinstance(blocked, list) and "GB" in blocked


def _one(line: Line, method: str, params: Fields) -> Item | None:
    """The thing asked for, None when YouTube says that there is none. Raises the four errors."""
    try:
        items = line.get(method, params).get("items")
    except Refused as problem:
        if problem.code in ("commentNotFound", "videoNotFound"):
            return None
        raise
    if not isinstance(items, list) or len(items) != len(tables(items)):
        raise Changed("YouTube answered without a list.")
    return tables(items)[0] if items else None


def _said(line: Line, method: str, params: Fields, *, same: str = "") -> _Said:
    """Whether there is such a thing (`same`: with that id); the rate limit is raised, all else is an answer."""
    try:
        item = _one(line, method, params)
    except Refused as problem:
        return _Said.OFF if problem.code == "commentsDisabled" else _Said.UNCLEAR
    except TryLater as problem:
        if problem.rate_limited:
            raise
        return _Said.UNCLEAR
    except WireError:
        return _Said.UNCLEAR
    if item is None:
        return _Said.ABSENT
    return _Said.UP if not same or words(item.get("id")) == same else _Said.UNCLEAR


def _embedding(wire: Wire, access: Access, video: str) -> _Said:
    """What the public service for embedding says of the video: it tells private from gone and costs no quota."""
    params: Fields = {"url": video_url(video), "format": "json"}
    try:
        answer = wire.get(f"{base_address(access, 'site')}/oembed", params=params)
        if answer.status == 200:
            return _Said.UP if words(table(answer.json()).get("title")) else _Said.UNCLEAR
    except TryLater as problem:
        if problem.rate_limited:
            raise
        return _Said.UNCLEAR
    except WireError:
        return _Said.UNCLEAR
    return {401: _Said.CLOSED, 403: _Said.CLOSED, 404: _Said.ABSENT}.get(answer.status, _Said.UNCLEAR)
