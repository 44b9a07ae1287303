"""The demonstration's whole way, once: only the clock and the approvers' clicks are scripted; every step is the real
one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from classifiers.shape import Classifier
from records.assessments import Assessment
from records.incidents import Incident
from records.people import Person
from records.posts import Mention, Post
from records.takedowns import TakedownRequest
from records.vocabulary import IncidentState, Level, NotAllowed, Presence, RouteKind, TakedownState
from takedown import reviewing, sending
from takedown.desk import Desk
from wardkeeper import rounds
from wardkeeper.build import Parts, open_parts
from wardkeeper.demo import council, residents
from wardkeeper.demo.stage import Stage
from wardkeeper.demo.world import World

SCANS = (timedelta(0), timedelta(minutes=15), timedelta(minutes=45))
"""When the script scans and the approvers decide, from the beginning of the story."""
CHECKS = (timedelta(hours=26), timedelta(hours=28), timedelta(hours=50), timedelta(hours=52))
"""When it follows up: after a day, and again an hour later for whatever was found gone."""
MODERATORS_TAKE = timedelta(hours=20)
OFFICER, ASSESSOR = "officer@aldermere.example", "assessor@aldermere.example"

Tell = Callable[[str], None]


class Clock:
    """The scripted time."""

    def __init__(self, began: datetime) -> None:
        self.now = began

    def __call__(self) -> datetime:
        return self.now


def play(data: Path, *, tell: Tell) -> dict[str, object]:
    """Play the story in `data` and count what is there afterwards. Safe to repeat and to kill at any moment."""
    started = time.monotonic()
    stage = Stage.set_up(data, now=datetime.now(UTC))
    clock = Clock(stage.began)
    cast = residents.cast()
    tell("1/5 Simulated platforms start …")
    with World(stage, cast, residents.story(stage.began), clock=clock, removes_after=MODERATORS_TAKE) as world:
        council.write_settings(data, stage, world, live=False)
        parts = open_parts(data)
        try:
            council_id = council.settle(parts, cast, world, now=clock())
            tell("2/5 The model is loaded …")
            classifier = parts.judge()
            rounds.settle(parts, now=clock(), alone=True)
            _scan_and_decide(parts, council_id, world, clock, classifier=classifier, began=stage.began, tell=tell)
            for step in CHECKS:
                clock.now = stage.began + step
                world.move_on()
                followed = rounds.follow_up(parts, now=clock())
                tell(f"4/5 After {step.total_seconds() / 3600:.0f} hours: {followed.removed} reports found removed.")
            tell("5/5 Done.")
            with parts.store.reading(council_id) as session:
                return {**count(session), "seconds": round(time.monotonic() - started, 1)}
        finally:
            parts.close()


def _scan_and_decide(
    parts: Parts,
    council_id: int,
    world: World,
    clock: Clock,
    *,
    classifier: Classifier,
    began: datetime,
    tell: Tell,
) -> None:
    for step in SCANS:
        clock.now = began + step
        world.move_on()
        done = rounds.scan(parts, classifier=classifier, now=clock(), all_now=True)
        tell(
            f"3/5 Scan: {done.collected.new_posts} new posts, {done.assessed.judged} judged, "
            f"{done.raised.opened} incidents raised."
        )
        people = _desks(parts, council_id, now=clock())
        _confirm(parts, council_id, people)
        rounds.catch_up(parts, classifier=classifier, now=clock())
        _approve_and_send(parts, council_id, people[OFFICER])


def _desks(parts: Parts, council_id: int, *, now: datetime) -> Mapping[str, Desk]:
    with parts.store.reading(council_id) as session:
        people = session.scalars(select(Person).where(Person.left_at.is_(None))).all()
        return {person.email: Desk(parts.store, council_id, person.id, now) for person in people}


def _confirm(parts: Parts, council_id: int, people: Mapping[str, Desk]) -> None:
    """The assessor clicks Confirm on levels 3 and 4, the officer on level 2; level 1 stays a line in the log."""
    waiting = select(Incident.id, Incident.level).where(
        Incident.state == IncidentState.OPEN, Incident.level >= Level.ABUSIVE
    )
    with parts.store.reading(council_id) as session:
        rows = session.execute(waiting.order_by(Incident.level.desc(), Incident.id)).all()
    for number, level in rows:
        who = people[ASSESSOR if level >= Level.SERIOUS else OFFICER]
        reviewing.confirm(who, number, reason="scripted")


def _approve_and_send(parts: Parts, council_id: int, officer: Desk) -> None:
    """The officer clicks Approve, then Send, or files by hand where the platform has no way to send."""
    for state, act in ((TakedownState.DRAFTED, _approve), (TakedownState.APPROVED, _send)):
        with parts.store.reading(council_id) as session:
            found = select(TakedownRequest.id, TakedownRequest.route).where(TakedownRequest.state == state)
            rows = session.execute(found.order_by(TakedownRequest.id)).all()
        for number, route in rows:
            try:
                act(parts, officer, number, route)
            except NotAllowed:
                continue  # audited, and it stays in the queue for a person


def _approve(parts: Parts, officer: Desk, number: int, _route: RouteKind) -> None:
    reviewing.approve_takedown(officer, number, reach=parts.reach)


def _send(parts: Parts, officer: Desk, number: int, route: RouteKind) -> None:
    if route is RouteKind.API:
        sending.send(officer, number, reach=parts.reach, plan=parts.plan)
    else:
        reviewing.file_by_hand(officer, number, reference=f"form {number}", plan=parts.plan)


def count(session: Session) -> dict[str, object]:
    """What the council holds: the same numbers as `export`, `queue` and `takedown list` give."""
    about = select(Mention.post_id).distinct().subquery()
    levels = dict(session.execute(select(Incident.level, func.count()).group_by(Incident.level)).all())
    requests = session.scalars(select(TakedownRequest).options(selectinload(TakedownRequest.outcomes))).all()
    last = [request.outcomes[-1].presence for request in requests if request.outcomes]
    return {
        "collected": session.scalar(select(func.count(Post.id))),
        "matched": session.scalar(select(func.count()).select_from(about)),
        "assessed": session.scalar(select(func.count(Assessment.id))),
        "incidents": {str(int(level)): levels.get(level, 0) for level in Level if level},
        "lawful_discarded": session.scalar(
            select(func.count(Post.id)).where(Post.lawful_at.is_not(None), Post.id.in_(select(about.c.post_id)))
        ),
        "drafts": len(requests),
        "sent": sum(request.sent_at is not None for request in requests),
        "removed": sum(request.state is TakedownState.REMOVED for request in requests),
        "unknown": sum(presence is Presence.UNKNOWN for presence in last),
    }
