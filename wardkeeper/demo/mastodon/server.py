"""A simulated Mastodon server: accounts, posts, notifications and reports, with ways to change them from Python.

Its HTTP side is in api.py. It contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import hashlib
import html
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_MENTION = re.compile(r"@([A-Za-z0-9_]+)(?:@([A-Za-z0-9.-]+(?::[0-9]+)?))?")
_HASHTAG = re.compile(r"#([A-Za-z][A-Za-z0-9_]*)")
_WORDS = re.compile(rf"(https?://\S+)|({_MENTION.pattern})|({_HASHTAG.pattern})")
# An id says when a thing was written and then counts, so that a post that arrives late sorts where it was written.
_COUNTED = 20
_FROM_AFAR = 1 << (_COUNTED - 1)
_SHOWN_OF_A_LINK = 30

ALL_SCOPES = "read:notifications read:statuses read:search read:accounts profile write:reports"


@dataclass(eq=False)
class Account:
    """One account on its own server. `filters_strangers`: those it does not follow are hidden from its notifications
    unless the reader asks for filtered ones as well."""

    server: MastodonServer
    username: str
    name: str
    account_id: str
    suspended: bool = False
    filters_strangers: bool = True
    follows: set[str] = field(default_factory=set)

    @property
    def handle(self) -> str:
        """name@domain."""
        return f"{self.username}@{self.server.domain}"


@dataclass(eq=False)
class Status:
    """One post. `removed_by` is "" while it is up, else "author" or "moderator"."""

    author: Account
    status_id: str
    text: str
    at: datetime
    visibility: str = "public"
    spoiler: str = ""
    alt: tuple[str, ...] = ()
    reply_to: Status | None = None
    quote: Status | None = None
    poll: tuple[str, ...] = ()
    edited_at: datetime | None = None
    removed_by: str = ""

    @property
    def uri(self) -> str:
        """The id on every server; the newest servers write the account's number, not its name."""
        server = self.author.server
        who = f"ap/users/{self.author.account_id}" if server.numbers_in_uris else f"users/{self.author.username}"
        return f"{server.base}/{who}/statuses/{self.status_id}"

    @property
    def url(self) -> str:
        """The address people copy."""
        return f"{self.author.server.base}/@{self.author.username}/{self.status_id}"

    @property
    def tags(self) -> tuple[str, ...]:
        """Its hashtags in small letters."""
        return tuple(each.lower() for each in _HASHTAG.findall(self.text))

    @property
    def shown(self) -> bool:
        """Whether its own server still gives it to everybody."""
        return not self.removed_by and not self.author.suspended and self.visibility in ("public", "unlisted")


@dataclass(frozen=True)
class Notification:
    """One entry in an account's notifications; `filtered` ones are shown only to who asks for them."""

    notification_id: int
    kind: str
    to: Account
    status: Status
    filtered: bool


@dataclass(frozen=True)
class Report:
    """One report as this server stored it."""

    report_id: str
    reporter: Account
    account: Account
    statuses: tuple[Status, ...]
    comment: str
    category: str
    rule_ids: tuple[str, ...]
    forwarded: bool
    at: datetime


@dataclass
class Client:
    """A registered application; `codes` maps a code to who agreed, to which scopes, and the challenge it needs."""

    client_id: str
    client_secret: str
    redirect_uri: str
    scopes: str
    codes: dict[str, tuple[Account, str, str]] = field(default_factory=dict)


