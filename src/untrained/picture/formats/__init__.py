"""Encoders and decoders of picture files; `files.py` chooses among them."""
