"""Review comments followed from their version to the next, with evidence of their outcome."""
