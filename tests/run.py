"""Runs the whole suite once, on every core, and says at the end what was not run and why. `make test` calls it.

Tests that need a program which is not installed are left out and named; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_WORKERS = 4
"""Each starts a PostgreSQL of its own when it first needs one."""


@dataclass(frozen=True)
class Need:
    """What a marker's tests need: how to see whether it is here, and what to install otherwise."""

    marker: str
    program: str
    here: Callable[[], bool]
    install: str


def _any_of(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


NEEDS = (
    Need("browser", "Chromium", _any_of("chromium", "chromium-browser", "google-chrome"), "apt install chromium"),
    Need("openssl", "openssl", _any_of("openssl"), "apt install openssl"),
)


def main(arguments: Sequence[str]) -> int:
    """Run; the exit code is pytest's, or 1 where CI must not leave anything out."""
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # was tests/, whose folders are named as the rooms are
    missing = [need for need in NEEDS if not need.here()]
    left_out = " or ".join(["real", *(need.marker for need in missing)])
    workers = str(min(os.cpu_count() or 1, MOST_WORKERS))
    print(f"== tests, by {workers} workers, the quick ones of each file first", flush=True)
    chosen = ["-q", "--durations=10", "-n", workers, "--dist", "loadfile", "-m", f"not ({left_out})", *arguments]
    code = int(pytest.main(chosen))
    print("not run: the tests against a real network (make test-real RIG=<folder>)")
    for need in missing:
        print(f"not run: the tests that need {need.program}, which is not installed: {need.install}")
    if missing and os.environ.get("CI") == "true":
        print("with CI=true nothing may be left out")
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
