"""How commands talk to a person or a program: opening the install, who is at the desk, tables, JSON, exit codes."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import select

from records.councils import Council
from records.signing_in import SignInRefused, sign_in, who
from records.vocabulary import Level
from takedown.desk import Desk
from takedown.masking import visible
from wardkeeper.build import Parts, open_parts


class Exit(IntEnum):
    """What an exit code means; the manual lists them."""

    DONE = 0
    CANNOT = 1
    USAGE = 2
    NOT_ALLOWED = 3
    PARTLY = 4
    NO_CONSENT = 5


@dataclass
class Place:
    """Where this run of the command line works: the data folder, and the council if several share it."""

    data: Path = field(default_factory=lambda: Path("var"))
    data_given: bool = False
    council: str = ""


PLACE = Place()
"""Set once by the root command from --data and --council."""

_IN_A_FILE = 240
"""Columns of a table that is piped or written to a file."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else _IN_A_FILE)
err = Console(stderr=True, highlight=False)

_SHORT = timedelta(minutes=5)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show texts in clear; written to the audit log.")]
As = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who does this; they must sign in.")]
Token = Annotated[
    str,
    typer.Option("--token", envvar="WARDKEEPER_TOKEN", help="A token from sign-in; else the password is read."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in your own words; it is kept.")]


def now() -> datetime:
    """The present moment; the one place where commands read the clock."""
    return datetime.now(UTC)


def stop(message: str, *, code: Exit) -> NoReturn:
    """Say what is wrong and what to do, and leave."""
    tell_trouble(message)
    raise typer.Exit(code)


def tell_trouble(message: str) -> None:
    """One sentence about what is wrong, on standard error."""
    err.print(escape(visible(message)), style="bold red" if err.is_terminal else None, soft_wrap=True)


@contextmanager
def opened() -> Iterator[Parts]:
    """The install in the data folder, closed afterwards. Leaves with code 1 when it cannot be opened."""
    parts = open_parts(PLACE.data)
    try:
        yield parts
    finally:
        parts.close()


def council_of(parts: Parts) -> Council:
    """The council the command is for: the only one, or the one --council names. Leaves with code 2 otherwise."""
    with parts.store.across_councils() as session:
        councils = session.scalars(select(Council).order_by(Council.id)).all()
    if not councils:
        stop("No council is set up yet. Say: wardkeeper council add NAME", code=Exit.CANNOT)
    if not PLACE.council:
        if len(councils) == 1:
            return councils[0]
        stop(f"Several councils are here; say --council with one of: {_names(councils)}", code=Exit.USAGE)
    for council in councils:
        if PLACE.council in (str(council.id), council.name):
            return council
    stop(f"No council is called {PLACE.council}; there are: {_names(councils)}", code=Exit.USAGE)


def _names(councils: Sequence[Council]) -> str:
    return ", ".join(council.name for council in councils)


def desk(parts: Parts, *, email: str, token: str, code: str = "") -> Desk:
    """The signed-in person at the desk. Leaves with code 3, changing nothing, when they do not sign in."""
    if not email:
        needed = "This needs a person: say --as EMAIL, with their password on standard input or a --token."
        stop(needed, code=Exit.NOT_ALLOWED)
    try:
        secret = token or signed_in(parts, email=email, code=code, lasts=_SHORT)
    except SignInRefused as refused:
        stop(str(refused), code=Exit.NOT_ALLOWED)
    signed = who(parts.store, secret, now=now(), idle=parts.settings.web.signed_in)
    if signed is None or signed.person.email.casefold() != email.strip().casefold():
        stop(f"The token is not a valid sign-in of {email}. Say: wardkeeper sign-in {email}", code=Exit.NOT_ALLOWED)
    if PLACE.council and council_of(parts).id != signed.council_id:
        stop(f"{email} does not work for {PLACE.council}.", code=Exit.NOT_ALLOWED)
    return Desk(store=parts.store, council_id=signed.council_id, person_id=signed.person.id, now=now())


def signed_in(parts: Parts, *, email: str, code: str, lasts: timedelta) -> str:
    """A token for somebody whose password is read now. Raises SignInRefused."""
    return sign_in(parts.store, email=email, password=read_password(), totp=code, now=now(), lasts=lasts).token


def read_password() -> str:
    """One line from standard input, or asked for without echo on a terminal."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def plain(value: object) -> Any:
    """A value as JSON knows it: moments in ISO 8601 UTC, words by their value, sets in order."""
    if isinstance(value, Level):
        return int(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=None if not sys.stdout.isatty() else 2)
    sys.stdout.write("\n")


def listing(rows: Sequence[Mapping[str, object]], *, as_json: bool, empty: str) -> None:
    """A list as an array, or as a table with the first row's keys as headings. Control characters never get out."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(escape(empty))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(escape(visible(_in_cell(value))) for value in row.values()))
    out.print(table)


def _in_cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    shown = plain(value)
    if shown is None or shown is False:
        return "-" if shown is None else "no"
    if shown is True:
        return "yes"
    return ", ".join(str(item) for item in shown) if isinstance(shown, list) else str(shown)


def print_line(line: str) -> None:
    """One line of a result on standard output, harmless to terminals."""
    out.print(escape(visible(line)), soft_wrap=True)


def said(message: str) -> None:
    """One sentence of progress or success, on standard error so that standard output stays for results."""
    err.print(escape(visible(message)), soft_wrap=True)


def work_in(data: str, council: str) -> None:
    """Take --data (else WARDKEEPER_DATA, else var) and --council for the command that follows."""
    given = data or os.environ.get("WARDKEEPER_DATA", "")
    PLACE.data, PLACE.data_given, PLACE.council = Path(given or "var"), bool(given), council
