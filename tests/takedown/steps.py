"""Puts a case where a test begins: confirmed, drafted, approved, sent. Each step by the product's own functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from platforms.shape import Found
from records.audit import AuditEntry, broken_entry
from records.incidents import Incident
from records.takedowns import TakedownRequest
from records.vocabulary import Label, Level, Origin, Role
from takedown import reviewing, sending
from takedown.desk import Desk
from takedown.following_up import FollowUpPlan
from tests.builders import NOW, Larkford, an_incident
from tests.takedown.townboard import PLATFORM, Townboard

PLAN = FollowUpPlan()


def at(desk: Desk, now: datetime) -> Desk:
    """The same person, later."""
    return replace(desk, now=now)


def opened(
    scene: Larkford,
    *,
    level: Level = Level.ABUSIVE,
    labels: frozenset[Label] = frozenset({Label.INSULT}),
    post: Found | None = None,
    platform: str = PLATFORM,
    about: int | None = None,
    origin: Origin = Origin.COLLECTED,
    now: datetime = NOW,
) -> int:
    """An open incident on the townboard."""
    return an_incident(
        scene.store,
        scene.council_id,
        about=about or scene.maud,
        level=level,
        labels=labels,
        post=post,
        platform=platform,
        origin=origin,
        now=now,
    )


def confirmed(
    scene: Larkford,
    *,
    level: Level = Level.ABUSIVE,
    labels: frozenset[Label] = frozenset({Label.INSULT}),
    post: Found | None = None,
    platform: str = PLATFORM,
    about: int | None = None,
    origin: Origin = Origin.COLLECTED,
) -> int:
    """An incident that the assessor has confirmed."""
    incident = opened(scene, level=level, labels=labels, post=post, platform=platform, about=about, origin=origin)
    reviewing.confirm(scene.desk(Role.ASSESSOR), incident)
    return incident


def drafted(scene: Larkford, board: Townboard, incidents: Sequence[int] = ()) -> int:
    """A draft for the incidents, or for a new one."""
    return reviewing.draft_takedown(scene.desk(), incidents or [confirmed(scene)], reach=board.reach)


def approved(scene: Larkford, board: Townboard, incidents: Sequence[int] = ()) -> int:
    """An approved request."""
    request = drafted(scene, board, incidents)
    reviewing.approve_takedown(scene.desk(), request, reach=board.reach)
    return request


def sent(scene: Larkford, board: Townboard, incidents: Sequence[int] = ()) -> int:
    """A request that the townboard has."""
    request = approved(scene, board, incidents)
    sending.send(scene.desk(), request, reach=board.reach, plan=PLAN)
    return request


def the_incident(scene: Larkford, number: int) -> Incident:
    """The incident's row as it is now."""
    with scene.store.reading(scene.council_id) as session:
        return session.scalars(select(Incident).where(Incident.id == number)).one()


def the_request(scene: Larkford, number: int) -> TakedownRequest:
    """The request's row as it is now."""
    with scene.store.reading(scene.council_id) as session:
        request = session.scalars(select(TakedownRequest).where(TakedownRequest.id == number)).one()
        _ = [item.snapshot.post for item in request.items], [link.incident for link in request.incidents]
        _ = request.outcomes
        return request


def the_log(scene: Larkford) -> Sequence[AuditEntry]:
    """The council's audit log, which must be whole whenever somebody looks."""
    with scene.store.reading(scene.council_id) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert broken_entry(entries) is None
    return entries


def refusals(scene: Larkford) -> list[str]:
    """The acts that were refused, in order."""
    return [entry.act.removeprefix("refused: ") for entry in the_log(scene) if entry.act.startswith("refused: ")]
