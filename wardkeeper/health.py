"""How the install is doing, in plain words: each source's last success and next try, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from records.people import Account, Source
from records.shadows import Sitting
from records.takedowns import TakedownRequest
from records.vocabulary import SourceState, TakedownState
from wardkeeper.build import Parts

LATE = timedelta(hours=24)
"""A source that has not been read for so long is late, whatever its errors say."""


@dataclass(frozen=True)
class SourceRow:
    """One source for people and for `health --json`; `id` is the account's."""

    id: int
    platform: str
    about: str
    state: SourceState
    last_success: datetime | None
    next_try: datetime
    problem: str
    blind_spots: str
    unreadable: int


def source_rows(parts: Parts, *, now: datetime, council_id: int | None = None) -> list[SourceRow]:
    """Every source of every council (or of one), those in trouble first."""
    query = select(Source).options(joinedload(Source.account).joinedload(Account.councillor)).order_by(Source.id)
    with parts.store.across_councils() as session:
        sources = session.scalars(query if council_id is None else query.where(Source.council_id == council_id)).all()
        rows = [_row(parts, source, now=now) for source in sources]
    return sorted(rows, key=lambda row: (row.state is SourceState.WELL, row.id))


def _row(parts: Parts, source: Source, *, now: datetime) -> SourceRow:
    account = source.account
    about = account.councillor.name if account.councillor else "the council"
    platform = parts.reach.platforms[account.platform]
    problem = source.problem
    if not account.in_force(now):
        problem = "Not read: consent was withdrawn, has ended, or the councillor has paused."
    elif platform.mentions is None:
        problem = f"{platform.name} is not scanned: report links by hand."
    return SourceRow(
        id=account.id,
        platform=platform.name,
        about=about,
        state=_state(source, in_force=account.in_force(now), now=now),
        last_success=source.last_success_at,
        next_try=source.due_at,
        problem=problem,
        blind_spots=source.blind_spots,
        unreadable=source.unreadable,
    )


def _state(source: Source, *, in_force: bool, now: datetime) -> SourceState:
    if source.stopped or not in_force:
        return SourceState.STOPPED
    if source.problem:
        return SourceState.FAILING
    if source.last_success_at is None:
        return SourceState.NEVER
    return SourceState.FAILING if now - source.last_success_at > LATE else SourceState.WELL


def troubles(parts: Parts, *, now: datetime) -> Sequence[str]:
    """What is wrong now, one sentence each; empty when all is well."""
    found = [
        f"{row.platform}, account {row.id}: {row.problem or 'nothing was read for a day.'}"
        for row in source_rows(parts, now=now)
        if row.state is SourceState.FAILING
    ]
    doubtful = select(func.count()).select_from(TakedownRequest).where(TakedownRequest.state == TakedownState.IN_DOUBT)
    with parts.store.across_councils() as session:
        count = session.scalar(doubtful) or 0
        shadows = set(session.scalars(select(Sitting.shadow_problem).where(Sitting.shadow_problem != "")))
    found.extend(f"The judge in shadow is not working, the judging goes on: {problem}" for problem in sorted(shadows))
    if count:
        found.append(
            f"{count} reports may or may not have arrived: a person must find out (queue list --needs-person)."
        )
    return found
