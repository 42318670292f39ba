"""The archive that ships with the program."""
