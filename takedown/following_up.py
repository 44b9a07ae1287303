"""Follows sent reports to the end: looks at the agreed times, and believes "gone" only when two checks agree.

Unknown is never gone. It asks platforms, changes states through records, and keeps every answer; it sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platforms.shape import PostRef, Reach, Sighting
from records import incidents, takedowns
from records.audit import record
from records.people import Person
from records.posts import Snapshot
from records.referrals import Referral
from records.store import Store
from records.takedowns import Outcome, RequestIncident, TakedownRequest
from records.vocabulary import IncidentState, NotAllowed, Presence, ReferralState, TakedownState
from takedown.desk import every_council, request_at
from takedown.presence import Check, Standing, standing
from wire.errors import TryLater, WireError

PERSON_LOOKS = "a person looks: this platform cannot be asked by machine"
UNCLEAR_TWICE = "two checks in a row gave no clear answer; a person looks, the checks go on"
NO_CLEAR_ANSWER = "the last check gave no clear answer; a person looks"
_HELD = timedelta(minutes=10)  # how long one worker keeps a check to itself; a crash delays it by no more
_VISIBLE = frozenset({Presence.UP, Presence.UP_LABELLED, Presence.LIMITED_IN_UK})


@dataclass(frozen=True)
class FollowUpPlan:
    """When to look after a report was sent, and how long two checks that agree must lie apart."""

    checks: tuple[timedelta, ...] = (
        timedelta(hours=24),
        timedelta(hours=48),
        timedelta(hours=72),
        timedelta(days=7),
        timedelta(days=14),
        timedelta(days=28),
    )
    agree_after: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        if not self.checks or list(self.checks) != sorted(self.checks) or self.checks[0] < timedelta(0):
            raise ValueError("A follow-up plan needs at least one check, in order of time.")

    def first_check(self, sent_at: datetime) -> datetime:
        """When to look for the first time."""
        return sent_at + self.checks[0]

    def next_check(self, sent_at: datetime, *, after: datetime) -> datetime | None:
        """The first planned moment later than `after`, or None when the plan is over."""
        return next((sent_at + wait for wait in self.checks if sent_at + wait > after), None)


@dataclass(frozen=True)
class Followed:
    """What one run saw. `checked` counts requests; `unknown` those with a post of which nothing clear was learnt;
    `for_a_person` those on platforms that no machine may ask."""

    checked: int = 0
    removed: int = 0
    unknown: int = 0
    returned: int = 0
    still_up: int = 0
    for_a_person: int = 0

    def __add__(self, other: Followed) -> Followed:
        return Followed(
            checked=self.checked + other.checked,
            removed=self.removed + other.removed,
            unknown=self.unknown + other.unknown,
            returned=self.returned + other.returned,
            still_up=self.still_up + other.still_up,
            for_a_person=self.for_a_person + other.for_a_person,
        )


@dataclass(frozen=True)
class _Round:
    """One request to be checked, with no session open."""

    request_id: int
    platform: str
    posts: tuple[tuple[int, PostRef], ...] = field(repr=False)


def follow_up_due(store: Store, *, reach: Reach, plan: FollowUpPlan, now: datetime) -> Followed:
    """Look at every sent or removed request whose next check is due, and draw the conclusion. Safe to repeat.

    Where a platform cannot be asked by machine the check stays due and is named as a person's task.
    """
    total = Followed()
    for council_id in every_council(store):
        for request_id, due_at in _due(store, council_id, now=now):
            total += _follow(store, council_id, request_id, due_at, reach=reach, plan=plan, now=now)
    return total


def conclude(
    session: Session,
    request: TakedownRequest,
    sightings: Sequence[tuple[int, Sighting]],
    *,
    plan: FollowUpPlan,
    by: Person | None,
    now: datetime,
) -> Followed:
    """Keep what was seen of each post version of a request, whoever looked, and move the request on.

    Raises NotAllowed when the request is not being followed.
    """
    if request.state not in (TakedownState.SENT, TakedownState.REMOVED):
        raise NotAllowed(f"takedown request {request.id}", why=f"it is {request.state.value} and is not followed")
    for snapshot_id, sighting in sightings:
        session.add(
            Outcome(
                council_id=request.council_id,
                request_id=request.id,
                snapshot_id=snapshot_id,
                at=now,
                presence=sighting.presence,
                how_known=sighting.how_known,
            )
        )
    session.flush()
    session.refresh(request, ["outcomes"])
    if request.state is TakedownState.REMOVED:
        return _look_again(session, request, plan=plan, by=by, now=now)
    return _decide(session, request, plan=plan, by=by, now=now)


def _due(store: Store, council_id: int, *, now: datetime) -> Sequence[tuple[int, datetime]]:
    due = (
        select(TakedownRequest.id, TakedownRequest.next_check_at)
        .where(TakedownRequest.state.in_((TakedownState.SENT, TakedownState.REMOVED)))
        .where(TakedownRequest.next_check_at <= now, TakedownRequest.problem != PERSON_LOOKS)
        .order_by(TakedownRequest.next_check_at)
    )
    with store.reading(council_id) as session:
        return [(request_id, due_at) for request_id, due_at in session.execute(due) if due_at is not None]


def _follow(
    store: Store,
    council_id: int,
    request_id: int,
    due_at: datetime,
    *,
    reach: Reach,
    plan: FollowUpPlan,
    now: datetime,
) -> Followed:
    with store.writing(council_id) as session:
        to_check = _take(session, request_id, due_at, reach=reach, now=now)
    if to_check is None:
        return Followed()
    if not to_check.posts:
        return Followed(for_a_person=1)
    seen = [(snapshot_id, _look(reach, to_check.platform, post)) for snapshot_id, post in to_check.posts]
    with store.writing(council_id) as session:
        request = request_at(session, request_id)
        try:
            return conclude(session, request, seen, plan=plan, by=None, now=now)
        except NotAllowed:
            # A person moved it on while we looked; what they decided stands.
            return Followed()


def _take(session: Session, request_id: int, due_at: datetime, *, reach: Reach, now: datetime) -> _Round | None:
    """Claim one check. None when another worker has it; a round without posts when a person must look."""
    claim = (
        update(TakedownRequest)
        .where(TakedownRequest.id == request_id, TakedownRequest.next_check_at == due_at)
        .values(next_check_at=now + _HELD)
        .returning(TakedownRequest.id)
    )
    if session.execute(claim).first() is None:
        return None
    request = session.scalars(select(TakedownRequest).where(TakedownRequest.id == request_id)).one()
    platform = reach.platforms.get(request.platform)
    if platform is None or platform.look is None or platform.needs_application:
        request.next_check_at = due_at
        request.problem = PERSON_LOOKS
        return _Round(request_id=request_id, platform=request.platform, posts=())
    versions = [item.snapshot for item in request.items]
    return _Round(
        request_id=request_id,
        platform=request.platform,
        posts=tuple((version.id, _ref(version)) for version in versions),
    )


def _ref(version: Snapshot) -> PostRef:
    post = version.post
    return PostRef(
        external_id=post.external_id or "",
        version=version.version or "",
        url=post.url or "",
        author_id=post.author_id or "",
    )


def _look(reach: Reach, platform: str, post: PostRef) -> Sighting:
    """Ask the platform without anybody's credential; every failure is an answer of its own: unknown."""
    ask = reach.platforms[platform].look
    assert ask is not None
    try:
        return ask(reach.paced(platform), reach.anonymous(platform), post)
    except TryLater as later:
        presence = Presence.RATE_LIMITED if later.rate_limited else Presence.UNKNOWN
        return Sighting(presence=presence, how_known=later.why)
    except WireError as failed:
        return Sighting(presence=Presence.UNKNOWN, how_known=failed.why)


