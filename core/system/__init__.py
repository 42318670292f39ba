"""The machine: folders, log, child processes, the user's programs and git settings."""
