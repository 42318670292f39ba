"""Following lists: which they are, and bringing in their mail."""
