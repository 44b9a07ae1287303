"""One round of the flow, in its one order: collect, assess, raise, group, seal, draft; then follow up and forget.

The schedule, the command line, the demonstration and the tests all call these; nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from classifiers.shape import Classifier
from monitor.assessing import Assessed, assess_due
from monitor.collecting import Collected, collect_due
from monitor.patterns import Grouped, group_pile_ons
from monitor.raising import Raised, raise_due
from monitor.sampling import draw_due
from monitor.shadowed import seat_everywhere
from records.retention import Forgotten, forget_due
from records.shadows import Bench
from records.vocabulary import Level
from takedown.drafting import Drafted, draft_due
from takedown.evidence import Sealed, seal_due
from takedown.following_up import Followed, follow_up_due
from takedown.sending import recover
from wardkeeper.build import Parts
from wardkeeper.shadow import Shadow


@dataclass(frozen=True)
class Round:
    """What one scan did, step by step."""

    collected: Collected
    assessed: Assessed
    raised: Raised
    grouped: Grouped
    sealed: Sealed
    drafted: Drafted


def scan(
    parts: Parts, *, classifier: Classifier, now: datetime, all_now: bool = False, shadow: Shadow | None = None
) -> Round:
    """From public mentions to drafts that wait for a person. Safe to repeat and to kill at any moment.

    `shadow` reads what the classifier reads and changes nothing.
    """
    collected = collect_due(
        parts.store,
        reach=parts.reach,
        now=now,
        between_scans=parts.settings.schedule.between_scans,
        all_now=all_now,
    )
    return _judge_and_prepare(parts, collected, classifier=classifier, now=now, shadow=shadow)


def catch_up(parts: Parts, *, classifier: Classifier, now: datetime, shadow: Shadow | None = None) -> Round:
    """The same without collecting: for what people brought in, and for what a crash left undone."""
    return _judge_and_prepare(parts, Collected(), classifier=classifier, now=now, shadow=shadow)


def _judge_and_prepare(
    parts: Parts, collected: Collected, *, classifier: Classifier, now: datetime, shadow: Shadow | None
) -> Round:
    store, line = parts.store, Level(parts.settings.judge.raise_from)
    assessed = assess_due(store, classifier=classifier, now=now, shadow=shadow)
    _seat(parts, classifier, shadow, now=now)
    raised = raise_due(store, line=line, now=now)
    draw_due(store, a_day=parts.settings.learning.sample_a_day, line=line, now=now)
    grouped = group_pile_ons(store, now=now, rule=parts.pile_on)
    sealed = seal_due(store, now=now)
    drafted = draft_due(store, reach=parts.reach, now=now)
    return Round(collected, assessed, raised, grouped, sealed, drafted)


def _seat(parts: Parts, classifier: Classifier, shadow: Shadow | None, *, now: datetime) -> None:
    """Say who judges and who listens, so that the console, which loads no model, can tell."""
    bench = Bench(
        model=classifier.name,
        model_version=classifier.version,
        point=parts.settings.judge.point,
        line=Level(parts.settings.judge.raise_from),
        shadow=shadow.name if shadow else "",
        shadow_version=shadow.version if shadow else "",
        shadow_point=shadow.point if shadow else "",
        shadow_problem=shadow.problem if shadow else "",
    )
    seat_everywhere(parts.store, bench, now=now)


def follow_up(parts: Parts, *, now: datetime) -> Followed:
    """Look for the posts of sent reports whose check is due."""
    return follow_up_due(parts.store, reach=parts.reach, plan=parts.plan, now=now)


def forget(parts: Parts, *, now: datetime) -> Forgotten:
    """Let go of everything past its date."""
    return forget_due(parts.store, policy=parts.policy, now=now)


def settle(parts: Parts, *, now: datetime, alone: bool = False) -> int:
    """Give to a person whatever a crash left in "sending"; how many.

    `alone`: no other process can be sending now, so nothing has to be waited for.
    """
    return recover(parts.store, now=now, older_than=None) if alone else recover(parts.store, now=now)
