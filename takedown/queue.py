"""The queue as people see it, for the console and the command line alike: worst first, masked, few queries.

It reads only, and shows nothing of a text but its shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from records.incidents import Incident, IncidentGroup
from records.people import Councillor
from records.posts import Post, Snapshot
from records.takedowns import RequestIncident, TakedownRequest
from records.vocabulary import IncidentKind, IncidentState, Label, Level, RouteKind, TakedownState
from takedown.desk import is_number
from takedown.masking import masked

WAITING = (IncidentState.OPEN, IncidentState.CONFIRMED)
"""States in which an incident stands in the queue."""

_SHOWN = 280  # characters of a text whose mask is shown
_PLACES = 2**40  # more than any incident number: level and number in one comparable value


@dataclass(frozen=True)
class RequestRow:
    """Where the latest report about an incident stands; `problem` says in words what went wrong."""

    id: int
    state: TakedownState
    route: RouteKind
    problem: str
    next_check_at: datetime | None


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue. `id` is the incident's; `count` is above 1 for a pile-on shown as its worst incident.

    `platform` is None when there was no post (a call, a letter). `masked` never holds a word of the text.
    """

    id: int
    level: Level
    state: IncidentState
    kind: IncidentKind
    councillor_id: int
    councillor: str
    platform: str | None
    raised_at: datetime
    group_id: int | None
    count: int
    labels: frozenset[Label]
    masked: str
    request: RequestRow | None


