"""Patterns over incidents already held: a pile-on becomes one item to a reviewer. It raises no level.

It never looks at an author's other posts and never treats one who takes part as a harasser; each post is judged alone.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import incidents
from records.councils import Council
from records.incidents import Incident, IncidentGroup
from records.posts import Post
from records.store import Store
from records.vocabulary import IncidentKind, IncidentState


@dataclass(frozen=True)
class PileOnRule:
    """When many become one event: at least `accounts`, and `times` the usual number, of different accounts within one
    of `windows` against one councillor. Usual is the mean number per window over `baseline` before."""

    accounts: int = 10
    times: float = 5.0
    windows: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(hours=24))
    baseline: timedelta = timedelta(days=28)

    @property
    def looks_back(self) -> timedelta:
        """How far back a pile-on can have begun."""
        return 2 * max(self.windows)


@dataclass(frozen=True)
class Grouped:
    """How many groups were begun and how many incidents joined one."""

    groups: int = 0
    incidents: int = 0


@dataclass(frozen=True)
class Seen:
    """One incident: when, by which account, and the group it is in already."""

    id: int
    at: datetime
    author: str
    group_id: int | None


def group_pile_ons(store: Store, *, now: datetime, rule: PileOnRule | None = None) -> Grouped:
    """Group what is a pile-on now, council by council. Safe to repeat: what is grouped already is left as it is."""
    rule = rule or PileOnRule()
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id).order_by(Council.id)).all()
    groups = joined = 0
    for council_id in councils:
        with store.writing(council_id) as session:
            for councillor_id in _recently_hit(session, rule, now=now):
                new, more = _group(session, councillor_id, rule, now=now)
                groups, joined = groups + new, joined + more
    return Grouped(groups, joined)


def pile_on(seen: Sequence[Seen], rule: PileOnRule, *, now: datetime) -> tuple[Seen, ...]:
    """Those of `seen` (one councillor's, in order of time) that belong to a pile-on that may still be going on."""
    begin = now - rule.looks_back
    before = [one for one in seen if begin - rule.baseline < one.at <= begin]
    recent = [one for one in seen if begin < one.at <= now]
    marked: dict[int, Seen] = {}
    for window in rule.windows:
        slots = {(one.author, (begin - one.at) // window) for one in before}
        usual = len(slots) * (window / rule.baseline)
        enough = max(rule.accounts, rule.times * usual)
        inside: deque[Seen] = deque()
        accounts: Counter[str] = Counter()
        for one in recent:
            inside.append(one)
            accounts[one.author] += 1
            while inside[0].at <= one.at - window:
                gone = inside.popleft().author
                accounts[gone] -= 1
                if not accounts[gone]:
                    del accounts[gone]
            if len(accounts) >= enough:
                marked.update((each.id, each) for each in inside)
    return tuple(sorted(marked.values(), key=lambda one: (one.at, one.id)))


def _recently_hit(session: Session, rule: PileOnRule, *, now: datetime) -> Sequence[int]:
    query = (
        select(Incident.councillor_id)
        .where(
            Incident.kind == IncidentKind.POST,
            Incident.state != IncidentState.DISMISSED,
            Incident.occurred_at > now - rule.looks_back,
            Incident.group_id.is_(None),
        )
        .distinct()
        .order_by(Incident.councillor_id)
    )
    return session.scalars(query).all()


def _seen(session: Session, councillor_id: int, *, since: datetime, now: datetime) -> list[Seen]:
    """Incidents whose account is known; without one nobody can tell how many people they are."""
    query = (
        select(Incident.id, Incident.occurred_at, Incident.group_id, Post.platform, Post.author_id, Post.author_handle)
        .join(Post, Post.id == Incident.post_id)
        .where(
            Incident.councillor_id == councillor_id,
            Incident.kind == IncidentKind.POST,
            Incident.state != IncidentState.DISMISSED,
            Incident.occurred_at > since,
            Incident.occurred_at <= now,
        )
        .order_by(Incident.occurred_at, Incident.id)
    )
    return [
        Seen(row.id, row.occurred_at, f"{row.platform} {author}", row.group_id)
        for row in session.execute(query)
        if (author := row.author_id or row.author_handle)
    ]


def _group(session: Session, councillor_id: int, rule: PileOnRule, *, now: datetime) -> tuple[int, int]:
    """Groups begun (0 or 1) and incidents that joined."""
    since = now - rule.looks_back - rule.baseline
    together = pile_on(_seen(session, councillor_id, since=since, now=now), rule, now=now)
    joining = [one.id for one in together if one.group_id is None]
    if not joining:
        return 0, 0
    earlier = max((one.group_id for one in together if one.group_id is not None), default=None)
    group = session.get(IncidentGroup, earlier) if earlier is not None else None
    begun = group is None
    if group is None:
        group = IncidentGroup(councillor_id=councillor_id, reason="", first_at=together[0].at, last_at=together[-1].at)
        session.add(group)
    group.first_at = min(group.first_at, together[0].at)
    group.last_at = max(group.last_at, together[-1].at)
    hours = max(1, round((together[-1].at - together[0].at) / timedelta(hours=1)))
    span = "1 hour" if hours == 1 else f"{hours} hours"
    group.reason = f"pile-on: {len({one.author for one in together})} accounts within {span}"
    session.flush()
    for incident in session.scalars(select(Incident).where(Incident.id.in_(joining))):
        incident.group_id = group.id
        incidents.note(session, incident, "grouped as a pile-on", at=now, by=None)
    return int(begun), len(joining)
