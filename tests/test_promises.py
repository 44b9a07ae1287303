"""The product's promises, each tried to be broken through the same functions the console and the commands use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from monitor.collecting import collect_due
from monitor.matching import MatchText, Watched, build
from platforms.shape import Reach
from records.evidence import broken_link, chain_of
from records.incidents import Incident
from records.store import Store
from records.takedowns import TakedownRequest
from records.vocabulary import AccountUse, IncidentState, Level, NotAllowed, Presence, Role, TakedownState
from takedown import reviewing, sending
from takedown.following_up import FollowUpPlan, follow_up_due
from takedown.queue import queue
from tests.builders import NOW, Larkford, a_reach, an_account, found, larkford
from wardkeeper.demo.bluesky import SimulatedBluesky
from wardkeeper.demo.serving import Fault

PLAN = FollowUpPlan()
PASSWORD = "abcd-efgh-ijkl-mnop"
MAUD, COUNCIL, REED = "maud.example.org", "council.example.org", "reed.example.org"
PRIVATE_LOOKS = {"app.bsky.feed.getAuthorFeed", "app.bsky.graph.getFollowers", "app.bsky.graph.getFollows"}


@dataclass(frozen=True)
class Scene:
    """A council, a simulated network and the way to it."""

    here: Larkford
    network: SimulatedBluesky
    reach: Reach

    def drafted(self, level: Level = Level.SERIOUS) -> tuple[int, str]:
        """A post on the network, confirmed and drafted: the request's number and the post's address."""
        uri = self.network.post(REED, f"@{MAUD} we know where you park", at=NOW - timedelta(minutes=3))
        post = self.network.posts[uri]
        same = found("we know where you park", external_id=uri, version=post.cid, author_id=post.author.did)
        number = self.here.incident(level, post=same)
        reviewing.confirm(self.here.desk(Role.ASSESSOR), number)
        return reviewing.draft_takedown(self.here.desk(), [number], reach=self.reach), uri

    def state(self, number: int) -> TakedownState:
        """Where a request stands."""
        with self.here.store.reading(self.here.council_id) as session:
            return session.get_one(TakedownRequest, number).state

    def send(self, number: int) -> TakedownState:
        """Approved and sent by the officer."""
        reviewing.approve_takedown(self.here.desk(), number, reach=self.reach)
        return sending.send(self.here.desk(), number, reach=self.reach, plan=PLAN).state

    def follow_up(self, **later: float) -> None:
        """One round of checks so much later."""
        follow_up_due(self.here.store, reach=self.reach, plan=PLAN, now=NOW + timedelta(**later))


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Iterator[Scene]:
    here = larkford(store)
    with SimulatedBluesky(clock=lambda: NOW) as network:
        network.add_account(REED, "Reed")
        for handle, use in ((MAUD, AccountUse.COLLECT), (COUNCIL, AccountUse.REPORT)):
            did = network.add_account(handle, handle, password=PASSWORD)
            councillor = here.maud if use is AccountUse.COLLECT else None
            an_account(
                store, here.council_id, councillor_id=councillor, use=use, handle=handle, stable_id=did, secret=PASSWORD
            )
        reach = a_reach(tmp_path / "reach", {"bluesky": network.addresses})
        yield Scene(here, network, reach)
        reach.wire.close()


def test_1_nothing_is_sent_without_a_named_persons_approval(scene: Scene) -> None:
    number, _ = scene.drafted()
    with pytest.raises(NotAllowed):
        sending.send(scene.here.desk(), number, reach=scene.reach, plan=PLAN)
    for state in set(TakedownState) - {TakedownState.DRAFTED, TakedownState.WITHDRAWN}:
        with pytest.raises(IntegrityError), scene.here.store.writing(scene.here.council_id) as session:
            session.execute(update(TakedownRequest).where(TakedownRequest.id == number).values(state=state))
    assert scene.network.reports == []


def test_1_who_answers_for_level_3_is_not_the_sender(scene: Scene) -> None:
    number, _ = scene.drafted(Level.SERIOUS)
    reviewing.approve_takedown(scene.here.desk(), number, reach=scene.reach)
    with pytest.raises(NotAllowed):
        sending.send(scene.here.desk(Role.ASSESSOR), number, reach=scene.reach, plan=PLAN)
    assert scene.network.reports == []
    assert sending.send(scene.here.desk(), number, reach=scene.reach, plan=PLAN).state is TakedownState.SENT
    assert len(scene.network.reports) == 1


def test_2_lawful_criticism_cannot_be_reported(scene: Scene) -> None:
    for level in (Level.UNCIVIL, Level.ABUSIVE):
        number = scene.here.incident(level)
        with pytest.raises(NotAllowed):
            reviewing.draft_takedown(scene.here.desk(), [number], reach=scene.reach)
        reviewing.dismiss(scene.here.desk(), number, reason="criticism of a decision")
        with pytest.raises(NotAllowed):
            reviewing.draft_takedown(scene.here.desk(), [number], reach=scene.reach)


def test_3_nobody_is_watched(scene: Scene) -> None:
    scene.network.post(REED, f"@{MAUD} good morning", at=NOW)
    collect_due(scene.here.store, reach=scene.reach, now=NOW, all_now=True)
    number, _ = scene.drafted()
    scene.send(number)
    scene.follow_up(hours=25)
    assert scene.network.asked
    assert not PRIVATE_LOOKS & set(scene.network.asked)


def test_4_evidence_is_sealed_before_a_report_leaves(scene: Scene) -> None:
    number, _ = scene.drafted()
    assert scene.send(number) is TakedownState.SENT
    with scene.here.store.reading(scene.here.council_id) as session:
        (item,) = session.get_one(TakedownRequest, number).items
        sealed = chain_of(session, item.snapshot.post_id)
        assert sealed
        assert broken_link(sealed) is None
        assert all(one.sealed_at <= NOW for one in sealed)


def test_6_a_report_that_failed_on_the_way_is_in_a_persons_list(scene: Scene) -> None:
    number, _ = scene.drafted()
    scene.network.faults.fail(Fault.ERROR_AFTER_ACTING, path="createReport")
    assert scene.send(number) is TakedownState.IN_DOUBT
    with scene.here.store.reading(scene.here.council_id) as session:
        rows = queue(session, needs_person=True)
    assert [row.request.id for row in rows if row.request] == [number]
    with pytest.raises(NotAllowed):
        sending.send(scene.here.desk(), number, reach=scene.reach, plan=PLAN)
    assert len(scene.network.reports) == 1


def test_7_removed_is_said_only_when_two_answers_an_hour_apart_agree(scene: Scene) -> None:
    number, uri = scene.drafted()
    scene.send(number)
    scene.network.take_down(uri)
    scene.follow_up(hours=24)
    assert scene.state(number) is TakedownState.SENT
    scene.network.faults.fail(Fault.UNAVAILABLE)
    scene.follow_up(hours=25)
    assert scene.state(number) is TakedownState.SENT
    scene.network.faults.clear()
    for hours in (27, 29):
        scene.follow_up(hours=hours)
    assert scene.state(number) is TakedownState.REMOVED
    with scene.here.store.reading(scene.here.council_id) as session:
        presences = [outcome.presence for outcome in session.get_one(TakedownRequest, number).outcomes]
        state = session.scalars(select(Incident.state)).one()
    assert Presence.UNKNOWN in presences
    assert presences[-2:] == [Presence.REMOVED_BY_PLATFORM] * 2
    assert state is IncidentState.CLOSED


def test_8_party_makes_no_difference(scene: Scene) -> None:
    sureties = set()
    for party in ("Labour", "Conservative", "Liberal Democrats", "Green", "Reform", "Independent"):
        watched = Watched(councillor_id=1, name="Maud Ellery", context=("Weir", party))
        (match,) = build([watched]).matches(MatchText("bluesky", "Cllr Ellery of Weir is a disgrace"))
        sureties.add(match.surety)
    assert len(sureties) == 1


def test_9_text_in_the_queue_is_masked(scene: Scene) -> None:
    scene.drafted()
    with scene.here.store.reading(scene.here.council_id) as session:
        (row,) = queue(session)
    assert not any(letter.isalnum() for letter in row.masked)
