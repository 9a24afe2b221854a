"""Alembic's migrations of our schema; run by ``records.migrate``, never by a file."""
