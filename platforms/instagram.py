"""Instagram: posts and comments enter by hand and reports are filed by a person. Nothing here collects yet."""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import on_platform
from platforms.shape import Consent, Pace, Platform

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
        case ("stories", name, number, *_) if _NAME.fullmatch(name) and _NUMBER.fullmatch(number):
            return f"story_{number}"
        case ("p" | "reel" | "reels" | "tv", code, "c", comment, *_) if _NUMBER.fullmatch(comment):
            found, after = code, f"_{comment}"
        case ("p" | "reel" | "reels" | "tv", code, *_):
            found, after = code, ""
        case (name, "p" | "reel", code, *_) if _NAME.fullmatch(name):
            found, after = code, ""
        case _:
            return None
    return found + after if _CODE.fullmatch(found) else None


INSTAGRAM = Platform(
    key="instagram",
    name="Instagram",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each post or comment by its link.",
        how="Copy the post's link from its Share menu; paste it with the comment's text, its author and the time.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "Stories vanish within a day: keep a screenshot at once.",
            "A comment without a link of its own is told from others only by its text: one report per post and link.",
            "Whether a reported post is still up must be looked at by a person.",
        ),
    ),
)
