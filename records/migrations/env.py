"""Runs the migrations on the connection handed over by records.store; there is no other way in."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from records.base import Base


def as_stored(kind: str, item: object, _autogenerating: Any) -> str | Literal[False]:
    """Write our column types as what the database stores: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=as_stored,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
