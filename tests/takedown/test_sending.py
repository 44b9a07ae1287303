"""A report goes out once, after a named person's approval, from sealed evidence; what is in doubt goes to a person."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from records.evidence import EvidenceItem
from records.people import Account
from records.posts import Snapshot
from records.takedowns import TakedownRequest
from records.vocabulary import EvidenceKind, Level, NotAllowed, Role, RouteKind, TakedownState
from takedown import reviewing, sending
from takedown.queue import queue
from tests.builders import NOW, Larkford, tom_at_desk
from tests.takedown.steps import PLAN, approved, at, confirmed, drafted, refusals, sent, the_log, the_request
from tests.takedown.townboard import NOTICEBOARD, Townboard


def _send(scene: Larkford, board: Townboard, request: int, role: Role = Role.OFFICER) -> sending.SendResult:
    return sending.send(scene.desk(role), request, reach=board.reach, plan=PLAN)


def test_an_approved_request_is_sealed_sent_and_followed(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    assert _send(council, townboard, request).state is TakedownState.SENT
    row = the_request(council, request)
    assert (row.reference, row.stored_as, row.sent_by) == ("1", "t:harassment", council.desk().person_id)
    assert (row.sent_at, row.next_check_at) == (NOW, NOW + timedelta(hours=24))
    version = row.items[0].snapshot
    assert townboard.arrived == [
        {
            "posts": [{"id": version.post.external_id, "version": version.version}],
            "category": "t:harassment",
            "text": row.text,
            "rules": [],
        }
    ]
    with council.store.reading(council.council_id) as session:
        sealed = session.scalars(select(EvidenceItem.kind)).all()
        assert session.scalars(select(Account.session)).one() == "renewed"
    assert set(sealed) == {EvidenceKind.TEXT, EvidenceKind.RAW}
    acts = [entry.act for entry in the_log(council)]
    assert acts.index("seal evidence") < acts.index("start sending takedown") < acts.index("send takedown")


def test_no_state_but_approved_is_sent(council: Larkford, townboard: Townboard) -> None:
    draft, withdrawn, done = drafted(council, townboard), approved(council, townboard), sent(council, townboard)
    reviewing.withdraw_takedown(council.desk(), withdrawn)
    for request in (draft, withdrawn, done, 4711, 10**30):
        with pytest.raises(NotAllowed):
            _send(council, townboard, request)
    assert townboard.reports == 1
    assert refusals(council) == ["start sending takedown"] * 5


@pytest.mark.parametrize("role", [Role.MEMBERS_SERVICES, Role.ADMINISTRATOR, Role.AUDITOR, Role.DATA_PROTECTION])
def test_other_roles_send_nothing(council: Larkford, townboard: Townboard, role: Role) -> None:
    request = approved(council, townboard)
    with pytest.raises(NotAllowed, match="roles"):
        _send(council, townboard, request, role)
    assert townboard.reports == 0


@pytest.mark.parametrize("level", [Level.SERIOUS, Level.CRITICAL])
def test_from_level_3_the_levels_approver_is_not_the_sender(
    council: Larkford, townboard: Townboard, level: Level
) -> None:
    request = approved(council, townboard, [confirmed(council, level=level)])
    for act in (
        lambda: _send(council, townboard, request, Role.ASSESSOR),
        lambda: reviewing.file_by_hand(council.desk(Role.ASSESSOR), request, reference="mine"),
    ):
        with pytest.raises(NotAllowed, match="somebody else must send"):
            act()
    assert townboard.reports == 0
    assert refusals(council) == ["start sending takedown", "file takedown by hand"]
    assert _send(council, townboard, request, Role.OFFICER).state is TakedownState.SENT


def test_below_level_3_one_person_may_do_both(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard, [confirmed(council, level=Level.ABUSIVE)])
    assert _send(council, townboard, request, Role.ASSESSOR).state is TakedownState.SENT


def test_a_level_raised_after_approval_counts(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = approved(council, townboard, [incident])
    reviewing.raise_level(council.desk(Role.OFFICER), incident, to=Level.SERIOUS, reason="he named a day")
    with pytest.raises(NotAllowed, match="somebody else must send"):
        _send(council, townboard, request, Role.OFFICER)
    assert sending.send(tom_at_desk(council.store, council.council_id), request, reach=townboard.reach, plan=PLAN)


def test_a_reopened_incident_is_not_sent(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = approved(council, townboard, [incident])
    reviewing.reopen(council.desk(), incident, reason="not sure")
    with pytest.raises(NotAllowed, match="only what a person has confirmed"):
        _send(council, townboard, request)


def test_what_cannot_be_sealed_is_not_sent(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    with council.store.writing(council.council_id) as session:
        session.execute(update(Snapshot).values(forgotten_at=NOW, text=None))
    with pytest.raises(NotAllowed):
        _send(council, townboard, request)
    assert townboard.reports == 0


def test_two_at_once_send_once(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    desks = [council.desk(), tom_at_desk(council.store, council.council_id), council.desk(Role.MONITORING_OFFICER)]
    gate = threading.Barrier(len(desks))
    outcomes: list[str] = []

    def press(number: int) -> None:
        gate.wait()
        try:
            outcomes.append(sending.send(desks[number], request, reach=townboard.reach, plan=PLAN).state.value)
        except NotAllowed:
            outcomes.append("refused")

    threads = [threading.Thread(target=press, args=(number,)) for number in range(len(desks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "sent"]
    assert townboard.reports == 1
    the_log(council)


def test_no_session_is_held_while_the_platform_is_asked(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    states: list[TakedownState] = []

    def write_meanwhile() -> None:
        with council.store.writing(council.council_id) as session:
            states.append(session.scalars(select(TakedownRequest.state)).one())
            session.execute(update(Account).values(handle="renamed meanwhile"))

    townboard.during = write_meanwhile
    assert _send(council, townboard, request).state is TakedownState.SENT
    assert states == [TakedownState.SENDING]


def test_what_never_arrived_may_be_sent_again_after_the_wait(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    townboard.status = 429
    assert _send(council, townboard, request).state is TakedownState.APPROVED
    row = the_request(council, request)
    assert row.try_after is not None
    assert row.problem
    townboard.status = 200
    with pytest.raises(NotAllowed, match="wait until"):
        _send(council, townboard, request)
    later = at(council.desk(), row.try_after)
    assert sending.send(later, request, reach=townboard.reach, plan=PLAN).state is TakedownState.SENT
    assert the_request(council, request).problem == ""
    assert townboard.reports == 1


def test_an_answer_that_leaves_it_open_goes_to_a_person(council: Larkford, townboard: Townboard) -> None:
    broken, garbled = approved(council, townboard), approved(council, townboard)
    townboard.status = 500
    assert _send(council, townboard, broken).state is TakedownState.IN_DOUBT
    townboard.status, townboard.garbled = 200, True
    assert _send(council, townboard, garbled).state is TakedownState.IN_DOUBT
    for request in (broken, garbled):
        with pytest.raises(NotAllowed, match="only an approved"):
            _send(council, townboard, request)
        with pytest.raises(NotAllowed, match="whether it did"):
            reviewing.withdraw_takedown(council.desk(), request)
    with council.store.reading(council.council_id) as session:
        listed = [row.request.id for row in queue(session, needs_person=True) if row.request]
    assert sorted(listed) == sorted([broken, garbled])


def test_a_plain_no_and_a_missing_sign_in_are_told_apart(council: Larkford, townboard: Townboard) -> None:
    refused, locked_out = approved(council, townboard), approved(council, townboard)
    townboard.status = 400
    assert _send(council, townboard, refused).state is TakedownState.REFUSED
    townboard.status = 401
    result = _send(council, townboard, locked_out)
    assert (result.state, result.said) == (TakedownState.APPROVED, "The townboard wants somebody to sign in again.")
    assert the_request(council, locked_out).problem == result.said


def test_where_no_api_is_left_a_person_files_the_form(council: Larkford, townboard: Townboard) -> None:
    request, desk = approved(council, townboard), council.desk()
    townboard.status = 404
    assert _send(council, townboard, request).state is TakedownState.APPROVED
    row = the_request(council, request)
    assert row.route is RouteKind.FORM
    assert [item.route for item in row.items] == [RouteKind.FORM]
    with pytest.raises(NotAllowed, match="by hand"):
        _send(council, townboard, request)
    reviewing.file_by_hand(desk, request, reference=" TB-77 ")
    row = the_request(council, request)
    assert (row.state, row.reference, row.sent_by) == (TakedownState.SENT, "TB-77", desk.person_id)
    with pytest.raises(NotAllowed, match="only an approved"):
        reviewing.file_by_hand(desk, request, reference="again")


def test_without_a_reporter_account_nothing_goes_by_api(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    year = at(council.desk(), NOW + timedelta(days=366))
    with pytest.raises(NotAllowed, match="no reporter account in force"):
        sending.send(year, request, reach=townboard.reach, plan=PLAN)
    reviewing.file_by_hand(year, request, reference="")
    assert the_request(council, request).route is RouteKind.FORM


def test_filing_by_hand_seals_first_and_needs_approval(council: Larkford, townboard: Townboard) -> None:
    request = drafted(council, townboard, [confirmed(council, platform=NOTICEBOARD)])
    with pytest.raises(NotAllowed, match="only an approved"):
        reviewing.file_by_hand(council.desk(), request, reference="N")
    reviewing.approve_takedown(council.desk(), request, reach=townboard.reach)
    reviewing.file_by_hand(council.desk(), request, reference="N")
    with council.store.reading(council.council_id) as session:
        assert session.scalars(select(EvidenceItem.kind).order_by(EvidenceItem.position)).first() is EvidenceKind.TEXT


def _left_in_sending(scene: Larkford, board: Townboard) -> int:
    """A process that died between the claim and the result: the platform's answer never comes back to us."""
    request = approved(scene, board)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    dying = replace(board.reach.platforms["townboard"], report=die)  # type: ignore[arg-type]
    reach = replace(board.reach, platforms={"townboard": dying})
    with pytest.raises(Killed):
        sending.send(scene.desk(), request, reach=reach, plan=PLAN)
    assert the_request(scene, request).state is TakedownState.SENDING
    return request


