"""Rules: values in, ``Decision`` out. No database, no clock, no files but our
tables."""
