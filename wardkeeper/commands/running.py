"""The processes by command: run, web, worker, and the demonstration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from records.councils import Council
from records.signing_in import new_setup_link
from wardkeeper import rounds
from wardkeeper.build import Parts
from wardkeeper.logs import start_logging
from wardkeeper.processes import Parent, end_with_parent
from wardkeeper.schedule import run_until_told
from wardkeeper.terminal import PLACE, AsJson, now, opened, out, print_json, said

SETUP_LINK_LASTS = timedelta(hours=24)
DEMO_DATA = Path("var/demo")


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(run)
    app.command()(demo)
    app.command()(web)
    app.command()(worker)


def run() -> None:
    """The real thing: console and worker, kept running. Ctrl-C stops both; a restart loses and repeats nothing.

    On first start a one-time link for the first administrator is printed.
    """
    with opened() as parts:
        _welcome(parts)
        in_doubt = rounds.settle(parts, now=now(), alone=True)
        if in_doubt:
            said(f"{in_doubt} reports were being sent when the last run ended: see queue list --needs-person.")
    raise typer.Exit(Parent(PLACE.data, said).keep_running(("web", "worker")))


def _welcome(parts: Parts) -> None:
    base = parts.settings.web.base_url
    with parts.store.across_councils() as session:
        empty = not session.scalar(select(func.count()).select_from(Council))
    said(f"The console will be at {base}. Records are in {parts.data}. Ctrl-C stops everything.")
    if empty:
        token = new_setup_link(parts.store, now=now(), lasts=SETUP_LINK_LASTS)
        said("No council is set up yet. Open this link once, within 24 hours, to set up the first administrator:")
        out.print(f"{base}/set-up?token={token}", soft_wrap=True)


def web() -> None:
    """The console alone (usually started by run). It never loads the model."""
    from wardkeeper.web import serve  # only this command pays for loading a web framework

    end_with_parent()
    with opened() as parts:
        start_logging(parts.settings.log.level)
        serve(parts)


def worker() -> None:
    """The worker alone (usually started by run): collects, judges, drafts and follows up on its schedule."""
    end_with_parent()
    with opened() as parts:
        start_logging(parts.settings.log.level)
        judge = parts.judge()
        run_until_told(parts, judge, parts.shadow(judge))


def demo(
    once_only: Annotated[
        bool, typer.Option("--once", help="The whole way once, with scripted clock and approvals, and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A demonstration council with eight invented councillors and simulated platforms on this computer.

    The same collectors, weights, guards and pages as run; nothing leaves this machine. With --once it prints what
    happened and ends, and the other commands can look at what it left in the data folder.
    """
    from wardkeeper.demo import live, once  # only this command pays for loading the simulated servers

    if not PLACE.data_given:
        PLACE.data = DEMO_DATA
    if not once_only:
        raise typer.Exit(live.show(PLACE.data, tell=said))
    counts = once.play(PLACE.data, tell=said)
    if as_json:
        print_json(counts)
    else:
        for name, value in counts.items():
            out.print(f"{name.replace('_', ' ')}: {value}")
