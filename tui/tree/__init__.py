"""The tree pane: series, versions, patches and replies as rows."""
