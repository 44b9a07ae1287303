"""Reports to platforms by command: draft, approve, send, file by hand, settle doubt. The console's own guards."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from records.takedowns import TakedownRequest
from records.vocabulary import Harm, Presence
from takedown import reviewing, sending
from wardkeeper.terminal import As, AsJson, Token, council_of, desk, listing, opened, said

takedown = typer.Typer(help="Reports to platforms: drafted, approved by a person, sent once.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="ID", help="The request's number.")]


@takedown.command("list")
def list_takedowns(as_json: AsJson = False) -> None:
    """Every request, newest first, with what the last check saw and how that is known."""
    query = (
        select(TakedownRequest)
        .options(
            selectinload(TakedownRequest.outcomes),
            selectinload(TakedownRequest.items),
            selectinload(TakedownRequest.incidents),
        )
        .order_by(TakedownRequest.id.desc())
    )
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        rows = [_row(request) for request in session.scalars(query)]
        listing(rows, as_json=as_json, empty="No report has been drafted.")


def _row(request: TakedownRequest) -> dict[str, object]:
    last = request.outcomes[-1] if request.outcomes else None
    return {
        "id": request.id,
        "platform": request.platform,
        "route": request.route,
        "harm": request.harm,
        "category": request.category_label,
        "state": request.state,
        "posts": [item.snapshot_id for item in request.items],
        "incidents": [link.incident_id for link in request.incidents],
        "sent_at": request.sent_at,
        "reference": request.reference,
        "last_seen": last.presence if last else None,
        "how_known": last.how_known if last else "",
        "next_check_at": request.next_check_at,
        "problem": request.problem,
    }


@takedown.command("draft")
def draft(
    incident: Annotated[list[int], typer.Argument(metavar="INCIDENT…")],
    harm: Annotated[Harm | None, typer.Option(help="What to report it as; else the likeliest.")] = None,
    email: As = "",
    token: Token = "",
) -> None:
    """Draft a report about one or more confirmed incidents of level 2 or more."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        number = reviewing.draft_takedown(here, incident, reach=parts.reach, harm=harm)
        said(f"Request {number} is drafted. Read it: wardkeeper export takedowns. Then: takedown approve {number}")


@takedown.command("approve")
def approve(number: Number, email: As = "", token: Token = "") -> None:
    """Approve a draft under your name; its text is frozen."""
    with opened() as parts:
        reviewing.approve_takedown(desk(parts, email=email, token=token), number, reach=parts.reach)
        said(f"Request {number} is approved.")


@takedown.command("send")
def send(number: Number, email: As = "", token: Token = "") -> None:
    """Send an approved request by the platform's API. At level 3 and above not by whoever answers for the level."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        result = sending.send(here, number, reach=parts.reach, plan=parts.plan)
        said(f"Request {number}: {result.said}")


@takedown.command("filed")
def filed(
    number: Number,
    reference: Annotated[str, typer.Option(help="What the platform's form gave as a reference, if anything.")] = "",
    email: As = "",
    token: Token = "",
) -> None:
    """Say that you filed an approved request on the platform's own form."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        reviewing.file_by_hand(here, number, reference=reference, plan=parts.plan)
        said(f"Request {number} is noted as filed.")


@takedown.command("settle")
def settle(
    number: Number,
    arrived: Annotated[bool, typer.Option("--arrived/--not-arrived", help="Whether the platform has it.")],
    reference: Annotated[str, typer.Option(help="The platform's number for it, if it gave one.")] = "",
    email: As = "",
    token: Token = "",
) -> None:
    """Say whether a request in doubt reached the platform; if not, it may be sent again."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        reviewing.settle_doubt(here, number, arrived=arrived, reference=reference, plan=parts.plan)
        said(f"Request {number} is settled.")


@takedown.command("seen")
def seen(
    number: Number,
    presence: Annotated[Presence, typer.Argument(help="What you saw on the platform.")],
    email: As = "",
    token: Token = "",
) -> None:
    """Say what you saw of a reported post, where the platform cannot be asked by machine."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        reviewing.record_sighting(here, number, presence=presence, plan=parts.plan)
        said(f"Request {number}: noted as {presence.meaning.lower()}.")


@takedown.command("withdraw")
def withdraw(number: Number, email: As = "", token: Token = "") -> None:
    """Take a request back before it is sent."""
    with opened() as parts:
        reviewing.withdraw_takedown(desk(parts, email=email, token=token), number)
        said(f"Request {number} is withdrawn.")
