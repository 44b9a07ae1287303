"""The model by command: train it, measure it. Judging is in the flow; nothing here changes which model judges."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from wardkeeper.settings import load
from wardkeeper.terminal import PLACE, Exit, err, listing, out, print_line, said, stop

COMMITTED = Path(__file__).parent.parent.parent / "docs"
"""Where the figures of the shipped model stand, in a checkout."""


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(train)
    app.command()(evaluate)


def train(
    recipe: Annotated[Path, typer.Option("--recipe", metavar="FILE", help="The recipe, a TOML file.")],
    sources: Annotated[Path, typer.Option("--sources", metavar="DIR", help="The folder with the public sets.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="The weights folder to write; DATA/training/models/NAME."),
    ] = None,
    work: Annotated[
        Path | None, typer.Option("--work", metavar="DIR", help="Keeps finished passes; DATA/training.")
    ] = None,
) -> None:
    """Train a model from raw sets to a weights folder. Stopped and called again, it goes on after the last full pass.

    It only writes a folder. To judge with it, name the folder in the settings; try it first with backtest or in shadow.
    """
    try:
        from classifiers.training import course
    except ImportError as missing:
        stop(f"Training needs the package {missing.name!r}: pip install 'wardkeeper[judge,train]'.", code=Exit.CANNOT)
    try:
        folder = course.follow(recipe, sources=sources, work=work or PLACE.data / "training", out=out, say=said)
    except course.Stopped as problem:
        stop(str(problem), code=Exit.CANNOT)
    said(f"The model stands in {folder}. It judges nothing until the settings name it.")


def evaluate(
    sources: Annotated[
        Path | None,
        typer.Option("--sources", metavar="DIR", help="The folder with the public sets, in eval and open or itself."),
    ] = None,
    backend: Annotated[
        str, typer.Option("--model", metavar="NAME", help="The back-end to measure; that of the settings.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Its weights; those of the settings.")
    ] = None,
    point: Annotated[Literal["cautious", "balanced", "quiet"], typer.Option(help="Its operating point.")] = "balanced",
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where evaluation.json and .md go; DATA/evaluation."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A hundred posts of each set: shows that it works, no figure to keep.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Name the committed figures that differ; code 1 if any does.")
    ] = False,
) -> None:
    """Measure a model on posts it never learned from, print every figure, and write them as JSON and as a page.

    Without --sources only the sets that are in the repository are measured. With --output docs the figures in the
    model card are renewed too.
    """
    from classifiers.evaluation import page, report, tables

    if quick and (check or (output is not None and (output / page.CARD_NAME).exists())):
        stop("A quick run gives no figure to check or to publish; leave --quick out.", code=Exit.USAGE)
    if sources is not None and not sources.is_dir():
        stop(f"There is no folder {sources}.", code=Exit.CANNOT)
    committed = page.committed(COMMITTED) if check else None
    if check and committed is None:
        stop(f"There are no committed figures in {COMMITTED}.", code=Exit.CANNOT)
    settings = load(PLACE.data).judge
    chosen = folder or (Path(settings.folder) if settings.folder else None)
    asked = report.Asked(backend or settings.model, chosen, point, sources, quick)
    with _counting() as begin:
        measured = report.evaluate(asked, begin=begin)
    written = page.write(measured, output or PLACE.data / "evaluation")
    for sheet in tables.everything(measured):
        out.print(f"\n[bold]{escape(sheet.title)}[/bold]\n{escape(sheet.note)}")
        listing([dict(zip(sheet.headings, row, strict=True)) for row in sheet.rows], as_json=False, empty="none")
    for name, why in measured["left_out"].items():
        said(f"Not measured: {name}: {why}.")
    for file in written:
        said(f"Written: {file}")
    if committed is not None:
        _compare(committed, measured)


def _compare(committed: Mapping[str, Any], measured: Mapping[str, Any]) -> None:
    """Say which committed figures differ, and leave with code 1 where rounding cannot explain one."""
    from classifiers.evaluation import checking, page

    found = checking.differences(committed, json.loads(page.as_json(measured)))
    for one in found:
        kind = "differs" if one.beyond else "differs by no more than rounding can"
        print_line(f"{one.figure} {kind}: committed {one.committed}, measured {one.measured}")
    if wrong := sum(one.beyond for one in found):
        stop(f"{wrong} committed figures are not what was measured.", code=Exit.CANNOT)
    said("The committed figures are what was measured.")


@contextmanager
def _counting() -> Iterator[Callable[[int], Callable[[str, int], None]]]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:

        def begin(total: int) -> Callable[[str, int], None]:
            task = bar.add_task("judging", total=total)
            return lambda what, done: bar.update(task, advance=done, description=f"judging {what}")

        yield begin