def _standings(request: TakedownRequest, plan: FollowUpPlan) -> list[Standing]:
    found = []
    for item in request.items:
        checks = [Check(row.at, row.presence) for row in request.outcomes if row.snapshot_id == item.snapshot_id]
        found.append(standing(checks, agree_after=plan.agree_after))
    return found


def _decide(
    session: Session, request: TakedownRequest, *, plan: FollowUpPlan, by: Person | None, now: datetime
) -> Followed:
    posts = _standings(request, plan)
    planned = plan.next_check(request.sent_at or now, after=now)
    unknown = 1 if any(not post.latest.known for post in posts) else 0
    request.problem = ""
    if all(post.gone for post in posts):
        takedowns.removed(session, request, at=now, next_check_at=planned)
        _note(session, request, "takedown removed", posts, by=by, now=now)
        _close_incidents(session, request, now=now)
        return Followed(checked=1, removed=1)
    settles = [post.settles_at for post in posts if post.settles_at is not None]
    open_only = all(post.gone or post.settles_at is not None for post in posts)
    if settles and open_only:
        request.next_check_at = max(*settles, now + timedelta(seconds=1))
    elif planned is not None:
        request.next_check_at = planned
        request.problem = UNCLEAR_TWICE if any(post.unclear_twice for post in posts) else ""
    elif any(post.latest.known and not post.latest.gone for post in posts):
        takedowns.refused(session, request, at=now, problem=_still_there(posts))
        _note(session, request, "takedown still up", posts, by=by, now=now)
        return Followed(checked=1, still_up=1, unknown=unknown)
    else:
        request.next_check_at, request.problem = None, NO_CLEAR_ANSWER
    return Followed(checked=1, unknown=unknown)


