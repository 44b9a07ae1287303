"""What the simulated Reddit holds: accounts, communities, posts, comments, messages, tokens, reports."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ALL_SCOPES = "identity privatemessages read report"
TOKEN_LASTS = timedelta(hours=24)
WINDOW = timedelta(minutes=10)
ALLOWANCE = 1000
"""Requests an application may make in a window: 100 a minute, averaged over ten."""
_DEEPEST = 1000
_NAMED = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]+)")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass
class Redditor:
    """An account; `deleted` by its owner, or `suspended` by Reddit."""

    name: str
    number: str
    suspended: bool = False
    deleted: bool = False

    @property
    def fullname(self) -> str:
        """The id that never changes."""
        return f"t2_{self.number}"


@dataclass
class Community:
    """A community. `closed` is why it cannot be read: "private", "quarantined", "banned", or "" when it can.

    `rules` are (short name, reason for a report, kind: all, link or comment). `free_reports` False: no own words.
    """

    name: str
    rules: list[tuple[str, str, str]] = field(default_factory=list)
    closed: str = ""
    warned: bool = False
    free_reports: bool = True


@dataclass
class Item:
    """A post (it has a title) or a comment (it has a parent). `removed_by` is "" while it stands.

    `keeps_author`: what moderators removed still shows its author, as Reddit does at times.
    """

    name: str
    author: Redditor
    community: Community
    text: str
    at: datetime
    title: str = ""
    link: str = ""
    parent: Item | None = None
    quotes: Item | None = None
    captions: tuple[str, ...] = ()
    poll: tuple[str, ...] = ()
    edited_at: datetime | None = None
    removed_by: str = ""
    keeps_author: bool = False
    purged: bool = False

    @property
    def thread(self) -> Item:
        """The post that a comment stands under; the post itself."""
        return self.parent.thread if self.parent else self

    @property
    def permalink(self) -> str:
        """The path people share."""
        words = re.sub(r"[^a-z0-9]+", "_", self.thread.title.lower()).strip("_")[:50] or "post"
        place = f"/r/{self.community.name}/comments/{self.thread.name[3:]}/{words}/"
        return place if self.parent is None else f"{place}{self.name[3:]}/"

    @property
    def listed(self) -> bool:
        """Whether lists show it."""
        return not self.removed_by and not self.purged and not self.community.closed


@dataclass
class Message:
    """One entry of an inbox: `kind` is username_mention, comment_reply, post_reply, or "unknown" for a private one."""

    name: str
    to: Redditor
    kind: str
    item: Item | None = None
    author: Redditor | None = None
    text: str = ""
    new: bool = True


@dataclass
class Token:
    """An access token: whose (None: the application's own), for what, until when."""

    account: Redditor | None
    scopes: str
    client_id: str
    until: datetime


@dataclass(frozen=True)
class Report:
    """One report as it was stored."""

    reporter: Redditor
    item: Item
    reason: str
    site_reason: str
    rule_reason: str
    other_reason: str
    custom_text: str
    at: datetime


@dataclass
class Client:
    """An approved application; `codes` maps a code to who agreed and to which scopes."""

    client_id: str
    client_secret: str
    redirect: str
    codes: dict[str, tuple[Redditor, str]] = field(default_factory=dict)
    used: int = 0
    window: datetime | None = None


class RedditServer:
    """Reddit at `base`. `clock` gives the time, in UTC.

    `removes_reported_after`: its moderators take reported posts down that long after the report (None: never).
    `overlap`: each page repeats so many entries of the one before. `jumbled`: neighbours stand in the wrong order.
    `report_wait`: seconds for which it asks reporters to slow down, inside an answer of 200 (0: not at all).
    `report_error`: the word with which it refuses every report, inside an answer of 200 ("": it does not).
    `silent_lookups`: it finds nothing under any id, for a while. `rotates`: it hands out new refresh tokens.
    """

    def __init__(
        self, *, base: str, clock: Callable[[], datetime], removes_reported_after: timedelta | None = None
    ) -> None:
        self.base = base
        self.clock = clock
        self.removes_reported_after = removes_reported_after
        self.overlap = 0
        self.jumbled = False
        self.report_wait = 0
        self.report_error = ""
        self.silent_lookups = False
        self.rotates = False
        self.allowance = ALLOWANCE
        self.accounts: dict[str, Redditor] = {}
        self.communities: dict[str, Community] = {}
        self.items: list[Item] = []
        self.messages: list[Message] = []
        self.reports: list[Report] = []
        self.clients: dict[str, Client] = {}
        self.tokens: dict[str, Token] = {}
        self.refresh_tokens: dict[str, tuple[Redditor, str, str]] = {}
        self.user_agents: list[str] = []
        self._counted = 36**5

    def approve(self, redirect: str = "http://127.0.0.1:8000/back") -> Client:
        """A new application, as though Reddit had approved it."""
        client = Client(secrets.token_urlsafe(10), secrets.token_urlsafe(20), redirect)
        self.clients[client.client_id] = client
        return client

    def add_account(self, name: str) -> Redditor:
        """A new account."""
        account = Redditor(name, self._next())
        self.accounts[name.lower()] = account
        return account

    def add_community(self, name: str, *, rules: tuple[tuple[str, str, str], ...] = ()) -> Community:
        """A new public community."""
        community = Community(name, list(rules))
        self.communities[name.lower()] = community
        return community

    def agree(self, account: Redditor, client: Client, *, scopes: str = ALL_SCOPES) -> str:
        """A refresh token as though the account's owner had agreed."""
        token = secrets.token_urlsafe(24)
        self.refresh_tokens[token] = (account, scopes, client.client_id)
        return token

    def post(
        self,
        author: Redditor,
        community: str,
        title: str,
        text: str = "",
        *,
        at: datetime | None = None,
        link: str = "",
        quotes: Item | None = None,
        captions: tuple[str, ...] = (),
        poll: tuple[str, ...] = (),
    ) -> Item:
        """A new post in a community."""
        place, moment = self.communities[community.lower()], at or self.clock()
        item = Item(f"t3_{self._next()}", author, place, text, moment, title, link, None, quotes, captions, poll)
        self.items.append(item)
        return item

    def comment(self, author: Redditor, parent: Item, text: str, *, at: datetime | None = None) -> Item:
        """A new comment; who is named in it or answered by it finds it in their inbox."""
        item = Item(f"t1_{self._next()}", author, parent.community, text, at or self.clock(), parent=parent)
        self.items.append(item)
        if parent.author is not author:
            kind = "comment_reply" if parent.parent else "post_reply"
            self.messages.append(Message(item.name, parent.author, kind, item))
        for name in _NAMED.findall(text):
            named = self.accounts.get(name.lower())
            if named is not None and named not in (author, parent.author):
                self.messages.append(Message(item.name, named, "username_mention", item))
        return item

    def write_to(self, to: Redditor, author: Redditor, text: str) -> None:
        """A private message."""
        self.messages.append(Message(f"t4_{self._next()}", to, "unknown", None, author, text))

    def edit(self, item: Item, text: str, *, at: datetime | None = None) -> None:
        """The author changes the text; nobody is told."""
        item.text, item.edited_at = text, at or self.clock()

    def delete(self, item: Item) -> None:
        """Its author deletes it."""
        item.removed_by = "deleted"

    def remove(self, item: Item, *, by: str = "moderator") -> None:
        """Somebody else takes it away: `by` is Reddit's word for who (moderator, automod_filtered, anti_evil_ops)."""
        item.removed_by = by

    def settle(self) -> None:
        """Let the moderators act on the reports that are due."""
        if self.removes_reported_after is None:
            return
        for report in self.reports:
            if report.at + self.removes_reported_after <= self.clock():
                report.item.removed_by = report.item.removed_by or "moderator"

    def newest(self, items: list[Item]) -> list[Item]:
        """In the order of Reddit's lists, as deep as they are."""
        ordered = sorted(items, key=lambda item: (item.at, item.name), reverse=True)
        if self.jumbled:
            ordered = [each for pair in zip(ordered[1::2], ordered[::2], strict=False) for each in pair] + (
                ordered[-1:] if len(ordered) % 2 else []
            )
        return ordered[:_DEEPEST]

    def find(self, fullname: str) -> Item | None:
        """What stands under a full name, also when it was removed; None for what is purged or closed to everybody."""
        if self.silent_lookups:
            return None
        item = next((each for each in self.items if each.name == fullname), None)
        return None if item is None or item.purged or item.community.closed else item

    def count(self, client: Client) -> tuple[int, int]:
        """Count one request of an application: how many are left in its window, and the seconds to its end."""
        now = self.clock()
        if client.window is None or now >= client.window + WINDOW:
            client.used, client.window = 0, now
        client.used += 1
        left = int((client.window + WINDOW - now).total_seconds())
        return self.allowance - client.used, left

    def _next(self) -> str:
        self._counted += 1
        number, digits = self._counted, ""
        while number:
            number, rest = divmod(number, 36)
            digits = _DIGITS[rest] + digits
        return digits
