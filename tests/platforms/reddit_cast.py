"""A simulated Reddit with two communities of Harrow, Cllr Adeyemi's account, the council's, and Pete's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from platforms.reddit import REDDIT
from platforms.reddit.talking import Secret
from platforms.shape import Access, Application, Page, PostRef, Sighting, Subject
from wardkeeper.demo.reddit import Item, Redditor, RedditServer, reddit_app
from wardkeeper.demo.reddit.server import Client
from wardkeeper.demo.serving import FaultSwitch, Serving
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = (("Be civil", "Incivility", "all"), ("No memes", "Meme", "link"))


@dataclass
class World:
    """Reddit, the people on it, the council's approved application, and a wire."""

    reddit: RedditServer
    faults: FaultSwitch
    wire: Wire
    client: Client
    ada: Redditor
    council: Redditor
    pete: Redditor
    thread: Item
    clock: list[datetime] = field(default_factory=lambda: [NOON])

    @property
    def application(self) -> Application:
        return Application(self.client.client_id, self.client.client_secret, "harrow_council")

    def access(self, account: Redditor | None = None, *, watching: str = "", **more: object) -> Access:
        """Access by an account that agreed, or by the application alone."""
        access = Access(
            addresses={"api": self.reddit.base, "www": self.reddit.base},
            address=watching,
            application=self.application,
            permission_on_file=True,
        )
        if account is not None:
            secret = Secret(self.reddit.agree(account, self.client), self.client.client_id).kept()
            access = replace(access, handle=account.name, stable_id=account.fullname, secret=secret)
        return replace(access, **more)  # type: ignore[arg-type]

    def subject(self, *names: str) -> Subject:
        return Subject(handle=self.ada.name, stable_id=self.ada.fullname, names=names)

    def ref(self, item: Item, *, version: str = "", author: str | None = None) -> PostRef:
        url = f"https://www.reddit.com{item.permalink}"
        stamp = version or str(int((item.edited_at or item.at).timestamp()))
        return PostRef(item.name, stamp, url, item.author.fullname if author is None else author)


class Place:
    """One address on this computer that a fresh Reddit can stand at for each test."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        await self._app(scope, receive, send)

    @contextmanager
    def world(self) -> Iterator[World]:
        """Reddit as it is before anything was said, and a wire to it that does not wait between tries."""
        clock = [NOON]
        reddit = RedditServer(base=self.base, clock=lambda: clock[0])
        self._app, faults = reddit_app(reddit)
        reddit.add_community("Harrow", rules=RULES)
        reddit.add_community("HarrowTown")
        ada, council, pete = (reddit.add_account(name) for name in ("CllrAda", "HarrowCouncil", "pete_77"))
        thread = reddit.post(reddit.add_account("news_bot"), "Harrow", "Bins again", "Late in three wards")
        with Wire(user_agent="Wardkeeper tests", admit_loopback=True, timeout=10, pauses=(0.0,)) as wire:
            yield World(reddit, faults, wire, reddit.approve(), ada, council, pete, thread, clock)


@contextmanager
def a_place() -> Iterator[Place]:
    """The address, answering."""
    with Serving(("reddit",)) as serving:
        place = Place(serving.urls["reddit"])
        serving.start({"reddit": place})
        yield place


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


def scan(
    world: World,
    cursor: str = "",
    *,
    held: Held | None = None,
    access: Access | None = None,
    names: tuple[str, ...] = (),
) -> list[Page]:
    assert REDDIT.mentions is not None
    held = held or Held()
    access = access or world.access(world.ada)
    return [held.fresh(page) for page in REDDIT.mentions(world.wire, access, world.subject(*names), cursor, held)]


def texts(pages: list[Page]) -> list[str]:
    return [post.text for page in pages for post in page.posts]


def notes(pages: list[Page]) -> list[str]:
    return [note for page in pages for note in page.notes]


def look(world: World, item: Item, *, access: Access | None = None, ref: PostRef | None = None) -> Sighting:
    assert REDDIT.look is not None
    return REDDIT.look(world.wire, access or world.access(), ref or world.ref(item))
