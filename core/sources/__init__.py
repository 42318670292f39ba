"""Where mail comes from; each source yields raw messages."""
