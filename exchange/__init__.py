"""Mailboxes: bytes in and out only. What is known of each file is records/files.py."""
