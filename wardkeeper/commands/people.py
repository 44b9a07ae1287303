"""People who sign in, by command."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy import select

from records import audit, signing_in
from records.people import Person
from records.vocabulary import Role
from wardkeeper.terminal import (
    AsJson,
    Exit,
    council_of,
    listing,
    now,
    opened,
    out,
    print_json,
    read_password,
    said,
    signed_in,
    stop,
)

people = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)


@people.command("add")
def add(
    email: str,
    name: Annotated[str, typer.Option(help="As it should stand under an approval.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
) -> None:
    """Add a person; their first password (at least 12 characters) is read from standard input."""
    with opened() as parts:
        where = council_of(parts)
        try:
            with parts.store.writing(where.id) as session:
                person = signing_in.add_person(
                    session,
                    where.id,
                    email=email,
                    name=name,
                    roles=frozenset(role),
                    password=read_password(),
                    now=now(),
                )
                audit.record(session, where.id, at=now(), by=None, act="person added", subject=f"person {person.id}")
                said(f"Person {person.id}: {person.name}.")
        except signing_in.PasswordRefused as refused:
            stop(str(refused), code=Exit.CANNOT)


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """Everybody who may sign in, and who has left."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        rows = [
            {
                "id": row.id,
                "email": row.email,
                "name": row.name,
                "roles": row.roles,
                "totp": row.totp_secret is not None,
                "left_at": row.left_at,
            }
            for row in session.scalars(select(Person).order_by(Person.name))
        ]
        listing(rows, as_json=as_json, empty="Nobody yet. Say: wardkeeper people add EMAIL --name NAME --role officer")


@people.command("remove")
def remove(email: str) -> None:
    """They have left: they can no longer sign in, and every sign-in of theirs ends. What they decided stays."""
    with opened() as parts, parts.store.writing(council_of(parts).id) as session:
        person = session.scalar(select(Person).where(Person.email == email.strip().casefold()))
        if person is None:
            stop(f"There is nobody called {email}. Say: wardkeeper people list", code=Exit.CANNOT)
        signing_in.leave(session, person, now=now())
        subject = f"person {person.id}"
        audit.record(session, person.council_id, at=now(), by=None, act="person left", subject=subject)
        said(f"{email} can no longer sign in.")


def sign_in_command(
    email: str,
    code: Annotated[str, typer.Option(help="The six digits of the authenticator, if there is one.")] = "",
    hours: Annotated[int, typer.Option(min=1, max=12, help="How long the token is good.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Sign in (password on standard input) and print a token for --token or WARDKEEPER_TOKEN."""
    with opened() as parts:
        try:
            token = signed_in(parts, email=email, code=code, lasts=timedelta(hours=hours))
        except signing_in.SignInRefused as refused:
            stop(str(refused), code=Exit.NOT_ALLOWED)
        if as_json:
            print_json({"token": token})
        else:
            out.print(token, soft_wrap=True)
