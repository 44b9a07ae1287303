"""The flow by command: scan, follow-up, judge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifiers.evaluation.points import Point, read_points
from classifiers.judging import as_line, judge_lines
from classifiers.register import BACKENDS, DEFAULT_FOLDER
from monitor.collecting import LEASE
from wardkeeper import rounds
from wardkeeper.build import Parts, load_judge
from wardkeeper.health import source_rows
from wardkeeper.settings import Judge, load
from wardkeeper.terminal import PLACE, AsJson, Exit, council_of, err, listing, now, opened, print_json, said, stop


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
        shadow = parts.shadow(classifier)
        done = rounds.scan(parts, classifier=classifier, now=now(), all_now=once, shadow=shadow)
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
    source: Annotated[str, typer.Option("--input", metavar="FILE", help="Posts, one JSON object a line, or -.")] = "",
    target: Annotated[str, typer.Option("--output", metavar="FILE", help="Where judgements go, or -.")] = "",
    point: Annotated[
        Literal["cautious", "balanced", "quiet"] | None,
        typer.Option("--point", help="The operating point; that of the settings. See --points."),
    ] = None,
    points: Annotated[
        bool, typer.Option("--points", help="Judge nothing: show what each operating point flags and misses.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Add the reasons, and the words of every flagged text that they rest on.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge texts from a file: each line is a JSON object with `text` (and perhaps `parent`); other keys are kept.

    Each output line adds level (0-4), verdict, labels, scores and report. A bad line gives a line with `error` and
    its number, and the rest goes on. Nothing is stored.
    """
    settings = load(PLACE.data).judge
    if points:
        _tell_points(settings, as_json=as_json)
        return
    if not source or not target:
        stop("judge needs --input FILE and --output FILE, or --points alone.", code=Exit.USAGE)
    classifier = load_judge(settings.model_copy(update={"point": point}) if point else settings)
    with (
        _stream(source, standard=sys.stdin.buffer, mode="rb") as lines,
        _stream(target, standard=sys.stdout.buffer, mode="wb") as sink,
        _progress(source) as progress,
    ):
        for answer in judge_lines(lines, classifier, why=why, progress=progress):
            sink.write(as_line(answer))


def _tell_points(settings: Judge, *, as_json: bool) -> None:
    """The operating points of the judge in use, with what each does on posts that nothing was learned from."""
    if BACKENDS[settings.model] == BACKENDS["wordlist"]:
        stop("The word list has one operating point only.", code=Exit.CANNOT)
    folder = Path(settings.folder) if settings.folder else DEFAULT_FOLDER
    points = read_points(folder)
    listing([_point_row(one, used=settings.point) for one in points], as_json=as_json, empty="none")
    if not all(one.measured for one in points):
        said(f"The model in {folder} was made without measuring them; wardkeeper evaluate does.")
        return
    said(
        f"Of the model in {folder}, measured on the civic corpus's held-out blocks by the model alone, without rules."
        " Flagged is level 2 or more; flagged posts that are lawful or mild cost people time, missed ones cost help."
    )


def _point_row(point: Point, *, used: str) -> dict[str, object]:
    """One operating point as a row; None where the model was made without measuring it."""

    def told(name: str) -> str | None:
        count = point.measured.get(name)
        return f"{count.some} of {count.of} ({count.share:.1%})" if count else None

    return {
        "point": point.name,
        "in_use": point.name == used,
        "flags_from": point.line,
        "lawful_or_mild_flagged": told("flagged_lawful"),
        "level_2_or_more_missed": told("missed_abusive"),
        "level_3_or_more_missed": told("missed_serious"),
        "level_4_missed": told("missed_critical"),
    }


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
