"""The query language: its grammar, fields, dates and tokens; pure."""
