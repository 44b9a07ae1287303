"""The review queue by command: the same acts and guards as the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.assessments import Assessment, Because
from records.incidents import Incident
from records.posts import Snapshot
from records.vocabulary import Label, Level, PoliceRoute
from takedown import referring, reviewing
from takedown.masking import masked, visible
from takedown.queue import QueueRow
from takedown.queue import queue as waiting
from wardkeeper.build import Parts
from wardkeeper.terminal import (
    As,
    AsJson,
    Exit,
    Reason,
    Reveal,
    Token,
    council_of,
    desk,
    listing,
    now,
    opened,
    plain,
    print_json,
    print_line,
    said,
    stop,
)

queue = typer.Typer(help="Incidents that wait for a person, worst first.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="ID", help="The incident's number.")]
NewLevel = Annotated[int, typer.Option("--to", min=0, max=4, help="The new level.")]


@queue.command("list")
def list_queue(
    needs_person: Annotated[bool, typer.Option(help="Only those with a report in doubt or gone wrong.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 200,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """List what waits, worst first; a pile-on is one row. Texts are masked unless --reveal."""
    with opened() as parts:
        where = council_of(parts)
        with parts.store.reading(where.id) as session:
            rows = waiting(session, needs_person=needs_person, limit=limit)
        clear = _clear_texts(parts, where.id, [row.id for row in rows]) if reveal else {}
        listing(
            [_row(row, text=clear.get(row.id, row.masked)) for row in rows],
            as_json=as_json,
            empty="Nothing waits for a person.",
        )


def _row(row: QueueRow, *, text: str) -> dict[str, object]:
    request = row.request
    return {
        "id": row.id,
        "level": row.level,
        "state": row.state,
        "kind": row.kind,
        "councillor": row.councillor,
        "platform": row.platform,
        "raised_at": row.raised_at,
        "count": row.count,
        "labels": row.labels,
        "takedown": request.id if request else None,
        "takedown_state": request.state if request else None,
        "problem": request.problem if request else "",
        "text": text,
    }


def _clear_texts(parts: Parts, council_id: int, ids: Sequence[int]) -> dict[int, str]:
    """Texts in clear, with who may answer for it unknown: whoever has the data folder; the audit log says so."""
    with parts.store.writing(council_id) as session:
        incidents = {row.id: row for row in session.scalars(select(Incident).where(Incident.id.in_(ids)))}
        subject = f"incidents {', '.join(str(number) for number in ids)}"
        audit.record(session, council_id, at=now(), by=None, act="texts shown by command line", subject=subject)
        return {number: _words_of(incident) for number, incident in incidents.items()}


def _words_of(incident: Incident) -> str:
    if incident.post is None:
        return visible(incident.account_of_it or "")
    return visible("\n---\n".join(snapshot.words for snapshot in incident.post.snapshots))


@queue.command("show")
def show(number: Number, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """One incident whole: levels, why, versions, events. Texts are masked unless --reveal."""
    with opened() as parts:
        where = council_of(parts)
        if reveal:
            _clear_texts(parts, where.id, [number])
        with parts.store.reading(where.id) as session:
            incident = session.get(Incident, number)
            if incident is None:
                stop(f"There is no incident {number}. Say: wardkeeper queue list", code=Exit.CANNOT)
            print_json(_whole(session, incident, reveal=reveal)) if as_json else _tell(session, incident, reveal=reveal)


def _whole(session: Session, incident: Incident, *, reveal: bool) -> dict[str, object]:
    show_text = visible if reveal else masked
    post = incident.post
    return {
        "id": incident.id,
        "level": incident.level,
        "text_level": incident.text_level,
        "state": incident.state,
        "kind": incident.kind,
        "councillor": incident.councillor.name,
        "platform": post.platform if post else None,
        "url": post.url if post else None,
        "occurred_at": incident.occurred_at,
        "raised_at": incident.raised_at,
        "labels": incident.labels,
        "reason": incident.reason,
        "versions": [
            {"id": version.id, "seen_at": version.seen_at, "text": show_text(version.words)}
            for version in (post.snapshots if post else [])
        ],
        "account_of_it": show_text(incident.account_of_it or ""),
        "why": [reason.words for reason in _reasons(session, incident)],
        "events": [{"at": event.at, "what": event.what, "note": event.note} for event in incident.events],
    }


def _reasons(session: Session, incident: Incident) -> Sequence[Because]:
    newest = (
        select(Assessment)
        .join(Assessment.snapshot)
        .where(Snapshot.post_id == incident.post_id)
        .order_by(Assessment.level.desc(), Assessment.id.desc())
    )
    found = session.scalars(newest).first()
    return found.why if found else ()


def _tell(session: Session, incident: Incident, *, reveal: bool) -> None:
    for key, value in _whole(session, incident, reveal=reveal).items():
        if isinstance(value, list):
            for item in value:
                line = "  ".join(str(plain(part)) for part in item.values()) if isinstance(item, dict) else item
                print_line(f"{key}: {line}")
        elif value not in (None, ""):
            print_line(f"{key.replace('_', ' ')}: {plain(value)}")


@queue.command("confirm")
def confirm(
    number: Number,
    email: As = "",
    token: Token = "",
    reason: Reason = "",
    level: Annotated[int | None, typer.Option(min=1, max=4, help="Raise to this level at the same time.")] = None,
) -> None:
    """Agree that it is abuse. Levels 3 and 4 are confirmed by the assessor."""
    with opened() as parts:
        here = desk(parts, email=email, token=token)
        reviewing.confirm(here, number, reason=reason, level=None if level is None else Level(level))
        said(f"Incident {number} is confirmed.")


@queue.command("dismiss")
def dismiss(number: Number, email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Decide that it is not abuse; say why."""
    with opened() as parts:
        reviewing.dismiss(desk(parts, email=email, token=token), number, reason=reason)
        said(f"Incident {number} is dismissed.")


