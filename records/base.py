"""What every table stands on: the base, column types that refuse what is unsafe, guarded changes of state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    update,
)
from sqlalchemy import Enum as EnumColumn
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from records.vault import Vault, WrongKey
from records.vocabulary import Level, NotAllowed, Word

VAULTS: WeakKeyDictionary[Dialect, Vault] = WeakKeyDictionary()
"""The vault of each open database, by its dialect object, so that two stores in one process never share keys."""


def _vault(dialect: Dialect) -> Vault:
    try:
        return VAULTS[dialect]
    except KeyError:
        raise WrongKey("This database was opened without an encryption key.") from None


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. A naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone was about to be stored; times are UTC with a zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LevelColumn(TypeDecorator[Level]):
    """A Level, stored as its number so that it sorts and compares."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Level | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Level | None:
        return None if value is None else Level(value)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes encrypted at rest; fails closed without a key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _vault(dialect).seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _vault(dialect).open(value)


class SealedText(TypeDecorator[str]):
    """Text encrypted at rest; fails closed without a key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _vault(dialect).seal(value.encode("utf-8", "surrogatepass"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _vault(dialect).open(value).decode("utf-8", "surrogatepass")


class WordSet(TypeDecorator[frozenset[Any]]):
    """A set of words of one kind, stored as their values in order, separated by spaces."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Word]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: frozenset[Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(sorted(word.value for word in value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[Any] | None:
        return None if value is None else frozenset(self.kind(word) for word in value.split())


def words_of(kind: type[Enum]) -> EnumColumn:
    """The column type of a word: stored by value, checked on the way in."""
    return EnumColumn(
        kind,
        native_enum=False,
        length=40,
        create_constraint=False,
        validate_strings=True,
        values_callable=lambda words: [str(word.value) for word in words],
    )


Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Level: LevelColumn(),
        str: Text(),
        int: Id,
    }


class CouncilRow:
    """A row that belongs to one council. Every query of a council's session is narrowed to it (records/store.py)."""

    # No index of its own: SQLite would take it for nearly every query, and it tells next to nothing apart.
    council_id: Mapped[int] = mapped_column(ForeignKey("council.id", ondelete="RESTRICT"))


def move(
    session: Session,
    row: Any,
    *,
    to: Word,
    lawful: Mapping[Any, frozenset[Any]],
    why_not: str = "",
    **values: object,
) -> None:
    """Change `row.state` to `to` if the table `lawful` (from → allowed to) admits it, in one conditional UPDATE.

    The row must still be in the state we read: two people, or two workers, cannot both make the same move.
    Raises NotAllowed, changing nothing.
    """
    kind = type(row)
    start = row.state
    name = f"{kind.__tablename__.replace('_', ' ')} {row.id}"
    if to not in lawful.get(start, frozenset()):
        raise NotAllowed(name, why=why_not or f"it is {start.value} and cannot become {to.value}")
    session.flush()
    claim = update(kind).where(kind.id == row.id, kind.state == start).values(state=to, **values)
    done = cast("CursorResult[Any]", session.execute(claim.execution_options(synchronize_session=False)))
    if done.rowcount != 1:
        raise NotAllowed(name, why="somebody else has just changed it; look again")
    session.refresh(row)