class MastodonServer:
    """One server at `base` (its own address) with handles on `domain`. `clock` gives the time, in UTC.

    `removes_reported_after`: its moderators take reported posts down that long after the report (None: never).
    `has_reports` False: an older server without the report interface. `stores_other`: whatever category is sent, it
    stores "other". `tombstones` False: like many servers it answers 404, not 410, for what its author deleted.
    `answers_anonymous` False: it shows nothing to anybody who is not signed in. `numbers_in_uris`: a newest server.
    """

    def __init__(
        self,
        *,
        base: str,
        clock: Callable[[], datetime],
        domain: str = "",
        rules: Sequence[str] = (),
        removes_reported_after: timedelta | None = None,
    ) -> None:
        self.base = base
        self.clock = clock
        self.domain = domain or base.partition("://")[2]
        self.rules = tuple(rules)
        self.removes_reported_after = removes_reported_after
        self.has_reports = True
        self.stores_other = False
        self.tombstones = True
        self.answers_anonymous = True
        self.numbers_in_uris = False
        self.knows_min_id = True
        self.accounts: dict[str, Account] = {}
        self.statuses: list[Status] = []
        self.notifications: list[Notification] = []
        self.reports: list[Report] = []
        self.peers: list[MastodonServer] = []
        self.clients: dict[str, Client] = {}
        self.tokens: dict[str, tuple[Account, str]] = {}

    def federate_with(self, other: MastodonServer) -> None:
        """Posts that mention an account of the other server arrive there, and each can look up the other's posts."""
        self.peers.append(other)
        other.peers.append(self)

    def add_account(self, username: str, *, name: str = "", filters_strangers: bool = True) -> Account:
        """A new account on this server."""
        account = Account(self, username, name or username.title(), str(len(self.accounts) + 1))
        account.filters_strangers = filters_strangers
        self.accounts[username.lower()] = account
        return account

    def issue_token(self, account: Account, *, scopes: str = ALL_SCOPES) -> str:
        """A token as though the account's owner had agreed."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (account, scopes)
        return token

    def post(
        self,
        author: Account | str,
        text: str,
        *,
        at: datetime | None = None,
        reply_to: Status | None = None,
        quote: Status | None = None,
        visibility: str = "public",
        spoiler: str = "",
        alt: str | tuple[str, ...] = (),
        poll: tuple[str, ...] = (),
    ) -> Status:
        """A new post by one of this server's accounts; who is mentioned, quoted or answered is notified."""
        moment = at or self.clock()
        status = Status(
            author=self.accounts[author.lower()] if isinstance(author, str) else author,
            status_id=_number(moment, len(self.statuses) + 1),
            text=text,
            at=moment,
            visibility=visibility,
            spoiler=spoiler,
            alt=(alt,) if isinstance(alt, str) else alt,
            reply_to=reply_to,
            quote=quote,
            poll=poll,
        )
        self.statuses.append(status)
        for account in self.mentioned(status):
            account.server._notify(account, status, "mention")
        if quote is not None and quote.author not in self.mentioned(status):
            quote.author.server._notify(quote.author, status, "quote")
        return status

    def edit(self, status: Status, text: str, *, at: datetime | None = None) -> None:
        """Change a post's text; nobody is notified again."""
        status.text = text
        status.edited_at = at or self.clock()

    def delete(self, status: Status) -> None:
        """Its author deletes the post."""
        status.removed_by = "author"

    def remove(self, status: Status) -> None:
        """A moderator removes the post."""
        status.removed_by = "moderator"

    def suspend(self, account: Account | str) -> None:
        """A moderator suspends the account, and with it all its posts."""
        (self.accounts[account.lower()] if isinstance(account, str) else account).suspended = True

    def settle(self) -> None:
        """Let the moderators act on the reports that are due."""
        if self.removes_reported_after is None:
            return
        for report in self.reports:
            if report.at + self.removes_reported_after <= self.clock():
                for status in report.statuses:
                    status.removed_by = status.removed_by or "moderator"

    def mentioned(self, status: Status) -> tuple[Account, ...]:
        """The accounts a post mentions, on this server and its peers, and the one it answers."""
        found = [self.find_account(name, domain) for name, domain in _MENTION.findall(status.text)]
        if status.reply_to is not None and status.reply_to.author is not status.author:
            found.append(status.reply_to.author)
        return tuple(dict.fromkeys(each for each in found if each is not None and each is not status.author))

    def find_account(self, username: str, domain: str = "") -> Account | None:
        """An account by name, on this server or, with its domain, on a peer."""
        for server in (self, *self.peers):
            if domain.lower() in (("", self.domain) if server is self else (server.domain,)):
                return server.accounts.get(username.lower())
        return None

    def known_statuses(self) -> tuple[Status, ...]:
        """This server's posts and those of its peers."""
        return tuple(status for server in (self, *self.peers) for status in server.statuses)

    def number_of(self, thing: Account | Status) -> str:
        """The id that something has on this server: its own for what is local, another one for what came from afar."""
        if isinstance(thing, Account):
            return thing.account_id if thing.server is self else str(_FROM_AFAR + _digest(thing.handle))
        if thing.author.server is self:
            return thing.status_id
        return _number(thing.at, _FROM_AFAR + _digest(thing.uri))

    def content(self, status: Status) -> str:
        """The post's HTML as Mastodon writes it: paragraphs, mention spans, shortened links, a quote's stand-in."""
        before = ""
        if status.quote is not None:
            before = f'<p class="quote-inline">RE: <a href="{status.quote.url}">{status.quote.url}</a></p>'
        paragraphs = (_paragraph(self, each) for each in status.text.split("\n\n") if each)
        return before + "".join(f"<p>{each}</p>" for each in paragraphs)

    def _notify(self, to: Account, status: Status, kind: str) -> None:
        filtered = to.filters_strangers and status.author.handle not in to.follows
        self.notifications.append(Notification(1001 + len(self.notifications), kind, to, status, filtered))


def _number(moment: datetime, counted: int) -> str:
    return str((int(moment.timestamp() * 1000) << _COUNTED) + counted)


def _digest(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16) % _FROM_AFAR


def _paragraph(server: MastodonServer, text: str) -> str:
    pieces, end = [], 0
    for match in _WORDS.finditer(text):
        pieces += [_escaped(text[end : match.start()]), _linked(server, match)]
        end = match.end()
    return "".join((*pieces, _escaped(text[end:]))).replace("\n", "<br />")


def _escaped(text: str) -> str:
    # Quotes and > stay as they are: what servers send is HTML5 and not XML.
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _linked(server: MastodonServer, match: re.Match[str]) -> str:
    word = match.group(0)
    if match.group(1):
        start, rest = (html.escape(each) for each in word.partition("://")[::2])
        shown, hidden = rest[:_SHOWN_OF_A_LINK], rest[_SHOWN_OF_A_LINK:]
        style = "ellipsis" if hidden else ""
        return (
            f'<a href="{html.escape(word)}" rel="nofollow"><span class="invisible">{start}://</span>'
            f'<span class="{style}">{shown}</span><span class="invisible">{hidden}</span></a>'
        )
    if match.group(2):
        account = server.find_account(match.group(3), match.group(4) or "")
        if account is None:
            return _escaped(word)
        url = f"{account.server.base}/@{account.username}"
        name = f"@<span>{account.username}</span>"
        return f'<span class="h-card"><a href="{url}" class="u-url mention">{name}</a></span>'
    tag = match.group(6)
    return f'<a href="{server.base}/tags/{tag.lower()}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
