"""A pretend clearinghouse with three payers; misbehaves by script.

An outsider to us: it imports only formats and nouns, keeps its own fees and rules, and
exchanges files by temporary name and rename. Nobody imports it; it runs as its own
process (``python -m simulator``).
"""
