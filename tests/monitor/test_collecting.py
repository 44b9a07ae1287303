"""Collecting from a simulated Bluesky over real HTTP: each post once, through crashes, faults and withdrawn consent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor import watching
from monitor.collecting import LEASE, Collected, collect_due
from platforms.shape import Reach
from records.people import Account, Councillor, Source
from records.posts import Mention, Post, Snapshot
from tests.builders import NOW, Larkford, a_council, a_councillor, a_reach, an_account, larkford
from wardkeeper.demo.bluesky import SimulatedBluesky
from wardkeeper.demo.serving import Fault

HANDLE = "maud.example.org"
PASSWORD = "abcd-efgh-ijkl-mnop"


@pytest.fixture
def network() -> Iterator[SimulatedBluesky]:
    with SimulatedBluesky(clock=lambda: NOW) as simulated:
        simulated.add_account(HANDLE, "Maud Ellery", password=PASSWORD)
        simulated.add_account("reed.example.org", "Reed")
        yield simulated


@pytest.fixture
def reach(network: SimulatedBluesky, tmp_path: Path) -> Iterator[Reach]:
    reach = a_reach(tmp_path / "reach", {"bluesky": network.addresses})
    yield reach
    reach.wire.close()


@pytest.fixture
def scene(store: object, network: SimulatedBluesky) -> Larkford:
    here = larkford(store)  # type: ignore[arg-type]
    did = next(iter(network.people))
    an_account(here.store, here.council_id, councillor_id=here.maud, handle=HANDLE, stable_id=did, secret=PASSWORD)
    return here


def scan(here: Larkford, reach: Reach, *, minutes: int = 0) -> Collected:
    return collect_due(here.store, reach=reach, now=NOW + timedelta(minutes=minutes), all_now=True)


def counts(here: Larkford) -> tuple[int, int, int]:
    with here.store.reading(here.council_id) as session:
        posts, versions, mentions = (
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Post, Snapshot, Mention)
        )
        return posts, versions, mentions


def source(here: Larkford) -> Source:
    with here.store.reading(here.council_id) as session:
        return session.scalars(select(Source)).one()


def test_a_mention_is_kept_once_over_three_scans(scene: Larkford, reach: Reach, network: SimulatedBluesky) -> None:
    network.post("reed.example.org", f"@{HANDLE} the weir is leaking again", at=NOW - timedelta(minutes=5))
    network.post("reed.example.org", "Cllr Ellery was wrong about the weir", at=NOW - timedelta(minutes=4))
    first = scan(scene, reach)
    assert (first.new_posts, first.matched, first.failed) == (2, 2, 0)
    for minutes in (1, 2):
        again = scan(scene, reach, minutes=minutes)
        assert (again.new_posts, again.new_versions) == (0, 0)
    assert counts(scene) == (2, 2, 2)


def test_an_edited_post_is_one_post_with_two_versions(scene: Larkford, reach: Reach, network: SimulatedBluesky) -> None:
    uri = network.post("reed.example.org", f"@{HANDLE} hello", at=NOW - timedelta(minutes=5))
    scan(scene, reach)
    network.edit(uri, f"@{HANDLE} goodbye")
    assert scan(scene, reach, minutes=1).new_versions == 1
    assert counts(scene) == (1, 2, 1)


def test_what_is_about_nobody_leaves_only_a_fingerprint(
    scene: Larkford, reach: Reach, network: SimulatedBluesky
) -> None:
    network.add_account("ellery.example.org", "Another")
    network.post(
        "reed.example.org", "The Maud Ellery I was at school with lives in Perth", at=NOW - timedelta(minutes=3)
    )
    done = scan(scene, reach)
    assert (done.new_posts, done.matched) == (1, 0)
    with scene.store.reading(scene.council_id) as session:
        post = session.scalars(select(Post)).one()
        snapshot = session.scalars(select(Snapshot)).one()
    assert (post.author_id, post.author_handle, post.url, post.external_id) == (None, None, None, None)
    assert (snapshot.text, snapshot.raw) == (None, None)


def test_a_failing_source_says_why_and_when_and_stops_no_other(
    scene: Larkford, reach: Reach, network: SimulatedBluesky
) -> None:
    an_account(scene.store, scene.council_id, platform="feeds", handle="gone", address="http://127.0.0.1:1/feed")
    network.post("reed.example.org", f"@{HANDLE} hello", at=NOW)
    done = scan(scene, reach)
    assert (done.sources, done.failed, done.new_posts) == (2, 1, 1)
    with scene.store.reading(scene.council_id) as session:
        failing = session.scalars(select(Source).where(Source.failures == 1)).one()
    assert failing.problem
    assert failing.due_at > NOW
    assert failing.last_success_at is None


def test_after_a_fault_nothing_is_missing(scene: Larkford, reach: Reach, network: SimulatedBluesky) -> None:
    for number in range(30):
        network.post("reed.example.org", f"@{HANDLE} number {number}", at=NOW - timedelta(minutes=number))
    network.faults.fail(Fault.MALFORMED, path="searchPosts", times=1)
    assert scan(scene, reach).failed == 1
    assert source(scene).odd_answer
    network.faults.clear()
    scan(scene, reach, minutes=5)
    assert counts(scene)[0] == 30
    assert source(scene).problem == ""


def test_a_source_held_by_another_worker_is_left_alone_until_its_lease_ends(
    scene: Larkford, reach: Reach, network: SimulatedBluesky
) -> None:
    network.post("reed.example.org", f"@{HANDLE} hello", at=NOW)
    with scene.store.writing(scene.council_id) as session:
        session.scalars(select(Source)).one().claimed_until = NOW + LEASE
    assert scan(scene, reach) == Collected(busy=1)
    assert scan(scene, reach, minutes=4).new_posts == 1


def test_nothing_is_collected_after_withdrawal_or_during_a_pause(
    scene: Larkford, reach: Reach, network: SimulatedBluesky
) -> None:
    network.post("reed.example.org", f"@{HANDLE} hello", at=NOW)
    with scene.store.writing(scene.council_id) as session:
        watching.pause(session, session.get_one(Councillor, scene.maud), by=None, now=NOW)
    assert scan(scene, reach).sources == 0
    with scene.store.writing(scene.council_id) as session:
        watching.resume(session, session.get_one(Councillor, scene.maud), by=None, now=NOW)
        watching.withdraw(session, session.get_one(Councillor, scene.maud), by=None, now=NOW)
    asked_before = sum(network.asked.values())
    assert scan(scene, reach).sources == 0
    assert sum(network.asked.values()) == asked_before
    with scene.store.reading(scene.council_id) as session:
        account = session.scalars(select(Account)).one()
    assert (account.secret, account.session) == ("", "")


def test_consent_that_has_run_out_stops_collecting(scene: Larkford, reach: Reach, network: SimulatedBluesky) -> None:
    network.post("reed.example.org", f"@{HANDLE} hello", at=NOW)
    late = NOW + timedelta(days=366)
    assert collect_due(scene.store, reach=reach, now=late, all_now=True).sources == 0


def test_two_councils_keep_their_own(scene: Larkford, reach: Reach, network: SimulatedBluesky) -> None:
    other = a_council(scene.store, "Saltmarsh Town Council")
    member = a_councillor(scene.store, other)
    did = next(iter(network.people))
    an_account(scene.store, other, councillor_id=member, handle=HANDLE, stable_id=did, secret=PASSWORD)
    network.post("reed.example.org", f"@{HANDLE} hello", at=NOW)
    scan(scene, reach)
    for council_id in (scene.council_id, other):
        with scene.store.reading(council_id) as session:
            assert [row.council_id for row in session.scalars(select(Post))] == [council_id]


def test_a_source_not_due_is_not_asked(scene: Larkford, reach: Reach) -> None:
    collect_due(scene.store, reach=reach, now=NOW, between_scans=timedelta(minutes=10))
    assert collect_due(scene.store, reach=reach, now=NOW + timedelta(minutes=9)).sources == 0
    assert collect_due(scene.store, reach=reach, now=NOW + timedelta(minutes=10)).sources == 1
