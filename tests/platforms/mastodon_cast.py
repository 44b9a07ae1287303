"""Two simulated Mastodon servers that know each other, and the people on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from platforms.mastodon import MASTODON, parse_url
from platforms.shape import Access, Page, PostRef, Subject
from records.vocabulary import Presence
from wardkeeper.demo.mastodon import Account, MastodonServer, Status, mastodon_app
from wardkeeper.demo.serving import FaultSwitch, Serving
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = ("No harassment", "No threats of violence")


@dataclass
class World:
    """Two servers that know each other: the council's with Cllr Adeyemi, and the one where Pete is."""

    home: MastodonServer
    away: MastodonServer
    home_faults: FaultSwitch
    away_faults: FaultSwitch
    wire: Wire
    councillor: Account
    reporter: Account
    pete: Account
    clock: list[datetime] = field(default_factory=lambda: [NOON])

    def access(self, *, token: str | None = None, account: Account | None = None) -> Access:
        secret = self.home.issue_token(account or self.councillor) if token is None else token
        handle = (account or self.councillor).handle
        return Access(address=self.home.base, handle=handle, stable_id=handle, secret=secret)

    def subject(self, *, names: tuple[str, ...] = (), hashtags: tuple[str, ...] = ()) -> Subject:
        handle = self.councillor.handle
        return Subject(handle=handle, stable_id=handle, names=names, hashtags=hashtags)

    def ref(self, status: Status) -> PostRef:
        return PostRef(parse_url(status.url) or "", "v", status.url, status.author.handle)


@contextmanager
def a_world() -> Iterator[World]:
    """Both servers running, and a wire to them."""
    clock = [NOON]
    with Serving(("home", "away")) as serving, Wire(user_agent="Wardkeeper tests", admit_loopback=True) as wire:
        home = MastodonServer(base=serving.urls["home"], domain="harrow.example", clock=lambda: clock[0], rules=RULES)
        away = MastodonServer(base=serving.urls["away"], domain="toots.example", clock=lambda: clock[0])
        home.federate_with(away)
        home_app, home_faults = mastodon_app(home)
        away_app, away_faults = mastodon_app(away)
        serving.start({"home": home_app, "away": away_app})
        councillor, reporter = home.add_account("ada", name="Ada Adeyemi"), home.add_account("council")
        yield World(home, away, home_faults, away_faults, wire, councillor, reporter, away.add_account("pete"), clock)


@dataclass
class Held:
    """What a council already holds; the collector asks it."""

    pairs: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, asked: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        return self.pairs & set(asked)

    def fresh(self, page: Page) -> Page:
        """The page without what is held already; what is new is held from now on."""
        new = tuple(post for post in page.posts if (post.external_id, post.version) not in self.pairs)
        self.pairs |= {(post.external_id, post.version) for post in page.posts}
        return replace(page, posts=new)


def scan(world: World, cursor: str = "", *, held: Held | None = None, **subject: tuple[str, ...]) -> list[Page]:
    assert MASTODON.mentions is not None
    held = held or Held()
    pages = []
    for page in MASTODON.mentions(world.wire, world.access(), world.subject(**subject), cursor, held):
        pages.append(held.fresh(page))
    return pages


def texts(pages: list[Page]) -> list[str]:
    return [post.text for page in pages for post in page.posts]


def look(world: World, status: Status, *, access: Access | None = None) -> tuple[Presence, str]:
    assert MASTODON.look is not None
    seen = MASTODON.look(world.wire, access or Access(), world.ref(status))
    return seen.presence, seen.how_known
