"""Referrals to the police. A person reports and notes the reference; the product itself never contacts the police."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.pages.incidents import facts_here, show_incident
from console.visiting import Here, Missing, Number, Visit
from records.referrals import Referral
from records.vocabulary import NotAllowed, PoliceRoute
from takedown import referring

router = APIRouter()


@router.post("/incidents/{incident_id}/referrals", include_in_schema=False)
def draft_referral(visit: Here, incident_id: Number) -> Response:
    """Prepare a referral."""
    return _step(visit, incident_id, lambda: referring.draft(visit.desk, incident_id), said="referral-drafted")


@router.post("/incidents/{incident_id}/referrals/{referral_id}/report", include_in_schema=False)
def report_referral(visit: Here, incident_id: Number, referral_id: Number) -> Response:
    """Note that it was reported: by which route, with which reference."""
    _belongs(visit, incident_id, referral_id)
    answers = visit.answers
    route = answers.choice("police-route", PoliceRoute, need="Select how it was reported")
    reference = answers.text("police-reference", need="Enter the reference the police gave", most=200)
    if answers.errors or route is None:
        return show_incident(visit, facts_here(visit, incident_id), answers)

    def act() -> None:
        referring.report(visit.desk, referral_id, route=route, reference=reference)

    return _step(visit, incident_id, act, said="referral-reported")


@router.post("/incidents/{incident_id}/referrals/{referral_id}/acknowledge", include_in_schema=False)
def acknowledge_referral(visit: Here, incident_id: Number, referral_id: Number) -> Response:
    """Note that the police have answered."""
    _belongs(visit, incident_id, referral_id)
    return _step(
        visit, incident_id, lambda: referring.acknowledge(visit.desk, referral_id), said="referral-acknowledged"
    )


@router.post("/incidents/{incident_id}/referrals/{referral_id}/close", include_in_schema=False)
def close_referral(visit: Here, incident_id: Number, referral_id: Number) -> Response:
    """Note the outcome."""
    _belongs(visit, incident_id, referral_id)
    answers = visit.answers
    outcome = answers.text("police-outcome", need="Enter the outcome", most=2000, lines=True)
    if answers.errors:
        return show_incident(visit, facts_here(visit, incident_id), answers)

    def act() -> None:
        referring.close(visit.desk, referral_id, outcome=outcome)

    return _step(visit, incident_id, act, said="referral-closed")


def _belongs(visit: Visit, incident_id: int, referral_id: int) -> None:
    mine = select(Referral.id).where(Referral.id == referral_id, Referral.incident_id == incident_id)
    with visit.reading() as session:
        if session.scalar(mine) is None:
            raise Missing


def _step(visit: Visit, incident_id: int, act: Callable[[], object], *, said: str) -> Response:
    facts = facts_here(visit, incident_id)
    answers = visit.answers
    try:
        act()
    except NotAllowed as refused:
        answers.wrong("police", refused.why[:1].upper() + refused.why[1:])
        return show_incident(visit, facts, answers)
    return visit.to("incident", incident_id=incident_id, said=said)
