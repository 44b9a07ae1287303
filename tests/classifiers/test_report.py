"""The evaluation itself, on small invented sets: what counts as right, what is left out, what differs."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from classifiers.evaluation.candidates import Candidate, answers
from classifiers.evaluation.checking import differences
from classifiers.evaluation.civic import answered, by_function, figures
from classifiers.evaluation.fairness import by_mention, read_mentions
from classifiers.evaluation.page import BEGIN, END, as_json, page, renewed, write
from classifiers.evaluation.points import read_points
from classifiers.evaluation.public import lawful_only, templates, two_sided
from classifiers.evaluation.report import Asked, evaluate
from classifiers.evaluation.sets import Case, find_sets, spread
from classifiers.evaluation.targets import TARGETS, figure_of
from classifiers.shape import CannotLoad, Classifier, Judgement, Passage, Reason
from classifiers.training.sources import PETITIONS, CivicPost, held_back
from records.vocabulary import Label, Level

FINE, RUDE, BAD = "Thank you for the new bench", "What a numpty", "You are a hateful troll"


class Parrot:
    """Judges by the text alone: level 2 with hate for BAD, level 1 for RUDE, else lawful."""

    name, version = "parrot", "1"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        self.batches.append([passage.text for passage in passages])
        return [judgement(passage.text) for passage in passages]

    def carried(self, passage: Passage) -> Reason | None:
        return None


def judgement(text: str) -> Judgement:
    level = Level.ABUSIVE if BAD in text else Level.UNCIVIL if RUDE in text else Level.LAWFUL
    scores = dict.fromkeys(Label, 0.0)
    scores |= {Label.HATE: 0.7 if BAD in text else 0.1, Label.INSULT: 0.6 if level else 0.1}
    labels = frozenset({Label.HATE} if level is Level.ABUSIVE else {Label.INSULT} if level else ())
    return Judgement(level, labels, scores, scores[Label.HATE], (), "parrot", "1")


def candidate(classifier: Classifier | None = None, *, line: float = 0.5) -> Candidate:
    return Candidate("parrot", "balanced", classifier or Parrot(), dict.fromkeys(Label, line))


def post(text: str, level: Level, *, function: str = "greeting") -> CivicPost:
    return CivicPost(f"p{text}", text, function, frozenset(), level)


def put(folder: Path, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{key}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the public sets, invented."""
    folder = tmp_path_factory.mktemp("sources")
    put(
        folder / "eval",
        "hatecheck",
        [
            {"text": FINE, "hate": 0, "category": "praise_nh"},
            {"text": "[USER] closed [URL]", "hate": 1, "category": "veiled_h"},
        ],
    )
    put(folder / "eval", "real_civic", [{"text": FINE, "source": "reports"}, {"text": "Potholes", "source": "titles"}])
    titles = [f"Mend the path number {at}" for at in range(60)]
    put(folder / "open", PETITIONS, [{"text": title} for title in titles])
    return folder


@pytest.fixture(scope="module")
def report(sources: Path) -> dict[str, Any]:
    """A quick run of the word list with every peer that is here."""
    judged: list[int] = []

    def begin(total: int) -> Any:
        judged.append(-total)
        return lambda _, done: judged.append(done)

    said = evaluate(Asked("wordlist", None, "balanced", sources, quick=True), begin=begin)
    assert sum(judged) == 0, "the bar must end where it was told to"
    whole: dict[str, Any] = json.loads(as_json(said))
    return whole


def test_sets_that_are_not_there_are_named(sources: Path, report: dict[str, Any]) -> None:
    found = find_sets(sources)
    assert {one.key for one in found.public} == {"hatecheck", "real_civic", PETITIONS}
    assert found.left_out["edos"] == "edos.jsonl.gz is not among the sources"
    assert {one.key for one in find_sets(sources / "eval").public} == {"hatecheck", "real_civic"}
    assert set(find_sets(None).left_out) == {*found.left_out, "hatecheck", "real_civic", PETITIONS}
    assert set(report["left_out"]) >= set(found.left_out)
    assert all(f"- {key}: " in page(report) for key in report["left_out"])


