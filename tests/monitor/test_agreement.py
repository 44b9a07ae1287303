"""Figures about the judge: people's decisions beside its proposals, and whether its scores drift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.agreement import Tally, altogether, week_of, weeks
from monitor.assessing import assess_due
from monitor.drift import EVERYWHERE, drifts
from monitor.raising import raise_due
from records.counts import Scored, add_scores, bin_of, day_of
from records.decisions import Decision
from records.incidents import Incident
from records.store import Store
from records.vocabulary import Decided, Label, Level, Origin, Role
from takedown import reviewing
from tests.builders import NOW, Larkford, a_call, a_post, found, larkford
from tests.monitor.scored import Reads

WEEK = timedelta(weeks=1)


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def flagged(here: Larkford, *levels: int, now: datetime = NOW, version: str = "judge") -> list[int]:
    """Posts judged and raised at those levels; the numbers of their incidents."""
    for level in levels:
        a_post(here.store, here.council_id, about=here.maud, post=found(f"level {level}"), now=now)
    assess_due(here.store, classifier=Reads(version), now=now)
    raise_due(here.store, line=Level.UNCIVIL, now=now)
    with here.store.reading(here.council_id) as session:
        return list(session.scalars(select(Incident.id).order_by(Incident.id.desc()).limit(len(levels))))[::-1]


def decisions(here: Larkford) -> Sequence[Decision]:
    with here.store.reading(here.council_id) as session:
        return session.scalars(select(Decision).order_by(Decision.id)).all()


def tally(here: Larkford) -> Tally:
    with here.store.reading(here.council_id) as session:
        return altogether(weeks(session, now=NOW))


def test_every_decision_is_kept_beside_the_judgement_it_was_about(here: Larkford) -> None:
    (number,) = flagged(here, 2)
    hugh = here.desk(Role.ASSESSOR)
    reviewing.raise_level(hugh, number, to=Level.SERIOUS, reason="names the school")
    reviewing.relabel(hugh, number, to=frozenset({Label.DOXXING}), reason="names the school")
    reviewing.confirm(hugh, number)
    reviewing.reopen(hugh, number, reason="on reflection")
    reviewing.lower(hugh, number, to=Level.UNCIVIL, reason="the school is public")
    reviewing.dismiss(hugh, number, reason="lawful")
    kept = decisions(here)
    assert [one.act for one in kept] == [
        *(Decided.RAISED, Decided.RELABELLED, Decided.CONFIRMED, Decided.LOWERED, Decided.DISMISSED)
    ]
    assert [int(one.level) for one in kept] == [3, 3, 3, 1, 1]
    assert kept[0].labels == frozenset({Label.INSULT})
    assert kept[1].labels == frozenset({Label.DOXXING})
    with here.store.reading(here.council_id) as session:
        said = session.get_one(Decision, kept[-1].id).assessment
    assert (said.model, said.model_version, said.level, said.labels) == (
        *("reads", "judge", Level.ABUSIVE),
        frozenset({Label.INSULT}),
    )


def test_what_the_machine_does_is_no_decision_and_a_call_has_no_judgement(here: Larkford) -> None:
    flagged(here, 2)
    call = a_call(here.store, here.council_id, about=here.maud)
    reviewing.confirm(here.desk(Role.ASSESSOR), call)
    assert decisions(here) == []


def test_decisions_are_counted_as_they_stand_now(here: Larkford) -> None:
    agreed, raised, lowered, dismissed, labelled, again, _waits = flagged(here, 2, 2, 3, 1, 2, 2, 4)
    hugh = here.desk(Role.ASSESSOR)
    reviewing.confirm(hugh, agreed)
    reviewing.confirm(hugh, raised, level=Level.SERIOUS)
    reviewing.lower(hugh, lowered, to=Level.ABUSIVE, reason="a song")
    reviewing.confirm(hugh, lowered)
    reviewing.dismiss(hugh, dismissed, reason="banter")
    reviewing.relabel(hugh, labelled, to=frozenset({Label.HATE}), reason="her faith")
    reviewing.confirm(hugh, labelled)
    reviewing.confirm(hugh, again)
    reviewing.reopen(hugh, again, reason="look again")
    counted = tally(here)
    assert counted == Tally(flagged=7, confirmed=4, dismissed=1, raised=1, lowered=1, relabelled=1, agreed=2)
    assert (counted.decided, counted.waiting) == (5, 2)
    assert counted.agreement.share == pytest.approx(2 / 5)


def test_what_people_report_is_not_flagged_but_may_be_missed(here: Larkford) -> None:
    for text in ("level 0", "level 3"):
        a_post(here.store, here.council_id, about=here.maud, post=found(text), origin=Origin.HAND)
    assess_due(here.store, classifier=Reads(), now=NOW)
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)
    hugh = here.desk(Role.ASSESSOR)
    reviewing.confirm(hugh, 1, level=Level.SERIOUS)
    reviewing.confirm(hugh, 2)
    assert tally(here) == Tally(missed=1)


def test_weeks_begin_on_monday_and_versions_are_kept_apart(here: Larkford) -> None:
    flagged(here, 2, 0, now=NOW - 2 * WEEK, version="older")
    flagged(here, 2, 0, 0, now=NOW)
    with here.store.reading(here.council_id) as session:
        listed = weeks(session, now=NOW, count=3)
        assert weeks(session, now=NOW, count=1) == listed[:1]
    assert [(one.begins, one.model_version, one.judged, one.tally.flagged) for one in listed] == [
        (week_of(NOW), "judge", 3, 1),
        (week_of(NOW) - 2 * WEEK, "older", 2, 1),
    ]
    assert week_of(NOW).weekday() == 0


def scores(here: Larkford, day: datetime, bins: dict[int, int], platform: str = "bluesky") -> None:
    with here.store.writing(here.council_id) as session:
        add_scores(session, {Scored(day_of(day), platform, "reads", "1", at): count for at, count in bins.items()})


def test_drift_is_told_in_words_against_the_first_four_weeks(here: Larkford) -> None:
    for week in range(4):
        scores(here, NOW + week * WEEK, {0: 200, 1: 30, 5: 10})
    scores(here, NOW + 4 * WEEK, {0: 201, 1: 29, 5: 11})
    scores(here, NOW + 5 * WEEK, {0: 120, 1: 60, 5: 60})
    scores(here, NOW + 6 * WEEK, {9: 5})
    with here.store.reading(here.council_id) as session:
        found_ = drifts(session, now=NOW + 6 * WEEK)
    everywhere = [one for one in found_ if one.platform == EVERYWHERE]
    assert [one.words.split(" ")[0] for one in everywhere] == ["Too", "Markedly", "Much"]
    assert everywhere[2].first_posts == 960
    assert everywhere[2].shares[0] == pytest.approx(201 / 241)
    assert len(found_) == 3, "of a single platform there is nothing more to say"


def test_counts_are_added_to_not_replaced_and_kept_by_platform(here: Larkford) -> None:
    for _ in range(2):
        scores(here, NOW, {0: 300})
    scores(here, NOW, {0: 100}, platform="mastodon")
    scores(here, NOW + 5 * WEEK, {0: 300})
    scores(here, NOW + 5 * WEEK, {3: 300}, platform="mastodon")
    with here.store.reading(here.council_id) as session:
        found_ = {one.platform: one for one in drifts(session, now=NOW + 5 * WEEK)}
    assert found_["bluesky"].first_posts == 600
    assert found_["bluesky"].words.startswith("Much")
    assert found_["mastodon"].index is None
    assert found_[EVERYWHERE].words.startswith("Markedly")


@pytest.mark.parametrize(("score", "at"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.95, 9), (1.0, 9), (1.5, 9), (-0.1, 0)])
def test_a_score_has_its_bin(score: float, at: int) -> None:
    assert bin_of(score) == at
