"""A few unflagged posts of each day, drawn while their words are still there and shown to people for review.

The draw decides nothing and keeps nothing longer: a sampled post goes when every other lawful one goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, joinedload

from monitor import intake, raising
from monitor.intake import CannotTake, FindPost, Reported
from monitor.keeping import post_key
from platforms.shape import Platform
from records import audit, incidents
from records.assessments import Assessment
from records.councils import Council
from records.counts import ScoreCount, bin_of, day_of
from records.incidents import Incident
from records.people import Councillor, Person
from records.posts import Mention, Post, Snapshot
from records.samples import Sample
from records.store import Store
from records.vault import Vault
from records.vocabulary import Level, NotAllowed, Origin, Stratum

NEAREST = 10
"""One in so many of a day's unflagged posts, those with the highest scores, counts as near the line."""
_DAY = timedelta(days=1)
_WHY = "found in the sample of posts that were not flagged"


@dataclass(frozen=True)
class _Unflagged:
    """One post of the day that nobody was shown."""

    snapshot_id: int
    model: str
    model_version: str
    report: float


@dataclass(frozen=True)
class _Chosen:
    post: _Unflagged
    stratum: Stratum
    weight: float


@dataclass(frozen=True)
class Place:
    """Where the reviewer found a post on its platform: what is needed to report it there."""

    url: str
    find: FindPost
    platforms: Sequence[Platform]


def draw_due(store: Store, *, a_day: int, line: Level, now: datetime) -> int:
    """Draw up to `a_day` posts of yesterday (UTC) for each council, unless that is done; how many were drawn.

    Drawn from the posts below `line` that no person reported and whose words are still there. The same day always
    gives the same posts: they are ordered by a keyed fingerprint, which nobody can foresee.
    """
    if not a_day:
        return 0
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id)).all()
    day = day_of(now) - _DAY
    return sum(_draw(store, council_id, a_day=a_day, line=line, day=day, now=now) for council_id in councils)


def _draw(store: Store, council_id: int, *, a_day: int, line: Level, day: datetime, now: datetime) -> int:
    with store.reading(council_id) as session:
        if _is_done(session, day):
            return 0
    with store.writing(council_id) as session:
        # Held, so that two workers never both draw.
        session.execute(select(Council.id).where(Council.id == council_id).with_for_update())
        if _is_done(session, day):
            return 0
        unflagged = _unflagged(session, line=line, day=day)
        chosen = list(_choose(unflagged, a_day=a_day, vault=store.vault, day=day))
        for one in chosen:
            post = one.post
            session.add(
                Sample(
                    snapshot_id=post.snapshot_id,
                    day=day,
                    stratum=one.stratum,
                    bin=bin_of(post.report),
                    weight=one.weight,
                    model=post.model,
                    model_version=post.model_version,
                )
            )
            session.flush()
        if chosen:
            detail = f"{len(chosen)} of {len(unflagged)} unflagged posts of {day:%Y-%m-%d}"
            audit.record(
                session, council_id, at=day + _DAY, by=None, act="drew a sample", subject="sample", detail=detail
            )
    return len(chosen)


def _is_done(session: Session, day: datetime) -> bool:
    drawn = exists().where(Sample.day == day)
    judged = exists().where(ScoreCount.day == day)
    return bool(session.scalar(select(drawn))) or not session.scalar(select(judged))


def _unflagged(session: Session, *, line: Level, day: datetime) -> list[_Unflagged]:
    """The day's posts that stayed below the line, each with its newest judgement of that day."""
    newest: dict[int, _Unflagged] = {}
    for post_id, snapshot_id, model, version, report in session.execute(_judged_on(day).where(Assessment.level < line)):
        newest[post_id] = _Unflagged(snapshot_id, model, version, report)
    return list(newest.values())


def _judged_on(day: datetime) -> Select[int, int, str, str, float]:
    return (
        select(Snapshot.post_id, Snapshot.id, Assessment.model, Assessment.model_version, Assessment.report)
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .join(Post, Post.id == Snapshot.post_id)
        .where(
            Assessment.at >= day,
            Assessment.at < day + _DAY,
            Snapshot.forgotten_at.is_(None),
            Snapshot.text != "",
            Post.origin != Origin.HAND,
            ~exists().where(Incident.post_id == Post.id),
            ~exists().where(Sample.snapshot_id == Snapshot.id),
        )
        .order_by(Assessment.id)
    )


