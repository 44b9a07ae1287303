"""How the judge is doing, by people's decisions: figures only; and the council's consent to train.

No model is changed here: that is a change of settings.
"""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.forms import Answers
from console.visiting import Here, Visit
from monitor import agreement, drift, recall, sampling, shadowed
from monitor.annotating import least_sure
from records import consents
from records.consents import TrainingConsent
from records.people import Person
from records.shadows import sitting
from records.vocabulary import Level, NotAllowed
from takedown import learning as consenting

router = APIRouter()
NEXT_SHOWN = 10
"""Open incidents offered as the most useful to decide."""
SHADOWS_SHOWN = 3
"""Judges in shadow whose differences are shown, the latest first."""


@router.get("/learning", include_in_schema=False)
def learning(visit: Here, said: str = "") -> Response:
    """Who judges, how often people agree, whether the scores drift, what is missed, what a shadow would change."""
    return _show(visit, Answers(), said=said)


def _show(visit: Visit, form: Answers, *, said: str = "") -> Response:
    with visit.reading() as session:
        weeks = agreement.weeks(session, now=visit.now)
        drifts = drift.drifts(session, now=visit.now)
        changed = shadowed.changes(session)[:SHADOWS_SHOWN]
        consent = consents.in_force(session)
        earlier = session.scalars(
            select(TrainingConsent).where(TrainingConsent.withdrawn_at.is_not(None)).order_by(TrainingConsent.id.desc())
        ).all()
        return visit.page(
            "learning.html",
            status=400 if form.errors else 200,
            form=form,
            said=said,
            bench=sitting(session),
            weeks=weeks,
            altogether=agreement.altogether(weeks),
            drifts=drifts,
            histograms=[one for one in drifts if one.platform == drift.EVERYWHERE and one.index is not None][:1],
            recalls=recall.recalls(session),
            waiting=bool(sampling.waiting(session, limit=1)),
            changed=[(one, shadowed.differing(session, one.pair)) for one in changed],
            every_level=list(Level),
            reporting=Level.ABUSIVE,
            next_up=least_sure(session, limit=NEXT_SHOWN) if visit.may("confirm") else {},
            consent=consent,
            earlier=earlier,
            names=dict(session.execute(select(Person.id, Person.name)).all()),
        )


@router.post("/learning/consent", include_in_schema=False)
def consent_to_training(visit: Here) -> Response:
    """The council lets its decisions be used to train."""
    answers = visit.answers
    reason = answers.text("consent-reason", need="Enter who in the council decided so, and when", most=2000, lines=True)
    if not answers.errors:
        try:
            consenting.consent(visit.desk, reason=reason)
        except NotAllowed as refused:
            answers.wrong("consent-reason", refused.why[:1].upper() + refused.why[1:])
    return _show(visit, answers) if answers.errors else visit.to("learning", said="training-consented")


@router.post("/learning/consent/withdraw", include_in_schema=False)
def withdraw_training_consent(visit: Here) -> Response:
    """The council takes that back."""
    consenting.withdraw_consent(visit.desk)
    return visit.to("learning", said="training-withdrawn")
