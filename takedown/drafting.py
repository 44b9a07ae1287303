"""Drafts reports for confirmed incidents: one per author, platform and harm, within the platform's limits.

The machine drafts and a person may ask for a draft; neither approves or sends here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from platforms.shape import Reach, ReportRoute
from records import takedowns
from records.audit import record
from records.councils import Council
from records.incidents import Incident
from records.people import Person
from records.posts import Snapshot
from records.store import Store
from records.takedowns import RequestIncident, RequestItem, TakedownRequest
from records.vocabulary import Harm, IncidentState, Label, Level, NotAllowed, RouteKind, TakedownState
from takedown.desk import every_council
from takedown.grounds import Ground, ground_of, newest_version
from takedown.routing import Way, likely_harm, other_routes, route_of, use_route, way_for
from takedown.wording import Facts, ReportedPost, Target, compose

__all__ = ["Drafted", "compose", "draft", "draft_due", "likely_harm", "redraft"]


@dataclass(frozen=True)
class Drafted:
    """How many requests were drafted or joined, and how many confirmed incidents could not be reported as they are."""

    drafted: int
    skipped: int


def draft_due(store: Store, *, reach: Reach, now: datetime) -> Drafted:
    """Draft a request for every confirmed incident of level 2 or above whose present post version has none.

    Safe to repeat; an incident that cannot be reported is skipped and looked at again next time.
    """
    drafted = skipped = 0
    for council_id in every_council(store):
        with store.writing(council_id) as session:
            _take_turns(session, council_id)
            _let_go_of_old_versions(session, reach=reach, now=now)
            grounds, lacking = _due_grounds(session)
            skipped += lacking
            for group in _groups(grounds, reach=reach):
                done, refused = _draft_group(session, group, reach=reach, now=now)
                drafted += done
                skipped += refused
    return Drafted(drafted=drafted, skipped=skipped)


def draft(
    session: Session,
    grounds: Sequence[Ground],
    *,
    reach: Reach,
    harm: Harm | None,
    by: Person | None,
    now: datetime,
) -> TakedownRequest:
    """A drafted request for posts of one author on one platform, or the one that already reports them, joined.

    `harm` is the reason a person chose; None takes the most urgent likely one. `by` is None for the machine.
    Raises NotAllowed when the posts do not belong together, do not fit, or were already reported both ways.
    """
    _take_turns(session, grounds[0].post.council_id)
    _check_together(grounds)
    route = route_of(reach, grounds[0].post.platform)
    chosen = harm or likely_harm(_labels(grounds), route)
    held, spent = _reported_before(session, grounds, chosen)
    for request in held.values():
        _join(session, request, grounds)
    fresh = [ground for ground in grounds if ground.snapshot.id not in held]
    if fresh:
        way = way_for(session, route.platform, reach=reach, harm=chosen, spent=spent, now=now)
        return _new(session, fresh, way=way, by=by, now=now)
    request = next(iter(held.values()))
    if request.state is TakedownState.WITHDRAWN and by is not None:
        redraft(session, request, reach=reach, now=now)
    elif request.state is TakedownState.DRAFTED:
        _reword(session, request, route)
    return request


def redraft(session: Session, request: TakedownRequest, *, reach: Reach, now: datetime) -> None:
    """Draft a withdrawn request anew for those of its posts that may still be reported. Raises NotAllowed.

    What was sent once is never sent again by the same route for the same reason: ask for a new draft instead.
    """
    what = f"takedown request {request.id}"
    if request.sent_at is not None:
        raise NotAllowed(what, why="it was sent once already; draft the incident anew for another route or reason")
    kept = [item for item in request.items if _still_reportable(session, request, item)]
    if not kept:
        raise NotAllowed(what, why="none of its posts may be reported as it stands now; draft the incident anew")
    for item in list(request.items):
        if item not in kept:
            request.items.remove(item)
            session.delete(item)
    session.flush()
    spent = other_routes(session, request)
    way = way_for(session, request.platform, reach=reach, harm=request.harm, spent=spent, now=now)
    use_route(session, request, way.kind)
    request.category, request.category_label = way.category.token or way.category.label, way.category.label
    facts = _facts(session, [item.snapshot for item in request.items], _served(request))
    takedowns.redraft(session, request, text=compose(facts, way.route, request.harm), at=now)


def _take_turns(session: Session, council_id: int) -> None:
    """Drafting of one council goes one at a time, so that two drafts never claim the same post version."""
    session.execute(select(Council.id).where(Council.id == council_id).with_for_update())


def _let_go_of_old_versions(session: Session, *, reach: Reach, now: datetime) -> None:
    """Withdraw what reports a version that an edit has replaced, and draft it anew for its other posts, if any."""
    newer = aliased(Snapshot)
    old = exists().where(
        RequestItem.request_id == TakedownRequest.id,
        Snapshot.id == RequestItem.snapshot_id,
        newer.post_id == Snapshot.post_id,
        newer.id > Snapshot.id,
    )
    unsent = TakedownRequest.state.in_((TakedownState.DRAFTED, TakedownState.APPROVED))
    for request in session.scalars(select(TakedownRequest).where(unsent, old)).all():
        takedowns.withdraw(session, request, at=now)
        detail = "the post was edited since; that version is no longer there"
        subject = f"takedown request {request.id}"
        record(session, request.council_id, at=now, by=None, act="withdraw takedown", subject=subject, detail=detail)
        with suppress(NotAllowed):
            redraft(session, request, reach=reach, now=now)


def _due_grounds(session: Session) -> tuple[list[Ground], int]:
    versions = select(func.max(Snapshot.id)).where(Snapshot.post_id == Incident.post_id)
    newest = versions.correlate(Incident).scalar_subquery()
    reported = exists().where(
        RequestIncident.incident_id == Incident.id,
        RequestItem.request_id == RequestIncident.request_id,
        RequestItem.snapshot_id == newest,
    )
    due = select(Incident).where(
        Incident.state == IncidentState.CONFIRMED,
        Incident.level >= Level.ABUSIVE,
        Incident.post_id.is_not(None),
        ~reported,
    )
    grounds, lacking = [], 0
    for incident in session.scalars(due.order_by(Incident.level.desc(), Incident.id)).all():
        try:
            grounds.append(ground_of(session, incident))
        except NotAllowed:
            lacking += 1
    return grounds, lacking


def _groups(grounds: Sequence[Ground], *, reach: Reach) -> Iterable[Sequence[Ground]]:
    """Together what one report can hold: one platform, one known author, one harm. A post keeps its incidents."""
    together: dict[tuple[str, str, Harm | None], list[Ground]] = defaultdict(list)
    by_post: dict[int, list[Ground]] = defaultdict(list)
    for ground in grounds:
        by_post[ground.post.id].append(ground)
    for same_post in by_post.values():
        post = same_post[0].post
        route = reach.routes.get(post.platform)
        try:
            harm = likely_harm(_labels(same_post), route) if route else None
        except NotAllowed:
            harm = None
        together[post.platform, post.author_id or f"post {post.id}", harm].extend(same_post)
    return together.values()


def _draft_group(session: Session, group: Sequence[Ground], *, reach: Reach, now: datetime) -> tuple[int, int]:
    done = refused = 0
    for batch in _batches(session, group, reach=reach):
        try:
            draft(session, batch, reach=reach, harm=None, by=None, now=now)
        except NotAllowed:
            refused += len(batch)
        else:
            done += 1
    return done, refused


def _batches(session: Session, group: Sequence[Ground], *, reach: Reach) -> Iterator[list[Ground]]:
    """Split a group where the platform's posts per report, or the room for links in its text, is used up."""
    route = reach.routes.get(group[0].post.platform)
    batch: list[Ground] = []
    for ground in group:
        if batch and not (route and _fit_together(session, [*batch, ground], route)):
            yield batch
            batch = []
        batch.append(ground)
    if batch:
        yield batch


