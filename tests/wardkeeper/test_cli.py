"""The command line as a new user meets it: from nothing to a queue, clear refusals, exit codes that mean something."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wardkeeper.cli import first, main
from wardkeeper.terminal import Exit

PASSWORD = "five herons on the weir"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run one command in an install of its own; gives its exit code, standard output and standard error."""
    monkeypatch.setenv("WARDKEEPER_JUDGE__MODEL", "wordlist")
    data = tmp_path / "data"

    def call(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        with pytest.raises(SystemExit) as left:
            main(["--data", str(data), *arguments])
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def council(run: Callable[..., Any]) -> Callable[..., Any]:
    """An install with a council, an officer, an assessor and a councillor."""
    assert run("council", "add", "Larkford")[0] == 0
    for who, role in (("ines", "officer"), ("hugh", "assessor")):
        added = run("people", "add", f"{who}@larkford.example", "--name", who, "--role", role, given=PASSWORD + "\n")
        assert added[0] == 0, added
    assert run("councillor", "add", "Maud Ellery", "--ward", "Weir", "--opted-in-by", "form 1")[0] == 0
    return run


def listed(run: Callable[..., Any], *arguments: str) -> list[dict[str, Any]]:
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert isinstance(rows, list)
    assert all("id" in row for row in rows)
    return rows


@pytest.mark.parametrize(
    "given",
    [
        ["--data", "d", "queue", "list"],
        ["queue", "--data", "d", "list"],
        ["queue", "list", "--data", "d"],
        ["queue", "list", "--data=d"],
    ],
)
def test_data_may_stand_anywhere(given: list[str]) -> None:
    moved = first(given)
    assert moved[-2:] == ["queue", "list"]
    assert moved[0].startswith("--data")


def test_without_a_council_it_says_what_to_do(run: Callable[..., Any]) -> None:
    code, _, err = run("queue", "list")
    assert code == Exit.CANNOT
    assert "council add" in err


def test_the_key_is_private_and_its_loss_is_refused(council: Callable[..., Any], tmp_path: Path) -> None:
    key = tmp_path / "data" / "wardkeeper.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    held = key.read_text()
    key.unlink()
    code, _, err = council("queue", "list")
    assert (code, "Put the key back" in err, key.exists()) == (Exit.CANNOT, True, False)
    key.write_text("A" * 43 + "=\n")
    code, _, err = council("queue", "list")
    assert (code, "not the key" in err) == (Exit.CANNOT, True)
    key.write_text(held)
    assert council("queue", "list")[0] == 0


def test_a_typo_in_the_settings_names_file_and_key(council: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "data" / "council"
    folder.mkdir()
    (folder / "wardkeeper.toml").write_text("[web]\nprot = 1\n")
    code, _, err = council("queue", "list")
    assert code == Exit.CANNOT
    assert "wardkeeper.toml" in err
    assert "web.prot: no such setting" in err


def test_a_report_by_hand_goes_all_the_way_to_a_draft(council: Callable[..., Any]) -> None:
    text = "Cllr Ellery you are vermin and I will kill you"
    code, _, err = council("intake", "--councillor", "1", "--url", "https://x.com/resident/status/99", "--text", text)
    assert code == 0, err
    assert council("scan", "--once")[0] == 0
    (row,) = listed(council, "queue", "list")
    assert row["level"] >= 2
    assert "kill" not in row["text"]
    assert "kill" in listed(council, "queue", "list", "--reveal")[0]["text"]
    who = ("--as", "hugh@larkford.example")
    assert council("queue", "confirm", str(row["id"]), *who, given=PASSWORD)[0] == 0
    assert council("scan")[0] == 0
    (draft,) = listed(council, "takedown", "list")
    assert (draft["state"], draft["route"]) == ("drafted", "form")
    officer = ("--as", "ines@larkford.example")
    assert council("takedown", "approve", str(draft["id"]), *officer, given=PASSWORD)[0] == 0
    assert council("takedown", "filed", str(draft["id"]), "--reference", "X-1", *officer, given=PASSWORD)[0] == 0
    assert listed(council, "takedown", "list")[0]["state"] == "sent"
    acts = [entry["act"] for entry in listed(council, "audit")]
    assert any("shown by command line" in act for act in acts)
    assert council("audit", "--check")[0] == 0
    assert council("db", "check")[0] == 0


@pytest.mark.parametrize(
    "command",
    [
        ("takedown", "approve", "1"),
        ("takedown", "send", "1"),
        ("queue", "dismiss", "1", "--reason", "x"),
        ("queue", "lower", "1", "--to", "1"),
    ],
)
def test_acts_need_a_person(council: Callable[..., Any], command: tuple[str, ...]) -> None:
    council("intake", "--councillor", "1", "--kind", "call", "--text", "A man rang", "--level", "3")
    before = listed(council, "audit")
    for extra, given in (((), ""), (("--as", "ines@larkford.example"), "wrong\n"), (("--as", "nobody@x.example"), "x")):
        code, out, err = council(*command, *extra, given=given)
        assert (code, out) == (Exit.NOT_ALLOWED, "")
        assert err
    (row,) = listed(council, "queue", "list")
    assert (row["state"], row["level"]) == ("open", 3)
    assert len(listed(council, "audit")) >= len(before)


def test_a_token_signs_in_and_somebody_elses_does_not(council: Callable[..., Any]) -> None:
    council("intake", "--councillor", "1", "--kind", "letter", "--text", "A letter came", "--level", "2")
    code, token, _ = council("sign-in", "ines@larkford.example", given=PASSWORD)
    assert code == 0
    token = token.strip()
    as_hugh = ("--as", "hugh@larkford.example", "--token", token)
    assert council("queue", "confirm", "1", *as_hugh)[0] == Exit.NOT_ALLOWED
    as_ines = ("--as", "ines@larkford.example", "--token", token)
    assert council("queue", "confirm", "1", *as_ines)[0] == 0


def test_an_officer_cannot_confirm_level_3_and_that_is_audited(council: Callable[..., Any]) -> None:
    council("intake", "--councillor", "1", "--kind", "visit", "--text", "Somebody stood outside", "--level", "3")
    code, _, err = council("queue", "confirm", "1", "--as", "ines@larkford.example", given=PASSWORD)
    assert code == Exit.NOT_ALLOWED
    assert "assessor" in err
    assert any(entry["act"].startswith("refused") for entry in listed(council, "audit"))


def test_a_source_that_cannot_be_reached_is_named_with_its_next_try(council: Callable[..., Any]) -> None:
    added = council(
        "account", "add", "feeds", "Gazette", "--address", "http://192.0.2.1/feed", "--consent-by", "Editor",
        "--until", "2099-01-01", "--no-check",
    )  # fmt: skip
    assert added[0] == 0, added
    code, _, err = council("scan", "--once")
    assert code == 0
    assert "Next try" in err
    code, out, _ = council("scan", "--once", "--json")
    assert json.loads(out)["collected"]["failed"] == 1  # what goes wrong is said on standard error
    code, out, err = council("health", "--json")
    (row,) = json.loads(out)
    assert code == Exit.CANNOT
    assert row["problem"]
    assert row["next_try"] > "2026"


def test_a_secret_is_never_shown(council: Callable[..., Any]) -> None:
    council(
        "account", "add", "bluesky", "maud.example.org", "--councillor", "1", "--consent-by", "Maud",
        "--until", "2099-01-01", "--no-check", "--secret", given="abcd-planted-secret\n",
    )  # fmt: skip
    shown = "".join(
        "".join(map(str, council(*words))) for words in (("account", "list", "--json"), ("config", "show"), ("audit",))
    )
    assert "planted" not in shown


def test_import_names_bad_rows_and_keeps_the_good(council: Callable[..., Any], tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(
        "url,text,author\nhttps://x.com/a/status/1,Cllr Ellery is wrong,a\nnot a link,Cllr Ellery,b\n"
        "https://x.com/a/status/2,nobody we know,c\n"
    )
    assert "Would keep 1" in council("import", str(export), "--dry-run")[2]
    assert listed(council, "export", "posts") == []
    code, out, _ = council("import", str(export), "--json")
    done = json.loads(out)
    assert (code, done["new_posts"], done["unmatched"]) == (Exit.PARTLY, 1, 1)
    assert [problem["line"] for problem in done["problems"]] == [3]
    code, _, err = council("import", str(tmp_path / "absent.csv"))
    assert (code, "absent.csv" in err) == (Exit.CANNOT, True)


def test_judge_from_a_file_that_is_not_there(run: Callable[..., Any], tmp_path: Path) -> None:
    code, _, err = run("judge", "--input", str(tmp_path / "absent.jsonl"), "--output", "-")
    assert (code, "absent.jsonl" in err) == (Exit.CANNOT, True)


def test_a_model_that_cannot_load_names_its_folder(
    council: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARDKEEPER_JUDGE__MODEL", "transformer")
    monkeypatch.setenv("WARDKEEPER_JUDGE__FOLDER", "/nowhere/weights")
    for command in (("scan", "--once"), ("judge", "--input", "-", "--output", "-"), ("demo", "--once")):
        code, _, err = council(*command)
        assert code == Exit.CANNOT
        assert "/nowhere/weights" in err


def test_every_command_explains_itself(run: Callable[..., Any]) -> None:
    for words in ((), ("queue",), ("takedown",), ("councillor",), ("account",), ("people",), ("council",), ("db",)):
        code, out, _ = run(*words, "--help")
        assert code == 0
        assert len(out.splitlines()) > 5


def test_wrong_usage_is_code_2(run: Callable[..., Any]) -> None:
    assert run("queue", "lisst")[0] == Exit.USAGE
    assert run("takedown", "approve", "x")[0] == Exit.USAGE
