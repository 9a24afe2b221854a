"""SQL for claims, submissions, tasks, letters, files, events. With ledger/, the only
SQL."""