@dataclass(frozen=True)
class Only:
    """What to narrow the queue to; None means all. `state` may also be one in which an incident no longer waits."""

    state: IncidentState | None = None
    level: Level | None = None
    councillor_id: int | None = None

    @property
    def states(self) -> tuple[IncidentState, ...]:
        """The states to list."""
        return WAITING if self.state is None else (self.state,)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as conditions of a query, apart from the state."""
        wanted: list[ColumnElement[bool]] = []
        if self.level is not None:
            wanted.append(Incident.level == self.level)
        if self.councillor_id is not None:
            wanted.append(Incident.councillor_id == self.councillor_id)
        return wanted


EVERYTHING = Only()
"""The whole queue."""


def queue(
    session: Session,
    *,
    needs_person: bool = False,
    limit: int = 50,
    after: int | None = None,
    only: Only = EVERYTHING,
) -> list[QueueRow]:
    """Incidents that wait, worst first and newest first within a level; a pile-on is one row.

    `needs_person` lists only those with a report in doubt or gone wrong, whatever the incident's own state unless
    somebody has dismissed or closed it; a report in doubt is always listed. `after` is the `id` of the last row seen.
    """
    piles = _Piles(only)
    if needs_person:
        found = _troubled(session, limit=limit, after=after, only=only)
    else:
        found = _waiting(session, limit=limit, after=after, piles=piles)
    words = _masks(session, [row.newest for row in found if row.newest is not None])
    requests = _requests(session, [row.request for row in found if row.request is not None])
    return [_row(row, piles=piles, words=words, requests=requests) for row in found]


def waiting_count(session: Session) -> Mapping[tuple[IncidentState, Level], int]:
    """How many incidents wait, by state and level."""
    counts = (
        select(Incident.state, Incident.level, func.count())
        .where(Incident.state.in_(WAITING))
        .group_by(Incident.state, Incident.level)
    )
    return {(state, level): count for state, level, count in session.execute(counts)}


def _row(row: Row[Any], *, piles: _Piles, words: Mapping[int, str], requests: Mapping[int, RequestRow]) -> QueueRow:
    text = words.get(row.newest, "") if row.post_id is not None else masked((row.account_of_it or "")[:_SHOWN])
    return QueueRow(
        id=row.id,
        level=row.level,
        state=row.state,
        kind=row.kind,
        councillor_id=row.councillor_id,
        councillor=row.name,
        platform=row.platform,
        raised_at=row.raised_at,
        group_id=row.group_id,
        count=piles.sizes.get(row.group_id, 1),
        labels=row.labels,
        masked=text,
        request=requests.get(row.request),
    )


def _listing(*, troubled_only: bool = False) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Incident.id,
            Incident.level,
            Incident.state,
            Incident.kind,
            Incident.councillor_id,
            Incident.post_id,
            Incident.group_id,
            Incident.labels,
            Incident.account_of_it,
            Incident.raised_at,
            Councillor.name,
            Post.platform,
            _newest_version().label("newest"),
            _latest_request(troubled_only=troubled_only).label("request"),
        )
        .join(Councillor, Councillor.id == Incident.councillor_id)
        .outerjoin(Post, Post.id == Incident.post_id)
        .order_by(Incident.level.desc(), Incident.raised_at.desc(), Incident.id.desc())
    )


# SQLite keeps no statistics of its own accord: each of these asks by one equality, which takes it to the right index.
def _newest_version() -> ScalarSelect[int | None]:
    newest = select(func.max(Snapshot.id)).where(Snapshot.post_id == Incident.post_id)
    return newest.correlate(Incident).scalar_subquery()


def _latest_request(*, troubled_only: bool) -> ScalarSelect[int | None]:
    latest = (
        select(func.max(TakedownRequest.id))
        .join(RequestIncident, RequestIncident.request_id == TakedownRequest.id)
        .where(RequestIncident.incident_id == Incident.id)
    )
    return (latest.where(_in_trouble()) if troubled_only else latest).correlate(Incident).scalar_subquery()


def _beyond(session: Session, after: int | None) -> ColumnElement[bool]:
    """Everything that stands below the incident `after`; everything at all where there is no such place."""
    if after is None or not is_number(after):
        return true()
    place = session.execute(
        select(Incident.level, Incident.raised_at, Incident.id).where(Incident.id == after)
    ).one_or_none()
    return true() if place is None else _below((place.level, place.raised_at, place.id))


def _below(place: tuple[Level, datetime, int]) -> ColumnElement[bool]:
    order = (Incident.level, Incident.raised_at, Incident.id)
    # Compared as one row, which the queue's index can seek to.
    there = (literal(value, column.type) for column, value in zip(order, place, strict=True))
    return tuple_(*order) < tuple_(*there)


@dataclass(frozen=True)
class _Piles:
    """What is known so far of the pile-ons met: the number of the worst incident of each, and how many it holds."""

    only: Only
    worst: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)

    def alone_or_worst(self) -> ColumnElement[bool]:
        """Leaves out what is known to stand behind the worst of its pile-on."""
        unmet = or_(Incident.group_id.is_(None), Incident.group_id.not_in(list(self.worst)))
        return or_(unmet, Incident.id.in_(list(self.worst.values())))

    def learn(self, session: Session, groups: set[int]) -> None:
        """Find the worst incident of pile-ons met for the first time."""
        listed = and_(Incident.state.in_(self.only.states), *self.only.conditions())
        place = case((listed, cast(Incident.level, BigInteger) * _PLACES + Incident.id))
        new = groups - self.worst.keys()
        sized = (
            select(IncidentGroup.id, func.max(place), func.count(place))
            .join(Incident, Incident.group_id == IncidentGroup.id)
            .where(IncidentGroup.id.in_(new))
            .group_by(IncidentGroup.id)
        )
        for group, worst, size in session.execute(sized) if new else ():
            self.worst[group], self.sizes[group] = (worst or 0) % _PLACES, size


def _waiting(session: Session, *, limit: int, after: int | None, piles: _Piles) -> Sequence[Row[Any]]:
    beyond = _beyond(session, after)
    # One walk per state, so that each reads the queue's index in order and stops at the limit.
    found = [row for state in piles.only.states for row in _walk(session, state, beyond, piles, limit=limit)]
    found.sort(key=lambda row: (row.level, row.raised_at, row.id), reverse=True)
    return found[:limit]


def _walk(
    session: Session, state: IncidentState, beyond: ColumnElement[bool], piles: _Piles, *, limit: int
) -> list[Row[Any]]:
    """The first rows of one state; of each pile-on only its worst incident, wherever the walk begins."""
    found: list[Row[Any]] = []
    while True:
        listing = _listing().where(Incident.state == state, beyond, piles.alone_or_worst(), *piles.only.conditions())
        chunk = session.execute(listing.limit(limit)).all()
        piles.learn(session, {row.group_id for row in chunk if row.group_id is not None})
        found += [row for row in chunk if row.group_id is None or piles.worst[row.group_id] == row.id]
        if len(chunk) < limit or len(found) >= limit:
            return found[:limit]
        last = chunk[-1]
        beyond = _below((last.level, last.raised_at, last.id))


def _in_trouble() -> ColumnElement[bool]:
    return and_(
        TakedownRequest.state != TakedownState.WITHDRAWN,
        or_(TakedownRequest.state == TakedownState.IN_DOUBT, TakedownRequest.problem != ""),
    )


def _troubled(session: Session, *, limit: int, after: int | None, only: Only) -> Sequence[Row[Any]]:
    troubled = (
        select(RequestIncident.incident_id)
        .join(TakedownRequest, TakedownRequest.id == RequestIncident.request_id)
        .where(_in_trouble())
    )
    doubtful = troubled.where(TakedownRequest.state == TakedownState.IN_DOUBT)
    ours = or_(Incident.state.in_(WAITING), Incident.id.in_(doubtful))
    listing = _listing(troubled_only=True).where(Incident.id.in_(troubled), ours, *only.conditions())
    if only.state is not None:
        listing = listing.where(Incident.state == only.state)
    return session.execute(listing.where(_beyond(session, after)).limit(limit)).all()


def _masks(session: Session, versions: Sequence[int]) -> Mapping[int, str]:
    texts = select(Snapshot.id, Snapshot.warning, Snapshot.text, Snapshot.alt_text).where(Snapshot.id.in_(versions))
    shown = {}
    for number, *parts in session.execute(texts) if versions else ():
        shown[number] = masked("\n".join(part for part in parts if part)[:_SHOWN])
    return shown


def _requests(session: Session, numbers: Sequence[int]) -> Mapping[int, RequestRow]:
    wanted = select(
        TakedownRequest.id,
        TakedownRequest.state,
        TakedownRequest.route,
        TakedownRequest.problem,
        TakedownRequest.next_check_at,
    ).where(TakedownRequest.id.in_(numbers))
    return {
        number: RequestRow(id=number, state=state, route=route, problem=problem, next_check_at=check)
        for number, state, route, problem, check in (session.execute(wanted) if numbers else ())
    }
