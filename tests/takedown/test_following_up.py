"""Sent reports are followed to the end; "gone" needs two clear answers, and a return is noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from records.incidents import IncidentEvent
from records.vocabulary import IncidentState, Level, NotAllowed, Presence, Role, TakedownState
from takedown import referring, reviewing
from takedown.following_up import PERSON_LOOKS, UNCLEAR_TWICE, Followed, FollowUpPlan, follow_up_due
from takedown.queue import queue
from tests.builders import NOW, Larkford, found
from tests.takedown.steps import PLAN, approved, at, confirmed, sent, the_incident, the_log, the_request
from tests.takedown.townboard import NOTICEBOARD, Townboard

GONE, UP = Presence.REMOVED_BY_PLATFORM.value, Presence.UP.value


def _after(scene: Larkford, board: Townboard, **wait: float) -> Followed:
    return follow_up_due(scene.store, reach=board.reach, plan=PLAN, now=NOW + timedelta(**wait))


def _next(scene: Larkford, request: int) -> timedelta | None:
    at_ = the_request(scene, request).next_check_at
    return at_ - NOW if at_ else None


def test_gone_twice_an_hour_apart_is_removed_and_closes_the_incident(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = sent(council, townboard, [incident])
    assert _after(council, townboard, hours=23) == Followed()
    assert townboard.asked == 0
    townboard.everywhere = GONE
    assert _after(council, townboard, hours=24) == Followed(checked=1)
    assert the_request(council, request).state is TakedownState.SENT
    assert _next(council, request) == timedelta(hours=25)
    assert _after(council, townboard, hours=24.5) == Followed()
    assert _after(council, townboard, hours=25) == Followed(checked=1, removed=1)
    row = the_request(council, request)
    assert (row.state, row.ended_at) == (TakedownState.REMOVED, NOW + timedelta(hours=25))
    assert [(seen.presence.value, seen.how_known) for seen in row.outcomes] == [
        (GONE, "the townboard's own answer")
    ] * 2
    assert the_incident(council, incident).state is IncidentState.CLOSED
    with council.store.reading(council.council_id) as session:
        closing = session.scalars(select(IncidentEvent).where(IncidentEvent.what == "closed")).one()
    assert closing.person_id is None
    assert {entry.act for entry in the_log(council)} >= {"takedown removed", "close incident"}


@pytest.mark.parametrize("unclear", ["429", "odd", Presence.PRIVATE_OR_BLOCKED.value, Presence.UNKNOWN.value])
def test_an_unclear_answer_between_restarts_the_count(council: Larkford, townboard: Townboard, unclear: str) -> None:
    request = sent(council, townboard)
    for hours, answer, expected in (
        (24, GONE, Followed(checked=1)),
        (25, unclear, Followed(checked=1, unknown=1)),
        (26, GONE, Followed(checked=1)),
        (27, GONE, Followed(checked=1, removed=1)),
    ):
        townboard.everywhere = answer
        assert _after(council, townboard, hours=hours) == expected, hours
    assert the_request(council, request).state is TakedownState.REMOVED


def test_still_up_at_the_last_check_is_refused(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = sent(council, townboard, [incident])
    for days in (1, 2, 3, 7, 14):
        assert _after(council, townboard, days=days) == Followed(checked=1), days
    assert _after(council, townboard, days=28) == Followed(checked=1, still_up=1)
    row = the_request(council, request)
    assert (row.state, row.problem, row.next_check_at) == (TakedownState.REFUSED, "still up at the last check", None)
    assert len(row.outcomes) == 6
    assert the_incident(council, incident).state is IncidentState.CONFIRMED
    with council.store.reading(council.council_id) as session:
        assert [line.id for line in queue(session, needs_person=True)] == [incident]


def test_gone_at_the_last_check_gets_its_second_look(council: Larkford, townboard: Townboard) -> None:
    request = sent(council, townboard)
    townboard.everywhere = GONE
    assert _after(council, townboard, days=28) == Followed(checked=1)
    assert _after(council, townboard, days=28, hours=1) == Followed(checked=1, removed=1)
    assert _next(council, request) is None


def test_no_clear_answer_to_the_end_goes_to_a_person(council: Larkford, townboard: Townboard) -> None:
    request = sent(council, townboard)
    townboard.everywhere = "odd"
    assert _after(council, townboard, days=28) == Followed(checked=1, unknown=1)
    row = the_request(council, request)
    assert (row.state, row.next_check_at) == (TakedownState.SENT, None)
    assert "a person looks" in row.problem
    monitoring = at(council.desk(Role.MONITORING_OFFICER), NOW + timedelta(days=30))
    reviewing.record_sighting(monitoring, request, presence=Presence.UP)
    assert the_request(council, request).state is TakedownState.REFUSED


def test_two_unclear_answers_ask_a_person_and_the_checks_go_on(council: Larkford, townboard: Townboard) -> None:
    request = sent(council, townboard)
    townboard.everywhere = Presence.UNKNOWN.value
    assert _after(council, townboard, hours=24) == Followed(checked=1, unknown=1)
    assert the_request(council, request).problem == ""
    assert _after(council, townboard, hours=48) == Followed(checked=1, unknown=1)
    assert the_request(council, request).problem == UNCLEAR_TWICE
    assert _next(council, request) == timedelta(hours=72)
    townboard.everywhere = UP
    assert _after(council, townboard, hours=72) == Followed(checked=1)
    assert the_request(council, request).problem == ""


def test_what_comes_back_is_noticed_and_reopened(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = sent(council, townboard, [incident])
    townboard.everywhere = GONE
    _after(council, townboard, hours=24)
    _after(council, townboard, hours=25)
    assert _next(council, request) == timedelta(hours=48)
    assert _after(council, townboard, hours=48) == Followed(checked=1)
    townboard.everywhere = "odd"
    assert _after(council, townboard, hours=72) == Followed(checked=1, unknown=1)
    assert the_request(council, request).state is TakedownState.REMOVED
    townboard.everywhere = UP
    assert _after(council, townboard, days=7) == Followed(checked=1, returned=1)
    assert the_request(council, request).state is TakedownState.SENT
    assert the_incident(council, incident).state is IncidentState.OPEN
    townboard.everywhere = GONE
    assert _after(council, townboard, days=14) == Followed(checked=1)
    assert _after(council, townboard, days=14, hours=1) == Followed(checked=1, removed=1)


def test_every_post_of_a_request_must_be_gone(council: Larkford, townboard: Townboard) -> None:
    one, two = found("rot one", author_id="user:same"), found("rot two", author_id="user:same")
    request = sent(council, townboard, [confirmed(council, post=one), confirmed(council, post=two)])
    townboard.presence = {one.external_id: GONE}
    assert _after(council, townboard, hours=24) == Followed(checked=1)
    assert _next(council, request) == timedelta(hours=48)
    townboard.presence = {one.external_id: GONE, two.external_id: GONE}
    assert _after(council, townboard, hours=48) == Followed(checked=1)
    assert _next(council, request) == timedelta(hours=49)
    assert _after(council, townboard, hours=49) == Followed(checked=1, removed=1)


def test_an_incident_with_something_left_to_do_stays_open(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council, level=Level.SERIOUS)
    referring.draft(council.desk(Role.ASSESSOR), incident)
    sent(council, townboard, [incident])
    townboard.everywhere = GONE
    _after(council, townboard, hours=24)
    assert _after(council, townboard, hours=25).removed == 1
    assert the_incident(council, incident).state is IncidentState.CONFIRMED


def test_where_no_machine_may_look_a_person_does(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council, platform=NOTICEBOARD)
    request = approved(council, townboard, [incident])
    reviewing.file_by_hand(council.desk(), request, reference="N-9")
    assert _after(council, townboard, hours=24) == Followed(for_a_person=1)
    assert _after(council, townboard, hours=30) == Followed()
    row = the_request(council, request)
    assert (row.problem, row.outcomes, row.next_check_at) == (PERSON_LOOKS, [], NOW + timedelta(hours=24))
    with council.store.reading(council.council_id) as session:
        assert [line.id for line in queue(session, needs_person=True)] == [incident]
    for hours, state in ((30, TakedownState.SENT), (31, TakedownState.REMOVED)):
        desk = at(council.desk(), NOW + timedelta(hours=hours))
        reviewing.record_sighting(desk, request, presence=Presence.REMOVED_BY_PLATFORM)
        assert the_request(council, request).state is state
    assert [seen.how_known for seen in the_request(council, request).outcomes] == ["a person looked"] * 2
    assert the_incident(council, incident).state is IncidentState.CLOSED


def test_only_what_is_followed_takes_a_sighting(council: Larkford, townboard: Townboard) -> None:
    request = approved(council, townboard)
    with pytest.raises(NotAllowed, match="is not followed"):
        reviewing.record_sighting(council.desk(), request, presence=Presence.UP)
    reviewing.file_by_hand(council.desk(), request, reference="")
    with pytest.raises(NotAllowed, match="does not report that post"):
        reviewing.record_sighting(council.desk(), request, presence=Presence.UP, snapshot_id=4711)
    with pytest.raises(NotAllowed, match="roles"):
        reviewing.record_sighting(council.desk(Role.AUDITOR), request, presence=Presence.UP)


def test_no_session_is_held_while_looking_and_one_worker_takes_a_check(council: Larkford, townboard: Townboard) -> None:
    sent(council, townboard)
    inner: list[Followed] = []
    look = townboard.reach.platforms["townboard"].look
    assert look is not None

    def look_slowly(*args: object) -> object:
        with council.store.writing(council.council_id):
            pass
        inner.append(_after(council, townboard, hours=24))
        return look(*args)  # type: ignore[arg-type]

    slow = replace(townboard.reach.platforms["townboard"], look=look_slowly)  # type: ignore[arg-type]
    reach = replace(townboard.reach, platforms={"townboard": slow})
    now = NOW + timedelta(hours=24)
    assert follow_up_due(council.store, reach=reach, plan=PLAN, now=now) == Followed(checked=1)
    assert inner == [Followed()]
    assert townboard.asked == 1


def test_what_a_person_moved_on_meanwhile_stands(council: Larkford, townboard: Townboard) -> None:
    request = sent(council, townboard)
    look = townboard.reach.platforms["townboard"].look
    assert look is not None
    month = at(council.desk(), NOW + timedelta(days=28))

    def look_slowly(*args: object) -> object:
        reviewing.record_sighting(month, request, presence=Presence.UP)
        return look(*args)  # type: ignore[arg-type]

    slow = replace(townboard.reach.platforms["townboard"], look=look_slowly)  # type: ignore[arg-type]
    reach = replace(townboard.reach, platforms={"townboard": slow})
    assert follow_up_due(council.store, reach=reach, plan=PLAN, now=month.now) == Followed()
    assert the_request(council, request).state is TakedownState.REFUSED


@pytest.mark.parametrize(
    "checks", [(), (timedelta(hours=2), timedelta(hours=1)), (timedelta(hours=-1),)], ids=["none", "order", "past"]
)
def test_a_plan_that_makes_no_sense_is_refused(checks: tuple[timedelta, ...]) -> None:
    with pytest.raises(ValueError, match="in order of time"):
        FollowUpPlan(checks=checks)
