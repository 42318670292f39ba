"""A comparison of two versions as text, as a web page, and as a JSON record."""
