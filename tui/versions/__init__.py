"""What changed between versions, in the place of the tree: the ladder of patches, and the grid of all versions."""
