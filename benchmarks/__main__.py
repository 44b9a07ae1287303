"""Every benchmark in a process of its own, one after the other, then one table: `make bench`.

Run: python -m benchmarks [matching] [judging] [flow] [pages]. About ten minutes for all; close other programs first.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measured import Measured, taken_from

ROOT = Path(__file__).parent.parent
PARTS = ("matching", "judging", "flow", "pages")
MATCHING_TARGET = 100_000


def main() -> int:
    """Run those asked for, print the table; 1 when a benchmark did not come to its end."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    ask.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which to run; all when none is named")
    figures: list[Measured] = []
    whole = True
    for part in ask.parse_args().parts or PARTS:
        print(f"== {part}", file=sys.stderr, flush=True)
        said = _run(part)
        if said is None:
            whole = False
        elif part == "matching":
            figures.extend(_matching(said))
        else:
            figures.extend(taken_from(said))
    _show(figures)
    return 0 if whole else 1


def _run(part: str) -> list[str] | None:
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{part}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if ran.returncode:
        print(f"{part} ended with code {ran.returncode}; its message is above", file=sys.stderr)
        return None
    return ran.stdout.splitlines()


def _matching(lines: list[str]) -> list[Measured]:
    """The one figure with a target among what the matching benchmark says."""
    print("\n".join(lines), file=sys.stderr)
    rate = next(found for line in lines if (found := re.match(r"matching\s+([\d,]+)\s+posts/s", line)))
    how = "one core, against every pattern, with normalising, context and results"
    figure = float(rate[1].replace(",", ""))
    return [Measured("matching", figure, "posts/s", how, at_least=MATCHING_TARGET)]


def _show(figures: list[Measured]) -> None:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    table = Table(title=f"Wardkeeper, {machine}", title_justify="left")
    for heading in ("what", "measured", "target", "", "how"):
        table.add_column(heading, justify="right" if heading == "measured" else "left")
    for one in figures:
        met = "" if not one.target else ("met" if one.met else "MISSED")
        figure = f"{one.figure:,.0f}" if one.figure >= 1000 else f"{one.figure:.3g}"
        table.add_row(one.what, f"{figure} {one.unit}", one.target, met, one.how)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


if __name__ == "__main__":
    sys.exit(main())
