"""The simulated platforms of the demonstration, together: residents speak on them and their moderators act on reports.

It only plays the outside world; no step of Wardkeeper's own flow is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from wardkeeper.demo import feeds
from wardkeeper.demo.bluesky import SimulatedBluesky
from wardkeeper.demo.feeds import Article, Comment, Newspaper, newspaper_app
from wardkeeper.demo.mastodon import ALL_SCOPES, MastodonServer, Status, mastodon_app
from wardkeeper.demo.residents import HANDLE_DOMAIN, Cast, Saying
from wardkeeper.demo.serving import Serving
from wardkeeper.demo.stage import Stage

PASSWORD = "demonstration-only"  # noqa: S105 - of simulated accounts
"""App password of every simulated account that somebody signs in to."""
REPORTER = "aldermere-council"
_PLAIN_MENTION = re.compile(r"@([a-z0-9-]+)(?![\w.-])")

RULES = (
    "No hatred, harassment or threats",
    "No publishing of other people's private details",
    "No spam or deceptive behaviour",
)


class World:
    """Everything outside the council. `clock` is its time; moderators remove what was reported `removes_after` ago."""

    def __init__(
        self,
        stage: Stage,
        cast: Cast,
        sayings: Iterable[Saying],
        *,
        clock: Callable[[], datetime],
        removes_after: timedelta,
    ) -> None:
        self._stage = stage
        self._clock = clock
        self._removes_after = removes_after
        self._waiting = sorted(sayings, key=lambda saying: saying.at)
        self._later: list[tuple[datetime, Callable[[], None]]] = []
        self._bluesky_posts: dict[str, str] = {}
        self._statuses: dict[str, Status] = {}
        self._pages: dict[str, Article | Comment] = {}
        self.bluesky = SimulatedBluesky(clock=clock, ports=stage.ports)
        self._others = Serving(("mastodon", "feeds"), ports=stage.ports)
        self.mastodon = MastodonServer(
            base=self._others.urls["mastodon"], clock=clock, domain=f"social.{HANDLE_DOMAIN}", rules=RULES
        )
        self.paper = Newspaper(base=self._others.urls["feeds"], clock=clock, title="The Aldermere Gazette")
        self._register(cast)

    @property
    def feed_addresses(self) -> Mapping[str, str]:
        """The newspaper's feeds by what they hold."""
        return {"news": self.paper.base + feeds.RSS, "comments": self.paper.base + feeds.COMMENTS}

    @staticmethod
    def token(username: str) -> str:
        """The Mastodon token of a simulated account: the same in every run."""
        return f"simulated-token-of-{username}"

    def __enter__(self) -> Self:
        self.bluesky.start()
        self._others.start({"mastodon": mastodon_app(self.mastodon)[0], "feeds": newspaper_app(self.paper)[0]})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bluesky.stop()
        self._others.stop()

    def move_on(self) -> None:
        """Let everything happen that is due by the clock: posts, edits, deletions, and moderators' work."""
        now = self._clock()
        while self._waiting and self._waiting[0].at <= now:
            self._say(self._waiting.pop(0))
        for due in sorted((item for item in self._later if item[0] <= now), key=lambda item: item[0]):
            due[1]()
        self._later = [item for item in self._later if item[0] > now]
        self._moderate(now)

    def _moderate(self, now: datetime) -> None:
        self._stage.note_reports((str(one.subject.get("uri")), one.created_at) for one in self.bluesky.reports)
        for report in self.mastodon.reports:
            self._stage.note_reports((status.uri, report.at) for status in report.statuses)
        statuses = {status.uri: status for status in self.mastodon.statuses}
        for uri, at in self._stage.reported.items():
            if at + self._removes_after > now:
                continue
            if uri in self.bluesky.posts:
                self.bluesky.take_down(uri)
            elif uri in statuses:
                # Gone from its own server with a tombstone: how a removed post looks from outside.
                self.mastodon.remove(statuses[uri])

    def _register(self, cast: Cast) -> None:
        self.bluesky.add_account(_full(REPORTER), "Aldermere Council reports", password=PASSWORD)
        self._mastodon_account("aldermere_council")
        for member in cast.councillors:
            if member.bluesky:
                self.bluesky.add_account(_full(member.bluesky), member.name, password=PASSWORD)
            if member.mastodon:
                self._mastodon_account(member.mastodon)
        for saying in self._waiting:
            if saying.on == "bluesky" and not self._has_bluesky(saying.author):
                self.bluesky.add_account(_full(saying.author), saying.author.replace("-", " ").title())
            elif saying.on == "mastodon" and saying.author not in self.mastodon.accounts:
                self.mastodon.add_account(saying.author)

    def _has_bluesky(self, author: str) -> bool:
        return any(person.handle == _full(author) for person in self.bluesky.people.values())

    def _mastodon_account(self, username: str) -> None:
        account = self.mastodon.add_account(username)
        self.mastodon.tokens[self.token(username)] = (account, ALL_SCOPES)

    def _say(self, saying: Saying) -> None:
        if saying.on == "bluesky":
            self._say_on_bluesky(saying)
        elif saying.on == "mastodon":
            self._say_on_mastodon(saying)
        else:
            self._say_in_the_paper(saying)

    def _say_on_bluesky(self, saying: Saying) -> None:
        uri = self.bluesky.post(
            _full(saying.author),
            _with_domain(saying.text),
            at=saying.at,
            reply_to=self._bluesky_posts.get(saying.reply_to),
            alt=saying.alt,
        )
        self._bluesky_posts[saying.id] = uri
        if saying.edited_at:
            words = _with_domain(saying.edited_text)
            self._later.append((saying.edited_at, partial(self._edit, uri, words)))
        if saying.deleted_at:
            self._later.append((saying.deleted_at, partial(self.bluesky.delete, uri)))

    def _edit(self, uri: str, words: str) -> None:
        self.bluesky.edit(uri, words)

    def _say_on_mastodon(self, saying: Saying) -> None:
        status = self.mastodon.post(
            saying.author,
            saying.text,
            at=saying.at,
            reply_to=self._statuses.get(saying.reply_to),
            spoiler=saying.warning,
            alt=saying.alt,
        )
        self._statuses[saying.id] = status

    def _say_in_the_paper(self, saying: Saying) -> None:
        page = self._pages.get(saying.reply_to)
        if isinstance(page, Article):
            self._pages[saying.id] = self.paper.comment(page, saying.author, saying.text, at=saying.at)
        else:
            title, _, text = saying.text.partition(": ")
            self._pages[saying.id] = self.paper.publish(title, text or title, at=saying.at)


def _full(name: str) -> str:
    return f"{name}.{HANDLE_DOMAIN}"


def _with_domain(text: str) -> str:
    """The seed's short @names as the network writes them."""
    return _PLAIN_MENTION.sub(lambda match: f"@{_full(match[1])}", text)
