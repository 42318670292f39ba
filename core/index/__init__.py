"""The index of the followed lists' messages, in one SQLite file.

It can be deleted: it is rebuilt from the sources of the messages. Open it with `core.index.index.open_index`.
"""
