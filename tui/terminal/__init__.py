"""The terminal: what it sends, its modes, and how it is given back."""
