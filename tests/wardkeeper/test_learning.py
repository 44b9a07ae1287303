"""Learning from people by command: figures, consent, export, shadow and backtest, as a new user meets them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wardkeeper.test_cli import PASSWORD
from wardkeeper.build import open_parts, shadow_of
from wardkeeper.cli import main
from wardkeeper.settings import load
from wardkeeper.terminal import Exit

Run = Callable[..., tuple[int, str, str]]
ABUSE = "Cllr Ellery you are vermin and I will kill you, see https://x.com/a"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in an install of its own."""
    monkeypatch.setenv("WARDKEEPER_JUDGE__MODEL", "wordlist")

    def call(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        with pytest.raises(SystemExit) as left:
            main(["--data", str(tmp_path / "data"), *arguments])
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def council(run: Run) -> Run:
    """An install with a council, people, a councillor, and one confirmed incident."""
    assert run("council", "add", "Larkford")[0] == 0
    for who, role in (("hugh", "assessor"), ("noor", "data_protection")):
        added = run("people", "add", f"{who}@larkford.example", "--name", who, "--role", role, given=PASSWORD + "\n")
        assert added[0] == 0, added
    assert run("councillor", "add", "Maud Ellery", "--ward", "Weir", "--opted-in-by", "form 1")[0] == 0
    for number, text in ((98, "Cllr Ellery, thank you"), (99, ABUSE)):
        url = f"https://x.com/resident/status/{number}"
        taken = run("intake", "--councillor", "1", "--url", url, "--text", text)
        assert taken[0] == 0, taken
    assert run("scan", "--once")[0] == 0
    assert run("queue", "confirm", "2", "--as", "hugh@larkford.example", given=PASSWORD)[0] == 0
    return run


def consent(council: Run) -> tuple[int, str, str]:
    as_noor = ("--as", "noor@larkford.example", "--reason", "Standards Committee, minute 8")
    return council("learning", "consent", *as_noor, given=PASSWORD)


def test_nothing_is_exported_without_consent(council: Run, tmp_path: Path) -> None:
    target = tmp_path / "annotations.jsonl"
    code, out, err = council("export", "annotations", "--output", str(target))
    assert (code, out, target.exists()) == (Exit.NO_CONSENT, "", False)
    assert Exit.NO_CONSENT == 5
    assert "has not consented" in err
    code, _, err = council("learning", "consent", "--as", "hugh@larkford.example", "--reason", "me", given=PASSWORD)
    assert (code, "data protection" in err) == (Exit.NOT_ALLOWED, True)
    acts = [entry["act"] for entry in json.loads(council("audit", "--json")[1])]
    assert "exported annotations" not in acts
    assert "refused: consent to training" in acts


def test_with_consent_it_is_exported_without_names_and_audited(council: Run, tmp_path: Path) -> None:
    assert consent(council)[0] == 0
    target = tmp_path / "annotations.jsonl"
    code, _, err = council("export", "annotations", "--output", str(target))
    assert code == 0, err
    assert "1 left out: 1 because nobody has decided yet" in err
    (line,) = [json.loads(line) for line in target.read_text().splitlines()]
    assert line["text"] == "Cllr [councillor] you are vermin and I will kill you, see [link]"
    assert (line["verdict"], line["model"]) == ("abusive", "wordlist")
    assert {"text", "labels", "level", "verdict", "model_version"} < set(line)
    assert line["level"] >= 2
    assert target.stat().st_mode & 0o777 == 0o600
    entry = next(one for one in json.loads(council("audit", "--json")[1]) if one["act"] == "exported annotations")
    assert entry["detail"].startswith("1 texts without names; 1 left out")
    code, out, _ = council("export", "annotations", "--undecided", "5")
    assert (code, json.loads(out)["level"]) == (0, None)
    assert council("learning", "withdraw", "--as", "noor@larkford.example", given=PASSWORD)[0] == 0
    assert council("export", "annotations", "--output", str(target))[0] == Exit.NO_CONSENT


def test_a_file_that_cannot_be_written_leaves_no_entry(council: Run, tmp_path: Path) -> None:
    consent(council)
    code, _, err = council("export", "annotations", "--output", str(tmp_path / "absent" / "a.jsonl"))
    assert (code, "absent" in err) == (Exit.CANNOT, True)
    acts = [entry["act"] for entry in json.loads(council("audit", "--json")[1])]
    assert "exported annotations" not in acts
    assert council("export", "posts", "--output", "x")[0] == Exit.USAGE


def test_figures_by_command(council: Run) -> None:
    code, out, _ = council("learning", "show", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["judge"]["model"] == "wordlist"
    assert (shown["shadow"], shown["shadow_problem"], shown["training_consent"]) == (None, "", None)
    (week,) = shown["weeks"]
    assert (week["flagged"], week["missed"], week["agreement"]["of"]) == (0, 0, 0)
    assert council("learning", "show")[0] == 0
    (row,) = json.loads(council("learning", "next", "--json")[1])
    assert row["id"] == 1


def test_labels_by_command(council: Run) -> None:
    as_hugh = ("--as", "hugh@larkford.example")
    said = council("queue", "relabel", "2", "--label", "hate", "--reason", "her faith", *as_hugh, given=PASSWORD)
    assert said[0] == 0, said
    assert json.loads(council("queue", "show", "2", "--json")[1])["labels"] == ["hate"]


def test_a_backtest_by_command_says_what_it_cannot_show(council: Run) -> None:
    code, out, _ = council("backtest", "--point", "quiet", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["held"] == 1
    assert "Lawful history is gone" in shown["note"]
    assert {row["judge"] for row in shown["table"]} == {"present", "other"}
    whole = next(row for row in shown["table"] if row["people_say"] == "all")
    assert (whole["posts"], whole["same_level"]["hits"], whole["same_level"]["of"]) == (1, 1, 1)
    code, out, err = council("backtest")
    assert code == 0
    assert "1 of 1, 100% (21% to 100%)" in out
    assert "Lawful history is gone" in err
    assert "other" not in out


def test_a_shadow_that_cannot_load_disturbs_nothing_and_is_told(council: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = council("shadow", "--json")
    assert (code, json.loads(out)["compared"]) == (0, [])
    monkeypatch.setenv("WARDKEEPER_SHADOW__MODEL", "transformer")
    monkeypatch.setenv("WARDKEEPER_SHADOW__FOLDER", "/nowhere/weights")
    taken = council("intake", "--councillor", "1", "--url", "https://x.com/r/status/97", "--text", ABUSE)
    assert taken[0] == 0
    code, out, _ = council("scan", "--once", "--json")
    assert (code, json.loads(out)["assessed"]["judged"]) == (0, 1)
    shown = json.loads(council("shadow", "--json")[1])
    assert "/nowhere/weights" in shown["shadow_problem"]
    code, _, err = council("health")
    assert (code, "The judge in shadow is not working, the judging goes on" in err) == (Exit.CANNOT, True)
    monkeypatch.delenv("WARDKEEPER_SHADOW__MODEL")
    monkeypatch.delenv("WARDKEEPER_SHADOW__FOLDER")
    council("scan")
    assert json.loads(council("shadow", "--json")[1])["shadow_problem"] == ""
    assert council("health")[0] == 0


def test_what_is_left_empty_for_the_shadow_is_as_the_judge_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shadow_of(load(tmp_path)) is None
    monkeypatch.setenv("WARDKEEPER_JUDGE__FOLDER", "/models/one")
    monkeypatch.setenv("WARDKEEPER_SHADOW__POINT", "quiet")
    wanted = shadow_of(load(tmp_path))
    assert wanted is not None
    assert (wanted.model, wanted.folder, wanted.point) == ("transformer", "/models/one", "quiet")
    monkeypatch.setenv("WARDKEEPER_SHADOW__MODEL", "wordlist")
    other = shadow_of(load(tmp_path))
    assert other is not None
    assert (other.model, other.folder) == ("wordlist", "")


@pytest.mark.slow
def test_another_operating_point_in_shadow_changes_no_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped model itself, at two points: the shadow is another version and is counted beside the judge."""
    monkeypatch.setenv("WARDKEEPER_SHADOW__POINT", "cautious")
    parts = open_parts(tmp_path)
    try:
        judge = parts.judge()
        shadow = parts.shadow(judge)
        assert shadow is not None
        assert (shadow.name, shadow.problem) == (judge.name, "")
        assert shadow.version != judge.version
    finally:
        parts.close()
