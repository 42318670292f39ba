"""Who stands behind which patch: the review trailers of a series, and whether they still fit its code."""
