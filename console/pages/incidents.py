"""One incident: what was said (masked until asked for), why it is graded so, what was done, and what may be done."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.forms import Answers, options
from console.incident_facts import IncidentFacts, facts_of, scores_in_order
from console.visiting import Here, Missing, Number, Visit
from records.evidence import EvidenceItem, broken_link, chain_of
from records.vocabulary import EvidenceKind, Harm, Label, Level, NotAllowed
from takedown import reviewing

router = APIRouter()
_SAFE_PICTURE = {"content-security-policy": "default-src 'none'; sandbox", "content-disposition": "inline"}


@router.get("/incidents/{incident_id}", include_in_schema=False)
def incident(visit: Here, incident_id: Number, said: str = "", check: bool = False) -> Response:
    """The incident, its words masked; `check` compares the evidence with its hashes."""
    facts = facts_here(visit, incident_id)
    whole: bool | None = None
    if check and facts.post is not None:
        with visit.reading() as session:
            whole = broken_link(chain_of(session, facts.post.id)) is None
    return show_incident(visit, facts, Answers(), said=said, whole=whole)


def facts_here(visit: Visit, incident_id: int, *, reveal: bool = False) -> IncidentFacts:
    with visit.reading() as session:
        facts = facts_of(session, incident_id, reveal=reveal)
    if facts is None:
        raise Missing
    return facts


def show_incident(
    visit: Visit,
    facts: IncidentFacts,
    form: Answers,
    *,
    revealed: bool = False,
    said: str = "",
    whole: bool | None = None,
) -> Response:
    platform = visit.parts.reach.platforms.get(facts.post.platform) if facts.post else None
    route = visit.parts.reach.routes.get(facts.post.platform) if facts.post else None
    return visit.page(
        "incident.html",
        status=400 if form.errors else 200,
        facts=facts,
        incident=facts.incident,
        platform=platform,
        form=form,
        revealed=revealed,
        said=said,
        whole=whole,
        scores_in_order=scores_in_order,
        levels=_levels(facts.incident.level),
        higher=[one for one in _levels(facts.incident.level) if int(str(one["value"])) > facts.incident.level],
        labels=options(Label, ticked=form.values("labels") or facts.incident.labels),
        harms=_harms(set(route.categories) if route else set()),
    )


def _levels(present: Level) -> list[dict[str, object]]:
    return [
        {"value": str(int(level)), "text": f"{int(level)}: {level.meaning}"} for level in Level if level is not present
    ]


def _harms(reportable: set[Harm]) -> list[dict[str, object]]:
    return [{"value": harm.value, "text": harm.meaning} for harm in Harm if harm in reportable]


@router.post("/incidents/{incident_id}/reveal", include_in_schema=False)
def reveal(visit: Here, incident_id: Number) -> Response:
    """The same page with the words shown. Every look is in the audit log, so it is never a plain link."""
    facts_here(visit, incident_id)
    reviewing.reveal(visit.desk, incident_id)
    return show_incident(visit, facts_here(visit, incident_id, reveal=True), Answers(), revealed=True)


@router.post("/incidents/{incident_id}/screenshots/{item_id}", include_in_schema=False)
def screenshot(visit: Here, incident_id: Number, item_id: Number) -> Response:
    """A screenshot somebody supplied; looking at it is audited too."""
    facts = facts_here(visit, incident_id)
    if item_id not in {row.id for row in facts.evidence if row.kind is EvidenceKind.SCREENSHOT}:
        raise Missing
    reviewing.reveal(visit.desk, incident_id)
    with visit.reading() as session:
        item = session.scalar(select(EvidenceItem).where(EvidenceItem.id == item_id))
    if item is None:
        raise Missing
    return Response(item.content, media_type=item.media_type, headers=_SAFE_PICTURE)


def _decide(
    visit: Visit, incident_id: int, *, answers: Answers, field: str, act: Callable[[], object], said: str
) -> Response:
    """Do it and go back to the incident; what was wrong stands beside the field, above all what was entered."""
    facts = facts_here(visit, incident_id)
    if not answers.errors:
        try:
            act()
        except NotAllowed as refused:
            answers.wrong(field, refused.why[:1].upper() + refused.why[1:])
    if answers.errors:
        return show_incident(visit, facts, answers)
    return visit.to("incident", incident_id=incident_id, said=said)


@router.post("/incidents/{incident_id}/confirm", include_in_schema=False)
def confirm(visit: Here, incident_id: Number) -> Response:
    """It is abuse; the level may be raised in the same breath."""
    answers = visit.answers
    reason = answers.text("confirm-reason", most=2000, lines=True)
    level = answers.level("confirm-level")

    def act() -> None:
        reviewing.confirm(visit.desk, incident_id, reason=reason, level=level)

    return _decide(visit, incident_id, answers=answers, field="confirm-reason", act=act, said="confirmed")


@router.post("/incidents/{incident_id}/dismiss", include_in_schema=False)
def dismiss(visit: Here, incident_id: Number) -> Response:
    """It is not abuse."""
    answers = visit.answers
    reason = answers.text("dismiss-reason", need="Enter why this is not abuse", most=2000, lines=True)

    def act() -> None:
        reviewing.dismiss(visit.desk, incident_id, reason=reason)

    return _decide(visit, incident_id, answers=answers, field="dismiss-reason", act=act, said="dismissed")


@router.post("/incidents/{incident_id}/level", include_in_schema=False)
def change_level(visit: Here, incident_id: Number) -> Response:
    """Raise or lower the level, with a reason."""
    answers = visit.answers
    to = answers.level("level-to", need="Select the new level")
    reason = answers.text("level-reason", need="Enter why the level should change", most=2000, lines=True)
    present = facts_here(visit, incident_id).incident.level

    def act() -> None:
        if to is not None and to > present:
            reviewing.raise_level(visit.desk, incident_id, to=to, reason=reason)
        elif to is not None:
            reviewing.lower(visit.desk, incident_id, to=to, reason=reason)

    return _decide(visit, incident_id, answers=answers, field="level-reason", act=act, said="level-changed")


@router.post("/incidents/{incident_id}/labels", include_in_schema=False)
def change_labels(visit: Here, incident_id: Number) -> Response:
    """Correct the labels, with a reason."""
    answers = visit.answers
    labels = answers.choices("labels", Label)
    reason = answers.text("labels-reason", need="Enter why the labels should change", most=2000, lines=True)

    def act() -> None:
        reviewing.relabel(visit.desk, incident_id, to=labels, reason=reason)

    return _decide(visit, incident_id, answers=answers, field="labels-reason", act=act, said="labels-changed")


@router.post("/incidents/{incident_id}/reopen", include_in_schema=False)
def reopen(visit: Here, incident_id: Number) -> Response:
    """Back into the queue."""
    answers = visit.answers
    reason = answers.text("reopen-reason", need="Enter why it should be looked at again", most=2000, lines=True)

    def act() -> None:
        reviewing.reopen(visit.desk, incident_id, reason=reason)

    return _decide(visit, incident_id, answers=answers, field="reopen-reason", act=act, said="reopened")


@router.post("/incidents/{incident_id}/close", include_in_schema=False)
def close(visit: Here, incident_id: Number) -> Response:
    """Dealt with."""
    answers = visit.answers
    reason = answers.text("close-reason", need="Enter how it was dealt with", most=2000, lines=True)

    def act() -> None:
        reviewing.close(visit.desk, incident_id, reason=reason)

    return _decide(visit, incident_id, answers=answers, field="close-reason", act=act, said="closed")


@router.post("/incidents/{incident_id}/draft", include_in_schema=False)
def draft_takedown(visit: Here, incident_id: Number) -> Response:
    """Ask for a draft report to the platform; it is sent by nobody but a person."""
    answers = visit.answers
    facts = facts_here(visit, incident_id)
    harm = answers.choice("harm", Harm, need="") if answers.value("harm") else None
    try:
        request_id = reviewing.draft_takedown(visit.desk, [incident_id], reach=visit.parts.reach, harm=harm)
    except NotAllowed as refused:
        answers.wrong("harm", refused.why[:1].upper() + refused.why[1:])
        return show_incident(visit, facts, answers)
    return visit.to("takedown", request_id=request_id, said="drafted")
