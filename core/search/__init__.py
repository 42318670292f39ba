"""Finding: what a search bar's words mean, over series and patches, authors and subjects."""
