"""Replies: their text, their headers, the drafts on disk and the ways to send them."""
