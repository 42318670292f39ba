"""Review comments followed from the version they were made on to the next: the evidence of what became of each."""
