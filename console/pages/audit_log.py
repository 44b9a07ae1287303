"""Who did what, when and why, and whether the log is whole. It holds no post text."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.visiting import After, Here
from records.audit import AuditEntry, broken_entry
from records.people import Person

router = APIRouter()
PAGE = 50
"""Entries on one page."""


@router.get("/audit", include_in_schema=False)
def audit_log(visit: Here, before: After = None, about: str = "", check: bool = False) -> Response:
    """Newest first. `before` is a position to go on from, `about` a subject such as "incident 12"."""
    wanted = select(AuditEntry).order_by(AuditEntry.position.desc()).limit(PAGE + 1)
    about = about.strip()[:100]
    if before is not None:
        wanted = wanted.where(AuditEntry.position < before)
    if about:
        pattern = about.casefold()
        wanted = wanted.where(or_(func.lower(AuditEntry.subject) == pattern, func.lower(AuditEntry.act) == pattern))
    with visit.reading() as session:
        entries = session.scalars(wanted).all()
        names = dict(session.execute(select(Person.id, Person.name)).all())
        result = _check(session) if check else None
    return visit.page(
        "audit_log.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].position if len(entries) > PAGE else None,
        names=names,
        about=about,
        checked=result,
    )


def _check(session: Session) -> tuple[int, int | None]:
    """How many entries there are, and the position of the first that does not hold."""
    whole = select(AuditEntry).order_by(AuditEntry.position).execution_options(yield_per=1000)
    count = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    with session.scalars(whole) as entries:
        return count, broken_entry(entries)
