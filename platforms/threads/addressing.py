"""Threads' addresses: whose post an address is."""

from __future__ import annotations

import re

from platforms.addresses import on_platform

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


def short_code(value: str) -> str:
    """The code when it is one, else ""."""
    return value if _CODE.fullmatch(value) else ""
