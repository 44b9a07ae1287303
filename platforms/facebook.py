"""Facebook: posts and comments enter by hand and reports are filed by a person. Nothing here collects yet."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import timedelta

from platforms.addresses import Address, on_platform
from platforms.shape import Consent, Pace, Platform

_ID = re.compile(r"[0-9]{5,25}|pfbid[A-Za-z0-9]{10,120}")
_CODE = re.compile(r"[A-Za-z0-9_-]{5,40}")
_COMMENT = re.compile(r"comment:[0-9]+_([0-9]{5,25})")


def parse_url(url: str) -> str | None:
    """The post's, photo's or video's id; for a comment that id, an underscore and the comment's id.

    A share link does not say which post it leads to: it becomes `share_` and its code, so the same post reported by
    its full link counts as another one.
    """
    address = on_platform(url, "facebook")
    if address is None:
        return None
    shared = _share_code(address)
    if shared:
        return f"share_{shared}"
    post = _post(address)
    if not _ID.fullmatch(post):
        return None
    comment = _comment(address.query.get("reply_comment_id", "")) or _comment(address.query.get("comment_id", ""))
    return f"{post}_{comment}" if comment else post


def _share_code(address: Address) -> str:
    match address.parts:
        case ("share", "p" | "v" | "r", code, *_) | ("share", code):
            found = code
        case (code,) if address.within("fb.watch"):
            found = code
        case _:
            return ""
    return found if _CODE.fullmatch(found) else ""


def _post(address: Address) -> str:
    query = address.query
    match address.parts:
        case ("permalink.php" | "story.php", *_):
            return query.get("story_fbid", "")
        case ("photo.php" | "photo" | "photos", *_):
            return query.get("fbid", "")
        case ("watch" | "video.php", *_):
            return query.get("v", "")
        case ("reel", found, *_) | ("groups", _, "posts" | "permalink", found, *_):
            return found
        case ("groups", _):
            return query.get("multi_permalinks", "")
        case (_, "posts" | "videos" | "photos", *rest):
            # The id stands last; a title in words may stand before it.
            return next((part for part in reversed(rest) if _ID.fullmatch(part)), "")
        case _:
            return ""


def _comment(found: str) -> str:
    """A comment's number; links carry it as it is, or as `comment:POST_COMMENT` in base64."""
    if _ID.fullmatch(found):
        return found
    try:
        text = b64decode(found + "=" * (-len(found) % 4), validate=True).decode("ascii", "replace")
    except (NotBase64, ValueError):
        return ""
    inside = _COMMENT.fullmatch(text)
    return inside.group(1) if inside else ""


FACEBOOK = Platform(
    key="facebook",
    name="Facebook",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each post or comment by its link.",
        how="Choose the time under the post or comment to open its own page; paste that link, the text and the author.",
        sees="Only what people report by hand or import from a listening tool's export.",
        blind_spots=(
            "Personal profiles, groups and other people's pages can be read by no program within Facebook's terms.",
            "Whether a reported post is still up must be looked at by a person.",
            "A short share link and the full link of one post count as two posts.",
        ),
    ),
)
