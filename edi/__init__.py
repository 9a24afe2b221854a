"""Bytes to values and back: X12 005010 transactions. Knows no rules and no database."""
