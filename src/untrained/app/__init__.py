"""The command line: one file in, one file out."""
