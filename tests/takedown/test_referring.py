"""Referrals: only serious incidents, only by whom it concerns, each step in its order and with its words."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.referrals import Referral
from records.vocabulary import Level, NotAllowed, PoliceRoute, ReferralState, Role
from takedown import referring, reviewing
from tests.builders import NOW, Larkford, a_call
from tests.takedown.steps import confirmed, opened, refusals, the_log

DRAFTS = {Role.ASSESSOR, Role.MONITORING_OFFICER}
KEEPS = DRAFTS | {Role.MEMBERS_SERVICES}


def _referral(scene: Larkford, number: int) -> Referral:
    with scene.store.reading(scene.council_id) as session:
        return session.scalars(select(Referral).where(Referral.id == number)).one()


def test_a_referral_runs_its_course(council: Larkford) -> None:
    desk, keeper = council.desk(Role.ASSESSOR), council.desk(Role.MEMBERS_SERVICES)
    number = referring.draft(desk, confirmed(council, level=Level.SERIOUS))
    referring.report(keeper, number, route=PoliceRoute.NON_EMERGENCY, reference=" LK-204 ")
    row = _referral(council, number)
    assert (row.state, row.route, row.reference) == (ReferralState.REPORTED, PoliceRoute.NON_EMERGENCY, "LK-204")
    assert (row.reported_by, row.reported_at) == (keeper.person_id, NOW)
    referring.acknowledge(keeper, number)
    referring.close(keeper, number, outcome="declined: threshold")
    row = _referral(council, number)
    assert (row.state, row.outcome) == (ReferralState.CLOSED, "declined: threshold")
    acts = [entry.act for entry in the_log(council) if "referral" in entry.act]
    assert acts == ["draft referral", "report referral", "acknowledge referral", "close referral"]


@pytest.mark.parametrize("role", Role)
def test_roles(council: Larkford, role: Role) -> None:
    desk, incident = council.desk(role), opened(council, level=Level.CRITICAL)
    if role in DRAFTS:
        number = referring.draft(desk, incident)
    else:
        with pytest.raises(NotAllowed, match="roles"):
            referring.draft(desk, incident)
        number = referring.draft(council.desk(Role.ASSESSOR), incident)
    steps = (
        lambda: referring.report(desk, number, route=PoliceRoute.EMERGENCY, reference="LK-1"),
        lambda: referring.acknowledge(desk, number),
        lambda: referring.close(desk, number, outcome="advice given"),
    )
    for step in steps:
        if role in KEEPS:
            step()
        else:
            with pytest.raises(NotAllowed, match="roles"):
                step()
    assert _referral(council, number).state is (ReferralState.CLOSED if role in KEEPS else ReferralState.DRAFTED)


def test_only_serious_incidents_that_stand_and_one_at_a_time(council: Larkford) -> None:
    desk = council.desk(Role.ASSESSOR)
    with pytest.raises(NotAllowed, match="level 3 and 4"):
        referring.draft(desk, confirmed(council))
    dismissed = opened(council, level=Level.SERIOUS)
    reviewing.dismiss(desk, dismissed, reason="a film quotation")
    with pytest.raises(NotAllowed, match="dismissed"):
        referring.draft(desk, dismissed)
    call = a_call(council.store, council.council_id, about=council.maud)
    number = referring.draft(desk, call)
    with pytest.raises(NotAllowed, match=f"referral {number} of it is open"):
        referring.draft(desk, call)
    with pytest.raises(NotAllowed, match="no such referral"):
        referring.acknowledge(desk, 10**30)
    assert len(refusals(council)) == 4


def test_steps_keep_their_order_and_their_words(council: Larkford) -> None:
    desk = council.desk(Role.ASSESSOR)
    number = referring.draft(desk, opened(council, level=Level.SERIOUS))
    for act in (
        lambda: referring.acknowledge(desk, number),
        lambda: referring.close(desk, number, outcome="done"),
        lambda: referring.report(desk, number, route=PoliceRoute.ONLINE, reference="  "),
    ):
        with pytest.raises(NotAllowed):
            act()
    referring.report(desk, number, route=PoliceRoute.ONLINE, reference="LK-2")
    with pytest.raises(NotAllowed):
        referring.report(desk, number, route=PoliceRoute.ONLINE, reference="LK-3")
    with pytest.raises(NotAllowed, match="outcome in words"):
        referring.close(desk, number, outcome=" ")
    referring.close(desk, number, outcome="no further action")
    assert referring.draft(desk, _referral(council, number).incident_id) == number + 1
