"""A simulated X, the people on it, and a council with permission on file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from platforms.shape import Access, Application, Page, PostRef, Sighting, Subject
from platforms.x import X
from platforms.x.collecting import mentions
from wardkeeper.demo.serving import FaultSwitch, Serving
from wardkeeper.demo.x import Network, Person, Post, addresses, x_app
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BACK = "https://wardkeeper.council.example/accounts/back"
CLIENT, SECRET = "client-of-the-council", "secret-of-the-application"


@dataclass
class World:
    """X with Cllr Adeyemi and Pete on it, and the application's own token."""

    network: Network
    faults: FaultSwitch
    wire: Wire
    base: str
    ada: Person
    pete: Person
    token: str
    clock: list[datetime] = field(default_factory=lambda: [NOON])

    @property
    def application(self) -> Application:
        return Application(CLIENT, SECRET, token=self.token)

    def access(self, *, secret: str = "", session: str = "", permitted: bool = True) -> Access:
        return Access(
            addresses=addresses(self.base),
            handle=self.ada.username,
            stable_id=self.ada.user_id,
            secret=secret,
            session=session,
            application=self.application,
            permission_on_file=permitted,
        )

    def subject(self, *, names: tuple[str, ...] = (), hashtags: tuple[str, ...] = ()) -> Subject:
        return Subject(handle=self.ada.username, stable_id=self.ada.user_id, names=names, hashtags=hashtags)

    def ref(self, post: Post) -> PostRef:
        url = f"https://x.com/{post.author.username}/status/{post.number}"
        return PostRef(post.numbers[0], post.number, url, post.author.user_id)

    def pass_time(self, by: timedelta) -> None:
        self.clock[0] += by


@contextmanager
def a_world() -> Iterator[World]:
    """The network running, and a wire to it that does not wait between tries."""
    clock = [NOON]
    with (
        Serving(("x",)) as serving,
        Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(), timeout=5) as wire,
    ):
        network = Network(clock=lambda: clock[0])
        app, faults = x_app(network)
        serving.start({"x": app})
        network.register(CLIENT, SECRET, BACK)
        ada, pete = network.add_person("CllrAda", name="Ada Adeyemi"), network.add_person("pete")
        yield World(network, faults, wire, serving.urls["x"], ada, pete, network.issue_app_token(), clock)


@dataclass
class Held:
    """What a council already holds; the collector may ask it."""

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
    hashtags: tuple[str, ...] = (),
) -> list[Page]:
    held = held or Held()
    subject = world.subject(names=names, hashtags=hashtags)
    pages = mentions(world.wire, access or world.access(), subject, cursor, held, clock=lambda: world.clock[0])
    return [held.fresh(page) for page in pages]


def texts(pages: Sequence[Page]) -> list[str]:
    return [post.text for page in pages for post in page.posts]


def notes(pages: Sequence[Page]) -> set[str]:
    return {note for page in pages for note in page.notes}


def look(world: World, post: Post, *, access: Access | None = None) -> Sighting:
    assert X.look is not None
    return X.look(world.wire, access or replace(world.access(), secret="", handle="", stable_id=""), world.ref(post))


def agree(world: World, url: str, *, account: str = "CllrAda") -> str:
    """The owner agrees on X's page; the address they land on."""
    return world.wire.post(url, form={"account": account}).headers.get("location", "")


def granted(world: World) -> str:
    """The secret of an account whose owner agreed."""
    assert X.grant is not None
    assert X.grant.begin_as is not None
    begun = X.grant.begin_as(world.wire, world.access(), BACK, False)
    return X.grant.finish(world.wire, begun.keep, agree(world, begun.url))


def asked_of(url: str) -> dict[str, str]:
    """What an address asks, by name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
