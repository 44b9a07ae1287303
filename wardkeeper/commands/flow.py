"""The flow by command: scan, follow-up, judge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifiers.judging import as_line, judge_lines
from monitor.collecting import LEASE
from wardkeeper import rounds
from wardkeeper.build import Parts, load_judge
from wardkeeper.health import source_rows
from wardkeeper.settings import load
from wardkeeper.terminal import PLACE, AsJson, Exit, council_of, err, now, opened, print_json, said, stop


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(scan)
    app.command("follow-up")(follow_up)
    app.command()(judge)


def scan(
    once: Annotated[bool, typer.Option("--once", help="Every source now, whether due or not, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Collect, match, judge, raise, seal and draft: one round. Without --once only the sources that are due.

    A source that cannot be reached is named with when it is tried next; the others go on.
    """
    with opened() as parts:
        council_of(parts)
        classifier = parts.judge()
        rounds.settle(parts, now=now())
        said("Asking the sources …")
        done = rounds.scan(parts, classifier=classifier, now=now(), all_now=once)
        if as_json:
            print_json(asdict(done))
        else:
            _tell(parts, done)


def _tell(parts: Parts, done: rounds.Round) -> None:
    collected = done.collected
    said(
        f"{collected.sources} sources asked, {collected.failed} failed. {collected.new_posts} new posts, "
        f"{done.assessed.judged} judged, {done.raised.opened} incidents raised, {done.drafted.drafted} drafts made."
    )
    if collected.busy:
        said(
            f"{collected.busy} sources are being read by another process; if that was killed, they are free again in "
            f"{LEASE.seconds // 60} minutes."
        )
    for row in source_rows(parts, now=now()):
        if row.problem:
            said(f"  {row.platform} (account {row.id}): {row.problem} Next try {row.next_try:%H:%M:%S} UTC.")


def follow_up(
    as_json: AsJson = False,
) -> None:
    """Look for the posts of sent reports whose check is due, and say what was seen.

    "Removed" is said only after two agreeing answers; anything unclear is unknown.
    """
    with opened() as parts:
        council_of(parts)
        done = rounds.follow_up(parts, now=now())
        if as_json:
            print_json(asdict(done))
        else:
            said(f"{done.checked} posts looked for; {done.removed} reports removed, {done.unknown} unknown.")


def judge(
    source: Annotated[str, typer.Option("--input", metavar="FILE", help="Posts, one JSON object a line, or -.")],
    target: Annotated[str, typer.Option("--output", metavar="FILE", help="Where judgements go, or -.")],
) -> None:
    """Judge texts from a file: each line is a JSON object with `text` (and perhaps `parent`); other keys are kept.

    Each output line adds level (0-4), verdict, labels, scores and report. A bad line gives a line with `error` and
    its number, and the rest goes on. Nothing is stored.
    """
    classifier = load_judge(load(PLACE.data).judge)
    with (
        _stream(source, standard=sys.stdin.buffer, mode="rb") as lines,
        _stream(target, standard=sys.stdout.buffer, mode="wb") as sink,
        _progress(source) as progress,
    ):
        for answer in judge_lines(lines, classifier, progress=progress):
            sink.write(as_line(answer))


@contextmanager
def _stream(name: str, *, standard: BinaryIO, mode: str) -> Iterator[BinaryIO]:
    """A named file, or the standard stream for -. Leaves with code 1 when it cannot be opened."""
    if name == "-":
        yield standard
        standard.flush()
        return
    try:
        file = cast("BinaryIO", open(name, mode))  # noqa: SIM115 - only the opening is guarded, not the use
    except OSError as wrong:
        stop(f"{name} cannot be opened: {wrong.strerror}", code=Exit.CANNOT)
    with file:
        yield file


@contextmanager
def _progress(source: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    total = None
    if source != "-" and err.is_terminal:
        with Path(source).open("rb") as file:
            total = sum(1 for _ in file)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task("judging", total=total)
        yield lambda done: bar.update(task, completed=done)
