"""A simulated X: people, posts, tokens and what reading costs, with ways to change them from Python.

Its HTTP side is in api.py. It contains no step of Wardkeeper's own flow.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_BEGAN = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_BEHIND_THE_TIME = 22
WINDOW = timedelta(minutes=15)
SEARCH_REACHES = timedelta(days=7)
ALL_SCOPES = "tweet.read users.read offline.access"


@dataclass(eq=False)
class Person:
    """One account. `closed`: deactivated or deleted by its owner. `followers` see a protected account's posts."""

    user_id: str
    username: str
    name: str
    protected: bool = False
    suspended: bool = False
    closed: bool = False
    followers: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Post:
    """One post. `numbers` are its ids, one more for each edit; `gone` whoever took it away; `withheld` the countries
    where it is not shown; `sensitive` ones are not embedded; `filed_at` is when lists first show it."""

    numbers: list[str]
    author: Person
    text: str
    at: datetime
    reply_to: Post | None = None
    quote: Post | None = None
    repost_of: Post | None = None
    alt: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    withheld: tuple[str, ...] = ()
    sensitive: bool = False
    gone: bool = False
    filed_at: datetime | None = None

    @property
    def number(self) -> str:
        """The newest of its ids."""
        return self.numbers[-1]

    @property
    def shown(self) -> bool:
        """Whether everybody is shown it."""
        return self.shown_to(None)

    def shown_to(self, reader: Person | None) -> bool:
        """Whether this reader is shown it, None being nobody in particular."""
        open_to = not self.author.protected or (reader is not None and reader.username in self.author.followers)
        return open_to and not (self.gone or self.author.suspended or self.author.closed)


@dataclass
class Client:
    """A registered application; `codes` maps a code to who agreed, to which scopes, and the challenge it needs."""

    client_id: str
    client_secret: str
    redirects: tuple[str, ...]
    codes: dict[str, tuple[Person, str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class UserToken:
    """What an owner's token stands for, and until when."""

    person: Person
    scopes: str
    client_id: str
    until: datetime


@dataclass(frozen=True)
class Reach:
    """Who asks: the application (`person` None) or one owner, with what they may read."""

    key: str
    person: Person | None
    scopes: str


class Network:
    """X as its interface shows it. `clock` gives the time (UTC); `access_lasts` is the life of an owner's token.

    `takes` is the spelling of field names it accepts ("tweet" or "post", "" for both), `speaks` the one it answers in.
    `credit` is how many posts may still be read (None: without end). `limits` are the requests in 15 minutes by kind.
    `old_limit_words`: too many requests are answered with a bare code, as the older interface did. `repeats` and
    `shuffles`: lists hold items twice, or out of order. `forgets_marks`: marks of pages are no longer accepted.
    `enrolled` False: the application's plan does not cover reading.
    """

    def __init__(self, *, clock: Callable[[], datetime], access_lasts: timedelta = timedelta(hours=2)) -> None:
        self.clock = clock
        self.access_lasts = access_lasts
        self.takes, self.speaks = "tweet", "tweet"
        self.credit: int | None = None
        self.limits = {"mentions": 300, "search": 300, "tweets": 3500, "users": 300}
        self.old_limit_words = False
        self.repeats = self.shuffles = self.forgets_marks = False
        self.enrolled = True
        self.people: dict[str, Person] = {}
        self.posts: list[Post] = []
        self.clients: dict[str, Client] = {}
        self.app_tokens: set[str] = set()
        self.user_tokens: dict[str, UserToken] = {}
        self.refresh_tokens: dict[str, UserToken] = {}
        self.used: dict[tuple[str, str], tuple[datetime, int]] = {}
        self.posts_read = 0
        self._count = 0

    def add_person(self, username: str, *, name: str = "", protected: bool = False) -> Person:
        """A new account."""
        person = Person(str(1_000_001 + len(self.people)), username, name or username.title(), protected)
        self.people[username.lower()] = person
        return person

    def register(self, client_id: str, client_secret: str, *redirects: str) -> Client:
        """An application, as a council registers it by hand."""
        client = Client(client_id, client_secret, redirects)
        self.clients[client_id] = client
        return client

    def issue_app_token(self) -> str:
        """A token of the application itself."""
        token = f"app-{secrets.token_urlsafe(16)}"
        self.app_tokens.add(token)
        return token

    def issue(self, person: Person, scopes: str, client_id: str) -> tuple[str, str]:
        """An owner's two tokens; the second is "" without leave to read while they are away."""
        given = UserToken(person, scopes, client_id, self.clock() + self.access_lasts)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.user_tokens[access] = given
        if "offline.access" not in scopes.split():
            return access, ""
        self.refresh_tokens[refresh] = given
        return access, refresh

    def reach(self, token: str) -> Reach | None:
        """Who a token stands for; None when it is not, or no longer, good."""
        if token in self.app_tokens:
            return Reach(token, None, ALL_SCOPES)
        given = self.user_tokens.get(token)
        if given is None or given.until <= self.clock() or given.person.suspended:
            return None
        return Reach(token, given.person, given.scopes)

    def count(self, token: str, kind: str) -> tuple[int, int, datetime]:
        """Count one request: the limit, what is left (below 0: too many), and when the window ends."""
        began, used = self.used.get((token, kind), (self.clock(), 0))
        if began + WINDOW <= self.clock():
            began, used = self.clock(), 0
        self.used[token, kind] = began, used + 1
        return self.limits[kind], self.limits[kind] - used - 1, began + WINDOW

    def charge(self, posts: int) -> None:
        """Take the price of posts that were read."""
        self.posts_read += posts
        if self.credit is not None:
            self.credit = max(0, self.credit - posts)

    def post(
        self,
        author: Person | str,
        text: str,
        *,
        at: datetime | None = None,
        reply_to: Post | None = None,
        quote: Post | None = None,
        repost_of: Post | None = None,
        alt: Sequence[str] = (),
        links: Sequence[tuple[str, str]] = (),
        filed_at: datetime | None = None,
    ) -> Post:
        """A new post. `links` are short addresses in the text with what they stand for."""
        person = self.people[author.lower()] if isinstance(author, str) else author
        at = at or self.clock()
        post = Post([self._number(at)], person, text, at, reply_to, quote, repost_of, tuple(alt), tuple(links))
        post.filed_at = filed_at
        self.posts.append(post)
        return post

    def edit(self, post: Post, text: str, *, at: datetime | None = None) -> None:
        """The author changes a post: it gets another number and keeps the old ones."""
        post.text = text
        post.numbers.append(self._number(at or self.clock()))

    def remove(self, post: Post) -> None:
        """The author deletes it, or X removes it: nobody is told which."""
        post.gone = True

    def by_number(self, number: str) -> Post | None:
        """The post with this number, or with it before an edit."""
        return next((post for post in self.posts if number in post.numbers), None)

    def listed(self, reader: Person | None) -> list[Post]:
        """What lists show this reader now, the newest first."""
        now = self.clock()
        there = (post for post in self.posts if post.at <= now and (post.filed_at or post.at) <= now)
        shown = [post for post in there if post.shown_to(reader)]
        return sorted(shown, key=lambda post: int(post.number), reverse=True)

    def mentioned(self, post: Post) -> list[Person]:
        """Everybody whose name stands in the text."""
        words = {word.strip("@.,:!?'\"()").lower() for word in post.text.split() if word.startswith("@")}
        return [person for name, person in self.people.items() if name in words]

    def _number(self, at: datetime) -> str:
        self._count += 1
        return str((int((at - _BEGAN) / timedelta(milliseconds=1)) << _BEHIND_THE_TIME) + self._count)
