"""Seals what was said before anybody asks for its removal: verbatim, hashed, chained per post, append-only.

It never changes or removes a sealed item, and seals no raw answer below level 2.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from records.assessments import Assessment
from records.audit import record
from records.evidence import EvidenceItem, append
from records.incidents import Incident
from records.posts import Post, Snapshot
from records.store import Store
from records.vocabulary import EvidenceKind, IncidentState, Level, NotAllowed, Origin
from takedown.desk import every_council

LARGEST_ATTACHMENT = 10 * 1024 * 1024
"""Bytes."""

_PICTURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


@dataclass(frozen=True)
class Sealed:
    """How many posts got evidence, and how many items that were."""

    posts: int
    items: int


def seal_due(store: Store, *, now: datetime) -> Sealed:
    """Seal every post with an incident of level 2 or above, or reported by hand, that is not sealed yet.

    Safe to repeat and to run twice at once. One transaction per post.
    """
    posts = items = 0
    for council_id in every_council(store):
        with store.reading(council_id) as session:
            version_open = exists().where(Snapshot.post_id == Post.id, or_(_text_open(), _raw_open()))
            due = session.scalars(select(Post.id).where(_worth_sealing(), version_open).order_by(Post.id)).all()
        for post_id in due:
            sealed = seal_one(store, council_id, post_id, now=now)
            posts += 1 if sealed else 0
            items += sealed
    return Sealed(posts=posts, items=items)


def seal_one(store: Store, council_id: int, post_id: int, *, now: datetime) -> int:
    """Seal one post in a transaction of its own; how many items were new."""
    with store.writing(council_id) as session:
        post = session.scalar(select(Post).where(Post.id == post_id))
        return len(seal_post(session, post, now=now)) if post is not None else 0


def _worth_sealing() -> ColumnElement[bool]:
    reported_by_hand = and_(Incident.origin == Origin.HAND, Incident.state != IncidentState.DISMISSED)
    return exists().where(Incident.post_id == Post.id, or_(_serious(), reported_by_hand))


def _serious() -> ColumnElement[bool]:
    return and_(Incident.level >= Level.ABUSIVE, Incident.state != IncidentState.DISMISSED)


def _text_open() -> ColumnElement[bool]:
    sealed = exists().where(EvidenceItem.snapshot_id == Snapshot.id, EvidenceItem.kind == EvidenceKind.TEXT)
    return and_(Snapshot.forgotten_at.is_(None), ~sealed)


def _raw_open() -> ColumnElement[bool]:
    """A raw answer that may be kept: it can hold biographies and follower counts, so from level 2 only."""
    abusive = exists().where(Assessment.snapshot_id == Snapshot.id, Assessment.level >= Level.ABUSIVE)
    by_hand = exists().where(Post.id == Snapshot.post_id, Post.origin == Origin.HAND)
    serious = exists().where(Incident.post_id == Snapshot.post_id, _serious())
    return and_(Snapshot.raw.is_not(None), serious, or_(abusive, by_hand))


def seal_post(session: Session, post: Post, *, now: datetime) -> Sequence[EvidenceItem]:
    """Seal every version of a post that is still held: its text as one document, and its raw answer (level 2 and
    above only), which then leaves the version. Returns the new items, none when all was sealed before."""
    # Two sealers of one post take turns: the second sees what the first has sealed.
    session.execute(select(Post.id).where(Post.id == post.id).with_for_update())
    versions = select(Snapshot).where(Snapshot.post_id == post.id).order_by(Snapshot.id)
    found = []
    for snapshot in session.scalars(versions.where(_text_open())).all():
        content = _document(post, snapshot)
        found.append(_seal(session, snapshot, EvidenceKind.TEXT, content, "application/json", now=now))
    for snapshot in session.scalars(versions.where(_raw_open())).all():
        content = snapshot.raw or b""
        found.append(_seal(session, snapshot, EvidenceKind.RAW, content, "application/octet-stream", now=now))
        snapshot.raw = None
    new = [item for item in found if item is not None]
    if new:
        _note(session, post, new, at=now)
    return new


def is_sealed(session: Session, snapshot: Snapshot) -> bool:
    """True when the text of this version has been sealed."""
    sealed = select(EvidenceItem.id).where(
        EvidenceItem.snapshot_id == snapshot.id, EvidenceItem.kind == EvidenceKind.TEXT
    )
    return session.scalar(sealed.limit(1)) is not None


def seal_attachment(
    session: Session, post: Post, content: bytes, media_type: str, now: datetime
) -> EvidenceItem | None:
    """Seal a picture that a person supplied (PNG, JPEG, GIF or WebP up to 10 MB) in the caller's transaction.

    Returns None when this very picture is already sealed for the post. Raises NotAllowed for anything else.
    """
    what = f"a picture for post {post.id}"
    starts = _PICTURES.get(media_type)
    if starts is None:
        raise NotAllowed(what, why="a screenshot must be a PNG, JPEG, GIF or WebP picture")
    if not content.startswith(starts):
        raise NotAllowed(what, why=f"the file is not the {media_type} picture it says it is")
    if len(content) > LARGEST_ATTACHMENT:
        raise NotAllowed(what, why=f"the file is larger than {LARGEST_ATTACHMENT // 1024**2} MB")
    kind = EvidenceKind.SCREENSHOT
    item = append(
        session, post_id=post.id, snapshot_id=None, kind=kind, content=content, media_type=media_type, now=now
    )
    if item is not None:
        _note(session, post, [item], at=now)
    return item


def _document(post: Post, snapshot: Snapshot) -> bytes:
    """One version of a post as canonical JSON: keys in order, no spaces, ASCII with escapes, times ISO 8601 in UTC."""
    facts = {
        "platform": post.platform,
        "url": post.url,
        "external_id": post.external_id,
        "version": snapshot.version,
        "author": {"id": post.author_id, "handle": post.author_handle, "name": post.author_name},
        "text": snapshot.text,
        "warning": snapshot.warning,
        "alt_text": snapshot.alt_text,
        "quoted_text": snapshot.quoted_text,
        "parent_text": snapshot.parent_text,
        "posted_at": post.posted_at.isoformat() if post.posted_at else None,
        "seen_at": snapshot.seen_at.isoformat(),
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode("ascii")


def _seal(
    session: Session, snapshot: Snapshot, kind: EvidenceKind, content: bytes, media_type: str, *, now: datetime
) -> EvidenceItem | None:
    return append(
        session,
        post_id=snapshot.post_id,
        snapshot_id=snapshot.id,
        kind=kind,
        content=content,
        media_type=media_type,
        now=now,
    )


def _note(session: Session, post: Post, new: Sequence[EvidenceItem], *, at: datetime) -> None:
    detail = f"{len(new)} item(s) up to place {new[-1].position}, chain {new[-1].chain}"
    record(session, post.council_id, at=at, by=None, act="seal evidence", subject=f"post {post.id}", detail=detail)
