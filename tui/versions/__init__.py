"""The changes between versions, in place of the tree: the ladder of patches, and the grid of all versions."""
