"""What Alembic runs: the migrations, on the connection ``records.migrate`` passes in.

That connection's transaction is already open, so that a failed upgrade leaves nothing.
"""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
