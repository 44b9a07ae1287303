"""What people report: a post on any platform, or a call, letter, message or visit. It only stores; raising is a step.

A person's report is never below level 1 and never discarded by machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.fitting import EARLIEST, LONGEST_TEXT, believable
from monitor.keeping import keep
from monitor.matching import Match
from platforms.shape import Found, Platform
from records import audit, evidence, incidents
from records.incidents import Incident
from records.people import Councillor, Person
from records.posts import Snapshot
from records.vault import Vault
from records.vocabulary import EvidenceKind, IncidentKind, IncidentState, Level, MatchKind, NotAllowed, Origin

LARGEST_PICTURE = 5 * 1024 * 1024
"""Bytes of a screenshot."""

_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))

FindPost = Callable[[str], tuple[Platform, str] | None]
"""Given an address: the platform it is on and the post's id there, or None when it is no post we can name."""


class CannotTake(Exception):
    """A report cannot be stored as it is. `field` names what to correct, `what` says how, in words for people."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field
        self.what = what


@dataclass(frozen=True)
class Taken:
    """What became of a reported post. `decided` is what people have already decided about it for this councillor."""

    post_id: int
    new_post: bool
    new_version: bool
    picture_kept: bool
    decided: IncidentState | None = None


@dataclass(frozen=True)
class Reported:
    """A post as a person reports it. `platform` is the one they chose, if they chose one: key or name.

    The person confirms before sending a picture that it shows no sexual image; such material is never stored.
    """

    url: str
    text: str = ""
    author_handle: str = ""
    posted_at: datetime | None = None
    screenshot: bytes | None = None
    platform: str = ""


def report_post(
    session: Session,
    vault: Vault,
    report: Reported,
    *,
    find: FindPost,
    platforms: Sequence[Platform],
    councillor_id: int,
    reporter: Person | None,
    now: datetime,
) -> Taken:
    """Store a post somebody reports, or join it to what is held already. Raises CannotTake, NotAllowed."""
    councillor = _councillor(session, councillor_id)
    platform, found = _as_found(report, find=find, platforms=platforms, now=now)
    picture = _picture(report.screenshot)
    kept = keep(
        session,
        vault,
        platform=platform.key,
        found=found,
        matches=(Match(councillor.id, MatchKind.HAND, 1.0),),
        origin=Origin.HAND,
        now=now,
    )
    picture_kept = picture is not None and _keep_picture(session, kept.post_id, picture, now=now)
    subject = f"post {kept.post_id}"
    detail = f"{platform.name}, about councillor {councillor.id}"
    audit.record(
        session, councillor.council_id, at=now, by=reporter, act="reported a post", subject=subject, detail=detail
    )
    decided = select(Incident.state).where(
        Incident.post_id == kept.post_id, Incident.councillor_id == councillor.id, Incident.state != IncidentState.OPEN
    )
    return Taken(kept.post_id, kept.new_post, kept.new_version, picture_kept, session.scalar(decided))


def _as_found(
    report: Reported, *, find: FindPost, platforms: Sequence[Platform], now: datetime
) -> tuple[Platform, Found]:
    platform, external_id = _place(report, find=find, platforms=platforms)
    if report.posted_at is not None:
        _check_time("posted_at", report.posted_at, now=now)
    found = Found(
        external_id=external_id,
        version="",
        url=report.url.strip(),
        author_id="",
        author_handle=report.author_handle.strip().lstrip("@"),
        text=report.text.strip(),
        posted_at=report.posted_at,
    )
    return platform, found


def report_incident(
    session: Session,
    *,
    councillor_id: int,
    kind: IncidentKind,
    account_of_it: str,
    occurred_at: datetime,
    level: Level,
    reporter: Person | None,
    now: datetime,
) -> Incident:
    """Log a call, letter, message or visit: open, at level 1 or more. Raises CannotTake, NotAllowed.

    The reporter answers for the level; there is no post whose text could give one.
    """
    councillor = _councillor(session, councillor_id)
    if kind is IncidentKind.POST:
        raise CannotTake("kind", "report a post by its address")
    account = _account(account_of_it)
    _check_time("occurred_at", occurred_at, now=now)
    given = max(level, Level.UNCIVIL)
    incident = Incident(
        council_id=councillor.council_id,
        councillor_id=councillor.id,
        kind=kind,
        origin=Origin.HAND,
        state=IncidentState.OPEN,
        level=given,
        text_level=given,
        labels=frozenset(),
        account_of_it=account,
        occurred_at=occurred_at,
        raised_at=now,
        level_by=reporter.id if reporter else None,
    )
    session.add(incident)
    session.flush()
    _log(session, incident, by=reporter, now=now)
    return incident


def _log(session: Session, incident: Incident, *, by: Person | None, now: datetime) -> None:
    incidents.note(session, incident, f"reported at level {int(incident.level)}", at=now, by=by)
    audit.record(
        session,
        incident.council_id,
        at=now,
        by=by,
        act="reported an incident",
        subject=f"incident {incident.id}",
        detail=incident.kind.value,
    )


def _account(written: str) -> str:
    account = written.replace("\x00", "").strip()
    if not account:
        raise CannotTake("account_of_it", "say in a few words what happened")
    if len(account) > LONGEST_TEXT:
        raise CannotTake("account_of_it", f"at most {LONGEST_TEXT:,} characters")
    return account


def _councillor(session: Session, councillor_id: int) -> Councillor:
    """A paused councillor can still be reported for; one who withdrew, or another council's, cannot."""
    councillor = session.scalar(select(Councillor).where(Councillor.id == councillor_id))
    if councillor is None:
        raise NotAllowed("report", why="there is no such councillor here")
    if councillor.withdrawn_at is not None:
        raise NotAllowed(f"councillor {councillor.id}", why="has withdrawn; nothing more is stored about them")
    return councillor


