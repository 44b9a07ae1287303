"""Counts by day of what the judge, and a judge in shadow, said: no text, no author, no post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.base import Base, CouncilRow
from records.vocabulary import Level

BINS = 10
"""Equal parts of the report score, 0 to 1, in which posts are counted."""


class ScoreCount(CouncilRow, Base):
    """How many posts of a platform one model version gave a report score in one bin, on one day (UTC midnight)."""

    __tablename__ = "score_count"
    __table_args__ = (
        UniqueConstraint(
            *("council_id", "day", "platform", "model", "model_version", "bin"), name="uq_score_count_of_day"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[datetime]
    platform: Mapped[str]
    model: Mapped[str]
    model_version: Mapped[str]
    bin: Mapped[int]
    count: Mapped[int]


class ShadowCount(CouncilRow, Base):
    """How many posts the judge gave one level and the judge in shadow another, or the same, on one day."""

    __tablename__ = "shadow_count"
    __table_args__ = (
        UniqueConstraint(
            *("council_id", "day", "model", "model_version", "shadow", "shadow_version", "level", "shadow_level"),
            name="uq_shadow_count_of_day",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[datetime]
    model: Mapped[str]
    model_version: Mapped[str]
    shadow: Mapped[str]
    shadow_version: Mapped[str]
    level: Mapped[Level]
    shadow_level: Mapped[Level]
    count: Mapped[int]


@dataclass(frozen=True, order=True)
class Scored:
    """What one post adds to the counts of its scores."""

    day: datetime
    platform: str
    model: str
    model_version: str
    bin: int


@dataclass(frozen=True, order=True)
class Shadowed:
    """What one post adds to the counts of a judge in shadow."""

    day: datetime
    model: str
    model_version: str
    shadow: str
    shadow_version: str
    level: Level
    shadow_level: Level


def day_of(moment: datetime) -> datetime:
    """The beginning of a moment's day, UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def bin_of(score: float) -> int:
    """The bin of a score from 0 to 1: 0 for below a tenth, 9 for nine tenths and above."""
    return min(BINS - 1, max(0, int(score * BINS)))


def add_scores(session: Session, new: Mapping[Scored, int]) -> None:
    """Add to the day's counts; several workers may do so at once."""
    _add(session, ScoreCount, [{**asdict(one), "count": new[one]} for one in sorted(new)])


def add_shadowed(session: Session, new: Mapping[Shadowed, int]) -> None:
    """Add to the day's counts of a judge in shadow; several workers may do so at once."""
    _add(session, ShadowCount, [{**asdict(one), "count": new[one]} for one in sorted(new)])


def _add(session: Session, kind: type[ScoreCount] | type[ShadowCount], rows: list[dict[str, Any]]) -> None:
    """In one statement, the rows in order, so that two writers never wait for each other in a circle."""
    if not rows:
        return
    table = Base.metadata.tables[kind.__tablename__]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    council_id = session.info["council_id"]
    values = insert(table).values([{**row, "council_id": council_id} for row in rows])
    what_counts = ["council_id", *(name for name in rows[0] if name != "count")]
    more = {"count": table.c.count + values.excluded.count}
    session.execute(values.on_conflict_do_update(index_elements=what_counts, set_=more))
