"""A simulated YouTube: channels, videos, comments, reports and quotas, with ways to change them from Python.

Its HTTP side is in api.py. It contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

API_KEY = "simulated-api-key-of-the-council"
CLIENT_ID = "simulated-application.apps.example"
CLIENT_SECRET = "simulated-application-secret"  # noqa: S105 - of a simulated application
READONLY = "https://www.googleapis.com/auth/youtube.readonly"
FORCE_SSL = "https://www.googleapis.com/auth/youtube.force-ssl"

REASONS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("N", "Sex or nudity", (("32", "Graphic sex or nudity"), ("34", "Other sexual content"))),
    (
        "V",
        "Violent, hateful or dangerous",
        (
            ("35", "Promotes violence or hatred"),
            ("36", "Promotes terrorism"),
            ("37", "Bullying or abusing vulnerable individuals"),
            ("38", "Suicide or self-injury"),
        ),
    ),
    ("S", "Spam, scams or misleading", (("27", "Spam or mass advertising"), ("31", "Other misleading information"))),
)
"""The shape of YouTube's list of reasons; ids and labels are its own and change, which is why nobody may know them."""


@dataclass(eq=False)
class Channel:
    """One channel; `handle` without its @."""

    channel_id: str
    handle: str
    name: str
    closed: bool = False


@dataclass(eq=False)
class Video:
    """One video. `removed` and `private` hide it; `blocked_in` are countries; `comments_off` hides its comments."""

    video_id: str
    channel: Channel
    title: str
    description: str
    at: datetime
    removed: bool = False
    private: bool = False
    comments_off: bool = False
    age_restricted: bool = False
    blocked_in: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether everybody can see it."""
        return not (self.removed or self.private or self.channel.closed)


@dataclass(eq=False)
class Comment:
    """One comment, or an answer when it has a parent. `moderation` is "published", or how it is held back."""

    comment_id: str
    author: Channel
    video: Video
    text: str
    at: datetime
    parent: Comment | None = None
    edited_at: datetime | None = None
    removed: bool = False
    moderation: str = "published"
    answers: list[Comment] = field(default_factory=list, repr=False)

    @property
    def shown(self) -> bool:
        """Whether everybody can read it."""
        under = self.parent is None or self.parent.shown
        own = not self.removed and self.moderation == "published" and not self.author.closed
        return own and under and self.video.shown and not self.video.comments_off


@dataclass(frozen=True)
class Report:
    """One report about a video, as it was received."""

    reporter: Channel
    video: Video
    reason: str
    narrower: str
    comments: str
    at: datetime


@dataclass
class Permission:
    """What one owner agreed to: the scopes, and the access tokens given so far with their ends."""

    owner: Channel
    scopes: tuple[str, ...]
    withdrawn: bool = False
    tokens: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Asked:
    """A code that waits to be exchanged."""

    owner: Channel
    scopes: tuple[str, ...]
    challenge: str
    redirect: str


class SimulatedYouTube:
    """The whole of it. `clock` gives the time, in UTC.

    `units` and `searches` are what one application may spend in a day. `replies_shown`: so many answers come along with
    a thread. `removes_reported_after`: reported videos go that long after the report (None: never). `lasts`: how long
    a permission given from now on holds (None: until it is withdrawn). `reversed_pages` and `repeats` make its lists
    disorderly.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        units: int = 10_000,
        searches: int = 100,
        removes_reported_after: timedelta | None = None,
    ) -> None:
        self.clock = clock
        self.allowed = {"units": units, "searches": searches}
        self.removes_reported_after = removes_reported_after
        self.replies_shown = 5
        self.lasts: timedelta | None = None
        self.reversed_pages = False
        self.repeats = False
        self.epoch = 0
        self.channels: dict[str, Channel] = {}
        self.videos: dict[str, Video] = {}
        self.comments: dict[str, Comment] = {}
        self.reports: list[Report] = []
        self.permissions: dict[str, Permission] = {}
        self.codes: dict[str, Asked] = {}
        self.spent: dict[tuple[str, str], int] = {}
        self.calls: list[str] = []
        self.reasons: Sequence[tuple[str, str, tuple[tuple[str, str], ...]]] = REASONS

    def add_channel(self, handle: str, name: str = "") -> Channel:
        """A new channel."""
        channel = Channel("UC" + _letters(f"channel {handle}", 22), handle, name or handle)
        self.channels[channel.channel_id] = channel
        return channel

    def publish(self, channel: Channel, title: str, description: str = "", *, at: datetime | None = None) -> Video:
        """A new video."""
        video = Video(_letters(f"video {len(self.videos)}", 11), channel, title, description, at or self.clock())
        self.videos[video.video_id] = video
        return video

    def comment(
        self, author: Channel, video: Video, text: str, *, reply_to: Comment | None = None, at: datetime | None = None
    ) -> Comment:
        """A new comment, or an answer: one level deep, as on the real one."""
        number, parent = len(self.comments), (reply_to.parent or reply_to) if reply_to else None
        own = _letters(f"comment {number}", 22)
        comment_id = f"{parent.comment_id}.{own}" if parent else f"Ugx{own}A"
        comment = Comment(comment_id, author, video, text, at or self.clock(), parent)
        self.comments[comment_id] = comment
        if parent:
            parent.answers.append(comment)
        return comment

    def edit(self, comment: Comment, text: str, *, at: datetime) -> None:
        """Change a comment's words."""
        comment.text, comment.edited_at = text, at

    def replies_to(self, thread: Comment) -> list[Comment]:
        """The answers that everybody can read, newest first."""
        found = [each for each in thread.answers if each.shown]
        return sorted(found, key=lambda each: each.at, reverse=True)

    def grant(self, owner: Channel, *scopes: str) -> str:
        """A refresh token as its owner's agreement would give it."""
        token = f"1//{secrets.token_urlsafe(24)}"
        self.permissions[token] = Permission(owner, scopes)
        return token

    def withdraw(self, owner: Channel) -> None:
        """The owner takes everything back on Google's own pages."""
        for permission in self.permissions.values():
            if permission.owner is owner:
                permission.withdrawn = True
                permission.tokens.clear()

    def holder_of(self, token: str) -> Permission | None:
        """Whose access token it is, while it holds."""
        for permission in self.permissions.values():
            ends = permission.tokens.get(token)
            if ends is not None and ends > self.clock() and not permission.withdrawn:
                return permission
        return None

    def forget_places(self) -> None:
        """The page tokens given out so far lapse."""
        self.epoch += 1

    def used(self, kind: str) -> int:
        """What is spent of a quota since midnight in California."""
        return self.spent.get((self._day(), kind), 0)

    def charge(self, kind: str, cost: int) -> bool:
        """Count a call; False when the quota does not cover it."""
        key = (self._day(), kind)
        if self.spent.get(key, 0) + cost > self.allowed[kind]:
            return False
        self.spent[key] = self.spent.get(key, 0) + cost
        return True

    def settle(self) -> None:
        """Let moderators do what is due."""
        for report in self.reports:
            wait = self.removes_reported_after
            if wait is not None and report.at + wait <= self.clock():
                report.video.removed = True

    def _day(self) -> str:
        return self.clock().astimezone(ZoneInfo("America/Los_Angeles")).date().isoformat()


def stamp(moment: datetime) -> str:
    """A time as the real one writes it: whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _letters(seed: str, length: int) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]