def test_only_petitions_held_back_are_measured_and_stand_ins_read_as_posts_have_them(sources: Path) -> None:
    public = {one.key: one.cases for one in find_sets(sources).public}
    assert public[PETITIONS]
    assert all(held_back(case.text) for case in public[PETITIONS])
    assert len(public[PETITIONS]) < 60
    assert [case.text for case in public["hatecheck"]] == [FINE, "@user closed http"]


def test_a_quick_run_takes_posts_from_all_over_a_set() -> None:
    assert spread(range(10), 5) == [0, 2, 4, 6, 8]
    assert spread([1, 2], 5) == [1, 2]


def test_answers_keep_their_order_and_like_lengths_are_judged_together() -> None:
    parrot = Parrot()
    texts = [BAD * (at % 7 + 1) if at % 2 else FINE * (at % 5 + 1) for at in range(600)]
    told: list[int] = []
    said = answers(candidate(parrot), [Passage(text) for text in texts], what="x", watch=lambda _, n: told.append(n))
    assert [one.level for one in said] == [judgement(text).level for text in texts]
    assert sum(told) == 600
    assert len(told) > 1
    lengths = [len(text) for batch in parrot.batches for text in batch]
    assert lengths == sorted(lengths)


def test_the_hate_head_counts_at_its_line_and_a_flag_only_from_level_two() -> None:
    cases = [Case(BAD, True, "a"), Case(RUDE, False, "b"), Case(FINE, True, "a"), Case(FINE, False, "b")]
    said: Any = two_sided(candidate(), cases, [judgement(case.text) for case in cases], key="hatecheck")
    assert (said["hate_head"]["right"]["some"], said["hate_head"]["right_negative"]["of"]) == (3, 2)
    assert said["hate_head"]["right_positive"] == said["hate_judged"]["right_positive"]
    assert [(row["function"], row["right"]["some"]) for row in said["functions"]] == [("a", 1), ("b", 2)]
    strict: Any = two_sided(candidate(line=0.8), cases, [judgement(case.text) for case in cases], key="hatecheck")
    assert (strict["hate_head"]["right_positive"]["some"], strict["hate_judged"]["right_positive"]["some"]) == (0, 1)


def test_offensive_is_a_flag_or_the_insult_head() -> None:
    cases = [Case(BAD, True), Case(RUDE, True), Case(FINE, False)]
    judgements = [judgement(case.text) for case in cases]
    said: Any = two_sided(candidate(), cases, judgements, key="tweeteval_offensive")
    assert said["insult_or_abuse"]["macro_f1"] == 1.0
    strict: Any = two_sided(candidate(line=0.9), cases, judgements, key="tweeteval_offensive")
    assert strict["insult_or_abuse"]["right_positive"]["some"] == 1
    assert strict["level_1"]["right_positive"]["some"] == 2


def test_false_flags_by_source_and_between_names() -> None:
    cases = [Case(BAD, False, "one"), Case(FINE, False, "one"), Case(RUDE, False, "two")]
    said: Any = lawful_only(cases, [judgement(case.text) for case in cases])
    assert (said["flagged"]["some"], said["flagged"]["of"]) == (1, 3)
    assert (said["sources"]["one"]["share"], said["sources"]["two"]["share"]) == (0.5, 0.0)
    named = [Case(case.text, False, f"name {case.group}") for case in cases]
    spread_out: Any = templates(named, [judgement(case.text) for case in cases])
    assert (spread_out["name"]["groups"], spread_out["name"]["spread"]) == (2, 0.5)
    assert spread_out["identity"]["groups"] == 0


def test_a_function_with_both_kinds_has_both_failures() -> None:
    posts = [post(BAD, Level.LAWFUL), post(FINE, Level.SERIOUS), post(FINE, Level.LAWFUL, function="bench")]
    these = answered(posts, [judgement(one.text) for one in posts])
    rows: Any = by_function({"balanced": these})
    assert [(row["function"], row["kind"], row["wrong"]["balanced"]["some"]) for row in rows] == [
        ("bench", "lawful or mild, flagged", 0),
        ("greeting", "lawful or mild, flagged", 1),
        ("greeting", "abusive, missed", 1),
    ]
    assert figures(these).missed_serious.some == 1
    assert figures(these[2:]).auc is None


