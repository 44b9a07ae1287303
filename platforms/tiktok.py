"""TikTok: videos and comments enter by hand and reports are filed by a person.

TikTok offers a council no interface that finds other people's posts, so nothing here collects. Its public embed service
says whether a video is up, and nothing of why one is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from platforms.addresses import on_platform
from platforms.reading import identifier, table, words
from platforms.shape import Access, Consent, Pace, Platform, PostRef, Sighting
from records.vocabulary import Presence
from wire.errors import TryLater, WireError
from wire.http import Wire

ADDRESSES: Mapping[str, str] = MappingProxyType({"oembed": "https://www.tiktok.com/oembed"})
"""The public service that embeds videos; it asks for no account."""

_ID = re.compile(r"[0-9]{5,25}")
_CODE = re.compile(r"[A-Za-z0-9]{5,20}")
_EMBEDDED = re.compile(r'data-video-id="([0-9]{5,25})"')
_SHARED = "share_"


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
            return f"{_SHARED}{code}"
        case ("t", code) if _CODE.fullmatch(code):
            return f"{_SHARED}{code}"
        case (name, "video" | "photo", number, *_) if name.startswith("@"):
            found = number
        case ("embed", "v2", number, *_) | ("embed" | "v", number, *_):
            found = number.removesuffix(".html")
        case _:
            return None
    return found if _ID.fullmatch(found) else None


def look(wire: Wire, access: Access, post: PostRef) -> Sighting:
    """Up when TikTok embeds this very video. Anything else is unknown: a video made private, one that may not be
    embedded and one that was deleted get the same answer. Nothing is raised."""
    base = access.addresses.get("oembed", "")
    if not base:
        return Sighting(Presence.UNKNOWN, "The settings give no address called 'oembed' for TikTok.")
    try:
        answer = wire.get(base, params={"url": _address(post)}, headers={"Accept": "application/json"})
        body = table(answer.json()) if answer.status == 200 else {}
    except TryLater as later:
        return Sighting(Presence.RATE_LIMITED if later.rate_limited else Presence.UNKNOWN, later.why)
    except WireError:
        return Sighting(Presence.UNKNOWN, "TikTok's embed service answered in a way we do not know.")
    if _is_this(body, post.external_id):
        why = "TikTok's public embed service still shows the video. Whether a comment under it is there, a person sees."
        return Sighting(Presence.UP, why)
    if answer.status == 200:
        return Sighting(Presence.UNKNOWN, "TikTok's embed service answered with something that is not this video.")
    why = (
        f"TikTok's embed service does not show the video (status {answer.status}): it may be deleted, removed, private "
        "or closed to embedding. A person has to look."
    )
    return Sighting(Presence.UNKNOWN, why)


def _address(post: PostRef) -> str:
    """A link TikTok understands; the author's name in it does not matter, so a bare number needs none."""
    if parse_url(post.url) is not None:
        return post.url
    if post.external_id.startswith(_SHARED):
        return f"https://vm.tiktok.com/{post.external_id.removeprefix(_SHARED)}/"
    return f"https://www.tiktok.com/@/video/{post.external_id}"


def _is_this(body: Mapping[str, object], external_id: str) -> bool:
    """Whether an embedding is of this video. A short link does not say which it leads to, so any will do there."""
    number = identifier(body.get("embed_product_id")) or _numbered(words(body.get("html")))
    if not _ID.fullmatch(number) or words(body.get("type")) not in ("video", "photo", "rich"):
        return False
    return external_id.startswith(_SHARED) or number == external_id


def _numbered(html: str) -> str:
    found = _EMBEDDED.search(html)
    return found.group(1) if found else ""


TIKTOK = Platform(
    key="tiktok",
    name="TikTok",
    parse_url=parse_url,
    # TikTok publishes no limit for its embed service: one question a second is polite.
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each video or comment by the video's link.",
        how="Copy the video's link from its Share menu; paste it with the comment's text, its author and the time.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "TikTok lets no council search for videos or comments about a person.",
            "Comments have no link of their own: say in the report which comment it is.",
            "A machine can tell that a video is up, but not that it is gone, nor anything about a comment: a person "
            "looks.",
            "A short share link and the full link of one video count as two posts.",
        ),
    ),
    look=look,
)
