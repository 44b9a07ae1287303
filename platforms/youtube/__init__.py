"""YouTube: everything this product knows of it, and nobody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType

from platforms.reading import table, tables, words
from platforms.shape import Access, Consent, Grant, Identity, Pace, Platform
from platforms.youtube.addressing import is_channel, parse_url, places_in
from platforms.youtube.collecting import mentions, resolve
from platforms.youtube.permission import begin, begin_as, finish, revoke
from platforms.youtube.presence import look
from platforms.youtube.quota import FOR_ACTING, Clock, Purse, shares
from platforms.youtube.reporting import report, rules
from platforms.youtube.talking import Line
from wire.errors import Changed, Refused
from wire.http import Wire

ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "api": "https://youtube.googleapis.com/youtube/v3",
        "accounts": "https://accounts.google.com",
        "tokens": "https://oauth2.googleapis.com",
        "site": "https://www.youtube.com",
    }
)
"""The Data API, Google's page where an owner agrees, where tokens are given, and the public site for embedding."""

HOLD_FOR = timedelta(days=30)
"""What was read through the interface is looked at again or deleted within 30 days (YouTube's Developer Policies); law
that requires keeping it goes first."""


def identify(wire: Wire, access: Access, *, purse: Purse, clock: Clock) -> Identity:
    """Whose permission it is; without one, which channel the handle names. Chosen addresses are checked as well.

    Raises the four errors.
    """
    line = Line(wire, access, purse, clock=clock)
    for given, place in places_in(access.address):
        if place is None:
            raise Refused(f"{given[:80]!r} is no address of a YouTube channel or video.")
        if place.video:
            _video_exists(line, place.video)
        elif not is_channel(place.channel):
            resolve(line, place.channel)
    if line.secret is not None:
        body = line.get("channels", {"part": "id,snippet", "mine": "true"}, signed=True)
        return _channel(body, line, "This Google account has no YouTube channel.")
    handle = access.handle.strip()
    if not handle and access.address.strip():
        return Identity(handle="", stable_id="", session=line.to_keep())
    which = {"id": handle} if is_channel(handle) else {"forHandle": f"@{handle.removeprefix('@')}"}
    body = line.get("channels", {"part": "id,snippet", **which})
    return _channel(body, line, "YouTube has no channel of that name: check how it is spelt.")


def _channel(body: Mapping[str, object], line: Line, when_none: str) -> Identity:
    items = body.get("items", [])
    if not isinstance(items, list) or (items and not is_channel(words(table(items[0]).get("id")))):
        raise Changed("YouTube's answer names no channel.")
    if not items:
        raise Refused(when_none, code="channelNotFound")
    snippet = table(table(items[0]).get("snippet"))
    name = words(snippet.get("customUrl")).removeprefix("@")
    channel = words(table(items[0]).get("id"))
    return Identity(handle=name or channel, stable_id=channel, session=line.to_keep())


def _video_exists(line: Line, video: str) -> None:
    if not tables(line.get("videos", {"part": "id", "id": video}).get("items")):
        raise Refused("One of the chosen videos is not on YouTube, or not public.", code="videoNotFound")


def youtube(clock: Clock) -> Platform:
    """The platform by this clock. What it spends on looking and reporting is counted from here on."""
    acting = Purse(FOR_ACTING, clock)
    return Platform(
        key="youtube",
        name="YouTube",
        parse_url=parse_url,
        # What limits us is the day's quota, from which an hour between scans follows; this only evens out the calls.
        pace=Pace(requests=600, per=timedelta(minutes=1), between_scans=timedelta(hours=1)),
        consent=Consent(
            needs="The councillor's agreement, and the council's own API key; to prove which channel is theirs, the "
            "councillor's permission to read, and for reports that of the council's account.",
            how="Somebody at the council makes an API key with Google, free of charge. The councillor signs in with "
            "Google and agrees to reading only; they can take it back here or at myaccount.google.com/permissions.",
            sees="Public comments and answers under the videos of their own channel, under chosen channels and videos, "
            "and videos whose title or description names them.",
            blind_spots=(
                "YouTube offers no search for comments about a person: under other people's videos none is seen unless "
                "the channel or video was chosen.",
                "What is said or shown in a video, in a live chat, in a community post or in a comment's picture is "
                "not read.",
                "An answer in a conversation older than 14 days may not be noticed, nor an edit in a long one.",
                "The first scan looks back over the newest 500 conversations of each place only.",
                "Comments that the channel's owner or YouTube's filter holds back are not read.",
            ),
        ),
        identify=partial(identify, purse=acting, clock=clock),
        mentions=partial(mentions, clock=clock),
        look=partial(look, purse=acting, clock=clock),
        report=partial(report, purse=acting, clock=clock),
        grant=Grant(begin=begin, finish=partial(finish, clock=clock), revoke=revoke, begin_as=begin_as),
        rules=partial(rules, purse=acting, clock=clock),
        hold_for=HOLD_FOR,
    )


def _now() -> datetime:
    return datetime.now(UTC)


YOUTUBE = youtube(_now)

__all__ = ["ADDRESSES", "HOLD_FOR", "YOUTUBE", "parse_url", "shares", "youtube"]
