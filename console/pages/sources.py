"""How each source is doing: its last success, its next try, its trouble and what it cannot see, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from starlette.responses import Response

from console.visiting import Here
from records.people import Account, Source
from records.vocabulary import SourceState

router = APIRouter()
COLOURS = {
    SourceState.WELL: "green",
    SourceState.NEVER: "grey",
    SourceState.FAILING: "red",
    SourceState.STOPPED: "grey",
}


@dataclass(frozen=True)
class Health:
    """One source as people read it. `next_try` is None when there will be none."""

    source: Source
    state: SourceState
    colour: str
    next_try: datetime | None
    why_stopped: str
    blind_spots: tuple[str, ...]


@router.get("/sources", include_in_schema=False)
def sources(visit: Here) -> Response:
    """Every source, those in trouble first; and what each platform cannot show at all."""
    wanted = select(Source).options(selectinload(Source.account).selectinload(Account.councillor)).order_by(Source.id)
    with visit.reading() as session:
        everything = [health_of(source, visit.now) for source in session.scalars(wanted)]
    everything.sort(key=lambda one: (one.state is not SourceState.FAILING, one.state is SourceState.STOPPED))
    platforms = visit.parts.reach.platforms
    in_use = {one.source.account.platform for one in everything}
    limits = [platforms[key] for key in sorted(in_use) if key in platforms and platforms[key].consent.blind_spots]
    return visit.page("sources.html", sources=everything, platforms=platforms, limits=limits)


def health_of(source: Source, now: datetime) -> Health:
    """How a source is doing at `now`."""
    why_stopped = _why_stopped(source.account, now)
    if source.stopped or why_stopped:
        state = SourceState.STOPPED
    elif source.last_try_at is None:
        state = SourceState.NEVER
    else:
        state = SourceState.FAILING if source.failures else SourceState.WELL
    next_try = None if state is SourceState.STOPPED else source.due_at
    spots = tuple(line for line in source.blind_spots.splitlines() if line.strip())
    return Health(source, state, COLOURS[state], next_try, why_stopped, spots)


def _why_stopped(account: Account, now: datetime) -> str:
    if account.withdrawn_at is not None:
        return "The consent was withdrawn."
    if now >= account.consent_until:
        return "The consent has run out. Connect the account again to renew it."
    if account.councillor is not None and account.councillor.withdrawn_at is not None:
        return "The councillor has opted out."
    if account.councillor is not None and account.councillor.paused_at is not None:
        return "The councillor has paused."
    return ""
