"""The terminal: its input, its modes, and restoring them."""
