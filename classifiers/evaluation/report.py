"""The whole evaluation: finds the sets, asks the judges, and gathers every figure in one JSON-ready report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classifiers.evaluation.calibration import reliability, uncalibrated
from classifiers.evaluation.candidates import Candidate, Scoring, Watch, answers, open_candidate, plain_candidate
from classifiers.evaluation.civic import Answered, answered, by_function, figures, passages
from classifiers.evaluation.fairness import by_mention, read_mentions
from classifiers.evaluation.intervals import per_thousand
from classifiers.evaluation.peers import PROFANITY, ProfanityCheck
from classifiers.evaluation.public import QUESTIONS, lawful_only, templates, two_sided
from classifiers.evaluation.sets import Cases, CivicSet, Found, find_sets
from classifiers.register import BACKENDS
from classifiers.shape import CannotLoad, Judgement, Passage
from classifiers.weights import POINTS
from records.vocabulary import Level

Report = Mapping[str, Any]

QUICK = 100
"""Posts of each set in a quick run, which only shows that everything works."""

BASE_RATES = (0.01, 0.03, 0.05)
"""Shares of abusive posts in what a council sees, for which flags are foretold."""

Begin = Callable[[int], Watch]
"""Told how many judgements are to come; gives what is called after each batch."""


@dataclass(frozen=True)
class Asked:
    """What is to be measured, and on what."""

    backend: str
    folder: Path | None
    point: str
    sources: Path | None
    quick: bool = False


@dataclass(frozen=True)
class _Answers:
    """Everything one judge said, set by set."""

    candidate: Candidate
    civic: Mapping[str, list[Answered]]
    public: Mapping[str, list[Judgement]]


def evaluate(asked: Asked, *, begin: Begin) -> Report:
    """Judge every set that is there and count. Raises CannotLoad where the judge asked for does not load."""
    main = open_candidate(asked.backend, folder=asked.folder, point=asked.point)
    others = [
        open_candidate(asked.backend, folder=asked.folder, point=point)
        for point in POINTS
        if point != main.point and main.point in POINTS
    ]
    found = find_sets(asked.sources, most=QUICK if asked.quick else None)
    peers, absent = _peers(asked)
    watch = begin(_to_judge(found, points=len(others), judges=1 + len(peers)))
    said = _ask(main, found, watch)
    at_points = {main.point: said.civic} | {other.point: _ask_civic(other, found, watch) for other in others}
    ordered = {point: at_points[point] for point in (*POINTS, main.point) if point in at_points}
    return {
        "model": {
            "name": main.classifier.name,
            "version": main.classifier.version,
            "backend": main.backend,
            "point": main.point,
        },
        "quick": asked.quick,
        "sets": {
            **{one.key: {"posts": len(one.posts), "digest": one.digest} for one in found.civic},
            **{one.key: {"posts": len(one.cases), "digest": one.digest} for one in found.public},
        },
        "left_out": {**found.left_out, **absent},
        "civic": {one.key: _civic_block(one, ordered, main) for one in found.civic},
        "public": {one.key: _public_block(one, said) for one in found.public},
        "expected": _expected(said, found),
        "fairness": by_mention([one for these in said.civic.values() for one in these], read_mentions()),
        "judges": [_summary(said, found), *(_summary(_ask(peer, found, watch), found) for peer in peers)],
    }


def _peers(asked: Asked) -> tuple[list[Candidate], dict[str, str]]:
    """Every other judge that can be had here, and why one cannot."""
    peers, absent = [], {}
    for backend in sorted(set(BACKENDS) - {asked.backend}):
        try:
            peers.append(open_candidate(backend, folder=asked.folder, point=asked.point))
        except CannotLoad:
            absent[f"judge {backend}"] = "it does not load from this folder here"
    try:
        check = ProfanityCheck.load()
        peers.append(plain_candidate(check, backend=check.name))
    except CannotLoad as problem:
        absent[f"judge {PROFANITY}"] = str(problem)
    return peers, absent


def _to_judge(found: Found, *, points: int, judges: int) -> int:
    civic = sum(len(one.posts) for one in found.civic)
    return civic * (points + judges) + sum(len(one.cases) for one in found.public) * judges


def _ask(candidate: Candidate, found: Found, watch: Watch) -> _Answers:
    public = {
        one.key: answers(candidate, [Passage(case.text) for case in one.cases], what=one.title, watch=watch)
        for one in found.public
    }
    return _Answers(candidate, _ask_civic(candidate, found, watch), public)


def _ask_civic(candidate: Candidate, found: Found, watch: Watch) -> dict[str, list[Answered]]:
    return {
        one.key: answered(one.posts, answers(candidate, passages(one.posts), what=one.key, watch=watch))
        for one in found.civic
    }


def _civic_block(one: CivicSet, points: Mapping[str, Mapping[str, list[Answered]]], main: Candidate) -> Report:
    at = {point: these[one.key] for point, these in points.items()}
    return {
        "points": {point: figures(these).as_json() for point, these in at.items()},
        "functions": by_function(at),
        "calibration": _calibration(one, at[main.point], main),
    }


def _calibration(one: CivicSet, these: Sequence[Answered], main: Candidate) -> Report:
    """Reliability of `report`: as it is shown; of the network alone; and of the plain sigmoid it started from."""
    truth = [answer.abusive for answer in these]
    said = {"shown": asdict(reliability([answer.judgement.report for answer in these], truth))}
    if main.calibration is not None and isinstance(main.classifier, Scoring):
        alone = [scores.steps[Level.ABUSIVE] for scores in main.classifier.scores(passages(one.posts))]
        raw = [uncalibrated(chance, main.calibration) for chance in alone]
        said |= {"after": asdict(reliability(alone, truth)), "before": asdict(reliability(raw, truth))}
    return said


def _public_block(one: Cases, said: _Answers) -> Report:
    judgements = said.public[one.key]
    if one.key in QUESTIONS:
        return two_sided(said.candidate, one.cases, judgements, key=one.key)
    if one.key == "identity_sentence_templates":
        return templates(one.cases, judgements)
    return lawful_only(one.cases, judgements)


def _expected(said: _Answers, found: Found) -> list[Report]:
    """What 1,000 posts would give, with both rates from one set, and with false flags as on real lawful text."""
    rows: list[Report] = []
    real = next((one for one in found.public if one.key == "real_civic"), None)
    for key, these in said.civic.items():
        counted = figures(these)
        rates = {key: counted.flagged_lawful.share}
        if real is not None:
            flagged = [judgement.level >= Level.ABUSIVE for judgement in said.public[real.key]]
            rates[real.key] = sum(flagged) / len(flagged)
        for lawful, rate in rates.items():
            for base in BASE_RATES:
                expected = per_thousand(base_rate=base, missed=counted.missed_abusive.share, flagged_lawful=rate)
                rows.append({"misses_as_on": key, "false_flags_as_on": lawful, **expected})
    return rows


def _summary(said: _Answers, found: Found) -> Report:
    """One judge in a row per set: the figures by which judges are compared."""
    return {
        "name": said.candidate.classifier.name,
        "version": said.candidate.classifier.version,
        "backend": said.candidate.backend,
        "point": said.candidate.point,
        "civic": {key: figures(these).as_json() for key, these in said.civic.items()},
        "public": {one.key: _without_details(_public_block(one, said)) for one in found.public},
    }


def _without_details(block: Report) -> Report:
    return {name: value for name, value in block.items() if name != "functions"}
