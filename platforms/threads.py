"""Threads: posts enter by hand and reports are filed by a person. Nothing here collects yet."""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import on_platform
from platforms.shape import Consent, Pace, Platform

_CODE = re.compile(r"[A-Za-z0-9_-]{5,40}")


def parse_url(url: str) -> str | None:
    """The post's short code from threads.com and threads.net links: /@name/post/Code and /t/Code."""
    address = on_platform(url, "threads")
    if address is None:
        return None
    match address.parts:
        case (name, "post", code, *_) if name.startswith("@"):
            found = code
        case ("t", code, *_):
            found = code
        case _:
            return None
    return found if _CODE.fullmatch(found) else None


THREADS = Platform(
    key="threads",
    name="Threads",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each post by its link.",
        how="Copy the post's link from its Share menu; paste it with the text, the author's handle and the time.",
        sees="Only the posts that people report by hand or import from a listening tool's export.",
        blind_spots=(
            "Nothing on Threads is found by itself: Meta must first review the council's application.",
            "Whether a reported post is still up must be looked at by a person.",
        ),
    ),
)
