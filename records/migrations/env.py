"""Runs the migrations on the connection handed over by records.store; there is no other way in."""

from alembic import context

from records.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
