"""The digest: what arrived in an archive between two commits or dates, told in a page."""
