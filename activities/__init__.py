"""Steps that touch the world, one file per process; each is safe to repeat.

A step that only reads or writes our own database is one SQL transaction and runs as a
local activity; a step that leaves the process runs as a regular one. Rules are called
here, never in workflow code. Business dates come from the practice time that is passed
in; no activity reads a clock.
"""
