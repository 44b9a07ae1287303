"""A small invented town on the simulated Bluesky network, shared by the tests of its module."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from platforms.bluesky import BLUESKY
from platforms.shape import Access, Found, Page, PostRef, Subject
from wardkeeper.demo.bluesky import SimulatedBluesky
from wire.errors import WireError
from wire.http import Wire

COUNCILLOR = "anna.ashcombe.example"
NEIGHBOUR = "neighbour.ashcombe.example"
TROLL = "troll.ashcombe.example"
COUNCIL = "council.ashcombe.example"
PASSWORD = "abcd-efgh-ijkl-mnop"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that a test moves."""

    moment: datetime = NOON + timedelta(days=1)

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Town:
    """The network, somebody's access to it, and everything collected so far."""

    network: SimulatedBluesky
    wire: Wire
    clock: Clock
    access: Access
    subject: Subject
    held: dict[tuple[str, str], Found] = field(default_factory=dict)
    cursor: str = ""
    notes: tuple[str, ...] = ()
    unreadable: int = 0

    def known(self, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these versions are held."""
        return {pair for pair in pairs if pair in self.held}

    def pages(self) -> Generator[Page, None, None]:
        """One scan from the place kept; each page is kept before the next is asked for."""
        assert BLUESKY.mentions is not None
        for page in BLUESKY.mentions(self.wire, self.access, self.subject, self.cursor, self.known):
            for post in page.posts:
                pair = (post.external_id, post.version)
                assert pair not in self.held, "the same version twice"
                self.held[pair] = post
            self.cursor, self.unreadable = page.cursor, self.unreadable + page.unreadable
            self.notes = page.notes or self.notes
            if page.session:
                self.access = replace(self.access, session=page.session)
            yield page

    def scan(self) -> list[Found]:
        """The posts that one scan brought."""
        return [post for page in self.pages() for post in page.posts]

    def scan_failing(self) -> tuple[list[Found], WireError]:
        """The posts that a scan brought before its error, and the error."""
        found: list[Found] = []
        try:
            for page in self.pages():
                found.extend(page.posts)
        except WireError as problem:
            return found, problem
        raise AssertionError("the scan did not fail")

    def ref(self, uri: str) -> PostRef:
        """The present version of a post."""
        post = self.network.posts[uri]
        return PostRef(uri, post.cid, "", post.author.did)


@contextmanager
def a_town() -> Iterator[Town]:
    """A councillor with an app password, a neighbour, a troll on another server, and the council's account."""
    clock = Clock()
    with (
        SimulatedBluesky(clock=clock) as network,
        Wire(user_agent="Wardkeeper/test", admit_loopback=True, timeout=5.0, pauses=(0.01,)) as wire,
    ):
        did = network.add_account(COUNCILLOR, "Anna Nowak", password=PASSWORD)
        network.add_account(NEIGHBOUR, "Nice Neighbour", password="other")
        network.add_account(TROLL, "Truth Seeker 44")
        network.add_account(COUNCIL, "Ashcombe Council", password=PASSWORD)
        access = Access(addresses=network.addresses, handle=COUNCILLOR, stable_id=did, secret=PASSWORD)
        subject = Subject(handle=COUNCILLOR, stable_id=did, names=("Anna Nowak",), hashtags=("AskAnna",))
        yield Town(network, wire, clock, access, subject)
