"""X: posts enter by hand and reports are filed by a person.

The platform's terms ask a council for an Enterprise plan and written permission, so nothing here collects.
"""

from __future__ import annotations

import re
from datetime import timedelta

from platforms.addresses import on_platform
from platforms.shape import Consent, Pace, Platform

_ID = re.compile(r"[0-9]{1,20}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")


def parse_url(url: str) -> str | None:
    """The post's number from x.com and twitter.com links: /name/status/N, /i/status/N, /i/web/status/N."""
    address = on_platform(url, "x")
    if address is None:
        return None
    match address.parts:
        case ("i", "web", "status", number, *_):
            found = number
        case (name, "status" | "statuses", number, *_) if _HANDLE.fullmatch(name):
            found = number
        case _:
            return None
    return found if _ID.fullmatch(found) else None


X = Platform(
    key="x",
    name="X",
    parse_url=parse_url,
    pace=Pace(requests=1, per=timedelta(seconds=1), between_scans=timedelta(hours=1)),
    consent=Consent(
        needs="Nothing is connected: somebody reports each post by its link.",
        how="Paste the post's link, its text, the author's handle and the time, with a screenshot if you have one.",
        sees="Only the posts that people report by hand or import from a listening tool's export.",
        blind_spots=(
            "Nothing on X is found by itself: its terms want an Enterprise plan and written permission from X.",
            "Whether a reported post is still up must be looked at by a person.",
            "X may say that it must hear from the person targeted: the councillor may have to report as well.",
        ),
    ),
)
