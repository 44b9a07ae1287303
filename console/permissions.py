"""Who may open which page: one table from route to roles. What may be done there is guarded in takedown/ and records/.

A route that is not in the table cannot be opened by anybody.
"""

from __future__ import annotations

from enum import Enum

from records.people import Person
from records.vocabulary import Role


class Anyone(Enum):
    """Pages that ask for no role."""

    EVERYBODY = "no sign-in needed"
    SIGNED_IN = "whoever is signed in"


Permission = Anyone | frozenset[Role]

READS_POSTS = frozenset(
    {Role.OFFICER, Role.MEMBERS_SERVICES, Role.ASSESSOR, Role.MONITORING_OFFICER, Role.DATA_PROTECTION}
)
"""May see what was posted. Administrators and auditors may not."""
REVIEWS = frozenset({Role.OFFICER, Role.MEMBERS_SERVICES, Role.ASSESSOR, Role.MONITORING_OFFICER})
REPORTS = frozenset({Role.OFFICER, Role.ASSESSOR, Role.MONITORING_OFFICER})
REFERS = frozenset({Role.ASSESSOR, Role.MONITORING_OFFICER, Role.MEMBERS_SERVICES})
SEES_COUNCILLORS = REVIEWS | {Role.DATA_PROTECTION, Role.ADMINISTRATOR}
KEEPS_COUNCILLORS = frozenset({Role.OFFICER, Role.MEMBERS_SERVICES, Role.ADMINISTRATOR})
READS_AUDIT = frozenset({Role.AUDITOR, Role.MONITORING_OFFICER, Role.DATA_PROTECTION})
SEES_FIGURES = READS_POSTS | {Role.ADMINISTRATOR, Role.AUDITOR}
"""May see how the judge is doing: counts, no post."""
CONSENTS = frozenset({Role.MONITORING_OFFICER, Role.DATA_PROTECTION})
KEEPS_PEOPLE = frozenset({Role.ADMINISTRATOR})

PAGES: dict[str, Permission] = {
    "healthz": Anyone.EVERYBODY,
    "readyz": Anyone.EVERYBODY,
    "sign_in_page": Anyone.EVERYBODY,
    "sign_in": Anyone.EVERYBODY,
    "set_up_page": Anyone.EVERYBODY,
    "set_up": Anyone.EVERYBODY,
    "front": Anyone.SIGNED_IN,
    "sign_out": Anyone.SIGNED_IN,
    "yourself": Anyone.SIGNED_IN,
    "change_password": Anyone.SIGNED_IN,
    "codes_page": Anyone.SIGNED_IN,
    "start_codes": Anyone.SIGNED_IN,
    "stop_codes": Anyone.SIGNED_IN,
    "end_other_sign_ins": Anyone.SIGNED_IN,
    "sources": Anyone.SIGNED_IN,
    "queue": READS_POSTS,
    "incident": READS_POSTS,
    "reveal": READS_POSTS,
    "confirm": REVIEWS,
    "dismiss": REVIEWS,
    "change_level": REVIEWS,
    "change_labels": REVIEWS,
    "reopen": REVIEWS,
    "close": REVIEWS,
    "screenshot": READS_POSTS,
    "draft_takedown": REVIEWS,
    "takedowns": READS_POSTS,
    "takedown": READS_POSTS,
    "reveal_takedown": READS_POSTS,
    "approve_takedown": REPORTS,
    "send_takedown": REPORTS,
    "file_takedown": REPORTS,
    "settle_takedown": REPORTS,
    "look_takedown": REPORTS,
    "withdraw_takedown": REPORTS,
    "redraft_takedown": REPORTS,
    "draft_referral": REFERS,
    "report_referral": REFERS,
    "acknowledge_referral": REFERS,
    "close_referral": REFERS,
    "intake_page": REVIEWS,
    "report_post": REVIEWS,
    "event_page": REVIEWS,
    "report_event": REVIEWS,
    "councillors": SEES_COUNCILLORS,
    "councillor": SEES_COUNCILLORS,
    "new_councillor_page": KEEPS_COUNCILLORS,
    "new_councillor": KEEPS_COUNCILLORS,
    "add_term": KEEPS_COUNCILLORS,
    "pause_councillor": KEEPS_COUNCILLORS,
    "resume_councillor": KEEPS_COUNCILLORS,
    "withdraw_councillor": KEEPS_COUNCILLORS,
    "new_account_choice": KEEPS_COUNCILLORS,
    "new_account_page": KEEPS_COUNCILLORS,
    "new_account": KEEPS_COUNCILLORS,
    "begin_grant": KEEPS_COUNCILLORS,
    "finish_grant": KEEPS_COUNCILLORS,
    "withdraw_account": KEEPS_COUNCILLORS,
    "people": KEEPS_PEOPLE,
    "new_person_page": KEEPS_PEOPLE,
    "new_person": KEEPS_PEOPLE,
    "person": KEEPS_PEOPLE,
    "change_roles": KEEPS_PEOPLE,
    "reset_password": KEEPS_PEOPLE,
    "person_left": KEEPS_PEOPLE,
    "audit_log": READS_AUDIT,
    "learning": SEES_FIGURES,
    "consent_to_training": CONSENTS,
    "withdraw_training_consent": CONSENTS,
    "sample": READS_POSTS,
    "reveal_sample": READS_POSTS,
    "answer_sample": REVIEWS,
}


def allows(page: str, person: Person | None) -> bool:
    """Whether this person, or nobody in particular, may open the page. An unknown page is closed to all."""
    permission = PAGES.get(page)
    if permission is None:
        return False
    if permission is Anyone.EVERYBODY:
        return True
    if person is None or person.left_at is not None:
        return False
    return isinstance(permission, Anyone) or person.may(*permission)
