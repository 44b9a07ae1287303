"""Logging by hand: a post that somebody saw on any platform, or a call, letter, message or visit."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.forms import Answers, options
from console.visiting import Here, Visit
from monitor import intake
from monitor.intake import CannotTake
from platforms.register import find
from records.people import Councillor
from records.vocabulary import IncidentKind, Level, NotAllowed

router = APIRouter()
_EVENTS = tuple(kind for kind in IncidentKind if kind is not IncidentKind.POST)
_FIELDS: Mapping[str, str] = {
    "url": "link",
    "posted_at": "at",
    "occurred_at": "at",
    "author_handle": "author",
    "account_of_it": "account",
}
"""What the intake calls a field, and what the page calls it."""


@router.get("/report", include_in_schema=False)
def intake_page(visit: Here, councillor: str = "") -> Response:
    """The form for a post."""
    return _ask(visit, "report_post.html", Answers().propose(councillor=councillor))


def _ask(visit: Visit, template: str, form: Answers) -> Response:
    with visit.reading() as session:
        councillors = session.scalars(
            select(Councillor).where(Councillor.withdrawn_at.is_(None)).order_by(Councillor.name)
        ).all()
    chosen = form.value("councillor")
    members: list[dict[str, object]] = [{"value": "", "text": "Choose", "selected": not chosen}]
    members += [{"value": str(one.id), "text": one.name, "selected": str(one.id) == chosen} for one in councillors]
    return visit.page(
        template,
        status=400 if form.errors else 200,
        form=form,
        members=members,
        kinds=options(_EVENTS, ticked=[form.value("kind")]),
        levels=[
            {"value": str(int(level)), "text": level.meaning, "checked": form.value("level") == str(int(level))}
            for level in Level
            if level >= Level.UNCIVIL
        ],
    )


@router.post("/report", include_in_schema=False)
def report_post(visit: Here) -> Response:
    """Store a post somebody saw; it stands in the queue as soon as it is judged."""
    answers = visit.answers
    councillor_id = _councillor(answers)
    link = answers.text("link", need="Enter the link to the post", most=2000)
    text = answers.text("text", most=100_000, lines=True)
    author = answers.text("author", most=200)
    posted_at = answers.moment("at", need="", now=visit.now)
    picture = answers.picture("screenshot")
    if picture is not None and answers.value("fit") != "yes":
        answers.wrong("fit", "Tick the box to say that the screenshot shows no sexual picture")
    if not text and picture is None:
        answers.wrong("text", "Enter what the post says, or upload a screenshot")
    if answers.errors or councillor_id is None:
        return _ask(visit, "report_post.html", answers)
    report = intake.Reported(
        url=link,
        text=text,
        author_handle=author,
        posted_at=posted_at,
        screenshot=picture[0] if picture else None,
    )
    try:
        with visit.writing() as (session, person):
            taken = intake.report_post(
                session,
                visit.parts.store.vault,
                report,
                find=find,
                platforms=list(visit.parts.reach.platforms.values()),
                councillor_id=councillor_id,
                reporter=person,
                now=visit.now,
            )
    except (CannotTake, NotAllowed) as refused:
        _refused(answers, refused)
        return _ask(visit, "report_post.html", answers)
    return visit.to("queue", said="reported-decided" if taken.decided else "reported")


@router.get("/report/event", include_in_schema=False)
def event_page(visit: Here) -> Response:
    """The form for what happened away from the platforms."""
    return _ask(visit, "report_event.html", Answers())


@router.post("/report/event", include_in_schema=False)
def report_event(visit: Here) -> Response:
    """Log a call, letter, message or visit."""
    answers = visit.answers
    kind = answers.choice("kind", IncidentKind, need="Select what happened")
    councillor_id = _councillor(answers)
    at = answers.moment("at", need="Enter the day it happened", now=visit.now)
    account = answers.text("account", need="Enter what happened", most=20_000, lines=True)
    level = answers.level("level", need="Select how serious it is")
    if answers.errors or kind is None or councillor_id is None or at is None or level is None:
        return _ask(visit, "report_event.html", answers)
    try:
        with visit.writing() as (session, person):
            incident = intake.report_incident(
                session,
                councillor_id=councillor_id,
                kind=kind,
                account_of_it=account,
                occurred_at=at,
                level=level,
                reporter=person,
                now=visit.now,
            )
    except (CannotTake, NotAllowed) as refused:
        _refused(answers, refused)
        return _ask(visit, "report_event.html", answers)
    return visit.to("incident", incident_id=incident.id, said="logged")


def _councillor(answers: Answers) -> int | None:
    councillor_id = answers.number("councillor")
    if councillor_id is None:
        answers.wrong("councillor", "Select the councillor")
    return councillor_id


def _refused(answers: Answers, refused: CannotTake | NotAllowed) -> None:
    if isinstance(refused, NotAllowed):
        answers.wrong("councillor", refused.why[:1].upper() + refused.why[1:])
    else:
        answers.wrong(_FIELDS.get(refused.field, refused.field), refused.what[:1].upper() + refused.what[1:])
