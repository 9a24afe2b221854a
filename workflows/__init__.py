"""Order of steps, one workflow per file. Deterministic.

A workflow here MUST NOT read SQL, rules or the clock of the machine: it waits, and asks
activities. It MUST NOT start or signal another workflow except through an activity.
"""
