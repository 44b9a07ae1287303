"""Makes one row of every table for a council, whatever tables there are: a new table is covered without asking."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Float, Integer, LargeBinary, Text
from sqlalchemy import Enum as EnumColumn
from sqlalchemy.orm import Session

from records.assessments import ReasonsColumn, ScoresColumn
from records.base import Base, CouncilRow, LevelColumn, SealedBytes, SealedText, UtcDateTime, WordSet
from records.vocabulary import Level
from tests.builders import NOW

_numbers = itertools.count(1)


def council_tables() -> list[type[Any]]:
    """Every class of rows that belong to a council, those that others point at first."""
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    ordered = [classes[table] for table in Base.metadata.sorted_tables if table in classes]
    return [kind for kind in ordered if issubclass(kind, CouncilRow)]


def one_of_each(session: Session, council_id: int) -> dict[type[Any], int]:
    """Write one row of every council table; the id of each."""
    made: dict[type[Any], int] = {}
    by_table = {kind.__table__.name: kind for kind in council_tables()}
    for kind in council_tables():
        values = {}
        for column in kind.__table__.columns:
            if column.name == "council_id":
                values[column.name] = council_id
            elif column.foreign_keys:
                target = next(iter(column.foreign_keys)).column.table.name
                values[column.name] = made[by_table[target]]
            elif not column.primary_key:
                values[column.name] = _value(column)
        row = kind(**values)
        session.add(row)
        session.flush()
        made[kind] = row.id
    return made


def _value(column: Column[Any]) -> Any:
    number = next(_numbers)
    if isinstance(column.type, UtcDateTime):
        return NOW + timedelta(days=number)
    if isinstance(column.type, EnumColumn):
        return next(iter(column.type.enum_class))  # type: ignore[arg-type]
    if isinstance(column.type, WordSet):
        return frozenset()
    fixed: tuple[tuple[type[Any], Any], ...] = (
        (LevelColumn, Level.ABUSIVE),
        (ScoresColumn, {}),
        (ReasonsColumn, ()),
        (SealedBytes, b"sealed"),
        (LargeBinary, b"bytes"),
        (SealedText, f"words {number}"),
        (Text, f"words {number}"),
        (Float, 0.5),
        (Integer, number),
    )
    if column.type.python_type is bool:
        return False
    return next(value for kind, value in fixed if isinstance(column.type, kind))
