"""Web and worker as two processes under one parent that restarts a dead one and stops both cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STEADY = 60.0
"""Seconds after which a process counts as started; one that dies sooner is restarted with a growing pause."""
GIVE_UP_AFTER = 4
"""Quick deaths in a row after which the parent stops: something must be mended first."""
_PARENT = "WARDKEEPER_PARENT_PROCESS"
PATIENCE = 30.0
"""Seconds a process gets to finish its round before it is killed."""


@dataclass
class _Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes]
    started: float
    quick_deaths: int = 0
    restart_at: float = 0.0


@dataclass
class Parent:
    """Keeps named processes of this install running until told to stop."""

    data: Path
    tell: Callable[[str], None]
    over: threading.Event = field(default_factory=threading.Event)

    def keep_running(self, names: Sequence[str]) -> int:
        """Start each as `python -m wardkeeper --data DIR NAME` and keep it alive; the exit code for the parent."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.over.set())
        children = [self._start(name) for name in names]
        code = 0
        try:
            while code == 0 and not self.over.wait(0.5):
                code = max(self._look_after(child) for child in children)
        finally:
            self._stop(children)
        return code

    def _start(self, name: str) -> _Child:
        command = [sys.executable, "-m", "wardkeeper", "--data", str(self.data), name]
        return _Child(name, command, _spawn(command), time.monotonic())

    def _look_after(self, child: _Child) -> int:
        """Restart the child if it has died; a non-zero code when that has become pointless."""
        code = child.process.poll()
        if code is None:
            return 0
        moment = time.monotonic()
        if child.restart_at == 0.0:
            child.quick_deaths = child.quick_deaths + 1 if moment - child.started < STEADY else 1
            if child.quick_deaths >= GIVE_UP_AFTER:
                self.tell(f"The {child.name} process keeps ending at once; see its message above. Stopping.")
                return 1
            pause = 2.0 ** (child.quick_deaths - 1)
            self.tell(f"The {child.name} process ended (code {code}); starting it again in {pause:.0f} s.")
            child.restart_at = moment + pause
        elif moment >= child.restart_at:
            child.process = _spawn(child.command)
            child.started, child.restart_at = moment, 0.0
        return 0

    def _stop(self, children: Sequence[_Child]) -> None:
        alive = [child for child in children if child.process.poll() is None]
        for child in alive:
            child.process.terminate()
        until = time.monotonic() + PATIENCE
        for child in alive:
            try:
                child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.tell(f"The {child.name} process did not stop in time and was killed; nothing is lost by that.")
                child.process.kill()
                child.process.wait()


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C reaches the parent alone, which then stops its children in order.
    return subprocess.Popen(command, start_new_session=True, env={**os.environ, _PARENT: str(os.getpid())})


def end_with_parent() -> None:
    """In a child: stop in order when the parent is gone, however it ended, so that no orphan keeps the port."""
    parent = os.environ.get(_PARENT)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
