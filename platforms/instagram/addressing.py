"""Instagram's addresses: whose post or comment an address is, and how Graph's answers come to the same id."""

from __future__ import annotations

import re

from platforms.addresses import on_platform
from platforms.graph.posts import number

_CODE = re.compile(r"[A-Za-z0-9_-]{5,40}")
_NUMBER = re.compile(r"[0-9]{5,25}")
_NAME = re.compile(r"[A-Za-z0-9_.]{1,40}")


def parse_url(url: str) -> str | None:
    """The short code of a post or reel; for a comment that code, an underscore and the comment's number.

    A story becomes `story_` and its number.
    """
    address = on_platform(url, "instagram")
    if address is None:
        return None
    match address.parts:
        case ("stories", name, story, *_) if _NAME.fullmatch(name) and _NUMBER.fullmatch(story):
            return f"story_{story}"
        case ("p" | "reel" | "reels" | "tv", code, "c", comment, *_) if _NUMBER.fullmatch(comment):
            found, after = code, f"_{comment}"
        case ("p" | "reel" | "reels" | "tv", code, *_):
            found, after = code, ""
        case (name, "p" | "reel", code, *_) if _NAME.fullmatch(name):
            found, after = code, ""
        case _:
            return None
    return found + after if _CODE.fullmatch(found) else None


def comment_link(permalink: str, comment_id: str) -> str:
    """The address of a comment, as people copy it."""
    return f"{permalink.partition('?')[0].rstrip('/')}/c/{comment_id}/"


def comment_in(post_id: str) -> str:
    """The comment's number in an external id, "" for a post or a story."""
    code, _, found = post_id.rpartition("_")
    return number(found) if code and code != "story" and _NUMBER.fullmatch(found) else ""
