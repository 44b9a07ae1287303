"""A short list of posts that were not flagged, masked: would you have wanted to see this one?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from console.forms import Answers
from console.visiting import Here, Missing, Number, Visit
from monitor import sampling
from monitor.intake import CannotTake
from monitor.sampling import Place
from platforms.register import find
from records.samples import Sample
from records.vocabulary import Level, NotAllowed
from takedown.masking import masked, visible

router = APIRouter()
SHOWN = 5
"""Posts on the page: people who read abuse do better in short stretches."""
_CHOICES = (
    (Level.LAWFUL, "Lawful: criticism, however harsh, or nothing of the kind"),
    (Level.UNCIVIL, "Mild: uncivil, not to be reported"),
    (Level.ABUSIVE, "Report, level 2: abusive"),
    (Level.SERIOUS, "Report, level 3: serious, to be looked at the same day"),
    (Level.CRITICAL, "Report, level 4: critical, police at once"),
)


@dataclass(frozen=True)
class Drawn:
    """One drawn post as the page shows it; `words` are masked unless `revealed`."""

    id: int
    platform: str
    seen_at: datetime
    words: str
    context: str
    revealed: bool
    choices: list[dict[str, object]]


@router.get("/sample", include_in_schema=False)
def sample(visit: Here, said: str = "") -> Response:
    """The drawn posts that wait, those that go first before the others."""
    return _show(visit, Answers(), said=said)


def _show(visit: Visit, form: Answers, *, revealed: int | None = None, said: str = "") -> Response:
    with visit.reading() as session:
        drawn = [_drawn(visit, one, form, revealed=revealed) for one in sampling.waiting(session, limit=SHOWN)]
        waits = select(func.count()).select_from(Sample).where(Sample.level.is_(None), Sample.snapshot_id.is_not(None))
        count = session.scalar(waits) or 0
    return visit.page("sample.html", status=400 if form.errors else 200, form=form, drawn=drawn, count=count, said=said)


def _drawn(visit: Visit, one: Sample, form: Answers, *, revealed: int | None) -> Drawn:
    snapshot = one.snapshot
    assert snapshot is not None
    show = visible if one.id == revealed else masked
    platform = visit.parts.reach.platforms.get(snapshot.post.platform)
    chosen = form.value(f"level-{one.id}")
    return Drawn(
        id=one.id,
        platform=platform.name if platform else snapshot.post.platform,
        seen_at=snapshot.seen_at,
        words=show(snapshot.words),
        context=show(snapshot.context),
        revealed=one.id == revealed,
        choices=[{"value": str(int(at)), "text": text, "checked": chosen == str(int(at))} for at, text in _CHOICES],
    )


@router.post("/sample/{sample_id}/reveal", include_in_schema=False)
def reveal_sample(visit: Here, sample_id: Number) -> Response:
    """The same list with the words of one post shown; every look is audited."""
    try:
        with visit.writing() as (session, person):
            sampling.shown(session, sample_id, by=person, now=visit.now)
    except NotAllowed as gone:
        if "no such" in gone.why:
            raise Missing from None
        raise
    return _show(visit, Answers(), revealed=sample_id)


@router.post("/sample/{sample_id}/answer", include_in_schema=False)
def answer_sample(visit: Here, sample_id: Number) -> Response:
    """Keep the answer; what should have been seen becomes an incident at once."""
    answers = visit.answers
    level = answers.level(f"level-{sample_id}", need="Select what you think of this post")
    url = answers.text(f"url-{sample_id}", most=2000)
    if level is None or answers.errors:
        return _show(visit, answers)
    place = Place(url, find, tuple(visit.parts.reach.platforms.values())) if url else None
    try:
        with visit.writing() as (session, person):
            vault = visit.parts.store.vault
            opened = sampling.answer(session, vault, sample_id, level=level, by=person, now=visit.now, place=place)
    except CannotTake as wrong:
        answers.wrong(f"url-{sample_id}", wrong.what[:1].upper() + wrong.what[1:])
        return _show(visit, answers)
    except NotAllowed as refused:
        if "no such" in refused.why:
            raise Missing from None
        raise
    if opened:
        return visit.to("incident", incident_id=opened[0], said="sample-raised")
    return visit.to("sample", said="sample-answered")
