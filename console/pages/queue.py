"""The queue: what waits for a person, worst first, masked, a pile-on as one line."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.forms import Answers
from console.visiting import After, Here, Visit
from records.people import Councillor
from records.vocabulary import IncidentState, Level
from takedown.queue import WAITING, Only, waiting_count
from takedown.queue import queue as waiting_in

router = APIRouter()
PAGE = 25
"""Lines on one page: people who read abuse do better in short stretches."""


@router.get("/queue", include_in_schema=False)
def queue(visit: Here, after: After = None, said: str = "") -> Response:
    """The queue, narrowed by what stands in the address: level, state, councillor, needs_person."""
    asked = Answers(visit.request.query_params)
    needs_person = asked.value("needs_person") == "yes"
    councillor_id = asked.number("councillor")
    only = Only(state=_state(asked), level=asked.level("level"), councillor_id=councillor_id)
    with visit.reading() as session:
        rows = waiting_in(session, needs_person=needs_person, limit=PAGE + 1, after=after, only=only)
        counts = waiting_count(session)
        members = session.execute(select(Councillor.id, Councillor.name).order_by(Councillor.name)).all()
    by_level = {level: sum(count for (_state, at), count in counts.items() if at is level) for level in reversed(Level)}
    return visit.page(
        "queue.html",
        rows=rows[:PAGE],
        more=_address(visit, after=rows[PAGE - 1].id) if len(rows) > PAGE else None,
        start=_address(visit, after=None) if after is not None else None,
        by_level={level: count for level, count in by_level.items() if count},
        open_count=sum(count for (state, _level), count in counts.items() if state is IncidentState.OPEN),
        confirmed_count=sum(count for (state, _level), count in counts.items() if state is IncidentState.CONFIRMED),
        only=only,
        needs_person=needs_person,
        narrowed=needs_person or only != Only(),
        levels=_choices(
            [(str(int(level)), f"Level {int(level)}: {level.name.lower()}") for level in reversed(Level)],
            chosen="" if only.level is None else str(int(only.level)),
            all_of_it="All levels",
        ),
        states=_choices(
            [(state.value, state.value.capitalize()) for state in IncidentState],
            chosen=only.state.value if only.state else "",
            all_of_it=" and ".join(state.value for state in WAITING).capitalize(),
        ),
        members=_choices(
            [(str(one.id), one.name) for one in members], chosen=str(councillor_id or ""), all_of_it="All councillors"
        ),
        said=said,
        nothing=Answers(),
        platforms=visit.parts.reach.platforms,
    )


def _state(asked: Answers) -> IncidentState | None:
    value = asked.value("state")
    return IncidentState(value) if value in set(IncidentState) else None


def _choices(pairs: list[tuple[str, str]], *, chosen: str, all_of_it: str) -> list[dict[str, object]]:
    pairs = [("", all_of_it), *pairs]
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in pairs]


def _address(visit: Visit, *, after: int | None) -> str:
    kept = [(key, value) for key, value in visit.request.query_params.items() if key not in ("after", "said") and value]
    if after is not None:
        kept.append(("after", str(after)))
    return f"/queue?{urlencode(kept)}" if kept else "/queue"
