"""The verbs of the command line, by kind. Importing them loads no torch."""
