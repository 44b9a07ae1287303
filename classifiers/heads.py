"""What our networks say of a text, in order: one probability per head."""

from __future__ import annotations

from records.vocabulary import Label, Level

LABELS: tuple[Label, ...] = tuple(Label)

STEPS: tuple[Level, ...] = (Level.UNCIVIL, Level.ABUSIVE, Level.SERIOUS, Level.CRITICAL)
"""The ordinal heads: each is the probability that the level is at least this one."""

AIMED = "aimed"
"""That the post is aimed at a person rather than at a group, a policy or nobody."""

REPORTED = "reported"
"""That the post reports or repeats someone else's abusive words: a victim, a witness, news, counter-speech."""

HEADS: tuple[str, ...] = (
    *(label.value for label in LABELS),
    *(step.name.casefold() for step in STEPS),
    AIMED,
    REPORTED,
)
