"""What was decided of series: the states, the journal of verdicts, and what follows from both."""
