"""Whatever people, platform and clock do, in whatever order: nothing unapproved is sent, nothing is sent twice."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select

from records.audit import AuditEntry, broken_entry
from records.evidence import EvidenceItem, broken_link, chain_of
from records.incidents import Incident
from records.people import Person
from records.posts import Post, Snapshot
from records.store import Store
from records.takedowns import TakedownRequest
from records.vault import Vault
from records.vocabulary import AccountUse, IncidentState, Level, NotAllowed, Presence, Role, TakedownState
from takedown import drafting, evidence, reviewing, sending
from takedown.desk import Desk
from takedown.following_up import follow_up_due
from tests.builders import NOW, Larkford, an_account, found, larkford
from tests.takedown.steps import PLAN, opened
from tests.takedown.townboard import PLATFORM, Townboard

ROLES = (Role.OFFICER, Role.ASSESSOR, Role.MONITORING_OFFICER, Role.MEMBERS_SERVICES)
WHO = st.sampled_from([Role.OFFICER, Role.OFFICER, Role.OFFICER, *ROLES])
WHICH = st.integers(0, 5)
LEVELS = st.sampled_from(Level)
UPSETTING = (reviewing.dismiss, reviewing.reopen, reviewing.close, reviewing.lower, reviewing.raise_level)


class Life(RuleBasedStateMachine):
    """One council, its people pressing every button, a platform that answers as it likes, and a running clock."""

    def __init__(self, scene: Larkford, board: Townboard) -> None:
        super().__init__()
        self.scene, self.board, self.now = scene, board, NOW
        self.posts = [found(f"rot {number}") for number in range(3)]
        for post in self.posts:
            opened(scene, post=post)
        with scene.store.writing(scene.council_id) as session:
            people = [
                Person(email=f"{role}@x.example", name=role, roles=frozenset({role}), password="-", created_at=NOW)
                for role in ROLES
            ]
            session.add_all(people)
            session.flush()
            self.people = {role: person.id for role, person in zip(ROLES, people, strict=True)}
        for which in range(3):
            self.prepare(which)

    def teardown(self) -> None:
        self.scene.store.close()

    def _desk(self, role: Role) -> Desk:
        return Desk(self.scene.store, self.scene.council_id, self.people[role], self.now)

    def _try(self, act: Callable[[], object]) -> None:
        with suppress(NotAllowed):
            act()

    def _incident(self, which: int) -> int:
        return which % len(self.posts) + 1

    def _request(self, which: int) -> int:
        with self.scene.store.reading(self.scene.council_id) as session:
            numbers = session.scalars(select(TakedownRequest.id).order_by(TakedownRequest.id)).all()
        return numbers[which % len(numbers)] if numbers else 1

    @rule(who=WHO, which=WHICH, level=st.none() | LEVELS)
    def confirm(self, who: Role, which: int, level: Level | None) -> None:
        self._try(lambda: reviewing.confirm(self._desk(who), self._incident(which), level=level))

    @rule(who=WHO, which=WHICH, to=LEVELS, act=st.sampled_from(UPSETTING))
    def upset(self, who: Role, which: int, to: Level, act: Callable[..., None]) -> None:
        more = {"to": to} if act in (reviewing.lower, reviewing.raise_level) else {}
        self._try(lambda: act(self._desk(who), self._incident(which), reason="because", **more))

    @rule()
    def machine_round(self) -> None:
        evidence.seal_due(self.scene.store, now=self.now)
        drafting.draft_due(self.scene.store, reach=self.board.reach, now=self.now)

    @rule(which=WHICH)
    def prepare(self, which: int) -> None:
        """What a working day does: confirm, draft, approve. Without it chance seldom gets anything sent."""
        self.confirm(Role.ASSESSOR, which, None)
        self.machine_round()
        self.approve(Role.MONITORING_OFFICER, which)

    @rule(who=WHO, which=WHICH)
    def draft(self, who: Role, which: int) -> None:
        number = self._incident(which)
        self._try(lambda: reviewing.draft_takedown(self._desk(who), [number], reach=self.board.reach))

    @rule(who=WHO, which=WHICH)
    def approve(self, who: Role, which: int) -> None:
        self._try(lambda: reviewing.approve_takedown(self._desk(who), self._request(which), reach=self.board.reach))

    @rule(who=WHO, which=WHICH, again=st.booleans())
    def take_back(self, who: Role, which: int, again: bool) -> None:
        desk, number = self._desk(who), self._request(which)
        self._try(lambda: reviewing.withdraw_takedown(desk, number))
        if again:
            self._try(lambda: reviewing.redraft_takedown(desk, number, reach=self.board.reach))

    @rule(who=WHO, which=WHICH, status=st.sampled_from([200, 200, 200, 429, 500, 400, 401, 404]))
    def send(self, who: Role, which: int, status: int) -> None:
        self.board.status = status
        number, desk, before = self._request(which), self._desk(who), self.board.reports
        self._try(lambda: sending.send(desk, number, reach=self.board.reach, plan=PLAN))
        if self.board.reports > before:
            self._check_sent(number, desk.person_id)

    @rule(which=WHICH)
    def press_on(self, which: int) -> None:
        """A working day to its end."""
        self.prepare(which)
        self.send(Role.OFFICER, which, 200)

    def _check_sent(self, number: int, sender: int) -> None:
        with self.scene.store.reading(self.scene.council_id) as session:
            request = session.scalars(select(TakedownRequest).where(TakedownRequest.id == number)).one()
            assert request.approved_by is not None
            behind = [link.incident for link in request.incidents]
            confirmed = [one for one in behind if one.state is IncidentState.CONFIRMED and one.level >= Level.ABUSIVE]
            assert confirmed
            assert not [one for one in behind if one.level >= Level.SERIOUS and one.level_by == sender]
            for item in request.items:
                newest = select(func.max(Snapshot.id)).where(Snapshot.post_id == item.snapshot.post_id)
                assert session.scalar(newest) == item.snapshot_id
                sealed = select(EvidenceItem.id).where(EvidenceItem.snapshot_id == item.snapshot_id)
                assert session.scalars(sealed).first() is not None

    @rule(who=WHO, which=WHICH)
    def file(self, who: Role, which: int) -> None:
        self._try(lambda: reviewing.file_by_hand(self._desk(who), self._request(which), reference="F"))

    @rule(who=WHO, which=WHICH)
    def settle(self, who: Role, which: int) -> None:
        self._try(lambda: reviewing.settle_doubt(self._desk(who), self._request(which), arrived=False))

    @rule(which=WHICH, level=st.sampled_from([Level.LAWFUL, Level.ABUSIVE]))
    def edit(self, which: int, level: Level) -> None:
        post = self.posts[which % len(self.posts)]
        again = found(f"edited at {self.now}", external_id=post.external_id, author_id=post.author_id)
        opened(self.scene, post=again, level=level, now=self.now)

    @rule(hours=st.sampled_from([1, 2, 24, 24 * 7]), seen=st.sampled_from(["up", "429", *Presence]))
    def time_passes(self, hours: int, seen: str) -> None:
        self.now += timedelta(hours=hours)
        self.board.everywhere = str(seen)
        follow_up_due(self.scene.store, reach=self.board.reach, plan=PLAN, now=self.now)
        sending.recover(self.scene.store, now=self.now)

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        sent = [
            (str(post), report["category"])
            for report in self.board.arrived
            for post in report["posts"]  # type: ignore[attr-defined]
        ]
        assert len(sent) == len(set(sent))

    @invariant()
    def the_records_hold(self) -> None:
        with self.scene.store.reading(self.scene.council_id) as session:
            for request in session.scalars(select(TakedownRequest)):
                unapproved = request.state in (TakedownState.DRAFTED, TakedownState.WITHDRAWN)
                assert unapproved or request.approved_by is not None
                if request.state is TakedownState.REMOVED:
                    assert len(request.outcomes) >= 2 * len(request.items)
            for incident in session.scalars(select(Incident)):
                decided = incident.state in (IncidentState.CONFIRMED, IncidentState.DISMISSED)
                assert not decided or incident.decided_by is not None
            assert broken_entry(session.scalars(select(AuditEntry).order_by(AuditEntry.position))) is None
            for post_id in session.scalars(select(Post.id)):
                assert broken_link(chain_of(session, post_id)) is None


def test_any_order_of_acts_keeps_the_promises(
    townboard: Townboard, httpserver: HTTPServer, vault: Vault, sqlite_ready: Path, tmp_path: Path
) -> None:
    numbers = itertools.count()

    def begin() -> Life:
        path = tmp_path / f"life{next(numbers)}.db"
        shutil.copyfile(sqlite_ready, path)
        scene = larkford(Store(f"sqlite:///{path}", vault))
        an_account(
            scene.store, scene.council_id, platform=PLATFORM, use=AccountUse.REPORT, until=NOW + timedelta(days=3650)
        )
        return Life(scene, replace(townboard, arrived=[]))

    # The server answers through the townboard's own handlers, so each run listens anew.
    def listening() -> Life:
        life = begin()
        httpserver.clear()
        life.board.serve()
        return life

    run_state_machine_as_test(listening, settings=settings(max_examples=10, stateful_step_count=25, deadline=None))
