"""A judge in shadow reads what the judge reads: counts for all posts, its verdict where a held post's level differs.

Nothing is decided by it: no level, no incident and no deletion depends on what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from classifiers.shape import Judgement, Passage
from records.assessments import Assessment
from records.counts import Shadowed, add_shadowed, day_of
from records.shadows import ShadowVerdict


class Listening(Protocol):
    """A judge in shadow as the assessing sees it."""

    def judge(self, passages: Sequence[Passage]) -> list[Judgement] | None:
        """One judgement per passage, or None while it does not work. Never raises."""
        ...


@dataclass(frozen=True)
class Beside:
    """The judgement of one post and what the judge in shadow says of it; `held` when the post was not let go."""

    assessment: Assessment
    shadow: Judgement
    held: bool


def keep_shadow(session: Session, beside: Sequence[Beside], *, now: datetime) -> None:
    """Add a batch to the day's counts, and keep the verdicts of held posts where the levels differ."""
    counts = Counter(
        Shadowed(
            day=day_of(now),
            model=one.assessment.model,
            model_version=one.assessment.model_version,
            shadow=one.shadow.model,
            shadow_version=one.shadow.version,
            level=one.assessment.level,
            shadow_level=one.shadow.level,
        )
        for one in beside
    )
    add_shadowed(session, counts)
    for one in beside:
        if one.held and one.shadow.level is not one.assessment.level:
            verdict = ShadowVerdict(
                assessment=one.assessment,
                model=one.shadow.model,
                model_version=one.shadow.version,
                level=one.shadow.level,
                labels=one.shadow.labels,
                report=one.shadow.report,
                at=now,
            )
            session.add(verdict)
