"""Councillors who opted in: who agreed, which words find them, which accounts are connected and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from starlette.responses import Response

from console.forms import Answers, lines_of, options
from console.visiting import Here, Missing, Number, Visit
from monitor import watching
from records.audit import record
from records.incidents import Incident
from records.people import Account, Councillor
from records.vocabulary import IncidentState, NotAllowed, TermKind

router = APIRouter()

_TERM_FIELDS: Mapping[str, TermKind] = {
    "nicknames": TermKind.NICKNAME,
    "hashtags": TermKind.HASHTAG,
    "context": TermKind.CONTEXT,
    "exclusions": TermKind.EXCLUSION,
}
ADDED_BY_HAND = tuple(_TERM_FIELDS.values())
"""Kinds of search terms that a person adds; the others follow from the name."""


def found(session: Session, councillor_id: int) -> Councillor:
    """The councillor with terms and accounts. Raises Missing."""
    wanted = (
        select(Councillor)
        .where(Councillor.id == councillor_id)
        .options(selectinload(Councillor.terms), selectinload(Councillor.accounts).selectinload(Account.source))
    )
    councillor = session.scalar(wanted)
    if councillor is None:
        raise Missing
    return councillor


@router.get("/councillors", include_in_schema=False)
def councillors(visit: Here, said: str = "") -> Response:
    """Everybody who opted in, and the council's own accounts."""
    waiting = (
        select(Incident.councillor_id, func.count())
        .where(Incident.state == IncidentState.OPEN)
        .group_by(Incident.councillor_id)
    )
    with visit.reading() as session:
        everybody = session.scalars(
            select(Councillor)
            .options(selectinload(Councillor.accounts).selectinload(Account.councillor))
            .order_by(Councillor.name, Councillor.id)
        ).all()
        ours = session.scalars(
            select(Account)
            .where(Account.councillor_id.is_(None))
            .options(selectinload(Account.source))
            .order_by(Account.platform, Account.id)
        ).all()
        open_incidents = dict(session.execute(waiting).all())
    return visit.page("councillors.html", councillors=everybody, ours=ours, open_incidents=open_incidents, said=said)


@router.get("/councillors/new", include_in_schema=False)
def new_councillor_page(visit: Here) -> Response:
    """The form that takes in a councillor who opted in."""
    return _ask(visit, Answers())


@router.post("/councillors/new", include_in_schema=False)
def new_councillor(visit: Here) -> Response:
    """Take in a councillor who opted in."""
    answers = visit.answers
    name = answers.text("name", need="Enter the councillor's full name, without Cllr", most=120)
    ward = answers.text("ward", most=120)
    party = answers.text("party", most=120)
    opted_in_by = answers.text("opted_in_by", need="Enter whose word the opt-in is and how they gave it", most=300)
    terms = _terms(answers)
    if answers.errors:
        return _ask(visit, answers)
    try:
        with visit.writing() as (session, person):
            councillor = watching.add_councillor(
                session,
                visit.me.council_id,
                name=name,
                ward=ward,
                party=party,
                terms=terms,
                opted_in_by=opted_in_by,
                by=person,
                now=visit.now,
            )
    except NotAllowed as refused:
        answers.wrong("name", refused.why[:1].upper() + refused.why[1:])
        return _ask(visit, answers)
    return visit.to("councillor", councillor_id=councillor.id, said="councillor-added")


def _terms(answers: Answers) -> dict[TermKind, Sequence[str]]:
    terms: dict[TermKind, Sequence[str]] = {}
    for field, kind in _TERM_FIELDS.items():
        words = lines_of(answers.text(field, most=4000, lines=True))
        for word in words:
            if not 2 <= len(word) <= watching.LONGEST_TERM:
                answers.wrong(field, f"Each line must have 2 to {watching.LONGEST_TERM} characters")
        terms[kind] = words
    return terms


def _ask(visit: Visit, answers: Answers) -> Response:
    return visit.page("new_councillor.html", status=400 if answers.errors else 200, form=answers)


@router.get("/councillors/{councillor_id}", include_in_schema=False)
def councillor(visit: Here, councillor_id: Number, said: str = "") -> Response:
    """One councillor."""
    return _show(visit, councillor_id, Answers(), said=said)


def _show(visit: Visit, councillor_id: int, answers: Answers, *, said: str = "") -> Response:
    with visit.reading() as session:
        one = found(session, councillor_id)
    return visit.page(
        "councillor.html",
        status=400 if answers.errors else 200,
        form=answers,
        councillor=one,
        platforms=visit.parts.reach.platforms,
        term_kinds=options(ADDED_BY_HAND, ticked=[answers.value("kind")]),
        said=said,
    )


@router.post("/councillors/{councillor_id}/terms", include_in_schema=False)
def add_term(visit: Here, councillor_id: Number) -> Response:
    """Add one word or phrase by which posts about the councillor are found."""
    answers = visit.answers
    kind = answers.choice("kind", TermKind, need="Select what the word is for")
    text = answers.text("text", need="Enter a word or phrase", most=watching.LONGEST_TERM)
    if not answers.errors and kind is not None:
        try:
            with visit.writing() as (session, person):
                watching.add_term(session, found(session, councillor_id), kind=kind, text=text)
                record(
                    session,
                    visit.me.council_id,
                    at=visit.now,
                    by=person,
                    act="added a search term",
                    subject=f"councillor {councillor_id}",
                    detail=kind.value,
                )
        except NotAllowed as refused:
            answers.wrong("text", refused.why[:1].upper() + refused.why[1:])
    if answers.errors:
        return _show(visit, councillor_id, answers)
    return visit.to("councillor", councillor_id=councillor_id, said="term-added")


@router.post("/councillors/{councillor_id}/pause", include_in_schema=False)
def pause_councillor(visit: Here, councillor_id: Number) -> Response:
    """Stop looking for them for a while."""
    with visit.writing() as (session, person):
        watching.pause(session, found(session, councillor_id), by=person, now=visit.now)
    return visit.to("councillor", councillor_id=councillor_id, said="paused")


@router.post("/councillors/{councillor_id}/resume", include_in_schema=False)
def resume_councillor(visit: Here, councillor_id: Number) -> Response:
    """Look for them again."""
    with visit.writing() as (session, person):
        watching.resume(session, found(session, councillor_id), by=person, now=visit.now)
    return visit.to("councillor", councillor_id=councillor_id, said="resumed")


@router.post("/councillors/{councillor_id}/withdraw", include_in_schema=False)
def withdraw_councillor(visit: Here, councillor_id: Number) -> Response:
    """They opted out: their accounts and credentials go too. Asked for twice, by a tick."""
    answers = visit.answers
    if answers.value("sure") != "yes":
        answers.wrong("sure", "Tick the box to confirm that the councillor has opted out")
        return _show(visit, councillor_id, answers)
    with visit.writing() as (session, person):
        watching.withdraw(session, found(session, councillor_id), by=person, now=visit.now)
    return visit.to("councillor", councillor_id=councillor_id, said="withdrawn")
