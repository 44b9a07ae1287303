"""The demonstration's whole way: counts that the listings confirm, and kills at every stage that double nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "collected", "matched", "assessed", "incidents", "lawful_discarded",
    "drafts", "sent", "removed", "unknown", "seconds",
}  # fmt: skip
ENV = {**os.environ, "WARDKEEPER_JUDGE__MODEL": "wordlist"}


def wardkeeper(data: Path, *arguments: str) -> Any:
    command = [sys.executable, "-m", "wardkeeper", "--data", str(data), *arguments, "--json"]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def nothing_is_doubled(data: Path) -> None:
    posts = wardkeeper(data, "export", "posts")
    assert max(Counter(post["key"] for post in posts).values()) == 1
    sent = [
        (version, request["route"], request["harm"])
        for request in wardkeeper(data, "export", "takedowns")
        if request["sent_at"]
        for version in request["versions"]
    ]
    assert len(sent) == len(set(sent))


@pytest.mark.slow
def test_twice_and_a_scan_double_nothing_and_every_count_is_confirmed(tmp_path: Path) -> None:
    first = wardkeeper(tmp_path, "demo", "--once")
    assert set(first) == KEYS
    assert set(first["incidents"]) == {"1", "2", "3", "4"}
    again = wardkeeper(tmp_path, "demo", "--once")
    assert {**first, "seconds": 0} == {**again, "seconds": 0}
    scanned = wardkeeper(tmp_path, "scan", "--once")
    assert scanned["collected"]["new_posts"] == 0
    nothing_is_doubled(tmp_path)
    posts = wardkeeper(tmp_path, "export", "posts")
    requests = wardkeeper(tmp_path, "takedown", "list")
    levels = Counter(str(row["level"]) for row in wardkeeper(tmp_path, "export", "incidents"))
    assert again["collected"] == len(posts)
    assert again["matched"] == sum(post["about_somebody"] for post in posts)
    assert again["lawful_discarded"] == sum(post["about_somebody"] and post["lawful_at"] is not None for post in posts)
    assert again["assessed"] == len(wardkeeper(tmp_path, "export", "assessments"))
    assert again["incidents"] == {level: levels[level] for level in "1234"}
    assert again["drafts"] == len(requests)
    assert again["sent"] == sum(request["sent_at"] is not None for request in requests)
    assert again["removed"] == sum(request["state"] == "removed" for request in requests)
    assert again["unknown"] == sum(request["last_seen"] == "unknown" for request in requests)
    assert again["removed"] > 0


def kill_at(command: list[str], stage: str, *, times: int) -> None:
    """Run it and SIGKILL it when it has said for the `times`th time that this stage is done."""
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=ENV, stderr=subprocess.PIPE, stdout=silent, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            times -= line.startswith(stage)
            if times == 0:
                break
        process.send_signal(signal.SIGKILL)


@pytest.mark.slow
def test_killed_at_every_stage_and_run_again_nothing_is_doubled_or_lost(tmp_path: Path) -> None:
    whole = wardkeeper(tmp_path / "whole", "demo", "--once")
    data = tmp_path / "killed"
    command = [sys.executable, "-m", "wardkeeper", "--data", str(data), "demo", "--once", "--json"]
    for stage, times in (("2/5", 1), ("3/5", 1), ("3/5", 2), ("4/5", 1)):
        with subprocess.Popen(
            command, env=ENV, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as process:
            seen = 0
            assert process.stderr is not None
            for line in process.stderr:
                seen += line.startswith(stage)
                if seen == times:
                    break
            process.send_signal(signal.SIGKILL)
    after = wardkeeper(data, "demo", "--once")
    nothing_is_doubled(data)
    doubtful = wardkeeper(data, "queue", "list", "--needs-person")
    same = ("collected", "matched", "assessed", "incidents", "lawful_discarded", "drafts")
    assert {key: after[key] for key in same} == {key: whole[key] for key in same}
    assert after["sent"] + len({row["takedown"] for row in doubtful}) >= whole["sent"]


@pytest.mark.slow
def test_no_word_of_a_post_and_no_secret_is_in_any_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wardkeeper", "--data", str(tmp_path), "demo", "--once"]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=True, timeout=240)
    for planted in ("hammer", "Orchard Close", "simulated-token", "demonstration-only", "trueblue"):
        assert planted not in done.stderr + done.stdout
    with sqlite3.connect(tmp_path / "wardkeeper.db") as database:
        dump = "\n".join(database.iterdump())
    assert "simulated-token" not in dump
    assert "demonstration-only" not in dump
