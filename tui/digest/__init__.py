"""The digest: its screen, rows and charts."""
