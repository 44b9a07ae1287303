"""How another judge would have done on what people decided: judges held posts anew, decides and stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.shape import Classifier, Passage
from monitor.estimating import Share, share
from records.decisions import Decision
from records.incidents import Incident
from records.posts import Snapshot
from records.vocabulary import IncidentState, Level

BATCH = 256
GONE = (
    "Lawful history is gone: the words of posts found lawful were deleted after 72 hours, and dismissed ones a few "
    "days after the dismissal. So false alarms among posts that were never flagged cannot be counted here, nor can "
    "abuse that no judge and no person ever found; and people decided knowing what the present judge had proposed. "
    "The sample of unflagged posts and the shadow mode are there for that."
)
"""What the table cannot show, in words; printed wherever it is."""


@dataclass(frozen=True)
class Held:
    """One held post, and the level people gave it; a dismissal is level 0."""

    passage: Passage
    level: Level


@dataclass(frozen=True)
class Line:
    """How one judge did on the posts to which people gave one level: put on the right side of the reporting line
    (level 2), given the very same level, and flagged at all (from the council's line on)."""

    right_side: Share
    same_level: Share
    flagged: Share


@dataclass(frozen=True)
class Result:
    """One judge's agreement with people, by the people's level and altogether."""

    model: str
    model_version: str
    by_level: Mapping[Level, Line]
    altogether: Line


def held_decisions(session: Session) -> list[Held]:
    """Posts that people have decided about and whose words are still there; the gravest decision about each."""
    held: dict[int, Held] = {}
    decided = select(Incident).where(Incident.state != IncidentState.OPEN, Incident.post_id.is_not(None))
    for incident in session.scalars(decided.order_by(Incident.id)):
        snapshot = _version_of(session, incident)
        if snapshot is None:
            continue
        level = Level.LAWFUL if incident.state is IncidentState.DISMISSED else incident.level
        known = held.get(snapshot.post_id)
        if known is None or level > known.level:
            held[snapshot.post_id] = Held(Passage(snapshot.words, snapshot.context), level)
    return list(held.values())


def _version_of(session: Session, incident: Incident) -> Snapshot | None:
    """The version the last decision was about, else the newest; None when its words are gone."""
    last = select(Decision).where(Decision.incident_id == incident.id).order_by(Decision.id.desc()).limit(1)
    decision = session.scalar(last)
    if decision is not None:
        snapshot: Snapshot | None = decision.assessment.snapshot
    else:
        newest = select(Snapshot).where(Snapshot.post_id == incident.post_id).order_by(Snapshot.id.desc()).limit(1)
        snapshot = session.scalar(newest)
    gone = snapshot is None or snapshot.forgotten_at is not None or not snapshot.words.strip()
    return None if gone else snapshot


def judged_anew(
    held: Sequence[Held],
    classifier: Classifier,
    *,
    line: Level,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Judge every held post with this classifier and compare; `progress` is told how many are done."""
    given: list[Level] = []
    for start in range(0, len(held), BATCH):
        judgements = classifier.judge([one.passage for one in held[start : start + BATCH]])
        given.extend(judgement.level for judgement in judgements)
        if progress:
            progress(len(given))
    pairs = [(one.level, level) for one, level in zip(held, given, strict=True)]
    return Result(
        model=classifier.name,
        model_version=classifier.version,
        by_level={level: _line([pair for pair in pairs if pair[0] is level], line=line) for level in Level},
        altogether=_line(pairs, line=line),
    )


def _line(pairs: Sequence[tuple[Level, Level]], *, line: Level) -> Line:
    def part(counts: Callable[[Level, Level], bool]) -> Share:
        return share(sum(counts(person, model) for person, model in pairs), len(pairs))

    return Line(
        right_side=part(lambda person, model: (person >= Level.ABUSIVE) is (model >= Level.ABUSIVE)),
        same_level=part(lambda person, model: person is model),
        flagged=part(lambda _person, model: model >= line),
    )
