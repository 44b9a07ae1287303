"""A pile-on becomes one item to a reviewer and changes nobody's level."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.patterns import Grouped, PileOnRule, Seen, group_pile_ons, pile_on
from records.incidents import Incident, IncidentEvent, IncidentGroup
from records.store import Store
from records.vocabulary import Level, Role
from takedown import reviewing
from tests.builders import NOW, Larkford, a_call, found, larkford

RULE = PileOnRule()
MINUTE = timedelta(minutes=1)


def by(author: str, ago: timedelta) -> Seen:
    by.number += 1  # type: ignore[attr-defined]
    return Seen(by.number, NOW - ago, author, None)  # type: ignore[attr-defined]


by.number = 0  # type: ignore[attr-defined]


def in_order(*seen: Seen) -> list[Seen]:
    return sorted(seen, key=lambda one: one.at)


def test_ten_accounts_within_an_hour_are_a_pile_on_and_nine_are_not() -> None:
    ten = in_order(*(by(f"account {number}", number * 6 * MINUTE) for number in range(10)))
    assert pile_on(ten, RULE, now=NOW) == tuple(ten)
    assert pile_on(ten[1:], RULE, now=NOW) == ()


def test_ten_accounts_within_a_day_are_one_too_and_within_a_week_are_none() -> None:
    day = in_order(*(by(f"account {number}", timedelta(hours=2 * number)) for number in range(10)))
    assert len(pile_on(day, RULE, now=NOW)) == 10
    week = in_order(*(by(f"account {number}", timedelta(hours=16 * number)) for number in range(10)))
    assert pile_on(week, RULE, now=NOW) == ()


def test_one_account_posting_often_is_no_pile_on() -> None:
    assert pile_on(in_order(*(by("one", number * MINUTE) for number in range(50))), RULE, now=NOW) == ()


def test_what_is_usual_for_a_councillor_counts() -> None:
    usual = [
        by(f"resident {day} {number}", timedelta(days=day, hours=12)) for day in range(2, 30) for number in range(4)
    ]
    today = [by(f"account {number}", timedelta(hours=1.5 * number)) for number in range(15)]
    assert pile_on(in_order(*usual, *today), RULE, now=NOW) == ()
    more = [by(f"another {number}", timedelta(hours=1.2 * number)) for number in range(8)]
    assert len(pile_on(in_order(*usual, *today, *more), RULE, now=NOW)) >= 20


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3_000)), max_size=60), st.integers(2, 6))
def test_whoever_is_marked_stands_in_a_window_with_enough_accounts(posts: list[tuple[int, int]], enough: int) -> None:
    rule = replace(RULE, accounts=enough, times=0.0)
    seen = in_order(*(by(f"account {author}", minutes * MINUTE) for author, minutes in posts))
    day = timedelta(hours=24)
    for one in pile_on(seen, rule, now=NOW):
        near = [each for each in seen if abs(each.at - one.at) < day]
        assert len({each.author for each in near}) >= enough


@pytest.fixture
def scene(store: Store) -> Larkford:
    return larkford(store)


def hit(scene: Larkford, count: int, *, level: Level = Level.ABUSIVE, ago: timedelta = MINUTE) -> list[int]:
    posts = [found(posted_at=NOW - ago - number * MINUTE) for number in range(count)]
    return [scene.incident(level, post=post) for post in posts]


def held(scene: Larkford) -> list[Incident]:
    with scene.store.reading(scene.council_id) as session:
        return list(session.scalars(select(Incident).order_by(Incident.id)))


def test_one_group_grows_and_nothing_else_changes(scene: Larkford) -> None:
    hit(scene, 9)
    hit(scene, 1, ago=timedelta(days=10))
    a_call(scene.store, scene.council_id, about=scene.maud, now=NOW - MINUTE)
    assert group_pile_ons(scene.store, now=NOW) == Grouped(0, 0)
    hit(scene, 1, level=Level.UNCIVIL)
    assert group_pile_ons(scene.store, now=NOW) == Grouped(1, 10)
    assert group_pile_ons(scene.store, now=NOW) == Grouped(0, 0)
    late = hit(scene, 1)
    assert group_pile_ons(scene.store, now=NOW) == Grouped(0, 1)
    incidents = held(scene)
    assert sum(one.group_id is not None for one in incidents) == 11
    assert [one.level for one in incidents if one.group_id] == [Level.ABUSIVE] * 9 + [Level.UNCIVIL, Level.ABUSIVE]
    with scene.store.reading(scene.council_id) as session:
        group = session.scalars(select(IncidentGroup)).one()
        said = session.scalars(select(IncidentEvent.what).where(IncidentEvent.incident_id == late[0])).all()
    assert group.reason == "pile-on: 11 accounts within 1 hour"
    assert (group.councillor_id, said[-1]) == (scene.maud, "grouped as a pile-on")


def test_dismissed_incidents_and_unknown_accounts_do_not_count(scene: Larkford) -> None:
    ids = hit(scene, 10)
    scene.incident(post=found(author_id="", author_handle="", posted_at=NOW - MINUTE))
    reviewing.dismiss(scene.desk(Role.OFFICER), ids[0], reason="Harsh, and about the vote")
    assert group_pile_ons(scene.store, now=NOW) == Grouped(0, 0)
