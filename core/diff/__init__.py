"""Patches as files, hunks and lines, and what helps to read them; pure."""
