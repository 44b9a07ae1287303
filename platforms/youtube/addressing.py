"""Names and addresses on YouTube: which video, comment, post or channel an address is. It opens none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from platforms.addresses import Address, on_platform

_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_COMMENT = re.compile(r"Ug[A-Za-z0-9_-]{10,60}(\.[A-Za-z0-9_-]{10,60})?")
_POST = re.compile(r"Ug[A-Za-z0-9_-]{10,60}")
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
# Letters of every script are allowed in a handle, and the usual joining marks.
_HANDLE = re.compile(r"[\w.\-·]{3,30}")


@dataclass(frozen=True)
class Place:
    """A channel or a video whose comments can be read: `channel` is an id or "@" and a handle; one of the two is ""."""

    channel: str = ""
    video: str = ""


def parse_url(url: str) -> str | None:
    """The comment's id where the link has one (`lc=`), else the id of the video or community post."""
    address = on_platform(url, "youtube")
    if address is None:
        return None
    comment = address.query.get("lc", "")
    found = _video(address)
    if found is not None:
        return comment if is_comment(comment) else found
    post = _community_post(address)
    if not _POST.fullmatch(post):
        return None
    return comment if is_comment(comment) else post


def place_of(text: str) -> Place | None:
    """The channel or video that a person named by a link, an @handle or a channel's id; None for anything else."""
    given = text.strip()
    if is_channel(given):
        return Place(channel=given)
    if given.startswith("@"):
        return Place(channel=f"@{given[1:]}") if _HANDLE.fullmatch(given[1:]) else None
    address = on_platform(given if "://" in given else f"https://{given}", "youtube")
    if address is None:
        return None
    video = _video(address)
    if video is not None:
        return Place(video=video)
    match address.parts:
        case ("channel", channel, *_) if is_channel(channel):
            return Place(channel=channel)
        case (handle, *_) if handle.startswith("@") and _HANDLE.fullmatch(handle[1:]):
            return Place(channel=handle)
        case _:
            return None


def places_in(text: str) -> Iterator[tuple[str, Place | None]]:
    """Each of the links or names in a text, apart by spaces, commas or new lines, with what it is."""
    for given in re.split(r"[\s,;]+", text):
        if given:
            yield given, place_of(given)


def video_in(url: str) -> str:
    """The video that an address leads to, also where it is a comment's own link; "" when it leads to none."""
    address = on_platform(url, "youtube")
    return (_video(address) if address is not None else None) or ""


def is_video(post_id: str) -> bool:
    """Whether an external id is a video's."""
    return bool(_VIDEO.fullmatch(post_id))


def is_comment(post_id: str) -> bool:
    """Whether an external id can be a comment's. A community post's looks the same."""
    return bool(_COMMENT.fullmatch(post_id))


def is_channel(stable_id: str) -> bool:
    """Whether this is the id of a channel."""
    return bool(_CHANNEL.fullmatch(stable_id))


def leads_to_a_community_post(url: str) -> bool:
    """Whether an address is that of a community post or of a comment under one."""
    address = on_platform(url, "youtube")
    return address is not None and bool(_community_post(address))


def video_url(video: str) -> str:
    """The address people copy of a video."""
    return f"https://www.youtube.com/watch?v={video}"


def comment_url(comment: str, *, video: str, channel: str) -> str:
    """A comment's own link: under its video, else (no video being named) its channel's page."""
    if video:
        return f"https://www.youtube.com/watch?{urlencode({'v': video, 'lc': comment})}"
    return f"https://www.youtube.com/channel/{channel}/community?{urlencode({'lc': comment})}"


def _video(address: Address) -> str | None:
    match address.parts:
        case ("watch",):
            found = address.query.get("v", "")
        case ("shorts" | "live" | "embed" | "v", video, *_):
            found = video
        case (video,) if address.within("youtu.be"):
            found = video
        case _:
            return None
    return found if is_video(found) else None


def _community_post(address: Address) -> str:
    match address.parts:
        case ("post", post, *_):
            return post
        case ("channel", _, "community", *_):
            return address.query.get("lb", "")
        case _:
            return ""
