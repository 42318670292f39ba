"""The command line: argument parser, commands and the start of the reader."""
