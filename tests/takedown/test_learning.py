"""Who may correct labels, and who may consent to training for the council; every refusal is audited."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.consents import TrainingConsent, in_force
from records.vocabulary import Label, Level, NotAllowed, Role
from takedown import learning, reviewing
from tests.builders import SALTMARSH, Larkford, a_council
from tests.takedown.steps import opened, refusals, the_incident, the_log

CONSENTERS = {Role.MONITORING_OFFICER, Role.DATA_PROTECTION}
REVIEWERS = {Role.OFFICER, Role.MEMBERS_SERVICES, Role.ASSESSOR, Role.MONITORING_OFFICER}


@pytest.mark.parametrize("role", Role)
def test_roles_for_consenting_and_withdrawing(council: Larkford, role: Role) -> None:
    if role in CONSENTERS:
        learning.consent(council.desk(role), reason="Standards Committee")
        learning.withdraw_consent(council.desk(role))
        return
    with pytest.raises(NotAllowed, match="roles"):
        learning.consent(council.desk(role), reason="Standards Committee")
    with pytest.raises(NotAllowed, match="roles"):
        learning.withdraw_consent(council.desk(role))
    assert refusals(council) == ["consent to training", "withdraw consent to training"]


def test_it_is_off_until_given_and_given_once_with_who_and_when(council: Larkford) -> None:
    noor = council.desk(Role.DATA_PROTECTION)
    with pytest.raises(NotAllowed, match="none is in force"):
        learning.withdraw_consent(noor)
    with pytest.raises(NotAllowed, match="who in the council"):
        learning.consent(noor, reason="  ")
    learning.consent(noor, reason="Standards Committee, minute 8")
    with pytest.raises(NotAllowed, match="given already"):
        learning.consent(noor, reason="again")
    with council.store.reading(council.council_id) as session:
        held = in_force(session)
    assert held is not None
    assert (held.given_by, held.given_at, held.reason) == (noor.person_id, noor.now, "Standards Committee, minute 8")
    assert the_log(council)[-2].detail == "Standards Committee, minute 8"
    with council.store.reading(a_council(council.store, SALTMARSH)) as session:
        assert in_force(session) is None, "another council's consent is its own"


def test_a_withdrawn_consent_stays_on_record(council: Larkford) -> None:
    noor = council.desk(Role.DATA_PROTECTION)
    for _ in range(2):
        learning.consent(noor, reason="Standards Committee")
        learning.withdraw_consent(noor)
    with council.store.reading(council.council_id) as session:
        assert in_force(session) is None
        held = session.scalars(select(TrainingConsent)).all()
    assert [one.withdrawn_by for one in held] == [noor.person_id] * 2


@pytest.mark.parametrize("role", Role)
def test_roles_for_correcting_labels(council: Larkford, role: Role) -> None:
    number = opened(council)
    to = frozenset({Label.HATE, Label.SEXUAL})
    if role not in REVIEWERS:
        with pytest.raises(NotAllowed, match="roles"):
            reviewing.relabel(council.desk(role), number, to=to, reason="about her faith")
        return
    reviewing.relabel(council.desk(role), number, to=to, reason="about her faith")
    incident = the_incident(council, number)
    assert (incident.labels, incident.level) == (to, Level.ABUSIVE)
    assert the_log(council)[-1].detail == "from insult to hate, sexual"
    with pytest.raises(NotAllowed, match="its labels already"):
        reviewing.relabel(council.desk(role), number, to=to, reason="again")
    with pytest.raises(NotAllowed, match="written reason"):
        reviewing.relabel(council.desk(role), number, to=frozenset(), reason=" ")
    reviewing.relabel(council.desk(role), number, to=frozenset(), reason="none of these")
    assert the_incident(council, number).labels == frozenset()
