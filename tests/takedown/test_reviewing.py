"""Who may decide what about incidents and requests; every refusal changes nothing and is audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from records.people import Person
from records.vocabulary import Harm, IncidentState, Level, NotAllowed, Origin, Role, TakedownState
from takedown import reviewing
from takedown.desk import Desk, deciding
from tests.builders import NOW, Larkford, a_call, a_council, a_desk, found
from tests.takedown.steps import approved, confirmed, drafted, opened, refusals, the_incident, the_log, the_request
from tests.takedown.townboard import Townboard

EVERY = set(Role)
REVIEWERS = {Role.OFFICER, Role.MEMBERS_SERVICES, Role.ASSESSOR, Role.MONITORING_OFFICER}
SENDERS = REVIEWERS - {Role.MEMBERS_SERVICES}
SERIOUS = {Role.ASSESSOR, Role.MONITORING_OFFICER}


def _may(scene: Larkford, act: Callable[[Desk], object], allowed: set[Role], *, role: Role) -> None:
    """Try one act at one role's desk: it works, or it is refused and audited."""
    before = refusals(scene)
    if role in allowed:
        act(scene.desk(role))
        assert refusals(scene) == before
        return
    with pytest.raises(NotAllowed, match="roles"):
        act(scene.desk(role))
    assert len(refusals(scene)) == len(before) + 1


@pytest.mark.parametrize("role", Role)
def test_roles_for_confirming_dismissing_and_lowering(council: Larkford, role: Role) -> None:
    for level, confirms, dismisses, lowers in (
        (Level.ABUSIVE, REVIEWERS, REVIEWERS, SENDERS),
        (Level.SERIOUS, SERIOUS, {Role.ASSESSOR}, {Role.ASSESSOR}),
        (Level.CRITICAL, SERIOUS, {Role.ASSESSOR}, {Role.ASSESSOR}),
    ):
        one, two, three = opened(council, level=level), opened(council, level=level), opened(council, level=level)
        _may(council, lambda desk, i=one: reviewing.confirm(desk, i), confirms, role=role)  # type: ignore[misc]
        _may(council, lambda desk, i=two: reviewing.dismiss(desk, i, reason="a song"), dismisses, role=role)  # type: ignore[misc]
        _may(
            council,
            lambda desk, i=three: reviewing.lower(desk, i, to=Level.UNCIVIL, reason="a joke"),  # type: ignore[misc]
            lowers,
            role=role,
        )
        expected = IncidentState.CONFIRMED if role in confirms else IncidentState.OPEN
        assert the_incident(council, one).state is expected
        assert the_incident(council, three).level == (Level.UNCIVIL if role in lowers else level)


@pytest.mark.parametrize("role", Role)
def test_roles_for_the_other_acts(council: Larkford, townboard: Townboard, role: Role) -> None:
    reach = townboard.reach
    _may(
        council,
        lambda desk: reviewing.raise_level(desk, opened(council), to=Level.CRITICAL, reason="he named a day"),
        REVIEWERS,
        role=role,
    )
    reads = REVIEWERS | {Role.DATA_PROTECTION}
    _may(council, lambda desk: reviewing.reveal(desk, opened(council)), reads, role=role)
    ready = confirmed(council)
    _may(council, lambda desk: reviewing.draft_takedown(desk, [ready], reach=reach), REVIEWERS, role=role)
    draft = drafted(council, townboard)
    _may(council, lambda desk: reviewing.approve_takedown(desk, draft, reach=reach), SENDERS, role=role)
    other = approved(council, townboard)
    _may(council, lambda desk: reviewing.file_by_hand(desk, other, reference="F1"), SENDERS, role=role)
    third = drafted(council, townboard)
    _may(council, lambda desk: reviewing.withdraw_takedown(desk, third), SENDERS, role=role)
    closing, serious = confirmed(council), confirmed(council, level=Level.SERIOUS)
    _may(council, lambda desk: reviewing.close(desk, closing, reason="talked to"), REVIEWERS, role=role)
    _may(council, lambda desk: reviewing.close(desk, serious, reason="talked to"), SERIOUS, role=role)
    again = confirmed(council)
    _may(council, lambda desk: reviewing.reopen(desk, again, reason="look again"), REVIEWERS, role=role)


