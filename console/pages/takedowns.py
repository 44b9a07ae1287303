"""Reports to platforms: read, edit, approve, send or file by hand, settle what is in doubt, and see what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from starlette.responses import Response

from console.forms import Answers, options
from console.visiting import After, Here, Missing, Number, Visit
from platforms.shape import Category, ReportRoute
from records.incidents import Incident
from records.people import Councillor, Person
from records.posts import Post, Snapshot
from records.takedowns import Outcome, RequestIncident, RequestItem, TakedownRequest
from records.vocabulary import NotAllowed, Presence, TakedownState
from takedown import reviewing, sending
from takedown.masking import masked, visible

router = APIRouter()
PAGE = 25
COLOURS: Mapping[TakedownState, str] = {
    TakedownState.DRAFTED: "blue",
    TakedownState.APPROVED: "blue",
    TakedownState.SENDING: "yellow",
    TakedownState.IN_DOUBT: "red",
    TakedownState.SENT: "purple",
    TakedownState.REMOVED: "green",
    TakedownState.REFUSED: "orange",
    TakedownState.WITHDRAWN: "grey",
}

_SEEN_BY_PEOPLE = (
    Presence.UP,
    Presence.REMOVED_BY_PLATFORM,
    Presence.REMOVED_BY_AUTHOR,
    Presence.AUTHOR_SUSPENDED,
    Presence.PRIVATE_OR_BLOCKED,
    Presence.UNKNOWN,
)


@dataclass(frozen=True)
class Reported:
    """One post of a request: where it stands, and what the checks saw of it, newest first."""

    snapshot: Snapshot
    post: Post
    outcomes: Sequence[Outcome]


@dataclass(frozen=True)
class RequestFacts:
    """One request as its page shows it."""

    request: TakedownRequest
    reported: Sequence[Reported]
    incidents: Sequence[tuple[Incident, str]]
    approver: str
    sender: str


@router.get("/takedowns", include_in_schema=False)
def takedowns(visit: Here, state: str = "", before: After = None) -> Response:
    """Requests by state, newest first."""
    wanted = select(TakedownRequest).order_by(TakedownRequest.id.desc()).limit(PAGE + 1)
    chosen = TakedownState(state) if state in set(TakedownState) else None
    if chosen is not None:
        wanted = wanted.where(TakedownRequest.state == chosen)
    if before is not None:
        wanted = wanted.where(TakedownRequest.id < before)
    with visit.reading() as session:
        rows = session.scalars(wanted).all()
        counted = select(TakedownRequest.state, func.count()).group_by(TakedownRequest.state)
        counts = dict(session.execute(counted).all())
        councillors = _councillors(session, [row.id for row in rows])
        last = _last_outcomes(session, [row.id for row in rows])
    return visit.page(
        "takedowns.html",
        rows=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        counts=counts,
        chosen=chosen,
        states=list(TakedownState),
        colours=COLOURS,
        councillors=councillors,
        last=last,
        platforms=visit.parts.reach.platforms,
    )


def _councillors(session: Session, requests: Sequence[int]) -> Mapping[int, list[str]]:
    found = (
        select(RequestIncident.request_id, Councillor.name)
        .join(Incident, Incident.id == RequestIncident.incident_id)
        .join(Councillor, Councillor.id == Incident.councillor_id)
        .where(RequestIncident.request_id.in_(requests))
        .distinct()
        .order_by(Councillor.name)
    )
    names: dict[int, list[str]] = {}
    for request_id, name in session.execute(found):
        names.setdefault(request_id, []).append(name)
    return names


def _last_outcomes(session: Session, requests: Sequence[int]) -> Mapping[int, Outcome]:
    newest = select(func.max(Outcome.id)).where(Outcome.request_id.in_(requests)).group_by(Outcome.request_id)
    return {outcome.request_id: outcome for outcome in session.scalars(select(Outcome).where(Outcome.id.in_(newest)))}


@router.get("/takedowns/{request_id}", include_in_schema=False)
def takedown(visit: Here, request_id: Number, said: str = "") -> Response:
    """One request."""
    return _show(visit, request_id, Answers(), said=said)


def _request_facts(session: Session, request_id: int) -> RequestFacts:
    wanted = (
        select(TakedownRequest)
        .where(TakedownRequest.id == request_id)
        .options(
            selectinload(TakedownRequest.outcomes),
            selectinload(TakedownRequest.items).selectinload(RequestItem.snapshot).selectinload(Snapshot.post),
        )
    )
    request = session.scalar(wanted)
    if request is None:
        raise Missing
    served = (
        select(Incident, Councillor.name)
        .join(RequestIncident, RequestIncident.incident_id == Incident.id)
        .join(Councillor, Councillor.id == Incident.councillor_id)
        .where(RequestIncident.request_id == request_id)
        .order_by(Incident.level.desc(), Incident.id)
    )
    names = dict(session.execute(select(Person.id, Person.name)).all())
    seen = sorted(request.outcomes, key=lambda outcome: outcome.id, reverse=True)
    return RequestFacts(
        request=request,
        reported=[
            Reported(item.snapshot, item.snapshot.post, [one for one in seen if one.snapshot_id == item.snapshot_id])
            for item in request.items
        ],
        incidents=[(one, name) for one, name in session.execute(served)],
        approver=names.get(request.approved_by or 0, ""),
        sender=names.get(request.sent_by or 0, ""),
    )


def _show(visit: Visit, request_id: int, form: Answers, *, said: str = "", revealed: bool = False) -> Response:
    with visit.reading() as session:
        facts = _request_facts(session, request_id)
    request = facts.request
    route = visit.parts.reach.routes.get(request.platform)
    category = _category(route, request)
    return visit.page(
        "takedown.html",
        status=400 if form.errors else 200,
        facts=facts,
        request=request,
        form=form.propose(text=request.text),
        revealed=revealed,
        words=visible(request.text) if revealed else masked(request.text),
        route=route,
        category=category,
        platform=visit.parts.reach.platforms.get(request.platform),
        colours=COLOURS,
        said=said,
        form_url=_form_url(route, category),
        sightings=options(_SEEN_BY_PEOPLE, ticked=[form.value("seen")]),
    )


def _category(route: ReportRoute | None, request: TakedownRequest) -> Category | None:
    return route.categories.get(request.harm) if route else None


def _form_url(route: ReportRoute | None, category: Category | None) -> str:
    """The most exact page on which a person can file this report, "" when there is none but the post itself."""
    if category is not None and category.form_url:
        return category.form_url
    return route.uk_law_form if route else ""


def _decide(
    visit: Visit, request_id: int, answers: Answers, *, field: str, act: Callable[[], object], said: str
) -> Response:
    if not answers.errors:
        try:
            act()
        except NotAllowed as refused:
            if "no such" in refused.why:
                raise Missing from None
            answers.wrong(field, refused.why[:1].upper() + refused.why[1:])
    if answers.errors:
        # Whoever was editing the text has asked for it already.
        return _show(visit, request_id, answers, revealed=field == "text")
    return visit.to("takedown", request_id=request_id, said=said)


@router.post("/takedowns/{request_id}/reveal", include_in_schema=False)
def reveal_takedown(visit: Here, request_id: Number) -> Response:
    """The same page with the report's words, which quote the post; audited as a look at each incident it serves."""
    with visit.reading() as session:
        served = [one.id for one, _name in _request_facts(session, request_id).incidents]
    for incident_id in served:
        reviewing.reveal(visit.desk, incident_id)
    return _show(visit, request_id, Answers(), revealed=True)


