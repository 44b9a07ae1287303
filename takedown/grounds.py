"""Whether there are grounds to report a post as it stands now: who confirmed what, at which level, of which version.

Asked before drafting, before approving and before sending, always with the same answer. It changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.assessments import Assessment
from records.incidents import Incident
from records.people import Account
from records.posts import Post, Snapshot
from records.takedowns import TakedownRequest
from records.vocabulary import AccountUse, IncidentState, Level, NotAllowed

LAWFUL = "lawful criticism is not reported"


@dataclass(frozen=True)
class Ground:
    """One confirmed incident, its post, and the version of the post that is there now."""

    incident: Incident
    post: Post
    snapshot: Snapshot


def newest_version(session: Session, post_id: int) -> Snapshot | None:
    """The version of a post that was seen last."""
    versions = select(Snapshot).where(Snapshot.post_id == post_id).order_by(Snapshot.id.desc()).limit(1)
    return session.scalar(versions)


def ground_of(session: Session, incident: Incident) -> Ground:
    """The ground on which an incident's post may be reported. Raises NotAllowed, saying why, when there is none."""
    what = f"incident {incident.id}"
    _check_decision(incident, what)
    post = incident.post
    if post is None:
        raise NotAllowed(what, why=f"there is no public post to report: it was a {incident.kind.value}")
    snapshot = newest_version(session, post.id)
    if snapshot is None or snapshot.forgotten_at is not None or not (post.url or post.external_id):
        raise NotAllowed(what, why="the post's text and place are no longer held, so it cannot be reported")
    _check_version(session, incident, snapshot, what)
    return Ground(incident=incident, post=post, snapshot=snapshot)


def _check_decision(incident: Incident, what: str) -> None:
    if incident.state is IncidentState.DISMISSED:
        raise NotAllowed(what, why=f"it was dismissed: {LAWFUL}")
    if incident.state is not IncidentState.CONFIRMED:
        raise NotAllowed(what, why=f"it is {incident.state.value}; only what a person has confirmed is reported")
    if incident.level < Level.ABUSIVE:
        level = int(incident.level)
        raise NotAllowed(what, why=f"it is at level {level} and only level 2 and above is reported: {LAWFUL}")


def _check_version(session: Session, incident: Incident, snapshot: Snapshot, what: str) -> None:
    """A version that came after the person's decision must itself have been judged abusive."""
    if incident.decided_at is not None and snapshot.seen_at <= incident.decided_at:
        return
    judged = (
        select(Assessment.level).where(Assessment.snapshot_id == snapshot.id).order_by(Assessment.id.desc()).limit(1)
    )
    level = session.scalar(judged)
    if level is None:
        raise NotAllowed(what, why="the post was edited after it was confirmed and its new text is not judged yet")
    if level < Level.ABUSIVE:
        raise NotAllowed(what, why=f"the post was edited and its new text is judged level {int(level)}: {LAWFUL}")


def check_request(session: Session, request: TakedownRequest) -> None:
    """Every post of the request is still the version reported and rests on a confirmed incident of level 2 or above.

    Raises NotAllowed: a version that is no longer there is never reported.
    """
    what = f"takedown request {request.id}"
    served = [link.incident for link in request.incidents]
    if not request.items:
        raise NotAllowed(what, why="it holds no post")
    for item in request.items:
        newest = newest_version(session, item.snapshot.post_id)
        if newest is None or newest.id != item.snapshot_id:
            raise NotAllowed(
                what,
                why="a post in it was edited since, and the version reported is no longer there; "
                "withdraw the request and draft it again",
            )
        _check_served(session, [incident for incident in served if incident.post_id == newest.post_id], what)


def _check_served(session: Session, incidents: list[Incident], what: str) -> None:
    refusal = NotAllowed(what, why="no incident stands behind one of its posts")
    for incident in incidents:
        try:
            ground_of(session, incident)
        except NotAllowed as lacking:
            refusal = NotAllowed(what, why=f"{lacking.what}: {lacking.why}")
        else:
            return
    raise refusal


def reporter(session: Session, platform: str, *, now: datetime) -> Account | None:
    """The council's own account for sending reports on a platform, if consent for one is in force."""
    accounts = (
        select(Account)
        .where(Account.platform == platform, Account.use == AccountUse.REPORT)
        .order_by(Account.id.desc())
    )
    return next((account for account in session.scalars(accounts) if account.in_force(now)), None)
