"""Plays golden scenarios against the real workflows; knows nothing of particular
files."""
