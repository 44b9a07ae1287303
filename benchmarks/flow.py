"""What everything around the classifier costs: collect, store, match, judge and raise against judging alone.

Run: python -m benchmarks.flow [--posts N] [--rounds N]. Both take turns in one process; the fastest counts.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measured import Measured, hand_over
from classifiers.register import load
from classifiers.shape import Classifier, Passage
from monitor import watching
from monitor.assessing import BATCH, assess_due
from monitor.collecting import collect_due
from monitor.raising import raise_due
from platforms.shape import Access, Consent, Found, Known, Pace, Page, Platform, Reach, Subject
from records.councils import Council
from records.store import Store, migrate
from records.vault import Vault
from records.vocabulary import AccountUse, Level, Nation, Tier
from wire.http import Wire

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
PAGE = 100
NAMES = ("Delia Farnworth", "Tomasz Wierzba", "Graham Pelling", "Ffion Bevan", "Winston Adebayo", "Carol Hepple")
WORDS = (
    "the bins on our street have not been collected for two weeks and nobody answers the phone about it so thanks "
    "again to everyone who came to the meeting about the bypass last night what a waste of money when the library "
    "roof still leaks and you are a disgrace to this town resign now the bus does not come and the minutes are late"
).split()
TARGET = 1.25


def _posts(count: int) -> list[Found]:
    """Posts of about 150 characters; every one names a councillor with title, so every one is kept and judged."""
    chance = random.Random(7)
    posts = []
    for number in range(count):
        words = chance.choices(WORDS, k=chance.randint(12, 40))
        words.insert(chance.randrange(len(words)), f"Cllr {chance.choice(NAMES)}")
        posts.append(
            Found(
                external_id=f"post-{number}",
                version="1",
                url=f"https://board.example/{number}",
                author_id=f"resident-{number % 997}",
                author_handle=f"resident{number % 997}.example",
                text=" ".join(words),
                posted_at=NOW - timedelta(seconds=number),
                raw=b'{"text": "' + b"x" * 1500 + b'"}',
            )
        )
    return posts


def _board(posts: Sequence[Found]) -> Platform:
    """A platform that answers at once from memory, so that only our own work is measured."""

    def mentions(_wire: Wire, _access: Access, _subject: Subject, _cursor: str, _known: Known) -> Iterator[Page]:
        for start in range(0, len(posts), PAGE):
            yield Page(tuple(posts[start : start + PAGE]), cursor=str(start + PAGE))

    pace = Pace(requests=1000, per=timedelta(seconds=1), between_scans=timedelta(minutes=1))
    consent = Consent(needs="nothing", how="nothing", sees="what is made up here")
    return Platform("board", "Board", lambda _url: None, pace, consent, mentions=mentions)


def _council(store: Store) -> None:
    with store.across_councils(writes=True) as session:
        council = Council(name="Aldermere", tier=Tier.PRINCIPAL, nation=Nation.ENGLAND, created_at=NOW)
        session.add(council)
        session.flush()
        council_id = council.id
    with store.writing(council_id) as session:
        for name in NAMES:
            watching.add_councillor(session, council_id, name=name, terms={}, opted_in_by=name, by=None, now=NOW)
        watching.add_account(
            session,
            council_id,
            store.vault,
            councillor=None,
            platform="board",
            use=AccountUse.COLLECT,
            handle="board",
            stable_id="",
            address="",
            secret="",
            consent_by="Aldermere",
            consent_until=NOW + timedelta(days=1),
            purposes="measuring",
            by=None,
            now=NOW,
        )


def _alone(classifier: Classifier, posts: Sequence[Found]) -> float:
    """Seconds for judging alone, in the same batches."""
    passages = [Passage(post.text) for post in posts]
    start = time.perf_counter()
    for first in range(0, len(passages), BATCH):
        classifier.judge(passages[first : first + BATCH])
    return time.perf_counter() - start


def _whole(classifier: Classifier, posts: Sequence[Found], folder: Path) -> tuple[float, str]:
    """Seconds for the whole way into a fresh SQLite file, and what came of it."""
    store = Store(f"sqlite:///{folder / 'flow.db'}", Vault([Vault.new_key()]))
    migrate(store)
    _council(store)
    platform = _board(posts)
    reach = Reach(
        wire=Wire(user_agent="bench", admit_loopback=False), platforms={"board": platform}, addresses={}, routes={}
    )
    start = time.perf_counter()
    collected = collect_due(store, reach=reach, now=NOW)
    assessed = assess_due(store, classifier=classifier, now=NOW)
    raised = raise_due(store, line=Level.UNCIVIL, now=NOW)
    seconds = time.perf_counter() - start
    reach.wire.close()
    store.close()
    if collected.matched != len(posts) or assessed.judged != len(posts):
        sys.exit(f"{collected.matched} matched and {assessed.judged} judged of {len(posts)}: nothing to compare")
    return seconds, f"{len(posts):,} posts, {assessed.lawful:,} lawful, {raised.opened:,} raised"


def main() -> None:
    """Measure and hand over."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--posts", type=int, default=2_048)
    ask.add_argument("--rounds", type=int, default=3)
    wanted = ask.parse_args()
    posts = _posts(wanted.posts)
    classifier = load("transformer")
    _alone(classifier, posts[:BATCH])
    alone, whole, came = [], [], ""
    for _ in range(wanted.rounds):
        alone.append(_alone(classifier, posts))
        with tempfile.TemporaryDirectory() as folder:
            seconds, came = _whole(classifier, posts, Path(folder))
        whole.append(seconds)
    rate = len(posts) / min(alone)
    hand_over(
        [
            Measured("judging alone", rate, "posts/s", f"{classifier.name} {classifier.version}, batches of {BATCH}"),
            Measured("collect, match, store, judge, raise", len(posts) / min(whole), "posts/s", f"SQLite; {came}"),
            Measured("the whole way against judging alone", min(whole) / min(alone), "times", came, at_most=TARGET),
        ]
    )


if __name__ == "__main__":
    main()
