"""Where a signed-in person decides: one act, one transaction, one audit entry, and one for every refusal too.

It knows who acts and when; what an act means stands in the step that opens the desk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.audit import record
from records.councils import Council
from records.incidents import Incident
from records.people import Person
from records.referrals import Referral
from records.store import Store
from records.takedowns import TakedownRequest
from records.vocabulary import NotAllowed, Role

REVIEWERS = (Role.OFFICER, Role.MEMBERS_SERVICES, Role.ASSESSOR, Role.MONITORING_OFFICER)
"""Who may review incidents below level 3, raise a level, and ask for a draft."""

SENDERS = (Role.OFFICER, Role.ASSESSOR, Role.MONITORING_OFFICER)
"""Who may approve, send, file by hand and settle a request."""

Kind = TypeVar("Kind", Incident, TakedownRequest, Referral)

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Desk:
    """A signed-in person of one council, at one moment (UTC)."""

    store: Store
    council_id: int
    person_id: int
    now: datetime


class Act(tuple[Session, Person]):
    """The session and the person of one act, to be unpacked; `detail` goes into its audit entry (no post text)."""

    detail: str = ""


@contextmanager
def deciding(desk: Desk, *, act: str, subject: str) -> Iterator[Act]:
    """One act of one person in one transaction, with its audit entry.

    `act` is a verb phrase ("confirm incident"), `subject` what it is done to ("incident 12"). When the rules forbid it
    (NotAllowed) everything is rolled back, "refused: <act>" is written with the reason, and NotAllowed goes on up.
    """
    try:
        with desk.store.writing(desk.council_id) as session:
            person = _person(session, desk.person_id)
            if person is None or person.left_at is not None:
                raise NotAllowed(subject, why="you are not signed in as somebody who works here")
            here = Act((session, person))
            yield here
            record(session, desk.council_id, at=desk.now, by=person, act=act, subject=subject, detail=here.detail)
    except NotAllowed as refused:
        _record_refusal(desk, act=act, subject=subject, why=refused.why)
        raise


def _record_refusal(desk: Desk, *, act: str, subject: str, why: str) -> None:
    with desk.store.writing(desk.council_id) as session:
        person = _person(session, desk.person_id)
        record(session, desk.council_id, at=desk.now, by=person, act=f"refused: {act}", subject=subject, detail=why)


def _person(session: Session, person_id: int) -> Person | None:
    return session.scalar(select(Person).where(Person.id == person_id))


def need_role(person: Person, roles: Sequence[Role], *, what: str) -> None:
    """Raise NotAllowed unless the person holds one of the roles."""
    if not person.may(*roles):
        names = ", ".join(role.value.replace("_", " ") for role in roles)
        raise NotAllowed(what, why=f"this needs one of these roles: {names}")


def is_number(number: int) -> bool:
    """Whether a row can have this number at all; a database refuses larger ones with an error of its own."""
    return 0 < number <= _LARGEST_ID


def incident_at(session: Session, incident_id: int) -> Incident:
    """The incident, held until the transaction ends. Raises NotAllowed when this council has none of that number."""
    return _held(session, Incident, incident_id, name="incident")


def request_at(session: Session, request_id: int) -> TakedownRequest:
    """The takedown request, held until the transaction ends. Raises NotAllowed when there is none of that number."""
    return _held(session, TakedownRequest, request_id, name="takedown request")


def referral_at(session: Session, referral_id: int) -> Referral:
    """The referral, held until the transaction ends. Raises NotAllowed when there is none of that number."""
    return _held(session, Referral, referral_id, name="referral")


def _held(session: Session, kind: type[Kind], number: int, *, name: str) -> Kind:
    found = session.scalar(select(kind).where(kind.id == number).with_for_update()) if is_number(number) else None
    if found is None:
        raise NotAllowed(f"{name} {number}", why=f"no such {name}")
    return found


def every_council(store: Store) -> Sequence[int]:
    """The ids of all councils of this install, for the machine's steps."""
    with store.across_councils() as session:
        return session.scalars(select(Council.id).order_by(Council.id)).all()
