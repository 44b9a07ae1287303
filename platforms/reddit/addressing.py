"""Names and addresses on Reddit: which post an address is, and which communities a council watches. Opens nothing."""

from __future__ import annotations

import re

from platforms.addresses import on_platform

_ID = re.compile(r"[a-z0-9]{1,13}")
_SHARE = re.compile(r"[A-Za-z0-9]{4,20}")
_COMMUNITY = re.compile(r"(?:u_)?[A-Za-z0-9_-]{2,24}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{3,20}")
_BETWEEN = re.compile(r"[\s,;+]+")
POST, COMMENT = "t3_", "t1_"
FULLNAME = re.compile(r"t[13]_[a-z0-9]{1,13}")
"""Reddit's name of a post or a comment."""


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
        return _full(POST, parts[0]) if len(parts) == 1 and address.host == "redd.it" else None
    match parts:
        case ("r" | "user" | "u", _, "s", code, *_) if _SHARE.fullmatch(code):
            return f"share_{code}"
        case ("r" | "user" | "u", _, "comments", *rest) | ("comments", *rest):
            return _within_thread(tuple(rest))
        case _:
            return None


def communities(address: str) -> tuple[str, ...]:
    """The communities written down for an account, in small letters: `r/harrow, r/harrowtown` or bare names.

    What cannot be a community's name is left out.
    """
    words = (each.strip().strip("/").lower().removeprefix("r/") for each in _BETWEEN.split(address))
    return tuple(dict.fromkeys(each for each in words if _COMMUNITY.fullmatch(each)))


def community_of(url: str) -> str:
    """The community a post's address names; "" when it names none (a profile, a short link)."""
    address = on_platform(url, "reddit")
    parts = address.parts if address else ()
    return parts[1].lower() if len(parts) > 1 and parts[0] == "r" and _COMMUNITY.fullmatch(parts[1]) else ""


def is_community(name: str) -> bool:
    """Whether this can be a community's name, so that it may stand in a path."""
    return _COMMUNITY.fullmatch(name) is not None


def is_account(name: str) -> bool:
    """Whether this can be an account's name, so that it may stand in a path."""
    return _ACCOUNT.fullmatch(name) is not None


def account_name(handle: str) -> str:
    """An account's name in small letters, without the u/ or @ that people put before it."""
    return handle.strip().strip("/").lower().removeprefix("@").removeprefix("u/")


def _within_thread(parts: tuple[str, ...]) -> str | None:
    """What follows /comments/: the post's id, its title in words (or "comment"), then perhaps a comment's id."""
    match parts:
        case (post,) | (post, _):
            return _full(POST, post)
        case (post, _, comment, *_) if _full(POST, post):
            return _full(COMMENT, comment)
        case _:
            return None


def _full(kind: str, found: str) -> str | None:
    return f"{kind}{found.lower()}" if _ID.fullmatch(found.lower()) else None
