"""The review trailers of each patch of a series, and whether they still fit its code."""