def test_confirming_raises_but_never_lowers_and_asks_for_the_role_of_the_new_level(council: Larkford) -> None:
    incident = opened(council, level=Level.ABUSIVE)
    officer = council.desk(Role.OFFICER)
    with pytest.raises(NotAllowed, match="never lowers"):
        reviewing.confirm(officer, incident, level=Level.UNCIVIL)
    with pytest.raises(NotAllowed, match="roles"):
        reviewing.confirm(officer, incident, level=Level.CRITICAL)
    assert the_incident(council, incident).level is Level.ABUSIVE
    assessor = council.desk(Role.ASSESSOR)
    reviewing.confirm(assessor, incident, level=Level.SERIOUS)
    row = the_incident(council, incident)
    assert (row.level, row.level_by, row.state) == (Level.SERIOUS, assessor.person_id, IncidentState.CONFIRMED)
    with pytest.raises(NotAllowed):
        reviewing.confirm(assessor, incident)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_reasons_are_written(council: Larkford, reason: str) -> None:
    assessor = council.desk(Role.ASSESSOR)
    first, second = opened(council, level=Level.SERIOUS), confirmed(council)
    for act in (
        lambda: reviewing.dismiss(assessor, first, reason=reason),
        lambda: reviewing.lower(assessor, first, to=Level.ABUSIVE, reason=reason),
        lambda: reviewing.reopen(assessor, second, reason=reason),
        lambda: reviewing.close(assessor, second, reason=reason),
    ):
        with pytest.raises(NotAllowed, match="reason"):
            act()
    assert len(refusals(council)) == 4


def test_a_persons_report_is_dismissed_not_lowered_away(council: Larkford) -> None:
    incident = opened(council, level=Level.LAWFUL, origin=Origin.HAND)
    with pytest.raises(NotAllowed, match="not lowered to 0"):
        reviewing.lower(council.desk(Role.ASSESSOR), incident, to=Level.LAWFUL, reason="nothing in it")


@pytest.mark.parametrize("number", [0, -1, 999, 10**30])
def test_what_is_not_there_is_refused(council: Larkford, townboard: Townboard, number: int) -> None:
    desk = council.desk()
    with pytest.raises(NotAllowed, match="no such incident"):
        reviewing.confirm(desk, number)
    with pytest.raises(NotAllowed, match="no such takedown request"):
        reviewing.approve_takedown(desk, number, reach=townboard.reach)
    with pytest.raises(NotAllowed, match="no such takedown request"):
        reviewing.file_by_hand(desk, number, reference="")


def test_another_councils_incident_is_no_such_incident(council: Larkford, townboard: Townboard) -> None:
    incident, request = confirmed(council), approved(council, townboard)
    elsewhere = a_desk(council.store, a_council(council.store, "Saltmarsh Town Council"), Role.ASSESSOR)
    with pytest.raises(NotAllowed, match="no such incident"):
        reviewing.reopen(elsewhere, incident, reason="mine")
    with pytest.raises(NotAllowed, match="no such takedown request"):
        reviewing.file_by_hand(elsewhere, request, reference="mine")
    assert the_request(council, request).state is TakedownState.APPROVED


def test_whoever_has_left_or_never_was_decides_nothing(council: Larkford) -> None:
    incident, desk = opened(council), council.desk()
    with council.store.writing(council.council_id) as session:
        session.execute(update(Person).where(Person.id == desk.person_id).values(left_at=NOW))
    for who in (desk, replace(desk, person_id=4711)):
        with pytest.raises(NotAllowed, match="signed in"):
            reviewing.confirm(who, incident)
    assert [entry.person_id for entry in the_log(council) if entry.act == "refused: confirm incident"] == [
        desk.person_id,
        None,
    ]


def test_an_act_that_fails_half_way_leaves_nothing_but_its_refusal(council: Larkford) -> None:
    incident, desk = opened(council), council.desk()

    def rename_and_fail() -> None:
        with deciding(desk, act="confirm incident", subject=f"incident {incident}") as (session, person):
            session.execute(update(Person).where(Person.id == person.id).values(name="Somebody Else"))
            raise NotAllowed("it", why="half way through")

    with pytest.raises(NotAllowed):
        rename_and_fail()
    with council.store.reading(council.council_id) as session:
        assert session.get_one(Person, desk.person_id).name == "Ines Calder"
    last = the_log(council)[-1]
    assert (last.act, last.detail, last.person_id) == (
        "refused: confirm incident",
        "half way through",
        desk.person_id,
    )


