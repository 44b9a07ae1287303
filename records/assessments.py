"""What a model said of one version of a post. Never a person's decision: that is the incident's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Dialect, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from records.base import Base, CouncilRow, WordSet, words_of
from records.posts import Snapshot
from records.vocabulary import Label, Level, Verdict


@dataclass(frozen=True)
class Because:
    """One reason: a rule's code, plain words that never quote the post, and the characters of the text it rests on."""

    code: str
    words: str
    spans: tuple[tuple[int, int], ...] = ()


class ScoresColumn(TypeDecorator[Mapping[Label, float]]):
    """A probability per label, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[Label, float] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps({label.value: score for label, score in sorted(value.items())})

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[Label, float] | None:
        return None if value is None else {Label(label): score for label, score in json.loads(value).items()}


class ReasonsColumn(TypeDecorator[tuple[Because, ...]]):
    """Reasons in order, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Because, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps([asdict(reason) for reason in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Because, ...] | None:
        if value is None:
            return None
        return tuple(
            Because(reason["code"], reason["words"], tuple((start, end) for start, end in reason["spans"]))
            for reason in json.loads(value)
        )


class Assessment(CouncilRow, Base):
    """One model's judgement of one snapshot; an edited post has another snapshot and is judged again.

    `handled_at` is set once it has been decided whether an incident follows.
    """

    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("snapshot_id", "model", "model_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id", ondelete="CASCADE"), index=True)
    model: Mapped[str]
    model_version: Mapped[str]
    level: Mapped[Level]
    verdict: Mapped[Verdict] = mapped_column(words_of(Verdict))
    labels: Mapped[frozenset[Label]] = mapped_column(WordSet(Label))
    scores: Mapped[Mapping[Label, float]] = mapped_column(ScoresColumn)
    report: Mapped[float]
    why: Mapped[tuple[Because, ...]] = mapped_column(ReasonsColumn)
    at: Mapped[datetime]
    handled_at: Mapped[datetime | None] = mapped_column(index=True)

    snapshot: Mapped[Snapshot] = relationship()
