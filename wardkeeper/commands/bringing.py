"""What people bring in, by command: a link, a call, a letter, a visit, or a listening tool's export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.collecting import matcher_of
from monitor.importing import Column, Layout, Rows, import_rows, read
from monitor.intake import CannotTake, Reported, report_incident, report_post
from monitor.tabular import CannotRead
from platforms.register import find
from records.people import Person
from records.vocabulary import IncidentKind, Level
from wardkeeper.build import Parts
from wardkeeper.terminal import As, AsJson, Exit, Token, council_of, desk, err, now, opened, print_json, said, stop


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(intake)
    app.command("import")(import_export)


def intake(
    councillor: Annotated[int, typer.Option("--councillor", metavar="ID", help="Whom it is about.")],
    kind: Annotated[IncidentKind, typer.Option(help="A post, or what happened without one.")] = IncidentKind.POST,
    url: Annotated[str, typer.Option(help="The post's address, on any of the ten platforms.")] = "",
    text: Annotated[str, typer.Option(help="Its words, or what happened; - reads standard input.")] = "",
    author: Annotated[str, typer.Option(help="The author's handle, as shown.")] = "",
    at: Annotated[str, typer.Option(metavar="TIME", help="When, as 2026-05-04T19:30 (UTC) or with a zone.")] = "",
    screenshot: Annotated[Path | None, typer.Option(help="A PNG or JPEG of it, 5 MB at most.")] = None,
    level: Annotated[int, typer.Option(min=1, max=4, help="For a call, letter, message or visit.")] = 1,
    email: As = "",
    token: Token = "",
) -> None:
    """Report a post by its address, or log a call, letter, message or visit.

    What a person reports is never below level 1 and never discarded by machine. It is judged with the next scan.
    """
    words = sys.stdin.read() if text == "-" else text
    moment = _moment(at) if at else None
    with opened() as parts:
        where = council_of(parts)
        reporter = _reporter(parts, email=email, token=token)
        try:
            with parts.store.writing(where.id) as session:
                person = session.get(Person, reporter) if reporter else None
                if kind is IncidentKind.POST:
                    picture = screenshot.read_bytes() if screenshot else None
                    taken = report_post(
                        session,
                        parts.store.vault,
                        Reported(url=url, text=words, author_handle=author, posted_at=moment, screenshot=picture),
                        find=find,
                        platforms=tuple(parts.reach.platforms.values()),
                        councillor_id=councillor,
                        reporter=person,
                        now=now(),
                    )
                    said(f"Post {taken.post_id} is {'taken in' if taken.new_post else 'joined to what is held'}.")
                else:
                    incident = report_incident(
                        session,
                        councillor_id=councillor,
                        kind=kind,
                        account_of_it=words,
                        occurred_at=moment or now(),
                        level=Level(level),
                        reporter=person,
                        now=now(),
                    )
                    said(f"Incident {incident.id} is logged at level {int(incident.level)}.")
        except CannotTake as wrong:
            stop(f"Not taken: {wrong}.", code=Exit.CANNOT)
        except OSError as wrong:
            stop(f"The screenshot cannot be read: {wrong.strerror}.", code=Exit.CANNOT)


def _reporter(parts: Parts, *, email: str, token: str) -> int | None:
    return desk(parts, email=email, token=token).person_id if email else None


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        stop(f"{written} is not a time; write it as 2026-05-04T19:30.", code=Exit.USAGE)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def import_export(
    file: Annotated[Path, typer.Argument(help="A listening tool's export, CSV.")],
    column: Annotated[
        list[str] | None, typer.Option(metavar="WHAT=HEADER", help="Such as text=Content; may be given several times.")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Found out unless given.")] = "",
    encoding: Annotated[str, typer.Option(help="Found out unless given.")] = "",
    month_first: Annotated[bool, typer.Option("--month-first", help="05/04/2026 is the fourth of May.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and store nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import posts; rows about no opted-in councillor are counted and not kept. Exit code 4 if some rows were bad."""
    mapping = _mapping(column or [])
    layout = Layout(mapping, delimiter or None, encoding or None, month_first=month_first)
    with opened() as parts:
        where = council_of(parts)
        rows = _read(file, parts, layout)
        matcher = matcher_of(parts.store, where.id)
        done = import_rows(parts.store, where.id, rows, matcher=matcher, by=None, now=now(), dry_run=dry_run)
    if as_json:
        problems = [asdict(problem) for problem in rows.problems]
        print_json({**asdict(done), "rows": len(rows.rows), "problems": problems, "more_problems": rows.more_problems})
    else:
        for problem in rows.problems:
            err.print(f"line {problem.line}{f', {problem.column}' if problem.column else ''}: {problem.what}")
        said(
            f"{'Would keep' if dry_run else 'Kept'} {done.new_posts} new posts and {done.new_versions} new versions; "
            f"{done.held} held already, {done.unmatched} about nobody, {len(rows.problems)} bad lines."
        )
    if rows.problems:
        raise typer.Exit(Exit.PARTLY)


def _mapping(written: list[str]) -> dict[Column, str] | None:
    mapping = {}
    for one in written:
        name, equals, header = one.partition("=")
        if not equals or name not in set(Column):
            stop(f"{one}: write it as WHAT=HEADER, WHAT being one of {', '.join(Column)}.", code=Exit.USAGE)
        mapping[Column(name)] = header
    return mapping or None


def _read(file: Path, parts: Parts, layout: Layout) -> Rows:
    platforms = tuple(parts.reach.platforms.values())
    try:
        return read(file.read_bytes(), find=find, platforms=platforms, now=now(), layout=layout)
    except OSError as wrong:
        stop(f"{file} cannot be read: {wrong.strerror}.", code=Exit.CANNOT)
    except CannotRead as wrong:
        stop(f"{file}: {wrong}", code=Exit.CANNOT)
