"""A judge in shadow changes nothing, and shows what it would have changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from classifiers.shape import Judgement, Passage
from monitor.assessing import assess_due
from monitor.raising import raise_due
from monitor.shadowed import Pair, changes, differing, seat_everywhere
from records.assessments import Assessment
from records.counts import ScoreCount
from records.incidents import Incident
from records.overdue import RetentionPolicy
from records.posts import Post
from records.retention import forget_due
from records.shadows import Bench, ShadowVerdict, sitting
from records.store import Store
from records.vocabulary import Level
from tests.builders import NOW, SALTMARSH, Larkford, a_council, a_councillor, a_post, found, larkford
from tests.monitor.scored import Reads
from wardkeeper.shadow import Shadow

PAIR = Pair("reads", "judge", "reads", "shadow")


class Breaks(Reads):
    """Falls over at the first text."""

    def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
        """Never gets there."""
        raise ZeroDivisionError


def shadow(stricter: int = 1) -> Shadow:
    return Shadow.load(lambda: Reads("shadow", stricter), point="cautious", beside=Reads())


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def posts(here: Larkford, *levels: int) -> list[int]:
    return [a_post(here.store, here.council_id, about=here.maud, post=found(f"level {level}")) for level in levels]


def state(here: Larkford) -> list[tuple[object, ...]]:
    """Everything the judge decides: assessments, incidents, and which posts were let go."""
    with here.store.reading(here.council_id) as session:
        judged = session.execute(
            select(Assessment.level, Assessment.verdict, Assessment.report).order_by(Assessment.id)
        )
        raised = session.execute(select(Incident.level, Incident.state, Incident.labels).order_by(Incident.id))
        let_go = session.execute(select(Post.lawful_at, Post.author_id.is_(None)).order_by(Post.id))
        return [tuple(row) for rows in (judged, raised, let_go) for row in rows]


def test_a_shadow_changes_no_decision_and_shows_what_it_would_have_changed(store: Store) -> None:
    alone = larkford(store)
    other = a_council(store, SALTMARSH)
    beside = Larkford(store, other, a_councillor(store, other))
    posts(alone, 0, 0, 1, 3, 4)
    assess_due(store, classifier=Reads(), now=NOW)
    posts(beside, 0, 0, 1, 3, 4)
    assess_due(store, classifier=Reads(), now=NOW, shadow=shadow())
    raise_due(store, line=Level.UNCIVIL, now=NOW)
    assert state(beside) == state(alone)
    with store.reading(beside.council_id) as session:
        (changed,) = changes(session)
        held = differing(session, PAIR)
    assert (changed.pair, changed.posts, changed.same) == (PAIR, 5, 1)
    assert changed.newly(Level.UNCIVIL) == {Level.UNCIVIL: 2}
    assert changed.newly(Level.ABUSIVE) == {Level.ABUSIVE: 1}
    assert changed.no_longer(Level.UNCIVIL) == {}
    assert [(one.level, one.shadow_level) for one in held] == [(3, 4), (1, 2)]
    with store.reading(alone.council_id) as session:
        assert changes(session) == []


def test_a_milder_shadow_shows_what_it_would_no_longer_flag(here: Larkford) -> None:
    posts(here, 0, 1, 2, 4)
    assess_due(here.store, classifier=Reads(), now=NOW, shadow=shadow(-1))
    with here.store.reading(here.council_id) as session:
        (changed,) = changes(session)
    assert changed.no_longer(Level.UNCIVIL) == {Level.UNCIVIL: 1}
    assert changed.no_longer(Level.ABUSIVE) == {Level.ABUSIVE: 1}
    assert changed.newly(Level.UNCIVIL) == {}


def test_counts_add_up_over_batches_and_days(here: Larkford) -> None:
    for day in range(2):
        for _ in range(2):
            posts(here, 0, 2)
            assess_due(here.store, classifier=Reads(), now=NOW + timedelta(days=day), shadow=shadow())
    with here.store.reading(here.council_id) as session:
        (changed,) = changes(session)
        scores = session.execute(
            select(ScoreCount.day, ScoreCount.bin, ScoreCount.count).order_by(ScoreCount.day, ScoreCount.bin)
        ).all()
    assert changed.posts == 8
    assert (changed.last_day - changed.first_day).days == 1
    assert [(row.bin, row.count) for row in scores] == [(0, 2), (5, 2)] * 2


def test_of_a_lawful_post_only_counts_stay(here: Larkford) -> None:
    posts(here, 0)
    assess_due(here.store, classifier=Reads(), now=NOW, shadow=shadow(3))
    with here.store.reading(here.council_id) as session:
        assert session.scalar(select(func.count()).select_from(ShadowVerdict)) == 0
        (changed,) = changes(session)
    assert changed.newly(Level.ABUSIVE) == {Level.SERIOUS: 1}


def test_a_kept_verdict_goes_with_the_words(here: Larkford) -> None:
    posts(here, 1)
    assess_due(here.store, classifier=Reads(), now=NOW, shadow=shadow())
    with here.store.reading(here.council_id) as session:
        assert session.scalar(select(func.count()).select_from(ShadowVerdict)) == 1
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + timedelta(days=366))
    with here.store.reading(here.council_id) as session:
        assert session.scalar(select(func.count()).select_from(ShadowVerdict)) == 0
        assert len(changes(session)) == 1


def test_a_shadow_that_breaks_disturbs_nothing_and_says_so(here: Larkford) -> None:
    broken = Shadow.load(lambda: Breaks("shadow"), point="quiet", beside=Reads())
    posts(here, 0, 3)
    assert assess_due(here.store, classifier=Reads(), now=NOW, shadow=broken).judged == 2
    assert "ZeroDivisionError" in broken.problem
    with here.store.reading(here.council_id) as session:
        assert changes(session) == []


def test_a_shadow_that_loses_posts_is_not_believed(here: Larkford) -> None:
    class Loses(Reads):
        def judge(self, passages: Sequence[Passage]) -> list[Judgement]:
            return super().judge(passages)[1:]

    losing = Shadow.load(lambda: Loses("shadow"), point="quiet", beside=Reads())
    posts(here, 0, 3)
    assert assess_due(here.store, classifier=Reads(), now=NOW, shadow=losing).judged == 2
    assert "another number" in losing.problem


def test_one_that_is_the_judge_itself_is_not_run() -> None:
    same = Shadow.load(Reads, point="balanced", beside=Reads())
    assert same.judge([Passage("level 1")]) is None
    assert "exactly as the judge" in same.problem


def test_one_that_works_again_has_no_problem_any_more() -> None:
    sometimes = shadow()
    sometimes.problem = "It broke while judging."
    assert sometimes.judge([Passage("level 1")])
    assert sometimes.problem == ""


def test_who_judges_is_noted_once_and_for_every_council(here: Larkford) -> None:
    a_council(here.store, SALTMARSH)
    bench = Bench("reads", "1", "balanced", Level.UNCIVIL)
    for later in (0, 1):
        seat_everywhere(here.store, bench, now=NOW + timedelta(hours=later))
    with here.store.reading(here.council_id) as session:
        held = sitting(session)
    assert held is not None
    assert (held.model_version, held.shadow, held.since) == ("1", "", NOW)
    seat_everywhere(here.store, Bench("reads", "2", "quiet", Level.UNCIVIL), now=NOW + timedelta(hours=2))
    with here.store.reading(here.council_id) as session:
        held = sitting(session)
    assert held is not None
    assert (held.model_version, held.since) == ("2", NOW + timedelta(hours=2))
