"""Trying another judge by command, in shadow or on held decisions. Nothing here changes which model judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.orm import Session

from monitor import backtesting, shadowed
from monitor.backtesting import Held, Line, Result
from monitor.estimating import Share
from records.shadows import Sitting, sitting
from records.vocabulary import Level
from wardkeeper.build import Parts, load_judge
from wardkeeper.terminal import AsJson, council_of, listing, opened, print_json, print_line, said

PointName = Literal["cautious", "balanced", "quiet"]
_NO_SHADOW = "No judge is in shadow. Name one in the settings: shadow.folder or shadow.point."


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(shadow)
    app.command()(backtest)


def seated(held: Sitting | None) -> dict[str, object]:
    """Who judges and who listens, as the worker last said."""
    if held is None:
        return {"judge": None, "shadow": None, "shadow_problem": ""}
    judge = {"model": held.model, "model_version": held.model_version, "point": held.point, "since": held.since}
    listens = {"model": held.shadow, "model_version": held.shadow_version, "point": held.shadow_point}
    return {"judge": judge, "shadow": listens if held.shadow else None, "shadow_problem": held.shadow_problem}


def in_words(share: Share) -> str:
    """A share with its counts and interval, such as "8 of 10, 80% (49% to 94%)"."""
    if share.share is None:
        return "-"
    return f"{share.hits:.0f} of {share.of:.0f}, {share.share:.0%} ({share.low:.0%} to {share.high:.0%})"


def shadow(as_json: AsJson = False) -> None:
    """What the judge in shadow would have changed: posts it would newly flag or no longer flag, by level."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        held = sitting(session)
        line = held.line if held else Level(parts.settings.judge.raise_from)
        compared = [_changed(session, one, line=line) for one in shadowed.changes(session)]
        judges = seated(held)
    if as_json:
        print_json({**judges, "line": line, "compared": compared})
        return
    if judges["shadow_problem"]:
        said(f"The judge in shadow is not working, the judging goes on: {judges['shadow_problem']}")
    elif not judges["shadow"]:
        said(_NO_SHADOW)
    for one in compared:
        _tell_change(one)


def _changed(session: Session, one: shadowed.Changed, *, line: Level) -> dict[str, object]:
    return {
        **asdict(one.pair),
        "first_day": one.first_day,
        "last_day": one.last_day,
        "posts": one.posts,
        "same_level": one.same,
        "newly_flagged": one.newly(line),
        "no_longer_flagged": one.no_longer(line),
        "newly_reported": one.newly(Level.ABUSIVE),
        "no_longer_reported": one.no_longer(Level.ABUSIVE),
        "levels": [
            {"judge": level, "shadow": other, "posts": count} for (level, other), count in sorted(one.levels.items())
        ],
        "held": [asdict(differs) for differs in shadowed.differing(session, one.pair)],
    }


def _tell_change(one: Mapping[str, object]) -> None:
    print_line(
        f"{one['shadow']} {one['shadow_version']} beside {one['model']} {one['model_version']}: "
        f"{one['posts']} posts, {one['same_level']} at the same level."
    )
    for key in ("newly_flagged", "no_longer_flagged", "newly_reported", "no_longer_reported"):
        counts = one[key]
        assert isinstance(counts, dict)
        by_level = ", ".join(f"{count} at level {int(level)}" for level, count in counts.items())
        print_line(f"  {key.replace('_', ' ')}: {by_level or 'none'}")
    held = one["held"]
    assert isinstance(held, list)
    for differs in held:
        print_line(
            f"  incident {differs['incident_id']} ({differs['state'].value}): judged level {int(differs['level'])}, "
            f"in shadow level {int(differs['shadow_level'])}"
        )


def backtest(
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of the model to try.")] = None,
    point: Annotated[PointName | None, typer.Option(help="The operating point to try.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the posts of held decisions anew and table the agreement with people, beside the present model's.

    Without --folder and --point only the present model is judged. Nothing is stored and no decision changes.
    """
    with opened() as parts:
        where = council_of(parts)
        with parts.store.reading(where.id) as session:
            held = backtesting.held_decisions(session)
        results = _both(parts, held, folder=folder, point=point)
    rows = [_row(name, level, line) for name, one in results for level, line in _lines(one)]
    if as_json:
        judges = {name: {"model": one.model, "model_version": one.model_version} for name, one in results}
        print_json({"held": len(held), **judges, "table": rows, "note": backtesting.GONE})
        return
    listing([_shown(row) for row in rows], as_json=False, empty="")
    said(backtesting.GONE)


def _both(
    parts: Parts, held: Sequence[Held], *, folder: Path | None, point: PointName | None
) -> list[tuple[str, Result]]:
    """The present judge's result and, if another is named, that one's."""
    judge, line = parts.settings.judge, Level(parts.settings.judge.raise_from)
    wanted = [("present", judge)]
    if folder is not None or point is not None:
        changed = {"folder": str(folder) if folder else judge.folder, "point": point or judge.point}
        wanted.append(("other", judge.model_copy(update=changed)))
    results = []
    for name, settings in wanted:
        classifier = load_judge(settings)
        said(f"The {name} judge reads {len(held)} held posts …")
        results.append((name, backtesting.judged_anew(held, classifier, line=line)))
    return results


def _lines(one: Result) -> list[tuple[Level | None, Line]]:
    return [*((level, line) for level, line in one.by_level.items()), (None, one.altogether)]


def _row(name: str, level: Level | None, line: Line) -> dict[str, object]:
    return {
        "judge": name,
        "people_say": "all" if level is None else int(level),
        "posts": int(line.same_level.of),
        "right_side": asdict(line.right_side),
        "same_level": asdict(line.same_level),
        "flagged": asdict(line.flagged),
    }


def _shown(row: Mapping[str, object]) -> dict[str, object]:
    return {key: in_words(Share(**value)) if isinstance(value, dict) else value for key, value in row.items()}
