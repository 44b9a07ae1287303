"""Two real processes under one parent: a dead one comes back, Ctrl-C ends both, a hopeless one is given up."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(**settings: str) -> subprocess.Popen[bytes]:
        env = {**os.environ, "WARDKEEPER_JUDGE__MODEL": "wordlist", **settings}
        command = [sys.executable, "-m", "wardkeeper", "--data", str(tmp_path / "data"), "run"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        running.append(process)
        return process

    yield begin
    for process in running:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


def wait_for(what: Callable[[], bool], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def children(process: subprocess.Popen[bytes]) -> dict[str, psutil.Process]:
    return {child.cmdline()[-1]: child for child in psutil.Process(process.pid).children() if child.is_running()}


@pytest.mark.slow
def test_run_prints_a_link_restarts_a_dead_process_and_stops_on_ctrl_c(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    port = free_port()
    parent = start(WARDKEEPER_WEB__PORT=str(port))
    wait_for(lambda: answers(port))
    assert f"http://127.0.0.1:{port}/set-up?token=" in (tmp_path / "log").read_text()
    first = children(parent)
    assert set(first) == {"web", "worker"}
    first["web"].kill()
    wait_for(lambda: "starting it again" in (tmp_path / "log").read_text())
    wait_for(lambda: answers(port))
    second = children(parent)
    assert second["web"].pid != first["web"].pid
    assert second["worker"].pid == first["worker"].pid
    parent.send_signal(signal.SIGINT)
    assert parent.wait(40) == 0
    assert not any(child.is_running() for child in second.values())


@pytest.mark.slow
def test_a_worker_that_cannot_load_its_model_is_given_up_and_says_why(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    parent = start(
        WARDKEEPER_WEB__PORT=str(free_port()),
        WARDKEEPER_JUDGE__MODEL="transformer",
        WARDKEEPER_JUDGE__FOLDER="/nowhere",
    )
    assert parent.wait(240) == 1
    log = (tmp_path / "log").read_text()
    assert "/nowhere" in log
    assert "The worker process keeps ending at once" in log


@pytest.mark.slow
def test_when_the_parent_is_killed_its_children_end_too(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    port = free_port()
    parent = start(WARDKEEPER_WEB__PORT=str(port))
    wait_for(lambda: answers(port))
    orphans = children(parent)
    parent.kill()
    parent.wait()
    wait_for(lambda: not any(child.is_running() for child in orphans.values()))
    assert not answers(port)
