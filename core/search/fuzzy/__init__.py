"""The fuzzy index over authors and subjects: built in a child process, saved, followed."""
