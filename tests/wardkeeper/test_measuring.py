"""Measuring a model from the command line: the operating points, the evaluation, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wardkeeper.cli import main
from wardkeeper.terminal import Exit

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in a folder of its own; gives its exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(SystemExit) as left:
            main(["--data", str(tmp_path / "data"), *arguments])
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return call


def weights(folder: Path) -> Path:
    """A folder that says what its operating points cost."""
    folder.mkdir()
    held_out = {"flagged_lawful": [3, 60], "missed_abusive": [5, 50], "missed_serious": [1, 20]}
    points = {
        name: {"lines": {"abusive": line}, "held_out": {**held_out, "missed_critical": [0, 5]}}
        for name, line in (("cautious", 0.3), ("balanced", 0.5), ("quiet", 0.8))
    }
    (folder / "model.json").write_text(json.dumps({"points": points}), encoding="utf-8")
    return folder


def test_the_points_are_told_with_what_they_cost(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDKEEPER_JUDGE__FOLDER", str(weights(tmp_path / "weights")))
    code, out, err = run("judge", "--points", "--json")
    assert code == Exit.DONE, err
    rows = json.loads(out)
    assert [(row["point"], row["in_use"], row["flags_from"]) for row in rows] == [
        ("cautious", False, 0.3),
        ("balanced", True, 0.5),
        ("quiet", False, 0.8),
    ]
    assert rows[0]["lawful_or_mild_flagged"] == "3 of 60 (5.0%)"
    assert "3 of 60" in run("judge", "--points")[1]


def test_a_folder_without_points_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDKEEPER_JUDGE__FOLDER", str(tmp_path / "nowhere"))
    code, _, err = run("judge", "--points")
    assert code == Exit.CANNOT
    assert str(tmp_path / "nowhere") in err


def test_the_word_list_has_no_points(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDKEEPER_JUDGE__MODEL", "wordlist")
    code, _, err = run("judge", "--points")
    assert code == Exit.CANNOT
    assert "one operating point" in err


def test_judging_needs_its_two_files(run: Run) -> None:
    code, _, err = run("judge", "--input", "posts.jsonl")
    assert code == Exit.USAGE
    assert "--output" in err


def test_a_point_of_another_name_is_wrong_usage(run: Run) -> None:
    assert run("judge", "--point", "loud", "--input", "-", "--output", "-")[0] == Exit.USAGE
    assert run("evaluate", "--point", "loud")[0] == Exit.USAGE


def test_an_evaluation_without_its_folder_or_model_says_so(run: Run, tmp_path: Path) -> None:
    code, _, err = run("evaluate", "--sources", str(tmp_path / "nowhere"))
    assert code == Exit.CANNOT
    assert "nowhere" in err
    code, _, err = run("evaluate", "--model", "oracle", "--quick")
    assert code == Exit.CANNOT
    assert "oracle" in err
    code, _, err = run("evaluate", "--folder", str(tmp_path / "none"), "--quick")
    assert code == Exit.CANNOT
    assert str(tmp_path / "none") in err


def test_a_quick_run_is_not_held_against_the_published_figures(run: Run, tmp_path: Path) -> None:
    assert run("evaluate", "--quick", "--check")[0] == Exit.USAGE
    (tmp_path / "model.md").write_text("a card", encoding="utf-8")
    assert run("evaluate", "--quick", "--output", str(tmp_path))[0] == Exit.USAGE


@pytest.mark.slow
def test_an_evaluation_is_printed_and_written(run: Run, tmp_path: Path) -> None:
    code, out, err = run("evaluate", "--model", "wordlist", "--quick", "--output", str(tmp_path / "measured"))
    assert code == Exit.DONE, err
    assert "lawful and mild posts flagged" in out
    assert "Not measured: hatecheck: no --sources were named." in err
    report = json.loads((tmp_path / "measured" / "evaluation.json").read_text(encoding="utf-8"))
    assert report["model"]["name"] == "wordlist"
    assert report["sets"]["civiccheck_dev"]["posts"] == 100
    assert (tmp_path / "measured" / "evaluation.md").read_text(encoding="utf-8").startswith("# Evaluation")
