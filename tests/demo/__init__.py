"""Builds the archive that ships as `core/demo/demo.mbox`: run `python -m tests.demo.build`.

The archive is written as play scripts, in `project/` (the tree of the invented project) and `series/` (who posts
which patch when, and who answers what); `script.py` says how they read. git makes the commits and the
diffs, so they are real and the series apply. Nothing depends on the clock, the machine or the user's
git: building again gives the same bytes.
"""