def _still_there(posts: Sequence[Standing]) -> str:
    if any(post.latest in _VISIBLE for post in posts):
        return "still up at the last check"
    return "not removed: the author's account is deactivated, and the post may come back"


def _look_again(
    session: Session, request: TakedownRequest, *, plan: FollowUpPlan, by: Person | None, now: datetime
) -> Followed:
    posts = _standings(request, plan)
    planned = plan.next_check(request.sent_at or now, after=now)
    unknown = 1 if any(not post.latest.known for post in posts) else 0
    request.problem = ""
    if not any(post.latest in _VISIBLE for post in posts):
        request.next_check_at = planned
        return Followed(checked=1, unknown=unknown)
    takedowns.returned(session, request, next_check_at=planned or now + plan.agree_after)
    _note(session, request, "takedown returned", posts, by=by, now=now)
    for link in request.incidents:
        if link.incident.state is IncidentState.CLOSED:
            incidents.reopen(session, link.incident, by=None, at=now, reason="a post that was gone is back")
    return Followed(checked=1, returned=1, unknown=unknown)


def _note(
    session: Session,
    request: TakedownRequest,
    act: str,
    posts: Sequence[Standing],
    *,
    by: Person | None,
    now: datetime,
) -> None:
    seen = ", ".join(sorted({post.latest.value for post in posts}))
    subject = f"takedown request {request.id}"
    record(session, request.council_id, at=now, by=by, act=act, subject=subject, detail=seen)


def _close_incidents(session: Session, request: TakedownRequest, *, now: datetime) -> None:
    """Close what has nothing left to do: every report about it ended in removal, and no referral is open."""
    for link in request.incidents:
        incident = link.incident
        if incident.state is not IncidentState.CONFIRMED or _pending(session, incident.id):
            continue
        incidents.close(session, incident, by=None, at=now, reason="every reported post of it is gone")
        subject = f"incident {incident.id}"
        record(session, incident.council_id, at=now, by=None, act="close incident", subject=subject)


def _pending(session: Session, incident_id: int) -> bool:
    open_request = (
        select(TakedownRequest.id)
        .join(RequestIncident, RequestIncident.request_id == TakedownRequest.id)
        .where(RequestIncident.incident_id == incident_id)
        .where(TakedownRequest.state.not_in((TakedownState.REMOVED, TakedownState.WITHDRAWN, TakedownState.REFUSED)))
    )
    open_referral = select(Referral.id).where(
        Referral.incident_id == incident_id, Referral.state != ReferralState.CLOSED
    )
    return any(session.scalar(question.limit(1)) is not None for question in (open_request, open_referral))