def test_a_send_cut_off_by_a_crash_is_found_and_never_resent(council: Larkford, townboard: Townboard) -> None:
    request = _left_in_sending(council, townboard)
    with pytest.raises(NotAllowed, match="only an approved"):
        _send(council, townboard, request)
    assert sending.recover(council.store, now=NOW + timedelta(minutes=2)) == 0
    assert sending.recover(council.store, now=NOW + timedelta(minutes=11)) == 1
    assert sending.recover(council.store, now=NOW + timedelta(minutes=12)) == 0
    row = the_request(council, request)
    assert row.state is TakedownState.IN_DOUBT
    assert "arrived" in row.problem
    assert townboard.reports == 0


def test_at_the_start_of_the_only_process_nothing_is_waited_for(council: Larkford, townboard: Townboard) -> None:
    _left_in_sending(council, townboard)
    assert sending.recover(council.store, now=NOW, older_than=timedelta(0)) == 1


def test_a_person_settles_the_doubt_either_way(council: Larkford, townboard: Townboard) -> None:
    arrived, lost = _left_in_sending(council, townboard), _left_in_sending(council, townboard)
    sending.recover(council.store, now=NOW + timedelta(hours=30))
    later = at(council.desk(), NOW + timedelta(hours=30))
    reviewing.settle_doubt(later, arrived, arrived=True, reference="TB-5")
    row = the_request(council, arrived)
    assert (row.state, row.reference, row.sent_at) == (TakedownState.SENT, "TB-5", NOW)
    assert row.next_check_at == NOW + timedelta(hours=48)
    reviewing.settle_doubt(later, lost, arrived=False)
    assert the_request(council, lost).state is TakedownState.APPROVED
    assert sending.send(later, lost, reach=townboard.reach, plan=PLAN).state is TakedownState.SENT
    for request in (arrived, lost):
        with pytest.raises(NotAllowed, match="not in doubt"):
            reviewing.settle_doubt(later, request, arrived=False)


