"""The command line: one root, its families, and what an exit code means."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from pydantic_settings.exceptions import SettingsError
from sqlalchemy.exc import OperationalError

from classifiers.shape import CannotLoad
from records.vocabulary import NotAllowed
from wardkeeper import __version__
from wardkeeper.build import CannotStart
from wardkeeper.commands import (
    bringing,
    councils,
    flow,
    learning,
    model,
    people,
    queue,
    running,
    takedowns,
    trying,
    upkeep,
)
from wardkeeper.logs import start_logging
from wardkeeper.settings import SettingsProblem
from wardkeeper.terminal import Exit, tell_trouble, work_in
from wire.errors import WireError

MANUAL = """
Wardkeeper watches public posts that mention councillors who opted in, judges which are abusive and how serious, and
prepares the report to the platform for a person to approve and send. Nothing is ever sent without a named person.

Start with: demo (a whole council with simulated platforms), or run (the real thing).

All state is under one folder: --data DIR before or after any command, else WARDKEEPER_DATA, else var. The
demonstration keeps its own under var/demo.

Exit codes: 0 done; 1 cannot be done as things stand (settings, key, model, health); 2 wrong usage; 3 not allowed, or
nobody signed in: nothing changed; 4 partly done, the rest is named; 5 the council has not consented.
"""

app = typer.Typer(
    help=MANUAL,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
for family in (running, flow, bringing):
    family.add_to(app)
app.add_typer(councils.council, name="council")
app.add_typer(councils.councillor, name="councillor")
app.add_typer(councils.account, name="account")
app.add_typer(people.people, name="people")
app.command("sign-in")(people.sign_in_command)
app.add_typer(queue.queue, name="queue")
app.add_typer(takedowns.takedown, name="takedown")
upkeep.add_to(app)
trying.add_to(app)
learning.add_to(app)
model.add_to(app)


def version(asked: bool) -> None:
    """Print the version and leave."""
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    data: Annotated[str, typer.Option("--data", metavar="DIR", help="The folder that holds all state.")] = "",
    council: Annotated[str, typer.Option("--council", help="Which council, by name or id, if several share it.")] = "",
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=version)
    ] = False,
) -> None:
    """Read where to work before any command runs."""
    work_in(data, council)


def first(arguments: Sequence[str]) -> list[str]:
    """Move --data and --council to the front, so that they may stand before or after the subcommand."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for word in waiting:
        if word == "--":
            rest.extend([word, *waiting])
        elif word in ("--data", "--council"):
            front.extend([word, *([value] if (value := next(waiting, None)) is not None else [])])
        elif word.startswith(("--data=", "--council=")):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code; every known trouble becomes a sentence."""
    start_logging("error")
    try:
        app(first(sys.argv[1:] if arguments is None else arguments), prog_name="wardkeeper")
    except (SettingsProblem, SettingsError, CannotStart, CannotLoad) as trouble:
        leave(str(trouble), code=Exit.CANNOT)
    except OperationalError as trouble:
        leave(f"The database cannot be used: {str(trouble.orig).splitlines()[0]}", code=Exit.CANNOT)
    except NotAllowed as refused:
        leave(f"Not done: {refused}.", code=Exit.NOT_ALLOWED)
    except WireError as trouble:
        leave(trouble.why, code=Exit.CANNOT)
    sys.exit(Exit.DONE)


def leave(message: str, *, code: Exit) -> NoReturn:
    """Say what is wrong and end the process."""
    tell_trouble(message)
    sys.exit(code)
