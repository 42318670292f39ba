"""Measurements beside the peers, as ratios of CPU or wall time; `make bench` runs them, CI never does."""
