"""The reader pane: a mail, its diff and the review comments in it."""
