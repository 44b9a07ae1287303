"""Whether something on a Graph host is still up. Meta answers only connected accounts, and never says that it is gone.

One answer stands for deleted, hidden, private and not permitted: it gives *unknown*, whatever else is found out.
"""

from __future__ import annotations

from dataclasses import dataclass

from platforms.graph.asking import ABSENT, Talk
from platforms.graph.posts import Item, number
from platforms.shape import Sighting
from records.vocabulary import Presence
from wire.errors import Refused, SignInNeeded, TryLater, WireError


@dataclass(frozen=True)
class Question:
    """What to ask after: the thing itself, and the account it hangs on, by which a lost permission is told apart.

    `hidden` reads from the answer whether the account's own moderation has hidden it.
    """

    graph_id: str
    fields: str
    control_id: str
    hidden_field: str = ""
    hidden_values: tuple[object, ...] = (True,)


def unasked(name: str, why: str) -> Sighting:
    """The sighting when nobody can be asked."""
    return Sighting(Presence.UNKNOWN, f"{name}: {why}")


def seen(talk: Talk, question: Question) -> Sighting:
    """What Meta says. Nothing is raised: whatever fails gives `unknown` or `rate_limited`."""
    name = talk.graph.name
    try:
        item = talk.ask(question.graph_id, {"fields": question.fields})
    except Refused as problem:
        if problem.code == ABSENT:
            return _absent(talk, question)
        return Sighting(Presence.UNKNOWN, problem.why)
    except WireError as problem:
        return _failed(problem)
    if not _same(item, question):
        return Sighting(Presence.UNKNOWN, f"{name} answered with something else than what was asked for.")
    if question.hidden_field and item.get(question.hidden_field) in question.hidden_values:
        why = f"{name} still has it; the account has hidden it, so that its author still sees it."
        return Sighting(Presence.UP_LABELLED, why)
    return Sighting(Presence.UP, f"{name} still shows it to the connected account.")


def _absent(talk: Talk, question: Question) -> Sighting:
    name = talk.graph.name
    try:
        control = talk.ask(question.control_id, {"fields": "id"})
    except SignInNeeded:
        return Sighting(Presence.UNKNOWN, f"{name} no longer accepts the permission: connect the account again.")
    except WireError as problem:
        return _failed(problem)
    if number(control.get("id")) != question.control_id:
        return Sighting(Presence.UNKNOWN, f"{name} gave no clear answer.")
    why = (
        f"{name} no longer shows it, while the account itself can still be read: deleted, hidden or private; it does "
        "not say which. Open the link to see."
    )
    return Sighting(Presence.UNKNOWN, why)


def _failed(problem: WireError) -> Sighting:
    limited = isinstance(problem, TryLater) and problem.rate_limited
    return Sighting(Presence.RATE_LIMITED if limited else Presence.UNKNOWN, problem.why)


def _same(item: Item, question: Question) -> bool:
    return number(item.get("id")) == question.graph_id
