"""The civic corpus: sound lines, no sentence too often, every function with its twins, both sides alike."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from classifiers.evaluation.sets import CIVICCHECK
from classifiers.training.checking import FEWEST, coverage, faults, lean, shared
from classifiers.training.sources import BLOCK, CORPUS, CivicPost, read_civic, read_posts
from records.vocabulary import Label, Level

IDENTITIES = (
    "muslims?|mosque",
    "jews?|jewish",
    "christians?|church",
    "black",
    "white",
    "gay|lesbian",
    "trans",
    "disabled|wheelchair",
    "migrants?|immigrants?|refugees?|asylum",
    "polish|poles|romanians?",
    "travellers?|gypsy|gypsies",
    "pakistanis?|pakistan",
    "wom[ae]n",
    "m[ae]n",
    "she|her",
    "he|him",
    "tory|tories|conservatives?",
    "labour",
    "greens?",
    "reform",
)
"""Words for identities, sexes and parties; none may tell a model which side a post is on."""


@cache
def corpus() -> tuple[CivicPost, ...]:
    return tuple(post for file in sorted(CORPUS.glob("*.jsonl")) for post in read_posts(file))


def test_the_corpus_is_large_and_sound() -> None:
    assert len(corpus()) >= 14_000
    assert faults(corpus()) == []


def test_nothing_is_shared_with_the_evaluation_set() -> None:
    assert shared(corpus(), [post.text for post in read_posts(CIVICCHECK)]) == []


def test_every_tested_function_has_its_posts_and_twins() -> None:
    cases = [json.loads(line) for line in CIVICCHECK.read_text(encoding="utf-8").splitlines()]
    functions = {str(case["function"]): bool(case["abusive"]) for case in cases}
    found = coverage(corpus(), functions)
    assert len(found) == 55
    assert {name: counts for name, counts in found.items() if min(counts) < FEWEST} == {}


@pytest.mark.parametrize("word", IDENTITIES)
def test_no_identity_sex_or_party_tells_the_verdict(word: str) -> None:
    [(abusive, of)] = lean(corpus(), [word]).values()
    assert of >= 30
    assert 0.25 <= abusive / of <= 0.65


def test_twins_stay_in_one_split() -> None:
    civic = read_civic()
    where = {post.id: name for name in ("learn", "choose", "held_out") for post in getattr(civic, name)}
    assert min(len(civic.choose), len(civic.held_out)) >= 800
    splits: dict[str, set[str]] = {}
    for post in corpus():
        if post.pair:
            splits.setdefault(post.pair, set()).add(where[post.id])
    assert all(len(names) == 1 for pair, names in splits.items() if pair.startswith("d"))
    for file in CORPUS.glob("*.jsonl"):
        posts = read_posts(file)
        for start in range(0, len(posts), BLOCK):
            assert len({where[post.id] for post in posts[start : start + BLOCK]}) == 1


def test_the_checker_sees_what_is_wrong() -> None:
    sound = CivicPost("a1", "Cllr Marsh is a disgrace for what he did to the library", "x", frozenset(), Level.LAWFUL)
    assert faults([sound]) == []
    assert "this id" in faults([sound, sound])[0]
    for broken, said in (
        (_with(sound, labels=frozenset({Label.HATE})), "level 0"),
        (_with(sound, labels=frozenset({Label.HATE}), level=Level.UNCIVIL), "an insult"),
        (_with(sound, labels=frozenset({Label.THREAT}), level=Level.ABUSIVE), "at least level 3"),
        (_with(sound, labels=frozenset({Label.SMEAR}), level=Level.CRITICAL), "level 4 needs"),
        (_with(sound, text=" "), "no text"),
    ):
        assert any(said in fault for fault in faults([broken])), said
    frame = [
        _with(sound, id=f"b{n}", text=f"Cllr {name} is a disgrace for what he did to the {place} on Friday")
        for n, (name, place) in enumerate([("Ali", "baths"), ("Jones", "market"), ("Obi", "park"), ("Kaya", "hall")])
    ]
    assert any("shares its sentence" in fault for fault in faults(frame))
    assert shared([sound], ["cllr marsh is a disgrace, for what he did to the library!"]) == ["a1"]


def _with(post: CivicPost, **changes: object) -> CivicPost:
    said = {name: getattr(post, name) for name in ("id", "text", "function", "labels", "level")}
    return CivicPost(**{**said, **changes})  # type: ignore[arg-type]


def test_a_corpus_line_that_is_no_post_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "1", "text": "a", "labels": [], "severity": 9, "function": "f"}\n')
    with pytest.raises(ValueError, match=r"x\.jsonl line 1"):
        read_civic(tmp_path)
