"""Which commits of the user's trees are which patches of the lists."""