def test_a_late_answer_settles_a_doubt_but_never_what_a_person_settled(council: Larkford, townboard: Townboard) -> None:
    slow, settled = approved(council, townboard), approved(council, townboard)

    def recovered() -> None:
        sending.recover(council.store, now=NOW, older_than=timedelta(0))

    townboard.during = recovered
    assert _send(council, townboard, slow).state is TakedownState.SENT

    def settle() -> None:
        recovered()
        reviewing.settle_doubt(council.desk(Role.MONITORING_OFFICER), settled, arrived=True, reference="by hand")

    townboard.during = settle
    assert _send(council, townboard, settled).state is TakedownState.SENT
    assert the_request(council, settled).reference == "by hand"


def test_a_late_refusal_of_what_was_thought_lost_is_said(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    townboard.status = 400
    townboard.during = lambda: sending.recover(council.store, now=NOW, older_than=timedelta(0)) and None
    assert _send(council, townboard, request).state is TakedownState.APPROVED
    assert "none of its rules" in the_request(council, request).problem


def test_nothing_unapproved_can_even_be_stored_as_sent(council: Larkford, townboard: Townboard) -> None:
    request = drafted(council, townboard)
    forced = update(TakedownRequest).where(TakedownRequest.id == request).values(state=TakedownState.SENT)
    with council.store.writing(council.council_id) as session, session.begin_nested() as attempt:
        with pytest.raises(IntegrityError, match="a_named_person_approved"):
            session.execute(forced)
        attempt.rollback()
    assert the_request(council, request).state is TakedownState.DRAFTED
