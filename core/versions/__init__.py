"""The changes between two versions of a patch series, from the mails alone."""
