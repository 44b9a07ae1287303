"""Figures on the public sets. Each set has its own question; here stands which of our answers is held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from classifiers.evaluation.candidates import Candidate
from classifiers.evaluation.intervals import Count, count, macro_f1
from classifiers.evaluation.sets import Case
from classifiers.shape import Judgement
from records.vocabulary import Label, Level

Says = Callable[[Candidate, Judgement], bool]


@dataclass(frozen=True)
class Reading:
    """One way to read our judgement as an answer to a set's question."""

    key: str
    words: str
    says: Says


def _hate_head(candidate: Candidate, judgement: Judgement) -> bool:
    return candidate.says(Label.HATE, judgement)


def _hate_judged(_: Candidate, judgement: Judgement) -> bool:
    return judgement.level >= Level.ABUSIVE and Label.HATE in judgement.labels


def _offensive_heads(candidate: Candidate, judgement: Judgement) -> bool:
    return judgement.level >= Level.ABUSIVE or candidate.says(Label.INSULT, judgement)


def _uncivil(_: Candidate, judgement: Judgement) -> bool:
    return judgement.level >= Level.UNCIVIL


HATE = (
    Reading("hate_head", "the hate head reaches its line, whatever the level", _hate_head),
    Reading("hate_judged", "judged level 2 or more with hate among the labels", _hate_judged),
)
"""The first reading is the one to compare: these sets count abuse of individuals and plain swearing as not hateful."""

OFFENSIVE = (
    Reading("insult_or_abuse", "judged level 2 or more, or the insult head reaches its line", _offensive_heads),
    Reading("level_1", "judged level 1 or more", _uncivil),
)

QUESTIONS: Mapping[str, tuple[Reading, ...]] = {
    "hatecheck": HATE,
    "hatemojicheck": HATE,
    "tweeteval_hate": HATE,
    "edos": HATE,
    "tweeteval_offensive": OFFENSIVE,
}
"""The readings of each set with both kinds of text; in the others every text is lawful and every flag is false."""


def two_sided(
    candidate: Candidate, cases: Sequence[Case], judgements: Sequence[Judgement], *, key: str
) -> dict[str, object]:
    """Per reading: texts answered rightly (all, positive, negative), macro-F1, and rightly answered by function."""
    said: dict[str, object] = {"texts": len(cases)}
    for reading in QUESTIONS[key]:
        answers = [reading.says(candidate, judgement) for judgement in judgements]
        truth = [case.truth for case in cases]
        right = [answer is true for answer, true in zip(answers, truth, strict=True)]
        said[reading.key] = {
            "reading": reading.words,
            "right": count(right).as_json(),
            "right_positive": count([one for one, true in zip(right, truth, strict=True) if true]).as_json(),
            "right_negative": count([one for one, true in zip(right, truth, strict=True) if not true]).as_json(),
            "macro_f1": round(macro_f1(answers, truth), 4),
        }
    first = QUESTIONS[key][0]
    if any(case.group for case in cases):
        said["functions"] = _functions(candidate, cases, judgements, first)
    return said


def lawful_only(cases: Sequence[Case], judgements: Sequence[Judgement]) -> dict[str, object]:
    """Texts judged level 2 or more, all of them false flags; by source where the set has several."""
    flags = [judgement.level >= Level.ABUSIVE for judgement in judgements]
    said: dict[str, object] = {"texts": len(cases), "flagged": count(flags).as_json()}
    groups = _groups(cases, flags)
    if len(groups) > 1:
        said["sources"] = {group: one.as_json() for group, one in sorted(groups.items())}
    return said


def templates(cases: Sequence[Case], judgements: Sequence[Judgement]) -> dict[str, object]:
    """False flags over all, and how far they differ between first names and between the identities set in.

    The names and identities are not told, only how many there are and the least and greatest share among them. An
    identity has only two or three sentences in this set, so its spread is coarse; a first name has a hundred.
    """
    flags = [judgement.level >= Level.ABUSIVE for judgement in judgements]
    said: dict[str, object] = {"texts": len(cases), "flagged": count(flags).as_json()}
    groups = _groups(cases, flags)
    for kind in ("name", "identity"):
        these = {group: one for group, one in groups.items() if group.startswith(f"{kind} ")}
        shares = [one.share for one in these.values()]
        said[kind] = {
            "flagged": Count(sum(one.some for one in these.values()), sum(one.of for one in these.values())).as_json(),
            "groups": len(these),
            "least": round(min(shares, default=0.0), 4),
            "greatest": round(max(shares, default=0.0), 4),
            "spread": round(max(shares, default=0.0) - min(shares, default=0.0), 4),
            "groups_with_a_flag": sum(share > 0 for share in shares),
        }
    return said


def _functions(
    candidate: Candidate, cases: Sequence[Case], judgements: Sequence[Judgement], reading: Reading
) -> list[dict[str, object]]:
    right: dict[tuple[str, bool], list[bool]] = {}
    for case, judgement in zip(cases, judgements, strict=True):
        right.setdefault((case.group, case.truth), []).append(reading.says(candidate, judgement) is case.truth)
    return [
        {"function": function, "positive": truth, "right": count(flags).as_json()}
        for (function, truth), flags in sorted(right.items())
    ]


def _groups(cases: Sequence[Case], flags: Sequence[bool]) -> dict[str, Count]:
    groups: dict[str, list[bool]] = {}
    for case, flag in zip(cases, flags, strict=True):
        groups.setdefault(case.group, []).append(flag)
    return {group: count(these) for group, these in groups.items() if group}
