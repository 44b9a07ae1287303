"""A simulated YouTube, a councillor's channel on it, and the people who comment there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from platforms.shape import Access, Application, Page, Platform, PostRef, Subject
from platforms.youtube import youtube
from platforms.youtube.addressing import comment_url, video_url
from records.vocabulary import Presence
from wardkeeper.demo.serving import FaultSwitch, Serving
from wardkeeper.demo.youtube import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    Channel,
    Comment,
    SimulatedYouTube,
    Video,
    youtube_app,
)
from wire.http import Wire

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
APPLICATION = Application(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, token=API_KEY)


@dataclass
class World:
    """One simulated YouTube with Cllr Adeyemi's channel and her video about bins; Pete comments."""

    site: SimulatedYouTube
    faults: FaultSwitch
    wire: Wire
    platform: Platform
    base: str
    clock: list[datetime]
    ada: Channel
    council: Channel
    pete: Channel
    bins: Video

    def access(self, **more: object) -> Access:
        addresses = {"api": f"{self.base}/youtube/v3", "accounts": self.base, "tokens": self.base, "site": self.base}
        usual = Access(addresses=addresses, handle="cllrada", stable_id=self.ada.channel_id, application=APPLICATION)
        return replace(usual, **more)  # type: ignore[arg-type]

    def subject(self, **more: object) -> Subject:
        return replace(Subject(handle="cllrada", stable_id=self.ada.channel_id), **more)  # type: ignore[arg-type]

    def pass_time(self, wait: timedelta) -> None:
        self.clock[0] += wait

    def comments(self, count: int, *, video: Video | None = None, words: str = "number") -> list[Comment]:
        """So many comments by Pete, each a minute older than the one before."""
        number = range(count)
        return [self.site.comment(self.pete, video or self.bins, f"{words} {n}", at=self.now(n)) for n in number]

    def now(self, minutes_ago: int = 0) -> datetime:
        return self.clock[0] - timedelta(minutes=minutes_ago)

    def ref(self, post: Comment | Video) -> PostRef:
        if isinstance(post, Video):
            return PostRef(post.video_id, "v", video_url(post.video_id), post.channel.channel_id)
        url = comment_url(post.comment_id, video=post.video.video_id, channel=post.video.channel.channel_id)
        return PostRef(post.comment_id, "v", url, post.author.channel_id)


@contextmanager
def a_world(**site: object) -> Iterator[World]:
    """The site running, and a wire to it."""
    clock = [NOON]
    wire = Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(0.0, 0.0))
    with Serving(("youtube",)) as serving, wire:
        simulated = SimulatedYouTube(clock=lambda: clock[0], **site)  # type: ignore[arg-type]
        app, faults = youtube_app(simulated)
        serving.start({"youtube": app})
        ada, council, pete = (simulated.add_channel(each) for each in ("cllrada", "aldermere", "pete"))
        bins = simulated.publish(ada, "Bin day", "All about bins")
        platform = youtube(lambda: clock[0])
        yield World(simulated, faults, wire, platform, serving.urls["youtube"], clock, ada, council, pete, bins)


@dataclass
class Held:
    """What a council already holds; the collector asks it."""

    pairs: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, asked: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        return self.pairs & set(asked)

    def store(self, page: Page) -> list[str]:
        """Keep the page; the texts of what is new."""
        new = [post for post in page.posts if (post.external_id, post.version) not in self.pairs]
        self.pairs |= {(post.external_id, post.version) for post in page.posts}
        return [post.text for post in new]


@dataclass
class Source:
    """One connected account as the rest of the product keeps it: cursor and session, from page to page."""

    world: World
    access: Access
    subject: Subject
    held: Held = field(default_factory=Held)
    cursor: str = ""
    notes: list[str] = field(default_factory=list)
    unreadable: int = 0
    last: Page | None = None

    def pages(self) -> Iterator[Page]:
        """The pages of one scan; each is kept before the next is asked for."""
        mentions = self.world.platform.mentions
        assert mentions is not None
        self.notes, self.unreadable = [], 0
        yield from mentions(self.world.wire, self.access, self.subject, self.cursor, self.held)

    def keep(self, page: Page) -> list[str]:
        texts = self.held.store(page)
        self.cursor, self.last = page.cursor, page
        self.access = replace(self.access, session=page.session or self.access.session)
        self.notes += page.notes
        self.unreadable += page.unreadable
        return texts

    def scan(self) -> list[str]:
        """One whole scan; the texts that are new."""
        return [text for page in self.pages() for text in self.keep(page)]


def source(world: World, *, subject: Subject | None = None, **access: object) -> Source:
    return Source(world, world.access(**access), subject or world.subject())


def look(world: World, post: Comment | Video, **changes: str) -> tuple[Presence, str]:
    assert world.platform.look is not None
    anonymous = Access(addresses=world.access().addresses, application=APPLICATION)
    seen = world.platform.look(world.wire, anonymous, replace(world.ref(post), **changes))
    return seen.presence, seen.how_known
