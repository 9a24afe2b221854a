"""The web desk: where clerks, operations and auditors meet Claimthread in a browser."""