def test_errors_are_counted_under_what_a_post_names() -> None:
    posts = [post(f"{BAD}, said she", Level.LAWFUL), post("The shed is open", Level.LAWFUL)]
    rows: Any = by_mention(answered(posts, [judgement(one.text) for one in posts]), read_mentions())
    counts = {row["name"]: row["flagged_lawful"] for row in rows}
    assert (counts["women"]["some"], counts["women"]["of"]) == (1, 1), "whole words only: a shed is no she"
    assert (counts[""]["some"], counts[""]["of"]) == (1, 2)
    assert counts["men"]["of"] == 0


def test_the_report_has_every_part_and_stands_beside_peers(report: dict[str, Any]) -> None:
    assert report["judges"][0]["name"] == "wordlist"
    assert {"transformer"} <= {judge["backend"] for judge in report["judges"]}
    assert set(report["civic"]) == {"civiccheck_dev", "corpus_held_out"}
    assert len(report["expected"]) == 2 * 2 * 3
    judge = report["judges"][0]
    assert judge["civic"]["civiccheck_dev"] == next(iter(report["civic"]["civiccheck_dev"]["points"].values()))
    assert any(figure_of(target, judge) is not None for target in TARGETS)


def test_a_report_agrees_with_itself_and_a_changed_figure_is_named(report: dict[str, Any]) -> None:
    assert differences(report, report) == []
    changed = copy.deepcopy(report)
    changed["public"]["real_civic"]["flagged"]["some"] += 1
    changed["civic"]["civiccheck_dev"]["points"]["its own"]["missed_abusive"]["some"] -= 40
    found = {one.figure: one.beyond for one in differences(changed, report)}
    assert found == {
        "public.real_civic.flagged.some": False,
        "civic.civiccheck_dev.points.its own.missed_abusive.some": True,
    }
    fewer = copy.deepcopy(report)
    for part in ("sets", "public"):
        del fewer[part]["real_civic"]
    for judge in fewer["judges"]:
        del judge["public"]["real_civic"]
    assert differences(report, fewer) == [], "what was not measured now cannot differ"


def test_another_version_is_a_difference(report: dict[str, Any]) -> None:
    other = copy.deepcopy(report)
    other["model"]["version"] = "another"
    assert [(one.figure, one.beyond) for one in differences(other, report)] == [("model.version", True)]


def test_pages_are_written_and_the_card_is_renewed_between_its_marks(tmp_path: Path, report: dict[str, Any]) -> None:
    (tmp_path / "model.md").write_text(f"before\n{BEGIN}\nstale figures\n{END}\nafter\n", encoding="utf-8")
    written = write(report, tmp_path)
    assert [file.name for file in written] == ["evaluation.json", "evaluation.md", "model.md"]
    card = (tmp_path / "model.md").read_text(encoding="utf-8")
    assert card.startswith("before\n")
    assert card.endswith(f"{END}\nafter\n")
    assert "stale" not in card
    assert card.count("Command: `python -m wardkeeper evaluate") > 3
    assert renewed(card, report) == card
    with pytest.raises(ValueError, match="marks"):
        renewed("no marks", report)


def test_operating_points_are_read_with_what_they_cost(tmp_path: Path) -> None:
    held_out = {"flagged_lawful": [3, 60], "missed_abusive": [5, 50], "missed_serious": [1, 20]}
    point = {"lines": {"abusive": 0.4}, "held_out": {**held_out, "missed_critical": [0, 5]}}
    about = {"points": {"cautious": point, "quiet": {"lines": {"abusive": 0.9}}}}
    (tmp_path / "model.json").write_text(json.dumps(about), encoding="utf-8")
    cautious, quiet = read_points(tmp_path)
    assert (cautious.name, cautious.line, cautious.measured["flagged_lawful"].share) == ("cautious", 0.4, 0.05)
    assert quiet.measured == {}
    with pytest.raises(CannotLoad, match="nowhere"):
        read_points(tmp_path / "nowhere")
