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
from records.retention import Forgotten, forget_due
from records.vocabulary import Level
from takedown.drafting import Drafted, draft_due
from takedown.evidence import Sealed, seal_due
from takedown.following_up import Followed, follow_up_due
from takedown.sending import recover
from wardkeeper.build import Parts


@dataclass(frozen=True)
class Round:
    """What one scan did, step by step."""

    collected: Collected
    assessed: Assessed
    raised: Raised
    grouped: Grouped
    sealed: Sealed
    drafted: Drafted


def scan(parts: Parts, *, classifier: Classifier, now: datetime, all_now: bool = False) -> Round:
    """From public mentions to drafts that wait for a person. Safe to repeat and to kill at any moment."""
    collected = collect_due(
        parts.store,
        reach=parts.reach,
        now=now,
        between_scans=parts.settings.schedule.between_scans,
        all_now=all_now,
    )
    return _judge_and_prepare(parts, collected, classifier=classifier, now=now)


def catch_up(parts: Parts, *, classifier: Classifier, now: datetime) -> Round:
    """The same without collecting: for what people brought in, and for what a crash left undone."""
    return _judge_and_prepare(parts, Collected(), classifier=classifier, now=now)


def _judge_and_prepare(parts: Parts, collected: Collected, *, classifier: Classifier, now: datetime) -> Round:
    store = parts.store
    assessed = assess_due(store, classifier=classifier, now=now)
    raised = raise_due(store, line=Level(parts.settings.judge.raise_from), now=now)
    grouped = group_pile_ons(store, now=now, rule=parts.pile_on)
    sealed = seal_due(store, now=now)
    drafted = draft_due(store, reach=parts.reach, now=now)
    return Round(collected, assessed, raised, grouped, sealed, drafted)


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