def _choose(posts: Sequence[_Unflagged], *, a_day: int, vault: Vault, day: datetime) -> Iterator[_Chosen]:
    """Half from those near the line, half from the rest, each by chance; in an order that tells nothing."""
    by_score = sorted(posts, key=lambda one: (-one.report, one.snapshot_id))
    most_near = max(a_day // 2, math.ceil(len(posts) / NEAREST))
    near, rest = by_score[:most_near], by_score[most_near:]
    from_rest = min(len(rest), a_day - min(len(near), a_day // 2))
    from_near = min(len(near), a_day - from_rest)

    def chance(one: _Unflagged) -> str:
        return vault.fingerprint("sample", day.isoformat(), str(one.snapshot_id))

    drawn = [
        _Chosen(one, stratum, weight=len(among) / number)
        for stratum, among, number in ((Stratum.NEAR, near, from_near), (Stratum.REST, rest, from_rest))
        for one in sorted(among, key=chance)[:number]
    ]
    yield from sorted(drawn, key=lambda one: chance(one.post))


def waiting(session: Session, *, limit: int) -> Sequence[Sample]:
    """Drawn posts whose words are there and that nobody has answered, those that go first before the others."""
    return session.scalars(_unanswered().order_by(Sample.day, Sample.id).limit(limit)).all()


def _unanswered() -> Select[Sample]:
    return (
        select(Sample)
        .join(Snapshot, Snapshot.id == Sample.snapshot_id)
        .where(Sample.level.is_(None), Snapshot.forgotten_at.is_(None))
        .options(joinedload(Sample.snapshot).joinedload(Snapshot.post))
    )


def shown(session: Session, sample_id: int, *, by: Person, now: datetime) -> Sample:
    """One drawn post with its words, noted in the audit log as a look. Raises NotAllowed when it cannot be shown."""
    sample = _open(session, sample_id)
    audit.record(session, sample.council_id, at=now, by=by, act="reveal text", subject=f"sample {sample_id}")
    return sample


def answer(
    session: Session,
    vault: Vault,
    sample_id: int,
    *,
    level: Level,
    by: Person,
    now: datetime,
    place: Place | None = None,
) -> list[int]:
    """Keep what a person says of a drawn post; from level 2 on it becomes an incident: the numbers of those opened.

    Its author and address went when it was judged lawful. With `place` the address is taken in again, if it is this
    post's; without, nothing can be reported to the platform. Raises NotAllowed, CannotTake.
    """
    sample = _open(session, sample_id)
    sample.level, sample.answered_at = level, now
    subject = f"sample {sample_id}"
    audit.record(
        session, sample.council_id, at=now, by=by, act="answered", subject=subject, detail=f"level {int(level)}"
    )
    return _raise(session, vault, sample, level=level, by=by, now=now, place=place) if level >= Level.ABUSIVE else []


def _open(session: Session, sample_id: int) -> Sample:
    subject = f"sample {sample_id}"
    held = session.scalar(select(Sample).where(Sample.id == sample_id).with_for_update())
    if held is None:
        raise NotAllowed(subject, why="no such sample")
    if held.level is not None:
        raise NotAllowed(subject, why="somebody has answered it")
    if held.snapshot is None or held.snapshot.forgotten_at is not None:
        raise NotAllowed(subject, why="its words have been deleted, as those of every lawful post")
    return held


def _raise(
    session: Session, vault: Vault, sample: Sample, *, level: Level, by: Person, now: datetime, place: Place | None
) -> list[int]:
    """As a person's report: the post is theirs from now on, no machine discards it, and an incident is opened."""
    assert sample.snapshot is not None
    post = sample.snapshot.post
    about = _still_in(session, post)
    if place is not None and place.url.strip():
        _take_in(session, vault, post, about[0], place=place, by=by, now=now)
    post.origin, post.lawful_at = Origin.HAND, None
    judged = select(Assessment).where(Assessment.snapshot_id == sample.snapshot_id)
    newest = session.scalars(judged.order_by(Assessment.id.desc()).limit(1)).one()
    opened = raising.raise_found(session, newest, about, now=now)
    for incident in opened:
        if level > incident.level:
            incidents.raise_level(session, incident, to=level, by=by, at=now, reason=_WHY)
    return [incident.id for incident in opened]


def _still_in(session: Session, post: Post) -> Sequence[Mention]:
    """Whom it is about, apart from councillors who have withdrawn. Raises NotAllowed when nobody is left."""
    about = session.scalars(
        select(Mention)
        .join(Councillor, Councillor.id == Mention.councillor_id)
        .where(Mention.post_id == post.id, Councillor.withdrawn_at.is_(None))
        .order_by(Mention.id)
    ).all()
    if not about:
        raise NotAllowed(f"post {post.id}", why="the councillor has withdrawn; nothing more is stored about them")
    return about


def _take_in(
    session: Session, vault: Vault, post: Post, mention: Mention, *, place: Place, by: Person, now: datetime
) -> None:
    found = place.find(place.url.strip())
    if found is None:
        raise CannotTake("url", "not the address of a single post")
    platform, external_id = found
    if post_key(vault, platform=platform.key, external_id=external_id) != post.key:
        raise CannotTake("url", "the address of another post, or another address of this one; leave it empty if unsure")
    report = Reported(url=place.url, platform=platform.key)
    intake.report_post(
        session,
        vault,
        report,
        find=place.find,
        platforms=place.platforms,
        councillor_id=mention.councillor_id,
        reporter=by,
        now=now,
    )
