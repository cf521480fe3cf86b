"""How Alembic reaches the catalog: one transaction around all revisions, on SQLite too."""

from __future__ import annotations

from alembic import context

from estimates.catalog import schema
from estimates.catalog.chain_upgrade import chain_events
from estimates.catalog.engine import make_engine, reachable
from estimates.catalog.migrated_log import MigratedLog

engine = make_engine(context.config.attributes["url"], patient=True)
# Alembic thinks that SQLite cannot roll back DDL; it can, when the transaction was begun
# explicitly.
with (
    reachable(engine),
    engine.connect().execution_options(write=True) as connection,
    connection.begin(),
):
    context.configure(
        connection=connection,
        target_metadata=schema.METADATA,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        log = MigratedLog(connection, chain_events(connection))
        context.config.attributes["check"](log)
engine.dispose()
