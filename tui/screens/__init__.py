"""Whole screens: they own the workers and the answers."""