@router.post("/takedowns/{request_id}/approve", include_in_schema=False)
def approve_takedown(visit: Here, request_id: Number) -> Response:
    """Approve the text as it stands in the box; from then on it is frozen."""
    answers = visit.answers
    text = answers.text("text", need="Enter the text of the report", most=100_000, lines=True)

    def act() -> None:
        reviewing.approve_takedown(visit.desk, request_id, text=text, reach=visit.parts.reach)

    return _decide(visit, request_id, answers, field="text", act=act, said="approved")


@router.post("/takedowns/{request_id}/send", include_in_schema=False)
def send_takedown(visit: Here, request_id: Number) -> Response:
    """Send an approved request now."""
    answers = visit.answers
    try:
        result = sending.send(visit.desk, request_id, reach=visit.parts.reach, plan=visit.parts.plan)
    except NotAllowed as refused:
        answers.wrong("send", refused.why[:1].upper() + refused.why[1:])
        return _show(visit, request_id, answers)
    return visit.to("takedown", request_id=request_id, said=f"send-{result.state.value}")


@router.post("/takedowns/{request_id}/filed", include_in_schema=False)
def file_takedown(visit: Here, request_id: Number) -> Response:
    """A person says: I have filed it on the platform's own form."""
    answers = visit.answers
    reference = answers.text("reference", most=200)

    def act() -> None:
        reviewing.file_by_hand(visit.desk, request_id, reference=reference, plan=visit.parts.plan)

    return _decide(visit, request_id, answers, field="reference", act=act, said="filed")


@router.post("/takedowns/{request_id}/settle", include_in_schema=False)
def settle_takedown(visit: Here, request_id: Number) -> Response:
    """A person found out whether a request in doubt arrived."""
    answers = visit.answers
    arrived = answers.value("arrived")
    reference = answers.text("settle-reference", most=200)
    if arrived not in ("yes", "no"):
        answers.wrong("arrived", "Select whether the platform has the report")

    def act() -> None:
        reviewing.settle_doubt(
            visit.desk, request_id, arrived=arrived == "yes", reference=reference, plan=visit.parts.plan
        )

    said = "settled-arrived" if arrived == "yes" else "settled-not"
    return _decide(visit, request_id, answers, field="arrived", act=act, said=said)


@router.post("/takedowns/{request_id}/look", include_in_schema=False)
def look_takedown(visit: Here, request_id: Number) -> Response:
    """A person looked at the reported posts themselves and says what they saw."""
    answers = visit.answers
    seen = answers.choice("seen", Presence, need="Select what you saw")

    def act() -> None:
        assert seen is not None
        reviewing.record_sighting(visit.desk, request_id, presence=seen, plan=visit.parts.plan)

    return _decide(visit, request_id, answers, field="seen", act=act, said="looked")


@router.post("/takedowns/{request_id}/withdraw", include_in_schema=False)
def withdraw_takedown(visit: Here, request_id: Number) -> Response:
    """Take it back before it is sent."""

    def act() -> None:
        reviewing.withdraw_takedown(visit.desk, request_id)

    return _decide(visit, request_id, visit.answers, field="withdraw", act=act, said="withdrawn-request")


@router.post("/takedowns/{request_id}/redraft", include_in_schema=False)
def redraft_takedown(visit: Here, request_id: Number) -> Response:
    """Draft a withdrawn request anew."""

    def act() -> None:
        reviewing.redraft_takedown(visit.desk, request_id, reach=visit.parts.reach)

    return _decide(visit, request_id, visit.answers, field="redraft", act=act, said="redrafted")
