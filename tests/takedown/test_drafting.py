"""Confirmed abuse gets one fitting draft per author, harm and route; nothing is drafted or reported twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from platforms.shape import TextLimit, Unit
from records.people import Account
from records.vocabulary import (
    Harm,
    IncidentState,
    Label,
    Level,
    NotAllowed,
    Origin,
    Presence,
    RouteKind,
    TakedownState,
)
from takedown import drafting, reviewing, sending
from takedown.drafting import Drafted, likely_harm
from tests.builders import IDRIS, NOW, Larkford, a_councillor, found
from tests.takedown.steps import PLAN, approved, confirmed, drafted, opened, sent, the_incident, the_log, the_request
from tests.takedown.townboard import NOTICEBOARD, PLATFORM, Townboard, a_route

LATER = NOW + timedelta(minutes=30)


def _draft(scene: Larkford, board: Townboard) -> Drafted:
    return drafting.draft_due(scene.store, reach=board.reach, now=NOW)


def test_the_machine_drafts_what_is_confirmed_once(council: Larkford, townboard: Townboard) -> None:
    incident = confirmed(council)
    opened(council)
    assert _draft(council, townboard) == Drafted(drafted=1, skipped=0)
    assert _draft(council, townboard) == Drafted(drafted=0, skipped=0)
    row = the_request(council, 1)
    assert row.state is TakedownState.DRAFTED
    assert (row.route, row.harm, row.category) == (RouteKind.API, Harm.HARASSMENT, "t:harassment")
    assert [link.incident_id for link in row.incidents] == [incident]
    assert row.items[0].snapshot.post.url in row.text
    assert the_log(council)[-1].act == "draft takedown"
    assert the_log(council)[-1].person_id is None


def test_several_councillors_in_one_post_are_one_request(council: Larkford, townboard: Townboard) -> None:
    idris = a_councillor(council.store, council.council_id, IDRIS)
    post = found("Ellery and Vaughan are vermin")
    first, second = confirmed(council, post=post), confirmed(council, post=post, about=idris)
    assert _draft(council, townboard).drafted == 1
    row = the_request(council, 1)
    assert {link.incident_id for link in row.incidents} == {first, second}
    assert len(row.items) == 1
    assert "Maud Ellery" in row.text
    assert "Idris Vaughan" in row.text


def test_a_councillor_confirmed_later_joins_and_is_named_while_it_is_a_draft(
    council: Larkford, townboard: Townboard
) -> None:
    idris = a_councillor(council.store, council.council_id, IDRIS)
    post = found("Ellery and Vaughan are vermin")
    first = confirmed(council, post=post)
    _draft(council, townboard)
    second = confirmed(council, post=post, about=idris)
    _draft(council, townboard)
    row = the_request(council, 1)
    assert {link.incident_id for link in row.incidents} == {first, second}
    assert "Idris Vaughan" in row.text
    reviewing.approve_takedown(council.desk(), 1, reach=townboard.reach)
    third = confirmed(council, post=post, about=a_councillor(council.store, council.council_id, "Oona Fell"))
    assert reviewing.draft_takedown(council.desk(), [third], reach=townboard.reach) == 1
    frozen = the_request(council, 1)
    assert third in {link.incident_id for link in frozen.incidents}
    assert frozen.text == row.text


def test_posts_of_one_author_share_a_report_as_far_as_the_platform_allows(
    council: Larkford, townboard: Townboard
) -> None:
    for text in ("rot one", "rot two", "rot three"):
        confirmed(council, post=found(text, author_id="user:same"))
    confirmed(council, post=found("somebody else's rot"))
    assert _draft(council, townboard).drafted == 3
    assert sorted(len(the_request(council, number).items) for number in (1, 2, 3)) == [1, 1, 2]
    for number in (1, 2, 3):
        row = the_request(council, number)
        assert len({item.snapshot.post.author_id for item in row.items}) == 1
        assert all((item.snapshot.post.url or "") in row.text for item in row.items)


def test_a_report_never_holds_more_links_than_fit(council: Larkford, townboard: Townboard) -> None:
    narrow = a_route(limits=(TextLimit(120, Unit.CHARACTERS),))
    reach = replace(townboard.reach, routes={PLATFORM: narrow})
    for text in ("rot one", "rot two"):
        confirmed(council, post=found(text, author_id="user:same"))
    assert drafting.draft_due(council.store, reach=reach, now=NOW).drafted == 2


def test_different_authors_platforms_and_too_many_posts_do_not_mix(council: Larkford, townboard: Townboard) -> None:
    desk, reach = council.desk(), townboard.reach
    one, two = confirmed(council), confirmed(council)
    with pytest.raises(NotAllowed, match="one author"):
        reviewing.draft_takedown(desk, [one, two], reach=reach)
    many = [confirmed(council, post=found(text, author_id="user:same")) for text in ("a", "b", "c")]
    with pytest.raises(NotAllowed, match="at most 2"):
        reviewing.draft_takedown(desk, many, reach=reach)
    with pytest.raises(NotAllowed, match="no report route"):
        reviewing.draft_takedown(desk, [confirmed(council, platform="elsewhere")], reach=reach)


def test_asking_twice_gives_the_same_request_and_another_reason_another(
    council: Larkford, townboard: Townboard
) -> None:
    incident, desk, reach = confirmed(council), council.desk(), townboard.reach
    first = reviewing.draft_takedown(desk, [incident], reach=reach)
    assert reviewing.draft_takedown(desk, [incident], reach=reach) == first
    other = reviewing.draft_takedown(desk, [incident], reach=reach, harm=Harm.HATE)
    assert other != first
    assert the_request(council, other).harm is Harm.HATE
    sent(council, townboard, [incident])
    assert reviewing.draft_takedown(desk, [incident], reach=reach) == first
    assert the_request(council, first).state is TakedownState.SENT


def test_after_a_refusal_by_api_the_form_and_then_nothing(council: Larkford, townboard: Townboard) -> None:
    incident, desk, reach = confirmed(council), council.desk(), townboard.reach
    first = approved(council, townboard, [incident])
    townboard.status = 400
    sending.send(desk, first, reach=reach, plan=PLAN)
    second = reviewing.draft_takedown(desk, [incident], reach=reach)
    assert second != first
    assert the_request(council, second).route is RouteKind.FORM
    reviewing.approve_takedown(desk, second, reach=reach)
    reviewing.withdraw_takedown(desk, second)
    assert reviewing.draft_takedown(desk, [incident], reach=reach) == second


def test_what_was_sent_once_is_not_drafted_for_the_same_way_again(council: Larkford, townboard: Townboard) -> None:
    incident, desk, reach = confirmed(council, platform=NOTICEBOARD), council.desk(), townboard.reach
    request = approved(council, townboard, [incident])
    reviewing.file_by_hand(desk, request, reference="N-1")
    month = replace(desk, now=NOW + timedelta(days=40))
    reviewing.record_sighting(month, request, presence=Presence.UP)
    assert the_request(council, request).state is TakedownState.REFUSED
    with pytest.raises(NotAllowed, match="already; choose another reason"):
        reviewing.draft_takedown(desk, [incident], reach=reach)
    reviewing.withdraw_takedown(desk, request)
    with pytest.raises(NotAllowed, match="sent once already"):
        reviewing.redraft_takedown(desk, request, reach=reach)
    with pytest.raises(NotAllowed, match="already; choose another reason"):
        reviewing.draft_takedown(desk, [incident], reach=reach)


def test_without_a_reporter_account_or_an_api_a_person_files_the_form(council: Larkford, townboard: Townboard) -> None:
    with council.store.writing(council.council_id) as session:
        session.execute(update(Account).values(withdrawn_at=NOW))
    by_form = drafted(council, townboard)
    assert the_request(council, by_form).route is RouteKind.FORM
    elsewhere = drafted(council, townboard, [confirmed(council, platform=NOTICEBOARD)])
    assert the_request(council, elsewhere).route is RouteKind.FORM


@pytest.mark.parametrize(
    ("labels", "harm"),
    [
        ({Label.INSULT, Label.THREAT}, Harm.THREAT),
        ({Label.HATE, Label.SMEAR}, Harm.HATE),
        ({Label.INCITEMENT}, Harm.INCITEMENT),
        (set(), Harm.HARASSMENT),
    ],
)
def test_the_most_urgent_mapped_harm_is_chosen(labels: set[Label], harm: Harm) -> None:
    assert likely_harm(labels, a_route()) is harm


def test_an_unmapped_harm_gives_way_to_the_next_and_then_says_why() -> None:
    route = a_route()
    without = {harm: category for harm, category in route.categories.items() if harm is not Harm.INCITEMENT}
    assert likely_harm({Label.INCITEMENT}, replace(route, categories=without)) is Harm.SELF_HARM
    with pytest.raises(NotAllowed, match="not for editors"):
        likely_harm({Label.HATE}, replace(route, categories={}, unmapped={Harm.HATE: "not for editors"}))


def _edit(scene: Larkford, external_id: str, text: str, level: Level) -> None:
    opened(scene, post=found(text, external_id=external_id), level=level, now=LATER)


def test_an_edit_judged_lawful_stops_draft_approval_and_sending(council: Larkford, townboard: Townboard) -> None:
    desk, reach = council.desk(), townboard.reach
    posts = [found(f"you rotten thing {number}") for number in range(3)]
    incidents = [confirmed(council, post=post) for post in posts]
    draft, ready = drafted(council, townboard, incidents[:1]), approved(council, townboard, incidents[1:2])
    for post in posts:
        _edit(council, post.external_id, "I take it back", Level.LAWFUL)
    with pytest.raises(NotAllowed, match="edited since"):
        reviewing.approve_takedown(desk, draft, reach=reach)
    with pytest.raises(NotAllowed, match="edited since"):
        sending.send(desk, ready, reach=reach, plan=PLAN)
    with pytest.raises(NotAllowed, match="lawful criticism"):
        reviewing.draft_takedown(desk, [incidents[2]], reach=reach)
    assert townboard.reports == 0
    assert drafting.draft_due(council.store, reach=reach, now=LATER) == Drafted(drafted=0, skipped=3)
    assert the_request(council, draft).state is TakedownState.WITHDRAWN
    assert the_request(council, ready).state is TakedownState.WITHDRAWN


def test_an_edit_that_is_still_abusive_is_drafted_anew(council: Larkford, townboard: Townboard) -> None:
    post = found("you rotten thing")
    incident = confirmed(council, post=post)
    old = approved(council, townboard, [incident])
    _edit(council, post.external_id, "you utterly rotten thing", Level.ABUSIVE)
    assert drafting.draft_due(council.store, reach=townboard.reach, now=LATER).drafted == 1
    assert the_request(council, old).state is TakedownState.WITHDRAWN
    new = the_request(council, old + 1)
    assert new.state is TakedownState.DRAFTED
    assert "utterly rotten" in new.text


def test_of_several_posts_the_ones_not_edited_stay_in_the_report(council: Larkford, townboard: Townboard) -> None:
    one, two = found("rot one", author_id="user:same"), found("rot two", author_id="user:same")
    request = approved(council, townboard, [confirmed(council, post=one), confirmed(council, post=two)])
    _edit(council, one.external_id, "sorry", Level.LAWFUL)
    drafting.draft_due(council.store, reach=townboard.reach, now=LATER)
    row = the_request(council, request)
    assert (row.state, row.approved_by) == (TakedownState.DRAFTED, None)
    assert [item.snapshot.post.external_id for item in row.items] == [two.external_id]
    assert one.url not in row.text.splitlines()


def test_what_a_person_confirmed_is_reported_whatever_the_model_thinks(council: Larkford, townboard: Townboard) -> None:
    incident = opened(council, level=Level.LAWFUL, origin=Origin.HAND)
    reviewing.confirm(council.desk(), incident, level=Level.ABUSIVE)
    assert _draft(council, townboard).drafted == 1
    assert the_incident(council, incident).state is IncidentState.CONFIRMED


def test_a_persons_withdrawal_is_not_undone_by_the_machine(council: Larkford, townboard: Townboard) -> None:
    request = drafted(council, townboard)
    reviewing.withdraw_takedown(council.desk(), request)
    assert _draft(council, townboard).drafted == 0
    assert the_request(council, request).state is TakedownState.WITHDRAWN
