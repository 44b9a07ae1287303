"""Who did what, when and why: one hash-chained log per council. Holds no post text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.base import Base, CouncilRow
from records.councils import Council
from records.people import Person

GENESIS = "0" * 64


class AuditEntry(CouncilRow, Base):
    """One act. `person_id` is null when the machine did it; `subject` is such as "incident 12"."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("council_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    detail: Mapped[str] = mapped_column(default="")
    previous: Mapped[str]
    chain: Mapped[str]


def _link(entry: AuditEntry) -> str:
    parts = (
        entry.previous,
        str(entry.position),
        entry.at.astimezone(UTC).isoformat(),
        str(entry.person_id or ""),
        entry.act,
        entry.subject,
        entry.detail,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def record(
    session: Session,
    council_id: int,
    *,
    at: datetime,
    by: Person | None,
    act: str,
    subject: str,
    detail: str = "",
) -> AuditEntry:
    """Append one entry to the council's log. The council's row is locked so that two writers never share a place."""
    session.flush()
    session.execute(select(Council.id).where(Council.id == council_id).with_for_update())
    newest = (
        select(AuditEntry.position, AuditEntry.chain)
        .where(AuditEntry.council_id == council_id)
        .order_by(AuditEntry.position.desc())
        .limit(1)
    )
    last = session.execute(newest).first()
    entry = AuditEntry(
        council_id=council_id,
        position=(last.position if last else 0) + 1,
        at=at,
        person_id=by.id if by else None,
        act=act,
        subject=subject,
        detail=detail,
        previous=last.chain if last else GENESIS,
    )
    entry.chain = _link(entry)
    session.add(entry)
    session.flush()
    return entry


def broken_entry(entries: Iterable[AuditEntry]) -> int | None:
    """The position of the first entry that does not follow from the one before, or None when the log is whole.

    The first entry given is taken as the start, because entries past their retention are removed from the front.
    """
    previous: AuditEntry | None = None
    for entry in entries:
        if previous is not None and (entry.previous != previous.chain or entry.position != previous.position + 1):
            return entry.position
        if entry.chain != _link(entry):
            return entry.position
        previous = entry
    return None
