"""One module per benchmark; each prints ratios as JSON. ``docs/benchmarks.md`` explains
them.
"""