def _place(report: Reported, *, find: FindPost, platforms: Sequence[Platform]) -> tuple[Platform, str]:
    url = report.url.strip()
    if not url:
        raise CannotTake("url", "give the address of the post")
    names = ", ".join(platform.name for platform in platforms)
    chosen = report.platform.strip().casefold()
    wanted = [one for one in platforms if chosen and chosen in (one.key.casefold(), one.name.casefold())]
    if chosen and not wanted:
        raise CannotTake("platform", f"not one we know; expected one of {names}")
    place = find(url)
    if place is None:
        expected = wanted[0].name if wanted else f"one of {names}"
        raise CannotTake("url", f"not the address of a single post; expected a post on {expected}")
    if wanted and place[0].key != wanted[0].key:
        raise CannotTake("url", f"the address of a post on {place[0].name}; expected one on {wanted[0].name}")
    return place


def _check_time(field: str, moment: datetime, *, now: datetime) -> None:
    if not believable(moment, now=now):
        raise CannotTake(field, f"a date from {EARLIEST.year} to today, with its time zone")


def _picture(content: bytes | None) -> tuple[bytes, str] | None:
    """The picture and its media type, told by its first bytes and never by its name."""
    if content is None:
        return None
    if len(content) > LARGEST_PICTURE:
        raise CannotTake("screenshot", f"at most {LARGEST_PICTURE // 1024 // 1024} MB")
    for first_bytes, media_type in _PICTURES:
        if content.startswith(first_bytes):
            return content, media_type
    raise CannotTake("screenshot", "a PNG or JPEG picture is expected")


def _keep_picture(session: Session, post_id: int, picture: tuple[bytes, str], *, now: datetime) -> bool:
    newest = select(Snapshot.id).where(Snapshot.post_id == post_id).order_by(Snapshot.id.desc()).limit(1)
    content, media_type = picture
    item = evidence.append(
        session,
        post_id=post_id,
        snapshot_id=session.scalar(newest),
        kind=EvidenceKind.SCREENSHOT,
        content=content,
        media_type=media_type,
        now=now,
    )
    return item is not None
