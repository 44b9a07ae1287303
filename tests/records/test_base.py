"""Column types that refuse what is unsafe: times without a zone, words nobody knows, levels out of range."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from records.assessments import Assessment, Because
from records.councils import Council
from records.incidents import Incident
from records.people import Person
from records.posts import Snapshot
from records.store import Store
from records.vocabulary import LIKELY_HARMS, Label, Level, Nation, NotAllowed, Presence, Role, Tier, Verdict, Word
from tests.builders import NOW, a_council, a_person, found, larkford


def _council(session: Session, **changes: object) -> Council:
    values: dict[str, object] = {"name": "Weir", "tier": Tier.PARISH, "nation": Nation.WALES, "created_at": NOW}
    council = Council(**(values | changes))
    session.add(council)
    session.flush()
    return council


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="zone"), store.across_councils(writes=True) as session:
        _council(session, created_at=naive)
    with pytest.raises(StatementError, match="zone"), store.across_councils() as session:
        session.execute(select(Council).where(Council.created_at > naive)).all()


def test_every_time_comes_back_in_utc_to_the_microsecond(store: Store) -> None:
    summer = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))
    with store.across_councils(writes=True) as session:
        council_id = _council(session, created_at=summer).id
    with store.across_councils() as session:
        back = session.get_one(Council, council_id).created_at
    assert back == summer
    assert back.tzinfo is UTC
    assert back.hour == 11


def test_times_compare_as_moments_whatever_their_zone(store: Store) -> None:
    with store.across_councils(writes=True) as session:
        _council(session, created_at=NOW)
    later_by_the_clock_only = (NOW - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=5)))
    with store.across_councils() as session:
        assert session.scalar(select(Council.id).where(Council.created_at > later_by_the_clock_only)) is not None
        assert session.scalar(select(Council.id).where(Council.created_at < later_by_the_clock_only)) is None


def test_a_word_nobody_knows_is_refused_on_the_way_in(store: Store) -> None:
    with pytest.raises(StatementError, match="tier"), store.across_councils(writes=True) as session:
        _council(session, tier="galactic")


def test_words_are_stored_by_their_value(store: Store) -> None:
    with store.across_councils(writes=True) as session:
        _council(session, tier=Tier.PRINCIPAL, nation=Nation.NORTHERN_IRELAND)
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT tier, nation FROM council")).one() == ("principal", "northern_ireland")


def test_a_set_of_words_keeps_its_kind_and_an_empty_one_stays_empty(store: Store) -> None:
    council_id = a_council(store)
    person_id = a_person(store, council_id, Role.OFFICER, Role.ASSESSOR)
    with store.writing(council_id) as session:
        person = session.get_one(Person, person_id)
        assert person.roles == {Role.OFFICER, Role.ASSESSOR}
        assert person.may(Role.ASSESSOR)
        assert not person.may(Role.AUDITOR)
        person.roles = frozenset()
    with store.reading(council_id) as session:
        assert session.get_one(Person, person_id).roles == frozenset()


def test_levels_sort_by_seriousness(store: Store) -> None:
    scene = larkford(store)
    for level in (Level.ABUSIVE, Level.CRITICAL, Level.UNCIVIL):
        scene.incident(level)
    with store.reading(scene.council_id) as session:
        worst_first = session.scalars(select(Incident.level).order_by(Incident.level.desc())).all()
    assert worst_first == [Level.CRITICAL, Level.ABUSIVE, Level.UNCIVIL]
    assert all(isinstance(level, Level) for level in worst_first)


def test_scores_and_reasons_come_back_as_they_went_in(store: Store) -> None:
    scene = larkford(store)
    scene.incident(Level.SERIOUS)
    with store.writing(scene.council_id) as session:
        assessment = session.scalars(select(Assessment)).one()
        assessment.why = (Because("home-address", "A home address is given", ((3, 9), (12, 20))), Because("score", "x"))
        assessment.scores = {Label.DOXXING: 0.125, Label.THREAT: 1.0}
        assessment.labels = frozenset({Label.DOXXING, Label.THREAT})
    with store.reading(scene.council_id) as session:
        assessment = session.scalars(select(Assessment)).one()
        assert assessment.why == (
            Because("home-address", "A home address is given", ((3, 9), (12, 20))),
            Because("score", "x"),
        )
        assert assessment.scores == {Label.DOXXING: 0.125, Label.THREAT: 1.0}
        assert assessment.labels == {Label.DOXXING, Label.THREAT}
        assert assessment.verdict is Verdict.ABUSIVE


def test_sealed_bytes_come_back_as_they_went_in(store: Store) -> None:
    scene = larkford(store)
    raw = bytes(range(256)) * 64
    scene.incident(Level.SERIOUS, post=found(raw=raw))
    with store.reading(scene.council_id) as session:
        assert session.scalars(select(Snapshot)).one().raw == raw


def _all_words(kind: type[Word] = Word) -> list[type[Word]]:
    return [found for child in kind.__subclasses__() for found in (child, *_all_words(child))]


@pytest.mark.parametrize("kind", _all_words(), ids=lambda kind: kind.__name__)
def test_every_word_carries_its_meaning_and_one_value(kind: type[Word]) -> None:
    assert all(word.meaning.strip() for word in kind)
    assert len({word.value for word in kind}) == len(kind)
    assert all(" " not in word.value for word in kind), "sets of words are stored with spaces between"


def test_every_level_and_label_is_fully_described() -> None:
    assert [Verdict.of(level) for level in Level] == [Verdict.LAWFUL, Verdict.UNCIVIL, *[Verdict.ABUSIVE] * 3]
    assert all(level.meaning for level in Level)
    assert set(LIKELY_HARMS) == set(Label)
    assert all(LIKELY_HARMS.values())


def test_not_knowing_is_never_gone() -> None:
    assert not any(presence.gone for presence in Presence if not presence.known)
    assert not Presence.AUTHOR_DEACTIVATED.gone, "posts of a deactivated account may come back"
    assert not Presence.LIMITED_IN_UK.gone
    assert {presence for presence in Presence if presence.gone} == {
        Presence.REMOVED_BY_PLATFORM,
        Presence.REMOVED_BY_AUTHOR,
        Presence.REMOVED_BY_MODERATOR,
        Presence.AUTHOR_SUSPENDED,
    }


def test_a_refusal_names_what_and_why() -> None:
    refused = NotAllowed("incident 7", why="it is closed")
    assert str(refused) == "incident 7: it is closed"
    assert (refused.what, refused.why) == ("incident 7", "it is closed")
