"""Patches and the user's repositories: try a version, apply it to a branch, find where it landed."""
