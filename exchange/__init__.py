"""Mailboxes: bytes in and out only. What is known of each file is in records/files.py."""
