"""Facebook's addresses and numbers: whose post an address is, and how Graph ids and pasted links come to one id."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64

from platforms.addresses import Address, on_platform
from platforms.graph.posts import number

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


def external_id(graph_id: str) -> str:
    """The id under which a post or comment is known, from its Graph id; the same that a link with numbers gives.

    A post's Graph id begins with the account it stands at, a comment's with its post. "" for what is no such id.
    """
    first, _, second = number(graph_id).partition("_")
    return second or first


def comment_external_id(graph_id: str, *, post: str) -> str:
    """As `external_id`, for a comment under the post with this external id."""
    found = number(graph_id)
    return found if "_" in found or not found else f"{post}_{found}"


def graph_id(post_id: str, *, page_id: str) -> str:
    """The Graph id to ask after what a link gave; "" where the link has no number to ask with."""
    if not number(post_id):
        return ""
    return post_id if "_" in post_id else f"{page_id}_{post_id}"
