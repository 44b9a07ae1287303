"""What signed-in people decide about incidents: who may, and when. Every act and every refusal is audited.

The rules about states stand in records/; the rules about people stand here. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from platforms.shape import Reach
from records import incidents, takedowns
from records.audit import record
from records.incidents import Incident
from records.people import Person
from records.takedowns import RequestIncident, TakedownRequest
from records.vocabulary import Harm, Label, Level, NotAllowed, Role, TakedownState
from takedown import drafting
from takedown.approving import (
    approve_takedown,
    file_by_hand,
    record_sighting,
    redraft_takedown,
    settle_doubt,
    withdraw_takedown,
)
from takedown.desk import REVIEWERS, Desk, deciding, incident_at, need_role
from takedown.grounds import check_request, ground_of

__all__ = [
    "approve_takedown",
    "close",
    "confirm",
    "dismiss",
    "draft_takedown",
    "file_by_hand",
    "lower",
    "raise_level",
    "record_sighting",
    "redraft_takedown",
    "relabel",
    "reopen",
    "reveal",
    "settle_doubt",
    "withdraw_takedown",
]

_SERIOUS = (Role.ASSESSOR, Role.MONITORING_OFFICER)
_LOWERS = (Role.OFFICER, Role.ASSESSOR, Role.MONITORING_OFFICER)
_READERS = (*REVIEWERS, Role.DATA_PROTECTION)


def confirm(desk: Desk, incident_id: int, *, reason: str = "", level: Level | None = None) -> None:
    """Agree that it is abuse and answer for its level, which may be raised in the same act, never lowered.

    At level 3 and above the assessor or the monitoring officer must. Raises NotAllowed.
    """
    subject = f"incident {incident_id}"
    with deciding(desk, act="confirm incident", subject=subject) as act:
        session, person = act
        incident = incident_at(session, incident_id)
        if level is not None and level < incident.level:
            raise NotAllowed(subject, why="confirming never lowers a level; lower it first, with a reason")
        meant = max(incident.level, level or Level.LAWFUL)
        need_role(person, _SERIOUS if meant >= Level.SERIOUS else REVIEWERS, what=subject)
        if meant > incident.level:
            incidents.raise_level(session, incident, to=meant, by=person, at=desk.now, reason=reason)
        incidents.confirm(session, incident, by=person, at=desk.now, reason=reason)
        act.detail = f"level {int(incident.level)}"


def dismiss(desk: Desk, incident_id: int, *, reason: str) -> None:
    """Decide that it is not abuse, with a reason. At level 3 and above only the assessor may. Raises NotAllowed.

    Drafts and approved requests that rested on it alone are withdrawn.
    """
    subject = f"incident {incident_id}"
    with deciding(desk, act="dismiss incident", subject=subject) as act:
        session, person = act
        incident = incident_at(session, incident_id)
        need_role(person, (Role.ASSESSOR,) if incident.level >= Level.SERIOUS else REVIEWERS, what=subject)
        incidents.dismiss(session, incident, by=person, at=desk.now, reason=reason)
        _withdraw_unfounded(session, incident, desk=desk, by=person)
        act.detail = f"level {int(incident.level)}"


def raise_level(desk: Desk, incident_id: int, *, to: Level, reason: str) -> None:
    """Raise the level; every reviewer may, and then answers for it. Raises NotAllowed."""
    subject = f"incident {incident_id}"
    with deciding(desk, act="raise level", subject=subject) as act:
        session, person = act
        need_role(person, REVIEWERS, what=subject)
        incident = incident_at(session, incident_id)
        before = int(incident.level)
        incidents.raise_level(session, incident, to=to, by=person, at=desk.now, reason=reason)
        act.detail = f"from {before} to {int(to)}"


def lower(desk: Desk, incident_id: int, *, to: Level, reason: str) -> None:
    """Lower the level, with a reason; from level 3 or 4 only the assessor may. Raises NotAllowed.

    Below level 2 nothing is reported, so requests that rested on it alone are withdrawn.
    """
    subject = f"incident {incident_id}"
    with deciding(desk, act="lower level", subject=subject) as act:
        session, person = act
        incident = incident_at(session, incident_id)
        before = int(incident.level)
        need_role(person, (Role.ASSESSOR,) if incident.level >= Level.SERIOUS else _LOWERS, what=subject)
        incidents.lower(session, incident, to=to, by=person, at=desk.now, reason=reason)
        _withdraw_unfounded(session, incident, desk=desk, by=person)
        act.detail = f"from {before} to {int(to)}"


def relabel(desk: Desk, incident_id: int, *, to: frozenset[Label], reason: str) -> None:
    """Correct the labels, with a reason; every reviewer may. Level and drafts stay. Raises NotAllowed."""
    subject = f"incident {incident_id}"
    with deciding(desk, act="change labels", subject=subject) as act:
        session, person = act
        need_role(person, REVIEWERS, what=subject)
        incident = incident_at(session, incident_id)
        before = _listed(incident.labels)
        incidents.relabel(session, incident, to=to, by=person, at=desk.now, reason=reason)
        act.detail = f"from {before} to {_listed(to)}"


def _listed(labels: frozenset[Label]) -> str:
    return ", ".join(sorted(label.value for label in labels)) or "none"


def reopen(desk: Desk, incident_id: int, *, reason: str) -> None:
    """Put an incident back to review, with a reason. Raises NotAllowed."""
    subject = f"incident {incident_id}"
    with deciding(desk, act="reopen incident", subject=subject) as (session, person):
        need_role(person, REVIEWERS, what=subject)
        incident = incident_at(session, incident_id)
        _need_reason(reason, what=subject, act="reopening")
        incidents.reopen(session, incident, by=person, at=desk.now, reason=reason)


def close(desk: Desk, incident_id: int, *, reason: str) -> None:
    """Say that a confirmed incident is dealt with, with a reason; at level 3 and above the assessor or the
    monitoring officer must. Raises NotAllowed."""
    subject = f"incident {incident_id}"
    with deciding(desk, act="close incident", subject=subject) as (session, person):
        incident = incident_at(session, incident_id)
        need_role(person, _SERIOUS if incident.level >= Level.SERIOUS else REVIEWERS, what=subject)
        _need_reason(reason, what=subject, act="closing")
        incidents.close(session, incident, by=person, at=desk.now, reason=reason)


def reveal(desk: Desk, incident_id: int) -> None:
    """Note that somebody looked at the unmasked text. Raises NotAllowed for whoever may not see post text."""
    subject = f"incident {incident_id}"
    with deciding(desk, act="reveal text", subject=subject) as (session, person):
        need_role(person, _READERS, what=subject)
        incident_at(session, incident_id)


def draft_takedown(desk: Desk, incident_ids: Sequence[int], *, reach: Reach, harm: Harm | None = None) -> int:
    """Draft one report for confirmed incidents about posts of one author; its number.

    A request that already reports these post versions for this reason is joined, or drafted anew if it was withdrawn.
    Raises NotAllowed for what is lawful, below level 2, unconfirmed, or cannot stand in one report.
    """
    numbers = sorted(set(incident_ids))
    subject = f"incident {', '.join(str(number) for number in numbers)}"
    with deciding(desk, act="draft takedown", subject=subject) as act:
        session, person = act
        need_role(person, REVIEWERS, what=subject)
        if not numbers:
            raise NotAllowed(subject, why="name at least one incident to report")
        grounds = [ground_of(session, incident_at(session, number)) for number in numbers]
        request = drafting.draft(session, grounds, reach=reach, harm=harm, by=person, now=desk.now)
        act.detail = f"takedown request {request.id}, {request.route.value}, {request.harm.value}"
        return request.id


def _need_reason(reason: str, *, what: str, act: str) -> None:
    if not reason.strip():
        raise NotAllowed(what, why=f"{act} needs a written reason")


def _withdraw_unfounded(session: Session, incident: Incident, *, desk: Desk, by: Person) -> None:
    """Take back what has not been sent and no longer rests on a confirmed incident."""
    unsent = (
        select(TakedownRequest)
        .join(RequestIncident, RequestIncident.request_id == TakedownRequest.id)
        .where(RequestIncident.incident_id == incident.id)
        .where(TakedownRequest.state.in_((TakedownState.DRAFTED, TakedownState.APPROVED)))
    )
    for request in session.scalars(unsent).all():
        try:
            check_request(session, request)
        except NotAllowed as unfounded:
            takedowns.withdraw(session, request, at=desk.now)
            record(
                session,
                desk.council_id,
                at=desk.now,
                by=by,
                act="withdraw takedown",
                subject=f"takedown request {request.id}",
                detail=unfounded.why,
            )
