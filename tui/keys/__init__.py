"""Commands, keymaps and the dispatch of keys."""