def _fit_together(session: Session, grounds: Sequence[Ground], route: ReportRoute) -> bool:
    snapshots = _versions(grounds)
    if len(snapshots) > route.posts_per_report:
        return False
    try:
        facts = _facts(session, snapshots, [ground.incident for ground in grounds])
        compose(facts, route, likely_harm(_labels(grounds), route))
    except NotAllowed:
        return False
    return True


def _check_together(grounds: Sequence[Ground]) -> None:
    first = grounds[0].post
    for ground in grounds:
        same_author = ground.post.id == first.id or (
            first.author_id is not None and ground.post.author_id == first.author_id
        )
        if ground.post.platform != first.platform or not same_author:
            raise NotAllowed(
                f"incident {ground.incident.id}", why="one report covers posts of one author on one platform only"
            )


def _reported_before(
    session: Session, grounds: Sequence[Ground], harm: Harm
) -> tuple[dict[int, TakedownRequest], frozenset[RouteKind]]:
    """Requests that already report these versions for this reason, and the routes on which that is used up."""
    versions = [snapshot.id for snapshot in _versions(grounds)]
    items = select(RequestItem).where(RequestItem.snapshot_id.in_(versions), RequestItem.harm == harm)
    held: dict[int, TakedownRequest] = {}
    spent = set()
    for item in session.scalars(items.order_by(RequestItem.id)).all():
        request = item.request
        withdrawn = request.state is TakedownState.WITHDRAWN
        if request.state is TakedownState.REFUSED or (withdrawn and request.sent_at is not None):
            spent.add(item.route)
        elif item.snapshot_id not in held or held[item.snapshot_id].state is TakedownState.WITHDRAWN:
            held[item.snapshot_id] = request
    return held, frozenset(spent)


