"""Unflagged posts drawn for review, so that it can be estimated what the judge misses.

A sampled post goes when every other lawful post goes. What stays is its row here, which then points at nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.base import Base, CouncilRow, words_of
from records.posts import Snapshot
from records.vocabulary import Level, Stratum, Verdict


class Sample(CouncilRow, Base):
    """One drawn post, and what a person said of it. Figures only: no text, no author.

    `day` is the day (UTC midnight) on which it was judged, `weight` how many unflagged posts of that day it stands for,
    `bin` its tenth of the report score. `snapshot_id` is null once the post's words are gone. `level` is the person's
    answer, null when nobody gave one.
    """

    __tablename__ = "sample"
    __table_args__ = (
        UniqueConstraint("snapshot_id"),
        CheckConstraint("(level IS NULL) = (answered_at IS NULL)", name="an_answer_has_its_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshot.id", ondelete="SET NULL"))
    day: Mapped[datetime] = mapped_column(index=True)
    stratum: Mapped[Stratum] = mapped_column(words_of(Stratum))
    bin: Mapped[int]
    weight: Mapped[float]
    model: Mapped[str]
    model_version: Mapped[str]
    level: Mapped[Level | None]
    answered_at: Mapped[datetime | None]

    snapshot: Mapped[Snapshot | None] = relationship()

    @property
    def verdict(self) -> Verdict | None:
        """The answer in one word."""
        return None if self.level is None else Verdict.of(self.level)
