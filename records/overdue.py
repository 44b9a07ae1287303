"""What is past its time: the queries behind `records.retention`. They select by date and change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_

from records.assessments import Assessment
from records.incidents import Incident
from records.posts import Mention, Post, Snapshot
from records.referrals import Referral
from records.takedowns import RequestItem, TakedownRequest
from records.vocabulary import IncidentState, Level, ReferralState, TakedownState

_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class RetentionPolicy:
    """How long what is kept, as the council decided; the defaults are those of its data protection assessment.

    `lawful_text`: the words of a post judged lawful. `second_thoughts`: how long a dismissal by a person can be taken
    back before the post goes as lawful. `uncivil` counts from the author's last incident, `abusive` and `serious` from
    the incident itself. `held` are ids of incidents under a legal hold, which never expire. `at_once` is how many rows
    go in one transaction, so that nobody waits long for the database.
    """

    lawful_text: timedelta = timedelta(hours=72)
    second_thoughts: timedelta = timedelta(hours=72)
    uncivil: timedelta = _YEAR
    abusive: timedelta = 2 * _YEAR
    serious: timedelta = 6 * _YEAR + timedelta(days=2)
    audit: timedelta = 6 * _YEAR + timedelta(days=2)
    held: frozenset[int] = frozenset()
    at_once: int = 500


_AUTHOR = func.coalesce(Post.author_id, Post.author_handle, "")
_REPORTED = (
    TakedownState.SENDING,
    TakedownState.IN_DOUBT,
    TakedownState.SENT,
    TakedownState.REMOVED,
    TakedownState.REFUSED,
)
_WITH_POLICE = (ReferralState.REPORTED, ReferralState.ACKNOWLEDGED)


def lawful_texts(policy: RetentionPolicy, *, now: datetime) -> Select[int]:
    """Versions of lawful posts whose words have been kept long enough."""
    return (
        select(Snapshot.id)
        .join(Snapshot.post)
        .where(Post.lawful_at <= now - policy.lawful_text, Snapshot.forgotten_at.is_(None))
        .order_by(Snapshot.id)
    )


def dismissed_posts(policy: RetentionPolicy, *, now: datetime) -> Select[int]:
    """Posts a person found not abusive, for all councillors, long enough ago; not what was already reported."""
    of_post = Incident.post_id == Post.id
    undecided = or_(
        Incident.state != IncidentState.DISMISSED,
        Incident.decided_at > now - policy.second_thoughts,
        Incident.id.in_(policy.held),
        exists().where(Referral.incident_id == Incident.id, Referral.state.in_(_WITH_POLICE)),
    )
    return (
        select(Post.id)
        .where(
            Post.lawful_at.is_(None),
            exists().where(of_post, Incident.state == IncidentState.DISMISSED),
            ~exists().where(of_post, undecided),
            ~_reported(),
        )
        .order_by(Post.id)
    )


def old_incidents(policy: RetentionPolicy, *, now: datetime) -> Select[int]:
    """Incidents past the time of their level; none on hold and none that the police have not answered for good."""
    past_uncivil = now - policy.uncivil
    return (
        select(Incident.id)
        .outerjoin(Post, Post.id == Incident.post_id)
        .where(
            or_(
                and_(
                    or_(Incident.level <= Level.UNCIVIL, _dismissed_for_good()),
                    Incident.raised_at <= past_uncivil,
                    or_(Incident.post_id.is_(None), _silent_since(past_uncivil)),
                ),
                and_(Incident.level == Level.ABUSIVE, Incident.raised_at <= now - policy.abusive),
                and_(Incident.level >= Level.SERIOUS, Incident.raised_at <= now - policy.serious),
            ),
            Incident.id.not_in(policy.held),
            ~exists().where(Referral.incident_id == Incident.id, Referral.state.in_(_WITH_POLICE)),
        )
        .order_by(Incident.id)
    )


def old_posts(policy: RetentionPolicy, *, now: datetime) -> Select[int]:
    """Posts that never became an incident, past the time of the level they were judged."""
    of_post = Snapshot.post_id == Post.id
    level = func.coalesce(
        select(func.max(Assessment.level))
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .where(of_post)
        .correlate(Post)
        .scalar_subquery(),
        0,
    )
    past_uncivil = now - policy.uncivil
    return (
        select(Post.id)
        .where(
            Post.lawful_at.is_(None),
            Post.first_seen_at <= past_uncivil,
            exists().where(Mention.post_id == Post.id),
            exists().where(of_post, Snapshot.forgotten_at.is_(None)),
            ~exists().where(Incident.post_id == Post.id),
            or_(
                and_(level <= int(Level.UNCIVIL), _silent_since(past_uncivil)),
                and_(level == int(Level.ABUSIVE), Post.first_seen_at <= now - policy.abusive),
                Post.first_seen_at <= now - policy.serious,
            ),
        )
        .order_by(Post.id)
    )


def dismissed_accounts(policy: RetentionPolicy, *, now: datetime) -> Select[int]:
    """Dismissed incidents that still hold somebody's account of what happened."""
    return (
        select(Incident.id)
        .where(
            Incident.state == IncidentState.DISMISSED,
            Incident.decided_at <= now - policy.second_thoughts,
            Incident.account_of_it.is_not(None),
            Incident.id.not_in(policy.held),
        )
        .order_by(Incident.id)
    )


def _dismissed_for_good() -> ColumnElement[bool]:
    """Dismissed and let go; what had already been reported keeps the time of its level."""
    let_go = or_(Incident.post_id.is_(None), Post.lawful_at.is_not(None))
    return and_(Incident.state == IncidentState.DISMISSED, let_go)


def _silent_since(moment: datetime) -> ColumnElement[bool]:
    """The post's author has had no post or incident held since `moment`; an unknown author never had another."""
    other = Post.__table__.alias("other_post")
    author = func.coalesce(other.c.author_id, other.c.author_handle, "")
    recent = (
        select(other.c.council_id, other.c.platform, author)
        .outerjoin(Incident, Incident.post_id == other.c.id)
        .where(author != "", or_(other.c.first_seen_at > moment, Incident.raised_at > moment))
    )
    return or_(_AUTHOR == "", tuple_(Post.council_id, Post.platform, _AUTHOR).not_in(recent))


def _reported() -> ColumnElement[bool]:
    """Something of the post has gone, or may have gone, to the platform: the council must be able to account for it."""
    return exists(
        select(RequestItem.id)
        .join(Snapshot, Snapshot.id == RequestItem.snapshot_id)
        .join(TakedownRequest, TakedownRequest.id == RequestItem.request_id)
        .where(Snapshot.post_id == Post.id, TakedownRequest.state.in_(_REPORTED))
        .correlate(Post)
    )
