"""Runs the whole suite once, the quick tests first, and says at the end what was not run and why. `make test` calls it.

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


class Count:
    """Counts what was deselected for each missing program, as pytest collects it."""

    def __init__(self, missing: Sequence[Need]) -> None:
        self.missing = missing
        self.left_out: dict[str, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what cannot run here."""
        kept: list[pytest.Item] = []
        out: list[pytest.Item] = []
        for item in items:
            lacking = [need for need in self.missing if item.get_closest_marker(need.marker)]
            (out if lacking else kept).append(item)
            for need in lacking:
                self.left_out[need.marker] = self.left_out.get(need.marker, 0) + 1
        items[:] = kept
        config.hook.pytest_deselected(items=out)


def main(arguments: Sequence[str]) -> int:
    """Run; the exit code is pytest's, or 1 where CI must not leave anything out."""
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # was tests/, whose folders are named as the rooms are
    missing = [need for need in NEEDS if not need.here()]
    count = Count(missing)
    print("== tests: quick ones first, then PostgreSQL, the browser, and the slow ones", flush=True)
    code = int(pytest.main(["-q", "--durations=10", "-m", "not real", *arguments], plugins=[count]))
    print("not run: the tests against a real network (make test-real RIG=<folder>)")
    for need in missing:
        number = count.left_out.get(need.marker, 0)
        print(f"not run: {number} tests that need {need.program}, which is not installed: {need.install}")
    if missing and os.environ.get("CI") == "true":
        print("with CI=true nothing may be left out")
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
