"""Referrals to the police by people: drafted, reported with route and reference, answered, closed with an outcome.

The product itself never contacts the police; it keeps what a person says they did.
"""

from __future__ import annotations

from sqlalchemy import select

from records import referrals
from records.incidents import note
from records.referrals import Referral
from records.vocabulary import IncidentState, Level, NotAllowed, PoliceRoute, ReferralState, Role
from takedown.desk import Desk, deciding, incident_at, need_role, referral_at

_DRAFT = (Role.ASSESSOR, Role.MONITORING_OFFICER)
_KEEP = (Role.ASSESSOR, Role.MONITORING_OFFICER, Role.MEMBERS_SERVICES)


def draft(desk: Desk, incident_id: int) -> int:
    """Prepare the referral of a level 3 or 4 incident; its number. Raises NotAllowed, also while one is open.

    An incident need not be confirmed: nobody waits for a form when somebody is in danger.
    """
    subject = f"incident {incident_id}"
    with deciding(desk, act="draft referral", subject=subject) as act:
        session, person = act
        need_role(person, _DRAFT, what=subject)
        incident = incident_at(session, incident_id)
        if incident.level < Level.SERIOUS:
            raise NotAllowed(subject, why="only level 3 and 4 are referred to the police; raise the level first")
        if incident.state is IncidentState.DISMISSED:
            raise NotAllowed(subject, why="it was dismissed; reopen it first")
        held = select(Referral.id).where(Referral.incident_id == incident.id, Referral.state != ReferralState.CLOSED)
        if (open_one := session.scalar(held)) is not None:
            raise NotAllowed(subject, why=f"referral {open_one} of it is open already")
        referral = Referral(
            council_id=desk.council_id,
            incident_id=incident.id,
            state=ReferralState.DRAFTED,
            drafted_by=person.id,
            drafted_at=desk.now,
        )
        session.add(referral)
        session.flush()
        note(session, incident, "referral drafted", at=desk.now, by=person)
        act.detail = f"referral {referral.id}"
        return referral.id


def report(desk: Desk, referral_id: int, *, route: PoliceRoute, reference: str) -> None:
    """Say that you reported it to the police, by which route and with which reference. Raises NotAllowed."""
    subject = f"referral {referral_id}"
    with deciding(desk, act="report referral", subject=subject) as act:
        session, person = act
        need_role(person, _KEEP, what=subject)
        referral = referral_at(session, referral_id)
        referrals.report(session, referral, by=person, at=desk.now, route=route, reference=reference.strip())
        note(session, referral.incident, "reported to the police", at=desk.now, by=person, note=route.meaning)
        act.detail = route.value


def acknowledge(desk: Desk, referral_id: int) -> None:
    """Say that the police have answered. Raises NotAllowed."""
    subject = f"referral {referral_id}"
    with deciding(desk, act="acknowledge referral", subject=subject) as (session, person):
        need_role(person, _KEEP, what=subject)
        referral = referral_at(session, referral_id)
        referrals.acknowledge(session, referral)
        note(session, referral.incident, "the police answered", at=desk.now, by=person)


def close(desk: Desk, referral_id: int, *, outcome: str) -> None:
    """Write down what came of it, "declined" included. Raises NotAllowed."""
    subject = f"referral {referral_id}"
    with deciding(desk, act="close referral", subject=subject) as (session, person):
        need_role(person, _KEEP, what=subject)
        referral = referral_at(session, referral_id)
        referrals.close(session, referral, outcome=outcome.strip())
        note(session, referral.incident, "referral closed", at=desk.now, by=person, note=outcome.strip())
