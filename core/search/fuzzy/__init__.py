"""The fuzzy index over authors and subjects: built in a child process, saved, followed.

SQLite's FTS5 does not replace it. A prototype took a few hundred candidates from prefix and trigram tables and a table
of initials, and scored them with the scorer here. Of 236 questions 97.0 % had the right row in the first ten, where this
index has all: initials and transposed letters were lost. At 100,000 subjects of a real list the candidates alone took
47 to 56 ms of CPU for the 95th percentile of keys, where a whole answer here takes 13 to 18 ms. Ranked by bm25 it was
slower, and found less.
"""
