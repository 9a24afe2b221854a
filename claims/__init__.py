"""Nouns of medical billing: frozen values without I/O. Imports nothing of ours."""