@queue.command("raise")
def raise_level(number: Number, to: NewLevel, email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Raise the level; anybody who reviews may."""
    with opened() as parts:
        reviewing.raise_level(desk(parts, email=email, token=token), number, to=Level(to), reason=reason)
        said(f"Incident {number} is at level {to}.")


@queue.command("lower")
def lower(number: Number, to: NewLevel, email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Lower the level; from 3 and 4 only the assessor may, with a written reason."""
    with opened() as parts:
        reviewing.lower(desk(parts, email=email, token=token), number, to=Level(to), reason=reason)
        said(f"Incident {number} is at level {to}.")


@queue.command("relabel")
def relabel(
    number: Number,
    label: Annotated[list[Label] | None, typer.Option(help="May be given several times; none removes all.")] = None,
    email: As = "",
    token: Token = "",
    reason: Reason = "",
) -> None:
    """Correct the labels, with a reason; anybody who reviews may. The level stays."""
    with opened() as parts:
        reviewing.relabel(desk(parts, email=email, token=token), number, to=frozenset(label or ()), reason=reason)
        said(f"Incident {number} has its new labels.")


@queue.command("reopen")
def reopen(number: Number, email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Put it back before a person."""
    with opened() as parts:
        reviewing.reopen(desk(parts, email=email, token=token), number, reason=reason)
        said(f"Incident {number} is open again.")


@queue.command("close")
def close(number: Number, email: As = "", token: Token = "", reason: Reason = "") -> None:
    """Dealt with; say how."""
    with opened() as parts:
        reviewing.close(desk(parts, email=email, token=token), number, reason=reason)
        said(f"Incident {number} is closed.")


@queue.command("refer")
def refer(number: Number, email: As = "", token: Token = "") -> None:
    """Prepare a referral of a level 3 or 4 incident to the police; a person makes it."""
    with opened() as parts:
        referral = referring.draft(desk(parts, email=email, token=token), number)
        said(f"Referral {referral} is prepared. When it has been made: wardkeeper queue referred {referral} --route …")


@queue.command("referred")
def referred(
    number: Annotated[int, typer.Argument(metavar="REFERRAL", help="The referral's number.")],
    route: Annotated[PoliceRoute, typer.Option(help="How it was reported.")],
    reference: Annotated[str, typer.Option(help="The number the police gave.")],
    email: As = "",
    token: Token = "",
) -> None:
    """Say that a referral has been made to the police, by which route, with their reference."""
    with opened() as parts:
        referring.report(desk(parts, email=email, token=token), number, route=route, reference=reference)
        said(f"Referral {number} is noted as reported.")
