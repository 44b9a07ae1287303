"""From scores and plain rules to a level, each step with its reason. Knows no model and reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifiers.language import named, noticed
from classifiers.rules import Finding, rules
from classifiers.shape import Judgement, Reason
from records.vocabulary import Label, Level

LEAST: Mapping[Label, Level] = {
    Label.THREAT: Level.SERIOUS,
    Label.DOXXING: Level.SERIOUS,
    Label.HATE: Level.ABUSIVE,
    Label.SEXUAL: Level.ABUSIVE,
    Label.SMEAR: Level.ABUSIVE,
    Label.INCITEMENT: Level.ABUSIVE,
    Label.INTIMIDATION: Level.ABUSIVE,
    Label.INSULT: Level.UNCIVIL,
}
"""The least level of a post that carries a label, by the annotation guide."""

CRITICAL_LABELS = (Label.THREAT, Label.INCITEMENT, Label.DOXXING)
"""Level 4 needs one of these."""

RULE_PROBABILITY = 0.95
"""What a rule's finding counts for beside a model's probabilities, so that level and scores never contradict."""


_TOO_LONG = Reason(
    "long_text", "The text is very long: its start, its end and samples between were read, not all of it"
)


_LIKELY = 0.5
_REPORTED = Reason(
    "reported_words", "It may repeat or report someone else's words: read who is speaking before you decide"
)


@dataclass(frozen=True)
class Scores:
    """Probabilities of one text: per label, and that its level is at least each step above lawful."""

    labels: Mapping[Label, float]
    steps: Mapping[Level, float]
    aimed: float | None = None
    """That it is aimed at a person; None where the model does not say."""
    reported: float | None = None
    """That it repeats or reports someone else's words; None where the model does not say."""


@dataclass(frozen=True)
class Lines:
    """The operating point: a label or a step counts from this probability on."""

    labels: Mapping[Label, float]
    steps: Mapping[Level, float]


@dataclass(frozen=True)
class Grade:
    """Level and labels that agree with each other, and the reasons for them."""

    level: Level
    labels: frozenset[Label]
    why: tuple[Reason, ...]


@dataclass(frozen=True)
class Source:
    """Which model judged, and from which of its versions the scores come."""

    model: str
    version: str


def judged(read: Sequence[tuple[int, str]], scores: Scores, lines: Lines, source: Source) -> Judgement:
    """The judgement of one text from a model's scores and the rules; `read` are its stretches with their offsets."""
    found = [finding for offset, text in read for finding in rules(text, offset=offset)]
    findings = [finding for finding in found if not finding.needs_model or _leans(scores, finding.label)]
    grade = graded(scores, lines, findings)
    language = noticed(read[0][1]) if read else ""
    labels = {label: scores.labels.get(label, 0.0) for label in Label}
    report = scores.steps[Level.ABUSIVE]
    for finding in findings:
        labels[finding.label] = max(labels[finding.label], RULE_PROBABILITY)
        report = max(report, RULE_PROBABILITY)
    return Judgement(
        level=grade.level,
        labels=grade.labels,
        scores=labels,
        report=report,
        why=(*grade.why, *_notes(grade, scores, language), *([_TOO_LONG] if len(read) > 1 else [])),
        model=source.model,
        version=source.version,
        language=language,
    )


def _notes(grade: Grade, scores: Scores, language: str) -> list[Reason]:
    """What a reviewer should know beside the level; it changes nothing."""
    notes = []
    if grade.level >= Level.ABUSIVE and (scores.reported or 0.0) >= _LIKELY:
        notes.append(_REPORTED)
    if language not in ("", "en"):
        words = f"It seems to be written in {named(language)}: the model was measured on English, trust it less"
        notes.append(Reason("other_language", words))
    return notes


def graded(scores: Scores, lines: Lines, findings: Sequence[Finding]) -> Grade:
    """The highest step whose line is reached, raised by findings, with labels made consistent with it."""
    level = Level.LAWFUL
    for step in (Level.UNCIVIL, Level.ABUSIVE, Level.SERIOUS, Level.CRITICAL):
        if step is Level.ABUSIVE or level >= step - 1:
            level = step if scores.steps[step] >= lines.steps[step] else level
    labels = {label for label in Label if scores.labels.get(label, 0.0) >= lines.labels[label]}
    why = []
    if level >= Level.UNCIVIL:
        step = min(level, Level.ABUSIVE)
        said = "abusive" if step is Level.ABUSIVE else "uncivil"
        why.append(Reason(f"model_{said}", f"The model reads this as {said} (probability {scores.steps[step]:.2f})"))
    if level < Level.ABUSIVE:
        labels = set()
    for finding in sorted(findings, key=lambda found: -found.least):
        level = max(level, finding.least)
        labels.add(finding.label)
        why.append(finding.why)
    level, settled = settle(level, labels, scores)
    return Grade(level, settled, tuple(why))


def settle(level: Level, labels: set[Label], scores: Scores) -> tuple[Level, frozenset[Label]]:
    """Level and labels that satisfy the annotation guide: the level rises to what a label means."""
    if level is Level.LAWFUL:
        return level, frozenset()
    if level is Level.UNCIVIL:
        return level, frozenset({Label.INSULT})
    kept = set(labels) or {max(Label, key=lambda label: (scores.labels.get(label, 0.0), label is Label.INSULT))}
    level = max(level, *(LEAST[label] for label in kept))
    if level is Level.CRITICAL and not kept.intersection(CRITICAL_LABELS):
        likeliest = max(CRITICAL_LABELS, key=lambda label: scores.labels.get(label, 0.0))
        if scores.labels.get(likeliest, 0.0) >= 0.2:
            kept.add(likeliest)
        else:
            level = Level.SERIOUS
    return level, frozenset(kept)


def _leans(scores: Scores, label: Label) -> bool:
    return scores.labels.get(label, 0.0) >= 0.3 or scores.steps[Level.ABUSIVE] >= 0.5
