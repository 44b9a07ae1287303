"""Reddit: posts and comments enter by hand and reports are filed by a person. Collecting needs Reddit's approval."""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import on_platform
from platforms.shape import Consent, Pace, Platform

_ID = re.compile(r"[a-z0-9]{1,13}")
_SHARE = re.compile(r"[A-Za-z0-9]{4,20}")
_POST, _COMMENT = "t3_", "t1_"


def parse_url(url: str) -> str | None:
    """Reddit's own full name: `t3_` and the post's id, or `t1_` and the comment's.

    A share link (/r/name/s/Code) does not say which post it leads to: it becomes `share_` and its code, so the same
    post reported by its full link counts as another one.
    """
    address = on_platform(url, "reddit")
    if address is None:
        return None
    parts = address.parts
    if address.within("redd.it"):
        return _full(_POST, parts[0]) if len(parts) == 1 and address.host == "redd.it" else None
    match parts:
        case ("r" | "user" | "u", _, "s", code, *_) if _SHARE.fullmatch(code):
            return f"share_{code}"
        case ("r" | "user" | "u", _, "comments", *rest) | ("comments", *rest):
            return _within_thread(tuple(rest))
        case _:
            return None


def _within_thread(parts: tuple[str, ...]) -> str | None:
    """What follows /comments/: the post's id, its title in words (or "comment"), then perhaps a comment's id."""
    match parts:
        case (post,) | (post, _):
            return _full(_POST, post)
        case (post, _, comment, *_) if _full(_POST, post):
            return _full(_COMMENT, comment)
        case _:
            return None


def _full(kind: str, found: str) -> str | None:
    return f"{kind}{found.lower()}" if _ID.fullmatch(found.lower()) else None


REDDIT = Platform(
    key="reddit",
    name="Reddit",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each post or comment by its link.",
        how="Paste the link from the post's or comment's Share menu, with the text, the author and the time.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "Reading Reddit by program needs Reddit's approval of the council's purpose; comments cannot be searched.",
            "Whether a reported post is still up must be looked at by a person.",
            "A short share link and the full link of one post count as two posts.",
        ),
    ),
)
