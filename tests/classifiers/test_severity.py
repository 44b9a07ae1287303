"""From scores to a level: whatever the scores, level and labels agree with the annotation guide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from classifiers.rules import Finding
from classifiers.severity import CRITICAL_LABELS, LEAST, Lines, Scores, Source, graded, judged
from classifiers.shape import Reason
from records.vocabulary import Label, Level

STEPS = (Level.UNCIVIL, Level.ABUSIVE, Level.SERIOUS, Level.CRITICAL)
CHANCE = st.floats(0, 1)
SCORES = st.builds(
    Scores, st.fixed_dictionaries(dict.fromkeys(Label, CHANCE)), st.fixed_dictionaries(dict.fromkeys(STEPS, CHANCE))
)
LINES = st.builds(
    Lines, st.fixed_dictionaries(dict.fromkeys(Label, CHANCE)), st.fixed_dictionaries(dict.fromkeys(STEPS, CHANCE))
)
FINDINGS = st.lists(
    st.sampled_from(Label).flatmap(
        lambda label: st.builds(
            Finding,
            st.just(label),
            st.sampled_from([level for level in STEPS if level >= LEAST[label]]),
            st.just(Reason("rule", "a rule")),
        )
    ),
    max_size=3,
)
HALF = Lines(dict.fromkeys(Label, 0.5), dict.fromkeys(STEPS, 0.5))


def scores(*, labels: dict[Label, float] | None = None, steps: tuple[float, float, float, float]) -> Scores:
    return Scores({**dict.fromkeys(Label, 0.0), **(labels or {})}, dict(zip(STEPS, steps, strict=True)))


@given(SCORES, LINES, FINDINGS)
def test_level_and_labels_always_agree(one: Scores, lines: Lines, findings: list[Finding]) -> None:
    grade = graded(one, lines, findings)
    assert (grade.level is Level.LAWFUL) == (not grade.labels)
    assert (grade.level is Level.UNCIVIL) <= (grade.labels == {Label.INSULT})
    assert all(grade.level >= LEAST[label] for label in grade.labels)
    assert grade.level is not Level.CRITICAL or grade.labels.intersection(CRITICAL_LABELS)
    assert grade.why or grade.level is Level.LAWFUL


@given(SCORES, FINDINGS)
def test_a_rule_never_lowers(one: Scores, findings: list[Finding]) -> None:
    without, with_rules = graded(one, HALF, []), graded(one, HALF, findings)
    assert with_rules.level >= max([without.level, *(finding.least for finding in findings if _may_stand(finding))])


def test_lawful_scores_give_nothing() -> None:
    grade = graded(scores(steps=(0.1, 0.1, 0.0, 0.0), labels={Label.INSULT: 0.9}), HALF, [])
    assert (grade.level, grade.labels, grade.why) == (Level.LAWFUL, frozenset(), ())


def test_a_mild_insult_is_uncivil() -> None:
    grade = graded(scores(steps=(0.9, 0.2, 0.0, 0.0), labels={Label.INSULT: 0.9}), HALF, [])
    assert grade.level is Level.UNCIVIL
    assert grade.labels == {Label.INSULT}


def test_a_threat_is_at_least_serious() -> None:
    grade = graded(scores(steps=(0.9, 0.9, 0.2, 0.0), labels={Label.THREAT: 0.8}), HALF, [])
    assert grade.level is Level.SERIOUS


def test_critical_without_threat_incitement_or_doxxing_is_serious() -> None:
    grade = graded(scores(steps=(0.9, 0.9, 0.9, 0.9), labels={Label.HATE: 0.9}), HALF, [])
    assert grade.level is Level.SERIOUS
    assert grade.labels == {Label.HATE}


def test_scores_never_contradict_a_rule() -> None:
    source = Source("none", "0")
    judgement = judged([(0, "I will kill you")], scores(steps=(0.0, 0.0, 0.0, 0.0)), HALF, source)
    assert judgement.level is Level.CRITICAL
    assert judgement.report >= 0.9
    assert judgement.scores[Label.THREAT] >= 0.9


def test_a_rule_in_need_of_the_model_waits_for_it() -> None:
    text, source = "I know where you live, Cllr Marsh", Source("none", "0")
    calm = judged([(0, text)], scores(steps=(0.1, 0.1, 0.0, 0.0)), HALF, source)
    leaning = judged([(0, text)], scores(steps=(0.4, 0.4, 0.0, 0.0), labels={Label.INTIMIDATION: 0.4}), HALF, source)
    assert (calm.level, leaning.level) == (Level.LAWFUL, Level.SERIOUS)


def _may_stand(finding: Finding) -> bool:
    return finding.least is not Level.CRITICAL or finding.label in CRITICAL_LABELS
