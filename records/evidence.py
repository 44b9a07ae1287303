"""Evidence as sealed at detection: verbatim content, its SHA-256, and a chain per post. Append-only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.base import Base, CouncilRow, SealedBytes, words_of
from records.posts import Post
from records.vocabulary import EvidenceKind

GENESIS = "0" * 64
"""What the first link of every chain points at."""


class EvidenceItem(CouncilRow, Base):
    """One sealed item. `chain` covers the link before, kind, hash and time, so none can be swapped, moved or dropped
    from the middle. Chains are per post, so that erasing one post leaves every other chain whole."""

    __tablename__ = "evidence_item"
    __table_args__ = (UniqueConstraint("post_id", "kind", "sha256"), UniqueConstraint("post_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"), index=True)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshot.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[EvidenceKind] = mapped_column(words_of(EvidenceKind))
    content: Mapped[bytes] = mapped_column(SealedBytes)
    media_type: Mapped[str]
    sha256: Mapped[str]
    sealed_at: Mapped[datetime]
    position: Mapped[int]
    previous: Mapped[str]
    chain: Mapped[str]


def link(previous: str, *, kind: EvidenceKind, sha256: str, sealed_at: datetime, position: int) -> str:
    """The chain value of one item: SHA-256 over what it stands on and what it says, in hex."""
    parts = (previous, str(position), kind.value, sha256, sealed_at.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def chain_of(session: Session, post_id: int) -> Sequence[EvidenceItem]:
    """The items of one post in the order they were sealed."""
    items = select(EvidenceItem).where(EvidenceItem.post_id == post_id).order_by(EvidenceItem.position)
    return session.scalars(items).all()


def append(
    session: Session,
    *,
    post_id: int,
    snapshot_id: int | None,
    kind: EvidenceKind,
    content: bytes,
    media_type: str,
    now: datetime,
) -> EvidenceItem | None:
    """Seal one item onto the end of its post's chain, or None when the same content of that kind is sealed already.

    The post's row is locked so that two writers never share a place. Raises ValueError when there is no such post.
    """
    session.flush()
    council_id = session.scalar(select(Post.council_id).where(Post.id == post_id).with_for_update())
    if council_id is None:
        raise ValueError("Evidence was about to be sealed for a post that is not here.")
    sealed_at = now.astimezone(UTC)  # as it comes back from the database: the chain covers it in writing
    sha256 = hashlib.sha256(content).hexdigest()
    if _is_sealed(session, post_id, kind, sha256):
        return None
    position, previous = _end_of_chain(session, post_id)
    item = EvidenceItem(
        council_id=council_id,
        post_id=post_id,
        snapshot_id=snapshot_id,
        kind=kind,
        content=content,
        media_type=media_type,
        sha256=sha256,
        sealed_at=sealed_at,
        position=position,
        previous=previous,
        chain=link(previous, kind=kind, sha256=sha256, sealed_at=sealed_at, position=position),
    )
    session.add(item)
    session.flush()
    return item


def _is_sealed(session: Session, post_id: int, kind: EvidenceKind, sha256: str) -> bool:
    same = select(EvidenceItem.id).where(
        EvidenceItem.post_id == post_id, EvidenceItem.kind == kind, EvidenceItem.sha256 == sha256
    )
    return session.scalar(same) is not None


def _end_of_chain(session: Session, post_id: int) -> tuple[int, str]:
    """The next free position and the link it stands on."""
    links = select(EvidenceItem.position, EvidenceItem.chain).where(EvidenceItem.post_id == post_id)
    last = session.execute(links.order_by(EvidenceItem.position.desc()).limit(1)).first()
    return (last.position + 1, last.chain) if last else (1, GENESIS)


def broken_link(items: Sequence[EvidenceItem]) -> int | None:
    """The position of the first item whose content or place does not hold, or None when the chain is whole."""
    previous = GENESIS
    for position, item in enumerate(items, start=1):
        content_holds = hashlib.sha256(item.content).hexdigest() == item.sha256
        expected = link(previous, kind=item.kind, sha256=item.sha256, sealed_at=item.sealed_at, position=item.position)
        if not content_holds or item.position != position or item.previous != previous or item.chain != expected:
            return position
        previous = item.chain
    return None
