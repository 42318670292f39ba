"""Patches as files, hunks and lines, with aids for reading them; pure."""
