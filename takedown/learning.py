"""Whether the council's decisions may be used to train: who may say so, and take it back. Audited like every act."""

from __future__ import annotations

from records import consents
from records.vocabulary import Role
from takedown.desk import Desk, deciding, need_role

CONSENTERS = (Role.MONITORING_OFFICER, Role.DATA_PROTECTION)
"""Who speaks for the council about training."""
_SUBJECT = "consent to training"


def consent(desk: Desk, *, reason: str) -> None:
    """Let held decisions leave as annotations from now on; `reason` says who in the council decided so. Raises
    NotAllowed."""
    with deciding(desk, act="consent to training", subject=_SUBJECT) as act:
        session, person = act
        need_role(person, CONSENTERS, what=_SUBJECT)
        consents.give(session, by=person, at=desk.now, reason=reason)
        act.detail = reason.strip()


def withdraw_consent(desk: Desk) -> None:
    """Nothing more may leave; what left stands in the audit log. Raises NotAllowed."""
    with deciding(desk, act="withdraw consent to training", subject=_SUBJECT) as (session, person):
        need_role(person, CONSENTERS, what=_SUBJECT)
        consents.withdraw(session, by=person, at=desk.now)
