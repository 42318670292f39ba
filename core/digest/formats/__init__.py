"""How a digest is written: each module renders one form of it."""
