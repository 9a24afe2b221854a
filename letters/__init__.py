"""Facts in, letters out: text, HTML and PDF. No database, no clock, no network."""
