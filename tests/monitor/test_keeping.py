"""A found post is kept once, each version once, and a lawful one that was let go stays let go."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.fitting import LONGEST_TEXT
from monitor.keeping import Kept, keep, keep_many, known_versions
from monitor.matching import Match
from platforms.shape import Found
from records.assessments import Assessment
from records.posts import Mention, Post, Snapshot
from records.retention import release_lawful
from records.store import Store
from records.vocabulary import MatchKind, Origin
from tests.builders import IDRIS, NOW, SALTMARSH, Larkford, a_council, a_councillor, found, larkford


@pytest.fixture
def scene(store: Store) -> Larkford:
    return larkford(store)


def kept(
    scene: Larkford, post: Found, *about: Match, origin: Origin = Origin.COLLECTED, council_id: int | None = None
) -> Kept:
    with scene.store.writing(council_id or scene.council_id) as session:
        return keep(session, scene.store.vault, platform="bluesky", found=post, matches=about, origin=origin, now=NOW)


def sure(councillor_id: int, surety: float = 0.9) -> Match:
    return Match(councillor_id, MatchKind.TITLE_SURNAME, surety)


def the_post(scene: Larkford, post_id: int) -> Post:
    with scene.store.reading(scene.council_id) as session:
        return session.get_one(Post, post_id)


def versions(scene: Larkford, post_id: int) -> list[Snapshot]:
    with scene.store.reading(scene.council_id) as session:
        query = select(Snapshot).where(Snapshot.post_id == post_id).order_by(Snapshot.id)
        return list(session.scalars(query))


def released(scene: Larkford, post_id: int) -> bool:
    with scene.store.writing(scene.council_id) as session:
        post = session.get_one(Post, post_id)
        for snapshot in post.snapshots:
            snapshot.judged_by = "model@1"
        return release_lawful(session, post, now=NOW)


def test_a_post_seen_again_changes_nothing(scene: Larkford) -> None:
    post = found()
    first = kept(scene, post, sure(scene.maud))
    again = kept(scene, post, sure(scene.maud))
    assert (first.new_post, first.new_version) == (True, True)
    assert again == Kept(first.post_id, False, False)
    assert len(versions(scene, first.post_id)) == 1


def test_an_edited_post_has_another_version(scene: Larkford) -> None:
    post = found()
    first = kept(scene, post, sure(scene.maud))
    edited = kept(scene, replace(post, version="edited", text="Worse"), sure(scene.maud))
    assert edited == Kept(first.post_id, False, True)
    assert [version.text for version in versions(scene, first.post_id)] == [post.text, "Worse"]


def test_about_nobody_only_the_fingerprint_stays(scene: Larkford) -> None:
    post = found("Nothing to do with anybody")
    first = kept(scene, post)
    row = the_post(scene, first.post_id)
    assert not first.about
    assert (row.author_id, row.url, row.external_id, row.lawful_at) == (None, None, None, None)
    assert [(one.text, one.raw, one.version) for one in versions(scene, first.post_id)] == [(None, None, None)]
    assert known_versions(scene.store, scene.council_id, platform="bluesky")([(post.external_id, post.version)])
    later = kept(scene, post, sure(scene.maud))
    assert later.about
    assert the_post(scene, first.post_id).author_id == post.author_id
    assert versions(scene, first.post_id)[0].text == post.text


def test_known_versions_tells_versions_platforms_and_councils_apart(scene: Larkford) -> None:
    post = found()
    kept(scene, post, sure(scene.maud))
    pair = (post.external_id, post.version)
    other = a_council(scene.store, SALTMARSH)
    assert known_versions(scene.store, scene.council_id, platform="bluesky")([pair, (post.external_id, "v2")]) == {pair}
    assert known_versions(scene.store, scene.council_id, platform="mastodon")([pair]) == set()
    assert known_versions(scene.store, other, platform="bluesky")([pair]) == set()


def test_two_councils_keep_their_own(scene: Larkford) -> None:
    post = found()
    other = a_council(scene.store, SALTMARSH)
    theirs = a_councillor(scene.store, other, IDRIS)
    first = kept(scene, post, sure(scene.maud))
    second = kept(scene, post, sure(theirs), council_id=other)
    assert second.new_post
    assert second.post_id != first.post_id


def test_a_lawful_post_stays_let_go_until_its_text_changes(scene: Larkford) -> None:
    post = found()
    post_id = kept(scene, post, sure(scene.maud)).post_id
    assert released(scene, post_id)
    assert kept(scene, post, sure(scene.maud)) == Kept(post_id, False, False)
    assert the_post(scene, post_id).author_id is None
    assert kept(scene, replace(post, version="v2", text="Changed"), sure(scene.maud)).new_version
    row = the_post(scene, post_id)
    assert (row.author_id, row.url, row.lawful_at) == (post.author_id, post.url, None)
    assert not release_now(scene, post_id)


def release_now(scene: Larkford, post_id: int) -> bool:
    """Without marking anything as judged: the new version still waits for its judgement."""
    with scene.store.writing(scene.council_id) as session:
        return release_lawful(session, session.get_one(Post, post_id), now=NOW)


def test_a_persons_report_takes_a_lawful_post_in_again_for_good(scene: Larkford) -> None:
    post = found()
    post_id = kept(scene, post, sure(scene.maud)).post_id
    assert released(scene, post_id)
    by_hand = replace(post, version="", author_id="", author_name="", raw=b"")
    again = kept(scene, by_hand, Match(scene.maud, MatchKind.HAND, 1.0), origin=Origin.HAND)
    row = the_post(scene, post_id)
    assert not again.new_version
    assert (row.origin, row.url, row.author_handle, row.lawful_at) == (Origin.HAND, post.url, post.author_handle, None)
    assert not released(scene, post_id)


def test_reported_first_and_collected_later_is_one_version_with_the_platforms_own_word(scene: Larkford) -> None:
    post = found()
    by_hand = replace(post, version="", author_id="", raw=b"")
    first = kept(scene, by_hand, Match(scene.maud, MatchKind.HAND, 1.0), origin=Origin.HAND)
    second = kept(scene, post, sure(scene.maud))
    assert second == Kept(first.post_id, False, False)
    row = the_post(scene, first.post_id)
    assert (row.origin, row.author_id) == (Origin.HAND, post.author_id)
    assert [(one.version, one.raw) for one in versions(scene, first.post_id)] == [(post.version, post.raw)]
    assert kept(scene, by_hand, sure(scene.maud)) == Kept(first.post_id, False, False)
    pair = (post.external_id, post.version)
    assert known_versions(scene.store, scene.council_id, platform="bluesky")([pair]) == {pair}


def test_the_surest_sign_is_kept(scene: Larkford) -> None:
    post = found()
    post_id = kept(scene, post, sure(scene.maud, 0.6)).post_id
    kept(scene, post, Match(scene.maud, MatchKind.MENTION, 1.0))
    kept(scene, post, sure(scene.maud, 0.6))
    with scene.store.reading(scene.council_id) as session:
        mention = session.scalars(select(Mention).where(Mention.post_id == post_id)).one()
    assert (mention.how, mention.surety) == (MatchKind.MENTION, 1.0)


def test_absurd_texts_and_characters_are_made_to_fit_and_the_raw_answer_stays_whole(scene: Larkford) -> None:
    raw = b"\xff\x00 as it came"
    post = found("x\x00\ud800" + "y" * 10_000_000, author_name="n\x00" * 9_000, raw=raw)
    result = kept(scene, post, sure(scene.maud))
    version = versions(scene, result.post_id)[0]
    assert result.cut
    assert version.text is not None
    assert version.text.startswith("x\ufffdy")
    assert len(version.text) <= LONGEST_TEXT
    assert version.raw == raw
    assert kept(scene, post, sure(scene.maud)) == replace(result, new_post=False, new_version=False)


@pytest.mark.parametrize(
    "moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC), NOW.replace(tzinfo=None)]
)
def test_an_unbelievable_time_is_no_time(scene: Larkford, moment: datetime) -> None:
    result = kept(scene, found(posted_at=moment), sure(scene.maud))
    assert the_post(scene, result.post_id).posted_at is None


def test_two_at_the_same_moment_keep_one_post(scene: Larkford) -> None:
    posts = [found() for _ in range(10)]
    results: list[list[Kept]] = []
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait()
        results.append([kept(scene, post, sure(scene.maud)) for post in posts])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for same in zip(*results, strict=True):
        assert len({one.post_id for one in same}) == 1
        assert sum(one.new_post for one in same) == 1
        assert sum(one.new_version for one in same) == 1
        assert len(versions(scene, same[0].post_id)) == 1


def test_a_post_held_longer_ago_is_asked_about_again_when_it_concerns_somebody_else_too(scene: Larkford) -> None:
    idris = a_councillor(scene.store, scene.council_id, IDRIS)
    post = found(posted_at=NOW - timedelta(days=2))
    scene.incident(post=post)
    kept(scene, post, sure(idris))
    with scene.store.reading(scene.council_id) as session:
        assert [row.handled_at for row in session.scalars(select(Assessment))] == [None]


def test_a_page_is_kept_like_its_posts_one_by_one(scene: Larkford) -> None:
    first, second, third = found("one"), found("two"), found("nobody")
    edited = replace(first, version="edited", text="one, changed")
    page = [(first, (sure(scene.maud),)), (edited, (sure(scene.maud),)), (second, (sure(scene.maud),)), (third, ())]

    def store_page() -> list[Kept]:
        with scene.store.writing(scene.council_id) as session:
            return keep_many(
                session, scene.store.vault, platform="bluesky", posts=page, origin=Origin.COLLECTED, now=NOW
            )

    done = store_page()
    assert [(one.new_post, one.new_version, one.about) for one in done] == [
        (True, True, True),
        (False, True, True),
        (True, True, True),
        (True, True, False),
    ]
    assert done[0].post_id == done[1].post_id
    assert [one.text for one in versions(scene, done[0].post_id)] == ["one", "one, changed"]
    assert store_page() == [replace(one, new_post=False, new_version=False) for one in done]
    assert [kept(scene, post, *about) for post, about in page] == store_page()
    with scene.store.reading(scene.council_id) as session:
        assert {one.council_id for one in session.scalars(select(Post))} == {scene.council_id}
