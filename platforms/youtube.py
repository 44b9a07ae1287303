"""YouTube: videos and comments enter by hand and reports are filed by a person. Nothing here collects yet."""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import Address, on_platform
from platforms.shape import Consent, Pace, Platform

_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_COMMENT = re.compile(r"Ug[A-Za-z0-9_-]{10,60}(\.[A-Za-z0-9_-]{10,60})?")
_POST = re.compile(r"Ug[A-Za-z0-9_-]{10,60}")


def parse_url(url: str) -> str | None:
    """The comment's id where the link has one (`lc=`), else the id of the video or community post."""
    address = on_platform(url, "youtube")
    if address is None:
        return None
    comment = address.query.get("lc", "")
    found = _video(address)
    if found is not None:
        return comment if _COMMENT.fullmatch(comment) else found
    match address.parts:
        case ("post", post, *_):
            pass
        case ("channel", _, "community", *_):
            post = address.query.get("lb", "")
        case _:
            return None
    if not _POST.fullmatch(post):
        return None
    return comment if _COMMENT.fullmatch(comment) else post


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
    return found if _VIDEO.fullmatch(found) else None


YOUTUBE = Platform(
    key="youtube",
    name="YouTube",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each comment or video by its link.",
        how="On a comment choose its time to get its own link; paste that link, the text, the author and the time.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "YouTube offers no search for comments about a person, on any channel.",
            "Whether a reported comment is still up must be looked at by a person.",
            "What is said in a video is not read; only the words that the reporter writes down.",
        ),
    ),
)
