"""TikTok: videos and comments enter by hand and reports are filed by a person.

TikTok offers a council no interface that finds other people's posts, so nothing here collects.
"""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import on_platform
from platforms.shape import Consent, Pace, Platform

_ID = re.compile(r"[0-9]{5,25}")
_CODE = re.compile(r"[A-Za-z0-9]{5,20}")


def parse_url(url: str) -> str | None:
    """The number of the video or photo post.

    A short link (vm.tiktok.com/Code, tiktok.com/t/Code) does not say which video it leads to: it becomes `share_` and
    its code, so the same video reported by its full link counts as another one.
    """
    address = on_platform(url, "tiktok")
    if address is None:
        return None
    match address.parts:
        case (code,) if address.host in ("vm.tiktok.com", "vt.tiktok.com") and _CODE.fullmatch(code):
            return f"share_{code}"
        case ("t", code) if _CODE.fullmatch(code):
            return f"share_{code}"
        case (name, "video" | "photo", number, *_) if name.startswith("@"):
            found = number
        case ("embed", "v2", number, *_) | ("embed" | "v", number, *_):
            found = number.removesuffix(".html")
        case _:
            return None
    return found if _ID.fullmatch(found) else None


TIKTOK = Platform(
    key="tiktok",
    name="TikTok",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each video or comment by the video's link.",
        how="Copy the video's link from its Share menu; paste it with the comment's text, its author and the time.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "TikTok lets no council search for videos or comments about a person.",
            "Comments have no link of their own: say in the report which comment it is.",
            "Whether a reported video is still up must be looked at by a person.",
        ),
    ),
)
