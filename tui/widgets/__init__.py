"""Widgets: they show core values, and start nothing."""
