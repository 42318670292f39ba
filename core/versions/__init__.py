"""What changed between two versions of a patch series, told from the mails alone."""
