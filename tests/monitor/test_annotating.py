"""Annotations leave without names, with people's own labels, and what is left out is told; backtests beside them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from monitor import annotating, sampling, watching
from monitor.annotating import Annotation, Batch
from monitor.assessing import assess_due
from monitor.backtesting import held_decisions, judged_anew
from monitor.raising import raise_due
from records.overdue import RetentionPolicy
from records.people import Councillor, Person
from records.posts import Post
from records.retention import forget_due
from records.store import Store
from records.vocabulary import Label, Level, PoliceRoute, Role, Verdict
from takedown import referring, reviewing
from tests.builders import IDRIS, NOW, Larkford, a_call, a_councillor, a_person, a_post, found, larkford
from tests.monitor.scored import Reads

DAY = timedelta(days=1)


@pytest.fixture
def here(store: Store) -> Larkford:
    return larkford(store)


def raised(here: Larkford, *texts: str, about: int | None = None) -> None:
    for text in texts:
        a_post(here.store, here.council_id, about=about or here.maud, post=found(text))
    assess_due(here.store, classifier=Reads(), now=NOW)
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)


def batch(here: Larkford) -> Batch:
    with here.store.reading(here.council_id) as session:
        return annotating.decided(session, here.store.vault)


def texts(found_: Batch) -> list[str]:
    return [one.text for one in found_.annotations]


def test_what_people_decided_leaves_with_their_level_and_labels(here: Larkford) -> None:
    raised(here, "Ellery is level 2 scum @bert https://a.example", "level 2 score 0.6", "level 3", "level 1")
    hugh = here.desk(Role.ASSESSOR)
    reviewing.relabel(hugh, 1, to=frozenset({Label.HATE}), reason="her faith")
    reviewing.confirm(hugh, 1, level=Level.SERIOUS)
    reviewing.dismiss(hugh, 2, reason="about the vote")
    found_ = batch(here)
    assert texts(found_) == ["[councillor] is level 2 scum [handle] [link]", "level 2 score 0.6"]
    first, second = found_.annotations
    assert (first.level, first.verdict, first.labels) == (Level.SERIOUS, Verdict.ABUSIVE, (Label.HATE,))
    assert (first.model, first.model_version, first.model_level) == ("reads", "judge", Level.ABUSIVE)
    assert (second.level, second.verdict, second.labels) == (Level.LAWFUL, Verdict.LAWFUL, ())
    assert found_.left_out == {annotating.NOT_DECIDED: 2}
    assert len({one.id for one in found_.annotations}) == 2


def test_no_author_goes_with_it(here: Larkford) -> None:
    post = found("As Bert Nowak I say level 2", author_name="Bert Nowak", author_handle="bert.example.org")
    a_post(here.store, here.council_id, about=here.maud, post=post)
    raised(here)
    reviewing.confirm(here.desk(), 1)
    (one,) = batch(here).annotations
    assert one.text == "As [author] I say level 2"
    assert not {"author", "handle", "url", "post"} & set(Annotation.__dataclass_fields__)


def test_what_is_left_out_is_counted_by_its_reason(here: Larkford) -> None:
    idris = a_councillor(here.store, here.council_id, IDRIS)
    raised(here, "level 3 police", "sackellerynow level 2", "level 2 old")
    raised(here, "level 2 his", about=idris)
    hugh = here.desk(Role.ASSESSOR)
    call = a_call(here.store, here.council_id, about=here.maud)
    for number in (1, 2, 3, 4):
        reviewing.confirm(hugh, number)
    referral = referring.draft(hugh, 1)
    referring.report(hugh, referral, route=PoliceRoute.ONLINE, reference="LK/1")
    with here.store.writing(here.council_id) as session:
        watching.withdraw(session, session.get_one(Councillor, idris), by=None, now=NOW)
        session.execute(update(Post).where(Post.id == 3).values(lawful_at=NOW - 4 * DAY))
    forget_due(here.store, policy=RetentionPolicy(), now=NOW)
    found_ = batch(here)
    assert texts(found_) == []
    assert call
    assert found_.left_out == {
        annotating.WITH_POLICE: 1,
        annotating.STILL_NAMED: 1,
        annotating.NO_WORDS: 1,
        annotating.WITHDRAWN: 1,
        annotating.NO_POST: 1,
    }


def test_a_post_about_two_is_one_annotation_with_the_gravest_decision(here: Larkford) -> None:
    idris = a_councillor(here.store, here.council_id, IDRIS)
    a_post(here.store, here.council_id, about=[here.maud, idris], post=found("level 2 both"))
    raised(here)
    reviewing.dismiss(here.desk(), 1, reason="not about her")
    reviewing.confirm(here.desk(), 2)
    (one,) = batch(here).annotations
    assert one.level is Level.ABUSIVE


def test_an_answered_sample_leaves_while_its_words_are_there(here: Larkford) -> None:
    raised(here, "level 0 Thank you Cllr Ellery", "level 0 unanswered")
    sampling.draw_due(here.store, a_day=10, line=Level.UNCIVIL, now=NOW + DAY)
    ines = a_person(here.store, here.council_id, Role.OFFICER)
    with here.store.writing(here.council_id) as session:
        by = session.get_one(Person, ines)
        listed = sampling.waiting(session, limit=10)
        number = next(one.id for one in listed if one.snapshot and "Thank" in one.snapshot.words)
        sampling.answer(session, here.store.vault, number, level=Level.LAWFUL, by=by, now=NOW + DAY)
    assert texts(batch(here)) == ["level 0 Thank you Cllr [councillor]"]
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + 4 * DAY)
    assert texts(batch(here)) == []


def test_the_least_sure_come_first_for_the_next_batch(here: Larkford) -> None:
    raised(here, "level 2 score 0.9", "level 2 score 0.55", "level 1 score 0.3", "level 2 score 0.52")
    reviewing.confirm(here.desk(), 2)
    with here.store.reading(here.council_id) as session:
        assert list(annotating.least_sure(session, limit=2)) == [4, 3]
        found_ = annotating.unsure(session, here.store.vault, limit=2)
    assert [(one.text, one.level, one.labels) for one in found_.annotations] == [
        ("level 2 score 0.52", None, None),
        ("level 1 score 0.3", None, None),
    ]


def test_a_backtest_compares_with_people_and_changes_nothing(here: Larkford) -> None:
    raised(here, "level 2", "level 2", "level 3", "level 1", "level 4")
    hugh = here.desk(Role.ASSESSOR)
    reviewing.confirm(hugh, 1)
    reviewing.dismiss(hugh, 2, reason="about the vote")
    reviewing.confirm(hugh, 3)
    reviewing.confirm(hugh, 4, level=Level.ABUSIVE)
    with here.store.reading(here.council_id) as session:
        held = held_decisions(session)
    assert [int(one.level) for one in held] == [2, 0, 3, 2]
    present = judged_anew(held, Reads(), line=Level.UNCIVIL)
    stricter = judged_anew(held, Reads("other", 1), line=Level.UNCIVIL)
    assert (present.altogether.same_level.hits, present.altogether.right_side.hits) == (2, 2)
    assert (stricter.altogether.same_level.hits, stricter.altogether.right_side.hits) == (1, 3)
    assert stricter.by_level[Level.ABUSIVE].right_side.hits == 2
    assert present.by_level[Level.LAWFUL].flagged.hits == 1
    assert present.by_level[Level.CRITICAL].same_level.share is None
    with here.store.reading(here.council_id) as session:
        assert held_decisions(session) == held
    forget_due(here.store, policy=RetentionPolicy(), now=NOW + 3 * DAY)
    with here.store.reading(here.council_id) as session:
        assert len(held_decisions(session)) == 3, "the dismissed post is gone"
