"""Fixtures of every test."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples every time, so that a red run is red again; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
