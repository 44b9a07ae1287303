"""Keeping the install: audit, health, database, configuration, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from records import audit as auditing
from records.assessments import Assessment
from records.audit import AuditEntry
from records.evidence import EvidenceItem, broken_link, chain_of
from records.incidents import Incident
from records.posts import Mention, Post, Snapshot
from records.store import is_current, migrate
from records.takedowns import Outcome, TakedownRequest
from takedown.masking import masked, visible
from wardkeeper import health as condition
from wardkeeper.commands.learning import export_annotations
from wardkeeper.settings import config_folder, council_folder, load
from wardkeeper.terminal import (
    PLACE,
    As,
    AsJson,
    Exit,
    Reveal,
    Token,
    council_of,
    listing,
    now,
    opened,
    print_line,
    said,
    stop,
)

db = typer.Typer(help="Look after the database.", no_args_is_help=True)
config = typer.Typer(help="See the settings in force.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands to the root."""
    app.command()(audit)
    app.command()(health)
    app.command()(export)
    app.add_typer(db, name="db")
    app.add_typer(config, name="config")


def audit(
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 100,
    check: Annotated[bool, typer.Option("--check", help="Check the whole chain instead of listing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who did what, newest first. --check says whether the log is whole (exit code 1 if not)."""
    with opened() as parts, parts.store.reading(council_of(parts).id) as session:
        if check:
            broken = auditing.broken_entry(session.scalars(select(AuditEntry).order_by(AuditEntry.position)))
            if broken is not None:
                stop(f"The audit log was altered: entry {broken} does not follow.", code=Exit.CANNOT)
            said("The audit log is whole.")
            return
        rows = [
            {
                "id": row.position,
                "at": row.at,
                "person": row.person_id,
                "act": row.act,
                "subject": row.subject,
                "detail": row.detail,
            }
            for row in session.scalars(select(AuditEntry).order_by(AuditEntry.position.desc()).limit(limit))
        ]
        listing(rows, as_json=as_json, empty="Nothing has been done yet.")


def health(as_json: AsJson = False) -> None:
    """Each source: last success, next try, error and blind spots in plain words. Exit code 1 if anything is wrong."""
    with opened() as parts:
        where = council_of(parts)
        moment = now()
        rows = [
            {
                "id": row.id,
                "platform": row.platform,
                "about": row.about,
                "state": row.state,
                "last_success": row.last_success,
                "next_try": row.next_try,
                "problem": row.problem,
                "blind_spots": row.blind_spots,
                "unreadable": row.unreadable,
            }
            for row in condition.source_rows(parts, now=moment, council_id=where.id)
        ]
        listing(rows, as_json=as_json, empty="No source yet. Say: wardkeeper account add --help")
        troubles = condition.troubles(parts, now=moment)
    for trouble in troubles:
        said(trouble)
    if troubles:
        raise typer.Exit(Exit.CANNOT)


@db.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest shape (also done at every start)."""
    with opened() as parts:
        migrate(parts.store)
        said("The database is at the newest revision.")


@db.command("check")
def check_command() -> None:
    """Check that the schema is current and that every chain of evidence and the audit log is whole."""
    with opened() as parts:
        where = council_of(parts)
        if not is_current(parts.store):
            stop("The database is not at the newest revision. Say: wardkeeper db migrate", code=Exit.CANNOT)
        with parts.store.reading(where.id) as session:
            posts = session.scalars(select(EvidenceItem.post_id).distinct()).all()
            broken = [post for post in posts if broken_link(chain_of(session, post)) is not None]
            entry = auditing.broken_entry(session.scalars(select(AuditEntry).order_by(AuditEntry.position)))
        if broken or entry is not None:
            stop(f"Broken: evidence of posts {broken}, audit entry {entry}.", code=Exit.CANNOT)
        said(f"Whole: the evidence of {len(posts)} posts, and the audit log.")


@config.command("show")
def show_config() -> None:
    """The settings in force; secrets stay hidden."""
    for section, value in load(PLACE.data).model_dump(mode="json").items():
        print_line(f"{section} = {value}")


@config.command("check")
def check_config() -> None:
    """Read every setting and report route, and say where they come from."""
    with opened():
        said(f"Defaults from {config_folder()}; the council's own from {council_folder(PLACE.data)}. All is well.")


class What(StrEnum):
    """What can be exported."""

    POSTS = "posts"
    MENTIONS = "mentions"
    ASSESSMENTS = "assessments"
    INCIDENTS = "incidents"
    TAKEDOWNS = "takedowns"
    OUTCOMES = "outcomes"
    ANNOTATIONS = "annotations"


def export(
    what: What,
    target: Annotated[str, typer.Option("--output", metavar="FILE", help="Annotations: where they go, or -.")] = "-",
    undecided: Annotated[
        int,
        typer.Option(min=0, max=10_000, help="Annotations: instead so many open posts the judge is least sure of."),
    ] = 0,
    reveal: Reveal = False,
    as_json: AsJson = True,
    email: As = "",
    token: Token = "",
) -> None:
    """Everything of one kind as a JSON array, newest first; texts masked unless --reveal, authors never.

    Annotations are what people decided, for training: lines of JSON with text, labels, level, verdict and model, with
    names, handles and addresses taken out. Only with the council's consent (exit code 5 without; see learning consent).
    """
    if what is What.ANNOTATIONS:
        export_annotations(target=target, undecided=undecided, email=email, token=token)
        return
    if target != "-":
        stop("--output is for annotations; send the others where you want them with >.", code=Exit.USAGE)
    with opened() as parts:
        where = council_of(parts)
        if reveal:
            with parts.store.writing(where.id) as session:
                act = f"{what.value} exported with texts by command line"
                auditing.record(session, where.id, at=now(), by=None, act=act, subject="export")
        with parts.store.reading(where.id) as session:
            listing(_EXPORTS[what](session, visible if reveal else masked), as_json=as_json, empty="Nothing is held.")


Rows = list[Mapping[str, object]]
Show = Callable[[str], str]


def _posts(session: Session, show: Show) -> Rows:
    query = select(Post).options(selectinload(Post.snapshots), selectinload(Post.mentions)).order_by(Post.id.desc())
    return [
        {
            "id": post.id,
            "platform": post.platform,
            "origin": post.origin,
            "first_seen_at": post.first_seen_at,
            "about_somebody": bool(post.mentions),
            "lawful_at": post.lawful_at,
            "key": post.key,
            "versions": [
                {"id": version.id, "key": version.key, "text": show(version.words)} for version in post.snapshots
            ],
        }
        for post in session.scalars(query)
    ]


def _mentions(session: Session, _show: Show) -> Rows:
    return [
        {"id": row.id, "post": row.post_id, "councillor": row.councillor_id, "how": row.how, "surety": row.surety}
        for row in session.scalars(select(Mention).order_by(Mention.id.desc()))
    ]


def _assessments(session: Session, _show: Show) -> Rows:
    query = select(Assessment, Snapshot.post_id).join(Assessment.snapshot).order_by(Assessment.id.desc())
    return [
        {
            "id": row.id,
            "post": post_id,
            "version": row.snapshot_id,
            "model": row.model,
            "model_version": row.model_version,
            "level": row.level,
            "verdict": row.verdict,
            "labels": row.labels,
            "report": row.report,
            "why": [reason.words for reason in row.why],
        }
        for row, post_id in session.execute(query)
    ]


def _incidents(session: Session, show: Show) -> Rows:
    return [
        {
            "id": row.id,
            "level": row.level,
            "text_level": row.text_level,
            "state": row.state,
            "kind": row.kind,
            "origin": row.origin,
            "councillor": row.councillor_id,
            "post": row.post_id,
            "group": row.group_id,
            "raised_at": row.raised_at,
            "labels": row.labels,
            "account_of_it": show(row.account_of_it or ""),
        }
        for row in session.scalars(select(Incident).order_by(Incident.id.desc()))
    ]


def _takedowns(session: Session, show: Show) -> Rows:
    query = select(TakedownRequest).options(selectinload(TakedownRequest.items)).order_by(TakedownRequest.id.desc())
    return [
        {
            "id": row.id,
            "platform": row.platform,
            "route": row.route,
            "harm": row.harm,
            "state": row.state,
            "versions": [item.snapshot_id for item in row.items],
            "text": show(row.text),
            "approved_by": row.approved_by,
            "sent_by": row.sent_by,
            "sent_at": row.sent_at,
            "reference": row.reference,
            "problem": row.problem,
        }
        for row in session.scalars(query)
    ]


def _outcomes(session: Session, _show: Show) -> Rows:
    return [
        {
            "id": row.id,
            "takedown": row.request_id,
            "version": row.snapshot_id,
            "at": row.at,
            "presence": row.presence,
            "how_known": row.how_known,
        }
        for row in session.scalars(select(Outcome).order_by(Outcome.id.desc()))
    ]


_EXPORTS: dict[What, Callable[[Session, Show], Rows]] = {
    What.POSTS: _posts,
    What.MENTIONS: _mentions,
    What.ASSESSMENTS: _assessments,
    What.INCIDENTS: _incidents,
    What.TAKEDOWNS: _takedowns,
    What.OUTCOMES: _outcomes,
}
