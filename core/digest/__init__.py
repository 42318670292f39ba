"""The digest: the arrivals of an archive between two commits or dates, as a page."""
