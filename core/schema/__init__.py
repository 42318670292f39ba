"""JSON Schemas (draft 2020-12) of the objects that commands print: `NAME-1.json`. The number is raised with a breaking change."""
