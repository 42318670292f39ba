"""The index: what is known of the mails of the lists that are followed, in one SQLite file.

It can be deleted: it is built again from where the mails are. `core.index.index.open_index` is the way in.
"""
