"""A small invented town on the simulated Meta hosts: Cllr Adeyemi's Page, Instagram account and Threads account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from platforms.facebook import FACEBOOK
from platforms.instagram import INSTAGRAM
from platforms.shape import Access, Application, Found, Page, Platform, PostRef, Subject
from platforms.threads import THREADS
from records.vocabulary import Presence
from wardkeeper.demo.facebook import SimulatedFacebook
from wardkeeper.demo.graph import Host, Thing, graph_app
from wardkeeper.demo.instagram import SPECIALS, SimulatedInstagram
from wardkeeper.demo.serving import FaultSwitch, Serving
from wardkeeper.demo.threads import SimulatedThreads
from wire.http import Wire

REDIRECT = "http://127.0.0.1:8000/accounts/back"
PETE: dict[str, object] = {"id": "555000111222333", "name": "Pete Sharples"}
QUINN: dict[str, object] = {"id": "555000111222444", "name": "Quinn Oakes"}


@dataclass
class Town:
    """Everything running, somebody's access to each platform, and what has been collected so far."""

    facebook: SimulatedFacebook
    instagram: SimulatedInstagram
    threads: SimulatedThreads
    meta_faults: FaultSwitch
    threads_faults: FaultSwitch
    wire: Wire
    page: Thing
    account: Thing
    member: Thing
    shift: list[timedelta]
    held: dict[tuple[str, str], Found] = field(default_factory=dict)
    cursor: str = ""
    notes: tuple[str, ...] = ()
    pages: list[Page] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift[0]

    def application(self, host: Host) -> Application:
        return Application(client_id=host.app_id, client_secret=host.app_secret)

    def access(self, platform: Platform, *, secret: str | None = None, session: str = "") -> Access:
        thing = {"facebook": self.page, "instagram": self.account, "threads": self.member}[platform.key]
        host = self.host(platform)
        return Access(
            addresses=self.addresses(platform),
            handle=str(thing.fields["username"]),
            stable_id=thing.graph_id,
            secret=self.token(platform) if secret is None else secret,
            session=session,
            application=self.application(host),
        )

    def token(self, platform: Platform) -> str:
        """A token as though the owner had agreed to everything."""
        if platform is THREADS:
            return self.threads.token(self.member)
        return self.facebook.token(self.page) if platform is FACEBOOK else self.instagram.token(self.page)

    def host(self, platform: Platform) -> Host:
        return self.threads.host if platform is THREADS else self.facebook.host

    def addresses(self, platform: Platform) -> dict[str, str]:
        base = self.host(platform).base
        root = base.removesuffix(urlsplit(base).path)
        if platform is THREADS:
            return {"graph": base, "oauth": root, "dialog": f"{root}/oauth/authorize"}
        return {"graph": base, "dialog": f"{base}/dialog/oauth"}

    def known(self, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        return {pair for pair in pairs if pair in self.held}

    def read(self, platform: Platform, access: Access, subject: Subject) -> Iterator[Page]:
        """One scan from the place kept; each page is kept before the next is asked for."""
        assert platform.mentions is not None
        this_scan: set[tuple[str, str]] = set()
        self.pages = []
        for page in platform.mentions(self.wire, access, subject, self.cursor, self.known):
            for post in page.posts:
                pair = (post.external_id, post.version)
                assert pair not in this_scan, "the same version twice in one scan"
                this_scan.add(pair)
                self.held[pair] = post
            self.cursor, self.notes = page.cursor, page.notes
            self.pages.append(page)
            yield page

    def scan(
        self,
        platform: Platform,
        *,
        names: tuple[str, ...] = (),
        hashtags: tuple[str, ...] = (),
        stop_after: int = 1_000_000,
        access: Access | None = None,
    ) -> list[str]:
        """The texts that are new in this scan, which the process survives for so many pages."""
        before, access = set(self.held), access or self.access(platform)
        subject = Subject(handle=access.handle, stable_id=access.stable_id, names=names, hashtags=hashtags)
        for count, _page in enumerate(self.read(platform, access, subject), start=1):
            if count >= stop_after:
                break
        return [post.text for pair, post in self.held.items() if pair not in before]

    def one(self, text: str) -> Found:
        """The newest version held of the post with this text."""
        [found] = [post for post in self.held.values() if post.text == text]
        return found

    def look(self, platform: Platform, found: Found, *, access: Access | None = None) -> tuple[Presence, str]:
        assert platform.look is not None
        ref = PostRef(found.external_id, found.version, found.url, found.author_id)
        seen = platform.look(self.wire, access or self.access(platform), ref)
        return seen.presence, seen.how_known


@contextmanager
def a_town() -> Iterator[Town]:
    """Both hosts running, and a wire to them."""
    shift = [timedelta(0)]

    def clock() -> datetime:
        return datetime.now(UTC) + shift[0]

    with (
        Serving(("meta", "threads")) as serving,
        Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=(0.01,)) as wire,
    ):
        facebook = SimulatedFacebook(base=serving.urls["meta"] + "/v26.0", clock=clock)
        instagram = SimulatedInstagram(facebook.host)
        threads = SimulatedThreads(base=serving.urls["threads"] + "/v1.0", clock=clock)
        facebook.host.redirects.add(REDIRECT)
        threads.host.redirects.add(REDIRECT)
        meta_app, meta_faults = graph_app(facebook.host, specials=SPECIALS)
        threads_app, threads_faults = graph_app(threads.host, extras={"keyword_search": threads.search})
        serving.start({"meta": meta_app, "threads": threads_app})
        page = facebook.add_page("Cllr Ada Adeyemi", "cllr.ada", person="Ada Adeyemi")
        account = instagram.add_account(page, "cllr.ada")
        member = threads.add_account("cllr.ada", person="Ada Adeyemi")
        yield Town(facebook, instagram, threads, meta_faults, threads_faults, wire, page, account, member, shift)


PLATFORMS = (FACEBOOK, INSTAGRAM, THREADS)
