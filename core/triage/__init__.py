"""Triage of series: the states, the journal of events, and the results of both."""