def _new(session: Session, grounds: Sequence[Ground], *, way: Way, by: Person | None, now: datetime) -> TakedownRequest:
    snapshots = _versions(grounds)
    if len(snapshots) > way.route.posts_per_report:
        raise NotAllowed(
            f"a report on {way.route.platform}",
            why=f"it takes at most {way.route.posts_per_report} post(s) per report, not {len(snapshots)}",
        )
    harm = way.category.harm
    request = TakedownRequest(
        council_id=grounds[0].post.council_id,
        platform=way.route.platform,
        route=way.kind,
        harm=harm,
        category=way.category.token or way.category.label,
        category_label=way.category.label,
        state=TakedownState.DRAFTED,
        text=compose(_facts(session, snapshots, [ground.incident for ground in grounds]), way.route, harm),
        drafted_at=now,
    )
    for snapshot in snapshots:
        request.items.append(
            RequestItem(council_id=request.council_id, snapshot_id=snapshot.id, route=way.kind, harm=harm)
        )
    session.add(request)
    session.flush()
    _join(session, request, grounds)
    if by is None:
        detail = f"{way.kind.value}, {harm.value}, {len(snapshots)} post(s)"
        subject = f"takedown request {request.id}"
        record(session, request.council_id, at=now, by=None, act="draft takedown", subject=subject, detail=detail)
    return request


def _join(session: Session, request: TakedownRequest, grounds: Sequence[Ground]) -> None:
    posts = {item.snapshot_id for item in request.items}
    served = {link.incident_id for link in request.incidents}
    for ground in grounds:
        if ground.snapshot.id in posts and ground.incident.id not in served:
            served.add(ground.incident.id)
            link = RequestIncident(council_id=request.council_id, incident_id=ground.incident.id)
            link.incident = ground.incident
            request.incidents.append(link)
    session.flush()


def _reword(session: Session, request: TakedownRequest, route: ReportRoute) -> None:
    """Name everybody the request serves now; only while it is a draft, since an approved text is frozen."""
    facts = _facts(session, [item.snapshot for item in request.items], _served(request))
    still_draft = TakedownRequest.id == request.id, TakedownRequest.state == TakedownState.DRAFTED
    session.execute(update(TakedownRequest).where(*still_draft).values(text=compose(facts, route, request.harm)))


def _still_reportable(session: Session, request: TakedownRequest, item: RequestItem) -> bool:
    newest = newest_version(session, item.snapshot.post_id)
    if newest is None or newest.id != item.snapshot_id:
        return False
    for incident in _served(request):
        if incident.post_id == newest.post_id:
            try:
                ground_of(session, incident)
            except NotAllowed:
                continue
            return True
    return False


def _served(request: TakedownRequest) -> list[Incident]:
    return [link.incident for link in request.incidents]


def _versions(grounds: Sequence[Ground]) -> list[Snapshot]:
    return list({ground.snapshot.id: ground.snapshot for ground in grounds}.values())


def _labels(grounds: Sequence[Ground]) -> frozenset[Label]:
    return frozenset(label for ground in grounds for label in ground.incident.labels)


def _facts(session: Session, snapshots: Sequence[Snapshot], incidents: Sequence[Incident]) -> Facts:
    council_id = snapshots[0].council_id
    council = session.scalars(select(Council.name).where(Council.id == council_id)).one()
    people = {incident.councillor_id: incident.councillor for incident in incidents}
    return Facts(
        council=council,
        posts=tuple(_reported(snapshot) for snapshot in snapshots),
        targets=tuple(Target(name=person.name, ward=person.ward) for _, person in sorted(people.items())),
    )


def _reported(snapshot: Snapshot) -> ReportedPost:
    post = snapshot.post
    return ReportedPost(
        url=post.url or "",
        external_id=post.external_id or "",
        version=snapshot.version or "",
        author_handle=post.author_handle or "",
        author_id=post.author_id or "",
        words=snapshot.words,
        posted_at=post.posted_at,
        seen_at=snapshot.seen_at,
    )