def test_lawful_low_open_and_postless_incidents_are_not_drafted(council: Larkford, townboard: Townboard) -> None:
    desk, reach = council.desk(Role.ASSESSOR), townboard.reach
    dismissed, low, open_one = opened(council), confirmed(council, level=Level.UNCIVIL), opened(council)
    reviewing.dismiss(desk, dismissed, reason="fierce, and lawful")
    call = a_call(council.store, council.council_id, about=council.maud)
    reviewing.confirm(desk, call)
    for incident, why in (
        (dismissed, "lawful criticism is not reported"),
        (low, "lawful criticism is not reported"),
        (open_one, "only what a person has confirmed"),
        (call, "no public post"),
    ):
        with pytest.raises(NotAllowed, match=why):
            reviewing.draft_takedown(desk, [incident], reach=reach)
    with pytest.raises(NotAllowed, match="at least one"):
        reviewing.draft_takedown(desk, [], reach=reach)
    with pytest.raises(NotAllowed, match="police"):
        reviewing.draft_takedown(desk, [confirmed(council)], reach=reach, harm=Harm.EXTREMISM)


def test_approval_freezes_a_text_that_fits_and_keeps_the_link(council: Larkford, townboard: Townboard) -> None:
    request, desk, reach = drafted(council, townboard), council.desk(), townboard.reach
    text = the_request(council, request).text
    for bad, why in (("x" * 901, "901 characters, and 900"), ("", "missing|empty"), ("please remove", "link")):
        with pytest.raises(NotAllowed, match=why):
            reviewing.approve_takedown(desk, request, text=bad, reach=reach)
    assert the_request(council, request).state is TakedownState.DRAFTED
    own = f"{text.splitlines()[0]}\r\n{the_request(council, request).items[0].snapshot.post.url}"
    reviewing.approve_takedown(desk, request, text=own, reach=reach, rule_ids=["3", "5"])
    row = the_request(council, request)
    assert (row.text, row.approved_by, row.approved_at) == (own.replace("\r\n", "\n"), desk.person_id, NOW)
    assert row.rule_ids == "3 5"
    with pytest.raises(NotAllowed, match="approved"):
        reviewing.approve_takedown(desk, request, text=text, reach=reach)
    assert the_request(council, request).text == row.text


def test_a_draft_falls_with_the_incident_it_rests_on(council: Larkford, townboard: Townboard) -> None:
    assessor = council.desk(Role.ASSESSOR)
    for undo in (
        lambda i: reviewing.lower(assessor, i, to=Level.UNCIVIL, reason="a quotation"),
        lambda i: (
            reviewing.reopen(assessor, i, reason="not sure"),
            reviewing.dismiss(assessor, i, reason="a quotation"),
        ),
    ):
        incident = confirmed(council)
        request = approved(council, townboard, [incident])
        undo(incident)
        assert the_request(council, request).state is TakedownState.WITHDRAWN


def test_a_reopened_incident_holds_its_request_back(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request = drafted(council, townboard, [incident])
    reviewing.reopen(council.desk(), incident, reason="not sure")
    with pytest.raises(NotAllowed, match="only what a person has confirmed"):
        reviewing.approve_takedown(council.desk(), request, reach=townboard.reach)


def test_withdrawn_and_redrafted_needs_a_new_approval(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    request, desk = approved(council, townboard, [incident]), council.desk()
    with pytest.raises(NotAllowed, match="only a withdrawn"):
        reviewing.redraft_takedown(desk, request, reach=townboard.reach)
    reviewing.withdraw_takedown(desk, request)
    assert reviewing.draft_takedown(desk, [incident], reach=townboard.reach) == request
    row = the_request(council, request)
    assert (row.state, row.approved_by, row.approved_at) == (TakedownState.DRAFTED, None, None)


def test_the_log_holds_no_post_text(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council, post=found("a stain on the weir and everybody in it"))
    approved(council, townboard, [incident])
    reviewing.reveal(council.desk(), incident)
    for entry in the_log(council):
        assert "stain" not in entry.act + entry.subject + entry.detail
